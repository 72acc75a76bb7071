"""A summary as posts of the outbox: its text, and the chart that follows it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.summary import words
from bot.summary.model import Summary, Timeline


@dataclass(frozen=True, slots=True)
class SummaryPost:
    """The text. ``name`` is the schedule's, ``zone`` names the time zone in which times are told."""

    key: str
    name: str
    zone: str
    summary: Summary

    @property
    def title(self) -> str:
        return words.title(self.summary)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class ChartPost:
    """What the chart is drawn from, when its turn has come. ``alt`` says in words what it shows."""

    key: str
    title: str
    period: str
    alt: str
    zone: str
    timeline: Timeline
