"""The bot as a process of its own, between a news server and a Slack and a Discord on this machine."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.bot_process import Room
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.feeds import Answer, FeedServer
from tests.fakes.slack import SlackServer

Kill = Callable[[], None]


@dataclass(frozen=True)
class Tally:
    """What became of the alerts on one platform."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    in_order: bool


class ChatRoom(Room):
    """A deployment with one channel on each platform, ``desk`` and ``intel``, and one source."""

    def __init__(
        self,
        folder: Path,
        slack: SlackServer,
        discord: FakeDiscord,
        news: FeedServer,
        *,
        pace: str = "0s",
        extra: str = "",
    ) -> None:
        self.slack, self.discord, self.news = slack, discord, news
        self.room = slack.workspace.add_channel("desk")
        self.place = discord.world.add_channel(discord.world.add_guild(), "intel")
        channels = f'  desk: {{kind: slack, channel: "#desk"}}\n  intel: {{kind: discord, channel: {self.place.id}}}\n'
        super().__init__(folder, channels, extra=f"slack: {{default: {{pace: {pace}}}}}\n{extra}")
        self.sources(news.url("/feed"))
        self.titles: list[str] = []
        self._readers: set[asyncio.Task[None]] = set()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self.discord.api_url,
        }

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        return await super().start(*arguments, **self.environment, **environment)

    async def start_quiet(self, *arguments: str) -> asyncio.subprocess.Process:
        """As :meth:`start`, with nobody to read what it says: a pipe that fills up would stop it."""
        process = await self.start(*arguments, WIREWATCH_LOG_LEVEL="error")
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            self._readers.add(reader := asyncio.create_task(_drain(stream)))
            reader.add_done_callback(self._readers.discard)
        return process

    def publish(self, count: int) -> list[str]:
        """So many more items in the feed; returns all titles so far."""
        start = len(self.titles)
        self.titles += [f"Flood warning {n:04d}" for n in range(start, start + count)]
        self.news.answers["/feed"] = Answer(_feed(self.titles[-100:]))
        return self.titles

    # -- what people see --------------------------------------------------------------------------------------------

    def on_slack(self) -> list[str]:
        """The headlines in the Slack channel, oldest first."""
        return [h for m in self.room.messages if (h := _headline(m["text"]))]

    def on_discord(self) -> list[str]:
        """The headlines in the Discord channel, oldest first."""
        return [h for m in self.place.messages if (h := _headline(m["content"]))]

    def tally(self, expected: Sequence[str]) -> dict[str, Tally]:
        """By platform: what is missing, what is there more than once, and whether the order is that of the feed."""
        return {
            name: _tally(found, expected)
            for name, found in (("slack", self.on_slack()), ("discord", self.on_discord()))
        }

    # -- when to kill -----------------------------------------------------------------------------------------------

    def when_slack_has(self, method: str, kill: Kill, *, nth: int = 1) -> None:
        """Kill while the ``nth`` call of ``method`` is carried out and its answer not sent yet."""
        carry_out, left = self.slack.api.call, [nth]

        def call(name: str, *more: Any) -> Any:
            answer = carry_out(name, *more)
            left[0] -= name == method
            if not left[0]:
                self.slack.api.call = carry_out  # type: ignore[method-assign]
                kill()
            return answer

        self.slack.api.call = call  # type: ignore[method-assign]

    def when_discord_has(self, request: str, kill: Kill, *, nth: int = 1) -> None:
        """The same for a request to Discord that matches ``METHOD /path``."""
        left = [nth]

        def observe(method: str, path: str, *_: Any) -> None:
            left[0] -= bool(re.match(request, f"{method} {path}"))
            if not left[0]:
                self.discord.observe = None
                kill()

        self.discord.observe = observe


def _word(rng: random.Random) -> str:
    """Made up, so that no two articles share any."""
    return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(4))


def _feed(titles: Sequence[str]) -> bytes:
    """News that has nothing in common but the words of the rule, so that no two are taken for one story."""
    now, items = datetime.now(UTC), []
    for n, title in enumerate(titles):
        rng = random.Random(title)
        headline, text = (" ".join(_word(rng) for _ in range(words)) for words in (5, 60))
        items.append(
            f"<item><title>{title} {headline}</title><guid isPermaLink='false'>{title}</guid>"
            f"<link>https://river.example/{title.replace(' ', '-')}</link>"
            f"<description>{text}.</description>"
            f"<pubDate>{format_datetime(now - timedelta(seconds=len(titles) - n))}</pubDate></item>"
        )
    return f"<rss version='2.0'><channel><title>River Post</title>{''.join(items)}</channel></rss>".encode()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(1 << 16):
        pass


def _headline(text: str) -> str:
    found = re.search(r"Flood warning \d{4}", text)
    return found[0] if found else ""


def _tally(found: Sequence[str], expected: Sequence[str]) -> Tally:
    counts = Counter(found)
    firsts = list(dict.fromkeys(found))
    return Tally(
        tuple(t for t in expected if t not in counts),
        tuple(t for t, n in counts.items() if n > 1),
        firsts == [t for t in expected if t in counts],
    )
