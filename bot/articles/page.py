"""A web page to an article's text, and how that text and the feed's become one article.

Pure. :func:`read_page` is heavy (0.1 s for an ordinary page) and belongs into a worker thread; what it takes on is
bounded, so that no page holds that thread for more than seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.articles.extract import MAX_TEXT, to_line, to_text
from bot.articles.identity import material_words
from bot.model import Article, TextFrom
from bot.sources.dates import parse_date
from bot.web.urls import canonical, identifies

PAGE_MAX = 1_500_000  # bytes; long reports come to half of it
TAGS_MAX = 20_000  # with which reading takes 2 s at worst; a newspaper's article page has about 3,000
TEXT_MIN = 200  # characters; a shorter text is a teaser, a cookie banner or an error page
_KEPT = 0.8  # of the feed's words that a page's text must hold for the feed's text to be left out
_ABOUT = 0.3  # of the words of the headline that the page of the same article holds
_WORDS_MIN = 3  # words of a headline below which it cannot be looked for (and in scripts without spaces)

_HEAD = 600_000  # bytes in which a page says what it is
_PUBLISHED = re.compile(
    rb"(?:article:published_time|datePublished|parsely-pub-date|sailthru\.date)[\"']?\s*(?::|content=)\s*"
    rb"[\"']([^\"'<>]{8,60})[\"']",
    re.IGNORECASE,
)
_PAID = re.compile(
    rb"\"isAccessibleForFree\"\s*:\s*\"?false|article:content_tier[\"']\s+content=[\"'](?:locked|metered)",
    re.IGNORECASE,
)


class PageError(Exception):
    """A page gives no text; the message says why, as a clause ("the page is not HTML")."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says. ``canonical_url`` is in canonical form, and empty where it can name no article; ``paid`` tells
    that the publisher marks it as not free to read."""

    title: str = ""
    text: str = ""
    published: datetime | None = None
    author: str = ""
    canonical_url: str = ""
    paid: bool = False


def read_page(content: bytes, url: str | None) -> Page:
    """Read a page, without menus and comments. ``url`` only helps to find them. Raises :class:`PageError` where it is
    too large to read; one without an article has an empty text."""
    import trafilatura

    if len(content) > PAGE_MAX:
        raise PageError(f"the page is larger than {PAGE_MAX / 1e6:g} MB")
    if content.count(b"<") > TAGS_MAX:
        raise PageError(f"the page has more than {TAGS_MAX:,} tags")
    found = trafilatura.bare_extraction(
        content, url=url, include_comments=False, include_tables=False, with_metadata=True
    )
    if found is None or isinstance(found, dict):  # a dict only where one was asked for
        return Page(paid=_PAID.search(content, 0, _HEAD) is not None)
    title = (found.title or "").strip()
    lines = (found.text or "").split("\n")
    if title and lines[0].strip() == title:  # the headline stands above the text, too
        del lines[0]
    link = canonical(found.url) if found.url else ""
    # Paragraphs come one to a line; rules see a blank line between paragraphs, as in texts from feeds.
    return Page(
        title=to_line(title),
        text="\n\n".join(lines),
        published=_published(content) or (parse_date(found.date) if found.date else None),
        author=to_line(found.author or "", 200),
        canonical_url=link if identifies(link) else "",
        paid=_PAID.search(content, 0, _HEAD) is not None,
    )


def page_text(content: bytes, url: str | None) -> tuple[str, str]:
    """Title and main text of a page; empty where there is no article. Raises :class:`PageError`."""
    page = read_page(content, url)
    return page.title, page.text


def _published(content: bytes) -> datetime | None:
    """With the time of day, which the library leaves out."""
    found = _PUBLISHED.search(content, 0, _HEAD)
    return parse_date(found[1].decode("utf-8", "replace")) if found else None


# -- into the article -----------------------------------------------------------------------------------------------


def with_page(article: Article, page: Page) -> Article:
    """The article with the text of its page, or with its own and the reason why not.

    The feed's text stays in front where the page leaves out much of it: what it said must not be lost to the rules. A
    date is taken where the feed gave none, and never lies in the future of ``fetched_at``.
    """
    text = to_text(page.text, MAX_TEXT) if "<" in page.text else page.text[:MAX_TEXT].strip()
    words, known = material_words(text), material_words(article.text)
    if not _is_about(article.title, f"{page.title}\n{text}"):
        return without_page(article, "the page is about something else (a login, a consent form?)")
    if len(text) < TEXT_MIN or len(words) < len(known):
        return without_page(article, "the page is behind a paywall" if page.paid else "there is no article on the page")
    held = set(words)
    if sum(word in held for word in known) < _KEPT * len(known):
        text = f"{article.text}\n\n{text}"[:MAX_TEXT]
    when = None if article.dated else page.published
    return replace(
        article,
        text=text,
        text_from=TextFrom.PAGE,
        text_note="only its free part: the publisher marks it as paid" if page.paid else "",
        published=min(when, article.fetched_at) if when else article.published,
        dated=article.dated or when is not None,
        author=article.author or page.author,
        canonical_url=page.canonical_url or article.canonical_url,
    )


def without_page(article: Article, reason: str) -> Article:
    """The article as the feed gave it. ``reason`` is a clause."""
    return replace(article, text_from=TextFrom.FEED, text_note=f"page not read: {reason}")


def _is_about(title: str, page: str) -> bool:
    words = {word for word in material_words(title) if len(word) > 3 and not word[0].isdigit()}
    if len(words) < _WORDS_MIN:
        return True
    return len(words & set(material_words(page))) >= _ABOUT * len(words)


def words_seen(article: Article) -> str:
    """Which text the rules saw, in a few words for people: ``full text``, ``feed text (page not read: …)``."""
    from_feed = "feed text" if article.text else "headline only"
    name = "full text" if article.text_from is TextFrom.PAGE else from_feed
    return f"{name} ({article.text_note})" if article.text_note else name
