"""The part of the store's port that keeps which pages of alerted reports were looked at again. See
:mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.store.noise_port import DecisionRow
from bot.store.outbox_port import NewDelivery


@dataclass(frozen=True, slots=True)
class Look:
    """The page of an alert's article, due to be looked at. ``missing_since`` is when it was first not found, if it was
    not found the last time."""

    alert_id: str
    source_id: str
    url: str
    alerted_at: datetime
    missing_since: datetime | None = None


class LooksStore(Protocol):
    """Looks at pages, and what was found gone."""

    def looks_due(self, now: datetime, after: Sequence[timedelta], confirm: timedelta, limit: int) -> tuple[Look, ...]:
        """Alerts that a channel was sent, alone or in a digest, whose page is due: ``after`` their making (ascending),
        or ``confirm`` after it was first not found. Not those that are gone; the ones due longest first."""
        ...

    def looked(self, alert_id: str, looks: int, now: datetime, missing_since: datetime | None) -> None:
        """A page was looked at; so many of its turns are behind it."""
        ...

    def take_down(
        self,
        alert_id: str,
        reason: str,
        now: datetime,
        deliveries: Sequence[NewDelivery],
        decisions: Sequence[DecisionRow],
    ) -> None:
        """A report is gone: note it, and enqueue what channels hear of it, in one transaction."""
        ...
