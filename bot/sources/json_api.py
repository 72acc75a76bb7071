"""The kind ``json``: any API that answers a GET with JSON, described in the source (:mod:`bot.sources.json_spec`).

Pure. The presets (:mod:`bot.sources.presets`) are this kind with the description filled in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from bot.articles.extract import plain_line
from bot.errors import FetchError, FetchReason, ParseError, SourceError
from bot.log import redact_url
from bot.model import Fetched, Item, ParsedFeed, Source
from bot.sources.base import MAX_ITEMS, Request, Steps
from bot.sources.charset import to_utf8
from bot.sources.dates import parse_date
from bot.sources.entry import RawEntry, to_item
from bot.sources.json_spec import Fields, JsonOptions, depends_on_time, look_up, to_url
from bot.sources.options import Options, hide, read_options, reveal
from bot.sources.sniff import Body, binary, sniff

_FIELD_MAX = 400_000  # characters of a field that are looked at
_LIST_MAX = 200  # entries of a list field that are joined


@dataclass(frozen=True, slots=True)
class Query:
    """What a source asks an API: where, and with what description."""

    url: str
    spec: JsonOptions


class JsonKind:
    """A kind of source that reads JSON. The kind ``json`` itself takes all of its description from the source."""

    OPTIONS: type[Options] = JsonOptions

    def query(self, source: Source) -> Query:
        """What is asked. Raises :class:`SourceError` (``CONFIG``)."""
        options = read_options(JsonOptions, source)
        try:
            options.check_url(source.url)
        except ValueError as error:
            raise SourceError(source.id, FetchReason.CONFIG, f"url cannot be used: {error}") from error
        return Query(source.url, options)

    def request(self, source: Source, now: datetime | None = None) -> Request:
        """The first request. Raises :class:`SourceError` (``CONFIG``), also where the address depends on the time and
        ``now`` is not given."""
        query = self.query(source)
        if now is None:
            if depends_on_time(query.url, query.spec.params):
                raise SourceError(
                    source.id, FetchReason.CONFIG, "this source asks for a window of time: poll it in steps"
                )
            now = datetime(2000, 1, 1, tzinfo=UTC)  # nothing depends on it
        return _first(query, now)

    def parse(self, fetched: Fetched, source: Source, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
        """Read one answer; further pages take :meth:`steps`."""
        page = _Page.read(fetched, source, self.query(source).spec)
        return _feed(page.items(max_items), max(len(page.entries) - max_items, 0), [])

    def steps(self, source: Source, now: datetime, *, max_items: int = MAX_ITEMS) -> Steps:
        """The first page, and as many more as the description allows and are of use: until one is empty, or holds
        nothing within the window. A later page that fails is noted, and what came before it counts."""
        query = self.query(source)
        spec = query.spec
        request = _first(query, now)
        items: list[Item] = []
        notes: list[str] = []
        left_out = seen = 0
        for number in range(1, spec.requests() + 1):
            try:
                page = _Page.read((yield request), source, spec)
            except (FetchError, ParseError) as error:
                if number == 1:
                    raise
                notes.append(f"page {number}: {error.text}")
                break
            room = max_items - len(items)
            found = page.items(room)
            left_out = max(len(page.entries) - room, 0)
            items += found
            oldest = now - spec.window
            if not found or len(items) >= max_items or all(i.published and i.published < oldest for i in found):
                break
            seen += len(page.entries)
            following = _next(request, page, spec, number, seen)
            if following is None:
                break
            if isinstance(following, str):
                notes.append(following)
                break
            request = following
        return _feed(items, left_out, notes)


JSON = JsonKind()


def _first(query: Query, now: datetime) -> Request:
    spec = query.spec
    url = to_url(query.url, spec.params, now, spec.window)
    paging = spec.paging
    if paging and paging.param and not paging.cursor:
        url = _with_param(url, paging.param, str(paging.first))
    return Request(url, {name: reveal(value) for name, value in spec.headers.items()})


def _feed(items: list[Item], left_out: int, notes: list[str]) -> ParsedFeed:
    unique = {(item.guid, item.url, item.title, item.text): item for item in items}
    if left_out:
        notes = [*notes, f"{left_out} entries were left out"]
    return ParsedFeed(tuple(unique.values()), format="json", note="; ".join(notes))


# -- one answer -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer: the whole of it, and its items as they are."""

    data: Any
    entries: list[Any]
    base: str
    spec: JsonOptions

    @classmethod
    def read(cls, fetched: Fetched, source: Source, spec: JsonOptions) -> _Page:
        data = _load(fetched, source)
        entries = look_up(spec.items, data)
        if not isinstance(entries, list):
            raise _error(fetched, source, FetchReason.NOT_A_FEED, _no_list(data, spec))
        if entries and not any(isinstance(entry, dict) for entry in entries):
            text = f"answered with a list at items: {spec.items!r} that holds no objects; correct the path"
            raise _error(fetched, source, FetchReason.NOT_A_FEED, text)
        page = cls(data, entries, _bare(fetched.url), spec)
        if entries and not page.items(20):
            text = f"answered with {len(entries)} items, and none has a title, link or text at the paths in fields:"
            raise _error(fetched, source, FetchReason.NOT_A_FEED, f"{text}; the API may have changed")
        return page

    def items(self, most: int) -> list[Item]:
        """The first items, cleaned; what is no object, or has nothing to read, is passed over."""
        raws = (_raw(entry, self.spec) for entry in self.entries[: max(most, 0)] if isinstance(entry, dict))
        found = (to_item(raw, self.base, None) for raw in raws)
        return [item for item in found if item is not None]


