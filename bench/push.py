"""WebSub: from the moment an item appears on a source that pushes until its alert stands on Slack and Discord.

    python bench/push.py [--samples N] [--rate N] [--thin]

``wirewatch run`` is a process of its own, between the local servers of tests/fakes: a publisher, its hub, Slack and
Discord, all in this process, so that their work is in the figure. An item appears when the publisher's feed holds it;
that moment the hub sends the whole feed, signed (with ``--thin``: an empty message, so that the bot fetches the feed).
Items come at random moments, ``--rate`` a second on average; the platforms' rate limits are off, as they are not the
bot's time. The target is a p99 below one second on each platform.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.bot_process import free_port, until
from tests.chat_process import ChatRoom
from tests.fakes.discord import FakeDiscord
from tests.fakes.feeds import Answer, FeedServer
from tests.fakes.hub import Hub
from tests.fakes.slack import SlackServer

TARGET_S = 1.0
_TITLE = re.compile(r"Flood warning \d{4}")


class Arrivals:
    """When each item appeared, and when its alert was seen on each platform; perf_counter seconds."""

    def __init__(self, room: ChatRoom) -> None:
        self.appeared: dict[str, float] = {}
        self.seen: dict[str, dict[str, float]] = {"Slack": {}, "Discord": {}}
        carry_out = room.slack.api.call

        def call(method: str, token: str, args: dict[str, Any]) -> Any:
            answer = carry_out(method, token, args)
            if method == "chat.postMessage":
                self._note("Slack", str(args.get("text", "")))
            return answer

        room.slack.api.call = call  # type: ignore[assignment,method-assign]

        def observe(method: str, path: str, body: Any, status: int, _: Any) -> None:
            if method == "POST" and path.endswith("/messages") and status == 200:
                self._note("Discord", str(body.get("content", "")))

        room.discord.observe = observe

    def _note(self, platform: str, text: str) -> None:
        found = _TITLE.search(text)
        if found is not None:
            self.seen[platform].setdefault(found[0], time.perf_counter())

    def complete(self) -> bool:
        return all(set(self.appeared) <= set(seen) for seen in self.seen.values())


async def measure(folder: Path, samples: int, rate: float, *, thin: bool) -> bool:
    """Print the figures. Returns whether the target was met and nothing was missed."""
    port = free_port()
    extra = f"http: {{listen: '127.0.0.1:{port}'}}\nwebsub: {{public_url: 'http://127.0.0.1:{port}'}}\n"
    async with SlackServer() as slack, FakeDiscord(speed=1000) as discord, FeedServer() as news, Hub() as hub:
        slack.limits.enabled = False
        room = ChatRoom(folder, slack, discord, news, extra=extra)
        topic = news.url("/feed")
        link = f'<{hub.url()}>; rel="hub", <{topic}>; rel="self"'

        def publish() -> bytes:
            room.publish(1)
            answer = news.answers["/feed"]
            assert isinstance(answer, Answer)
            answer.headers = {"Link": link}
            return answer.body

        publish()
        process = await room.start_quiet("run", "--once")
        await process.wait()
        arrivals = Arrivals(room)
        process = await room.start_quiet("run")
        try:
            await until(lambda: hub.live)
            rng = random.Random(1)
            for _ in range(samples):
                await asyncio.sleep(rng.expovariate(rate))
                body = publish()
                arrivals.appeared[room.titles[-1]] = time.perf_counter()
                await hub.publish(topic, b"" if thin else body)
            await until(arrivals.complete)
        except TimeoutError:
            print("an alert did not arrive", file=sys.stderr)
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()
    met = arrivals.complete()
    how = "empty messages, feed fetched" if thin else "whole feeds"
    for platform, seen in arrivals.seen.items():
        taken = [at - arrivals.appeared[title] for title, at in seen.items() if title in arrivals.appeared]
        p50, p99 = (statistics.quantiles(taken, n=100)[at] for at in (49, 98))
        met = met and p99 < TARGET_S
        print(
            f"{platform:<8} item to alert ({how}): p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, worst "
            f"{max(taken) * 1e3:.0f} ms; {len(taken)} of {samples}; target p99 < {TARGET_S * 1e3:.0f} ms"
        )
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--rate", type=float, default=4.0, help="items a second")
    parser.add_argument("--thin", action="store_true", help="the hub only says that there is something")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(measure(Path(folder), given.samples, given.rate, thin=given.thin)) else 1


if __name__ == "__main__":
    sys.exit(main())
