"""The few places where databases spell the same thing differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

IN_MAX = 500  # values in one IN (...): far below SQLite's 32,766 variables, and few shapes for the statement cache


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
