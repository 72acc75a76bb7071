"""A source's posting rhythm: how often it brings something, how long it usually pauses. Pure.

What is kept is a summary of the times between its items, not the items: a count and a span, both fading, whose
quotient is the mean pause; the longest pause, fading by the month; when the first and the latest item came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MEMORY = 60  # items that weigh in the mean; older ones fade
LONGEST_HALF_LIFE = timedelta(days=30)  # a long pause counts half as much a month later
LEAST_ITEMS = 5  # pauses seen before a rhythm is believed
SILENT_TIMES = 3  # a source is silent after so many of its longest pauses: nights, weekends and holidays are in them
SILENT_FLOOR = timedelta(hours=12)  # and never before this
WEEK = timedelta(days=7)
SILENT_FLOOR_EARLY = timedelta(days=3)  # nor before this while no whole week was seen: it might pause at weekends

_FADE = 1 - 1 / MEMORY
_HALF_LIFE_S = LONGEST_HALF_LIFE.total_seconds()
_SHORT_S = SILENT_FLOOR.total_seconds()  # no silence before this


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``count`` pauses over ``span_s`` seconds, both fading; the longest of them; when the first and the latest item
    came."""

    count: float = 0.0
    span_s: float = 0.0
    longest_s: float = 0.0
    first: datetime | None = None
    latest: datetime | None = None

    @property
    def known(self) -> bool:
        """Whether enough was seen to go by."""
        return self.count >= LEAST_ITEMS and self.latest is not None

    def pause(self, now: datetime) -> timedelta | None:
        """The mean pause between two items, the silence up to ``now`` included; ``None`` while too little is known."""
        if not self.known or self.latest is None:
            return None
        silence = max((now - self.latest).total_seconds(), 0.0)
        return timedelta(seconds=max(self.span_s / self.count, (self.span_s + silence) / (self.count + 1)))

    def silent_after(self) -> timedelta | None:
        """How long nothing may come before the source counts as silent; ``None`` while too little is known."""
        if not self.known or self.first is None or self.latest is None:
            return None
        floor = SILENT_FLOOR if self.latest - self.first >= WEEK else SILENT_FLOOR_EARLY
        return max(SILENT_TIMES * timedelta(seconds=self.longest_s), floor)


def learn(rhythm: Rhythm, arrivals: Iterable[datetime], now: datetime) -> Rhythm:
    """The rhythm after new items that came at ``arrivals`` (as published; in any order, the future cut to ``now``)."""
    for moment in sorted(min(moment, now) for moment in arrivals):
        rhythm = _after(rhythm, moment)
    return rhythm


def _after(rhythm: Rhythm, moment: datetime) -> Rhythm:
    if rhythm.latest is None:
        return replace(rhythm, first=moment, latest=moment)
    if moment <= rhythm.latest:
        return rhythm  # items of one batch are one arrival, and an old one that turned up late is none
    pause = (moment - rhythm.latest).total_seconds()
    usual = pause
    if pause > _SHORT_S and (silent := rhythm.silent_after()) is not None:
        usual = min(pause, silent.total_seconds())  # an outage is no rhythm
    longest = max(rhythm.longest_s * 0.5 ** (pause / _HALF_LIFE_S), usual)
    return Rhythm(rhythm.count * _FADE + 1, rhythm.span_s * _FADE + usual, longest, rhythm.first, moment)
