"""The kind ``feed``: RSS 0.90 to 2.0, RSS 1.0 (RDF), Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1.

Pure. fastfeedparser reads XML feeds, about a hundred times as fast as feedparser; feedparser is asked where the first
refuses a feed or visibly loses part of it (markup inside a title, entries behind damage), and only for documents up to
:data:`LENIENT_MAX`, as its time grows with the damage. Both see the document only after :mod:`bot.sources.xml_guard`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.articles import identity
from bot.articles.extract import to_line
from bot.errors import FetchReason, ParseError
from bot.log import redact_url
from bot.model import Fetched, Item, ParsedFeed, Source
from bot.polling.cadence import read_cadence
from bot.sources import json_feed
from bot.sources.base import MAX_ITEMS, Request
from bot.sources.charset import to_utf8
from bot.sources.delta import Trimmed, named_in, trim
from bot.sources.entry import RawEntry, to_item
from bot.sources.sniff import NoFeed, binary, feed_named, sniff
from bot.sources.walls import wall_in
from bot.sources.xml_guard import HostileXmlError, settle, without_doctype
from bot.websub.offer import offer_of

LENIENT_MAX = 1024 * 1024  # bytes; feedparser needs about a second for so much damaged XML
_OLDEST = 1990  # years before are placeholders


def request(source: Source) -> Request:
    """The feed's own address."""
    return Request(source.url)


