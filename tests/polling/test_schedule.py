"""When a source is polled next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.polling import schedule

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TEN = timedelta(minutes=10)

ids = st.text(min_size=1, max_size=20)
intervals = st.integers(60, 86_400).map(lambda s: timedelta(seconds=s))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))


@given(ids, intervals, moments)
def test_the_next_turn_is_half_to_one_and_a_half_intervals_away(name: str, every: timedelta, now: datetime) -> None:
    wait = schedule.after_success(name, every, now) - now
    assert every / 2 <= wait + timedelta(seconds=1)
    assert wait <= every * 1.5 + timedelta(seconds=1)


@given(ids, intervals, moments)
def test_a_source_keeps_its_place_in_the_interval(name: str, every: timedelta, now: datetime) -> None:
    following = schedule.after_success(name, every, now)
    later = schedule.after_success(name, every, following + timedelta(seconds=2))
    assert abs((later - following) - every) < timedelta(seconds=1)


def test_a_thousand_sources_take_their_turns_evenly() -> None:
    offsets = sorted(schedule.spread(f"source-{n}", TEN) for n in range(1000))
    by_minute = [sum(minute * 60 <= o < (minute + 1) * 60 for o in offsets) for minute in range(10)]
    assert sum(by_minute) == 1000
    assert min(by_minute) > 60
    assert max(by_minute) < 140


@pytest.mark.parametrize(
    ("failures", "least", "most"),
    [(1, 10, 11), (2, 20, 22), (3, 40, 44), (6, 320, 352), (7, 360, 396), (500, 360, 396)],
)
def test_each_failure_doubles_the_pause_up_to_six_hours(failures: int, least: int, most: int) -> None:
    wait = (schedule.after_failure("a", TEN, failures, NOW) - NOW).total_seconds() / 60
    assert least <= wait <= most


def test_a_source_read_once_a_day_is_not_tried_sooner_for_failing() -> None:
    assert schedule.after_failure("a", timedelta(days=1), 9, NOW) - NOW >= timedelta(days=1)


@pytest.mark.parametrize(("wish", "least"), [(5.0, 600.0), (7_200.0, 7_200.0), (1e9, 86_400.0)])
def test_retry_after_is_obeyed_up_to_a_day(wish: float, least: float) -> None:
    wait = (schedule.after_failure("a", TEN, 1, NOW, wish) - NOW).total_seconds()
    assert least <= wait <= max(least, 660.0)


def test_sources_that_failed_together_do_not_come_back_together() -> None:
    waits = {schedule.after_failure(f"s{n}", TEN, 1, NOW) for n in range(50)}
    assert len(waits) > 45
