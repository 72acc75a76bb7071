"""The chart: a picture that can be read, from any numbers."""

from __future__ import annotations

import io
import struct
import sys
from datetime import UTC, timedelta

import pytest

from bot.errors import WirewatchError
from bot.summary import chart
from bot.summary.model import Timeline
from tests.summary.samples import NOW

pytest.importorskip("matplotlib", reason="charts need the extra charts")


def picture(number: int, **series: tuple[int, ...]) -> bytes:
    starts = tuple(NOW - timedelta(hours=number - n) for n in range(number))
    return chart.draw(Timeline(starts, timedelta(hours=1), series), "Alerts about $x$ & co", "today", UTC)


@pytest.mark.parametrize("number", [1, 2, 24, 53])
def test_it_is_a_png_of_the_promised_size(number: int) -> None:
    made = picture(number, Iran=tuple(range(number)), others=(1,) * number)
    assert made[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", made[16:24]) == (1600, 736)
    assert len(made) < 200_000


def test_the_bars_have_the_colours_of_their_countries() -> None:
    """A column of only North Korea, one of only Iran, one of neither."""
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(picture(3, **{"North Korea": (2, 0, 0), "Iran": (0, 2, 0)})))
    height, width, _ = pixels.shape
    row = pixels[int(height * 0.7)]
    shown = [tuple(round(float(c) * 255) for c in row[int(width * at)][:3]) for at in (0.22, 0.52, 0.82)]
    assert shown == [(0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00), (0xF8, 0xF9, 0xFB)]


def test_a_quiet_period_has_a_chart_too() -> None:
    assert len(picture(24)) > 5_000


def test_no_more_labels_than_fit() -> None:
    for number in range(1, 60):
        ticks = chart._ticks(number)
        assert len(ticks) <= chart.TICKS_MAX
        assert ticks[-1] == number - 1


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(chart, "find_spec", lambda name: None)
    with pytest.raises(WirewatchError, match=r"pip install 'wirewatch\[charts\]'"):
        picture(1)
