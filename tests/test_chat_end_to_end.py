"""News server, bot, Slack and Discord, with both client libraries: every alert once and in order, whatever happens."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bot_process import WAIT_S, until
from tests.chat_process import ChatRoom, Tally
from tests.fakes.discord import FakeDiscord
from tests.fakes.feeds import FeedServer
from tests.fakes.slack import SlackServer

ALL_WELL = Tally(lost=(), doubled=(), in_order=True)
SPEED = 5  # the platforms' seconds, shortened
OUTAGE_S = 2.5  # stands for half a minute: longer than the first tries again take


@asynccontextmanager
async def chat_room(folder: Path, *, extra: str = "") -> AsyncIterator[ChatRoom]:
    """Both platforms with their rate limits on, and a first poll behind it, so that all that comes is news."""
    async with SlackServer() as slack, FakeDiscord(speed=SPEED) as discord, FeedServer() as news:
        slack.limits.enabled, slack.limits.speed = True, SPEED
        room = ChatRoom(folder, slack, discord, news, extra=extra)
        room.publish(0)
        assert await first_poll(room) == 0
        yield room


async def first_poll(room: ChatRoom) -> int:
    status, _, err = await room.run("run", "--once")
    assert "Traceback" not in err, err
    return status


async def test_every_alert_is_in_both_channels_once_and_in_order_through_limits_outages_a_kill_and_a_restart(
    tmp_path: Path,
) -> None:
    async with chat_room(tmp_path) as room:
        slack, discord = room.slack, room.discord
        room.publish(30)
        discord.fail(status=429, retry_after=0.3, times=2)
        bot = await room.start_quiet("run", "--once")
        await until(lambda: len(room.on_slack()) >= 2 and len(room.on_discord()) >= 2)

        await slack.outage(True)
        there = len(room.on_discord())
        await asyncio.sleep(OUTAGE_S)
        assert len(room.on_discord()) > there, "Discord had to wait for Slack"
        down = len(room.on_slack())
        await slack.outage(False)
        await discord.begin_outage()
        await until(lambda: len(room.on_slack()) > down)
        await asyncio.sleep(OUTAGE_S)
        room.when_discord_has("POST /channels/.*/messages", bot.kill, nth=2)
        discord.heal()
        async with asyncio.timeout(WAIT_S):
            assert await bot.wait() == -signal.SIGKILL

        titles = room.publish(6)
        status, _, err = await room.run("run", "--once")
        assert status == 0, err
        assert room.tally(titles) == {"slack": ALL_WELL, "discord": ALL_WELL}
        assert slack.counted()["chat.postMessage"] > len(titles), "no post was refused or lost"
        assert any(c.error == "ratelimited" for c in slack.calls)


async def test_five_kills_under_load_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Between the post and its record, on both; during the look-up that follows, on both; and while a try waits."""
    async with chat_room(tmp_path) as room:
        for moment in range(5):
            room.publish(5)
            bot = await room.start_quiet("run", "--once")
            match moment:
                case 0:
                    room.when_slack_has("chat.postMessage", bot.kill, nth=2)
                case 1:
                    room.when_slack_has("conversations.history", bot.kill)
                case 2:
                    room.when_discord_has("POST /channels/.*/messages", bot.kill, nth=2)
                case 3:
                    room.when_discord_has("GET /channels/.*/messages", bot.kill)
                case 4:
                    room.slack.fail("chat.postMessage", lose="before")
                    await room.slack.settled(
                        lambda: any(c.error == "lost before" for c in room.slack.calls), within_s=20
                    )
                    bot.kill()
            async with asyncio.timeout(WAIT_S):
                assert await bot.wait() == -signal.SIGKILL
        titles = room.publish(1)
        status, _, err = await room.run("run", "--once")
        assert status == 0, err
        assert room.tally(titles) == {"slack": ALL_WELL, "discord": ALL_WELL}
