"""The weekly word to the operators on what the alerts were worth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.registry import Fleet
from bot.config import Config, load_config
from bot.errors import StoreError
from bot.message import Notice
from bot.operators import Operators
from bot.people import Feedback, Opinion
from bot.reports.ops_digest import OpsDigest
from bot.store.sql import SqlStore
from bot.store.writer import StoreThread
from tests.databases import open_store
from tests.fakes.channel import FakeChannel

MONDAY = datetime(2026, 11, 9, 7, tzinfo=UTC)  # eight o'clock in Berlin


class Week:
    """A digest on a store of its own; ``now`` is the time."""

    def __init__(self, store: SqlStore, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.now = MONDAY
        self.thread = StoreThread(store)
        self.woken: list[str] = []
        self.begin()

    def begin(self, more: str = "") -> None:
        """As after a start of the bot."""
        fleet = Fleet({"ops": FakeChannel("ops", self.clock)})
        operators = Operators("ops", fleet, self.thread, clock=self.clock, notify=self.woken.append)
        self.digest = OpsDigest(self.config(more), self.thread, operators, clock=self.clock)

    def config(self, more: str) -> Config:
        path = self.folder / "wirewatch.yaml"
        ops = "" if "ops:" in more else "ops: ops\n"
        path.write_text(
            f"rules: [shipped]\ntimezone: Europe/Berlin\n{ops}{more}\nchannels: {{ops: {{kind: console}}}}\n", "utf-8"
        )
        return load_config(path, {})

    def clock(self) -> datetime:
        return self.now

    def vote(self, name: str, at: datetime, verdict: Opinion = Opinion.NOISE) -> None:
        self.store.vote(Feedback(name, ("flood",), "wire", "slack.default:U1 (ada)", verdict, at))

    def told(self) -> list[Notice]:
        return [d.payload for d in self.store.pending("ops", 9) if isinstance(d.payload, Notice)]


@pytest.fixture
async def week(tmp_path: Path) -> AsyncIterator[Week]:
    store = open_store(tmp_path / "store.db")
    made = Week(store, tmp_path)
    yield made
    await made.thread.close()
    store.close()


async def test_the_week_is_told_once_on_monday_with_the_rules_to_tune(week: Week) -> None:
    for number in range(4):
        week.vote(f"a{number}", MONDAY - timedelta(days=number))
    week.vote("old", MONDAY - timedelta(days=8), Opinion.USEFUL)
    week.now = MONDAY - timedelta(seconds=1)
    week.begin("retention: 6d")  # so that the turn before is too long ago
    await week.digest.tick()
    assert week.told() == []
    week.now = MONDAY
    await week.digest.tick()
    week.now += timedelta(minutes=1)
    await week.digest.tick()
    (notice,) = week.told()
    assert notice.title == "Alerts and votes, 02 Nov to 09 Nov 2026"
    assert "3 votes by 1 person" in notice.text  # the fourth was given at the very moment, and counts for the next week
    assert "flood: 0% (0 to 56; 0 of 3) useful, likely low; more votes would tell" in notice.text
    assert week.woken == ["ops"]


async def test_every_week_is_told_with_what_it_had(week: Week) -> None:
    for number in range(3):
        week.vote(f"a{number}", MONDAY + timedelta(days=7 * number - 1))
        week.now = MONDAY + timedelta(days=7 * number, minutes=3)
        await week.digest.tick()
    titles = [n.title for n in week.told()]
    assert titles == [
        f"Alerts and votes, {w} 2026" for w in ("02 Nov to 09 Nov", "09 Nov to 16 Nov", "16 Nov to 23 Nov")
    ]
    assert all("1 vote by 1 person" in n.text for n in week.told())


async def test_a_restart_does_not_tell_it_again(week: Week) -> None:
    week.vote("a", MONDAY - timedelta(days=1))
    await week.digest.tick()
    week.begin()
    week.now += timedelta(hours=1)
    await week.digest.tick()
    assert len(week.told()) == 1


async def test_nothing_is_told_of_a_week_without_alerts_and_votes(week: Week) -> None:
    await week.digest.tick()
    assert week.told() == []


@pytest.mark.parametrize(
    ("more", "late", "told"),
    [
        ("", timedelta(days=6, hours=23), 1),
        ("", timedelta(days=8), 0),  # of the next turn, which has no votes
        ("retention: 2d", timedelta(days=1, hours=23), 1),
        ("retention: 2d", timedelta(days=2, hours=1), 0),  # what was told is perhaps no longer known
    ],
)
async def test_a_missed_turn_is_made_up_for_within_a_week(week: Week, more: str, late: timedelta, told: int) -> None:
    week.vote("a", MONDAY - timedelta(days=1))
    week.begin(more)
    week.now = MONDAY + late
    await week.digest.tick()
    assert len(week.told()) == told


async def test_a_store_that_refuses_costs_no_digest(week: Week) -> None:
    week.vote("a", MONDAY - timedelta(days=1))
    week.store.close()
    with pytest.raises(StoreError):
        await week.digest.tick()
    week.store.open()
    await week.digest.tick()
    assert len(week.told()) == 1


@pytest.mark.parametrize("more", ["ops_digest: null", "ops: null"])
async def test_nothing_is_told_where_nobody_wants_it(week: Week, more: str) -> None:
    week.vote("a", MONDAY - timedelta(days=1))
    week.begin(more)
    await week.digest.tick()
    assert week.told() == []


async def test_cron_and_time_zone_are_those_of_the_config(week: Week) -> None:
    week.vote("a", MONDAY - timedelta(days=1))
    week.begin('ops_digest: {cron: "30 17 * * fri", timezone: Asia/Tokyo}')
    friday = datetime(2026, 11, 13, 8, 30, tzinfo=UTC)  # half past five in Tokyo
    week.now = friday - timedelta(minutes=1)  # the turn before had nothing
    await week.digest.tick()
    assert week.told() == []
    week.now = friday
    await week.digest.tick()
    assert [n.title for n in week.told()] == ["Alerts and votes, 06 Nov to 13 Nov 2026"]
