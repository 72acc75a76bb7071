"""How often a publisher wants to be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.polling.cadence import Cadence, Wish, freshness, read_cadence, unskipped, wishes

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
SY = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"


@pytest.mark.parametrize(
    ("edges", "cadence"),
    [
        ("<ttl>15</ttl>", Cadence(900.0, "ttl")),
        ("<ttl><![CDATA[ 60 ]]></ttl>", Cadence(3600.0, "ttl")),
        ("<ttl>0</ttl>", Cadence()),
        ("<ttl>soon</ttl>", Cadence()),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", Cadence(3600.0, "updatePeriod")),
        (
            # As WordPress writes it.
            "<sy:updatePeriod>\n\thourly\t</sy:updatePeriod><sy:updateFrequency>\n\t4\t</sy:updateFrequency>",
            Cadence(900.0, "updatePeriod"),
        ),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            Cadence(86_400.0, "updatePeriod"),
        ),
        ("<sy:updatePeriod>often</sy:updatePeriod>", Cadence()),
        ("<ttl>5</ttl><sy:updatePeriod>daily</sy:updatePeriod>", Cadence(300.0, "ttl")),
        ("<skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour><hour>9</hour>", Cadence()),
        ("<skipHours><hour>0</hour><hour> 23 </hour><hour>77</hour></skipHours>", Cadence(0, "", (0, 23))),
        ("<skipHours><hour>24</hour></skipHours>", Cadence(0, "", (0,))),
        ("<skipDays><day>Saturday</day><day>sunday</day><day>Caturday</day></skipDays>", Cadence(0, "", (), (5, 6))),
        ("<hour>3</hour>", Cadence()),
    ],
)
def test_what_a_feed_says(edges: str, cadence: Cadence) -> None:
    assert read_cadence(f"<rss {SY}><channel>{edges}".encode()) == cadence


@pytest.mark.parametrize(
    ("headers", "seconds", "by"),
    [
        ({"cache-control": "public, max-age=300"}, 300, "max-age"),
        ({"cache-control": 'MAX-AGE="300"'}, 300, "max-age"),
        ({"cache-control": "max-age=60", "expires": "Wed, 04 Mar 2026 15:00:00 GMT"}, 60, "max-age"),
        ({"cache-control": "no-cache, max-age=300"}, None, ""),
        ({"cache-control": "max-age=0", "expires": "Wed, 04 Mar 2026 15:00:00 GMT"}, None, ""),
        ({"expires": "Wed, 04 Mar 2026 12:30:00 GMT"}, 1800, "Expires"),
        # Against the server's own clock, where it shows one.
        ({"expires": "Wed, 04 Mar 2026 12:30:00 GMT", "date": "Wed, 04 Mar 2026 12:20:00 GMT"}, 600, "Expires"),
        ({"expires": "Wed, 04 Mar 2026 11:30:00 GMT"}, None, ""),
        ({"expires": "0"}, None, ""),
        ({"expires": "-1"}, None, ""),
        ({}, None, ""),
    ],
)
def test_how_long_an_answer_is_fresh(headers: dict[str, str], seconds: int | None, by: str) -> None:
    assert freshness(headers, NOW) == (None if seconds is None else timedelta(seconds=seconds), by)


@pytest.mark.parametrize(
    ("cadence", "headers", "wish"),
    [
        (Cadence(), {}, None),
        (Cadence(900, "ttl"), {}, Wish(timedelta(minutes=15), "the feed asks for it (ttl)")),
        (Cadence(9e9, "ttl"), {}, Wish(timedelta(days=1), "the feed asks for it (ttl)")),
        (
            Cadence(),
            {"cache-control": "max-age=31536000"},  # a server's default for all files
            Wish(timedelta(hours=1), "the server asks for it (max-age)"),
        ),
        (
            Cadence(900, "ttl"),
            {"cache-control": "max-age=1200"},
            Wish(timedelta(minutes=20), "the server asks for it (max-age)"),
        ),
    ],
)
def test_the_longest_wish_counts_within_its_ceiling(cadence: Cadence, headers: dict[str, str], wish: Wish) -> None:
    assert wishes(cadence, headers, NOW) == wish


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "hours", "days", "least", "most"),
    [
        (at(4, 12, 20), (), (), at(4, 12, 20), at(4, 12, 20)),
        (at(4, 12, 20), (3, 4), (5,), at(4, 12, 20), at(4, 12, 20)),
        (at(4, 3, 20), (3, 4), (), at(4, 5), at(4, 5, 15)),
        (at(7, 10, 40), (), (5, 6), at(9, 0), at(9, 0, 15)),  # Saturday to Monday
        (at(7, 10, 40), (0, 1), (5, 6), at(9, 2), at(9, 2, 15)),
        (at(4, 3, 20), tuple(range(24)), (), at(4, 3, 20), at(4, 3, 20)),  # taken for a mistake
        (at(4, 3, 20), (), tuple(range(7)), at(4, 3, 20), at(4, 3, 20)),
    ],
)
def test_hours_and_days_are_skipped(
    moment: datetime, hours: tuple[int, ...], days: tuple[int, ...], least: datetime, most: datetime
) -> None:
    assert least <= unskipped(moment, Cadence(0, "", hours, days)) <= most


def test_sources_that_skipped_an_hour_do_not_all_come_back_on_its_end() -> None:
    back = {unskipped(at(4, 3, minute), Cadence(0, "", (3,))) for minute in range(60)}
    assert len(back) == 60
