"""Search and periods of the SQL store; see :class:`bot.store.summary_port.SummaryStore`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from bot import search
from bot.store.articles_port import Archived
from bot.store.queries import search as search_rows
from bot.store.queries import summary
from bot.store.summary_port import AlertLine, FiredCount, FiredLine, Hit, StoryLine, Watched


class SqlSummary(ABC):
    """What :class:`bot.store.sql.SqlStore` inherits."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]: ...

    def search(
        self,
        query: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        source: str | None = None,
        limit: int = 10,
    ) -> tuple[Hit, ...]:
        asked = search.parse(query)
        with self._read() as connection:
            return search_rows.search(connection, asked, since, until, source, limit)

    def alert_lines(
        self, since: datetime, until: datetime, sources: Sequence[str] = (), *, rules: bool = True
    ) -> tuple[AlertLine, ...]:
        with self._read() as connection:
            return summary.alert_lines(connection, since, until, sources, rules)

    def fired_lines(self, alert_ids: Sequence[str]) -> Mapping[str, tuple[FiredLine, ...]]:
        with self._read() as connection:
            return summary.fired_lines(connection, alert_ids)

    def fired_counts(
        self, since: datetime, until: datetime, sources: Sequence[str] = (), *, by_country: bool = True
    ) -> tuple[FiredCount, ...]:
        with self._read() as connection:
            return summary.fired_counts(connection, since, until, sources, by_country)

    def watched(self, since: datetime, until: datetime) -> tuple[Watched, ...]:
        with self._read() as connection:
            return summary.watched(connection, since, until)

    def story_lines(self, story_ids: Sequence[str]) -> Mapping[str, StoryLine]:
        with self._read() as connection:
            return summary.story_lines(connection, story_ids)

    def story_documents(
        self, story_ids: Sequence[str], limit: int, text_max: int
    ) -> Mapping[str, tuple[Archived, ...]]:
        with self._read() as connection:
            return summary.story_documents(connection, story_ids, limit, text_max)

    def archive_begins(self) -> datetime | None:
        with self._read() as connection:
            return summary.archive_begins(connection)
