"""Slack and Discord: how soon an alert is there, how close to the platforms' limits, and what 200 kills do to it.

    python bench/chat.py [--samples N] [--seconds N] [--kills N]

Both platforms are the local servers of tests/fakes, with the real client libraries against them.

- **latency**: from an alert committed to the database until the server has it, one alert at a time. Servers and bot
  share a process, so the servers' own work is in the figure.
- **pace**: a queue that never empties against the platforms' limits in real time (Slack: one post a second and
  channel, 3 at once; Discord: 5 in 5 seconds as its headers tell). The share is the least time that the limit allows
  over the time taken.
- **kills** (off by default: two seconds each): the bot is a process of its own, with more news at each start than it
  lives to post, and gets a SIGKILL within 30 ms of a random one of its requests to either platform.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.channels.discord_embed import nonce
from bot.channels.registry import make_fleet
from bot.config import load_config
from bot.delivery.deliver import Deliverer
from bot.health import Metrics
from bot.log import set_up
from bot.message import CountryTag, DeliveryKind, FiredRule, Message, Segment
from bot.model import Severity
from bot.render import delivery_key, digest_of_deliveries
from bot.store.outbox_port import NewDelivery
from bot.store.sql import SqlStore
from bot.store.writer import StoreThread
from tests.chat_process import ChatRoom
from tests.fakes.discord import FakeDiscord
from tests.fakes.feeds import FeedServer
from tests.fakes.slack import SlackServer

CHANNELS = ("desk", "intel")  # on Slack, on Discord
REQUESTS = 40  # to both platforms together, of which a run lives to see one to all: log-in, look-ups, some 15 posts
KILL_WITHIN_S = 0.03  # after that: about what a post takes here
WAITING = 40  # alerts that wait when a run begins, so that none has posted all before it is killed


class Bench:
    """The outbox and both channels as the bot wires them, and when each post was seen on its server."""

    def __init__(self, room: ChatRoom, thread: StoreThread, deliverer: Deliverer) -> None:
        self.room, self.thread, self.deliverer = room, thread, deliverer
        self.seen: dict[str, dict[str, float]] = {name: {} for name in CHANNELS}
        self.arrived = asyncio.Event()
        carry_out = room.slack.api.call

        def call(method: str, token: str, args: dict[str, Any]) -> Any:
            answer = carry_out(method, token, args)
            if method == "chat.postMessage":
                self._note("desk", args["metadata"]["event_payload"]["key"])
            return answer

        room.slack.api.call = call  # type: ignore[method-assign]

        def observe(method: str, path: str, body: Any, status: int, _: Any) -> None:
            if method == "POST" and path.endswith("/messages") and status == 200:
                self._note("intel", str(body["nonce"]))

        room.discord.observe = observe

    def _note(self, channel: str, key: str) -> None:
        self.seen[channel].setdefault(key, time.perf_counter())
        self.arrived.set()

    async def until(self, done: Callable[[], bool], within_s: float) -> bool:
        """Whether it came to that."""
        try:
            async with asyncio.timeout(within_s):
                while not done():
                    self.arrived.clear()
                    await self.arrived.wait()
        except TimeoutError:
            return False
        return True

    async def enqueue(self, name: str, count: int = 1) -> tuple[dict[str, list[str]], float]:
        """New alerts for both channels: what they are known by on the servers, and when they were durable."""
        now = datetime.now(UTC)
        rows = [
            NewDelivery(c, DeliveryKind.ALERT, message(f"{name}-{n}", c, now), now)
            for c in CHANNELS
            for n in range(count)
        ]
        await self.thread.run(lambda s: s.enqueue(rows))
        committed = time.perf_counter()
        self.deliverer.notify()
        keys = {c: [r.payload.key for r in rows if r.channel == c] for c in CHANNELS}
        return {"desk": keys["desk"], "intel": [nonce(key) for key in keys["intel"]]}, committed


def message(name: str, channel: str, now: datetime) -> Message:
    """An alert of ordinary size."""
    return Message(
        key=delivery_key(name, channel, DeliveryKind.ALERT),
        alert_id=name,
        severity=Severity.HIGH,
        headline=f"Ministers sign the accord on arms and grain, report {name}",
        url=f"https://news.example/{name}",
        source="Harbour Post",
        published=now,
        dated=True,
        passage=(Segment("The two sides signed the "), Segment("arms deal", strong=True), Segment(" on Tuesday. " * 8)),
        countries=(CountryTag("KP", "North Korea", "🇰🇵"), CountryTag("RU", "Russia", "🇷🇺")),
        rules=(FiredRule("arms-deal", "Arms deal with a sanctioned state", Severity.HIGH, ("arms deal",)),),
        fallback=f"HIGH: report {name}",
    )


@asynccontextmanager
async def bench(folder: Path, *, limits: bool) -> AsyncIterator[Bench]:
    """Servers, store and deliverer; ``limits``: the platforms' rate limits, in real time."""
    speed = 1 if limits else 1000
    async with SlackServer() as slack, FakeDiscord(speed=speed) as discord, FeedServer() as news:
        slack.limits.enabled = limits
        room = ChatRoom(folder, slack, discord, news, pace="1s" if limits else "0s")
        config = load_config(room.config, room.environment)
        store = SqlStore(config.store.reveal())
        store.upgrade()
        store.open()
        thread = StoreThread(store)

        async def parked(channel: str, text: str) -> None:
            print(f"{channel} refuses: {text}", file=sys.stderr)

        deliverer = Deliverer(
            make_fleet(config).channels,
            thread,
            Metrics(),
            clock=lambda: datetime.now(UTC),
            digest_of=digest_of_deliveries,
            on_parked=parked,
            fold_limit=None,
        )
        deliverer.start()
        try:
            yield Bench(room, thread, deliverer)
        finally:
            await deliverer.stop(5)
            await thread.close()
            store.close()


