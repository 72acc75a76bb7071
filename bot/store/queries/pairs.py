"""The index behind searches for words of scripts without spaces, on SQLite: which articles hold which two characters in
a row.

An index of words knows whole runs of such a script only, so what stands inside them would have to be looked for in the
texts. A word of two characters is one of these pairs, a longer one several that an article must hold; what is found so
is still looked into, as the pairs may stand apart. It is kept by the statements that write articles, not by triggers:
those would have to call this function, and whoever opened the file without it could change no article.

An article has its pairs where more than half of it is in such a script. For others nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from sqlalchemy import Connection, TextClause, select, text

from bot.search import pairs
from bot.store.columns import storable
from bot.store.schema import PAIRS_TABLE, SPACELESS, articles

Written = tuple[int, str, str]
"""Row id, title and text of an article as they are stored."""

_ADD = text(f"INSERT INTO {PAIRS_TABLE} (rowid, pairs) VALUES (:id, :pairs)")
# An index without its texts is told what it is to forget.
_DROP = text(f"INSERT INTO {PAIRS_TABLE} ({PAIRS_TABLE}, rowid, pairs) VALUES ('delete', :id, :pairs)")


def add(connection: Connection, rows: Iterable[Written]) -> None:
    """Take articles up."""
    _write(connection, _ADD, rows)


def drop(connection: Connection, rows: Iterable[Written]) -> None:
    """Forget them; they must be as they were when they were added."""
    _write(connection, _DROP, rows)


def drop_all(connection: Connection, ids: Sequence[int]) -> None:
    """The same for the articles of these rows, before they go."""
    if connection.dialect.name == "sqlite":
        theirs = articles.c.id, articles.c.title, articles.c.text
        found = connection.execute(select(*theirs).where(articles.c.id.in_(ids), SPACELESS["sqlite"]))
        drop(connection, [(row.id, row.title, row.text) for row in found])


def _write(connection: Connection, statement: TextClause, rows: Iterable[Written]) -> None:
    if connection.dialect.name != "sqlite":
        return
    found = [{"id": number, "pairs": made} for number, title, words in rows if (made := pairs_of(title, words))]
    if found:
        connection.execute(statement, found)


def pairs_of(title: str, words: str) -> str:
    """What the index holds of an article; empty for one that is not mostly in such a script. The same of the same
    article always: a change of this asks for a migration that makes the index anew."""
    if title.isascii() and words.isascii():
        return ""
    title, words = storable(title), storable(words)
    if len(title.encode()) + len(words.encode()) <= 1.5 * (len(title) + len(words)):  # as bot.store.schema.SPACELESS
        return ""
    return " ".join(dict.fromkeys((*pairs(title), *pairs(words))))


def expression(runs: Sequence[str]) -> str:
    """What finds the articles that may hold all the runs. A single character begins pairs, or ends a run and is one."""
    wanted = [f'"{run}" *' if len(run) == 1 else f'"{one}"' for run in runs for one in _inner(run)]
    return " AND ".join(dict.fromkeys(wanted))


def _inner(run: str) -> Iterable[str]:
    return map("".join, pairwise(run)) if len(run) > 1 else (run,)
