"""Alerts over time, by country, as a PNG. matplotlib (the extra ``charts``) is imported when the first one is drawn.

Figures are built without pyplot, so that nothing is kept between two of them and threads do not share one. The picture
brings its own light ground: a transparent one would lose either its dark words in a dark theme or its light ones in a
light theme.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from importlib.util import find_spec
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels.discord_embed import COLOUR
from bot.errors import WirewatchError
from bot.extras import how_to_add
from bot.model import Severity
from bot.summary import words
from bot.summary.model import Summary, Timeline
from bot.summary.post import ChartPost
from bot.summary.rank import OTHERS

WIDTH_IN, HEIGHT_IN, DPI = 7.2, 4.2, 200  # 1440 x 840 pixels, 60 kB
"""A chat shows pictures some 500 pixels wide: the inches are few, so that words of 9 points can be read there."""
TICKS_MAX = 8  # labels on the time axis, so that none runs into the next
ROWS = 7  # countries with a row; :data:`bot.summary.rank.SERIES_MAX`, and the others

_DAY = timedelta(days=1)
_GAPS = (  # between labels
    *(timedelta(minutes=minutes) for minutes in (10, 30, 60, 180, 360, 720)),
    *(_DAY * days for days in (1, 2, 7, 14, 28, 56, 112)),
)

# Okabe and Ito's palette: told apart by people with any colour vision, and in print.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
_SEVERITIES = {severity: f"#{COLOUR[severity]:06X}" for severity in Severity}  # as alerts have them on Discord
_OTHERS, _GROUND, _INK, _FAINT, _GRID = "#AEB6C2", "#F8F9FB", "#1F2933", "#5B6776", "#DDE2E8"

COUNTED = "each alert under the country that it names most"  # the summary's words count it for each that it names

MISSING = f"charts need matplotlib; {how_to_add('charts')}"


def available() -> bool:
    """Whether charts can be drawn here."""
    return find_spec("matplotlib") is not None


def chart_of(summary: Summary, zone: tzinfo) -> bytes:
    """The chart of a summary. Raises ``WirewatchError`` where matplotlib is not installed."""
    return draw(summary.timeline, title_of(summary), words.period(summary, zone), zone)


def title_of(summary: Summary) -> str:
    """What stands above the chart."""
    return f"Alerts by country: {summary.about}" if summary.about else "Alerts by country"


def chart_post(made: Summary, zone: ZoneInfo, key: str) -> ChartPost:
    """What the chart below a summary is drawn from."""
    return ChartPost(key, title_of(made), words.period(made, zone), alt_of(made), zone.key, made.timeline)


def alt_of(summary: Summary) -> str:
    """The chart in words, for people who do not see it."""
    busiest = ", ".join(f"{name} {sum(counts)}" for name, counts in summary.timeline.series.items())
    return f"Bar chart: {words.number(summary.alerts, 'alert')} over time by country: {busiest or 'none'}"


def draw(timeline: Timeline, title: str, period: str, zone: tzinfo) -> bytes:
    """The picture: alerts over time on the left, in the colours of the countries that the rows on the right name; each
    row says how severe that country's alerts were. Raises ``WirewatchError`` where matplotlib is not installed."""
    if not available():
        raise WirewatchError(MISSING)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=_GROUND)
    colours = _colours(timeline)
    over_time = figure.add_axes((0.055, 0.2, 0.555, 0.58), facecolor=_GROUND)
    _draw_time(over_time, timeline, colours, zone)
    figure.text(0.03, 0.935, _fitting(title, 58), fontsize=13, fontweight="bold", color=_INK, va="center")
    figure.text(0.03, 0.87, _fitting(f"{period} · {per(timeline.step)}", 90), fontsize=9, color=_FAINT, va="center")
    if timeline.series:
        _draw_rows(figure.add_axes((0.655, 0.2, 0.325, 0.60), facecolor=_GROUND), timeline, colours)
        _draw_severities(figure)
        figure.text(0.03, 0.05, COUNTED, fontsize=8, color=_FAINT, va="center")
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="png", dpi=DPI, facecolor=_GROUND)
    return picture.getvalue()


