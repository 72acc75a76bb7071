"""Votes as people press them on both platforms, and the weekly word that the operators get from them there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.cron import parse
from tests.commands.team import Team, team, until
from tests.commands.test_discord import button as discord_button
from tests.commands.test_slack_buttons import button as slack_button
from tests.fakes.discord import visible_text as discord_text
from tests.fakes.slack import visible_text as slack_text

GAMES = (
    ("g1", "Flood warning at the Essen fair: another board game", "Publishers from Korea, Poland and Brazil have "
     "rented halls for October; visitors queue for cardboard castles, signed copies and a tower of wooden sheep."),
    ("g2", "River rises on the kitchen table in this board game", "Inventor Ida Holm, a former teacher from Aarhus, "
     "spent four years with beavers, dams and tokens before a shop in Lyon ordered six thousand boxes."),
    ("g3", "Jury in Utrecht likes board game with a flood warning", "Paper boats, an hourglass and a grumpy ferryman "
     "won over the critics, who praised clear rules and regretted the price of sixty euros."),
    ("g4", "Column: luck, dice and a flood warning, or why a board game ends", "My aunt cheats at cards on Sundays; "
     "grandfather invents laws about cake, and nobody has ever finished before the soup got cold."),
)  # fmt: skip
FLOODS = (
    ("f1", "Flood warning for Passau", "The Danube stands at nine metres; bridges are closed, the mayor said."),
    ("f2", "River rises by three metres in Dhaka", "Monsoon rain drove families out of the northern suburbs."),
    ("f3", "Flood warning along the Murray", "Engineers opened the gates of Hume reservoir on Friday night."),
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def vote(one: Team) -> None:
    """Ada finds the games noise and the floods useful: half of it on Slack, half on Discord."""
    ada, ann = one.on_slack(), one.on_discord()
    for number, (item, verdict) in enumerate([*((g, "noise") for g in GAMES), *((f, "useful") for f in FLOODS)]):
        if number % 2:
            post = one.slack_post(item[1])
            await ada.clicks(one.room, post, slack_button(post, verdict))
        else:
            post = one.discord_post(item[1])
            await ann.reads(await ann.clicks(post, discord_button(post, verdict)))

    desk = one.app.chat.commands.desk
    async with asyncio.timeout(60):
        # Slack acknowledges first and counts after.
        while len(await desk.store.read(lambda s: s.feedback(LONG_AGO))) < len(GAMES + FLOODS):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def digests(one: Team, ops: str) -> list[str]:
    """What the operators read in their channel."""
    if ops == "desk":
        found = [slack_text(m) for m in one.room.messages]
    else:
        found = [discord_text(m) for m in one.place.messages]
    return [text for text in found if "Alerts and votes" in text]


@asynccontextmanager
async def running(one: Team) -> AsyncIterator[None]:
    """The jobs of the bot, as ``wirewatch run`` has them."""
    stopping = asyncio.Event()
    task = asyncio.create_task(one.app.run(stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


@pytest.mark.parametrize("ops", ["desk", "intel"])
async def test_the_operators_get_the_week_once_also_after_a_restart(tmp_path: Path, ops: str) -> None:
    async with team(tmp_path, extra=f"ops: {ops}\n", news=False) as one:
        one.publish(*GAMES, *FLOODS)
        await one.poll()
        await vote(one)
        assert digests(one, ops) == []

        monday = parse("0 8 * * mon").after(datetime.now(UTC), ZoneInfo("UTC"))
        ahead = monday + timedelta(minutes=1) - datetime.now(UTC)
        one.options = replace(one.options, clock=lambda: datetime.now(UTC) + ahead)
        await one.restart()
        if ops == "desk":
            async with running(one):
                await until(lambda: digests(one, ops))
        else:  # as ``wirewatch run --once`` does, for whoever has cron start the bot
            await one.app.once()
        (text,) = digests(one, ops)
        for words in (
            "7 votes by 2 people",
            "Rules to tune:",
            "• flood: 43% (16 to 75; 3 of 7) useful, likely low; more votes would tell; "
            "its noise has in common: “board game” (4 noise, 0 other)",
            "Precision by rule, worst first:",
            "Precision by source, worst first:",
            "• river-post: 43% (16 to 75; 3 of 7)",
        ):
            assert words in text, text

        await one.restart()
        assert (await one.app.once()).delivered
        assert len(digests(one, ops)) == 1

        week = timedelta(days=7)
        one.options = replace(one.options, clock=lambda: datetime.now(UTC) + ahead + week)
        await one.restart()
        await one.app.ops_digest.tick()
        assert await one.app.deliverer.drain(10)
        assert len(digests(one, ops)) == 1, "nothing was alerted in the second week, and nobody voted"
