"""Polling against its peers, in one run: the bare client, our fetch and parse, feedparser over plain httpx, and the
whole of a poll: lease, fetch, parse, compare with what is stored, match, write to SQLite, next turn.

    python bench/poll.py [--sources N ...] [--new N] [--items N] [--concurrency N] [--large N]

A server of N sources runs in a process of its own. Each row is polls per second by the clock, and per second of CPU of
our process; the ratios at the end are what the benchmark is for, as the absolute figures depend on the machine. Where
others use the machine, the ratio by CPU is the one to trust: the bare client waits for its turn as we do.

``--new`` is how many sources have a new item in the row of 200 answers: each is read once before, which takes longer
than the row itself. ``--large`` is how many feeds of 2 MB are read while others are polled, to see whether they hold
up the event loop. A stall of the loop is told with our share of it: the CPU time that the process took meanwhile, on
whatever thread; the rest of it others had the machine.
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
from bot.assembly import Assembler
from bot.config import shipped_rules
from bot.health import Metrics
from bot.live import rulebook
from bot.model import Fetched, HttpState, NotModified, Source
from bot.noise import Mutes, Policy
from bot.polling.poller import Poller, Rulebook
from bot.sources.feed import parse_feed
from bot.store.base import Batch
from bot.store.sources_port import Poll
from bot.store.sql import SqlStore
from bot.store.writer import StoreThread
from bot.story import Stories
from bot.web.fetch import Fetcher, Limits
from bot.web.hosts import Hosts

NOW = datetime.now(UTC)
OnePoll = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Row:
    """One measurement. ``cpu_s`` is of our process; stalls in milliseconds: the worst by the clock, and the worst by
    our own share."""

    name: str
    polls: int
    seconds: float
    cpu_s: float
    stall_ms: float
    own_stall_ms: float

    @property
    def rate(self) -> float:
        """Polls per second."""
        return self.polls / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Polls per second of CPU."""
        return self.polls / self.cpu_s


async def measured(name: str, polls: int, work: Awaitable[object]) -> Row:
    """Do the work of so many polls, and watch how long the event loop is held up meanwhile."""
    worst = own = 0.0

    async def watch() -> None:
        nonlocal worst, own
        while True:
            began, had = time.perf_counter(), time.process_time()
            await asyncio.sleep(0.005)
            late = time.perf_counter() - began - 0.005
            worst = max(worst, late)
            own = max(own, min(late, time.process_time() - had))

    watcher = asyncio.create_task(watch())
    began, had = time.perf_counter(), time.process_time()
    await work
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - had
    watcher.cancel()
    return Row(name, polls, seconds, cpu_s, worst * 1000, own * 1000)


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


def _memory() -> int:
    """Peak memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def whole_polls(base: str, args: argparse.Namespace, rows: dict[str, Row]) -> int:
    """The rows of a whole bot's polls. Returns the peak memory in MB."""
    for sources in args.sources:
        with tempfile.TemporaryDirectory() as folder:
            desk = Desk(Path(folder), args.concurrency)
            await desk.reads([f"{base}/{n}" for n in range(sources)], HttpState(ETAG))
            rows[f"poll 304 {sources}"] = await measured(
                f"Wirewatch, whole polls, 304, {sources:,} sources", sources, desk.poller.poll_all()
            )
            assert desk.poller.tally.polls == sources
            assert not desk.poller.failures
            memory = _memory()
            if sources == args.sources[-1]:
                await _polls_with_news(base, args, desk, rows)
            await desk.close()
    return memory


async def _polls_with_news(base: str, args: argparse.Namespace, desk: Desk, rows: dict[str, Row]) -> None:
    await desk.reads([f"{base}/new/{n}" for n in range(args.new)], None)
    await desk.poller.poll_all()
    new = desk.poller.tally.new
    await desk.again()
    rows["poll 200"] = await measured("Wirewatch, whole polls, 200 with a new item", args.new, desk.poller.poll_all())
    assert desk.poller.tally.new - new == args.new
    assert not desk.poller.failures
    if args.large:
        urls = [f"{base}/large?{n}" for n in range(args.large)] + [f"{base}/new/{n}" for n in range(args.new)]
        await desk.reads(urls, None)
        rows["large"] = await measured(
            f"the same beside {args.large} feeds of 2 MB, read whole", len(urls), desk.poller.poll_all()
        )
        assert not desk.poller.failures