def parse(fetched: Fetched, source: Source, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
    """Read a feed on behalf of a source; see :func:`parse_feed`."""
    return parse_feed(fetched, max_items=max_items)


def parse_feed(fetched: Fetched, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
    """Read a feed of any format. The first ``max_items`` entries are taken.

    Raises :class:`ParseError` with the reason ``HTML``, ``EMPTY``, ``NOT_A_FEED`` or ``BROKEN``, and nothing else.
    """
    other = binary(fetched.content)
    if other is not None:
        raise _no_feed(fetched, other)
    content = to_utf8(fetched.content, fetched.headers.get("content-type", ""))
    head = content[:1000].lstrip()
    if not head and not content.strip():
        raise _error(fetched, FetchReason.EMPTY, "answered with an empty body; check the address")
    if head[:1] in (b"{", b"["):
        return _parse_json(fetched, content, max_items)
    try:
        content, note = without_doctype(content)
        body = sniff(content)
        if isinstance(body, NoFeed):
            raise _no_feed(fetched, body)
        whole = content[body.start :]
        trimmed = trim(whole, fetched.known, max_items) if not note and not body.start else None
        if trimmed is not None and fetched.known:
            parsed = _parse_rest(fetched, trimmed, body.format, max_items)
            if parsed is not None:
                return parsed
        content, inner_note = settle(whole)
    except HostileXmlError as error:
        raise _error(fetched, FetchReason.BROKEN, f"sent a feed that is not safe to read: {error}") from error
    skipped = "text before the feed was skipped" if body.start else ""
    notes = [note for note in (note or inner_note, skipped) if note]
    parsed = _parse_xml(fetched, content, body.format, notes, max_items)
    if trimmed is None or parsed.note or len(parsed.items) != trimmed.total:
        return parsed
    alone = identity.shared(parsed.items) == identity.NOTHING_SHARED
    return replace(parsed, marks=trimmed.marks) if alone else parsed


def _parse_rest(fetched: Fetched, trimmed: Trimmed, form: str, max_items: int) -> ParsedFeed | None:
    """Read what an earlier answer did not have; ``None`` where the whole feed has to be read after all."""
    skipped = trimmed.total - trimmed.left
    if not trimmed.left:
        edges = _edges(trimmed.content)
        offer = offer_of(fetched.headers, edges, fetched.url)
        cadence = read_cadence(edges)
        return ParsedFeed((), format=form, cadence=cadence, marks=trimmed.marks, skipped=skipped, offer=offer)
    if not skipped:
        return None
    content, note = settle(trimmed.content)
    parsed = _parse_xml(fetched, content, form, [], max_items)
    if note or parsed.note or len(parsed.items) != trimmed.left or named_in(parsed.items, trimmed.rest):
        return None
    if identity.shared(parsed.items) != identity.NOTHING_SHARED:
        return None
    return replace(parsed, marks=trimmed.marks, skipped=skipped)


def _parse_json(fetched: Fetched, content: bytes, max_items: int) -> ParsedFeed:
    try:
        return json_feed.parse_json_feed(content, fetched.url, max_items, fetched.headers)
    except json_feed.NotJsonFeedError as error:
        raise _error(fetched, error.reason, f"answered with {error}; check the address") from error


def _parse_xml(fetched: Fetched, content: bytes, form: str, notes: list[str], max_items: int) -> ParsedFeed:
    """Read a settled document; ``notes`` says what settling it took."""
    edges = _edges(content)
    base = _base(edges, fetched.url)
    title, total = "", 0
    items: tuple[Item, ...] = ()
    lang = _language(None, edges)
    broken: Exception | None = None
    try:
        feed = _read_fast(content)
    except _UnreadableError as error:
        broken = error
    else:
        title, total = str(feed["feed"].get("title") or ""), len(feed["entries"])
        lang = _language(feed["feed"].get("language"), edges)
        items = _items(map(_raw, feed["entries"][:max_items]), base, lang)
    suspicion = "broken XML" if broken else _misread(content, total)
    if suspicion and len(content) <= LENIENT_MAX:
        from bot.sources import lenient

        try:
            entries, lenient_title = lenient.read(content)
        except lenient.LenientError as error:
            broken = broken or error
            entries, lenient_title = [], ""
        more = _items(entries[:max_items], base, lang)
        if more and len(more) >= len(items):
            items, total, title, broken = more, len(entries), lenient_title or title, None
            notes.append(f"{suspicion}, read by the lenient parser")
    if broken is not None or (not items and not _closed(content)):
        raise _error(fetched, FetchReason.BROKEN, "sent a feed whose XML is damaged beyond reading") from broken
    if not _closed(content):
        notes.append("the feed ends in the middle")
    if total > max_items:
        notes.append(f"{total - max_items} of {total} entries were left out")
    blank = min(total, max_items) - len(items)
    if blank:
        notes.append(f"{blank} {'entry has' if blank == 1 else 'entries have'} neither title, link nor text")
    offer = offer_of(fetched.headers, edges, fetched.url)
    return ParsedFeed(items, to_line(title, 200), lang, form, "; ".join(notes), read_cadence(edges), offer=offer)


# -- fastfeedparser -------------------------------------------------------------------------------------------------


class _UnreadableError(Exception):
    """fastfeedparser refuses the document."""


def _read_fast(content: bytes) -> Mapping[str, Any]:
    import fastfeedparser

    try:
        return dict(fastfeedparser.parse(content))
    except Exception as error:  # documented: ValueError; damaged input finds others
        raise _UnreadableError(str(error)[:200]) from error


def _raw(entry: Mapping[str, Any]) -> RawEntry:
    contents = entry.get("content")
    content = (contents[0].get("value") or "") if contents else ""
    tags = entry.get("tags")
    return RawEntry(
        guid=entry.get("id") or "",
        link=_link(entry),
        title=entry.get("title") or "",
        summary=entry.get("description") or "",
        content=content,
        published=_moment(entry.get("published")),
        updated=_moment(entry.get("updated")),
        author=entry.get("author") or "",
        categories=tuple([tag["term"] for tag in tags if tag.get("term")]) if tags else (),
        image=_image(entry),
    )


def _link(entry: Mapping[str, Any]) -> str:
    link = entry.get("link")
    if link:
        return str(link)
    return next((str(one["href"]) for one in entry.get("links") or () if one.get("href")), "")


def _image(entry: Mapping[str, Any]) -> str:
    for media in (*(entry.get("media_content") or ()), *(entry.get("enclosures") or ())):
        url, kind = media.get("url"), f"{media.get('type') or ''} {media.get('medium') or ''}"
        if url and "image" in kind:
            return str(url)
        if media.get("thumbnail_url"):
            return str(media["thumbnail_url"])
    return ""


def _moment(iso: str | None) -> datetime | None:
    if not iso:
        return None
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return moment if moment.year >= _OLDEST else None


# -- the feed about itself ------------------------------------------------------------------------------------------

_ITEM = re.compile(rb"<(?:[A-Za-z]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_LANGUAGE = re.compile(
    rb"<(?:dc:)?language(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[)?\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3})\s*(?:\]\]>)?\s*<"
)
_XML_LANG = re.compile(
    rb"<(?:rss|feed|rdf:RDF|channel)\s[^<>]*?xml:lang\s*=\s*[\"']([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})[\"']"
)
_XML_BASE = re.compile(rb"<(?:rss|feed|rdf:RDF)\s[^<>]*?xml:base\s*=\s*[\"']([^\"'<>]+)[\"']")
_INLINE = re.compile(rb"<(?:title|description|summary)(?:\s[^<>]*+)?+(?<!/)>[^<]*+<(?!/|!\[CDATA\[|!--)")
_CLOSED = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.DOTALL | re.IGNORECASE)


def _edges(content: bytes) -> bytes:
    """What stands before the first entry and after the last one: the feed's own fields are there."""
    first = _ITEM.search(content)
    if first is None:
        return content
    last = content.rfind(b"</item>", first.start())
    last = max(last, content.rfind(b"</entry>", max(last, first.start())))
    return content[: first.start()] + (content[last:] if last >= 0 else b"")


def _base(edges: bytes, url: str) -> str:
    found = _XML_BASE.search(edges)
    return (found[1].decode("utf-8", "replace") if found and found[1].startswith(b"http") else "") or url


def _language(declared: object, edges: bytes) -> str | None:
    if isinstance(declared, str) and declared.strip():
        return declared.strip()[:35]
    found = _LANGUAGE.search(edges) or _XML_LANG.search(edges)
    return found[1].decode().replace("_", "-") if found else None


def _misread(content: bytes, found: int) -> str:
    """What fastfeedparser visibly lost, if anything."""
    if max(content.count(b"</item>"), content.count(b"</entry>")) > found:
        return "damaged XML"
    if _INLINE.search(content):
        return "markup inside of titles or texts"
    return ""


def _closed(content: bytes) -> bool:
    return _CLOSED.search(content[-2000:]) is not None


def _items(entries: Iterable[RawEntry], base: str, lang: str | None) -> tuple[Item, ...]:
    items = [to_item(raw, base, lang) for raw in entries]
    return tuple([item for item in items if item is not None])


def _no_feed(fetched: Fetched, body: NoFeed) -> ParseError:
    wall = wall_in(fetched.content) if body.reason is FetchReason.HTML else None
    if wall is not None:
        text = f"answered with a page of a bot wall ({wall}); ask the publisher to let feed readers through"
        return _error(fetched, FetchReason.BLOCKED, text)
    web_page = body.reason is FetchReason.HTML
    advice = "check the address, or whether the site keeps bots out" if web_page else "check the address"
    if web_page and (named := feed_named(fetched.content, fetched.url)):
        advice = f"the page names its feed: {redact_url(named)}"
    return _error(fetched, body.reason, f"answered with {body.seen} instead of a feed; {advice}")


def _error(fetched: Fetched, reason: FetchReason, text: str) -> ParseError:
    return ParseError(fetched.source_id, reason, f"{redact_url(fetched.url)} {text}")
