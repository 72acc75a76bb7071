"""JSON Feed 1.0 and 1.1 (jsonfeed.org). Pure.

Lenient about types, as publishers are: a number as id counts as its digits, anything unusable as missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.articles.extract import to_line
from bot.errors import FetchReason
from bot.model import ParsedFeed
from bot.sources.dates import parse_date
from bot.sources.entry import RawEntry, to_item
from bot.websub.offer import offer_of_json

_PLAIN = frozenset({"title", "summary"})


class NotJsonFeedError(Exception):
    """The text names what was seen; ``reason`` is ``NOT_A_FEED`` or ``BROKEN``."""

    def __init__(self, reason: FetchReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def parse_json_feed(content: bytes, url: str, max_items: int, headers: Mapping[str, str]) -> ParsedFeed:
    """Read a JSON Feed; ``headers`` are those that it came with. Raises :class:`NotJsonFeedError`."""
    feed = _load(content)
    version = _text(feed.get("version")) if isinstance(feed, dict) else ""
    entries = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(feed, dict) or "jsonfeed.org/version/" not in version or not isinstance(entries, list):
        raise NotJsonFeedError(FetchReason.NOT_A_FEED, "JSON that is no JSON Feed")
    lang = _text(feed.get("language"))[:35] or None
    raw = [_raw(entry) for entry in entries[:max_items] if isinstance(entry, dict)]
    items = tuple(item for item in (to_item(entry, url, lang) for entry in raw) if item is not None)
    left_out = len(entries) - max_items
    return ParsedFeed(
        items=items,
        title=to_line(_text(feed.get("title")), 200),
        lang=lang,
        format=f"json feed {version.rstrip('/').rpartition('/')[2][:8]}",
        note=f"{left_out} of {len(entries)} entries were left out" if left_out > 0 else "",
        offer=offer_of_json(headers, feed.get("hubs"), feed.get("feed_url"), url),
    )


def _load(content: bytes) -> Any:
    try:
        return json.loads(content)
    except RecursionError as error:
        raise NotJsonFeedError(FetchReason.BROKEN, "JSON that is nested too deep") from error
    except ValueError as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise NotJsonFeedError(FetchReason.BROKEN, f"JSON that is damaged{where}") from error


def _raw(entry: Mapping[str, Any]) -> RawEntry:
    markup = _text(entry.get("content_html"))
    return RawEntry(
        guid=_text(entry.get("id")),
        link=_text(entry.get("url")) or _text(entry.get("external_url")),
        title=_text(entry.get("title")),
        summary=_text(entry.get("summary")),
        content=markup or _text(entry.get("content_text")),
        published=parse_date(_text(entry.get("date_published"))),
        updated=parse_date(_text(entry.get("date_modified"))),
        author=_author(entry),
        lang=_text(entry.get("language"))[:35] or None,
        categories=tuple(tag for tag in map(_text, _list(entry.get("tags"))) if tag),
        image=_text(entry.get("image")) or _text(entry.get("banner_image")),
        plain=_PLAIN if markup else _PLAIN | {"content"},
    )


def _author(entry: Mapping[str, Any]) -> str:
    """1.1 has a list of authors, 1.0 had one."""
    people = [*_list(entry.get("authors")), entry.get("author")]
    return ", ".join(name for name in (_text(p.get("name")) for p in people if isinstance(p, dict)) if name)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """A string, or the digits of a number; lone surrogates, which JSON can smuggle in, are replaced."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)[:50]
    return ""
