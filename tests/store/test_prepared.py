"""Statements that are prepared say on each database what they say unprepared."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Integer, Text, bindparam, case, func, insert, select, update

from bot.store.columns import Micros, to_micros
from bot.store.queries.prepared import Prepared
from bot.store.schema import meta, sources
from bot.store.sql import SqlStore
from tests.store.conftest import MakeStore
from tests.store.samples import T0, source

ODD = ("plain", "it's", "100 %(name)s %s ?", ":name", "é ü 日本 🙂", "")


@pytest.fixture
def store(make_store: MakeStore) -> SqlStore:
    store = make_store()
    store.sync_sources([source("a"), source("b")], T0, {})
    return store


def test_rows_are_written_as_they_are_given(store: SqlStore) -> None:
    add = Prepared(insert(meta).values(key=bindparam("name"), value=bindparam("text")), "text", "name")
    read = Prepared(select(meta.c.value).where(meta.c.key == bindparam("name", type_=Text)), "name")
    with store._write() as connection:
        add.write(connection, [(text, f"odd {n}") for n, text in enumerate(ODD)])
        for n, text in enumerate(ODD):
            assert read.ask(connection, f"odd {n}") == [(text,)]
        assert read.ask(connection, "odd") == []


def test_a_value_may_stand_in_a_statement_twice_and_beside_its_own_constants(store: SqlStore) -> None:
    at = bindparam("at", type_=Micros)
    change = Prepared(
        update(sources)
        .where(sources.c.id == bindparam("id", type_=Text))
        .values(
            last_poll_at=at,
            last_success_at=at,
            lease_until=None,
            last_outcome="100 %",
            failures=case((bindparam("ok", type_=Integer) == 1, 0), else_=sources.c.failures + 7),
        ),
        *("id", "ok", "at"),
    )
    kept = (sources.c.last_poll_at, sources.c.last_success_at, sources.c.last_outcome, sources.c.failures)
    read = Prepared(select(sources.c.id, *kept).where(func.length(sources.c.id) == 1).order_by(sources.c.id))
    one, other = to_micros(T0), to_micros(T0 + timedelta(days=1))
    with store._write() as connection:
        change.write(connection, [("a", 0, one), ("b", 1, other)])
        assert read.ask(connection) == [("a", one, one, "100 %", 7), ("b", other, other, "100 %", 0)]
