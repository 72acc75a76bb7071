"""A source's posting rhythm, and the interval that it leads to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Source
from bot.polling import schedule
from bot.polling.cadence import Cadence
from bot.polling.rhythm import Rhythm, learn
from bot.polling.schedule import Choice

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
NOTHING = Cadence()


def every(pause: timedelta, items: int = 30, until: datetime = NOW) -> Rhythm:
    """The rhythm of a source whose latest item came ``until``."""
    return learn(Rhythm(), [until - pause * n for n in range(items)], until)


def auto(least: timedelta = schedule.AUTO[0], most: timedelta = schedule.AUTO[1]) -> Source:
    return Source("s", "https://s.example/", bounds=(least, most))


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("pause", "interval"),
    [
        (MINUTE, MINUTE),
        (3 * MINUTE, MINUTE),
        (10 * MINUTE, 2 * MINUTE),
        (HOUR, 5 * MINUTE),
        (6 * HOUR, 20 * MINUTE),
        (DAY, 45 * MINUTE),
        (7 * DAY, 2 * HOUR),
        (30 * DAY, 6 * HOUR),
        (365 * DAY, 6 * HOUR),
    ],
)
def test_a_busy_wire_is_read_every_minute_and_a_monthly_blog_a_few_times_a_day(
    pause: timedelta, interval: timedelta
) -> None:
    choice = schedule.choose(auto(), every(pause), NOTHING, {}, NOW)
    assert choice.interval == interval
    assert choice.reason.startswith("one item in ")


@pytest.mark.parametrize(
    ("source", "headers", "cadence", "pushed", "choice"),
    [
        (auto(), {}, NOTHING, False, Choice(2 * MINUTE, "one item in 10 min on average")),
        (auto(5 * MINUTE), {}, NOTHING, False, Choice(5 * MINUTE, "one item in 10 min on average")),
        (auto(most=MINUTE), {}, NOTHING, False, Choice(MINUTE, "one item in 10 min on average")),
        (Source("s", "u", every=30 * MINUTE), {}, NOTHING, False, Choice(30 * MINUTE, "as configured")),
        (Source("s", "u", every=timedelta(seconds=1)), {}, NOTHING, False, Choice(MINUTE, "as configured")),
        (
            auto(),
            {"cache-control": "max-age=600"},
            NOTHING,
            False,
            Choice(10 * MINUTE, "the server asks for it (max-age)"),
        ),
        (auto(), {}, Cadence(7200, "ttl"), False, Choice(2 * HOUR, "the feed asks for it (ttl)")),
        (
            Source("s", "u", every=30 * MINUTE),
            {"cache-control": "max-age=600"},
            NOTHING,
            False,
            Choice(30 * MINUTE, "as configured"),
        ),
        (auto(), {}, NOTHING, True, Choice(HOUR, "its hub tells us of new items (WebSub)")),
        (auto(), {}, Cadence(7200, "ttl"), True, Choice(2 * HOUR, "the feed asks for it (ttl)")),
    ],
)
def test_the_interval_has_a_reason(
    source: Source, headers: dict[str, str], cadence: Cadence, pushed: bool, choice: Choice
) -> None:
    assert schedule.choose(source, every(10 * MINUTE), cadence, headers, NOW, pushed=pushed) == choice


def test_until_a_rhythm_is_known_the_start_is_kept_within_the_bounds() -> None:
    for rhythm in (Rhythm(), every(HOUR, items=4)):
        assert schedule.choose(auto(), rhythm, NOTHING, {}, NOW) == Choice(10 * MINUTE, "its rhythm is not known yet")
    assert schedule.choose(auto(HOUR), Rhythm(), NOTHING, {}, NOW).interval == HOUR


def test_a_source_that_stops_is_read_less_and_less() -> None:
    rhythm = every(10 * MINUTE)
    read = [schedule.choose(auto(), rhythm, NOTHING, {}, NOW + n * DAY).interval for n in (0, 1, 30, 900)]
    assert read == sorted(read)
    assert read[0] < read[-1]


def test_a_source_that_begins_to_post_is_read_more_often_within_a_day_of_posts() -> None:
    rhythm = learn(every(30 * DAY), [NOW + HOUR * n for n in range(1, 25)], NOW + DAY)
    assert schedule.choose(auto(), rhythm, NOTHING, {}, NOW + DAY).interval <= 4 * HOUR


def test_items_of_one_batch_and_old_ones_say_nothing_about_pauses() -> None:
    rhythm = every(HOUR)
    assert learn(rhythm, [NOW, NOW, NOW - 5 * HOUR], NOW) == rhythm


def test_a_date_of_the_future_counts_as_now() -> None:
    assert learn(Rhythm(), [NOW + 99 * DAY], NOW).latest == NOW


@pytest.mark.parametrize(
    ("rhythm", "after"),
    [
        (Rhythm(), None),
        (every(HOUR, items=4), None),
        (every(5 * MINUTE), 3 * DAY),  # no weekend was seen yet
        (every(5 * MINUTE, items=3000), timedelta(hours=12)),
        (every(DAY), 3 * DAY),
        (every(30 * DAY), 90 * DAY),
    ],
)
def test_silent_is_what_pauses_far_longer_than_ever(rhythm: Rhythm, after: timedelta | None) -> None:
    assert rhythm.silent_after() == after


def test_weekends_become_part_of_the_rhythm() -> None:
    """An item each hour on working days from 8 to 18, for three weeks: no weekend is taken for silence."""
    rhythm, moment = Rhythm(), datetime(2026, 3, 2, tzinfo=UTC)
    for _ in range(21 * 24):
        moment += HOUR
        if moment.weekday() < 5 and 8 <= moment.hour < 18:
            rhythm = learn(rhythm, [moment], moment)
        limit = rhythm.silent_after()
        assert limit is None or rhythm.latest is None or moment - rhythm.latest <= limit
    # After an outage of two weeks, the next one is told as early as before, or nearly.
    before = rhythm.silent_after()
    rhythm = learn(rhythm, [moment + 14 * DAY], moment + 14 * DAY)
    after = rhythm.silent_after()
    assert before is not None
    assert after is not None
    assert after <= 3 * before
