"""Polling against its peers, in one run: the bare client, our fetch and parse, feedparser over plain httpx, and the
whole of a poll: lease, fetch, parse, compare with what is stored, match, write to SQLite, next turn.

    python bench/poll.py [--sources N] [--new N] [--items N] [--concurrency N] [--peer-share F]

A server of N sources runs in a process of its own. Each row is polls per second; the ratios at the end are what the
benchmark is for, as the absolute figures depend on the machine. ``--new`` is how many sources have a new item in the
last row: each is read once before, which takes longer than the row itself.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiohttp
import feedparser
import httpx
from httpx_aiohttp import AiohttpTransport

from bench.poll_server import ETAG, serve
from bot import rulebook
from bot.assembly import Assembler
from bot.config import shipped_rules
from bot.extract import to_article
from bot.fetch import Fetcher, Limits
from bot.health import Metrics
from bot.hosts import Hosts
from bot.model import Fetched, HttpState, NotModified, Source
from bot.noise import Mutes, Policy
from bot.poller import Poller, Rulebook
from bot.sources.feed import parse_feed
from bot.store.base import Batch
from bot.store.sources_port import Poll
from bot.store.sql import SqlStore
from bot.store.writer import StoreThread
from bot.story import Stories

NOW = datetime.now(UTC)
OnePoll = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Row:
    """One measurement."""

    name: str
    polls: int
    seconds: float
    worst_stall_ms: float

    @property
    def rate(self) -> float:
        """Polls per second."""
        return self.polls / self.seconds


async def measured(name: str, polls: int, work: Awaitable[object]) -> Row:
    """Do the work of so many polls, and watch how long the event loop is held up meanwhile."""
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, time.perf_counter() - began - 0.005)

    watcher = asyncio.create_task(watch())
    began = time.perf_counter()
    await work
    seconds = time.perf_counter() - began
    watcher.cancel()
    return Row(name, polls, seconds, worst * 1000)


async def each(polls: int, concurrency: int, poll: OnePoll) -> None:
    """Poll sources 0 to ``polls`` with so many workers."""
    todo = iter(range(polls))

    async def worker() -> None:
        for n in todo:
            await poll(n)

    await asyncio.gather(*(worker() for _ in range(concurrency)))


class Desk:
    """A poller with a store in ``folder``, the shipped rules, and nothing else of the bot."""

    def __init__(self, folder: Path, concurrency: int) -> None:
        self.store = SqlStore(f"sqlite:///{folder}/bench.db")
        self.store.upgrade()
        self.store.open()
        self.thread = StoreThread(self.store)
        self.core = ThreadPoolExecutor(1)
        hosts = Hosts(concurrency)
        limits = Limits(connections=concurrency)
        self.fetcher = Fetcher(contact="bench@example.org", allow_private=True, limits=limits, hosts=hosts)
        self.poller = Poller(
            self.thread,
            self.fetcher,
            Rulebook(rulebook.load([shipped_rules()]).engine, {}, lambda matches: ("desk",)),
            Assembler(
                self.thread,
                Stories(),
                Mutes(),
                Policy(),
                clock=lambda: datetime.now(UTC),
                max_age=timedelta(hours=24),
            ),
            core=self.core,
            clock=lambda: datetime.now(UTC),
            metrics=Metrics(),
            max_age=timedelta(hours=24),
            concurrency=concurrency,
            on_deliveries=lambda channels: None,
            on_notice=lambda notice: None,
            hosts=hosts,
        )

    async def reads(self, urls: Sequence[str], state: HttpState | None) -> None:
        """Exactly these are sources, all due now; with ``state`` each was read before and got that."""
        now = datetime.now(UTC)
        sources = [Source(f"s{n}", url, every=timedelta(days=1)) for n, url in enumerate(urls)]
        self.poller.rulebook = replace(self.poller.rulebook, sources={s.id: s for s in sources})
        await self.thread.run(lambda s: s.sync_sources(sources, now, {}))
        if state is not None:
            batches = [Batch(Poll(s.id, now, now, "ok", state=state)) for s in sources]
            await self.thread.run(lambda s: s.commit_all(batches))
        await self.thread.run(lambda s: s.make_due(now))

    async def again(self) -> None:
        """All are due."""
        now = datetime.now(UTC)
        await self.thread.run(lambda s: s.make_due(now))

    async def close(self) -> None:
        await self.fetcher.__aexit__(None, None, None)
        await self.thread.close()
        self.store.close()
        self.core.shutdown()


async def measure(base: str, args: argparse.Namespace) -> tuple[dict[str, Row], int]:
    """All rows, and the peak memory in MB before the peers come. The slow ones poll a share of the sources."""
    few = max(20, int(args.sources * args.peer_share))
    rows: dict[str, Row] = {}

    def sessions() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=args.concurrency))

    def bare(client: httpx.AsyncClient, path: str, headers: dict[str, str], status: int) -> OnePoll:
        async def poll(n: int) -> None:
            answer = await client.get(f"{base}{path}/{n}", headers=headers)
            assert answer.status_code == status

        return poll

    async def add(key: str, name: str, polls: int, poll: OnePoll) -> None:
        rows[key] = await measured(name, polls, each(polls, args.concurrency, poll))

    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), args.concurrency)
        await desk.reads([f"{base}/{n}" for n in range(args.sources)], HttpState(ETAG))
        rows["poll 304"] = await measured("Wirewatch, whole polls, 304", args.sources, desk.poller.poll_all())
        assert desk.poller.tally.polls == args.sources
        assert not desk.poller.failures
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        await desk.reads([f"{base}/new/{n}" for n in range(args.new)], None)
        await desk.poller.poll_all()
        new = desk.poller.tally.new
        await desk.again()
        rows["poll 200"] = await measured(
            "Wirewatch, whole polls, 200 with a new item", args.new, desk.poller.poll_all()
        )
        assert desk.poller.tally.new - new == args.new
        assert not desk.poller.failures
        await desk.close()

    async with httpx.AsyncClient(transport=AiohttpTransport(client=sessions)) as client:
        await each(few, args.concurrency, bare(client, "", {}, 200))
        await add(
            "bare 304", "bare httpx over aiohttp, 304", args.sources, bare(client, "", {"If-None-Match": ETAG}, 304)
        )
        await add("bare 200", "bare httpx over aiohttp, 200", few, bare(client, "/new", {}, 200))

    limits = Limits(per_host=args.concurrency, connections=args.concurrency)
    async with Fetcher(contact="bench@example.org", allow_private=True, limits=limits) as fetcher:

        async def ours_304(n: int) -> None:
            answer = await fetcher.fetch(Source(str(n), f"{base}/{n}"), HttpState(ETAG), NOW)
            assert isinstance(answer, NotModified)

        async def ours_200(n: int) -> None:
            answer = await fetcher.fetch(Source(str(n), f"{base}/{n}"), HttpState(), NOW)
            assert isinstance(answer, Fetched)
            assert len(parse_feed(answer).items) == args.items - 1

        async def ours_articles(n: int) -> None:
            source = Source(str(n), f"{base}/{n}")
            answer = await fetcher.fetch(source, HttpState(), NOW)
            assert isinstance(answer, Fetched)
            assert all(to_article(item, source, NOW) for item in parse_feed(answer).items)

        await add("ours 304", "Wirewatch, fetch alone, 304", few, ours_304)
        await add("ours 200", "Wirewatch, fetch and parse alone, 200", few, ours_200)
        await add("ours articles", "Wirewatch, fetch, parse, articles, 200", few, ours_articles)

    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=args.concurrency)) as client:

        async def peer(n: int) -> None:
            answer = await client.get(f"{base}/new/{n}")
            assert len(feedparser.parse(answer.content).entries) == args.items

        await add("peer 200", "feedparser over plain httpx, 200", max(20, few // 5), peer)
    return rows, memory


def show(rows: dict[str, Row], memory: int, args: argparse.Namespace) -> None:
    """The table and the ratios."""
    print(f"{args.sources:,} sources, {args.items} items each, {args.concurrency} at a time\n")
    print(f"{'':<48}{'polls':>8}{'polls/s':>10}{'worst stall':>14}")
    for row in rows.values():
        print(f"{row.name:<48}{row.polls:>8,}{row.rate:>10,.0f}{row.worst_stall_ms:>11,.0f} ms")
    print(f"\n{'':<66}{'':>8}{'wanted':>10}")
    for text, top, bottom, wanted in (
        ("whole polls (304, SQLite), share of the bare client", "poll 304", "bare 304", 0.5),
        ("whole polls (200, one new item, SQLite), share of the bare client", "poll 200", "bare 200", 0.25),
        ("whole polls (200), times feedparser over plain httpx", "poll 200", "peer 200", 8.0),
        ("fetch and parse alone (200), times feedparser over plain httpx", "ours 200", "peer 200", None),
        ("fetch alone (304), share of the bare client", "ours 304", "bare 304", None),
    ):
        aim = f"{wanted:>10.2f}" if wanted else ""
        print(f"{text:<66}{rows[top].rate / rows[bottom].rate:>8.2f}{aim}")
    print(f"{'peak memory with so many sources, MB':<66}{memory:>8}{400:>10}")
    stall = max(rows[key].worst_stall_ms for key in ("poll 304", "poll 200"))
    print(f"{'worst stall of the event loop in whole polls, ms':<66}{stall:>8.0f}{100:>10}")


def main() -> None:
    """Parse the arguments, start the server, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=5000)
    parser.add_argument("--new", type=int, default=1000)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--peer-share", type=float, default=0.1, help="share of the sources that feedparser polls")
    args = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(args.items, there))
    server.start()
    try:
        rows, memory = asyncio.run(measure(f"http://127.0.0.1:{here.recv()}", args))
    finally:
        here.send("stop")
        server.join()
    show(rows, memory, args)


if __name__ == "__main__":
    main()
