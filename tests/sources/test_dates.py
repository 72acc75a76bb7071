"""Dates as publishers write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.dates import parse_date

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
