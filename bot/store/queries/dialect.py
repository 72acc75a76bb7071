"""The few places where databases spell the same thing differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

IN_MAX = 500  # values in one IN (...): far below SQLite's 32,766 variables, and few shapes for the statement cache

PAIRS_MAX = 4_096  # searches of an index in one question; about 2 ms


def insert_new(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """``INSERT`` that passes over rows that break a unique constraint. SQLite and Postgres share the syntax, but
    SQLAlchemy keeps it with each dialect."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


def upsert(
    connection: Connection, table: Table, *, key: Mapping[str, Any], rest: Mapping[str, Any]
) -> sqlite.Insert | postgresql.Insert:
    """``INSERT`` that gives a row with the same primary key ``key`` the values ``rest``."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(table).values(**key, **rest).on_conflict_do_update(index_elements=list(key), set_=dict(rest))


def chunks(values: Sequence[T], size: int = IN_MAX) -> Iterator[Sequence[T]]:
    return (values[i : i + size] for i in range(0, len(values), size))


def named(names: Sequence[tuple[str, str]]) -> Iterator[tuple[list[str], list[str]]]:
    """Names within sources, sorted, as (sources, names) for a search with two ``IN (...)``: it takes the index over
    both columns, once for each pair. What it finds may belong to another of the sources."""
    sources: dict[str, None] = {}
    values: dict[str, None] = {}
    for source_id, value in names:
        if len({*sources, source_id}) * (len(values) + 1) > PAIRS_MAX or len(values) >= IN_MAX:
            yield list(sources), list(values)
            sources, values = {}, {}
        sources[source_id] = values[value] = None
    if sources:
        yield list(sources), list(values)
