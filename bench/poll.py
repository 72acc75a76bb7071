"""Polling against its peers, in one run: the bare client, our fetch and parse, feedparser over plain httpx, and the
whole of a poll: lease, fetch, parse, compare with what is stored, match, write to SQLite, next turn.

    python bench/poll.py [--sources N ...] [--new N] [--items N] [--concurrency N] [--large N]

A server of N sources runs in a process of its own. Each row is polls per second by the clock, and per second of CPU of
our processes; the ratios at the end are what the benchmark is for, as the absolute figures depend on the machine. Where
others use the machine, the ratio by CPU is the steadier one: the bare client waits for its turn as we do. It counts
what both of our processes take, though they work at the same time; how many polls there are in a second tells the
ratio by the clock, which needs two processors that are free. A row is the median of ``--rounds`` by the clock; bare
client and ours take turns, so that a slow minute is held against neither.

``--new`` is how many sources have a new item in the row of 200 answers: each is read once before, which takes longer
than the row itself. As many polls come first that are not counted, for ours and for the bare client: a poller that has
begun to work under load has a process beside it, and connections are open. ``--large`` is how many feeds of 2 MB are
read while others are polled, to see whether they hold up the event loop. A stall of the loop is told with our share of
it: the CPU time that the process took meanwhile, on whatever thread; the rest of it others had the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
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
from bot import collector
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
from bot.web.exchange import Limits
from bot.web.fetch import Fetcher
from bot.web.hosts import Hosts

NOW = datetime.now(UTC)
OnePoll = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Row:
    """One measurement. ``cpu_s`` is of our processes; stalls in milliseconds: the worst by the clock, and the worst by
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


async def measured(name: str, polls: int, work: Awaitable[object], beside: Callable[[], float] = lambda: 0.0) -> Row:
    """Do the work of so many polls, and watch how long the event loop is held up meanwhile. ``beside`` tells the CPU
    seconds of another process of ours."""
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
    began, had, there = time.perf_counter(), time.process_time(), beside()
    await work
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - had + max(beside() - there, 0.0)
    watcher.cancel()
    return Row(name, polls, seconds, cpu_s, worst * 1000, own * 1000)


async def each(polls: int, concurrency: int, poll: OnePoll) -> None:
    """Poll sources 0 to ``polls`` with so many workers."""
    todo = iter(range(polls))

    async def worker() -> None:
        for n in todo:
            await poll(n)

    await asyncio.gather(*(worker() for _ in range(concurrency)))


