"""Alerts over time, by country, as a PNG. matplotlib (the extra ``charts``) is imported when the first one is drawn.

Figures are built without pyplot, so that nothing is kept between two of them and threads do not share one. The picture
brings its own light ground: a transparent one would lose either its dark words in a dark theme or its light ones in a
light theme.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from bot.channels.base import File
from bot.errors import WirewatchError
from bot.summary import words
from bot.summary.model import Summary, Timeline
from bot.summary.post import ChartPost, SummaryPost
from bot.summary.rank import OTHERS

WIDTH_IN, HEIGHT_IN, DPI = 10.0, 4.6, 160  # 1600 x 736 pixels: sharp on a phone, 60 kB
TICKS_MAX = 9  # labels on the time axis, so that none runs into the next

# Okabe and Ito's palette: told apart by people with any colour vision, and in print.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
_OTHERS, _GROUND, _INK, _FAINT, _GRID = "#AEB6C2", "#F8F9FB", "#1F2933", "#5B6776", "#DDE2E8"

MISSING = "charts need matplotlib; install it with: pip install 'wirewatch[charts]'"


def available() -> bool:
    """Whether charts can be drawn here."""
    return find_spec("matplotlib") is not None


def chart_of(summary: Summary, zone: tzinfo) -> bytes:
    """The chart of a summary. Raises ``WirewatchError`` where matplotlib is not installed."""
    return draw(summary.timeline, title_of(summary), words.period(summary, zone), zone)


def title_of(summary: Summary) -> str:
    """What stands above the chart."""
    return f"Alerts {summary.about}" if summary.about else "Alerts"


def chart_post(post: SummaryPost, key: str) -> ChartPost:
    """What the chart below a posted summary is drawn from."""
    made = post.summary
    return ChartPost(key, title_of(made), words.period(made, post.tz), alt_of(made), post.zone, made.timeline)


def file_of(post: ChartPost) -> File:
    """The chart as a picture to be posted. Raises ``WirewatchError`` where matplotlib is not installed."""
    drawn = draw(post.timeline, post.title, post.period, ZoneInfo(post.zone))
    return File(post.key, post.title, post.alt, drawn)


def alt_of(summary: Summary) -> str:
    """The chart in words, for people who do not see it."""
    busiest = ", ".join(f"{name} {sum(counts)}" for name, counts in summary.timeline.series.items())
    return f"Bar chart: {words.number(summary.alerts, 'alert')} over time by country: {busiest or 'none'}"


def draw(timeline: Timeline, title: str, period: str, zone: tzinfo) -> bytes:
    """The picture. Raises ``WirewatchError`` where matplotlib is not installed."""
    if not available():
        raise WirewatchError(MISSING)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=_GROUND)
    axes = figure.add_axes((0.06, 0.12, 0.915, 0.64), facecolor=_GROUND)
    places = range(len(timeline.starts))
    floor = [0] * len(timeline.starts)
    colours = iter(_COLOURS)
    for name, counts in timeline.series.items():
        colour = _OTHERS if name == OTHERS else next(colours, _OTHERS)
        axes.bar(places, counts, bottom=floor, width=0.82, color=colour, label=_label(name), zorder=3)
        floor = [below + count for below, count in zip(floor, counts, strict=True)]
    axes.set_xlim(-0.7, len(floor) - 0.3)
    axes.set_ylim(0, max(floor, default=0) * 1.08 or 1)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.grid(axis="y", color=_GRID, linewidth=0.8, zorder=0)
    ticks = _ticks(len(timeline.starts))
    axes.set_xticks(ticks, [_tick(timeline.starts[at].astimezone(zone), timeline.step) for at in ticks])
    axes.tick_params(colors=_FAINT, labelsize=9.5, length=0, pad=6)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(_GRID)
    figure.text(0.06, 0.93, _fitting(title), fontsize=14, fontweight="bold", color=_INK, va="center")
    figure.text(0.975, 0.93, _fitting(period), fontsize=9.5, color=_FAINT, va="center", ha="right")
    if timeline.series:
        figure.legend(
            loc="center left",
            bbox_to_anchor=(0.05, 0.835),
            ncols=len(timeline.series),
            frameon=False,
            fontsize=9.5,
            labelcolor=_INK,
            handlelength=0.9,
            handleheight=0.9,
            handletextpad=0.5,
            columnspacing=1.4,
        )
    else:
        axes.text(0.5, 0.5, "no alerts", transform=axes.transAxes, ha="center", va="center", fontsize=13, color=_FAINT)
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="png", dpi=DPI, facecolor=_GROUND)
    return picture.getvalue()


def _label(name: str) -> str:
    """Short enough that seven of them stand in one row; matplotlib hides labels that begin with an underscore."""
    return (name if len(name) <= 18 else f"{name[:17].rstrip()}…").lstrip("_")


def _fitting(text: str) -> str:
    plain = text.replace("$", r"\$")  # matplotlib would set what stands between two of them as a formula
    return plain if len(plain) <= 62 else f"{plain[:61].rstrip()}…"


def _ticks(number: int) -> Sequence[int]:
    """Evenly spaced places, the last one always among them."""
    gap = -(-number // TICKS_MAX)
    return range((number - 1) % gap, number, gap)


def _tick(at: datetime, step: timedelta) -> str:
    if step >= timedelta(days=1):
        return f"{at:%-d %b}"
    if step >= timedelta(hours=6):
        return f"{at:%a %-d}\n{at:%H:%M}"
    return f"{at:%H:%M}"
