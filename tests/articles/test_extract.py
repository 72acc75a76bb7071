"""Clean text, and the identity and date of an article."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.articles.extract import MAX_TEXT, MAX_TITLE, to_article, to_line, to_text
from bot.model import Article, Item, Source
from bot.web.urls import absolute, canonical

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SOURCE = Source("wire", "https://wire.example/rss", title="The Wire", tags=("wire",))
ITEM = Item("g1", "https://wire.example/a", "Dam fails", "Thousands leave.", published=NOW - timedelta(hours=1))


def article(item: Item, source: Source = SOURCE) -> Article:
    made = to_article(item, source, NOW)
    assert made is not None
    return made


# -- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain words", "plain words"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>two<BR/>three", "One\ntwo\nthree"),
        ("One<br><br/>\n<br>two", "One\n\ntwo"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("in<b>side</b> a <i>word</i>", "inside a word"),
        ("x<script>alert(1)</script><style>p{}</style>y", "xy"),
        ("<!-- hidden -->shown", "shown"),
        ("<p>AT&amp;T &lt;3&nbsp;&#8217;s &eacute;</p>", "AT&T <3 ’s é"),
        ("Fish &amp;amp; chips", "Fish & chips"),
        ("&lt;p&gt;Twice &lt;b&gt;escaped&lt;/b&gt;&lt;/p&gt;", "Twice escaped"),
        ("<p>a &amp;amp; b<br>c</p>", "a & b\nc"),
        ("Profit <5% in List<String>", "Profit <5% in List<String>"),
        ("<p>1 < 2 and <unknown> stays</p>", "1 < 2 and <unknown> stays"),
        ("AT&T", "AT&T"),
        ("It&#146;s and \x93quoted\x94", "It’s and “quoted”"),
        ("a\x00b\x1bc\u202ed\ufeffe\xadf", "abcdef"),
        ("می\u200cخواهم 👨\u200d👩", "می\u200cخواهم 👨\u200d👩"),
        ("para one\n\n \npara two\nsame para", "para one\n\npara two same para"),
        ("  spread \t out  ", "spread out"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ('<img src="x" alt="not text"><a href="y">link</a>', "link"),
        ("<", "<"),
        ("", ""),
    ],
)
def test_markup_becomes_clean_text(markup: str, text: str) -> None:
    assert to_text(markup) == text


def test_a_line_has_no_breaks() -> None:
    assert to_line("<p>One</p>\n<p>Two &amp;amp; three</p>") == "One Two & three"


def test_text_and_titles_are_cut_at_a_space() -> None:
    assert len(to_text("word " * 100_000)) <= MAX_TEXT
    line = to_line("word " * 1000)
    assert len(line) <= MAX_TITLE
    assert line.endswith("word…")


def test_markup_nested_too_deep_still_gives_its_words() -> None:
    assert "deep" in to_text("<div>" * 5000 + "deep" + "</div>" * 5000)


@given(st.text(alphabet=st.sampled_from("<>&;/!-=\"' \n\x00\ue01e\ud800pbrscrit#x0123amlé")))
def test_any_text_becomes_text_that_can_be_stored(markup: str) -> None:
    text = to_text(markup)
    text.encode()
    assert text == text.strip()
    assert "\x00" not in text
    assert "\n\n\n" not in text


PIECES = (
    "<p>|</p>|<P>|<div>|</div>|<br>|<br/>|<BR>|</br>|<b>|</b>|<i>|</i>|<a href='x&y'>|</a>|<img src=\"a>b\">|<li>|"
    "</ul>|<h2 class=c id>|<hr />|<td>|<table>|<svg>|</body>|<x>|<|>|</|&amp;|&lt;|&lt;b&gt;|&amp;nbsp;|&nbsp;|"
    "&eacute;|&#8217;|&#39;|&#x2F;|&#128;|&#0;|&am|p;|& |word|two|\xe9| |\n|\n\n|\ue01e|\xad"
)


@given(st.lists(st.sampled_from(PIECES.split("|")), max_size=12))
def test_what_needs_no_parser_gives_what_the_parser_gives(pieces: list[str]) -> None:
    """A comment is never read without one, and leaves nothing behind."""
    markup = f"<b></b>{''.join(pieces)}"
    assert to_text(markup) == to_text(f"{markup}<!---->")


# -- URLs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        "https://wire.example/a/b?id=7&x=1",
        "http://wire.example/a/b?id=7&x=1",
        "https://www.Wire.Example/a/b/?x=1&id=7",
        "https://wire.example:443/a/b?id=7&x=1",
        "http://wire.example:80/a//b?id=7&x=1#top",
        "https://wire.example./a/b?id=7&x=1&utm_source=rss&utm_medium=feed",
        "https://wire.example/a/b?fbclid=Iw&id=7&gclid=1&x=1&mc_cid=2&at_medium=RSS",
        "https://joe@wire.example/a/b?ref=rss&id=7&x=1",
        " https://wire.example/a/b?id=7&x=1\n",
        "https://www.google.com/url?rct=j&url=https://wire.example/a/b%3Fid%3D7%26x%3D1&ct=ga",
    ],
)
def test_all_spellings_of_an_address_have_one_canonical_form(spelling: str) -> None:
    assert canonical(spelling) == "https://wire.example/a/b?id=7&x=1"


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://wire.example/A", "https://wire.example/A"),
        ("https://wire.example:8443/a", "https://wire.example:8443/a"),
        ("https://wire.example/a?ref=main", "https://wire.example/a?ref=main"),
        ("https://wire.example/a?q=", "https://wire.example/a?q="),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("https://wire.example/", "https://wire.example"),
        ("ftp://wire.example/a", ""),
        ("https://wire.example:port/", ""),
        ("not a url", ""),
        ("", ""),
    ],
)
def test_what_differs_stays_different(url: str, form: str) -> None:
    assert canonical(url) == form


@given(st.text(max_size=60).map(lambda tail: "https://wire.example/" + tail))
def test_the_canonical_form_of_a_canonical_form_is_itself(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once


HOSTS = ("wire.example", "www.wire.example", "www.com", "google.com", "www.google.com", "a", "a.", "-a", "Wire.example")
TAILS = (
    "/",
    "/a",
    "//",
    "/url",
    "?",
    "b=1",
    "a=2",
    "a=",
    "=",
    "&",
    "url=https:",
    "utm_source=x",
    "ref=rss",
    "#",
    "%20",
)


@given(
    st.sampled_from(HOSTS),
    st.lists(st.sampled_from([*TAILS, ";", "+", "é", "~", "'", ".", "A"]), max_size=8).map("".join),
)
def test_an_ordinary_address_needs_no_taking_apart(host: str, tail: str) -> None:
    """With the name of a user, which counts for nothing, it is never an ordinary one."""
    assert canonical(f"https://{host}{tail}") == canonical(f"https://joe@{host}{tail}")


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("/x?y=1", "https://b.example/x?y=1"),
        ("x", "https://b.example/dir/x"),
        ("//c.example/x", "https://c.example/x"),
        (" https://a.example/\n x ", "https://a.example/x"),
        ("HTTPS://A.example/x", "https://A.example/x"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("mailto:x@y.example", ""),
        ("http://", ""),
        ("http://[::1", ""),
        ("https://a.example/" + "x" * 3000, ""),
        ("", ""),
    ],
)
def test_links_become_absolute_web_addresses_or_nothing(link: str, url: str) -> None:
    assert absolute(link, "https://b.example/dir/feed.xml") == url


# -- articles -------------------------------------------------------------------------------------------------------


def test_an_item_becomes_an_article() -> None:
    made = article(ITEM)
    assert (made.source_id, made.source_name, made.source_tags) == ("wire", "The Wire", ("wire",))
    assert made.body == "Dam fails\nThousands leave."
    assert (made.published, made.dated, made.fetched_at) == (NOW - timedelta(hours=1), True, NOW)
    assert made.canonical_url == "https://wire.example/a"


@pytest.mark.parametrize(
    "other",
    [
        replace(ITEM, guid="g2"),
        replace(ITEM, url="http://www.wire.example/a/?utm_source=x#top"),
        replace(ITEM, title="Dam fails (updated)", text="Edited."),
        replace(ITEM, published=None),
    ],
)
def test_the_key_survives_churn_and_edits(other: Item) -> None:
    assert article(other).key == article(ITEM).key


@pytest.mark.parametrize(
    "other",
    [
        replace(ITEM, url="https://wire.example/b"),
        replace(ITEM, url="https://wire.example/a?id=2"),
        replace(ITEM, url=""),
    ],
)
def test_other_articles_have_other_keys(other: Item) -> None:
    assert article(other).key != article(ITEM).key


def test_without_a_link_the_guid_counts_within_its_source() -> None:
    bare = replace(ITEM, url="")
    assert article(bare).key == article(replace(bare, title="Edited")).key
    assert article(bare).key != article(replace(bare, guid="g2")).key
    assert article(bare).key != article(bare, replace(SOURCE, id="other")).key


def test_a_bare_home_page_is_no_identity() -> None:
    home = replace(ITEM, url="https://wire.example/")
    assert article(home).key != article(replace(home, guid="g2")).key


def test_without_link_and_guid_the_words_count() -> None:
    bare = replace(ITEM, url="", guid="")
    assert article(bare).key == article(replace(bare, title="DAM  fails")).key
    assert article(bare).key != article(replace(bare, title="Dam holds")).key


def test_the_content_hash_follows_the_words_alone() -> None:
    assert article(ITEM).content_hash == article(replace(ITEM, guid="x", title="dam  FAILS")).content_hash
    assert article(ITEM).content_hash != article(replace(ITEM, text="Thousands stay.")).content_hash


@pytest.mark.parametrize(
    ("published", "updated", "expected", "dated"),
    [
        (NOW - timedelta(days=1), None, NOW - timedelta(days=1), True),
        (NOW + timedelta(days=1), None, NOW, True),
        (None, NOW - timedelta(hours=2), NOW - timedelta(hours=2), True),
        (None, None, NOW, False),
    ],
)
def test_the_date_is_never_in_the_future_and_never_missing(
    published: datetime | None, updated: datetime | None, expected: datetime, dated: bool
) -> None:
    made = article(replace(ITEM, published=published, updated=updated))
    assert (made.published, made.dated) == (expected, dated)


@pytest.mark.parametrize("text", ["Dam fails", " dam  FAILS. ", "Dam fails…"])
def test_a_text_that_repeats_the_title_is_dropped(text: str) -> None:
    assert article(replace(ITEM, text=text)).text == ""


def test_an_item_without_a_title_is_an_article() -> None:
    assert article(replace(ITEM, title="")).body == "Thousands leave."


def test_an_item_without_words_is_none() -> None:
    assert to_article(replace(ITEM, title="", text=""), SOURCE, NOW) is None


@pytest.mark.parametrize(
    ("declared", "item", "lang"),
    [(None, "en-US", "en"), ("de", "en", "de"), (None, "pt_BR", "pt"), (None, "english", None), (None, None, None)],
)
def test_the_language_is_the_editors_word_then_the_feeds(
    declared: str | None, item: str | None, lang: str | None
) -> None:
    assert article(replace(ITEM, lang=item), replace(SOURCE, lang=declared)).lang == lang
