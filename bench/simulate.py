"""The real bot through simulated hours: feeds, Slack and Discord are servers on this machine, the clock jumps.

Within a step time passes as it does; between two steps it jumps to the next look at the feeds. So everything that waits
for an answer works as always, and a day takes minutes.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import App, Options, open_app
from bot.config import load_config
from bot.message import DeliveryState
from bot.model import Source, Story
from bot.store.outbox_port import Delivery
from bot.store.sql import SqlStore
from bot.story import Reading, Stories
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.slack import SlackServer

DISCORD_SPEED = 1_000.0  # its rate limits, shortened
DRAIN_S = 60.0  # for the posts of one step
_KEY = re.compile(r"\b[0-9a-f]{20}\b")

CONFIG = """\
rules: [shipped]
store: "sqlite:///{folder}/day.db"
channels:
  desk:  {{kind: slack, channel: "#desk"}}
  intel: {{kind: discord, channel: "#intel"}}
slack: {{default: {{pace: 0s}}}}
poll: {{concurrency: 1}}  # one after another, so that a stream comes in the same order in every run
{more}"""


# The digest counts only where it holds the alert.
_HOLDS = """
SELECT holds.alert_id, holds.channel, holds.reason, holds.released, deliveries.key FROM holds
LEFT JOIN deliveries ON deliveries.key = holds.delivery_key AND EXISTS (
  SELECT 1 FROM delivery_alerts WHERE delivery_id = deliveries.id AND alert_id = holds.alert_id)
ORDER BY holds.id
"""


class Clock:
    """Runs with the real one from wherever it was set."""

    def __init__(self, at: datetime) -> None:
        self._at, self._since = at, time.monotonic()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def jump(self, to: datetime) -> None:
        """Move on; never back, should a step have taken longer than its length."""
        self._at, self._since = max(to, self()), time.monotonic()


class Apart(Stories):
    """What a bot without stories makes of articles: each stands alone."""

    def place(self, one: Reading, now: datetime) -> Story:
        return Story(one.key, True, "there are no stories")


@dataclass(frozen=True)
class Post:
    """A message as it stands in a channel at the end. ``keys`` are the delivery keys that it carries; ``thread`` is the
    reference of the post that it answers."""

    channel: str
    ref: str
    keys: frozenset[str]
    thread: str
    raw: dict[str, Any]


@dataclass(frozen=True)
class Hold:
    """An alert that did not go out at once. ``key`` is the digest that it came in; none where it was told otherwise."""

    alert_id: str
    channel: str
    reason: str
    out: bool
    key: str


@dataclass
class Stage:
    """A bot between its servers. ``store`` is a second pair of eyes on the bot's database."""

    app: App
    clock: Clock
    store: SqlStore
    slack: SlackServer
    discord: FakeDiscord
    room: Any
    place: Any
    file: Path

    async def step(self, to: datetime) -> None:
        """Jump there, do all that is due, and deliver. Raises ``RuntimeError`` where that did not come to its end: what
        is counted afterwards would be wrong without a sign of it."""
        self.clock.jump(to)
        await self.app.poller.poll_all()
        await self.app.newsroom.release()
        if not await self.app.deliverer.drain(DRAIN_S):
            raise RuntimeError(f"not all was delivered within {DRAIN_S:.0f} s at {to:%Y-%m-%d %H:%M}")
        if self.app.poller.failures:
            raise RuntimeError(f"polls failed at {to:%Y-%m-%d %H:%M}: {dict(self.app.poller.failures)}")
        if self.app.poller.tally.put_off:
            raise RuntimeError(f"polls were put off at {to:%Y-%m-%d %H:%M}, and come a step too late")

    def posts(self) -> list[Post]:
        """What people see in both channels."""
        found = []
        for message in self.room.messages:
            thread = message.get("thread_ts", "")
            parent = thread if thread != message["ts"] else ""
            found.append(Post("desk", message["ts"], _keys(message), parent, message))
        for message in self.place.messages:
            parent = (message.get("message_reference") or {}).get("message_id", "")
            found.append(Post("intel", message["id"], _keys(message), parent, message))
        for thread in self.discord.world.children(self.place.id):
            found += [Post("intel", m["id"], _keys(m), thread.id, m) for m in thread.messages]
        return found

    def sent(self) -> tuple[Delivery, ...]:
        """All deliveries that the bot holds for done."""
        return self.store.deliveries([DeliveryState.SENT], 1_000_000)

    def holds(self) -> list[Hold]:
        """Everything that was held at some time, out of the database itself."""
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            rows = connection.execute(_HOLDS)
            return [Hold(alert, channel, reason, bool(out), key or "") for alert, channel, reason, out, key in rows]


def _keys(message: dict[str, Any]) -> frozenset[str]:
    return frozenset(_KEY.findall(json.dumps(message)))


@contextlib.asynccontextmanager
async def on_stage(
    folder: Path,
    begin: datetime,
    sources: Sequence[Source],
    *,
    more: str = "",
    plain: bool = False,
) -> AsyncIterator[Stage]:
    """Start servers and bot. ``more`` goes into the config as it is. ``plain``: every article is a story of its own,
    and nothing waits for a digest."""
    async with SlackServer() as slack, FakeDiscord(speed=DISCORD_SPEED) as discord:
        room = slack.workspace.add_channel("desk")
        place = discord.world.add_channel(discord.world.add_guild(), "intel")
        path = folder / "wirewatch.yaml"
        path.write_text(CONFIG.format(folder=folder, more=more), encoding="utf-8")
        config = load_config(
            path,
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "DISCORD_TOKEN": TOKEN,
                "DISCORD_API_URL": discord.api_url,
            },
        )
        clock = Clock(begin)
        options = Options(watch=False, spread=False, clock=clock, catch_up=not plain)
        stories = Apart() if plain else None
        async with open_app(config, options=options, sources=sources, allow_private=True, stories=stories) as app:
            store = SqlStore(config.store.reveal())
            store.open()
            try:
                yield Stage(app, clock, store, slack, discord, room, place, folder / "day.db")
            finally:
                store.close()
