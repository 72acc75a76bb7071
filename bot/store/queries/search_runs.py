"""Searching scripts without spaces: an index of words knows whole runs only.

On SQLite the pairs of characters (:mod:`bot.store.queries.pairs`) say which articles may hold what is sought; their
texts are looked into, newest first. On Postgres the texts of the newest :data:`SCANNED` articles in such scripts are,
over an index of which they are. A search that names other words as well goes over the index of those, and looks into
what that finds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from bot.message import Segment
from bot.search import Parted
from bot.store.columns import storable
from bot.store.schema import PAIRS_TABLE, SPACELESS, articles

SCANNED = 30_000  # articles on Postgres; some 100 ms
AROUND = 40  # characters on each side of what was found that a passage shows

Marked = tuple[tuple[Segment, ...], tuple[Segment, ...]]

_HOLDS = {"sqlite": "instr({of}, :{name}) > 0", "postgresql": "position(:{name} IN {of}) > 0"}
_WITHOUT = {
    "sqlite": "AND articles.id NOT IN (SELECT rowid FROM article_search WHERE article_search MATCH :without)",
    "postgresql": "AND NOT EXISTS (SELECT 1 FROM article_search WHERE article_search.article_id = articles.id "
    "AND article_search.document @@ to_tsquery('wirewatch', :without))",
}


def conditions(dialect: str, parts: Parted) -> tuple[list[str], dict[str, object]]:
    """What a row of ``articles`` must hold and must not, as SQL with its parameters."""
    sql: list[str] = []
    given: dict[str, object] = {}
    for kind, runs in (("", parts.runs), ("NOT ", parts.without_runs)):
        for run in runs:
            name = f"run{len(given)}"
            given[name] = storable(run)
            here = " OR ".join(_holds(dialect, column, name) for column in ("articles.title", "articles.text"))
            sql.append(f"AND {kind}({here})")
    return sql, given


def statement(dialect: str, parts: Parted, more: Sequence[str], without: bool) -> str:
    """The newest articles that hold the runs. ``more`` are further conditions; ``without``: and none of the words of
    the parameter of that name. Parameters are those of :func:`conditions`, the two weights and limits, and on SQLite
    ``pairs``, as :func:`bot.store.queries.pairs.expression` writes them."""
    in_title = " + ".join(
        f"CASE WHEN {_holds(dialect, 'articles.title', f'run{n}')} THEN :title_weight ELSE 1.0 END"
        for n in range(len(parts.runs))
    )
    if dialect == "sqlite":
        return f"""
            SELECT articles.id, articles.published, {in_title} AS relevance
            FROM {PAIRS_TABLE} JOIN articles ON articles.id = {PAIRS_TABLE}.rowid
            WHERE {PAIRS_TABLE} MATCH :pairs {" ".join(more)} {_WITHOUT[dialect] if without else ""}
            ORDER BY {PAIRS_TABLE}.rowid DESC LIMIT :candidates
        """
    return f"""
        SELECT articles.id, articles.published, {in_title} AS relevance
        FROM articles
        WHERE {SPACELESS[dialect].text}
            AND articles.id >= COALESCE((
                SELECT min(id) FROM (
                    SELECT id FROM articles WHERE {SPACELESS[dialect].text} ORDER BY id DESC LIMIT {SCANNED}
                ) AS newest
            ), 0)
            {" ".join(more)} {_WITHOUT[dialect] if without else ""}
        ORDER BY articles.id DESC LIMIT :candidates
    """


def _holds(dialect: str, of: str, name: str) -> str:
    return _HOLDS[dialect].format(of=of, name=name)


def marked(connection: Connection, ids: Sequence[int], sought: Sequence[str]) -> Mapping[int, Marked]:
    """Headline and passage of each, with what was sought strong, wherever it stands."""
    pattern = re.compile("|".join(map(re.escape, sorted(sought, key=len, reverse=True))), re.IGNORECASE)
    rows = connection.execute(select(articles.c.id, articles.c.title, articles.c.text).where(articles.c.id.in_(ids)))
    return {row.id: (_segments(row.title, pattern), _segments(_passage(row.text, pattern), pattern)) for row in rows}


def _passage(words: str, pattern: re.Pattern[str]) -> str:
    """What stands around the first place where something was found; the beginning where nothing was."""
    found = pattern.search(words)
    begin = max(0, found.start() - AROUND) if found else 0
    end = (found.end() if found else 0) + AROUND * (1 if found else 2)
    return f"{'…' * (begin > 0)}{words[begin:end]}{'…' * (end < len(words))}"


def _segments(words: str, pattern: re.Pattern[str]) -> tuple[Segment, ...]:
    plain = " ".join(words.split())
    found: list[Segment] = []
    at = 0
    for match in pattern.finditer(plain):
        if match.start() > at:
            found.append(Segment(plain[at : match.start()]))
        found.append(Segment(match[0], True))
        at = match.end()
    if at < len(plain):
        found.append(Segment(plain[at:]))
    return tuple(found)
