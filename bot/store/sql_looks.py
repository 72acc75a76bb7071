"""Looks at pages in the SQL store; see :class:`bot.store.looks_port.LooksStore`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.store.looks_port import Look
from bot.store.noise_port import DecisionRow
from bot.store.outbox_port import NewDelivery
from bot.store.queries import looks as rows
from bot.store.queries import noise, outbox


class SqlLooks(ABC):
    """What :class:`bot.store.sql.SqlStore` inherits."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def _write(self) -> AbstractContextManager[Connection]: ...

    def looks_due(self, now: datetime, after: Sequence[timedelta], confirm: timedelta, limit: int) -> tuple[Look, ...]:
        with self._read() as connection:
            return rows.due(connection, now, after, confirm, limit)

    def looked(self, alert_id: str, looks: int, now: datetime, missing_since: datetime | None) -> None:
        with self._write() as connection:
            rows.record(connection, alert_id, looks, now, missing_since)

    def take_down(
        self,
        alert_id: str,
        reason: str,
        now: datetime,
        deliveries: Sequence[NewDelivery],
        decisions: Sequence[DecisionRow],
    ) -> None:
        with self._write() as connection:
            rows.gone(connection, alert_id, reason, now)
            outbox.enqueue(connection, deliveries)
            noise.insert_decisions(connection, decisions)
