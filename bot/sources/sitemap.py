"""The kind ``sitemap``: sitemaps.org 0.9 (``urlset``, ``sitemapindex``, text files), Google News sitemaps, gzip files.

Pure. A sitemap is a list of addresses, so what rules see of a page is little: the title that a news sitemap gives; of
a plain one, the words of the address (``/2026/grain-talks-resume-41872.html`` → "grain talks resume"). An address
without words gives an item that rules cannot match.

The document is walked as a stream and never kept as a tree, since the protocol allows 50,000 entries in 50 MB. Its
document type is cut out beforehand, so there are no entities to expand.
"""

from __future__ import annotations

import heapq
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pydantic import Field

from bot.errors import FetchError, FetchReason, ParseError
from bot.log import redact_url
from bot.model import Fetched, Item, ParsedFeed, Source
from bot.sources.base import MAX_ITEMS, Request, Steps
from bot.sources.charset import to_utf8
from bot.sources.dates import parse_date
from bot.sources.entry import RawEntry, to_item
from bot.sources.options import Options, read_options
from bot.sources.sniff import Body, binary, sniff
from bot.sources.xml_guard import HostileXmlError, without_doctype
from bot.web.decode import BodyDamagedError, BodyTooLargeError, decode_body
from bot.web.urls import absolute
from bot.yaml_models import Text, Whole

if TYPE_CHECKING:
    from lxml import etree

MAX_BYTES = 50 * 1024 * 1024  # bytes unpacked; sitemaps.org, "Using Sitemap index files"
MAX_URLS = 50_000  # entries of one file; the same page
MAX_CHILDREN = 20  # sitemaps of an index that one poll may read
_WINDOW = 64 * 1024  # bytes in which the root is looked for
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class SitemapOptions(Options):
    """The keys of a source of kind sitemap."""

    only: tuple[Text, ...] = Field(
        default=(), description="Addresses to take, by path, such as [/news/*]; all where this is left out."
    )
    sitemaps: tuple[Text, ...] = Field(
        default=(), description="Of an index: the sitemaps to read, by path, such as ['*news*']."
    )
    children: Whole = Field(
        default=5, ge=1, le=MAX_CHILDREN, description="Of an index: how many sitemaps to read, the newest first."
    )

    def requests(self) -> int:
        return 1 + self.children


OPTIONS = SitemapOptions


def request(source: Source) -> Request:
    """The sitemap's own address."""
    return Request(source.url)


