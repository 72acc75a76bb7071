"""Polling against its peers, in one run: our fetch and parse, feedparser over plain httpx, and the bare client.

    python bench/poll.py [--sources N] [--items N] [--concurrency N] [--peer-share F]

A server of N feeds runs in a process of its own. Each row is polls per second; the ratios at the end are what the
benchmark is for, as the absolute figures depend on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiohttp
import feedparser
import httpx
from httpx_aiohttp import AiohttpTransport

from bot.extract import to_article
from bot.fetch import Fetcher, Limits
from bot.model import Fetched, HttpState, NotModified, Source
from bot.sources.feed import parse_feed
from tests.fakes.feeds import Answer, FeedServer, rss

ETAG = '"unchanged"'
NOW = datetime.now(UTC)


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


def serve(sources: int, items: int, pipe: Connection) -> None:
    """Run the server until the other end of the pipe says stop."""

    async def main() -> None:
        answers = {f"/{n}": Answer(rss(items, first=n), etag=ETAG) for n in range(min(sources, 200))}
        server = FeedServer({f"/{n}": answers[f"/{n % 200}"] for n in range(sources)}, record=False)
        async with server:
            pipe.send(server.port)
            await asyncio.to_thread(pipe.recv)

    asyncio.run(main())


async def measured(name: str, polls: int, concurrency: int, poll: Callable[[int], Awaitable[None]]) -> Row:
    """Poll sources 0 to ``polls`` with so many workers, and watch how long the event loop is held up."""
    todo = iter(range(polls))
    worst = 0.0

    async def worker() -> None:
        for n in todo:
            await poll(n)

    async def watch() -> None:
        nonlocal worst
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, time.perf_counter() - began - 0.005)

    watcher = asyncio.create_task(watch())
    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    seconds = time.perf_counter() - began
    watcher.cancel()
    return Row(name, polls, seconds, worst * 1000)


async def measure(base: str, args: argparse.Namespace) -> dict[str, Row]:
    """All rows. The peers that are slow poll a share of the sources."""
    few = max(20, int(args.sources * args.peer_share))
    rows: dict[str, Row] = {}

    def sessions() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=args.concurrency))

    def bare(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> Callable[[int], Awaitable[None]]:
        async def poll(n: int) -> None:
            answer = await client.get(f"{base}/{n}", headers=headers)
            assert answer.status_code == status

        return poll

    async with httpx.AsyncClient(transport=AiohttpTransport(client=sessions)) as client:
        await measured("warm-up", few, args.concurrency, bare(client, {}, 200))
        for key, headers, status in (("bare 304", {"If-None-Match": ETAG}, 304), ("bare 200", {}, 200)):
            name = f"bare httpx over aiohttp, {status}, nothing parsed"
            rows[key] = await measured(name, args.sources, args.concurrency, bare(client, headers, status))

    limits = Limits(per_host=args.concurrency, connections=args.concurrency)
    async with Fetcher(contact="bench@example.org", allow_private=True, limits=limits) as fetcher:

        async def ours_304(n: int) -> None:
            answer = await fetcher.fetch(Source(str(n), f"{base}/{n}"), HttpState(ETAG), NOW)
            assert isinstance(answer, NotModified)

        async def ours_200(n: int) -> None:
            source = Source(str(n), f"{base}/{n}")
            answer = await fetcher.fetch(source, HttpState(), NOW)
            assert isinstance(answer, Fetched)
            assert len(parse_feed(answer).items) == args.items

        async def ours_articles(n: int) -> None:
            source = Source(str(n), f"{base}/{n}")
            answer = await fetcher.fetch(source, HttpState(), NOW)
            assert isinstance(answer, Fetched)
            assert all(to_article(item, source, NOW) for item in parse_feed(answer).items)

        rows["ours 304"] = await measured("Wirewatch fetch, 304", args.sources, args.concurrency, ours_304)
        rows["ours 200"] = await measured("Wirewatch fetch + parse, 200", args.sources, args.concurrency, ours_200)
        rows["ours articles"] = await measured(
            "Wirewatch fetch + parse + articles, 200", args.sources, args.concurrency, ours_articles
        )

    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=args.concurrency)) as client:

        async def peer(n: int) -> None:
            answer = await client.get(f"{base}/{n}")
            assert len(feedparser.parse(answer.content).entries) == args.items

        rows["peer 200"] = await measured("feedparser over plain httpx, 200", few, args.concurrency, peer)
    return rows


def show(rows: dict[str, Row], args: argparse.Namespace) -> None:
    """The table and the ratios."""
    print(f"{args.sources} sources, {args.items} items each, {args.concurrency} at a time\n")
    print(f"{'':<52}{'polls':>7}{'polls/s':>10}{'worst stall':>14}")
    for row in rows.values():
        print(f"{row.name:<52}{row.polls:>7}{row.rate:>10,.0f}{row.worst_stall_ms:>11,.0f} ms")
    print()
    for text, top, bottom in (
        ("fetch and parse (200), times feedparser over plain httpx", "ours 200", "peer 200"),
        ("... with articles made, times feedparser over plain httpx", "ours articles", "peer 200"),
        ("fetch (304), share of the bare client", "ours 304", "bare 304"),
        ("fetch and parse (200), share of the bare client", "ours 200", "bare 200"),
    ):
        print(f"{text:<60}{rows[top].rate / rows[bottom].rate:>8.2f}")
    print(f"{'peak memory of this process':<60}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:>5} MB")


def main() -> None:
    """Parse the arguments, start the server, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--peer-share", type=float, default=0.1, help="share of the sources that feedparser polls")
    args = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(args.sources, args.items, there))
    server.start()
    try:
        rows = asyncio.run(measure(f"http://127.0.0.1:{here.recv()}", args))
    finally:
        here.send("stop")
        server.join()
    show(rows, args)


if __name__ == "__main__":
    main()
