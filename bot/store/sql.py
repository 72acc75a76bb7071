"""The store on SQLAlchemy Core: SQLite beside the bot, or Postgres; one code path.

A method is one transaction. Methods may be called from any thread, but writers wait for each other, which is why the
bot has only one (:class:`bot.store.writer.StoreThread`). The SQL stands in :mod:`bot.store.queries`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Select, column, inspect, select, table, update

from bot.articles.identity import Kept, Name
from bot.errors import NoStoreError, StoreError
from bot.message import Call, DeliveryState, Receipt
from bot.model import Article, Revision, Source
from bot.store.articles_port import Archived, RuleHits, Sample, StoredStory
from bot.store.base import Batch
from bot.store.engine import BUSY_TIMEOUT_S, WRITES, Place, connect, make_private, use_wal
from bot.store.faults import explained
from bot.store.lock import AdvisoryLock, FileLock
from bot.store.outbox_port import Delivered, Delivery, Followed, NewDelivery
from bot.store.queries import archive, articles, care, chat_sources, identities, outbox, revisions
from bot.store.queries import sources as source_rows
from bot.store.queries.batches import write_all, write_together
from bot.store.schema import REVISION, VERSION_TABLE, meta
from bot.store.sources_port import Lease, SourceRecord, SourceStatus
from bot.store.sql_insight import SqlInsight
from bot.store.sql_looks import SqlLooks
from bot.store.sql_noise import SqlNoise
from bot.store.sql_people import SqlPeople
from bot.store.sql_states import SqlStates
from bot.store.sql_summary import SqlSummary
from bot.store.sql_websub import SqlWebSub


class SqlStore(SqlInsight, SqlLooks, SqlNoise, SqlPeople, SqlStates, SqlSummary, SqlWebSub):
    """See :class:`bot.store.base.Store`. ``url`` is SQLAlchemy's (``sqlite:///var/wirewatch.db``); ``busy_timeout_s``
    is how long a locked SQLite file is waited for, in seconds. Raises ``StoreError`` for a URL that cannot be used."""

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._place = Place.parse(url)
        self._busy_timeout_s = busy_timeout_s
        self._lock: FileLock | AdvisoryLock | None = None
        self._engine: Engine | None = None
        self._writing: Engine | None = None  # the same one, for transactions that write
        self._shared = threading.local()  # the connection of a snapshot, for the thread that asked for it

    # -- life ---------------------------------------------------------------------------------------------------
    def open(self) -> None:
        file = self._place.file
        if file is not None and not file.exists():
            raise NoStoreError(
                f"store: there is no store at {file} yet; `wirewatch run` creates and fills it, "
                "`wirewatch db upgrade` creates it"
            )
        with explained(self._place.label):
            engine = self._connected()
            try:
                self._check_revision(self._revision(engine))
                if file is not None:
                    use_wal(file, self._busy_timeout_s)
            except BaseException:
                self._disconnect()
                raise

    @property
    def file(self) -> Path | None:
        """The SQLite file; ``None`` for Postgres."""
        return self._place.file

    def close(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._disconnect()

    def upgrade(self) -> tuple[str, str]:
        self._make_folder()
        if self._place.file is not None:
            make_private(self._place.file)
        was_open = self._engine is not None
        try:
            with explained(self._place.label):
                engine = self._connected()
                before = self._revision(engine)
                if before == REVISION:
                    return before, before
                from bot.store import migrations  # alembic takes a third of a start to import, and is rarely needed

                if before and before not in migrations.revisions():
                    self._check_revision(before)
                if self._place.file is not None:
                    use_wal(self._place.file, self._busy_timeout_s)
                with self._write() as connection:
                    return before, migrations.upgrade(connection)
        finally:
            if not was_open:
                self._disconnect()

    def acquire(self) -> None:
        if self._lock is not None:
            return
        if self._place.file is not None:
            self._make_folder()
        lock = self._own_lock()
        with explained(self._place.label):
            lock.acquire()
        self._lock = lock

    def holder(self) -> str | None:
        """Which process or connection has acquired this store; ``None`` if no bot runs on it. Raises ``StoreError``."""
        with explained(self._place.label):
            return self._own_lock().holder()

    def _own_lock(self) -> FileLock | AdvisoryLock:
        if self._place.file is not None:
            return FileLock(self._place.file.with_name(self._place.file.name + ".lock"))
        return AdvisoryLock(self._connected(), self._place.label)

    def check(self) -> None:
        with self._write() as connection:  # writing a row as it is takes the whole way to the disk
            connection.execute(update(meta).where(meta.c.key == "application").values(value=meta.c.value))

    # -- sources ------------------------------------------------------------------------------------------------
    def sync_sources(self, sources: Iterable[Source], now: datetime, spread_s: Mapping[str, float]) -> None:
        with self._write() as connection:
            source_rows.sync(connection, sources, now, spread_s)

    def lease_due(self, now: datetime, limit: int, until: datetime) -> tuple[Lease, ...]:
        with self._write() as connection:
            return source_rows.lease_due(connection, now, limit, until)

    def release_leases(self) -> int:
        with self._write() as connection:
            return source_rows.release_leases(connection)

    def make_due(self, now: datetime) -> None:
        with self._write() as connection:
            source_rows.make_due(connection, now)

    def next_due(self) -> datetime | None:
        with self._read() as connection:
            return source_rows.next_due(connection)

    def source_statuses(self) -> tuple[SourceStatus, ...]:
        with self._read() as connection:
            return source_rows.statuses(connection)

    def source_record(self, source_id: str, since: datetime) -> SourceRecord:
        with self._read() as connection:
            return source_rows.record_of(connection, source_id, since)

    def chat_sources(self) -> tuple[Source, ...]:
        with self._read() as connection:
            return chat_sources.listed(connection)

    def add_source(self, source: Source, now: datetime, by: str = "") -> bool:
        with self._write() as connection:
            return chat_sources.add(connection, source, now, by)

    def remove_source(self, source_id: str) -> bool:
        with self._write() as connection:
            return chat_sources.remove(connection, source_id)

    # -- articles -----------------------------------------------------------------------------------------------
    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self._read() as connection:
            self._shared.connection = connection
            try:
                yield
            finally:
                self._shared.connection = None

    def known_articles(self, keys: Sequence[str], guids: Sequence[Name]) -> tuple[set[str], set[Name]]:
        with self._read() as connection:
            return articles.known(connection, keys, guids)

    def content_hashes(self, keys: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        with self._read() as connection:
            return identities.content_hashes(connection, keys)

    def namesakes(self, guids: Sequence[Name], urls: Sequence[Name], hashes: Sequence[Name]) -> tuple[Article, ...]:
        with self._read() as connection:
            return identities.namesakes(connection, guids, urls, hashes)

    def kept(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        with self._read() as connection:
            return identities.kept(connection, keys)

    def recent_stories(self, since: datetime) -> tuple[StoredStory, ...]:
        with self._read() as connection:
            return articles.recent_stories(connection, since)

    def commit(self, batch: Batch) -> tuple[str, ...]:
        (result,) = self.commit_all([batch])
        if isinstance(result, Exception):
            raise result
        return result

    def commit_all(self, batches: Sequence[Batch]) -> tuple[tuple[str, ...] | Exception, ...]:
        if not batches:
            return ()
        with self._write() as connection:
            return write_all(connection, batches)

    def commit_together(self, batches: Sequence[Batch]) -> tuple[tuple[str, ...], ...]:
        with self._write() as connection:
            return write_together(connection, batches)

    def revisions(self, article_key: str) -> tuple[Revision, ...]:
        with self._read() as connection:
            return revisions.versions(connection, article_key)

    def archive(self, since: datetime, after: int, limit: int) -> tuple[Archived, ...]:
        with self._read() as connection:
            return archive.page(connection, since, after, limit)

    def archive_size(self, since: datetime) -> int:
        with self._read() as connection:
            return archive.size(connection, since)

    def rule_hits(self, since: datetime) -> tuple[RuleHits, ...]:
        with self._read() as connection:
            return archive.rule_hits(connection, since)

    def samples(self, rule_id: str, limit: int) -> tuple[Sample, ...]:
        with self._read() as connection:
            return archive.samples(connection, rule_id, limit)

    # -- outbox -------------------------------------------------------------------------------------------------
    def enqueue(self, deliveries: Sequence[NewDelivery]) -> int:
        with self._write() as connection:
            return outbox.enqueue(connection, deliveries)

    def pending(self, channel: str, limit: int) -> tuple[Delivery, ...]:
        with self._read() as connection:
            return outbox.pending(connection, channel, limit)

    def pending_count(self, channel: str) -> int:
        with self._read() as connection:
            return outbox.pending_count(connection, channel)

    def pending_channels(self) -> tuple[str, ...]:
        with self._read() as connection:
            return outbox.pending_channels(connection)

    def mark_sending(self, delivery_id: int, now: datetime) -> None:
        with self._write() as connection:
            outbox.mark_sending(connection, delivery_id, now)

    def mark_sent(self, delivery_id: int, receipt: Receipt) -> None:
        with self._write() as connection:
            outbox.mark_sent(connection, delivery_id, receipt)

    def mark_waiting(self, delivery_id: int, not_before: datetime | None, error: str) -> None:
        with self._write() as connection:
            outbox.mark_waiting(connection, delivery_id, not_before, error)

    def mark_parked(self, delivery_id: int, error: str) -> None:
        with self._write() as connection:
            outbox.mark_parked(connection, delivery_id, error)

    def mark_dropped(self, delivery_id: int, reason: str) -> None:
        with self._write() as connection:
            outbox.mark_dropped(connection, delivery_id, reason)

    def replace_with_digest(self, channel: str, delivery_ids: Sequence[int], digest: NewDelivery) -> None:
        with self._write() as connection:
            outbox.fold(connection, channel, delivery_ids, digest)

    def unpark(self, channel: str | None, now: datetime) -> int:
        with self._write() as connection:
            return outbox.unpark(connection, channel, now)

    def deliveries(self, states: Sequence[DeliveryState], limit: int) -> tuple[Delivery, ...]:
        with self._read() as connection:
            return outbox.in_states(connection, states, limit)

    def receipt(self, key: str) -> Receipt | None:
        with self._read() as connection:
            return outbox.receipt(connection, key)

    def followed(self, key: str) -> Followed | None:
        with self._read() as connection:
            return outbox.followed(connection, key)

    def last_call(self, channel: str) -> Call | None:
        with self._read() as connection:
            return outbox.last_call(connection, channel)

    def alert_of_delivery(self, key: str) -> Delivered | None:
        with self._read() as connection:
            return outbox.behind(connection, key)

    # -- care ---------------------------------------------------------------------------------------------------
    def purge(self, before: datetime, limit: int = 1000) -> int:
        with self._write() as connection:
            return care.purge(connection, before, limit)

    def counts(self) -> Mapping[str, int]:
        with self._read() as connection:
            return care.counts(connection)

    # -- connections --------------------------------------------------------------------------------------------
    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """A transaction that only reads; within :meth:`snapshot`, that one."""
        shared: Connection | None = getattr(self._shared, "connection", None)
        if shared is not None:
            yield shared
            return
        with explained(self._place.label), self._in_use().begin() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """One transaction, committed at the end unless something is raised."""
        self._in_use()
        assert self._writing is not None
        with explained(self._place.label), self._writing.begin() as connection:
            yield connection

    def _in_use(self) -> Engine:
        if self._engine is None:
            raise StoreError(f"store: {self._place.label} is not open")
        return self._engine

    def _connected(self) -> Engine:
        if self._engine is None:
            self._engine = connect(self._place, self._busy_timeout_s)
            self._writing = self._engine.execution_options(**{WRITES: True})
        return self._engine

    def _disconnect(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = self._writing = None

    def _make_folder(self) -> None:
        file = self._place.file
        if file is None:
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"store: cannot create the folder {file.parent} ({error.strerror}); create it for the user that runs "
                "Wirewatch, or name another one in `store:`"
            ) from error

    # -- schema -------------------------------------------------------------------------------------------------
    def _revision(self, engine: Engine) -> str:
        """Empty for a database without tables. Raises ``StoreError`` for one that is not ours."""
        with engine.begin() as connection:
            tables = inspect(connection).get_table_names()
            if VERSION_TABLE in tables:
                version: Select[tuple[str]] = select(column("version_num")).select_from(table(VERSION_TABLE))
                return str(connection.execute(version).scalar() or "")
        if tables:
            raise StoreError(
                f"store: {self._place.label} is the database of another program (it has a table {min(tables)!r}); "
                "name another one in `store:`"
            )
        return ""

    def _check_revision(self, revision: str) -> None:
        if revision == REVISION:
            return
        from bot.store import migrations

        where = self._place.label
        if not revision:
            raise StoreError(f"store: {where} is empty; set it up with `wirewatch db upgrade`")
        if revision in migrations.revisions():
            raise StoreError(
                f"store: {where} was written by an older Wirewatch (revision {revision}); make a backup, "
                "then run `wirewatch db upgrade`"
            )
        raise StoreError(
            f"store: {where} was written by a newer Wirewatch (revision {revision}, this one knows {REVISION}); "
            "install that version again, or restore a backup"
        )
