"""Votes, audit and watches of the SQL store; see :class:`bot.store.people_port.PeopleStore`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from bot.model import Alert
from bot.people import AuditEntry, Feedback, NewAudit, NewWatch, Watch
from bot.store.people_port import ANY, Filter
from bot.store.queries import people


class SqlPeople(ABC):
    """What :class:`bot.store.sql.SqlStore` inherits."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def _write(self) -> AbstractContextManager[Connection]: ...

    def vote(self, feedback: Feedback) -> tuple[Feedback, ...]:
        with self._write() as connection:
            return people.vote(connection, feedback)

    def votes(self, alert_id: str) -> tuple[Feedback, ...]:
        with self._read() as connection:
            return people.votes(connection, alert_id)

    def voted(self, key: str) -> tuple[int, int]:
        with self._read() as connection:
            return people.voted(connection, key)

    def feedback(self, since: datetime) -> tuple[Feedback, ...]:
        with self._read() as connection:
            return people.feedback(connection, since)

    def note_change(self, change: NewAudit) -> AuditEntry:
        with self._write() as connection:
            return people.note_change(connection, change)

    def audit(self, since: datetime, limit: int) -> tuple[AuditEntry, ...]:
        with self._read() as connection:
            return people.audit(connection, since, limit)

    def add_watch(self, watch: NewWatch) -> Watch:
        with self._write() as connection:
            return people.add_watch(connection, watch)

    def remove_watch(self, watch_id: int) -> bool:
        with self._write() as connection:
            return people.remove_watch(connection, watch_id)

    def watches(self) -> tuple[Watch, ...]:
        with self._read() as connection:
            return people.watches(connection)

    def latest_alerts(self, since: datetime, limit: int, wanted: Filter = ANY) -> tuple[Alert, ...]:
        with self._read() as connection:
            return people.latest_alerts(connection, since, limit, wanted)

    def remembered(self, key: str) -> str:
        with self._read() as connection:
            return people.remembered(connection, key)

    def remember(self, key: str, value: str) -> None:
        with self._write() as connection:
            people.remember(connection, key, value)