def _load(fetched: Fetched, source: Source) -> Any:
    other = binary(fetched.content)
    if other is not None:
        raise _error(fetched, source, other.reason, f"answered with {other.seen} instead of JSON; check the address")
    content = to_utf8(fetched.content, fetched.headers.get("content-type", ""))
    if not content.strip():
        raise _error(fetched, source, FetchReason.EMPTY, "answered with an empty body; check the address")
    if content.lstrip()[:1] not in (b"{", b"["):
        seen = sniff(content)
        what = f"a feed ({seen.format})" if isinstance(seen, Body) else seen.seen
        reason = FetchReason.NOT_A_FEED if isinstance(seen, Body) else seen.reason
        raise _error(fetched, source, reason, f"answered with {what} instead of JSON; check the address and the key")
    try:
        return json.loads(content)
    except RecursionError as error:
        raise _error(fetched, source, FetchReason.BROKEN, "answered with JSON that is nested too deep") from error
    except ValueError as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise _error(fetched, source, FetchReason.BROKEN, f"answered with JSON that is damaged{where}") from error


def _no_list(data: object, spec: JsonOptions) -> str:
    """What is said of an answer without items: what there is instead, and what the service itself complains of."""
    text = f"answered with JSON that has no list at items: {spec.items!r}"
    if isinstance(data, dict):
        for name in ("message", "error_description", "error", "detail", "title"):
            said = data.get(name)
            if isinstance(said, dict):
                said = said.get("message")
            if isinstance(said, str) and said.strip():
                return f"{text}; it says “{_shown(said, 160)}”"
        names = [_shown(str(name), 30) for name in list(data)[:8]]
        text += f" (it has {', '.join(names)})" if names else " (it is empty)"
    return f"{text}; correct the path, or the API has changed"


def _shown(text: str, limit: int) -> str:
    return "".join(c for c in plain_line(text, limit) if c.isprintable())


# -- fields ---------------------------------------------------------------------------------------------------------


