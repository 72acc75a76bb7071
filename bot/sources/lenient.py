"""feedparser, for what the fast reader refuses or loses. Imported only then: it takes its time."""

from __future__ import annotations

import calendar
import io
import time
from datetime import UTC, datetime
from typing import Any

import feedparser

from bot.sources.entry import RawEntry

_OLDEST = 1990  # years before are placeholders


class LenientError(Exception):
    """Even this parser fails on the document."""


def read(content: bytes) -> tuple[list[RawEntry], str]:
    """The entries and the title of a UTF-8 document; none if it finds nothing.

    Raises :class:`LenientError` for whatever feedparser raises: it documents nothing, and damaged input finds a lot.
    """
    try:
        feed = feedparser.parse(
            io.BytesIO(content),  # a plain bytes argument might be taken for a URL or a file name
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        return [_raw(entry) for entry in feed.entries], str(feed.feed.get("title") or "")
    except Exception as error:
        raise LenientError(str(error)[:200]) from error


def _raw(entry: dict[str, Any]) -> RawEntry:
    contents = entry.get("content") or ()
    return RawEntry(
        guid=entry.get("id") or "",
        link=entry.get("link") or "",
        title=entry.get("title") or "",
        summary=entry.get("summary") or "",
        content=max((str(c.get("value") or "") for c in contents), key=len, default=""),
        published=_moment(entry.get("published_parsed")),
        updated=_moment(dict.get(entry, "updated_parsed")),  # its own get() puts the date of publication here
        author=entry.get("author") or "",
        categories=tuple(str(tag["term"]) for tag in entry.get("tags") or () if tag.get("term")),
        image=next((str(m["url"]) for m in entry.get("media_thumbnail") or () if m.get("url")), ""),
    )


def _moment(parsed: time.struct_time | None) -> datetime | None:
    if parsed is None or parsed.tm_year < _OLDEST:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError):
        return None