async def measure(base: str, args: argparse.Namespace) -> tuple[dict[str, Row], int]:
    """All rows, and the peak memory in MB before the peers come, which poll fewer sources."""
    few = args.few
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

    memory = await whole_polls(base, args, rows)

    async with httpx.AsyncClient(transport=AiohttpTransport(client=sessions)) as client:
        await each(few, args.concurrency, bare(client, "", {}, 200))
        await add("bare 304", "bare httpx over aiohttp, 304", 2 * few, bare(client, "", {"If-None-Match": ETAG}, 304))
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

        await add("ours 304", "Wirewatch, fetch alone, 304", few, ours_304)
        await add("ours 200", "Wirewatch, fetch and parse alone, 200, all items", few, ours_200)

    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=args.concurrency)) as client:

        async def peer(n: int) -> None:
            answer = await client.get(f"{base}/new/{n}")
            assert len(feedparser.parse(answer.content).entries) == args.items

        await add("peer 200", "feedparser over plain httpx, 200", max(40, few // 10), peer)
    return rows, memory


def show(rows: dict[str, Row], memory: int, args: argparse.Namespace) -> None:
    """The table and the ratios."""
    print(f"{args.items} items a feed, {args.concurrency} polls at a time; rates by the clock and by our CPU time\n")
    print(f"{'':<52}{'polls':>8}{'per s':>9}{'per CPU s':>11}{'worst stall':>13}{'ours':>9}")
    for row in rows.values():
        rates = f"{row.rate:>9,.0f}{row.cpu_rate:>11,.0f}"
        print(f"{row.name:<52}{row.polls:>8,}{rates}{row.stall_ms:>10,.0f} ms{row.own_stall_ms:>6,.0f} ms")
    print(f"\n{'':<66}{'clock':>8}{'CPU':>8}{'wanted':>9}")
    ratios = [
        (f"whole polls (304, SQLite), {n:,} sources, share of the bare client", f"poll 304 {n}", "bare 304", 0.5)
        for n in args.sources
    ]
    ratios += [
        ("whole polls (200, one new item, SQLite), share of the bare client", "poll 200", "bare 200", 0.25),
        ("whole polls (200), times feedparser over plain httpx", "poll 200", "peer 200", 8.0),
        ("fetch and parse alone (200, all items), times feedparser", "ours 200", "peer 200", None),
    ]
    for text, top, bottom, wanted in ratios:
        by_cpu = rows[top].cpu_rate / rows[bottom].cpu_rate
        aim = f">= {wanted}" if wanted else ""
        print(f"{text:<66}{rows[top].rate / rows[bottom].rate:>8.2f}{by_cpu:>8.2f}{aim:>9}")
    print(f"{f'peak memory with {args.sources[-1]:,} sources, MB':<66}{memory:>8}{'':>8}{'< 400':>9}")
    ours = [row for key, row in rows.items() if key.startswith("poll") or key == "large"]
    worst, own = max(row.stall_ms for row in ours), max(row.own_stall_ms for row in ours)
    print(f"{'worst stall of the event loop in whole polls, ms; ours of it':<66}{worst:>8.0f}{own:>8.0f}{'< 100':>9}")


def main() -> None:
    """Parse the arguments, start the server, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, nargs="+", default=[5_000, 50_000], help="ascending")
    parser.add_argument("--new", type=int, default=1000)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--large", type=int, default=8, help="feeds of 2 MB beside the others")
    parser.add_argument("--few", type=int, default=1000, help="polls of the bare client; feedparser makes a tenth")
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
