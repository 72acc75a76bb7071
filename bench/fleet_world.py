"""A fleet of sources that misbehave, on the loopback interface, and what is to be said of each after a while.

Every kind is a way of answering; source N of a kind lives at ``http://127.0.K.1:PORT/KIND/N``. Each five sources share
a host (127.0.0.0/8 is all loopback on Linux), so that a host that wants to be left alone takes few others with it.
The good ones publish as they are read: what appeared at the first poll of a source is not news, what came later is to
be alerted once. Times are those of the ``clock``.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import groupby
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.roster.state import SourceState
from tests.fakes.bombs import brotli_bomb, gzip_bomb, laughs

RULES = "rules:\n  - {id: flood, title: Flood warning, severity: high, when: flood warning}\n"
PER_HOST = 5  # sources
_OK, _FAILING, _SLOW = SourceState.OK, SourceState.FAILING, SourceState.SLOW


@dataclass(frozen=True)
class Kind:
    """``share`` of a whole fleet; the state and a piece of the reason (or of the last error) that are right for it at
    the end. ``news``: its articles count. ``long``: only for a run in real time."""

    share: int
    state: SourceState
    reason: str = ""
    news: bool = False
    long: bool = False
    host_rests: bool = False  # one that says so takes the others on its host along, before they were ever polled

    def fits(self, state: SourceState, reason: str) -> bool:
        """Whether a source is as it must be."""
        waits = self.host_rests and state is SourceState.NEW and "asked to be left alone" in reason
        return waits or (state is self.state and self.reason in reason)


KINDS: Mapping[str, Kind] = {
    "good": Kind(480, _OK, news=True),
    "churn": Kind(150, _OK, news=True),  # another guid, address and order at every poll
    "broken": Kind(60, _OK, news=True),  # XML that ends in the middle
    "flaky": Kind(90, _OK, news=True),  # fails twice, then works
    "moving": Kind(60, SourceState.MOVED, "redirects for good to", news=True),  # 301, then dead at the old address
    "push": Kind(20, _OK, news=True),  # its hub tells of news
    "floods": Kind(20, _OK),  # hundreds of items, all of them new at every poll
    "entities": Kind(60, _OK),  # a billion laughs
    "status": Kind(150, _FAILING, "failed on the server's side (500"),
    "missing": Kind(60, _FAILING, "does not exist (404"),
    "hangs": Kind(80, _FAILING, "did not finish within"),
    "drips": Kind(60, _FAILING, "did not finish within"),
    "endless": Kind(20, _FAILING, "sent more than"),
    "loops": Kind(80, _FAILING, "redirects more than 5 times"),
    "files": Kind(30, _FAILING, "redirects to a file: address"),
    "inside": Kind(30, _FAILING, "leads to 169.254.169.254"),
    "gzip": Kind(40, _FAILING, "unpacked more than"),
    "brotli": Kind(40, _FAILING, "unpacked more than"),
    "nested": Kind(30, _FAILING, "nested more than"),
    "page": Kind(80, _FAILING, "instead of a feed"),
    "empty": Kind(40, _FAILING, "empty body"),
    "hangs_up": Kind(40, _FAILING, "closed the connection"),
    "limits": Kind(60, _SLOW, "asks for fewer requests (429)", host_rests=True),
    "wall": Kind(50, SourceState.BLOCKED, "bot wall (Cloudflare", host_rests=True),
    "challenge": Kind(40, SourceState.BLOCKED, "bot wall"),
    "forbids": Kind(40, SourceState.BLOCKED, "refuses access (403", host_rests=True),
    "gone": Kind(50, SourceState.GONE, "gone for good (410)"),
    "silent": Kind(30, SourceState.SILENT, "nothing new since"),
    "late": Kind(10, _SLOW, "s to answer", long=True),
}


def shares(total: int, *, long: bool = True) -> dict[str, int]:
    """How many of each kind make a fleet of about ``total``; at least one."""
    kinds = {name: kind for name, kind in KINDS.items() if long or not kind.long}
    whole = sum(kind.share for kind in kinds.values())
    return {name: max(1, round(kind.share * total / whole)) for name, kind in kinds.items()}


@dataclass
class Site:
    """One source. ``news`` are the titles that are to be alerted, once each."""

    name: str
    number: int
    polls: int = 0
    titles: list[tuple[str, datetime]] = field(default_factory=list)
    news: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.name.replace('_', '-')}-{self.number}"


@dataclass(frozen=True)
class Verdict:
    """How one kind came out: how many sources are as they must be, and what the others are."""

    name: str
    expected: str
    right: int
    total: int
    others: str


class World:
    """The servers. While ``publishing``, good sources bring something new; ``links`` are the headers of the kind
    ``push``. ``flood`` is the number of items of the kind ``floods``; a bomb unpacks to ``bomb_mib``."""

    def __init__(
        self,
        counts: Mapping[str, int],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        flood: int = 1_500,
        bomb_mib: int = 64,
    ) -> None:
        self.sites = [Site(name, n) for name, count in counts.items() for n in range(count)]
        self._by_path = {f"/{site.name}/{site.number}": site for site in self.sites}
        self.clock = clock
        self.publishing = True
        self.links: Callable[[Site], Mapping[str, str]] = lambda site: {}
        self.requests: Counter[str] = Counter()
        self.port = 0
        self._rng = random.Random(5)
        self._runner: web.ServerRunner | None = None
        self._hosts = dict(self._placed())
        self._flood = flood
        self._bodies = {
            "gzip": gzip_bomb(bomb_mib, level=9),
            "brotli": brotli_bomb(bomb_mib),
            "nested": _document("<a>" * 6_000),
        }
        self._answers: Mapping[str, Callable[[Site, web.BaseRequest], Awaitable[web.StreamResponse]]] = {
            "hangs": self._hangs,
            "drips": self._drips,
            "endless": self._endless,
            "hangs_up": self._hangs_up,
            "late": self._late,
        }

    def _placed(self) -> Iterator[tuple[str, str]]:
        """Each source's host: no two kinds share one."""
        number = 0
        for _, group in groupby(self.sites, key=lambda site: site.name):
            for k, site in enumerate(group):
                number += k % PER_HOST == 0
                yield site.id, f"127.0.{1 + number // 250}.{1 + number % 250}"

    @property
    def hosts(self) -> list[str]:
        return sorted(set(self._hosts.values()))

    def url(self, site: Site) -> str:
        return f"http://{self._hosts[site.id]}:{self.port}/{site.name}/{site.number}"

    def sources_yaml(self) -> str:
        listed = "".join(f"  - {{id: {site.id}, url: '{self.url(site)}', every: 1m}}\n" for site in self.sites)
        return f"sources:\n{listed}"

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
        await self._runner.setup()
        for host in self.hosts:
            await web.TCPSite(self._runner, host, self.port, backlog=512).start()
            self.port = self.port or self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # -- answers ----------------------------------------------------------------------------------------------------
    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        at_new_place = request.path.endswith("/moved")
        site = self._by_path.get(request.path.removesuffix("/moved"))
        if site is None:
            return web.Response(status=404)
        site.polls += 1
        self.requests[site.name] += 1
        special = self._answers.get(site.name)
        if special is not None:
            return await special(site, request)
        return self._answer(site, request, at_new_place=at_new_place)

    def _answer(self, site: Site, request: web.BaseRequest, *, at_new_place: bool) -> web.StreamResponse:
        match site.name:
            case "flaky" if site.polls in (2, 3):
                return web.Response(status=502)
            case "moving" if not at_new_place and site.polls <= 4:  # each poll is two requests
                return web.Response(status=301, headers={"Location": f"{request.path}/moved"})
            case "moving" if not at_new_place:
                return web.Response(status=404)
            case "good" | "churn" | "broken" | "flaky" | "moving" | "push":
                return self._feed(site)
            case "floods":
                return _xml(
                    _document(
                        "".join(
                            f"<item><title>Notice {site.id} {site.polls} {n}</title></item>" for n in range(self._flood)
                        )
                    )
                )
            case "entities":
                title = f"<item><title>Notice of {site.id} &l9;</title></item>"
                return _xml(_document(title).replace(b"<rss", f"{laughs()}<rss".encode(), 1))
            case "status":
                return web.Response(status=500, text="Internal Server Error")
            case "loops":
                return web.Response(status=302, headers={"Location": request.path})
            case "files":
                return web.Response(status=302, headers={"Location": "file:///etc/passwd"})
            case "inside":
                return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
            case "gzip" | "brotli":
                coding = "gzip" if site.name == "gzip" else "br"
                return _xml(self._bodies[site.name], {"Content-Encoding": coding})
            case "nested":
                return _xml(self._bodies["nested"])
            case "page":
                return web.Response(
                    body=b"<!doctype html><html><title>Welcome</title></html>", content_type="text/html"
                )
            case "empty":
                return _xml(b"")
            case "limits":
                return web.Response(status=429, headers={"Retry-After": "300"})
            case "wall":
                return web.Response(status=403, headers={"cf-mitigated": "challenge"})
            case "challenge":
                page = b"<!doctype html><html><title>Just a moment...</title></html>"
                return web.Response(body=page, content_type="text/html")
            case "forbids":
                return web.Response(status=403)
            case "gone":
                return web.Response(status=410)
            case "silent":
                return _xml(_document(_dated(site, self.clock())))
            case _:
                return web.Response(status=404)

    def _feed(self, site: Site) -> web.StreamResponse:
        """A good feed: at every second poll there is something new."""
        first = not site.titles
        if first or (self.publishing and site.polls % 2 == 0 and site.name != "push"):
            self.publish(site, news=not first)
        titles = list(reversed(site.titles))
        if site.name == "churn":
            self._rng.shuffle(titles)
        items = [self._item(site, title, at) for title, at in titles]
        body = _document("".join(items))
        if site.name == "broken":
            body = body.removesuffix(b"</channel></rss>")
        return _xml(body, self.links(site))

    def publish(self, site: Site, *, news: bool = True) -> bytes:
        """One more article of a site; the feed that a hub would send."""
        number = len(site.titles)
        words = " ".join(self._word() for _ in range(5))
        title = f"Flood warning {site.id} {number} {words}"
        site.titles.append((title, self.clock()))
        if news:
            site.news.append(title)
        return _document(self._item(site, title, self.clock()))

    def _word(self) -> str:
        return "".join(self._rng.choice("bdfgklmnprstvz") + self._rng.choice("aeiou") for _ in range(4))

    def _item(self, site: Site, title: str, at: datetime) -> str:
        rng = random.Random(title)
        text = " ".join(
            "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(4)) for _ in range(40)
        )
        slug = title.replace(" ", "-").lower()
        guid, query, scheme = slug, "", "https"
        if site.name == "churn":
            guid = f"{slug}-{self._rng.randrange(10**9)}"
            query = f"?utm_source=feed-{self._rng.randrange(10**6)}"
            scheme = self._rng.choice(("http", "https"))
        return (
            f"<item><title>{title}</title><guid isPermaLink='false'>{guid}</guid>"
            f"<link>{scheme}://{site.id}.example/{slug}{query}</link><pubDate>{format_datetime(at)}</pubDate>"
            f"<description>{text}.</description></item>"
        )

    # -- answers that take their time -------------------------------------------------------------------------------
    async def _hangs(self, site: Site, request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(120)
        return web.Response(status=503)

    async def _drips(self, site: Site, request: web.BaseRequest) -> web.StreamResponse:
        return await _stream(request, b"<", 0.3)

    async def _endless(self, site: Site, request: web.BaseRequest) -> web.StreamResponse:
        return await _stream(request, b"<item>" * 50_000, 0.0)

    async def _hangs_up(self, site: Site, request: web.BaseRequest) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _late(self, site: Site, request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(10.5)
        return _xml(_document(_dated(site, self.clock(), fresh=True)))

    # -- the end ----------------------------------------------------------------------------------------------------
    def alerts(self, headlines: Sequence[str]) -> tuple[list[str], list[str]]:
        """The articles that were to be alerted and were not, and those that were more than once."""
        found = Counter(headlines)
        due = [title for site in self.sites if KINDS[site.name].news for title in site.news]
        return [title for title in due if not found[title]], [title for title, n in found.items() if n > 1]

    def verdicts(self, states: Mapping[str, tuple[SourceState, str]]) -> list[Verdict]:
        """By kind: state and reason (with the last error) of each source against what they must be."""
        made = []
        for name, kind in KINDS.items():
            mine = [states[site.id] for site in self.sites if site.name == name]
            wrong = Counter(f"{state.value}: {reason[:90]}" for state, reason in mine if not kind.fits(state, reason))
            others = "; ".join(f"{n} x {what}" for what, n in wrong.most_common(2))
            expected = f"{kind.state.value}{f': … {kind.reason} …' if kind.reason else ''}"
            if mine:
                made.append(Verdict(name, expected, len(mine) - wrong.total(), len(mine), others))
        return made


def _xml(body: bytes, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": "application/rss+xml", **(headers or {})})


def _document(items: str) -> bytes:
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Post</title>{items}</channel></rss>".encode()


def _dated(site: Site, now: datetime, *, fresh: bool = False) -> str:
    """Ten items, a day apart; the last of them lies four days back, or an hour."""
    last = now - (timedelta(hours=1) if fresh else timedelta(days=4))
    days = [last - timedelta(days=n) for n in range(10)]
    return "".join(
        f"<item><title>Notice {n} of {site.id}</title><guid>{site.id}-{n}</guid>"
        f"<pubDate>{format_datetime(at)}</pubDate></item>"
        for n, at in enumerate(days)
    )


async def _stream(request: web.BaseRequest, piece: bytes, pause_s: float) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
    await response.prepare(request)
    try:
        while True:
            await response.write(piece)
            await asyncio.sleep(pause_s)
    except ConnectionError:
        return response
