"""Whom alerts call: within bounds, and the cool-down outlives the process that began it, on both platforms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from bot.channels.base import Calling, Channel
from bot.channels.discord import DiscordChannel
from bot.channels.discord_connection import DiscordConnection
from bot.channels.mentions import Mentions
from bot.channels.slack import SlackChannel
from bot.channels.slack_connection import SlackConnection
from bot.delivery.deliver import Deliverer
from bot.health import Metrics
from bot.message import Call, DeliveryKind, DeliveryState, Receipt
from bot.model import Severity
from bot.secret import Secret
from bot.store.base import NewDelivery
from bot.store.writer import StoreThread
from tests.channels.contract import MESSAGE
from tests.databases import open_store
from tests.fakes.delivering import digest_of
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.slack import SlackServer, live
from tests.fakes.virtual_time import eventually

COOLDOWN = timedelta(hours=1)


class Platform(Protocol):
    def channel(self) -> Channel: ...
    def called(self) -> list[bool]:
        """For each post, oldest first: whether it called somebody."""
        ...

    def lose_the_next_answer(self) -> None: ...


class OnSlack:
    def __init__(self, server: SlackServer) -> None:
        self.server, self.room = server, server.workspace.add_channel("desk")

    def channel(self) -> Channel:
        connection = SlackConnection(Secret(self.server.bot_token), api_url=self.server.api_url)
        mentions = Mentions(("S0123456789",), cooldown=COOLDOWN)
        return SlackChannel("desk", channel="#desk", connection=connection, mentions=mentions, pace_s=0)

    def called(self) -> list[bool]:
        return ["usergroup" in [s.kind for s in live(m)] for m in self.room.messages]

    def lose_the_next_answer(self) -> None:
        self.server.fail("chat.postMessage", lose="after")


class OnDiscord:
    def __init__(self, server: FakeDiscord) -> None:
        guild = server.world.add_guild()
        self.server, self.place = server, server.world.add_channel(guild, "desk")
        self.role = int(server.world.add_role(guild, "on duty").id)

    def channel(self) -> Channel:
        connection = DiscordConnection(Secret(TOKEN), api_url=self.server.api_url, gateway=False, identify_wait_s=0.0)
        return DiscordChannel(
            "desk", channel=self.place.id, connection=connection, mentions=Mentions((self.role,), cooldown=COOLDOWN)
        )

    def called(self) -> list[bool]:
        return [bool(self.server.messages.pings[m["id"]]) for m in self.place.messages]

    def lose_the_next_answer(self) -> None:
        self.server.fail("POST .*/messages$", mode="lose", times=1)


@pytest.fixture(params=["slack", "discord"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    if request.param == "slack":
        async with SlackServer() as slack:
            yield OnSlack(slack)
    else:
        async with FakeDiscord(speed=1000) as discord:
            yield OnDiscord(discord)


@dataclass
class Process:
    thread: StoreThread
    deliverer: Deliverer

    async def send(self, *keys: str) -> None:
        now = datetime.now(UTC)
        new = [NewDelivery("desk", DeliveryKind.ALERT, replace(MESSAGE, key=key), now) for key in keys]
        await self.thread.run(lambda s: s.enqueue(new))
        self.deliverer.notify("desk")

    async def sent(self, count: int) -> None:
        while len(await self.thread.read(lambda s: s.deliveries((DeliveryState.SENT,), 10))) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the store sets no event


@asynccontextmanager
async def process(folder: Path, platform: Platform) -> AsyncIterator[Process]:
    """A deliverer on the store of ``folder``, as a process has it; ended without a word, as by a kill."""

    async def told(channel: str, text: str) -> None:
        raise AssertionError(text)

    store = open_store(folder / "wirewatch.db")
    thread = StoreThread(store)
    channel = platform.channel()
    deliverer = Deliverer(
        {"desk": channel}, thread, Metrics(), clock=lambda: datetime.now(UTC), digest_of=digest_of, on_parked=told
    )
    deliverer.start()
    try:
        yield Process(thread, deliverer)
    finally:
        tasks = deliverer._tasks or []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await thread.close()
        store.close()


async def test_a_restart_does_not_end_the_cool_down(platform: Platform, tmp_path: Path) -> None:
    async with asyncio.timeout(60), process(tmp_path, platform) as running:
        await running.send("k1", "k2")
        await running.sent(2)
    async with asyncio.timeout(60), process(tmp_path, platform) as running:
        await running.send("k3")
        await running.sent(3)
    assert platform.called() == [True, False, False]


async def test_a_call_whose_receipt_was_lost_with_the_process_counts_once_its_post_is_found(
    platform: Platform, tmp_path: Path
) -> None:
    platform.lose_the_next_answer()
    async with asyncio.timeout(60), process(tmp_path, platform) as running:
        await running.send("k1")
        await eventually(lambda: platform.called() == [True])
    async with asyncio.timeout(60), process(tmp_path, platform) as running:
        await running.send("k2")
        await running.sent(2)
        call = await running.thread.read(lambda s: s.last_call("desk"))
    assert call is not None
    assert call.key == "k1"
    assert platform.called() == [True, False]


T0 = datetime(2026, 9, 1, tzinfo=UTC)


def test_an_older_call_does_not_bring_back_what_is_over() -> None:
    mentions = Mentions((1,), cooldown=COOLDOWN, clock=lambda: T0)
    mentions.recall(Call("k1", T0 - timedelta(minutes=1)))
    mentions.recall(Call("k0", T0 - timedelta(hours=2)))
    assert mentions.due(replace(MESSAGE, key="k2", severity=Severity.HIGH)) == ()
    assert mentions.due(replace(MESSAGE, key="k1")) == (1,), "a second try calls as the first did"


def test_a_platform_whose_clock_is_ahead_does_not_lengthen_the_cool_down() -> None:
    now = [T0]
    mentions = Mentions((1,), cooldown=COOLDOWN, clock=lambda: now[0])
    mentions.called(Receipt("desk", "k1", "1", T0 + timedelta(minutes=30)))
    now[0] += COOLDOWN
    assert mentions.due(replace(MESSAGE, key="k2")) == (1,)


@pytest.mark.parametrize("kind", [SlackChannel, DiscordChannel])
def test_both_channels_take_the_call_of_an_earlier_run(kind: type) -> None:
    assert issubclass(kind, Calling)