def median(rows: Sequence[Row]) -> Row:
    """The one of middling rate, with the worst stalls of all."""
    middle = sorted(rows, key=lambda row: row.rate)[len(rows) // 2]
    stalls = max(row.stall_ms for row in rows), max(row.own_stall_ms for row in rows)
    return replace(middle, stall_ms=stalls[0], own_stall_ms=stalls[1])


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

    def cpu_beside(self) -> float:
        """CPU seconds of the process that fetches and reads feeds, where there is one."""
        pid = self.poller.reads_beside
        if pid is None:
            return 0.0
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_beside(self) -> int:
        """The most memory that it held, in MB."""
        pid = self.poller.reads_beside
        if pid is None:
            return 0
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    async def poll(self, name: str, polls: int) -> Row:
        """Poll all sources once."""
        await self.again()
        before = self.poller.tally.polls
        with collector.settled():  # as a bot that runs
            row = await measured(name, polls, self.poller.poll_all(), self.cpu_beside)
        assert self.poller.tally.polls - before == polls
        assert not self.poller.failures
        return row

    async def close(self) -> None:
        await self.poller.stop(1)
        await self.fetcher.__aexit__(None, None, None)
        await self.thread.close()
        self.store.close()
        self.core.shutdown()


def _memory() -> int:
    """Peak memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class Peers:
    """What the polls are held against. ``base`` is the server's address."""

    def __init__(self, base: str, args: argparse.Namespace) -> None:
        self.base, self.args = base, args
        self.client = httpx.AsyncClient(
            transport=AiohttpTransport(
                client=lambda: aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=args.concurrency))
            )
        )

    async def bare(self, name: str, path: str, headers: dict[str, str], status: int) -> Row:
        """The bare loop over our HTTP client."""

        async def poll(n: int) -> None:
            answer = await self.client.get(f"{self.base}{path}/{n}", headers=headers)
            assert answer.status_code == status

        return await measured(name, self.args.few, each(self.args.few, self.args.concurrency, poll))

    async def bare_304(self) -> Row:
        return await self.bare("bare httpx over aiohttp, 304", "", {"If-None-Match": ETAG}, 304)

    async def bare_200(self) -> Row:
        return await self.bare("bare httpx over aiohttp, 200", "/new", {}, 200)

    async def feedparser(self) -> Row:
        """feedparser over plain httpx."""
        limits = httpx.Limits(max_connections=self.args.concurrency)
        async with httpx.AsyncClient(limits=limits) as client:

            async def poll(n: int) -> None:
                answer = await client.get(f"{self.base}/new/{n}")
                assert len(feedparser.parse(answer.content).entries) == self.args.items

            polls = max(40, self.args.few // 10)
            work = each(polls, self.args.concurrency, poll)
            return await measured("feedparser over plain httpx, 200", polls, work)


async def ours_alone(peers: Peers, rows: dict[str, Row]) -> None:
    """Fetching and parsing without the rest of a poll."""
    args, base = peers.args, peers.base
    limits = Limits(per_host=args.concurrency, connections=args.concurrency)
    async with Fetcher(contact="bench@example.org", allow_private=True, limits=limits) as fetcher:

        async def poll_304(n: int) -> None:
            answer = await fetcher.fetch(Source(str(n), f"{base}/{n}"), HttpState(ETAG), NOW)
            assert isinstance(answer, NotModified)

        async def poll_200(n: int) -> None:
            answer = await fetcher.fetch(Source(str(n), f"{base}/{n}"), HttpState(), NOW)
            assert isinstance(answer, Fetched)
            assert len(parse_feed(answer).items) == args.items - 1

        work = each(args.few, args.concurrency, poll_304)
        rows["ours 304"] = await measured("Wirewatch, fetch alone, 304", args.few, work)
        work = each(args.few, args.concurrency, poll_200)
        rows["ours 200"] = await measured("Wirewatch, fetch and parse alone, 200, all items", args.few, work)


async def measure(base: str, args: argparse.Namespace) -> tuple[dict[str, Row], int]:
    """All rows, and the peak memory in MB with the largest number of sources, of both processes."""
    rows: dict[str, Row] = {}
    peers = Peers(base, args)
    memory = 0
    await peers.bare_200()  # not counted: connections, and what Python makes at first
    for sources in args.sources:
        with tempfile.TemporaryDirectory() as folder:
            desk = Desk(Path(folder), args.concurrency)
            await desk.reads([f"{base}/{n}" for n in range(sources)], HttpState(ETAG))
            bare, whole = [], []
            for _ in range(args.rounds):
                bare.append(await peers.bare_304())
                whole.append(await desk.poll(f"Wirewatch, whole polls, 304, {sources:,} sources", sources))
            rows[f"bare 304 {sources}"], rows[f"poll 304 {sources}"] = median(bare), median(whole)
            if sources == args.sources[-1]:
                await _polls_with_news(base, args, desk, peers, rows)
            memory = _memory() + desk.memory_beside()
            await desk.close()
    rows["peer 200"] = median([await peers.feedparser() for _ in range(args.rounds)])
    await ours_alone(peers, rows)
    await peers.client.aclose()
    return rows, memory


async def _polls_with_news(base: str, args: argparse.Namespace, desk: Desk, peers: Peers, rows: dict[str, Row]) -> None:
    await desk.reads([f"{base}/new/{n}" for n in range(args.new)], None)
    name = "Wirewatch, whole polls, 200 with a new item"
    for _ in range(2):  # the first reads of all, and one more
        await desk.poll(name, args.new)
    bare, whole = [], []
    for _ in range(args.rounds):
        bare.append(await peers.bare_200())
        new = desk.poller.tally.new
        whole.append(await desk.poll(name, args.new))
        assert desk.poller.tally.new - new == args.new
    rows["bare 200"], rows["poll 200"] = median(bare), median(whole)
    if args.large:
        urls = [f"{base}/large?{n}" for n in range(args.large)] + [f"{base}/new/{n}" for n in range(args.new)]
        await desk.reads(urls, None)
        rows["large"] = await desk.poll(f"the same beside {args.large} feeds of 2 MB, read whole", len(urls))


def show(rows: dict[str, Row], memory: int, args: argparse.Namespace) -> None:
    """The table and the ratios."""
    print(f"{args.items} items a feed, {args.concurrency} polls at a time; rates by the clock and by our CPU time\n")
    print(f"{'':<52}{'polls':>8}{'per s':>9}{'per CPU s':>11}{'worst stall':>13}{'ours':>9}")
    for row in rows.values():
        rates = f"{row.rate:>9,.0f}{row.cpu_rate:>11,.0f}"
        print(f"{row.name:<52}{row.polls:>8,}{rates}{row.stall_ms:>10,.0f} ms{row.own_stall_ms:>6,.0f} ms")
    print(f"\n{'':<66}{'clock':>8}{'CPU':>8}{'wanted':>9}")
    ratios = [
        (f"whole polls (304, SQLite), {n:,} sources, share of the bare client", f"poll 304 {n}", f"bare 304 {n}", 0.5)
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
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
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
