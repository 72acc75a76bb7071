"""What the readers of different formats have in common: a raw entry, and how it becomes an :class:`Item`.

Pure. Raw fields are as the publisher wrote them, with markup and entities; ``None`` and ``""`` both mean missing.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bot.articles.extract import plain_line, plain_text, to_line, to_text
from bot.model import Item
from bot.web.urls import absolute

MAX_GUID = 1000  # characters
MAX_CATEGORIES = 30
_ENOUGH_TEXT = 200  # characters; content that yields less is held against the summary


class RawEntry(NamedTuple):  # made for every entry of a feed: three times as fast as a frozen dataclass
    """One entry before it is cleaned. ``plain`` names the fields among title, summary and content that hold text
    without markup, where ``<b>`` is meant literally."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    lang: str | None = None
    categories: tuple[str, ...] = ()
    image: str = ""
    plain: frozenset[str] = frozenset()


def to_item(raw: RawEntry, base: str, lang: str | None) -> Item | None:
    """The item of an entry, or ``None`` if it has no title, link or text."""
    url = absolute(raw.link.replace("&amp;", "&"), base) if raw.link else ""
    title = (plain_line(raw.title) if "title" in raw.plain else to_line(raw.title)) if raw.title else ""
    text = _text(raw)
    if not (title or url or text):
        return None
    return Item(
        guid=raw.guid.strip()[:MAX_GUID] or url,
        url=url,
        title=title,
        text=text,
        published=raw.published,
        updated=raw.updated,
        author=to_line(raw.author, 200) if raw.author else "",
        lang=raw.lang or lang,
        categories=_categories(raw.categories) if raw.categories else (),
        image=absolute(raw.image, base) if raw.image else "",
    )


def _categories(raw: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([line for line in [to_line(one, 100) for one in raw[:MAX_CATEGORIES]] if line])


def _text(raw: RawEntry) -> str:
    """The fuller of content and summary: a content that holds a picture alone must not hide the summary."""
    text = _clean(raw, "content", raw.content)
    if len(text) < _ENOUGH_TEXT and raw.summary and raw.summary != raw.content:
        text = max(text, _clean(raw, "summary", raw.summary), key=len)
    return text


def _clean(raw: RawEntry, name: str, value: str) -> str:
    if not value:
        return ""
    return plain_text(value) if name in raw.plain else to_text(value)
