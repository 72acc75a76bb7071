"""The few places where databases spell the same thing differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Integer, Table, Text, and_, bindparam, not_, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from bot.people import WATCH_PREFIX
from bot.store.codec import compact

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


def names_watch(connection: Connection, rule_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a rule is a watch, as :func:`bot.people.is_watch` tells of its id."""
    if connection.dialect.name == "postgresql":
        return rule_id.op("~", is_comparison=True)(f"^{WATCH_PREFIX}[0-9]+$")
    alike = rule_id.op("GLOB", is_comparison=True)
    return and_(alike(f"{WATCH_PREFIX}[0-9]*"), not_(alike(f"{WATCH_PREFIX}*[^0-9]*")))


def chunks(values: Sequence[T], size: int = IN_MAX) -> Iterator[Sequence[T]]:
    return (values[i : i + size] for i in range(0, len(values), size))


# -- questions about many rows --------------------------------------------------------------------------------------
# The values travel as one JSON array, so that such a question is one statement, made once, whatever their number: an
# IN (...) of its own length is written anew each time, which took five times as long as the search itself.


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column has one of the values that the parameter ``name`` holds as :func:`listed` makes it: texts, or
    numbers where the column holds such."""
    numbers = isinstance(column.type, Integer)
    values = _Numbers if numbers else _Texts
    return column.op("IN", is_comparison=True)(values(bindparam(name, type_=Text)))


def both_among(first: ColumnElement[str], second: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Whether two columns hold one of the pairs of texts; it takes the index over both."""
    return tuple_(first, second).op("IN", is_comparison=True)(_Pairs(bindparam(name, type_=Text)))


def listed(values: Iterable[str | int | tuple[str, str]]) -> str:
    """The value of such a parameter. Texts must be storable."""
    return compact(list(values))


class _Texts(FunctionElement[Any]):
    inherit_cache = True


class _Numbers(FunctionElement[Any]):
    inherit_cache = True


class _Pairs(FunctionElement[Any]):
    inherit_cache = True


@compiles(_Texts, "sqlite")
@compiles(_Numbers, "sqlite")
def _values_in_sqlite(element: FunctionElement[Any], compiler: Any, **how: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **how)}))"


@compiles(_Pairs, "sqlite")
def _pairs_in_sqlite(element: FunctionElement[Any], compiler: Any, **how: Any) -> str:
    pair = "json_extract(value, '$[0]'), json_extract(value, '$[1]')"
    return f"(SELECT {pair} FROM json_each({compiler.process(element.clauses, **how)}))"


@compiles(_Texts, "postgresql")
def _texts_in_postgres(element: FunctionElement[Any], compiler: Any, **how: Any) -> str:
    return f"(SELECT json_array_elements_text(CAST({compiler.process(element.clauses, **how)} AS json)))"


@compiles(_Numbers, "postgresql")
def _numbers_in_postgres(element: FunctionElement[Any], compiler: Any, **how: Any) -> str:
    array = f"CAST({compiler.process(element.clauses, **how)} AS json)"
    return f"(SELECT CAST(json_array_elements_text({array}) AS bigint))"


@compiles(_Pairs, "postgresql")
def _pairs_in_postgres(element: FunctionElement[Any], compiler: Any, **how: Any) -> str:
    array = f"CAST({compiler.process(element.clauses, **how)} AS json)"
    return f"(SELECT pair ->> 0, pair ->> 1 FROM json_array_elements({array}) AS pair)"
