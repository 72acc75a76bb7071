"""The schema: migrations and tables agree, SQLite is set up to lose nothing, every question has its index."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, event, text

from bot.message import DeliveryState
from bot.model import HoldReason, Severity
from bot.roster.state import SourceState, Standing
from bot.store import migrations
from bot.store.base import Batch
from bot.store.columns import from_micros
from bot.store.noise_port import NewHold
from bot.store.people_port import Filter
from bot.store.schema import REVISION, SEARCH_TABLE, VERSION_TABLE, metadata
from bot.store.sql import SqlStore
from tests.databases import POSTGRES, Postgres
from tests.store.conftest import MakeStore
from tests.store.samples import T0, batch, digest_delivery, minutes, notice_delivery, poll, receipt, source


def not_of_the_search(item: Any, name: str | None, kind: str, *rest: object) -> bool:
    """The full-text index is the migration's own; tests/store/test_search.py looks into it."""
    table = name if kind == "table" else item.table.name
    return not (table or "").startswith(SEARCH_TABLE)


def test_migrations_make_the_tables_that_the_code_defines(store: SqlStore, store_url: str) -> None:
    engine = create_engine(store_url)
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True, "include_object": not_of_the_search}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_revision_of_the_code_is_the_newest_migration() -> None:
    assert migrations.revisions()[-1] == REVISION


def test_the_first_upgrade_starts_from_nothing(empty_url: str) -> None:
    assert SqlStore(empty_url).upgrade() == ("", REVISION)


