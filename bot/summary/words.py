"""A summary in words: what every rendering says, whatever its markup. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from bot.summary.model import Count, Summary, Told

COUNTS_SHOWN = 6  # countries or rules in a line; more are counted


def title(summary: Summary) -> str:
    """``News summary: high and above, about North Korea``."""
    if summary.about.startswith("about "):
        return f"News summary {summary.about}"
    return f"News summary: {summary.about}" if summary.about else "News summary"


def period(summary: Summary, zone: tzinfo) -> str:
    """``24 Nov 10:44 to 25 Nov 10:44 (UTC)``; whole days without times of day."""
    since, until = summary.since.astimezone(zone), summary.until.astimezone(zone)
    whole = (since.hour, since.minute) == (until.hour, until.minute) == (0, 0)
    if whole:
        last = until - timedelta(days=1)
        return f"{since:%-d %b %Y}" if last.date() == since.date() else f"{since:%-d %b} to {last:%-d %b %Y}"
    if since.date() == until.date():
        return f"{since:%-d %b}, {since:%H:%M} to {until:%H:%M} ({until:%Z})"
    return f"{_moment(since)} to {_moment(until)} ({until:%Z})"


def _moment(at: datetime) -> str:
    return f"{at:%-d %b %H:%M}"


def head(summary: Summary) -> str:
    """``48 alerts in 17 stories, from 2,310 articles``."""
    alerts, total = summary.alerts, summary.total
    if not alerts:
        return f"no alerts among {number(summary.articles, 'article')}" if summary.articles else "nothing was read"
    return (
        f"{number(alerts, 'alert')} in {number(total, 'story', 'stories')}, from {number(summary.articles, 'article')}"
    )


def opening(summary: Summary, zone: tzinfo) -> str:
    """``24 Nov 2026. No alerts among 2,310 articles.``"""
    said = head(summary)
    return f"{period(summary, zone)}. {said[:1].upper()}{said[1:]}."


def number(count: int, one: str, many: str = "") -> str:
    """``1 alert``, ``2,310 articles``."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def meta(story: Told) -> str:
    """``high · 3 independent sources · Arms deal``; the countries stand apart, with their flags."""
    outlets = "1 source" if story.sources == 1 else f"{story.sources} independent sources"
    fresh = "" if story.is_new else "continues"
    parts = (story.severity.word, outlets, fresh, ", ".join(story.rules[:2]), story.retracted)
    return " · ".join(part for part in parts if part)


def counts(found: Sequence[Count], shown: int = COUNTS_SHOWN) -> str:
    """``🇰🇵 North Korea 12 (+5), 🇷🇺 Russia 9 (−2) and 4 more``."""
    parts = [count(one) for one in found[:shown]]
    rest = len(found) - shown
    return ", ".join(parts) + (f" and {rest} more" if rest > 0 else "")


def count(one: Count) -> str:
    """``🇰🇵 North Korea 12 (+5)``."""
    name = f"{one.flag} {one.name}" if one.flag else one.name
    return f"{name} {one.now:,}{change(one)}"


def change(one: Count) -> str:
    """`` (+5)``, `` (−2)``, `` (=)``, `` (new)``; empty where there is nothing to compare with."""
    if one.before is None:
        return ""
    if one.before == 0:
        return " (new)"
    difference = one.now - one.before
    return f" ({'=' if not difference else f'+{difference:,}' if difference > 0 else f'−{-difference:,}'})"


def compared(summary: Summary) -> str:
    """What the changes are against, where any are shown."""
    if any(one.before is not None for one in (*summary.countries, *summary.rules)):
        return "in brackets: against the period of the same length before"
    if summary.alerts:
        return "no comparison: the archive does not reach back over the period before"
    return ""


def left_out(summary: Summary) -> str:
    """``9 more stories`` that are not told; empty where all are."""
    rest = summary.total - len(summary.stories)
    return number(rest, "more story", "more stories") if rest > 0 else ""


def footer(summary: Summary) -> tuple[str, ...]:
    """What a reader should know of how it was made; each a sentence without a full stop."""
    written = (
        f"Sentences by {summary.model}, or quoted; each rests on the item that it links to"
        if summary.model
        else "Each sentence is quoted from the item that it links to"
    )
    lines = (summary.note, summary.coverage, written if summary.stories else "")
    return tuple(line for line in lines if line)
