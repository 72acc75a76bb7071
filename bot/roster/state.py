"""How a source is doing, in the words that people see, and what polls remember of it from one to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.polling.cadence import Cadence
from bot.polling.rhythm import Rhythm
from bot.websub.offer import Offer


class SourceState(StrEnum):
    """The states of a source: a closed set that also labels the metric ``wirewatch_sources``."""

    NEW = "new"  # not polled yet
    OK = "ok"
    SLOW = "slow"  # works, and is late: long answers, or it asks to be read less often
    SILENT = "silent"  # answers, and has brought nothing for far longer than its rhythm
    FAILING = "failing"
    MOVED = "moved"  # works, at another address than the configured one
    GONE = "gone"  # said so itself (410); not polled any more
    BLOCKED = "blocked"  # turns us away: 401, 403, a bot wall
    OFF = "off"  # switched off, or no longer among the sources


OUT = frozenset({SourceState.SILENT, SourceState.FAILING, SourceState.GONE, SourceState.BLOCKED})
"""The states in which a source brings no news: what :class:`Outage` is about."""


PUT_OFF = "put off: "
"""How the reason of an interval begins while something else than the interval decides when the next turn is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state and the reason for it: one sentence without a full stop; empty where the state says it all."""

    state: SourceState
    reason: str = ""


FRESH = Standing(SourceState.NEW)


@dataclass(frozen=True, slots=True)
class Outage:
    """A time during which a source brought no news. ``state`` is one of :data:`OUT`; ``end`` is ``None`` while it
    lasts."""

    source_id: str
    state: SourceState
    reason: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class LastRead:
    """When a source was last read without an error, and the interval chosen since; ``None`` where none was."""

    at: datetime
    interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect under observation: it pointed to ``url`` each time since ``since``."""

    url: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """What a poll leaves for the next one, besides validators and counts."""

    rhythm: Rhythm = field(default_factory=Rhythm)
    cadence: Cadence = field(default_factory=Cadence)
    move: Move | None = None
    slow: bool = False  # the last answer took long
    told: SourceState | None = None  # the trouble that the operators heard of and that is not over
    told_silent: bool = False  # whether they heard that it has fallen silent, and nothing came since
    told_url: str = ""  # the address that they heard it has moved to
    offer: Offer | None = None  # the hubs that its last whole answer named
    looked: bool = False  # whether an answer was read for hubs at all; sources of older versions were not


BLANK = Memory()
