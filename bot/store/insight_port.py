"""The part of the store's port that looks back: one article with all that belongs to it, and what was told. See
:mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.record import Address, Found, Record
from bot.reports.report import Told


class InsightStore(Protocol):
    """For ``why`` and ``report``."""

    def find_article(self, address: Address) -> Found:
        """What is stored, or was, under an address or a guid."""
        ...

    def record(self, key: str) -> Record | None:
        """All that is stored about an article."""
        ...

    def told(self, since: datetime, until: datetime) -> tuple[Told, ...]:
        """The alerts raised from ``since`` to before ``until`` that reached a channel, oldest first."""
        ...

    def told_of(self, alert_ids: Sequence[str]) -> tuple[Told, ...]:
        """Those of these alerts that are still stored, oldest first."""
        ...
