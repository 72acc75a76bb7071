"""When a summary is due, and what it covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.cron import parse
from bot.summary.schedule import Due, Schedule, due

LONDON = ZoneInfo("Europe/London")


def schedule(cron: str = "0 7 * * mon-fri", period: timedelta | None = None, zone: ZoneInfo = LONDON) -> Schedule:
    return Schedule("morning", "desk", parse(cron), zone, period)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


FRIDAY, MONDAY, TUESDAY = at("2026-03-06T07:00"), at("2026-03-09T07:00"), at("2026-03-10T07:00")


def test_it_is_due_once_and_covers_the_time_since_the_one_before() -> None:
    found = due(schedule(), FRIDAY, MONDAY)
    assert found is not None
    assert (found.at, found.ask.since, found.ask.until, found.missed) == (MONDAY, FRIDAY, MONDAY, 0)
    assert found.note(MONDAY + timedelta(seconds=5)) == ""
    assert due(schedule(), MONDAY, MONDAY + timedelta(hours=5)) is None
    assert due(schedule(), FRIDAY, MONDAY - timedelta(seconds=1)) is None


def test_a_period_of_its_own_counts_back_from_the_time_that_it_was_due() -> None:
    found = due(schedule(period=timedelta(hours=24)), FRIDAY, MONDAY + timedelta(hours=2))
    assert found is not None
    assert (found.ask.since, found.ask.until) == (MONDAY - timedelta(hours=24), MONDAY)


@pytest.mark.parametrize(
    ("period", "words", "since"),
    [
        (None, "stands for the one due before", FRIDAY),
        (timedelta(hours=24), "does not reach back over the one", MONDAY),
    ],
)
def test_times_that_passed_while_nothing_ran_come_as_one(period: timedelta | None, words: str, since: datetime) -> None:
    found = due(schedule(period=period), FRIDAY, TUESDAY + timedelta(hours=3))
    assert found is not None
    assert (found.at, found.missed, found.ask.since) == (TUESDAY, 1, since)
    note = found.note(TUESDAY + timedelta(hours=3))
    assert "due at 10 Mar 07:00 GMT, when Wirewatch did not run" in note
    assert words in note


def test_the_key_is_that_of_the_time_and_not_of_the_try() -> None:
    early, late = due(schedule(), FRIDAY, MONDAY), due(schedule(), FRIDAY, MONDAY + timedelta(hours=9))
    assert early is not None
    assert late is not None
    assert schedule().key(early.at) == schedule().key(late.at) == "summary:morning:desk:20260309T0700Z"


def test_it_follows_the_clocks_of_its_zone_through_summer_time() -> None:
    keys = [schedule(cron="0 7 * * *").key(found.at) for found in _week("2026-03-27T07:00", days=4)]
    assert [key[-14:] for key in keys] == ["20260328T0700Z", "20260329T0600Z", "20260330T0600Z", "20260331T0600Z"]


def _week(begin: str, days: int) -> list[Due]:
    found: list[Due] = []
    last = at(begin)
    for hour in range(24 * days + 1):
        one = due(schedule(cron="0 7 * * *"), last, at(begin) + timedelta(hours=hour))
        if one is not None:
            found.append(one)
            last = one.at
    return found


def test_a_long_silence_is_counted_up_to_a_hundred() -> None:
    every_minute = schedule(cron="* * * * *")
    found = due(every_minute, FRIDAY, FRIDAY + timedelta(days=2))
    assert found is not None
    assert found.missed == 100
    assert "the 100+ due before" in found.note(found.at + timedelta(hours=1))
