"""What a digest or summary did not see: which sources brought no news in its period, why, and for how long. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.model import Source
from bot.source_state import Outage, SourceState
from bot.words import brief

LEAST = timedelta(minutes=30)  # shorter gaps are not told: what came meanwhile was still in the feed afterwards
SHOWN = 5  # sources named, those that were out longest first; the rest are counted

_WORDS = {
    SourceState.FAILING: "failing",
    SourceState.BLOCKED: "blocked",
    SourceState.GONE: "gone",
    SourceState.SILENT: "silent",
}


def coverage(outages: Iterable[Outage], sources: Iterable[Source], since: datetime, until: datetime) -> str:
    """One line on the period from ``since`` to ``until``, such as ``140 of 142 sources read throughout; BBC World
    failing for 2 h 10 min; Le Monde silent throughout``.

    ``outages`` may hold more than the period and more than the enabled ``sources``; only what is in both counts.
    Empty where there are no sources.
    """
    names = {source.id: source.name for source in sources if source.enabled}
    if not names:
        return ""
    lost: dict[str, dict[SourceState, timedelta]] = {}
    for outage in outages:
        time = min(outage.end or until, until) - max(outage.begin, since)
        if outage.source_id in names and time > timedelta():
            times = lost.setdefault(outage.source_id, {})
            times[outage.state] = times.get(outage.state, timedelta()) + time
    totals = {source_id: sum(times.values(), timedelta()) for source_id, times in lost.items()}
    told = sorted((s for s in totals if totals[s] >= LEAST), key=lambda s: (-totals[s], names[s]))
    if not told:
        return f"All {len(names)} sources were read throughout" if len(names) > 1 else "The source was read throughout"
    parts = [f"{len(names) - len(told)} of {_sources(len(names))} read throughout"]
    parts += [_one(names[s], lost[s], totals[s], until - since) for s in told[:SHOWN]]
    if len(told) > SHOWN:
        parts.append(f"{len(told) - SHOWN} more had gaps")
    return "; ".join(parts)


def _one(name: str, times: dict[SourceState, timedelta], total: timedelta, period: timedelta) -> str:
    worst: Sequence[SourceState] = sorted(times, key=lambda state: -times[state])
    words = " and ".join(_WORDS[state] for state in worst)
    return f"{name} {words} throughout" if total >= period else f"{name} {words} for {brief(total)}"


def _sources(count: int) -> str:
    return f"{count} source" if count == 1 else f"{count} sources"
