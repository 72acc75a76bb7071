"""The bot as a process of its own, between a news server and a Slack and a Discord on this machine."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.bot_process import Process, Room
from tests.fakes import discord as on_discord
from tests.fakes import slack as on_slack
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


@dataclass(frozen=True)
class Told:
    """What one platform shows."""

    channel: list[str]  # what its messages say first, oldest first
    thread: list[str]  # the same of the answers under the alert
    alert: str  # as it is read now
    calls: int  # messages that pinged somebody


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
        calls: bool = False,
    ) -> None:
        self.slack, self.discord, self.news = slack, discord, news
        self.room = slack.workspace.add_channel("desk")
        guild = discord.world.add_guild()
        self.place = discord.world.add_channel(guild, "intel")
        groups = roles = ""
        if calls:
            groups = ", mention: {groups: [S0123456789], cooldown: 1h}"
            roles = f", mention: {{roles: [{discord.world.add_role(guild, 'on duty').id}], cooldown: 1h}}"
        channels = (
            f'  desk: {{kind: slack, channel: "#desk"{groups}}}\n'
            f"  intel: {{kind: discord, channel: {self.place.id}{roles}}}\n"
        )
        super().__init__(folder, channels, extra=f"slack: {{default: {{pace: {pace}}}}}\n{extra}")
        self.sources(news.url("/feed"))
        self.titles: list[str] = []
        self._edits: dict[str, str] = {}  # by title
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

    async def start(self, *arguments: str, **environment: str) -> Process:
        return await super().start(*arguments, **self.environment, **environment)

    async def start_quiet(self, *arguments: str) -> Process:
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
        self._print()
        return self.titles

    def edit(self, title: str, more: str) -> None:
        """The paper changes one of its reports: ``more`` is added to headline and text."""
        self._edits[title] = more
        self._print()

    def report(self, title: str, paper: str, headline: str, words: slice, text: str = "") -> None:
        """Another paper, whose feed is ``/paper``, has the story of ``title``: with those of its words, and as many of
        its own."""
        theirs = made_up(f"text of {title}", 60)[words]
        own = made_up(f"{paper} on {title}", len(theirs) * 2 // 3)
        told = f"{' '.join([*theirs, *own])}. {text}"
        self.news.answers[f"/{paper}"] = Answer(_rss(paper, [_item(f"{paper} {title}", headline, told, 1)]))

    def _print(self) -> None:
        self.news.answers["/feed"] = Answer(_feed(self.titles[-100:], self._edits))

    def poll_now(self) -> None:
        """As if the minute until the next polls were over; the bot sees it within a second."""
        with closing(sqlite3.connect(self.folder / "wirewatch.db", timeout=10)) as store, store:
            store.execute("UPDATE sources SET next_poll_at = 0")

    def waiting(self) -> Counter[tuple[str, str]]:
        """What the outbox holds: for each channel and kind of delivery, how many are to be sent."""
        with closing(sqlite3.connect(self.folder / "wirewatch.db", timeout=10)) as store:
            rows = store.execute(
                "SELECT channel, kind, count(*) FROM deliveries WHERE state IN ('waiting', 'sending') GROUP BY 1, 2"
            )
            return Counter({(channel, kind): count for channel, kind, count in rows})

    # -- what people see --------------------------------------------------------------------------------------------

    def on_slack(self) -> list[str]:
        """The headlines in the Slack channel, oldest first."""
        return [h for m in self.room.messages if not is_reply(m) and (h := _headline(m["text"]))]

    def on_discord(self) -> list[str]:
        """The headlines in the Discord channel, oldest first."""
        return [h for m in self.place.messages if (h := _headline(m["content"]))]

    def tally(self, expected: Sequence[str]) -> dict[str, Tally]:
        """By platform: what is missing, what is there more than once, and whether the order is that of the feed."""
        return {
            name: _tally(found, expected)
            for name, found in (("slack", self.on_slack()), ("discord", self.on_discord()))
        }

    def told(self, story: str) -> dict[str, Told]:
        """By platform: the channel, and what became of one alert in it."""
        messages = self.room.messages
        [alert] = [m for m in messages if not is_reply(m) and story in m["text"]]
        under = [m for m in messages if is_reply(m) and m["thread_ts"] == alert["ts"]]
        shown = [m for m in messages if not is_reply(m) or m.get("subtype") == "thread_broadcast"]
        slack = Told(
            [_says(m["text"]) for m in shown],
            [_says(m["text"]) for m in under if m.get("subtype") != "thread_broadcast"],
            on_slack.visible_text(alert),
            sum("usergroup" in [one.kind for one in on_slack.live(m)] for m in messages),
        )
        [post] = [m for m in self.place.messages if story in m["content"]]
        threads = list(self.discord.world.children(self.place.id))
        discord = Told(
            [_says(m["content"]) for m in self.place.messages],
            [_says(m["content"]) for thread in threads if thread.id == post["id"] for m in thread.messages],
            on_discord.visible_text(post),
            sum(bool(pinged) for pinged in self.discord.messages.pings.values()),
        )
        return {"slack": slack, "discord": discord}

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


def is_reply(message: Mapping[str, Any]) -> bool:
    """Whether a Slack message stands in a thread, under another."""
    return message.get("thread_ts", message["ts"]) != message["ts"]


def _word(rng: random.Random) -> str:
    """Made up, so that no two articles share any."""
    return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(4))


def _feed(titles: Sequence[str], edits: Mapping[str, str]) -> bytes:
    """News that has nothing in common but the words of the rule, so that no two are taken for one story."""
    items = []
    for n, title in enumerate(titles):
        headline, text = made_up(title, 5), made_up(f"text of {title}", 60)
        shown, told = f"{title} {' '.join(headline)}", f"{' '.join(text)}."
        if more := edits.get(title):
            shown, told = f"{shown}, {more}", f"{told} {more}."
        items.append(_item(title, shown, told, len(titles) - n))
    return _rss("River Post", items)


def made_up(seed: str, count: int) -> list[str]:
    """Words that no other seed gives."""
    rng = random.Random(seed)
    return [_word(rng) for _ in range(count)]


def _item(guid: str, title: str, text: str, age_s: float) -> str:
    return (
        f"<item><title>{title}</title><guid isPermaLink='false'>{guid}</guid>"
        f"<link>https://river.example/{guid.replace(' ', '-')}</link><description>{text}</description>"
        f"<pubDate>{format_datetime(datetime.now(UTC) - timedelta(seconds=age_s))}</pubDate></item>"
    )


def _rss(name: str, items: Sequence[str]) -> bytes:
    return f"<rss version='2.0'><channel><title>{name}</title>{''.join(items)}</channel></rss>".encode()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(1 << 16):
        pass


def _headline(text: str) -> str:
    found = re.search(r"Flood warning \d{4}", text)
    return found[0] if found else ""


def _says(text: str) -> str:
    """What an alert is about, or the first thing that an answer brings."""
    found = re.search(r"(New number|Severity is now|Edited by)[^·“]*|Flood warning \d{4}", text)
    return found[0].strip(" :") if found else text


def _tally(found: Sequence[str], expected: Sequence[str]) -> Tally:
    counts = Counter(found)
    firsts = list(dict.fromkeys(found))
    return Tally(
        tuple(t for t in expected if t not in counts),
        tuple(t for t, n in counts.items() if n > 1),
        firsts == [t for t in expected if t in counts],
    )
