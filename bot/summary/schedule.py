"""When a channel is due its summary, and over what time. Pure.

A summary is posted once for each time it is due. Times that passed while nothing ran are made up for by one summary,
the latest: it says how many there were, and without a period of its own it reaches back over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.cron import Cron
from bot.summary.ask import PERIOD_MAX, Ask
from bot.summary.model import Filters

LATE = timedelta(minutes=10)  # after the time; what is later says so
MISSED_MAX = 100  # counted; more are not worth an exact number


@dataclass(frozen=True, slots=True)
class Schedule:
    """One summary on one channel. ``period``: it looks back so far; ``None``: to the time before. ``stories`` are told,
    ``chart``: one follows."""

    name: str
    channel: str
    cron: Cron
    zone: ZoneInfo
    period: timedelta | None = None
    filters: Filters = field(default_factory=Filters)
    stories: int = 8
    chart: bool = True

    @property
    def mark(self) -> str:
        """Under which the last time that was dealt with is remembered."""
        return f"summary:{self.name}:{self.channel}"

    def key(self, at: datetime) -> str:
        """The delivery key of the summary that is due at ``at``: the same however often it is tried."""
        return f"{self.mark}:{at.astimezone(UTC):%Y%m%dT%H%MZ}"


@dataclass(frozen=True, slots=True)
class Due:
    """A summary to be made. ``missed`` counts the times before ``at`` that nobody dealt with."""

    schedule: Schedule
    at: datetime
    ask: Ask
    missed: int

    def note(self, now: datetime) -> str:
        """What a reader should know of its lateness, or ``""``."""
        if now - self.at < LATE:
            return ""
        when = f"{self.at.astimezone(self.schedule.zone):%-d %b %H:%M %Z}"
        text = f"due at {when}, when Wirewatch did not run"
        if not self.missed:
            return text
        many = f"{self.missed}{'+' if self.missed == MISSED_MAX else ''}"
        before = "the one" if self.missed == 1 else f"the {many}"
        covered = "does not reach back over" if self.schedule.period is not None else "stands for"
        return f"{text}; it {covered} {before} due before"


def last_time(schedule: Schedule, now: datetime) -> datetime:
    """The last time up to ``now`` at which it was due."""
    return schedule.cron.before(now, schedule.zone)


def due(schedule: Schedule, last: datetime, now: datetime) -> Due | None:
    """What is to be posted now, where ``last`` is the latest time that was dealt with; ``None`` if nothing is."""
    at = last_time(schedule, now)
    if at <= last:
        return None
    missed = 0
    before = at
    while missed < MISSED_MAX:
        before = schedule.cron.before(before - timedelta(seconds=1), schedule.zone)
        if before <= last:
            break
        missed += 1
    since = at - schedule.period if schedule.period is not None else max(min(before, last), at - PERIOD_MAX)
    return Due(schedule, at, Ask(since, at, schedule.filters), missed)
