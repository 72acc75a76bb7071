"""Questions about many rows at once: whatever the values are, and however many, the answer is that of one by one."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.store.queries.articles import guid_mark, key_mark, known
from bot.store.queries.dialect import among, both_among, listed
from bot.store.schema import articles, forgotten, sources
from bot.store.sql import SqlStore
from tests.store.conftest import MakeStore
from tests.store.samples import T0, batch, source

ODD = (
    "plain",
    "",
    "it's",
    'a "quoted" one',
    "back\\slash",
    "100 %(s)s ?",
    "[1, 2]",
    "null",
    "1",
    "é ü 日本 🙂",
    "a,b",
    " ",
)


@pytest.fixture
def store(make_store: MakeStore) -> SqlStore:
    return make_store()


def test_rows_are_found_by_any_text_however_odd(store: SqlStore) -> None:
    store.sync_sources([source(name) for name in ODD], T0, {})
    question = select(sources.c.id).where(among(sources.c.id, "ids"))
    with store._read() as connection:
        for name in ODD:
            assert connection.scalars(question, {"ids": listed([name])}).all() == [name]
        assert set(connection.scalars(question, {"ids": listed([*ODD, "", "unknown"])})) == set(ODD)
        assert connection.scalars(question, {"ids": listed([])}).all() == []


def test_rows_are_found_by_numbers_of_64_bits(store: SqlStore) -> None:
    marks = [-(2**63), -1, 0, 7, 2**63 - 1]
    question = select(forgotten.c.mark).where(among(forgotten.c.mark, "marks")).order_by(forgotten.c.mark)
    with store._write() as connection:
        connection.execute(forgotten.insert(), [{"mark": mark} for mark in marks])
        assert connection.scalars(question, {"marks": listed([*marks, 8])}).all() == marks


def test_a_pair_is_not_found_by_halves(store: SqlStore) -> None:
    store.sync_sources([source("a"), source("b")], T0, {})
    store.commit(batch("1", source_id="a"))
    store.commit(batch("2", source_id="b"))
    question = select(articles.c.key).where(both_among(articles.c.source_id, articles.c.guid, "names"))
    with store._read() as connection:
        assert connection.scalars(question, {"names": listed([("a", "guid-1")])}).all() == ["key-1"]
        assert connection.scalars(question, {"names": listed([("a", "guid-2"), ("b", "guid-1")])}).all() == []


def test_ten_thousand_names_are_one_question(store: SqlStore) -> None:
    store.sync_sources([source("a")], T0, {})
    store.commit(batch(*map(str, range(20)), source_id="a"))
    with store._write() as connection:
        connection.execute(forgotten.insert(), [{"mark": key_mark("key-9000")}, {"mark": guid_mark("a", "guid-9000")}])
        names = [("a", f"guid-{n}") for n in range(10_000)]
        keys, guids = known(connection, [f"key-{n}" for n in range(10_000)], names)
    assert keys == {*(f"key-{n}" for n in range(20)), "key-9000"}
    assert guids == {*(("a", f"guid-{n}") for n in range(20)), ("a", "guid-9000")}
