"""Lists on web pages: CSS and XPath, attributes, bases, clear words where nothing matches, and hostile pages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bot.errors import FetchReason, ParseError, SourceError
from bot.model import Item, ParsedFeed, Source
from bot.sources import page
from bot.sources.options import read_options
from bot.sources.selectors import Page, compiled
from tests.properties import examples
from tests.sources.samples import DATA, check_sentence, fetched, utc

HTML = (DATA / "page.html").read_bytes()
URL = "https://ministry.example/press/"
FULL = {
    "items": "article.card",
    "title": "h2",
    "link": "h2 a@href",
    "text": "p.summary",
    "date": "time, span.when",
    "image": "img",
}


def read(content: bytes, /, **options: object) -> ParsedFeed:
    return page.parse(fetched(content, "text/html", URL), Source("s", URL, kind="page", options=options))


def refused(content: bytes, **options: object) -> ParseError:
    with pytest.raises(ParseError) as caught:
        read(content, **(options or {"items": "li"}))
    return caught.value


# -- the golden page ------------------------------------------------------------------------------------------------

GOLDEN = ParsedFeed(
    (
        Item(
            "https://ministry.example/press/2026/licences.html?utm_source=list",
            "https://ministry.example/press/2026/licences.html?utm_source=list",
            "Export licences suspended",
            "The ministry suspends all licences.\n\nTalks follow & go on.",
            published=utc(2026, 3, 2, 8, 30),
            lang="en-GB",
            image="https://ministry.example/img/1.jpg",
        ),
        Item(
            "https://other.example/tariffs",
            "https://other.example/tariffs",
            "Tariffs on steel",
            published=utc(2026, 3, 1),
            lang="en-GB",
        ),
    ),
    title="Ministry of Trade: press",
    lang="en-GB",
    format="page",
)


def test_css_selectors_pick_the_parts_of_each_entry() -> None:
    assert read(HTML, **FULL) == GOLDEN


def test_xpath_does_the_same() -> None:
    options = {
        "items": "//article[contains(@class, 'card')]",
        "title": "./h2",
        "link": "./h2/a/@href",
        "text": ".//p[@class='summary']",
        "date": "(.//time/@datetime | .//span)[1]",
        "image": ".//img/@src",
    }
    assert read(HTML, **options) == GOLDEN


def test_headings_and_links_are_found_without_being_told() -> None:
    parsed = read(HTML, items="article.card")
    assert [(i.title, i.url) for i in parsed.items] == [(i.title, i.url) for i in GOLDEN.items]
    bare = read(b"<ul><li><a href='/a'>One</a> <i>x</i></li><li><a href='/b'>Two</a></li></ul>", items="li")
    assert [(i.title, i.url) for i in bare.items] == [
        ("One", "https://ministry.example/a"),
        ("Two", "https://ministry.example/b"),
    ]
    itself = read(b"<p><a class=n href='/a'>One</a></p>", items="a.n")
    assert [(i.title, i.url) for i in itself.items] == [("One", "https://ministry.example/a")]


def test_attributes_of_the_entry_itself_and_of_what_is_inside() -> None:
    markup = b"<div class=x data-t='A &lt; B title' data-u='/1'><img alt='Map'></div>"
    parsed = read(markup, items="div.x", title="@data-t", link="@data-u", text="img@alt")
    assert [(i.title, i.url, i.text) for i in parsed.items] == [("A < B title", "https://ministry.example/1", "Map")]


def test_an_at_sign_inside_quotes_is_no_attribute() -> None:
    markup = b"<a title='m@x' href='/1'>Mail us</a>"
    assert read(markup, items="a[title='m@x']").items[0].title == "Mail us"
    assert read(markup, items='a[title="m@x"]', title='a[title="m@x"]@title').items[0].title == "m@x"


def test_a_legacy_charset_is_read_from_the_page() -> None:
    content = '<meta charset="windows-1251"><li><a href="/1">Санкции продлены</a></li>'.encode("cp1251")
    assert read(content, items="li").items[0].title == "Санкции продлены"


# -- words ----------------------------------------------------------------------------------------------------------


def test_no_match_says_so() -> None:
    error = refused(HTML, items="article.karte")
    assert error.reason is FetchReason.BROKEN
    assert error.text == (
        "https://ministry.example/press/ has no element for items: 'article.karte'; the site may have changed: look at "
        "the page and correct the selector"
    )


def test_entries_without_anything_to_read_say_so() -> None:
    assert (
        "has 1 elements for items: 'nav', and none of them holds a title or a text"
        in refused(HTML, items="nav", title="h1").text
    )


def test_what_is_missing_beside_the_titles_is_noted() -> None:
    parsed = read(b"<li><h2>One</h2></li>", items="li", date="time", link="a")
    assert parsed.note == "no entry has a date that can be read at date: 'time'; no entry has a link at link: 'a'"


def test_more_entries_than_wanted_are_counted() -> None:
    source = Source("s", URL, options={"items": "li"})
    parsed = page.parse(fetched(b"<li>x<h2>One</h2>" * 5, "text/html", URL), source, max_items=2)
    assert (len(parsed.items), parsed.note[:34]) == (2, "3 of 5 entries were left out; no e")


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b" ", FetchReason.EMPTY, "answered with an empty body"),
        (b'{"a": 1}', FetchReason.NOT_A_FEED, "answered with JSON; write kind: json"),
        (b"<rss version='2.0'><channel/></rss>", FetchReason.NOT_A_FEED, "a feed (rss 2.0); write kind: feed"),
        (b"%PDF-1.7", FetchReason.NOT_A_FEED, "a PDF document instead of a web page"),
        (b"<p>" * 50_000, FetchReason.TOO_LARGE, "has more than 15,000 elements; choose a page with less"),
        (b"<li>x" * 20_000, FetchReason.TOO_LARGE, "has more than 15,000 elements; choose a page with less"),
    ],
)
def test_what_is_no_page_is_named(content: bytes, reason: FetchReason, words: str) -> None:
    error = refused(content)
    assert error.reason is reason
    assert words in error.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "the option items cannot be used: field required"),
        ({"items": "li["}, "'li[' is not a CSS selector"),
        ({"items": "//li["}, "'//li[' is not an XPath expression"),
        ({"items": "li", "title": "//h2"}, "'//h2' looks at the whole page, not at one entry; begin with .//"),
        ({"items": "li", "text": "p::first-line"}, "'p::first-line' is not known here"),
        ({"items": "li" * 300}, "is longer than 500 characters"),
        ({"items": "li", "titel": "h2"}, "the option titel cannot be used"),
    ],
)
def test_a_selector_that_cannot_be_used_is_told(options: dict[str, object], words: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_options(page.PageOptions, Source("s", URL, kind="page", options=options))
    assert caught.value.reason is FetchReason.CONFIG
    assert words in caught.value.text


def test_an_xpath_that_fails_on_the_page_is_told() -> None:
    assert "made the selector '(boom(.))[1]' fail" in refused(HTML, items="article.card", title="(boom(.))[1]").text


# -- selectors ------------------------------------------------------------------------------------------------------

TREE = b"""<div id=a class=x><ul id=b><li id=c>1<li id=d class=y>2<li id=e>3</ul><p id=f><em id=g></em></p>
<div id=h><p id=i></p><ul id=j><li id=k></ul></div></div><p id=l></p>"""


@pytest.mark.parametrize(
    "selector",
    [
        "li",
        "*",
        "ul li",
        "div > ul",
        "div div p",
        ".x > ul > li",
        "li + li",
        "li ~ li",
        ".y + li",
        "ul ~ div li",
        "p, li.y",
        "div > p + div p",
        "li:not(.y)",
        "li:nth-child(2)",
        ".x p em",
        "#a > * > *",
        "nav li",
        "div ul > li:last-child",
    ],
)
def test_css_finds_what_the_usual_translation_finds(selector: str) -> None:
    from lxml.cssselect import CSSSelector

    root = etree.fromstring(TREE, etree.HTMLParser())
    assert Page(root).find(root, selector) == CSSSelector(selector, translator="html")(root)


def test_inside_an_entry_only_its_own_elements_are_found() -> None:
    root = etree.fromstring(TREE, etree.HTMLParser())
    found = Page(root)
    inner = found.find(root, "#h")[0]
    assert [e.get("id") for e in found.find(inner, "p, li, div")] == ["h", "i", "k"]
    assert found.find(inner, "li@id") == ["k"]
    assert found.find(inner, "div div li@id") == ["k"]  # as in browsers: the outer div may stand outside


@pytest.mark.parametrize("selector", ["div div div div div div", ".x div div div div", "div ~ div ~ div", "div + div"])
def test_no_selector_costs_more_than_the_page_is_large(selector: str) -> None:
    deep = b"<div>" * 100 + b"</div>" * 100
    root = etree.fromstring(deep * 100 + b"<div></div>" * 4000, etree.HTMLParser())
    Page(root).find(root, selector)  # the suite's timeout ends what grows with the square


PIECES = [
    b"<ul>",
    b"<li>",
    b"<a href='/x'>",
    b"<h2>",
    b"text",
    b"</a>",
    b"</li>",
    b"<base href='//['>",
    b"<time datetime='2026'>",
    b"<!--",
    b"-->",
    b"<script>",
    b"&#0;",
    b"&#xD800;",
    b"\0",
    b"\xff\xfe",
    b"<svg>",
    b"<![CDATA[",
    b"<?x",
    b"<html lang>",
]


@settings(max_examples=examples(300))
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=30))
def test_any_bytes_end_in_items_or_in_one_clear_sentence(pieces: list[bytes]) -> None:
    for content in (b"".join(pieces), b"<ul><li>" + b"".join(pieces)):
        try:
            read(content, items="li", link="a@href", text="*", date="time", image="img")
        except ParseError as error:
            check_sentence(error)


@settings(max_examples=examples(300))
@given(st.text(max_size=20) | st.from_regex(re.compile(r"[a-z.#>+~ @:\[\]()'\"*/-]{1,20}"), fullmatch=True))
def test_any_selector_compiles_or_is_one_sentence(selector: str) -> None:
    root = etree.fromstring(TREE, etree.HTMLParser())
    try:
        compiled(selector)
        Page(root).find(root, selector)
    except (ValueError, etree.XPathError):
        pass
