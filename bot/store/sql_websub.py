"""Publishers that push, in the SQL store; see :class:`bot.store.websub_port.WebSubStore`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from bot.store.queries import sources, subscriptions
from bot.store.sources_port import Lease
from bot.websub.subscription import Subscription


class SqlWebSub(ABC):
    """What :class:`bot.store.sql.SqlStore` inherits."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def _write(self) -> AbstractContextManager[Connection]: ...

    def subscriptions(self) -> tuple[Subscription, ...]:
        with self._read() as connection:
            return subscriptions.every(connection)

    def keep_subscriptions(self, kept: Iterable[Subscription], gone: Iterable[str] = ()) -> None:
        with self._write() as connection:
            subscriptions.keep(connection, kept, gone)

    def look(self, source_id: str) -> Lease | None:
        with self._read() as connection:
            return sources.look(connection, source_id)

    def hasten(self, due: Mapping[str, datetime]) -> None:
        with self._write() as connection:
            sources.hasten(connection, due)