async def latency(folder: Path, samples: int) -> None:
    """Alerts one by one, to both channels at once."""
    taken: dict[str, list[float]] = {name: [] for name in CHANNELS}
    async with bench(folder, limits=False) as b:
        await b.enqueue("warm")
        await b.until(lambda: all(b.seen.values()), 20)
        for number in range(samples):
            keys, committed = await b.enqueue(f"one-{number}")
            if not await b.until(lambda keys=keys: all(keys[c][0] in b.seen[c] for c in CHANNELS), 20):  # type: ignore[misc]
                raise SystemExit("an alert did not arrive")
            for c in CHANNELS:
                taken[c].append(b.seen[c][keys[c][0]] - committed)
    for channel, platform in zip(CHANNELS, ("Slack", "Discord"), strict=True):
        p50, p99 = (statistics.quantiles(taken[channel], n=100)[at] * 1e3 for at in (49, 98))
        print(f"{platform:<8} committed to visible: p50 {p50:.1f} ms, p99 {p99:.1f} ms ({samples} alerts)")


async def pace(folder: Path, seconds: float) -> None:
    """Full queues for so long, on both at once."""
    async with bench(folder, limits=True) as b:
        await b.enqueue("many", int(seconds * 2) + 20)
        await asyncio.sleep(seconds)
        times = {c: sorted(b.seen[c].values()) for c in CHANNELS}
        slack_429 = sum(c.error == "ratelimited" for c in b.room.slack.calls)
        discord_429 = len(b.room.discord.limiter.refusals)
    least = {"desk": lambda n: n - 1.0, "intel": lambda n: (n - 1) // 5 * 5.0}  # seconds that n posts take at the limit
    for channel, platform, refused in (("desk", "Slack", slack_429), ("intel", "Discord", discord_429)):
        n = (len(times[channel]) - 1) // 5 * 5 + 1  # whole windows
        took = times[channel][n - 1] - times[channel][0]
        share = least[channel](n) / took
        print(f"{platform:<8} sustained: {n} posts in {took:.2f} s, {share:.1%} of the limit, {refused} times 429")


async def kills(folder: Path, wanted: int, seed: int) -> bool:
    """``wanted`` kills under load. Returns whether nothing was lost, doubled or out of order.

    The moment is a random request to either platform, not a time: on a busy machine a process that gets a second to
    live may spend all of it on starting, and the queue stands still.
    """
    rng = random.Random(seed)
    moments: Counter[str] = Counter()
    finished = 0
    began = time.monotonic()
    async with SlackServer() as slack, FakeDiscord(speed=100) as discord, FeedServer(record=False) as news:
        room = ChatRoom(folder, slack, discord, news)
        room.publish(0)
        await (await _start(room)).wait()
        while moments.total() < wanted:
            room.publish(max(0, WAITING - _waiting(room)))
            bot = await _start(room)
            last = await _talk(room, 1 + rng.randrange(REQUESTS), bot)
            await asyncio.sleep(rng.uniform(0, KILL_WITHIN_S))
            if bot.returncode is None:
                bot.kill()
                moments[last] += 1
                assert _waiting(room), "killed with nothing left to post"
            else:
                finished += 1
            await bot.wait()
            slack.calls.clear()
            discord.requests.clear()
            if moments.total() % 20 == 0:
                told = f"{moments.total()} kills, {len(room.titles)} alerts, {time.monotonic() - began:.0f} s"
                print(f"  {told}", file=sys.stderr, flush=True)
        for _ in range(3):
            status = await (await _start(room)).wait()
            if not status:
                break
        tallies = room.tally(room.titles)
    print(f"{moments.total()} kills ({finished} runs ended before theirs), {len(room.titles)} alerts, seed {seed}")
    print("after: " + ", ".join(f"{count} {what}" for what, count in moments.most_common()))
    for platform, tally in tallies.items():
        order = "in order" if tally.in_order else "OUT OF ORDER"
        print(f"{platform:<8} {len(tally.lost)} lost, {len(tally.doubled)} doubled, {order}")
    return all(not t.lost and not t.doubled and t.in_order for t in tallies.values())


def _waiting(room: ChatRoom) -> int:
    """Alerts that are not on both platforms yet."""
    return len(room.titles) - min(len(room.on_slack()), len(room.on_discord()))


async def _talk(room: ChatRoom, requests: int, bot: asyncio.subprocess.Process) -> str:
    """Until the bot has made so many requests, or has ended; what the last one was for."""
    asked = 0
    while bot.returncode is None:
        calls, sent = room.slack.calls, room.discord.requests
        asked = len(calls) + len(sent)
        if asked >= requests:
            break
        await asyncio.sleep(0.002)  # it is another process that we wait for
    on_slack = calls[-1].method if calls else ""
    on_discord = " ".join(sent[-1][:2]) if sent else ""
    if on_slack == "chat.postMessage" or re.match(r"POST /channels/\d+/messages", on_discord):
        return "a post"
    if on_slack == "conversations.history" or re.match(r"GET /channels/\d+/messages", on_discord):
        return "a look-up"
    return "a log-in"


async def _start(room: ChatRoom) -> asyncio.subprocess.Process:
    return await room.start_quiet("run", "--once")


def main() -> int:
    """Parse the arguments, measure, print. Exit status 1 if a kill lost or doubled something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=32, help="of the pace measurement; 0 leaves it out")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    set_up("error")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("latency", "pace", "kills"):
            (root / name).mkdir()
        if args.samples:
            asyncio.run(latency(root / "latency", max(args.samples, 2)))
        if args.seconds:
            asyncio.run(pace(root / "pace", args.seconds))
        if args.kills:
            good = asyncio.run(kills(root / "kills", args.kills, args.seed))
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