def test_what_an_older_version_knew_of_its_sources_becomes_their_state(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        migrations.upgrade(connection, "r0002")
        connection.execute(
            text(
                "INSERT INTO sources (id, url, definition, enabled, next_poll_at, failures, last_poll_at, "
                "last_outcome, last_error, last_elapsed_s, items_total) "
                "VALUES (:id, :url, '{}', :on, 0, :fails, :at, '', :error, 0, 0)"
            ),
            [
                {"id": "a", "url": "https://A.example/f", "on": True, "fails": 0, "at": 5, "error": ""},
                {"id": "b", "url": "https://b.example/f", "on": True, "fails": 3, "at": 7, "error": "500"},
                {"id": "c", "url": "x", "on": True, "fails": 0, "at": None, "error": ""},
            ],
        )
    engine.dispose()
    store = SqlStore(empty_url)
    store.upgrade()
    store.open()
    found = {s.source_id: (s.state, s.reason) for s in store.source_statuses()}
    assert found == {"a": ("ok", ""), "b": ("failing", "500"), "c": ("new", "")}
    assert [(o.source_id, o.reason, o.begin) for o in store.outages(from_micros(0), T0)] == [
        ("b", "500", from_micros(7))
    ]
    assert store.put_off("a.example", T0, 0) == 1
    store.close()


@pytest.fixture
def statements() -> Iterator[list[tuple[str, Any]]]:
    """All that is sent to any database meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(connection: object, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def test_sqlite_is_set_up_so_that_nothing_is_lost(sqlite_store: SqlStore, file: Path) -> None:
    pragmas: dict[str, object] = {}

    def look(connection: object) -> None:
        for name in ("journal_mode", "synchronous", "foreign_keys"):
            pragmas[name] = connection.exec_driver_sql(f"PRAGMA {name}").scalar()  # type: ignore[attr-defined]

    event.listen(Engine, "commit", look)
    try:
        sqlite_store.check()
    finally:
        event.remove(Engine, "commit", look)
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_no_question_reads_a_growing_table_from_end_to_end(
    sqlite_store: SqlStore, file: Path, statements: list[tuple[str, Any]]
) -> None:
    store = sqlite_store
    store.sync_sources([source()], T0, {})
    store.commit(batch("1", "2", "3"))
    store.enqueue([notice_delivery("n")])
    one, two, three = store.pending("desk", 9)
    store.mark_sending(one.id, T0)
    store.mark_sent(one.id, receipt("post-1"))
    store.replace_with_digest("desk", [two.id, three.id], digest_delivery("d"))
    statements.clear()

    store.lease_due(T0, 5, minutes(1))
    store.known_articles(["key-1"], [("wire", "guid-1")])
    store.recent_stories(T0)
    store.archive(T0, 0, 9)
    store.archive_size(T0)
    store.rule_hits(T0)
    store.samples("rule-1", 9)
    store.votes("alert-1")
    store.feedback(T0)
    store.audit(T0, 9)
    store.remove_watch(1)
    store.latest_alerts(T0, 9, Filter("arms-deal", "KP", "wire", Severity.HIGH, frozenset({"desk"})))
    store.remembered("commands")
    store.search("pyongyang -game", since=T0, until=minutes(1), source="wire")
    store.make_due(T0)
    store.put_off("wire.example", minutes(1), 5)
    store.commit(Batch(poll(standing=Standing(SourceState.FAILING, "500"), url_in_use="https://new.example/")))
    store.commit(Batch(poll()))
    store.outages(T0, minutes(60))
    store.namesakes([("wire", "guid-1")], [("wire", "https://wire.example/1")], [("wire", "hash-1")])
    store.threads(["story-key-1", "story-key-9"])
    store.pending("desk", 9)
    store.pending_count("desk")
    store.deliveries([DeliveryState.PARKED], 9)
    store.receipt("post-1")
    store.commit(batch("1", "5"))
    store.unpark(None, T0)
    store.decisions("key-1")
    store.alerts(["alert-key-1"])
    store.held("desk")
    store.commit(replace(batch("6"), holds=(NewHold("alert-key-6", "desk", HoldReason.QUIET, "night", T0),)))
    store.release([h.id for h in store.held("desk")], None, ())
    store.purge(minutes(-60))

    explained = [(sql, given) for sql, given in statements if sql.split()[0] in ("SELECT", "UPDATE", "DELETE")]
    assert len(explained) >= 15
    with closing(sqlite3.connect(file)) as connection:
        for sql, given in explained:
            values = given[0] if isinstance(given, list) else given
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            assert not [step for step in plan if step.startswith("SCAN") and "VIRTUAL" not in step], f"{sql}\n{plan}"


def test_a_waiting_queue_is_read_in_order_without_sorting(
    sqlite_store: SqlStore, file: Path, statements: list[tuple[str, Any]]
) -> None:
    sqlite_store.pending("desk", 9)
    (sql, given) = statements[-1]
    with closing(sqlite3.connect(file)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", given)]
    assert len(plan) == 1
    assert "ix_deliveries_pending" in plan[0]


def test_what_is_due_is_read_in_order_without_sorting(
    sqlite_store: SqlStore, file: Path, statements: list[tuple[str, Any]]
) -> None:
    sqlite_store.lease_due(T0, 5, minutes(1))
    (sql, given) = next(one for one in statements if one[0].startswith("SELECT"))
    with closing(sqlite3.connect(file)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", given)]
    assert len(plan) == 1
    assert "ix_sources_due" in plan[0]


def test_the_port_does_not_load_the_database_library() -> None:
    code = "import sys, bot.store.base, bot.store.writer; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_many_stores_share_one_database(make_store: MakeStore) -> None:
    """What one wrote, the other reads at once."""
    first, second = make_store(), make_store()
    first.sync_sources([source()], T0, {})
    first.commit(batch("1"))
    assert second.known_articles(["key-1"], [])[0] == {"key-1"}
    assert second.commit(batch("1", "2")) == ("key-2",)


def test_a_bot_on_another_database_of_the_same_server_is_another_bot(postgres: Postgres) -> None:
    one, other = SqlStore(postgres.at_newest_revision()), SqlStore(os.environ[POSTGRES])
    one.acquire()
    assert "database connection" in (one.holder() or "")
    assert other.holder() is None
    one.close()
    other.close()
