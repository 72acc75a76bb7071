"""A page and a feed's item become one article."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.articles.page import (
    PAGE_MAX,
    TAGS_MAX,
    Page,
    PageError,
    page_text,
    read_page,
    with_page,
    without_page,
    words_seen,
)
from bot.model import Article, TextFrom

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
PARAGRAPHS = [
    "The harbour authority closed the northern docks on Tuesday after inspectors found unmarked ammunition crates.",
    "Officials said the vessel had sailed under three flags since January and had twice switched off its transponder.",
    "A spokesman for the ministry of trade declined to say whether the export licence had been checked at all.",
]
TEXT = "\n\n".join(PARAGRAPHS)
ARTICLE = Article(
    key="k",
    source_id="river",
    guid="1",
    url="https://river.example/docks",
    title="Northern docks closed after ammunition find",
    text="Inspectors found unmarked crates.",
    published=NOW - timedelta(hours=1),
    fetched_at=NOW,
    canonical_url="https://river.example/docks",
    content_hash="h",
)


def html(body: str = "", head: str = "", title: str = ARTICLE.title) -> bytes:
    paragraphs = body or "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
    return (
        f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head><body>"
        f"<nav><a href=/>Home</a><a href=/sport>Sport</a></nav><article><h1>{title}</h1>{paragraphs}</article>"
        "<footer>All rights reserved</footer></body></html>"
    ).encode()


# -- reading a page -------------------------------------------------------------------------------------------------


def test_a_page_gives_its_article_and_nothing_around_it() -> None:
    title, text = page_text(html(), ARTICLE.url)
    assert (title, text) == (ARTICLE.title, TEXT)


def test_a_page_tells_date_author_and_canonical_address() -> None:
    head = (
        '<link rel="canonical" href="http://www.river.example/2026/docks/?utm_source=x">'
        '<meta property="article:published_time" content="2026-03-03T08:15:00+01:00">'
        '<meta name="author" content="Ann Writer">'
    )
    page = read_page(html(head=head), ARTICLE.url)
    assert page.published == datetime(2026, 3, 3, 7, 15, tzinfo=UTC)
    assert (page.author, page.canonical_url) == ("Ann Writer", "https://river.example/2026/docks")


def test_the_date_of_json_ld_has_its_time_of_day() -> None:
    head = '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2026-03-03T08:15:00Z"}</script>'
    assert read_page(html(head=head), None).published == datetime(2026, 3, 3, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize("link", ["https://river.example/", "javascript:alert(1)", "not a url"])
def test_a_canonical_address_that_can_name_no_article_is_none(link: str) -> None:
    assert read_page(html(head=f'<link rel="canonical" href="{link}">'), None).canonical_url == ""


@pytest.mark.parametrize(
    "head",
    [
        '<script type="application/ld+json">{"isAccessibleForFree": false}</script>',
        '<script type="application/ld+json">{"isAccessibleForFree":"False"}</script>',
        '<meta property="article:content_tier" content="locked">',
    ],
)
def test_a_page_that_is_not_free_says_so(head: str) -> None:
    assert read_page(html(head=head), None).paid
    assert not read_page(html(), None).paid


@pytest.mark.parametrize("content", [b"", b"\0\xff\xfe", b"plain words", b"<html></html>", b"%PDF-1.4 ...", b"<" * 999])
def test_what_holds_no_article_gives_an_empty_text(content: bytes) -> None:
    assert read_page(content, None).text == ""


def test_a_page_that_would_take_too_long_to_read_is_not_begun() -> None:
    with pytest.raises(PageError, match=r"larger than 1\.5 MB"):
        read_page(b"a" * (PAGE_MAX + 1), None)
    with pytest.raises(PageError, match="more than 20,000 tags"):
        read_page(b"<p>" * (TAGS_MAX + 1), None)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<div>" * (TAGS_MAX // 2) + b"x" + b"</div>" * (TAGS_MAX // 2), id="nested"),
        pytest.param(b"<p><b>x" * (TAGS_MAX // 2), id="never closed"),
        pytest.param(b"<p>" + b"2021-01-01 12/12/2020 " * 60_000, id="nothing but dates"),
    ],
)
def test_the_worst_page_that_is_begun_ends(content: bytes) -> None:
    began = time.monotonic()
    read_page(content, None)
    assert time.monotonic() - began < 20  # 0.5 to 2 s on an idle machine


# -- into the article -----------------------------------------------------------------------------------------------


def test_the_article_takes_the_text_of_its_page() -> None:
    merged = with_page(ARTICLE, Page(ARTICLE.title, TEXT, author="Ann Writer", canonical_url="https://river.example/c"))
    assert merged.text == TEXT
    assert (merged.text_from, merged.text_note) == (TextFrom.PAGE, "")
    assert (merged.author, merged.canonical_url) == ("Ann Writer", "https://river.example/c")
    assert (merged.key, merged.title, merged.published, merged.content_hash) == (
        ARTICLE.key,
        ARTICLE.title,
        ARTICLE.published,
        ARTICLE.content_hash,
    )


def test_what_the_feed_said_and_the_page_does_not_is_kept_in_front() -> None:
    teaser = "A sanctioned shipper is behind the cargo, this newspaper learned."
    assert with_page(ARTICLE, Page(text=TEXT)).text == TEXT  # its words are in the page
    merged = with_page(replace(ARTICLE, text=teaser), Page(text=TEXT))
    assert merged.text == f"{teaser}\n\n{TEXT}"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(text="Northern docks closed after ammunition find."), "there is no article on the page"),
        (Page(text=""), "the page is about something else (a login, a consent form?)"),
        (
            Page("Before you go on", "We and our 947 partners store cookies on your device for many purposes. " * 9),
            "the page is about something else (a login, a consent form?)",
        ),
        (
            Page(ARTICLE.title, "Northern docks closed. Subscribe to read on.", paid=True),
            "the page is behind a paywall",
        ),
    ],
)
def test_a_page_that_says_less_leaves_the_text_of_the_feed_with_the_reason(page: Page, reason: str) -> None:
    merged = with_page(ARTICLE, page)
    assert (merged.text, merged.text_from, merged.text_note) == (
        ARTICLE.text,
        TextFrom.FEED,
        f"page not read: {reason}",
    )


def test_the_free_part_of_a_paid_article_is_used_and_named() -> None:
    merged = with_page(ARTICLE, Page(ARTICLE.title, TEXT, paid=True))
    assert words_seen(merged) == "full text (only its free part: the publisher marks it as paid)"


@pytest.mark.parametrize(
    ("told", "expected", "dated"),
    [
        (NOW - timedelta(days=2), NOW - timedelta(days=2), True),
        (NOW + timedelta(days=2), NOW, True),
        (None, NOW, False),
    ],
)
def test_an_undated_article_takes_the_date_of_its_page(told: datetime | None, expected: datetime, dated: bool) -> None:
    undated = replace(ARTICLE, published=NOW, dated=False)
    merged = with_page(undated, Page(text=TEXT, title=ARTICLE.title, published=told))
    assert (merged.published, merged.dated) == (expected, dated)
    assert with_page(ARTICLE, Page(text=TEXT, title=ARTICLE.title, published=told)).published == ARTICLE.published


def test_people_read_which_text_the_rules_saw() -> None:
    assert words_seen(ARTICLE) == "feed text"
    assert words_seen(replace(ARTICLE, text="")) == "headline only"
    assert words_seen(with_page(ARTICLE, Page(text=TEXT, title=ARTICLE.title))) == "full text"
    refused = without_page(ARTICLE, "robots.txt does not allow it")
    assert words_seen(refused) == "feed text (page not read: robots.txt does not allow it)"
