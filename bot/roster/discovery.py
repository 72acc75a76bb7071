"""From the address of a page to the feeds behind it: what the page links to, the usual places, the site's sitemaps.

Every candidate is fetched and read before it is shown, so that what is found works. The requests go one after another
through the caller's fetcher, a bounded number; the usual places are tried only where the page itself names nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from bot.errors import FetchError, SourceError
from bot.model import Fetched, HttpState, Item, ParsedFeed, Source
from bot.sources import kind
from bot.sources.base import Request
from bot.web.robots import Fetches, parse
from bot.web.urls import absolute, canonical

T = TypeVar("T")

REQUESTS_MAX = 16  # for one discovery
FOUND_MAX = 8  # sources that are shown; who links to more is a directory
LINKS_MAX = 12  # candidates taken from a page

USUAL = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feeds/posts/default")
"""Where programs put their feed: WordPress, Ghost, Hugo, Jekyll, Drupal, Blogger. Tried below the site's root."""
SITEMAPS = ("sitemap-news.xml", "news-sitemap.xml", "sitemap.xml")

_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json")
_FEEDLIKE = re.compile(r"(?:^|[/.?=_-])(?:rss|atom|feeds?)(?:$|[/.?&_-])|\.(?:rss|rdf|atom)$", re.IGNORECASE)
_ACCEPT = "text/html, application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.8"
_COMMENTS = re.compile(r"comment|kommentar|comentario", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that can be polled. ``how`` says where it was found; ``items`` counts what it holds now, ``newest`` is
    the date of the latest of them."""

    url: str
    kind: str
    title: str
    how: str
    format: str
    items: int
    newest: datetime | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed."""

    url: str
    kind: str
    how: str


class _Spent(Exception):
    """No request is left."""


class _Asker:
    """Fetches one address after another, at most so many."""

    def __init__(self, fetcher: Fetches, now: datetime) -> None:
        self._fetcher = fetcher
        self._now = now
        self._left = REQUESTS_MAX

    async def get(self, url: str) -> Fetched:
        """Raises :class:`FetchError`, or :class:`_Spent`."""
        if not self._left:
            raise _Spent
        self._left -= 1
        source = Source("new", url)
        answer = await self._fetcher.fetch(source, HttpState(), self._now, request=Request(url, accept=_ACCEPT))
        assert isinstance(answer, Fetched)  # nothing conditional was sent
        return answer


def address(typed: str) -> str:
    """What somebody typed as an absolute address; ``https://`` is understood. Raises ``ValueError``."""
    text = typed.strip().strip("<>")
    if "://" not in text:
        text = f"https://{text}"
    url = absolute(text, text)
    if not url or ("." not in (urlsplit(url).hostname or "") and urlsplit(url).hostname != "localhost"):
        raise ValueError(f"{typed.strip()[:100]!r} is no web address; write it like https://example.org")
    return url


async def discover(typed: str, fetcher: Fetches, now: datetime) -> tuple[Found, ...]:
    """The sources behind an address, best first; none if nothing there can be polled.

    Raises ``ValueError`` for what is no address, and :class:`~bot.errors.SourceError` where the address itself cannot
    be fetched.
    """
    url = address(typed)
    asker = _Asker(fetcher, now)
    first = await asker.get(url)
    itself = await _aside(_read, first, Candidate(first.url, "feed", "the address itself"))
    if itself is not None:
        return (itself,)
    found: list[Found] = []
    try:
        await _confirm(asker, await _aside(links_of, first.content, first.url), found)
        if not found:
            await _confirm(asker, usual_of(first.url), found, enough=1)
        if not found:
            await _confirm(asker, await _sitemaps(asker, first.url), found, enough=1)
    except _Spent:
        pass
    return tuple(sorted(found, key=lambda one: _COMMENTS.search(f"{one.title} {one.url}") is not None))


async def _confirm(asker: _Asker, candidates: Iterable[Candidate], found: list[Found], enough: int = FOUND_MAX) -> None:
    """Add to ``found`` what the candidates turn out to be, until there are ``enough``."""
    for candidate in candidates:
        if len(found) >= enough:
            return
        try:
            answer = await asker.get(candidate.url)
        except FetchError:
            continue
        one = await _aside(_read, answer, candidate)
        if one is not None and canonical(one.url) not in {canonical(other.url) for other in found}:
            found.append(one)


async def _aside(call: Callable[..., T], *arguments: object) -> T:
    """Parsing is heavy: not on the event loop."""
    return await asyncio.to_thread(call, *arguments)


def _read(answer: Fetched, candidate: Candidate) -> Found | None:
    """What an answer is: a feed, a sitemap, or nothing that can be polled."""
    for name in dict.fromkeys((candidate.kind, "feed", "sitemap")):
        try:
            parsed = _parse(name, answer)
        except SourceError:
            continue
        return Found(
            url=answer.moved_to or candidate.url,
            kind=name,
            title=parsed.title or urlsplit(answer.url).hostname or "",
            how=candidate.how,
            format=parsed.format,
            items=len(parsed.items),
            newest=max(filter(None, map(_date, parsed.items)), default=None),
            lang=parsed.lang,
        )
    return None


def _parse(name: str, answer: Fetched) -> ParsedFeed:
    if name == "sitemap" and b"<sitemapindex" in answer.content[:4096]:
        return ParsedFeed((), format="sitemap index")
    return kind(name).parse(answer, Source("new", answer.url, kind=name))


def _date(item: Item) -> datetime | None:
    return item.published or item.updated


# -- candidates -----------------------------------------------------------------------------------------------------


def links_of(content: bytes, base: str) -> tuple[Candidate, ...]:
    """The feeds that a page names in its head (``rel="alternate"``), then the links that look like feeds."""
    from lxml import html

    try:
        root = html.document_fromstring(content[:2_000_000], parser=html.HTMLParser(no_network=True, huge_tree=False))
    except (ValueError, html.etree.LxmlError):  # LxmlError: damaged or empty
        return ()
    based = root.xpath("string(//base/@href)")
    base = absolute(str(based), base) or base if based else base
    named = [
        (str(link.get("href") or ""), "the page names it")
        for link in root.iterfind(".//link")
        if "alternate" in str(link.get("rel") or "").lower().split()
        and str(link.get("type") or "").partition(";")[0].strip().lower() in _TYPES
    ]
    linked = [
        (href, "the page links to it")
        for link in root.iterfind(".//a")
        if (href := str(link.get("href") or "")) and _FEEDLIKE.search(href.partition("#")[0])
    ]
    found = {url: how for href, how in (*linked, *named) if (url := absolute(href, base))}
    best = sorted(found.items(), key=lambda one: one[1] != "the page names it")
    return tuple(Candidate(url, "feed", how) for url, how in best[:LINKS_MAX])


def usual_of(url: str) -> tuple[Candidate, ...]:
    """The usual places on the site."""
    return tuple(Candidate(urljoin(url, f"/{path}"), "feed", "a usual place for feeds") for path in USUAL)


async def _sitemaps(asker: _Asker, url: str) -> tuple[Candidate, ...]:
    """The sitemaps that robots.txt names, news first, then the usual places."""
    try:
        rules = parse((await asker.get(urljoin(url, "/robots.txt"))).content)
        named = [absolute(str(link), url) for link in rules.sitemaps][:LINKS_MAX]
    except FetchError:
        named = []
    news = sorted(filter(None, named), key=lambda link: "news" not in link.lower())
    usual = [urljoin(url, f"/{path}") for path in SITEMAPS]
    told = dict.fromkeys(usual, "a usual place for sitemaps") | dict.fromkeys(news, "a sitemap that robots.txt names")
    return tuple(Candidate(link, "sitemap", told[link]) for link in (*news, *(u for u in usual if u not in news)))
