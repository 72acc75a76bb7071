"""Stores to test: a fresh SQLite file, and a fresh database of Postgres where ``WIREWATCH_TEST_POSTGRES`` names a
server (:mod:`tests.databases`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.store.sql import SqlStore
from tests.databases import POSTGRES, Postgres, put_store

MakeStore = Callable[[], SqlStore]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not (url := os.environ.get(POSTGRES)):
        pytest.skip(f"{POSTGRES} names no server")
    server = Postgres(url)
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> Postgres | None:
    """The server, or none for SQLite."""
    server: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgres" else None
    return server


@pytest.fixture
def store_url(backend: Postgres | None, tmp_path: Path) -> str:
    """Of a database at the newest revision."""
    return backend.at_newest_revision() if backend else put_store(tmp_path / "data" / "store.db")


@pytest.fixture
def empty_url(backend: Postgres | None, tmp_path: Path) -> str:
    """Of a database without a table."""
    return backend.empty() if backend else f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def make_store(store_url: str) -> Iterator[MakeStore]:
    """Opens another store on the same database each time; all are closed at the end."""
    made: list[SqlStore] = []

    def make() -> SqlStore:
        store = SqlStore(store_url)
        made.append(store)
        store.open()
        return store

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make_store: MakeStore) -> SqlStore:
    return make_store()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a store of SQLite may be put; nothing is there yet."""
    return tmp_path / "store.db"


@pytest.fixture
def sqlite_store(file: Path) -> Iterator[SqlStore]:
    """Open, on ``file``, and impatient with locks."""
    store = SqlStore(put_store(file), busy_timeout_s=0.05)
    store.open()
    yield store
    store.close()
