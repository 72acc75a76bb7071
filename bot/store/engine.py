"""Connections: what a URL means, and how SQLite is set up so that nothing is lost.

SQLite runs in WAL mode, so that readers and the writer do not wait for each other, with ``synchronous=FULL``: a
commit that was reported stands after a power cut. ``NORMAL`` would lose the last commits then, among them "this is
being posted", and the alert would be posted twice. It costs one fsync for each transaction, which group commit
(:mod:`bot.store.writer`) shares between all that wait at that moment.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from bot.errors import StoreError
from bot.extras import how_to_add

WRITES = "wirewatch_writes"
"""The execution option that marks a connection as a writer's."""

BUSY_TIMEOUT_S = 5.0  # seconds; longer than any transaction of ours, short enough to tell a person about it


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is. ``file`` is the resolved path for SQLite; ``label`` is what errors show, free of secrets."""

    url: URL
    label: str
    file: Path | None

    @classmethod
    def parse(cls, url: str) -> Place:
        """Raises ``StoreError`` for what is not a database URL, or names no file."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise StoreError(
                "store: the `store:` setting is not a database URL; write sqlite:///var/wirewatch.db "
                "or postgresql+psycopg://user@host/name"
            ) from error
        if parsed.get_backend_name() == "postgresql":
            return cls(parsed, parsed.set(query={}).render_as_string(hide_password=True), None)
        if parsed.get_backend_name() != "sqlite":
            raise StoreError(f"store: Wirewatch keeps its data in SQLite or Postgres, not in {parsed.drivername}")
        name = parsed.database or ""
        if name in ("", ":memory:") or name.startswith("file:"):
            raise StoreError("store: SQLite needs a plain file here, such as sqlite:///var/wirewatch.db")
        file = Path(os.path.realpath(os.path.expanduser(name)))
        return cls(parsed.set(database=str(file)), str(file), file)


def connect(place: Place, busy_timeout_s: float) -> Engine:
    """A lazy engine: nothing is opened yet. Raises ``StoreError`` where the driver is missing."""
    try:
        if place.file is None:
            return create_engine(place.url, pool_pre_ping=True)
        engine = create_engine(place.url, connect_args={"timeout": busy_timeout_s})
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            f"store: the driver for {place.url.drivername} is not installed; write postgresql+psycopg:// and "
            f"{how_to_add('postgres')}, or use sqlite:///"
        ) from error
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, record: object) -> None:
    # Off: the driver's own guess when to begin a transaction, which leaves DDL and SELECT outside of one.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    # A writer that begins as a reader can be refused at its first write, however long it would wait.
    writes = connection.get_execution_options().get(WRITES)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    connection.connection.cursor().execute(begin)  # as a statement of SQLAlchemy's it takes ten times as long


def make_private(file: Path) -> None:
    """Make the file of a new database, for its owner alone: it will hold the secrets of subscriptions, and what people
    watch. SQLite gives what stands beside it (``-wal``, ``-shm``) the same rights. One that is there stays as it is;
    where it cannot be made, opening it will say why."""
    with contextlib.suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def use_wal(file: Path, busy_timeout_s: float) -> None:
    """Switch the file to WAL, which it remembers. Raises ``sqlite3.Error``."""
    connection = sqlite3.connect(file, timeout=busy_timeout_s, isolation_level=None)
    try:
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
