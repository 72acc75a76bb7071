"""Statements that every poll runs: their text is made once for each kind of database, and values pass as they are.

SQLAlchemy looks at a statement and at the type of each of its values anew, each time. For an update of twenty rows that
took longer than the database did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Column, CompoundSelect, Connection, Delete, Insert, Select, Table, Update
from sqlalchemy.sql.compiler import SQLCompiler

from bot.store.queries.dialect import chunks

_AT_ONCE = 32  # rows in one statement: as many texts, at most, are kept ready by SQLite and the driver

Values = Sequence[Any]
"""Of one row. They are what the driver takes: texts that are storable, and times in microseconds."""


class Prepared:
    """``names`` are the parameters of the statement, in the order in which a row gives their values. What comes back
    are values as the driver gives them, too."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any] | Insert | Update | Delete, *names: str) -> None:
        self._statement = statement
        self._names = names
        self._made: dict[str, _Made] = {}  # by the name of the dialect

    def ask(self, connection: Connection, *values: Any) -> Sequence[Any]:
        """All rows of the answer, as tuples."""
        text, arranged = self._for(connection)
        return connection.exec_driver_sql(text, arranged(values)).all()

    def write(self, connection: Connection, rows: Iterable[Values]) -> None:
        """Once for each of the rows, of which there is at least one."""
        text, arranged = self._for(connection)
        connection.exec_driver_sql(text, list(map(arranged, rows)))

    def _for(self, connection: Connection) -> _Made:
        name = connection.dialect.name
        if name not in self._made:
            compiled = self._statement.compile(dialect=connection.dialect)
            assert isinstance(compiled, SQLCompiler)
            self._made[name] = _Made(str(compiled), _arrangement(self._names, compiled))
        return self._made[name]


class NewRows:
    """``INSERT`` of rows that hold values of ``columns``; those that break a unique constraint are passed over. SQLite
    and Postgres share the text."""

    def __init__(self, table: Table, columns: Sequence[Column[Any]], returning: Sequence[Column[Any]]) -> None:
        self._table = table
        self._columns = columns
        self._returning = returning
        self._made: dict[tuple[str, int], str] = {}  # by the name of the dialect and how many rows

    def write(self, connection: Connection, rows: Sequence[Values]) -> list[Any]:
        """What is asked of the rows that were written, as tuples, in whatever order."""
        written: list[Any] = []
        for part in chunks(rows, _AT_ONCE):
            text = self._for(connection, len(part))
            written += connection.exec_driver_sql(text, tuple(chain.from_iterable(part))).all()
        return written

    def _for(self, connection: Connection, rows: int) -> str:
        which = connection.dialect.name, rows
        if which not in self._made:
            quote = connection.dialect.identifier_preparer.quote
            mark = "?" if connection.dialect.positional else "%s"
            one = f"({', '.join([mark] * len(self._columns))})"
            columns, asked = (", ".join(quote(c.name) for c in some) for some in (self._columns, self._returning))
            into = f"INSERT INTO {quote(self._table.name)} ({columns}) VALUES {', '.join([one] * rows)}"
            self._made[which] = f"{into} ON CONFLICT DO NOTHING RETURNING {asked}"
        return self._made[which]


class _Made(NamedTuple):
    text: str
    arranged: Callable[[Values], Any]  # a row as the driver wants its values


def _arrangement(names: tuple[str, ...], compiled: SQLCompiler) -> Callable[[Values], Any]:
    """By name, or in the order in which the text asks for them: some several times. The statement's own constants
    (texts and numbers) come with them."""
    own = {name: value for name, value in compiled.params.items() if name not in names}
    if compiled.positiontup is None:
        return lambda values: dict(zip(names, values, strict=True)) | own
    places = [(*names, *own).index(name) for name in compiled.positiontup]
    constants = tuple(own.values())
    if places == list(range(len(names))):
        return tuple
    if len(places) == 1:
        return lambda values: ((*values, *constants)[places[0]],)
    in_order = itemgetter(*places)
    return lambda values: in_order((*values, *constants))
