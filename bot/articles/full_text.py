"""The text of an article from its own page, for sources with ``full_text: true``.

Pages are fetched with the manners of polls and through the same fetcher, so that address guard, caps, deadlines and
per-host limits hold; besides, robots.txt is obeyed and there is a gap between two pages of a host. Only what is new or
edited is read, a bounded number for one poll and within a bounded time. What cannot be read keeps the feed's text and
says why. Nothing is stored in between: a crash leaves the articles new, and the next poll reads them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from bot.articles.page import PageError, read_page, with_page, without_page
from bot.errors import FetchError, FetchReason
from bot.log import Log
from bot.model import Article, Fetched, HttpState, Revised, Source, TextFrom
from bot.sources.base import Request
from bot.web.robots import DELAY_MAX_S, Fetches, Robots

PAGES_MAX = 20  # pages read in one poll, the newest articles first; more at once is a first poll or a flood
BUDGET_S = 60.0  # seconds for all pages of one poll; with the poll itself, far below its lease
GAP_S = 1.0  # seconds between two pages of one host
CANONICALS_MAX = 5_000  # canonical addresses that are remembered
HOSTS_MAX = 2_000  # hosts whose last turn is remembered
_ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_LATE = "it did not answer in time"
_PAID = frozenset({401, 402, 403, 407, 451})
_HTML = ("text/html", "application/xhtml+xml")

# Reasons of a failed fetch as a clause. What is not here says its own name.
_FAILED = {
    FetchReason.TIMEOUT: _LATE,
    FetchReason.CONNECT: "its server cannot be reached",
    FetchReason.DNS: "its server cannot be found",
    FetchReason.TLS: "its server cannot be trusted",
    FetchReason.ADDRESS: "its address leads inside",
    FetchReason.REDIRECTS: "it redirects without end",
    FetchReason.TOO_LARGE: "the page is too large",
    FetchReason.RATE_LIMITED: "its server asks for fewer requests",
    FetchReason.GONE: "the page is gone (410)",
    FetchReason.PROTOCOL: "its answer is damaged",
}


class FullText:
    """Reads pages. One for the process; ``core`` is where the pages are taken apart, ``gap_s`` the least time between
    two pages of one host, in seconds."""

    def __init__(
        self, fetcher: Fetches, core: Executor, clock: Callable[[], datetime], *, gap_s: float = GAP_S
    ) -> None:
        self._robots = Robots(fetcher, core, clock)
        self._fetcher = fetcher
        self._core = core
        self._clock = clock
        self._gap_s = gap_s
        self._turns: OrderedDict[str, _Turns] = OrderedDict()
        self._canonicals: OrderedDict[str, str] = OrderedDict()
        self._log = Log("full text")

    async def read(
        self, source: Source, articles: Sequence[Article], since: datetime | None = None
    ) -> tuple[Article, ...]:
        """The articles, in the same order, with the texts of their pages where those can be had. Those published
        before ``since`` keep the feed's text: nobody will hear of them."""
        if not source.full_text or not articles:
            return tuple(articles)
        wanted = [a for a in articles if since is None or not a.dated or a.published >= since]
        wanted.sort(key=lambda a: a.published, reverse=True)
        done = await self._pages(source, wanted[:PAGES_MAX])
        for article in wanted[PAGES_MAX:]:
            done[article.key] = f"more than {PAGES_MAX} articles came at once"
        return tuple(_merged(article, done.get(article.key, article)) for article in articles)

    async def reread(self, source: Source, revised: Sequence[Revised]) -> tuple[Revised, ...]:
        """Edits, with the texts that the pages have now. Where a page cannot be read again, the text that was read
        from it before stays."""
        if not source.full_text or not revised:
            return tuple(revised)
        done = await self._pages(source, [one.after for one in revised[:PAGES_MAX]])
        return tuple(_merged_edit(one, done.get(one.after.key, _LATE)) for one in revised)

    async def status(self, source: Source, url: str) -> int | None:
        """What a page answers, asked for with the same manners; ``None`` where it may not be asked, or gives no
        answer."""
        permission = await self._robots.permission(source, url)
        if not permission.allowed or permission.delay_s > DELAY_MAX_S:
            return None
        try:
            async with self._turns_of(url).take(max(self._gap_s, permission.delay_s)):
                answer = await self._fetcher.fetch(
                    source, HttpState(), self._clock(), request=Request(url, accept=_ACCEPT)
                )
        except FetchError as error:
            return error.status
        assert isinstance(answer, Fetched)  # nothing conditional was sent
        return answer.status

    async def _pages(self, source: Source, articles: Sequence[Article]) -> dict[str, Article | str]:
        """By key: the article with the text of its page, or why there is none."""
        done: dict[str, Article | str] = {a.key: _LATE for a in articles}

        async def one(article: Article) -> None:
            done[article.key] = await self._page(source, article)

        tasks = [asyncio.create_task(one(article)) for article in articles]
        if tasks:
            try:
                await asyncio.wait(tasks, timeout=BUDGET_S)
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
            for error in ended:
                if isinstance(error, Exception):  # not a failed fetch but a bug: the poll is recorded as failed
                    raise error
        return done

    async def _page(self, source: Source, article: Article) -> Article | str:
        if not article.url:
            return "the item has no address"
        permission = await self._robots.permission(source, article.url)
        if not permission.allowed:
            return permission.reason
        if permission.delay_s > DELAY_MAX_S:
            return f"robots.txt asks for {permission.delay_s:.0f} s between two pages"
        request = Request(article.url, accept=_ACCEPT)
        try:
            async with self._turns_of(article.url).take(max(self._gap_s, permission.delay_s)):
                answer = await self._fetcher.fetch(source, HttpState(), self._clock(), request=request)
        except FetchError as error:
            self._log.info("page not read", source=source.id, reason=error.reason.value, text=error.text)
            return _why(error)
        assert isinstance(answer, Fetched)  # nothing conditional was sent
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and kind not in _HTML:
            return f"the page is not HTML but {kind[:40]}"
        loop = asyncio.get_running_loop()
        try:
            read = await loop.run_in_executor(self._core, _read_into, article, answer.content, answer.url)
        except PageError as error:
            return str(error)
        return self._with_own_address(read, article)

    def _with_own_address(self, read: Article, article: Article) -> Article:
        """A canonical address that several articles claim (sites that give every page the same) names none of them."""
        if read.canonical_url == article.canonical_url:
            return read
        claimed = self._canonicals.setdefault(read.canonical_url, article.key)
        if len(self._canonicals) > CANONICALS_MAX:
            self._canonicals.popitem(last=False)
        return read if claimed == article.key else replace(read, canonical_url=article.canonical_url)

    def _turns_of(self, url: str) -> _Turns:
        host = urlsplit(url).hostname or ""
        turns = self._turns.setdefault(host, _Turns())
        self._turns.move_to_end(host)
        if len(self._turns) > HOSTS_MAX:
            self._turns.popitem(last=False)
        return turns


