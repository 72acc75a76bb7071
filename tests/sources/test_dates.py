"""Dates as publishers write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Article, Source
from bot.pipeline import articles_of
from bot.sources.dates import parse_date
from bot.sources.feed import parse_feed
from tests.sources.samples import fetched

DAY = datetime(2026, 3, 2, tzinfo=UTC)
TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 02 Mar 2026 10:00:00 GMT", TEN),
        ("Mon, 2 Mar 26 05:00:00 EST", TEN),
        ("Mon, 02 Mar 2026 11:00 +0100", TEN),
        ("Mon, 02 Mar 2026 05:00:00 -0500 (EST)", TEN),
        ("02 Mar 2026 10:00:00 XYZ", TEN),
        ("Mon Mar  2 10:00:00 UTC 2026", TEN),
        ("2026-03-02T10:00:00Z", TEN),
        ("2026-03-02T15:30:00+0530", TEN),
        ("2026-03-02 10:00:00", TEN),
        ("2026-03-02 02:00:00 -0800", TEN),
        ("2026-03-02", DAY),
        ("20260302T100000Z", TEN),
        ("1772445600", TEN),
        ("1772445600000", TEN),
        ("2026-03-01T24:00:00Z", DAY),
        ("March 2, 2026 10:00 am", TEN),
        ("03/22/2026 1:05 PM", datetime(2026, 3, 22, 13, 5, tzinfo=UTC)),
        ("02/03/2026", DAY),
        ("2. März 2026, 10:00 Uhr", TEN),
        ("02.03.2026 10:00", TEN),
        ("2 mars 2026 10h00", TEN),
        ("2 de marzo de 2026", DAY),
        ("2 de março de 2026 10:00", TEN),
        ("2 marzo 2026", DAY),
        ("2 maart 2026 10:00", TEN),
        ("2 marca 2026", DAY),
        ("2 марта 2026 10:00", TEN),
        ("2 березня 2026", DAY),
        ("2 Mart 2026 Pazartesi 10:00", TEN),
        ("2 Maret 2026 10:00 WIB", TEN - timedelta(hours=7)),
        ("2026年3月2日 10:00", TEN),
        ("2026년 3월 2일 10:00", TEN),
    ],
)
def test_a_full_date_is_read(text: str, moment: datetime) -> None:
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "10",
        "Monday",
        "10:00",
        "31 Feb 2026",
        "2026-13-01",
        "12345",
        "0001-01-02T00:00:00Z",
        "1 Jan 1970",
        "x" * 200,
    ],
)
def test_what_is_no_full_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@given(st.text(max_size=120) | st.text(alphabet="0123456789-/.: TZ+marAPM年月日", max_size=40))
def test_any_text_gives_a_moment_in_utc_or_none(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or (moment.utcoffset() == timedelta(0) and 1990 <= moment.year <= 2100)


# -- what the page says ----------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")
NATIONAL = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| (\d{4}-\d\d-\d\d \d\d:\d\d) \|$", PAGE, re.MULTILINE)


def test_the_page_shows_a_dozen_national_formats() -> None:
    assert len({country for _, country, _ in NATIONAL}) >= 12


@pytest.mark.parametrize(("written", "moment"), [(w, m) for w, _, m in NATIONAL])
def test_a_format_on_the_page_is_read_as_it_says(written: str, moment: str) -> None:
    assert parse_date(written) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


READ_AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def article(dates: str) -> Article:
    """The article of an item with these elements, read at noon."""
    body = f"<rss version='2.0'><channel><item><title>Talks</title><guid>g</guid>{dates}</item></channel></rss>"
    (one,) = articles_of(parse_feed(fetched(body.encode())), Source("s", "https://site.example/"), READ_AT)
    return one


@pytest.mark.parametrize(
    ("dates", "published", "dated"),
    [
        pytest.param("", READ_AT, False, id="missing"),
        pytest.param("<pubDate>soon</pubDate>", READ_AT, False, id="unreadable"),
        pytest.param("<pubDate></pubDate>", READ_AT, False, id="empty"),
        pytest.param("<pubDate>Mon, 02 Mar 2026 13:30:00 GMT</pubDate>", READ_AT, True, id="in the future by a zone"),
        pytest.param("<pubDate>Thu, 31 Dec 2099 00:00:00 GMT</pubDate>", READ_AT, True, id="in the far future"),
        pytest.param("<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>", READ_AT, False, id="a placeholder"),
        pytest.param("<pubDate>0000-00-00 00:00:00</pubDate>", READ_AT, False, id="zeros"),
        pytest.param("<pubDate>2026-03-02</pubDate>", DAY, True, id="without a time of day"),
        pytest.param("<pubDate>2026-03-02 10:00:00</pubDate>", TEN, True, id="without a zone"),
        pytest.param("<pubDate>02 Mar 2026 10:00:00 XYZ</pubDate>", TEN, True, id="a zone that nobody knows"),
        pytest.param("<pubDate>02/03/2026 10:00</pubDate>", TEN, True, id="day first"),
    ],
)
def test_the_rule_for_each_odd_date_is_kept(dates: str, published: datetime, dated: bool) -> None:
    one = article(dates)
    assert (one.published, one.dated) == (published, dated)


ENDS_OF_MONTHS = [
    datetime(2025, m, 1, 10, 0, tzinfo=UTC) + timedelta(days=d) for m in range(1, 13) for d in range(27, 31)
]


@pytest.mark.parametrize("moment", ENDS_OF_MONTHS, ids=lambda moment: f"{moment:%m-%d}")
def test_the_last_days_of_a_month_are_read_in_both_common_forms(moment: datetime) -> None:
    there = moment + timedelta(hours=2)
    for written in (f"{moment:%a, %d %b %Y %H:%M:%S} GMT", f"{there:%Y-%m-%dT%H:%M:%S}+02:00"):
        assert article(f"<pubDate>{written}</pubDate>").published == moment


@pytest.mark.parametrize("day", [27, 30])
def test_a_zone_that_the_earth_does_not_have_is_utc(day: int) -> None:
    moment = datetime(2025, 11, day, 10, 0, tzinfo=UTC)
    for zone in ("+6000", "-1500", "+0399"):
        assert article(f"<pubDate>{moment:%a, %d %b %Y %H:%M:%S} {zone}</pubDate>").published == moment


@pytest.mark.parametrize("day", ["30 Feb", "31 Feb", "31 Apr", "31 Jun", "31 Sep", "31 Nov", "29 Feb"])
def test_days_that_no_month_has_are_no_dates(day: str) -> None:
    assert not article(f"<pubDate>Mon, {day} 2025 10:00:00 GMT</pubDate>").dated
    assert not article(f"<pubDate>{datetime.strptime(day[3:], '%b'):2025-%m}-{day[:2]}T10:00:00Z</pubDate>").dated


def test_the_date_of_the_last_change_stands_in_for_a_missing_one() -> None:
    body = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>i</id><title>Talks</title>"
    body += "<updated>2026-03-02T10:00:00Z</updated></entry></feed>"
    (one,) = articles_of(parse_feed(fetched(body.encode())), Source("s", "https://site.example/"), READ_AT)
    assert (one.published, one.dated) == (TEN, True)
