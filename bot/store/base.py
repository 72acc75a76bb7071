"""The port to the database: one method for each question that the stages ask.

Implementations are synchronous and may block; the event loop reaches them through
:class:`bot.store.writer.StoreThread` only. Every method is one transaction: it happens whole or not at all.
All raise :class:`~bot.errors.StoreError` with one sentence for a person (read-only, full, locked, corrupt).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.follow.thread import Marks
from bot.model import Alert, Article, Match, Revised
from bot.store.articles_port import ArticlesStore
from bot.store.insight_port import InsightStore
from bot.store.looks_port import LooksStore
from bot.store.noise_port import DecisionRow, NewHold, NoiseStore, Release
from bot.store.outbox_port import NewDelivery, OutboxStore
from bot.store.people_port import PeopleStore
from bot.store.sources_port import Poll, SourcesStore
from bot.store.states_port import StatesStore
from bot.store.summary_port import SummaryStore
from bot.store.websub_port import Push, WebSubStore


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that one poll or push changes; written in one transaction.

    ``stories`` maps an article key to (story id, reason). Articles whose key is known are not written again, nor is
    a delivery whose key is known, so that the same batch may be written twice without harm. An article has at most
    one alert, the first that was written; a delivery whose ``alert_ids`` were all beaten that way is not written
    either, so that two sources bringing the same article at the same moment alert once. A revision gives the stored
    article the words and the addresses of its newest version, and keeps the earlier ones; one that is stored already,
    or whose article has been purged, changes nothing.
    """

    poll: Poll | Push
    articles: Sequence[Article] = ()
    stories: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    alerts: Sequence[Alert] = ()
    deliveries: Sequence[NewDelivery] = ()
    shadow: Mapping[str, tuple[Match, ...]] = field(default_factory=dict)  # by article key: rules on trial
    revisions: Sequence[Revised] = ()
    marks: Mapping[str, Marks] = field(default_factory=dict)  # by article key, for those in ``stories``
    decisions: Sequence[DecisionRow] = ()  # of articles that are stored
    holds: Sequence[NewHold] = ()  # of alerts that are stored; a later hold of an alert on a channel replaces it
    told: Sequence[Release] = ()  # holds that end by a delivery of this batch


class Store(
    ArticlesStore,
    InsightStore,
    LooksStore,
    NoiseStore,
    OutboxStore,
    PeopleStore,
    SourcesStore,
    StatesStore,
    SummaryStore,
    WebSubStore,
    Protocol,
):
    """The whole port: a protocol for each domain, and what concerns the database as such."""

    # -- life ---------------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Connect and check that the schema is current. Raises ``StoreError`` saying ``wirewatch db upgrade`` where
        it is not; creates nothing."""
        ...

    def close(self) -> None: ...

    def upgrade(self) -> tuple[str, str]:
        """Create or migrate the schema. Returns the revisions before (empty for a new file) and after."""
        ...

    def acquire(self) -> None:
        """Become the one process that works on this store. Raises ``StoreBusyError`` naming the other's process id."""
        ...

    def check(self) -> None:
        """Raises ``StoreError`` if the store cannot be written to right now."""
        ...

    # -- writing what a poll brought ----------------------------------------------------------------------------
    def commit(self, batch: Batch) -> tuple[str, ...]:
        """Write a poll's outcome. Returns the keys of the articles that were new."""
        ...

    def commit_all(self, batches: Sequence[Batch]) -> tuple[tuple[str, ...] | Exception, ...]:
        """Write many outcomes in one transaction. Each batch is whole or absent: one that cannot be written gives its
        exception in its place and leaves the others alone. Raises ``StoreError``, with none of them written, where
        the database itself refuses."""
        ...

    def commit_together(self, batches: Sequence[Batch]) -> tuple[tuple[str, ...], ...]:
        """Write outcomes in one transaction, all or none; for each, the keys of the articles that were new. Of an
        article that several bring, the first one is written."""
        ...

    # -- care ---------------------------------------------------------------------------------------------------
    def purge(self, before: datetime, limit: int = 1000) -> int:
        """Delete articles (with their matches, alerts and sent deliveries) fetched before ``before``. What still waits
        for delivery, or is parked, stays; keys and guids stay known, since a feed may still show them. Deletes at most
        ``limit`` articles, to hold up the writer only shortly: call again until it returns less. Returns the number of
        articles deleted."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Rows by table, deliveries by state (``deliveries.waiting`` ...), and ``sources.enabled``, for status and
        metrics."""
        ...
