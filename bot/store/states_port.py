"""The part of the store's port that tells how sources are doing. See :mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.roster.news import SourceNotice
from bot.roster.state import LastRead, Outage, SourceState
from bot.store.outbox_port import NewDelivery


class StatesStore(Protocol):
    """States of sources over time, and of hosts as a whole."""

    def state_counts(self) -> Mapping[SourceState, int]:
        """How many sources are in each state; states that none is in are left out."""
        ...

    def outages(self, since: datetime, until: datetime) -> tuple[Outage, ...]:
        """The times in which a source brought no news (it failed, was blocked, gone or silent) that touch
        ``since`` to ``until``, by their begin."""
        ...

    def last_reads(self) -> Mapping[str, LastRead]:
        """The last success of each source that ever had one."""
        ...

    def untold(self) -> tuple[SourceNotice, ...]:
        """What polls brought for the operators and :meth:`tell` was not called for yet, in order."""
        ...

    def tell(self, deliveries: Sequence[NewDelivery], told: Sequence[SourceNotice]) -> None:
        """Put posts into the outbox and forget the words that stand in them, in one transaction."""
        ...

    def put_off(self, host: str, until: datetime, spread_s: float) -> int:
        """Let no source whose address is on ``host`` fall due before ``until``; they take their turns within
        ``spread_s`` seconds after it. Returns how many were put off."""
        ...

    def postpone(self, due: Mapping[str, datetime], why: Mapping[str, str] = {}) -> None:
        """Give leased sources back without having polled them; each falls due at its moment. ``why`` is what their
        status says of it until they are polled; nothing new where it is left out."""
        ...
