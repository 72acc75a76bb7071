"""What a deployment decided about noise, ready to be asked. Built from the configuration and the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.cron import Cron
from bot.model import Severity


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begin`` to ``end`` on the clocks of ``zone``, on days that begin as ``days`` say (0 is Monday); an end
    that is not after the beginning lies on the next day. ``loud`` and above go out anyhow; empty ``channels``: all."""

    begin: time
    end: time
    zone: ZoneInfo
    days: frozenset[int] = frozenset(range(7))
    loud: Severity = Severity.CRITICAL
    channels: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        return f"{self.begin:%H:%M} to {self.end:%H:%M} {self.zone.key}"


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most so many alerts of one rule on one channel within a length of time; empty sets mean all."""

    most: int
    per: timedelta
    rules: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()

    def covers(self, rule_id: str, channel: str) -> bool:
        return (not self.rules or rule_id in self.rules) and (not self.channels or channel in self.channels)


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Once ``rule`` fired in a story, ``silences`` are held there for ``within``."""

    rule: str
    silences: frozenset[str]
    within: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Demand:
    """A rule wants so many independent sources, and waits so long for them."""

    independent: int
    within: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class DigestTimes:
    """When a channel gets its digest. ``at_once`` and above do not wait for it (``None``: everything waits)."""

    cron: Cron
    zone: ZoneInfo
    at_once: Severity | None = Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """What one channel wants. Empty sets mean everything."""

    digest: DigestTimes | None = None
    languages: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()  # country codes


@dataclass(frozen=True, slots=True)
class Policy:
    """All of it. ``demands`` go by rule id. ``filtered`` is when a channel without a digest of its own hears of what
    its filters held back. ``raise_at`` is the number of independent sources at which a story is shown again (0:
    never). ``owners`` maps an outlet (a source id or a domain) to who owns it."""

    quiet: tuple[QuietHours, ...] = ()
    throttles: tuple[Throttle, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    demands: Mapping[str, Demand] = field(default_factory=dict)
    channels: Mapping[str, ChannelPolicy] = field(default_factory=dict)
    filtered: DigestTimes | None = None
    raise_at: int = 5
    owners: Mapping[str, str] = field(default_factory=dict)

    def of(self, channel: str) -> ChannelPolicy:
        return self.channels.get(channel, _PLAIN)

    def next_digest(self, channel: str, now: datetime) -> datetime | None:
        """When the channel gets its next digest: by its own times, else by those of what filters held back."""
        times = self.of(channel).digest or self.filtered
        return None if times is None else times.cron.after(now, times.zone)

    @property
    def looks_back(self) -> timedelta | None:
        """How far back the longest throttle looks."""
        return max((t.per for t in self.throttles), default=None)


_PLAIN = ChannelPolicy()