def parse(fetched: Fetched, source: Source, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
    """Read one sitemap. Of an index nothing but its size: its sitemaps take :func:`steps`."""
    found = _read(fetched, read_options(SitemapOptions, source), max_items)
    if isinstance(found, _Index):
        note = f"an index of {len(found.children)} sitemaps, none of them read"
        return ParsedFeed((), format="sitemap index", note=note)
    return found


def steps(source: Source, now: datetime, *, max_items: int = MAX_ITEMS) -> Steps:
    """One sitemap, or an index and the newest of its sitemaps. A sitemap of an index that fails is noted; if all do,
    the first failure is raised."""
    options = read_options(SitemapOptions, source)
    top = _read((yield Request(source.url)), options, max_items)
    if isinstance(top, ParsedFeed):
        return top
    chosen = _choose(top, options)
    if not chosen:
        hint = f"; correct sitemaps: {', '.join(options.sitemaps)}" if top.children and options.sitemaps else ""
        raise ParseError(
            source.id, FetchReason.EMPTY, f"{redact_url(source.url)} lists none of the sitemaps wanted{hint}"
        )
    parts: list[ParsedFeed] = []
    failures: list[FetchError | ParseError] = []
    notes = [f"{len(chosen)} of {len(top.children)} sitemaps read"] if len(chosen) < len(top.children) else []
    for url in chosen:
        try:
            part = _read((yield Request(url)), options, max_items)
        except (FetchError, ParseError) as error:
            failures.append(error)
            notes.append(error.text)
            continue
        if isinstance(part, _Index):
            notes.append(f"{redact_url(url)} is an index inside an index, which is not followed")
        else:
            parts.append(part)
            notes += [part.note] if part.note else []
    if not parts and failures:
        raise failures[0]
    return _merged(parts, notes, max_items)


def _choose(index: _Index, options: SitemapOptions) -> list[str]:
    """The newest first; those without a date in the order of the file, after the dated ones."""
    wanted = [child for child in index.children if _wanted(child.url, options.sitemaps)]
    wanted.sort(key=lambda child: child.modified or _NEVER, reverse=True)
    return list(dict.fromkeys(child.url for child in wanted))[: options.children]


def _merged(parts: list[ParsedFeed], notes: list[str], max_items: int) -> ParsedFeed:
    items: dict[str, Item] = {}
    for part in parts:
        for item in part.items:
            items.setdefault(item.url, item)
    newest = sorted(items.values(), key=lambda item: item.published or item.updated or _NEVER, reverse=True)
    lang = next((part.lang for part in parts if part.lang), None)
    return ParsedFeed(tuple(newest[:max_items]), lang=lang, format="sitemap index", note="; ".join(notes)[:1000])


# -- one document ---------------------------------------------------------------------------------------------------

_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(urlset|sitemapindex)(?=[\s>/])")
_CLOSED = re.compile(rb"</(?:[\w.-]+:)?urlset\s*>|<(?:[\w.-]+:)?urlset\b[^<>]*/>")


@dataclass(frozen=True, slots=True)
class _Child:
    url: str
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class _Index:
    children: tuple[_Child, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One ``url`` element. ``position`` is where it stands in the file."""

    position: int
    raw: RawEntry

    @property
    def when(self) -> datetime:
        return self.raw.published or self.raw.updated or _NEVER


def _read(fetched: Fetched, options: SitemapOptions, max_items: int) -> ParsedFeed | _Index:
    content = _unpacked(fetched)
    other = binary(content)
    if other is not None:
        raise _error(fetched, other.reason, f"answered with {other.seen} instead of a sitemap; check the address")
    content = to_utf8(content, fetched.headers.get("content-type", ""))
    if not content.strip():
        raise _error(fetched, FetchReason.EMPTY, "answered with an empty body; check the address")
    addresses = _text_file(content)
    if addresses:
        raws = (RawEntry(link=address) for address in addresses)
        return _listed(fetched, raws, options, max_items, "sitemap text", "")
    try:
        content, note = without_doctype(content)
    except HostileXmlError as error:
        raise _error(fetched, FetchReason.BROKEN, f"sent a sitemap that is not safe to read: {error}") from error
    root = _ROOT.search(content, 0, _WINDOW)
    if root is None:
        raise _no_sitemap(fetched, content)
    declaration = content.rfind(b"<?xml", 0, root.start())
    content = content[declaration if declaration >= 0 else root.start() :]
    note = note.replace("the feed", "the sitemap")
    if root[1] == b"sitemapindex":
        return _Index(tuple(_children(fetched, content)))
    if _CLOSED.search(content, max(len(content) - _WINDOW, 0)) is None:
        note = f"{note}; the sitemap ends in the middle".removeprefix("; ")
    form = "news sitemap" if b"schemas/sitemap-news" in content[:_WINDOW] else "sitemap"
    return _listed(fetched, map(_entry, _elements(content, "url")), options, max_items, form, note)


def _unpacked(fetched: Fetched) -> bytes:
    """A gzip file (``sitemap.xml.gz``, which servers send as a file and not as a coding) undone, within the cap."""
    if not fetched.content.startswith(b"\x1f\x8b"):
        return fetched.content
    try:
        return decode_body(fetched.content, "gzip", MAX_BYTES)
    except BodyTooLargeError as error:
        text = f"unpacked more than {MAX_BYTES // 2**20} MiB, the most that a sitemap may have"
        raise _error(fetched, FetchReason.TOO_LARGE, text) from error
    except BodyDamagedError as error:
        raise _error(fetched, FetchReason.BROKEN, f"sent a gzip file that cannot be read: {error}") from error


def _text_file(content: bytes) -> list[str]:
    """The addresses of a text sitemap: one a line, and nothing else."""
    if not content.lstrip()[:4].lower().startswith(b"http"):
        return []
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()[:MAX_URLS] if line.strip()]
    return lines if all(absolute(line, "") == line for line in lines) else []


def _no_sitemap(fetched: Fetched, content: bytes) -> ParseError:
    seen = sniff(content)
    if isinstance(seen, Body):
        return _error(
            fetched, FetchReason.NOT_A_FEED, f"answered with a feed ({seen.format}); write kind: feed for this source"
        )
    web_page = seen.reason is FetchReason.HTML
    advice = "check the address, or whether the site keeps bots out" if web_page else "check the address"
    return _error(fetched, seen.reason, f"answered with {seen.seen} instead of a sitemap; {advice}")


def _listed(
    fetched: Fetched, raws: Iterator[RawEntry], options: SitemapOptions, max_items: int, form: str, note: str
) -> ParsedFeed:
    """The newest entries. Where there are no dates, those at the end of the file: sites append."""
    total = 0
    notes = [note] if note else []

    def wanted() -> Iterator[_Entry]:
        nonlocal total
        try:
            for position, raw in enumerate(raws):
                if position >= MAX_URLS:
                    notes.append(f"only the first {MAX_URLS:,} entries were read")
                    return
                if _wanted(raw.link, options.only):
                    total += 1
                    yield _Entry(position, raw)
        except _CutOffError:
            notes.append("the sitemap is damaged; it was read up to there")

    newest = heapq.nlargest(max_items, wanted(), key=lambda entry: (entry.when, entry.position))
    found = (to_item(_titled(entry.raw), fetched.url, None) for entry in newest)
    items: dict[str, Item] = {}
    for item in found:
        if item is not None:
            items.setdefault(item.url, item)
    if not items and notes and ("damaged" in notes[-1] or "ends in the middle" in notes[-1]):
        raise _error(fetched, FetchReason.BROKEN, "sent a sitemap whose XML is damaged beyond reading")
    if total > max_items:
        notes.append(f"{total - max_items:,} of {total:,} entries, the older ones, were left out")
    return ParsedFeed(tuple(items.values()), format=form, note="; ".join(notes))


def _titled(raw: RawEntry) -> RawEntry:
    return raw if raw.title else raw._replace(title=slug_words(raw.link))


def _wanted(url: str, patterns: tuple[str, ...]) -> bool:
    if not patterns:
        return True
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return any(fnmatchcase(path, pattern) for pattern in patterns)


# -- elements -------------------------------------------------------------------------------------------------------

_DROP_MAX = 4000  # characters of a field; addresses have 2048, titles less


class _CutOffError(Exception):
    """The XML cannot be read further."""


def _children(fetched: Fetched, content: bytes) -> Iterator[_Child]:
    count = 0
    try:
        for element in _elements(content, "sitemap"):
            fields = {_local(child): _words(child) for child in element}
            url = absolute(fields.get("loc", ""), fetched.url)
            count += 1
            if url:
                yield _Child(url, parse_date(fields.get("lastmod", "")))
            if count >= MAX_URLS:
                return
    except _CutOffError:
        if not count:
            raise _error(
                fetched, FetchReason.BROKEN, "sent a sitemap index whose XML is damaged beyond reading"
            ) from None


def _elements(content: bytes, name: str) -> Iterator[etree._Element]:
    """Every element of that name in turn, each forgotten before the next."""
    from lxml import etree

    walk = etree.iterparse(
        io.BytesIO(content),
        events=("end",),
        tag=f"{{*}}{name}",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        for _, element in walk:
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as error:
        raise _CutOffError from error


def _entry(element: etree._Element) -> RawEntry:
    fields: dict[str, str] = {}
    for part in element.iter():
        words = _words(part)
        if words:
            fields.setdefault(_path(part, element), words)
    link = fields.get("loc", "")
    keywords = fields.get("news/keywords", "").split(",")
    return RawEntry(
        link=link,
        title=fields.get("news/title", ""),
        published=parse_date(fields.get("news/publication_date", "")),
        updated=parse_date(fields.get("lastmod", "")),
        lang=fields.get("news/publication/language", "")[:35] or None,
        categories=tuple(word.strip() for word in keywords if word.strip()),
        image=fields.get("image/loc", ""),
    )


def _path(part: etree._Element, entry: etree._Element) -> str:
    names = [_local(part)]
    while (parent := part.getparent()) is not None and parent is not entry and part is not entry:
        names.append(_local(parent))
        part = parent
    return "/".join(reversed(names))


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _words(element: etree._Element) -> str:
    return (element.text or "")[:_DROP_MAX].strip()


# -- titles out of addresses ----------------------------------------------------------------------------------------

_EXTENSION = re.compile(r"\.(?:x?html?|php|aspx?|jsp|cms|ece|story|amp)\Z", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_ID = re.compile(r"[a-z]?\d{5,}|(?=[a-z]*\d)[0-9a-z]{8,}", re.IGNORECASE)  # not a year, not "covid-19"


def slug_words(url: str) -> str:
    """The words of an address's last part that has some: at least two, without ids and file endings; else ``""``."""
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return ""
    for part in reversed(path.split("/")):
        words = [word for word in re.split(r"[-_+\s.,~]+", _EXTENSION.sub("", part)) if word]
        while words and _ID.fullmatch(words[-1]):
            words.pop()
        while words and _ID.fullmatch(words[0]):
            words.pop(0)
        if sum(1 for word in words if _LETTERS.fullmatch(word)) >= 2:
            return " ".join(words)
    return ""


def _error(fetched: Fetched, reason: FetchReason, text: str) -> ParseError:
    return ParseError(fetched.source_id, reason, f"{redact_url(fetched.url)} {text}")
