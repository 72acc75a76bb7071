"""States of sources in the SQL store; see :class:`bot.store.states_port.StatesStore`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from bot.roster.news import SourceNotice
from bot.roster.state import LastRead, Outage, SourceState
from bot.store.outbox_port import NewDelivery
from bot.store.queries import outbox, sources, states, untold


class SqlStates(ABC):
    """What :class:`bot.store.sql.SqlStore` inherits."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def _write(self) -> AbstractContextManager[Connection]: ...

    def state_counts(self) -> Mapping[SourceState, int]:
        with self._read() as connection:
            return states.counts(connection)

    def outages(self, since: datetime, until: datetime) -> tuple[Outage, ...]:
        with self._read() as connection:
            return states.outages(connection, since, until)

    def last_reads(self) -> Mapping[str, LastRead]:
        with self._read() as connection:
            return states.last_reads(connection)

    def untold(self) -> tuple[SourceNotice, ...]:
        with self._read() as connection:
            return untold.waiting(connection)

    def tell(self, deliveries: Sequence[NewDelivery], told: Sequence[SourceNotice]) -> None:
        with self._write() as connection:
            outbox.enqueue(connection, deliveries)
            untold.forget(connection, told)

    def put_off(self, host: str, until: datetime, spread_s: float) -> int:
        with self._write() as connection:
            return sources.put_off(connection, host, until, spread_s)

    def postpone(self, due: Mapping[str, datetime], why: Mapping[str, str] = {}) -> None:
        with self._write() as connection:
            sources.postpone(connection, due, why)
