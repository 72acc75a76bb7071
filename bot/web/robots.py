"""What a site lets robots read: robots.txt, fetched once a day and asked before each article page.

The rules of RFC 9309: an answer of 400 to 499 means that there is none and all is allowed; where a site cannot be
reached or fails (500 to 599, 429), nothing is, until it answers again. Feeds and what a person asks for by its address
are read without asking: robots.txt is for programs that follow links by themselves.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from bot.errors import FetchError
from bot.model import Fetched, HttpState, NotModified, Source
from bot.sources.base import Request

if TYPE_CHECKING:
    from protego import Protego

AGENT = "Wirewatch"  # the name to which a robots.txt may speak, as in the User-Agent
FRESH = timedelta(hours=24)  # the longest that RFC 9309, 2.4 allows
RETRY = timedelta(hours=1)  # after a site could not be reached
SIZE_MAX = 500 * 1024  # bytes that are read; the least that RFC 9309, 2.5 asks for
SITES_MAX = 2_000  # sites that are remembered
DELAY_MAX_S = 10.0  # seconds; who asks for longer gaps gets none of the other pages read in this poll


class Fetches(Protocol):
    """What is needed of :class:`bot.web.fetch.Fetcher`."""

    async def fetch(
        self, source: Source, state: HttpState, now: datetime, *, request: Request | None = None
    ) -> Fetched | NotModified:
        """See there."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a page may be read. ``reason`` says why not; ``delay_s`` is the gap that the site asks for."""

    allowed: bool
    reason: str = ""
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Known:
    until: datetime
    rules: Protego | None  # None: all or nothing, by ``refusal``
    refusal: str = ""


class Robots:
    """Asks and remembers ``sites_max`` sites. One for the process; ``core`` is where parsing runs."""

    def __init__(
        self, fetcher: Fetches, core: Executor, clock: Callable[[], datetime], *, sites_max: int = SITES_MAX
    ) -> None:
        self._sites_max = sites_max
        self._fetcher = fetcher
        self._core = core
        self._clock = clock
        self._sites: OrderedDict[str, _Known] = OrderedDict()
        self._asking: dict[str, asyncio.Lock] = {}

    async def permission(self, source: Source, url: str) -> Permission:
        """Whether ``url`` may be read on behalf of a source. Never raises for what a site does."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        lock = self._asking.setdefault(site, asyncio.Lock())
        try:
            async with lock:  # one question, however many pages wait for the answer
                known = self._sites.get(site)
                if known is None or known.until <= self._clock():
                    known = await self._ask(source, site, known)
                    self._remember(site, known)
        finally:
            if not lock.locked():
                self._asking.pop(site, None)
        if known.rules is None:
            return Permission(not known.refusal, known.refusal)
        if not known.rules.can_fetch(url, AGENT):
            return Permission(False, "robots.txt does not allow it")
        return Permission(True, delay_s=float(known.rules.crawl_delay(AGENT) or 0.0))

    async def _ask(self, source: Source, site: str, before: _Known | None) -> _Known:
        now = self._clock()
        try:
            answer = await self._fetcher.fetch(source, HttpState(), now, request=Request(f"{site}/robots.txt"))
        except FetchError as error:
            if error.status is not None and 400 <= error.status < 500 and error.status != 429:
                return _Known(now + FRESH, None)
            if before is not None and before.rules is not None:
                return _Known(now + RETRY, before.rules)
            return _Known(now + RETRY, None, f"robots.txt cannot be had ({error.reason.value})")
        content = answer.content if isinstance(answer, Fetched) else b""
        loop = asyncio.get_running_loop()
        return _Known(now + FRESH, await loop.run_in_executor(self._core, parse, content))

    def _remember(self, site: str, known: _Known) -> None:
        self._sites[site] = known
        self._sites.move_to_end(site)
        while len(self._sites) > self._sites_max:
            self._sites.popitem(last=False)


def parse(content: bytes) -> Protego:
    """The rules of a robots.txt, whatever it holds."""
    from protego import Protego

    return Protego.parse(content[:SIZE_MAX].decode("utf-8-sig", "replace"))