def _raw(entry: Mapping[str, Any], spec: JsonOptions) -> RawEntry:
    at = spec.fields
    return RawEntry(
        guid=_text(entry, at.id),
        link=_text(entry, at.link).strip(),
        title=_text(entry, at.title),
        content=_text(entry, at.text, "\n\n"),
        published=_moment(entry, at.date),
        updated=_moment(entry, at.updated),
        author=_text(entry, at.author, ", "),
        lang=_text(entry, at.lang).strip()[:35] or None,
        categories=_tags(entry, at),
        image=_text(entry, at.image).strip(),
        plain=frozenset("content" if name == "text" else name for name in spec.plain),
    )


def _text(entry: Mapping[str, Any], path: str | None, between: str = " ") -> str:
    if path is None:
        return ""
    found = look_up(path, entry)
    if isinstance(found, list):
        return between.join(text for text in map(_scalar, found[:_LIST_MAX]) if text)
    return _scalar(found)


def _scalar(value: object) -> str:
    """A text, or the digits of a number; lone surrogates, which JSON can smuggle in, are replaced."""
    if isinstance(value, str):
        value = value[:_FIELD_MAX]
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return repr(value)[:50]
        except ValueError:  # more digits than Python prints
            return ""
    return ""


def _tags(entry: Mapping[str, Any], at: Fields) -> tuple[str, ...]:
    found = look_up(at.tags, entry) if at.tags else None
    if isinstance(found, str):
        found = found.split(",")
    tags = map(_scalar, found[:_LIST_MAX]) if isinstance(found, list) else ()
    return tuple(tag.strip() for tag in tags if tag.strip())


# The unit of a Unix time by its size: seconds until the year 5138, then milliseconds, then microseconds. Dates before
# 1990 are garbage anyway (see bot.sources.dates).
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6))


def _moment(entry: Mapping[str, Any], path: str | None) -> datetime | None:
    if path is None:
        return None
    found = look_up(path, entry)
    if isinstance(found, str):
        text = found.strip()
        whole, _, part = text.partition(".")
        if not (whole.isascii() and whole.isdigit() and 9 <= len(whole) <= 16 and (not part or part.isdigit())):
            return parse_date(text)
        found = float(whole)
    if isinstance(found, bool) or not isinstance(found, int | float) or not -1e17 < found < 1e17 or math.isnan(found):
        return None
    unit = next(unit for limit, unit in _UNITS if found < limit)
    try:
        # By way of the text, so that the same years count as for any other date.
        return parse_date(datetime.fromtimestamp(found / unit, UTC).isoformat())
    except (ValueError, OverflowError, OSError):
        return None


# -- pages ----------------------------------------------------------------------------------------------------------


def _next(request: Request, page: _Page, spec: JsonOptions, number: int, seen: int) -> Request | str | None:
    """The request for the page after this one, ``None`` if it was the last, or why it is not asked for. ``number``
    counts this page from 1, ``seen`` the items up to its end."""
    paging = spec.paging
    if paging is None or number >= spec.pages:
        return None
    if paging.next:
        found = _scalar(look_up(paging.next, page.data))
        if not found:
            return None
        try:
            url = urljoin(request.url, found)
            same = _origin(url) == _origin(request.url)
        except ValueError:
            return "the address of the next page cannot be read"
        if not same:
            return "the next page is on another host, which is not followed"
        return Request(url, request.headers) if url != request.url else None
    assert paging.param is not None
    if paging.cursor:
        token = _scalar(look_up(paging.cursor, page.data))
        url = _with_param(request.url, paging.param, token)
        return Request(url, request.headers) if token and url != request.url else None
    count = paging.first + (number * paging.step or seen)
    return Request(_with_param(request.url, paging.param, str(count)), request.headers)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _with_param(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    pairs = [(key, old) for key, old in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*pairs, (name, value)])))


def _bare(url: str) -> str:
    """The address without its query, which may hold a key: the base of relative links, and what people see."""
    return url.partition("?")[0].partition("#")[0]


def _error(fetched: Fetched, source: Source, reason: FetchReason, text: str) -> ParseError:
    """An error about an answer. What it quotes may repeat the key that was sent."""
    return ParseError(fetched.source_id, reason, hide(f"{redact_url(_bare(fetched.url))} {text}", source))
