"""Databases for tests. Migrating one costs more than most tests do with it: it is done once in each process, and what
came of it is copied."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from bot.model import Article
from bot.record import Address
from bot.store.sql import SqlStore

POSTGRES = "WIREWATCH_TEST_POSTGRES"
"""The environment variable that names a Postgres server for tests: the URL of a database on it, which is left alone,
with a user who may create others."""


def put_store(file: Path) -> str:
    """Write an SQLite store without a row, at the newest revision, unless the file is there; its URL."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)
        file.write_bytes(_without_a_row())
    return f"sqlite:///{file}"


def open_store(file: Path) -> SqlStore:
    """The store of :func:`put_store`, open. Whoever asks closes it."""
    store = SqlStore(put_store(file))
    store.open()
    return store


def article_at(store: SqlStore, url: str) -> Article | None:
    """The newest article of an address, as ``wirewatch why`` finds it."""
    for key in store.find_article(Address(url, url, "")).keys:
        record = store.record(key)
        assert record is not None
        return record.article
    return None


@cache
def _without_a_row() -> bytes:
    with tempfile.TemporaryDirectory(prefix="wirewatch-") as folder:
        file = Path(folder) / "store.db"
        _migrate(f"sqlite:///{file}")
        return file.read_bytes()


def _migrate(url: str) -> None:
    store = SqlStore(url)
    store.upgrade()
    store.open()
    store.close()  # with SQLite, the write-ahead log goes into the file


class Postgres:
    """Databases of this process on one server, dropped by :meth:`close`."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._admin = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._migrated = ""

    def empty(self) -> str:
        """The URL of a database without a table, which takes the place of the last one that was asked for."""
        return self._made("wirewatch_test")

    def at_newest_revision(self) -> str:
        """The same with all tables, none of which holds a row."""
        if not self._migrated:
            url = self._made("wirewatch_template")
            _migrate(url)
            self._migrated = self._name("wirewatch_template")
        return self._made("wirewatch_test", self._migrated)

    def close(self) -> None:
        for purpose in ("wirewatch_test", "wirewatch_template"):
            self._run(f"DROP DATABASE IF EXISTS {self._name(purpose)} WITH (FORCE)")
        self._admin.dispose()

    def _name(self, purpose: str) -> str:
        return f"{purpose}_{os.getpid()}"  # of several processes that test at once, each has its own

    def _made(self, purpose: str, template: str = "template0") -> str:
        name = self._name(purpose)
        # FORCE: a store that a failed test left open does not hinder the next one.
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, *statements: str) -> None:
        with self._admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
