"""Full-text search: FTS5 on SQLite, tsvector on Postgres, with one order of the hits.

The newest :data:`CANDIDATES` articles that answer are weighed against each other: how well they answer, with the
headline counting most, times how new they are. So a common word costs little more than a rare one, and what nobody
asks for (the best of a year's hundred thousand) is not computed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, text

from bot.message import Segment
from bot.model import Severity
from bot.search import Parted, Query, Term, parted
from bot.store.columns import Micros, storable
from bot.store.queries import pairs, search_runs
from bot.store.queries.articles import from_row
from bot.store.schema import alerts, articles, matches, story_articles
from bot.store.summary_port import Hit

CANDIDATES = 1_000  # articles; about 10 ms
TITLE_WEIGHT = 4.0  # a word in the headline says what the article is about
HALF_LIFE = timedelta(days=7)  # an answer of last week needs twice the relevance of today's ...
OLD_MIN = 0.25  # ... and one of last year four times, not a million times
SNIPPET_WORDS = 28  # two lines of a chat message

# Around what was found. For private use, so that a text that holds them shows an odd emphasis and nothing worse.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKS = re.compile(f"([{_OPEN}{_CLOSE}])")

Marked = tuple[tuple[Segment, ...], tuple[Segment, ...]]

_FOUND = {
    "sqlite": """
        SELECT article_search.rowid AS id, articles.published,
            -bm25(article_search, :title_weight, 1.0) AS relevance
        FROM article_search JOIN articles ON articles.id = article_search.rowid
        WHERE article_search MATCH :query {conditions}
        ORDER BY article_search.rowid DESC LIMIT :candidates
    """,
    "postgresql": """
        SELECT newest.id, newest.published,
            ts_rank(ARRAY[0.1, 0.1, 1.0 / :title_weight, 1.0]::real[], document, sought.query) AS relevance
        FROM (SELECT to_tsquery('wirewatch', :query) AS query) AS sought, LATERAL (
            SELECT articles.id, articles.published, article_search.document
            FROM article_search JOIN articles ON articles.id = article_search.article_id
            WHERE article_search.document @@ sought.query {conditions}
            ORDER BY articles.id DESC LIMIT :candidates
        ) AS newest
    """,
}
_MARKED = {
    "sqlite": """
        SELECT rowid AS id, highlight(article_search, 0, :open, :close) AS title,
            snippet(article_search, 1, :open, :close, '…', :words) AS snippet
        FROM article_search
        WHERE article_search MATCH :query AND rowid BETWEEN :first AND :last AND +rowid IN :ids
    """,
    "postgresql": """
        SELECT id, ts_headline('wirewatch', title, sought.query, 'HighlightAll=true,' || :marks) AS title,
            ts_headline('wirewatch', left(text, 20000), sought.query,
                'MaxFragments=1, MinWords=15, MaxWords=' || :words || ',' || :marks) AS snippet
        FROM articles, (SELECT to_tsquery('wirewatch', :query) AS query) AS sought WHERE id IN :ids
    """,
}


def search(
    connection: Connection,
    query: Query,
    since: datetime | None,
    until: datetime | None,
    source: str | None,
    limit: int,
) -> tuple[Hit, ...]:
    """The best answers, best first."""
    parts = parted(query)
    narrow = _Narrow(connection, since, until, source, max(CANDIDATES, limit))
    if not parts.runs and not parts.without_runs:
        found = narrow.by_words(query)
    elif parts.words.wanted:
        found = narrow.by_words(parts.words, parts)
    else:  # whole runs also where most of the text is in another script
        found = [*narrow.by_runs(parts), *narrow.by_words(query)]
    if not found:
        return ()
    newest = max(row.published for row in found)
    best = sorted({row.id: row for row in found}.values(), key=lambda row: (-_worth(row, newest), -row.id))[:limit]
    ids = [row.id for row in best]
    if parts.runs:
        words = [word for term in query.wanted for word in term.words]
        return _hits(connection, ids, search_runs.marked(connection, ids, words))
    return _hits(connection, ids, _marked(connection, ids, _expression(connection, parts.words)))


def _worth(row: Row[tuple[object, ...]], newest: datetime) -> float:
    age = (newest - row.published) / HALF_LIFE
    return float(row.relevance * max(OLD_MIN, 2.0**-age))


class _Narrow:
    """Asks for articles of a time and a source."""

    def __init__(
        self,
        connection: Connection,
        since: datetime | None,
        until: datetime | None,
        source: str | None,
        candidates: int,
    ) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._conditions: list[str] = []
        self._given: dict[str, object] = {"candidates": candidates, "title_weight": TITLE_WEIGHT}
        if since is not None:
            # Nothing is fetched before it is published, so the index on fetching bounds the walk through the hits.
            lowest = select(func.min(articles.c.id)).where(articles.c.fetched_at >= since)
            self._given["lowest"] = connection.execute(lowest).scalar() or 0
            self._given["since"] = since
            self._conditions.append("AND {row_id} >= :lowest AND articles.published >= :since")
        if until is not None:
            self._given["until"] = until
            self._conditions.append("AND articles.published < :until")
        if source is not None:
            self._given["source"] = storable(source)
            self._conditions.append("AND articles.source_id = :source")

    def by_words(self, query: Query, parts: Parted | None = None) -> Sequence[Row[Any]]:
        """Over the index of words; with ``parts``, those of them that hold its runs."""
        row_id = "articles.id" if self._dialect == "postgresql" else "article_search.rowid"
        more, given = search_runs.conditions(self._dialect, parts) if parts is not None else ([], {})
        sql = _FOUND[self._dialect].format(conditions=" ".join((*self._written(row_id), *more)))
        return self._ask(sql, given | {"query": _expression(self._connection, query)})

    def by_runs(self, parts: Parted) -> Sequence[Row[Any]]:
        """By looking into the texts."""
        more, given = search_runs.conditions(self._dialect, parts)
        if self._dialect == "sqlite":
            given["pairs"] = pairs.expression(parts.runs)
        without = Query(parts.words.unwanted)
        if without.wanted:
            given["without"] = _any(self._connection, without)
        more = [*self._written("articles.id"), *more]
        return self._ask(search_runs.statement(self._dialect, parts, more, bool(without.wanted)), given)

    def _written(self, row_id: str) -> list[str]:
        return [condition.format(row_id=row_id) for condition in self._conditions]

    def _ask(self, sql: str, given: Mapping[str, object]) -> Sequence[Row[Any]]:
        times = [bindparam(name, type_=Micros) for name in ("since", "until") if name in self._given]
        asked = text(sql).bindparams(*times).columns(published=Micros())
        return self._connection.execute(asked, {**self._given, **given}).all()


def _expression(connection: Connection, query: Query) -> str:
    return _tsquery(query) if connection.dialect.name == "postgresql" else _fts5(query)


def _any(connection: Connection, query: Query) -> str:
    """What finds any of the wanted, for taking them away."""
    each = [_expression(connection, Query((term,))) for term in query.wanted]
    return (" | " if connection.dialect.name == "postgresql" else " OR ").join(each)


def _marked(connection: Connection, ids: Sequence[int], sought: str) -> Mapping[int, Marked]:
    """Headline and best passage of each, with what was found. One walk through the index for all: FTS5 would work out
    a beginning such as ``mis*`` again for every row that is asked for by itself."""
    given: dict[str, object] = {"ids": list(ids), "query": sought, "words": SNIPPET_WORDS}
    if connection.dialect.name == "postgresql":
        given |= {"words": str(SNIPPET_WORDS), "marks": f"StartSel={_OPEN}, StopSel={_CLOSE}"}
    else:
        given |= {"open": _OPEN, "close": _CLOSE, "first": min(ids), "last": max(ids)}
    statement = text(_MARKED[connection.dialect.name]).bindparams(bindparam("ids", expanding=True))
    return {row.id: (_segments(row.title), _segments(row.snippet)) for row in connection.execute(statement, given)}


def _segments(marked: str) -> tuple[Segment, ...]:
    found: list[Segment] = []
    strong = False
    for part in _MARKS.split(marked):
        if part in (_OPEN, _CLOSE):
            strong = part == _OPEN
        elif part:
            found.append(Segment(_even(part), strong))
    return tuple(found)


def _even(words: str) -> str:
    """Line breaks and runs of spaces as one space; those at the ends stay, since emphasised words stand beside."""
    inner = " ".join(words.split())
    if not inner:
        return " "
    return f"{' ' * words[0].isspace()}{inner}{' ' * words[-1].isspace()}"


def _hits(
    connection: Connection,
    ids: Sequence[int],
    marked: Mapping[int, Marked],
) -> tuple[Hit, ...]:
    rows = {
        row.id: row
        for row in connection.execute(
            select(articles, story_articles.c.story_id, alerts.c.id.label("alert_id"))
            .select_from(
                articles.outerjoin(story_articles, story_articles.c.article_id == articles.c.id).outerjoin(
                    alerts, alerts.c.article_id == articles.c.id
                )
            )
            .where(articles.c.id.in_(ids))
        )
    }
    rules: dict[str, dict[str, Severity]] = {}
    alert_ids = [row.alert_id for row in rows.values() if row.alert_id is not None]
    if alert_ids:
        columns = (matches.c.alert_id, matches.c.rule_id, matches.c.severity)
        fired = select(*columns).where(matches.c.alert_id.in_(alert_ids))
        for row in connection.execute(fired.order_by(matches.c.severity.desc(), matches.c.rule_id)):
            rules.setdefault(row.alert_id, {})[row.rule_id] = Severity(row.severity)
    return tuple(
        Hit(
            article=from_row(rows[row_id]),
            story_id=rows[row_id].story_id or "",
            fired=rules.get(rows[row_id].alert_id, {}),
            title=marked[row_id][0],
            snippet=marked[row_id][1],
        )
        for row_id in ids
    )


# -- the languages of the indexes -----------------------------------------------------------------------------------


def _fts5(query: Query) -> str:
    """Every term is a string in quotation marks, of letters and digits only."""

    def written(term: Term) -> str:
        return f'"{" ".join(term.words)}"' + " *" * term.prefix

    expression = f"({' AND '.join(written(term) for term in query.wanted)})"
    if query.unwanted:
        expression += f" NOT ({' OR '.join(written(term) for term in query.unwanted)})"
    return expression


def _tsquery(query: Query) -> str:
    """Likewise, with accents folded as in the index."""

    def written(term: Term) -> str:
        words = [f"'{_folded(word)}'" for word in term.words]
        return f"({' <-> '.join(words)}{':*' * term.prefix})"

    wanted = [written(term) for term in query.wanted]
    return " & ".join([*wanted, *(f"!{written(term)}" for term in query.unwanted)])


def _folded(word: str) -> str:
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", word))
