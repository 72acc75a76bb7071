"""The chart: a picture that can be read, from any numbers."""

from __future__ import annotations

import io
import struct
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.errors import WirewatchError
from bot.summary import chart
from bot.summary.model import Timeline
from tests.summary.samples import NOW

pytest.importorskip("matplotlib", reason="charts need the extra charts")


def picture(number: int, **series: tuple[int, ...]) -> bytes:
    starts = tuple(NOW - timedelta(hours=number - n) for n in range(number))
    severe = {name: (0, 0, sum(counts), 0, 0) for name, counts in series.items()}
    return chart.draw(Timeline(starts, timedelta(hours=1), series, severe), "Alerts about $x$ & co", "today", UTC)


def colour_at(made: bytes, across: float, down: float) -> tuple[int, ...]:
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(made))
    height, width, _ = pixels.shape
    return tuple(round(float(c) * 255) for c in pixels[int(height * down)][int(width * across)][:3])


@pytest.mark.parametrize("number", [1, 2, 24, 53])
def test_it_is_a_png_of_the_promised_size(number: int) -> None:
    made = picture(number, Iran=tuple(range(number)), others=(1,) * number)
    assert made[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", made[16:24]) == (1440, 840)
    assert len(made) < 200_000


def test_the_bars_have_the_colours_of_their_countries() -> None:
    """A column of only North Korea, one of only Iran, one of neither; beside them a row for each, by severity."""
    made = picture(3, **{"North Korea": (2, 0, 0), "Iran": (0, 2, 0)})
    shown = [colour_at(made, at, 0.7) for at in (0.14, 0.33, 0.51)]
    assert shown == [(0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00), (0xF8, 0xF9, 0xFB)]
    rows = [colour_at(made, 0.75, down) for down in (0.264, 0.348, 0.5)]
    assert rows == [(0xF2, 0x99, 0x4A), (0xF2, 0x99, 0x4A), (0xF8, 0xF9, 0xFB)], "medium, medium, no third row"


def test_an_older_post_without_severities_is_drawn() -> None:
    made = chart.draw(Timeline((NOW,), timedelta(hours=1), {"Iran": (2,)}), "Alerts", "today", UTC)
    assert colour_at(made, 0.3, 0.6) == (0x00, 0x72, 0xB2)


def test_a_quiet_period_has_a_chart_too() -> None:
    assert len(picture(24)) > 5_000


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "Asia/Kolkata", "America/St_Johns"])
@pytest.mark.parametrize("hours", [1, 3, 7, 24, 48, 24 * 9, 24 * 31, 24 * 366])
def test_the_axis_has_few_round_times_on_the_clocks_of_the_zone(hours: int, zone: str) -> None:
    own = ZoneInfo(zone)
    begin = datetime(2026, 3, 28, 14, 37, tzinfo=UTC)  # the clocks change in Europe that night
    found = chart.ticks(begin, begin + timedelta(hours=hours), own)
    assert 1 <= len(found) <= chart.TICKS_MAX
    assert all(begin <= at <= begin + timedelta(hours=hours) for at, _ in found)
    if hours >= 24 * 9:
        assert {at.astimezone(own).hour for at, _ in found} == {0}, "midnights"
    else:
        assert {at.astimezone(own).minute for at, _ in found} <= {0, 10, 20, 30, 40, 50}


def test_labels_say_the_day_where_it_begins() -> None:
    begin = datetime(2026, 3, 28, 20, 37, tzinfo=UTC)
    labels = [label for _, label in chart.ticks(begin, begin + timedelta(hours=12), ZoneInfo("Europe/London"))]
    assert labels == ["21:00", "00:00\nSun 29", "03:00", "06:00", "09:00"]


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(chart, "find_spec", lambda name: None)
    with pytest.raises(WirewatchError, match=r"add the extra charts: scripts/install\.sh .* charts"):
        picture(1)


def test_it_says_how_an_alert_on_two_countries_is_counted() -> None:
    from matplotlib.image import imread

    def inked(made: bytes) -> bool:
        pixels = imread(io.BytesIO(made))
        corner = pixels[int(840 * 0.93) : int(840 * 0.97), 43:500, :3]
        return bool((abs(corner - corner[0, 0]) > 0.2).any())

    assert inked(picture(3, Iran=(2, 0, 0)))
    assert not inked(picture(3)), "nothing to say of no alerts"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (timedelta(minutes=10), "alerts per 10 minutes"),
        (timedelta(hours=1), "alerts per hour"),
        (timedelta(hours=6), "alerts per 6 hours"),
        (timedelta(days=1), "alerts per day"),
        (timedelta(days=7), "alerts per week"),
    ],
)
def test_it_says_what_the_height_of_a_bar_counts(step: timedelta, words: str) -> None:
    assert chart.per(step) == words
