"""Stores to test: a fresh SQLite file, and Postgres where ``WIREWATCH_TEST_POSTGRES`` names a URL.

The Postgres database is emptied before each test: name one that holds nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.store.sql import SqlStore

POSTGRES = "WIREWATCH_TEST_POSTGRES"

MakeStore = Callable[[], SqlStore]


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/store.db"
    url = os.environ.get(POSTGRES)
    if not url:
        pytest.skip(f"{POSTGRES} names no database")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def make_store(store_url: str) -> Iterator[MakeStore]:
    """Opens another store on the same database each time; all are closed at the end."""
    made: list[SqlStore] = []

    def make() -> SqlStore:
        store = SqlStore(store_url)
        made.append(store)
        store.upgrade()
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
    store = SqlStore(f"sqlite:///{file}", busy_timeout_s=0.05)
    store.upgrade()
    store.open()
    yield store
    store.close()
