"""The port to the database: one method for each question that the stages ask.

Implementations are synchronous and may block; the event loop reaches them through
:class:`bot.store.writer.StoreThread` only. Every method is one transaction: it happens whole or not at all.
All raise :class:`~bot.errors.StoreError` with one sentence for a person (read-only, full, locked, corrupt).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from bot.follow.thread import Marks
from bot.identity import Kept
from bot.model import (
    Alert,
    Article,
    DeliveryKind,
    DeliveryState,
    Digest,
    Evidence,
    HttpState,
    Match,
    Message,
    Notice,
    Receipt,
    Revised,
    Revision,
    Source,
    TextFrom,
)
from bot.source_state import BLANK, FRESH, Memory, SourceState, Standing
from bot.store.insight_port import InsightStore
from bot.store.noise_port import DecisionRow, NewHold, NoiseStore, Release
from bot.store.people_port import PeopleStore
from bot.store.states_port import StatesStore
from bot.store.summary_port import SummaryStore

VERSIONS_MAX = 20  # of one article; a page that changes with every look must not fill the disk


@dataclass(frozen=True, slots=True)
class Lease:
    """A source that is due and now belongs to the caller until the lease runs out.

    ``first`` is true while no poll of it has succeeded yet; ``failures`` counts those in a row. ``standing`` is how
    the last poll left it, since ``since``; ``url_in_use`` where permanent redirects moved it (empty: as configured);
    ``memory`` what that poll wanted remembered; ``elapsed_s`` how long it took.
    """

    source_id: str
    state: HttpState
    first: bool
    failures: int
    last_success: datetime | None
    standing: Standing = FRESH
    since: datetime | None = None
    url_in_use: str = ""
    memory: Memory = BLANK
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Poll:
    """How a poll ended. ``outcome`` is ``ok``, ``not_modified`` or a :class:`~bot.errors.FetchReason` value;
    ``error`` the sentence for people (empty on success). ``state``, ``memory``, ``url_in_use`` and ``interval`` (with
    its reason) are kept when they are ``None``; without a ``standing`` the source is ``ok`` or ``failing``.
    ``next_poll_at`` is :data:`NEVER` for a source that is to be polled no more."""

    source_id: str
    finished_at: datetime
    next_poll_at: datetime
    outcome: str
    error: str = ""
    state: HttpState | None = None
    items: int = 0
    new_items: int = 0
    elapsed_s: float = 0.0
    standing: Standing | None = None
    memory: Memory | None = None
    url_in_use: str | None = None
    interval: timedelta | None = None
    interval_reason: str | None = None

    @property
    def ok(self) -> bool:
        return self.outcome in ("ok", "not_modified")


NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a source falls due that said it is gone."""


