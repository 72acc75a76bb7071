"""Times of day as cron writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.cron import parse

UTC_ZONE = ZoneInfo("UTC")
LONDON = ZoneInfo("Europe/London")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "zone", "expected"),
    [
        ("0 7 * * *", "2026-03-04T06:59", UTC_ZONE, "2026-03-04T07:00"),
        ("0 7 * * *", "2026-03-04T07:00", UTC_ZONE, "2026-03-05T07:00"),  # after, not at
        ("*/15 * * * *", "2026-03-04T07:01", UTC_ZONE, "2026-03-04T07:15"),
        ("30 8,17 * * *", "2026-03-04T09:00", UTC_ZONE, "2026-03-04T17:30"),
        ("0 9 * * mon-fri", "2026-03-06T10:00", UTC_ZONE, "2026-03-09T09:00"),  # Friday to Monday
        ("0 9 * * 0", "2026-03-04T10:00", UTC_ZONE, "2026-03-08T09:00"),  # 0 is Sunday, as in cron
        ("0 9 * * 7", "2026-03-04T10:00", UTC_ZONE, "2026-03-08T09:00"),
        ("0 9 * * fri-sun", "2026-03-07T10:00", UTC_ZONE, "2026-03-08T09:00"),
        ("0 9 1 * *", "2026-03-04T10:00", UTC_ZONE, "2026-04-01T09:00"),
        ("0 9 13 * fri", "2026-03-04T10:00", UTC_ZONE, "2026-03-06T09:00"),  # either day will do
        ("0 0 29 feb *", "2026-03-04T10:00", UTC_ZONE, "2028-02-29T00:00"),
        ("0 7 * * *", "2026-07-04T05:00", LONDON, "2026-07-04T06:00"),  # summer time
        ("30 1 * * *", "2026-03-28T12:00", LONDON, "2026-03-29T01:30"),  # 01:30 does not exist on that day
        ("30 1 * * *", "2026-10-24T12:00", LONDON, "2026-10-25T00:30"),  # and comes twice on that one: the first counts
        ("30 1 * * *", "2026-10-25T00:30", LONDON, "2026-10-26T01:30"),
    ],
)
def test_the_next_time(text: str, now: str, zone: ZoneInfo, expected: str) -> None:
    assert parse(text).after(at(now), zone) == at(expected)


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("0 7 * * *", "2026-03-04T07:00", "2026-03-04T07:00"),
        ("0 7 * * *", "2026-03-04T06:59", "2026-03-03T07:00"),
        ("0 9 * * mon", "2026-03-08T10:00", "2026-03-02T09:00"),
    ],
)
def test_the_last_time(text: str, now: str, expected: str) -> None:
    assert parse(text).before(at(now), UTC_ZONE) == at(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 7 * *", "has 4 fields; write five"),
        ("60 7 * * *", "'60' is no minute; write 0 to 59"),
        ("0 24 * * *", "'24' is no hour; write 0 to 23"),
        ("0 7 * foo *", "'foo' is no month; write 1 to 12, or jan to dec"),
        ("0 7 * * fri-mon", "runs backwards"),
        ("0 7 31 feb *", "never comes"),
        ("0 */0 * * *", "is no hour"),
    ],
)
def test_a_mistake_is_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        parse(text)