class _Turns:
    """One page of a host at a time, with a gap between one and the next."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._ended_at: float | None = None

    @contextlib.asynccontextmanager
    async def take(self, gap_s: float) -> AsyncIterator[None]:
        """Wait for a turn, ``gap_s`` seconds after the last one."""
        clock = asyncio.get_running_loop().time
        async with self._lock:
            if self._ended_at is not None:
                await asyncio.sleep(max(self._ended_at + gap_s - clock(), 0.0))
            try:
                yield
            finally:
                self._ended_at = clock()


def _read_into(article: Article, content: bytes, url: str) -> Article:
    return with_page(article, read_page(content, url))


def _merged(article: Article, done: Article | str) -> Article:
    return without_page(article, done) if isinstance(done, str) else done


def _merged_edit(revised: Revised, done: Article | str) -> Revised:
    after = _merged(revised.after, done)
    before = revised.before
    if after.text_from is TextFrom.FEED and before.text_from is TextFrom.PAGE:
        note = after.text_note.replace("page not read", "page not read again", 1)
        after = replace(after, text=before.text, text_from=TextFrom.PAGE, text_note=note)
    return replace(revised, after=after)


def _why(error: FetchError) -> str:
    if error.status in _PAID or error.reason is FetchReason.BLOCKED:
        return f"the server refuses programs or wants a subscription ({error.status or error.reason.value})"
    status = f" ({error.status})" if error.status else ""
    return _FAILED.get(error.reason, f"it cannot be had{status or f' ({error.reason.value})'}")