Payload = Message | Digest | Notice


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A post to make. ``payload.key`` is the delivery key: unique over all deliveries. ``follows`` is the delivery key
    of the post that an update, reply or raise is about; empty for the other kinds."""

    channel: str
    kind: DeliveryKind
    payload: Payload
    created_at: datetime
    alert_ids: tuple[str, ...] = ()
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox. Order within a channel is that of ``id``."""

    id: int
    channel: str
    kind: DeliveryKind
    payload: Payload
    state: DeliveryState
    attempts: int
    not_before: datetime | None
    created_at: datetime
    last_error: str = ""
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a post that another delivery follows. ``receipt`` is there once it is sent. ``folded``: it went
    into a digest, and state and receipt are the digest's."""

    state: DeliveryState
    receipt: Receipt | None
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """What stands behind a delivery key: ``payload`` as the post shows it now, its last rewriting included."""

    key: str
    channel: str
    kind: DeliveryKind
    payload: Payload
    alert_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredStory:
    """What the story stage needs to know of an article when it starts again."""

    story_id: str
    article_key: str
    canonical_url: str
    content_hash: str
    title: str
    text: str
    published: datetime
    fetched_at: datetime
    source_id: str
    channels: frozenset[str]  # that heard of the story by this article


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that one poll changes; written in one transaction.

    ``stories`` maps an article key to (story id, reason). Articles whose key is known are not written again, nor is
    a delivery whose key is known, so that the same batch may be written twice without harm. An article has at most
    one alert, the first that was written; a delivery whose ``alert_ids`` were all beaten that way is not written
    either, so that two sources bringing the same article at the same moment alert once. A revision gives the stored
    article the words and the addresses of its newest version, and keeps the earlier ones; one that is stored already,
    or whose article has been purged, changes nothing.
    """

    poll: Poll
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


@dataclass(frozen=True, slots=True)
class Archived:
    """An article of the archive; ``number`` counts up with the order in which they were stored."""

    number: int
    article: Article


@dataclass(frozen=True, slots=True)
class RuleHits:
    """How often a rule fired on a day (UTC). ``shadow``: on trial, so nothing was posted."""

    rule_id: str
    day: date
    count: int
    shadow: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """An article that a rule fired on, and by what."""

    article: Article
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What ``sources list`` shows of a source.

    ``reason`` says why it is in its state, ``since`` when it came into it. ``next_poll_at`` is ``None`` for one that
    is not polled. ``interval`` is what was chosen at the last poll, and ``interval_reason`` why; ``url_in_use`` is set
    where permanent redirects moved it; ``latest_item`` is when its newest item came.
    """

    source_id: str
    state: SourceState
    next_poll_at: datetime | None
    last_poll: datetime | None
    last_success: datetime | None
    failures: int
    error: str
    items_total: int
    reason: str = ""
    since: datetime | None = None
    interval: timedelta | None = None
    interval_reason: str = ""
    url_in_use: str = ""
    latest_item: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What ``sources show`` counts. ``items`` are the new ones of the time asked for, ``texts`` how many of them have
    their text from where, and why (:class:`~bot.model.TextFrom`, ``text_note``), most first; ``state`` goes into the
    next request."""

    state: HttpState = field(default_factory=HttpState)
    items: int = 0
    texts: tuple[tuple[TextFrom, str, int], ...] = ()


class Store(InsightStore, NoiseStore, PeopleStore, StatesStore, SummaryStore, Protocol):
    """See the module."""

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

    # -- sources ------------------------------------------------------------------------------------------------
    def sync_sources(self, sources: Iterable[Source], now: datetime, spread_s: Mapping[str, float]) -> None:
        """Make the table hold exactly these. New ones are due at ``now`` plus their ``spread_s``; state of those
        that stay is kept; those that went are switched off, with their history."""
        ...

    def lease_due(self, now: datetime, limit: int, until: datetime) -> tuple[Lease, ...]:
        """The enabled sources with ``next_poll_at <= now`` and no live lease, longest overdue first."""
        ...

    def release_leases(self) -> int:
        """Free the sources that a killed process had leased, so that they need not wait for the lease to run out.
        Only for whoever holds :meth:`acquire`, before the first lease. Returns how many."""
        ...

    def make_due(self, now: datetime) -> None:
        """Let every enabled source fall due now, whatever its turn was (``run --once``), but those that are gone."""
        ...

    def next_due(self) -> datetime | None:
        """When the next source falls due; one that is leased, not before its lease runs out."""
        ...

    def source_statuses(self) -> tuple[SourceStatus, ...]: ...

    def source_record(self, source_id: str, since: datetime) -> SourceRecord:
        """What was read from a source since then, and what it told us to send back. Empty for one that is unknown."""
        ...

    def chat_sources(self) -> tuple[Source, ...]:
        """The sources that people added with a command, in the order in which they came. They are polled once
        :meth:`sync_sources` was told of them, like those of the rules folders."""
        ...

    def add_source(self, source: Source, now: datetime, by: str = "") -> bool:
        """Keep a source that ``by`` added. ``False``, and nothing changed, if its id is among :meth:`chat_sources`."""
        ...

    def remove_source(self, source_id: str) -> bool:
        """Drop a source from :meth:`chat_sources`; what was read from it stays. ``False`` if it is not there."""
        ...

    # -- articles -----------------------------------------------------------------------------------------------
    def known_articles(self, source_id: str, keys: Sequence[str], guids: Sequence[str]) -> tuple[set[str], set[str]]:
        """Which of the keys (over all sources) and which of the guids (of this source) are stored, or were and have
        been purged. Empty keys and guids are never known."""
        ...

    def content_hashes(self, keys: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Source id and content hash of those that are stored, by key."""
        ...

    def namesakes(
        self, source_id: str, guids: Sequence[str], urls: Sequence[str], hashes: Sequence[str]
    ) -> tuple[Article, ...]:
        """The stored articles of a source with one of the guids, canonical addresses or content hashes, newest first.
        Empty strings name nothing."""
        ...

    def kept(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Articles with the record of their edits, by key."""
        ...

    def recent_stories(self, since: datetime) -> tuple[StoredStory, ...]:
        """Articles published since then that belong to a story, oldest first."""
        ...

    def commit(self, batch: Batch) -> tuple[str, ...]:
        """Write a poll's outcome. Returns the keys of the articles that were new."""
        ...

    def commit_all(self, batches: Sequence[Batch]) -> tuple[tuple[str, ...] | Exception, ...]:
        """Write many outcomes in one transaction. Each batch is whole or absent: one that cannot be written gives its
        exception in its place and leaves the others alone. Raises ``StoreError``, with none of them written, where
        the database itself refuses."""
        ...

    def article_by_url(self, url: str) -> Article | None:
        """The newest whose address, as published or canonical, is ``url``."""
        ...

    def revisions(self, article_key: str) -> tuple[Revision, ...]:
        """The versions of an article that was edited, oldest first, the current one last; none if it never was. Of many
        versions the first and the newest are kept, :data:`VERSIONS_MAX` in all."""
        ...

    def archive(self, since: datetime, after: int, limit: int) -> tuple[Archived, ...]:
        """Articles fetched since then with a number above ``after``, in order: page by page through the archive."""
        ...

    def archive_size(self, since: datetime) -> int:
        """How many articles that is."""
        ...

    def rule_hits(self, since: datetime) -> tuple[RuleHits, ...]:
        """By rule and day."""
        ...

    def samples(self, rule_id: str, limit: int) -> tuple[Sample, ...]:
        """The newest articles that a rule fired on, live or in shadow."""
        ...

    # -- outbox -------------------------------------------------------------------------------------------------
    def enqueue(self, deliveries: Sequence[NewDelivery]) -> int:
        """Add posts that no poll caused (notices, digests). Known keys are skipped. Returns how many were added.
        An update takes the place of one that waits to change the same post."""
        ...

    def pending(self, channel: str, limit: int) -> tuple[Delivery, ...]:
        """The waiting and sending deliveries of a channel, in order."""
        ...

    def pending_count(self, channel: str) -> int: ...

    def pending_channels(self) -> tuple[str, ...]:
        """The channels that something waits for."""
        ...

    def mark_sending(self, delivery_id: int, now: datetime) -> None:
        """About to be posted: from here until :meth:`mark_sent` a crash leaves it uncertain. Counts an attempt. The
        four marks raise ``StoreError`` for a delivery that is neither waiting nor sending."""
        ...

    def mark_sent(self, delivery_id: int, receipt: Receipt) -> None: ...

    def mark_waiting(self, delivery_id: int, not_before: datetime | None, error: str) -> None: ...

    def mark_parked(self, delivery_id: int, error: str) -> None: ...

    def mark_dropped(self, delivery_id: int, reason: str) -> None:
        """There is nothing left that it could change. As the other marks, only for what waits or is being sent."""
        ...

    def replace_with_digest(self, channel: str, delivery_ids: Sequence[int], digest: NewDelivery) -> None:
        """Fold waiting alert deliveries of one channel into one digest delivery, in one transaction. They are
        deliveries no longer; their keys stay known, and their receipt is the digest's. Updates that wait to change
        them go with them. Raises ``StoreError`` and folds nothing if one of them does not wait. A digest whose key is
        known changes nothing."""
        ...

    def unpark(self, channel: str | None, now: datetime) -> int:
        """Set parked deliveries (of one channel or all) to waiting, due ``now``. Attempts stay counted, so that
        one which got through before the refusal is looked up and not sent twice. Returns how many."""
        ...

    def deliveries(self, states: Sequence[DeliveryState], limit: int) -> tuple[Delivery, ...]:
        """Those in one of the states, in order."""
        ...

    def receipt(self, key: str) -> Receipt | None:
        """The proof that this was posted, alone or in a digest."""
        ...

    def followed(self, key: str) -> Followed | None:
        """What became of the post with this key; ``None`` for one that is not known (any more)."""
        ...

    def alert_of_delivery(self, key: str) -> Delivered | None:
        """What a post with this key says, and the alerts that it stands for: also of one that is still to be sent or
        went into a digest. For the buttons on it."""
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
