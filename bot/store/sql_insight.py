"""What looks back in the SQL store; see :class:`bot.store.insight_port.InsightStore`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from bot.record import Address, Found, Record
from bot.reports.report import Told
from bot.store.queries import record, told


class SqlInsight(ABC):
    """What :class:`bot.store.sql.SqlStore` inherits."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]: ...

    def find_article(self, address: Address) -> Found:
        with self._read() as connection:
            return record.find(connection, address)

    def record(self, key: str) -> Record | None:
        with self._read() as connection:
            return record.read(connection, key)

    def told(self, since: datetime, until: datetime) -> tuple[Told, ...]:
        with self._read() as connection:
            return told.between(connection, since, until)

    def told_of(self, alert_ids: Sequence[str]) -> tuple[Told, ...]:
        with self._read() as connection:
            return told.of(connection, alert_ids)
