"""News server, bot, Slack and Discord, with both client libraries: every alert once and in order, whatever happens."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bot_process import WAIT_S, rss, until
from tests.chat_process import ChatRoom, Tally, made_up
from tests.fakes.discord import FakeDiscord
from tests.fakes.feeds import Answer, FeedServer
from tests.fakes.slack import SlackServer

ALL_WELL = Tally(lost=(), doubled=(), in_order=True)
GRAVE = "rules:\n  - {id: dam, title: Dam burst, severity: critical, when: {any: [dam burst]}}\n"
SPEED = 5  # the platforms' seconds, shortened
OUTAGE_S = 30.0


@asynccontextmanager
async def chat_room(folder: Path, papers: Sequence[str] = (), *, calls: bool = False) -> AsyncIterator[ChatRoom]:
    """Both platforms with their rate limits on, and a first poll behind it, so that all that comes is news."""
    async with SlackServer() as slack, FakeDiscord(speed=SPEED) as discord, FeedServer() as news:
        slack.limits.enabled, slack.limits.speed = True, SPEED
        room = ChatRoom(folder, slack, discord, news, calls=calls)
        room.publish(0)
        room.sources(*(news.url(f"/{paper}") for paper in ("feed", *papers)))
        for paper in papers:
            news.answers[f"/{paper}"] = Answer(rss([]))
        if papers:
            (room.rules / "grave.yaml").write_text(GRAVE, encoding="utf-8")
        assert await first_poll(room) == 0
        yield room


async def first_poll(room: ChatRoom) -> int:
    status, _, err = await room.run("run", "--once")
    assert "Traceback" not in err, err
    return status


@pytest.mark.timeout(200)
async def test_all_is_there_once_and_in_order_through_limits_outages_of_half_a_minute_a_kill_and_a_restart(
    tmp_path: Path,
) -> None:
    """Alerts, updates in place, answers in threads and a raise, most of them committed while nobody took them."""
    async with chat_room(tmp_path, ("second", "third", "fourth"), calls=True) as room:
        room.forks = False
        slack, discord = room.slack, room.discord
        bot = await room.start_quiet("run")
        titles = room.publish(8)
        story = titles[1]
        same = " ".join(made_up(story, 5)[1:])
        limits = discord.fail("POST .*/messages$", status=429, retry_after=0.3, times=2)
        room.poll_now()
        await until(lambda: len(room.on_slack()) >= 4 and len(room.on_discord()) >= 4)

        await slack.outage(True)
        slack_is_back = asyncio.create_task(asyncio.sleep(OUTAGE_S))
        room.report(story, "second", f"{story} {same}", slice(20, 50))
        room.poll_now()
        await until(lambda: "also: source-1" in room.told(story)["discord"].alert)
        titles = room.publish(3)
        room.poll_now()
        await until(lambda: room.on_discord() == titles)  # it did not wait for Slack

        await discord.begin_outage()
        discord_is_back = asyncio.create_task(asyncio.sleep(OUTAGE_S))
        room.report(story, "third", f"{story} {same}, at least 40 killed", slice(10, 40), "At least 40 were killed.")
        room.poll_now()
        await until(lambda: room.waiting()["intel", "reply"] == 1)
        room.report(story, "fourth", f"Dam burst {same}", slice(0, 35))
        room.poll_now()
        await until(lambda: room.waiting()["intel", "raise"] == 1)
        room.edit(story, "50 missing")
        room.poll_now()
        await until(lambda: room.waiting()["intel", "reply"] == 2)
        titles = room.publish(3)
        room.poll_now()
        await until(lambda: room.waiting()["desk", "alert"] >= 6 and room.waiting()["intel", "alert"] == 3)
        assert room.waiting()["desk", "update"] == room.waiting()["intel", "update"] == 1, "the last holds all of them"
        assert room.waiting()["desk", "reply"] == 2
        assert room.waiting()["desk", "raise"] == 1

        await slack_is_back
        room.when_slack_has("chat.postMessage", bot.kill, nth=2)
        await slack.outage(False)
        await discord_is_back
        discord.heal()
        async with asyncio.timeout(OUTAGE_S + WAIT_S):  # the next try is as far away as the outage was long
            assert await bot.wait() == -signal.SIGKILL

        bot = await room.start_quiet("run")
        titles = room.publish(2)
        room.poll_now()
        await until(
            lambda: not room.waiting() and len(room.on_slack()) == len(room.on_discord()) == len(titles),
            within_s=OUTAGE_S + WAIT_S,
        )
        bot.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WAIT_S):
            assert await bot.wait() == 0

        assert room.tally(titles) == {"slack": ALL_WELL, "discord": ALL_WELL}
        for told in room.told(story).values():
            # What was committed before the raise stands above it, what came later below.
            assert told.channel == [*titles[:11], "Severity is now critical: Dam burst", *titles[11:]]
            assert told.thread == ["New number: 40 killed", "Edited by source-0"]
            for words in ("CRITICAL", "50 missing", "also: ", "source-1", "source-2", "source-3"):
                assert words in told.alert
            assert told.calls == 1, "one cool-down holds through kill and restart"
        assert any(c.error == "ratelimited" for c in slack.calls)
        assert limits.times == 0


@pytest.mark.timeout(120)
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
                        lambda: any(c.error == "lost before" for c in room.slack.calls), within_s=60
                    )
                    bot.kill()
            async with asyncio.timeout(WAIT_S):
                assert await bot.wait() == -signal.SIGKILL
        titles = room.publish(1)
        status, _, err = await room.run("run", "--once")
        assert status == 0, err
        assert room.tally(titles) == {"slack": ALL_WELL, "discord": ALL_WELL}