def per(step: timedelta) -> str:
    """What the height of a bar counts."""
    units = ((7 * _DAY, "week"), (_DAY, "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))
    unit, word = next(one for one in units if step >= one[0])
    return f"alerts per {word}" if step < 2 * unit else f"alerts per {step // unit} {word}s"


def _colours(timeline: Timeline) -> dict[str, str]:
    left = iter(_COLOURS)
    return {name: _OTHERS if name == OTHERS else next(left, _OTHERS) for name in timeline.series}


def _draw_time(axes: Any, timeline: Timeline, colours: Mapping[str, str], zone: tzinfo) -> None:
    from matplotlib.ticker import MaxNLocator

    number = len(timeline.starts)
    floor = [0] * number
    for name, counts in timeline.series.items():
        axes.bar(range(number), counts, bottom=floor, width=0.84, align="edge", color=colours[name], zorder=3)
        floor = [below + count for below, count in zip(floor, counts, strict=True)]
    axes.set_xlim(-0.15, number)
    axes.set_ylim(0, max(floor, default=0) * 1.08 or 1)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.grid(axis="y", color=_GRID, linewidth=0.8, zorder=0)
    begin, end = timeline.starts[0], timeline.starts[-1] + timeline.step
    marks = ticks(begin, end, zone)
    axes.set_xticks([(at - begin) / timeline.step for at, _ in marks], [label for _, label in marks])
    axes.tick_params(colors=_FAINT, labelsize=9, length=0, pad=5)
    axes.tick_params(axis="x", length=3, color=_FAINT)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(_GRID)
    if not timeline.series:
        axes.text(0.5, 0.5, "no alerts", transform=axes.transAxes, ha="center", va="center", fontsize=13, color=_FAINT)


def _draw_rows(axes: Any, timeline: Timeline, colours: Mapping[str, str]) -> None:
    """A row for each country: the colour it has on the left, its name, its alerts by severity and in all."""
    totals = {name: sum(counts) for name, counts in timeline.series.items()}
    most = max(totals.values())
    axes.set_xlim(0, most * 1.18)
    axes.set_ylim(ROWS - 0.45, -0.6)
    axes.axis("off")
    for row, (name, total) in enumerate(totals.items()):
        axes.plot([0.022], [row - 0.26], marker="s", markersize=7, color=colours[name], transform=_mixed(axes))
        axes.text(
            0.07, row - 0.26, _label(name), fontsize=9.5, color=_INK, va="center", transform=_mixed(axes)
        )  # fmt: skip
        at = 0
        for severity, count in zip(Severity, timeline.severities.get(name, ()), strict=False):
            axes.barh(row + 0.16, count, left=at, height=0.26, color=_SEVERITIES[severity], zorder=3)
            at += count
        axes.text(total + most * 0.025, row + 0.16, f"{total:,}", fontsize=9, color=_FAINT, va="center")


def _mixed(axes: Any) -> Any:
    """Across in parts of the axes, down in rows."""
    from matplotlib.transforms import blended_transform_factory

    return blended_transform_factory(axes.transAxes, axes.transData)


def _draw_severities(figure: Any) -> None:
    from matplotlib.patches import Patch

    figure.legend(
        handles=[Patch(color=colour, label=severity.word) for severity, colour in _SEVERITIES.items()],
        loc="center right",
        bbox_to_anchor=(0.99, 0.05),
        ncols=len(_SEVERITIES),
        frameon=False,
        fontsize=8,
        labelcolor=_FAINT,
        handlelength=0.8,
        handleheight=0.8,
        handletextpad=0.4,
        columnspacing=0.9,
    )


def ticks(begin: datetime, end: datetime, zone: tzinfo) -> list[tuple[datetime, str]]:
    """Round times on the clocks of ``zone`` between two moments, with what stands below them: at most
    :data:`TICKS_MAX`."""
    for step in _GAPS:
        found = list(_round_times(begin, end, step, zone))
        if len(found) <= TICKS_MAX:
            break
    return [(at, _tick(at.astimezone(zone), step)) for at in found]


def _round_times(begin: datetime, end: datetime, step: timedelta, zone: tzinfo) -> Iterator[datetime]:
    local = begin.astimezone(zone).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    days = step // _DAY
    if days > 1:  # on the same days whenever it is drawn
        midnight -= timedelta(days=midnight.toordinal() % days)
    wall = midnight
    while (at := wall.replace(tzinfo=zone).astimezone(begin.tzinfo)) <= end:
        if at >= begin:
            yield at
        wall += step


def _label(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25].rstrip()}…"


def _fitting(text: str, most: int) -> str:
    plain = text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
    return plain.replace("$", r"\$")  # matplotlib would set what stands between two of them as a formula


def _tick(at: datetime, step: timedelta) -> str:
    if step >= _DAY:
        return f"{at:%-d %b}"
    if step >= timedelta(hours=6) or (at.hour, at.minute) == (0, 0):
        return f"{at:%H:%M}\n{at:%a %-d}"
    return f"{at:%H:%M}"
