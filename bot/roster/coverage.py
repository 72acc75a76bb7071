"""What a digest or summary did not see: which sources brought no news in its period, why, and for how long. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.model import Source
from bot.roster.state import LastRead, Outage, SourceState
from bot.words import brief

LEAST = timedelta(minutes=30)  # shorter gaps are not told: what came meanwhile was still in the feed afterwards
SHOWN = 5  # sources named, those that were out longest first; the rest are counted

_WORDS = {
    SourceState.FAILING: "failing",
    SourceState.BLOCKED: "blocked",
    SourceState.GONE: "gone",
    SourceState.SILENT: "silent",
}


def coverage(
    outages: Iterable[Outage],
    reads: Mapping[str, LastRead],
    sources: Iterable[Source],
    since: datetime,
    until: datetime,
) -> str:
    """One line on the period from ``since`` to ``until``, such as ``140 of 142 sources read throughout; BBC World
    failing for 2 h 10 min; Le Monde silent throughout``.

    ``outages`` and ``reads`` (the last success by source id) may hold more than the period and more than the enabled
    ``sources``; only what is in both counts. Empty where there are no sources.
    """
    here = {source.id: source for source in sources if source.enabled}
    if not here:
        return ""
    lost: dict[str, dict[SourceState, timedelta]] = {}
    lasting: set[str] = set()  # still out at the end, so that what came meanwhile is not read yet
    for outage in outages:
        time = min(outage.end or until, until) - max(outage.begin, since)
        if outage.source_id in reads and outage.source_id in here and time > timedelta():
            times = lost.setdefault(outage.source_id, {})
            times[outage.state] = times.get(outage.state, timedelta()) + time
            if outage.end is None or outage.end >= until:
                lasting.add(outage.source_id)
    totals = {source_id: sum(times.values(), timedelta()) for source_id, times in lost.items()}
    told = [s for s in totals if totals[s] >= LEAST or (s in lasting and totals[s] >= until - since)]
    told.sort(key=lambda s: (-totals[s], here[s].name))
    short = len(totals) - len(told)
    never = sum(1 for s in here if s not in reads)
    unread = sum(1 for s in here if s in reads and s not in lost and _left(here[s], reads[s], since, until))
    return _line(len(here), never, unread, short, [_one(here[s].name, lost[s], totals[s], until - since) for s in told])


def _left(source: Source, last: LastRead, since: datetime, until: datetime) -> bool:
    """Whether nobody asked it in the period though its turn had come, as while the bot stands still."""
    return last.at < since and last.at + 2 * (last.interval or source.every) < until


def _line(count: int, never: int, unread: int, short: int, gaps: Sequence[str]) -> str:
    rest = count - never - unread
    if not (never or unread or gaps):
        what = "The source was read" if count == 1 else f"All {count} sources were read"
        return f"{what}, {_short(short, count)}" if short else f"{what} throughout"
    if not rest and not (never and unread):
        if count == 1:
            return "The source was never read" if never else "The source was not read in this time"
        return f"None of {count} sources was {'ever read' if never else 'read in this time'}"
    parts = [f"{rest - len(gaps) - (short if gaps else 0)} of {_sources(count)} read{' throughout' if gaps else ''}"]
    parts += [f"{never} never"] if never else []
    parts += [f"{unread} not in this time"] if unread else []
    parts += gaps[:SHOWN]
    parts += [f"{len(gaps) - SHOWN} more had gaps"] if len(gaps) > SHOWN else []
    parts += [_short(short, count)] if short else []
    return "; ".join(parts)


def _short(short: int, count: int) -> str:
    gap = f"under {brief(LEAST)}"
    if count == 1:
        return f"with gaps {gap}"
    return f"{short} with {'a gap' if short == 1 else 'gaps'} {gap}"


def _one(name: str, times: dict[SourceState, timedelta], total: timedelta, period: timedelta) -> str:
    worst: Sequence[SourceState] = sorted(times, key=lambda state: -times[state])
    words = " and ".join(_WORDS[state] for state in worst)
    return f"{name} {words} throughout" if total >= period else f"{name} {words} for {brief(total)}"


def _sources(count: int) -> str:
    return f"{count} source" if count == 1 else f"{count} sources"
