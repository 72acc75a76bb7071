"""What is stored of the items that a poll brought: by key, and by the other things that name an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from bot.articles.identity import Kept, Name
from bot.model import Article
from bot.store.queries.articles import from_row
from bot.store.queries.dialect import chunks, named
from bot.store.schema import articles, revisions, storable


def content_hashes(connection: Connection, keys: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Source id and content hash of stored articles, by key."""
    asked = {storable(key): key for key in keys}
    found = {}
    for part in chunks(list(asked)):
        rows = connection.execute(
            select(articles.c.key, articles.c.source_id, articles.c.content_hash).where(articles.c.key.in_(part))
        )
        found.update({asked[row.key]: (row.source_id, row.content_hash) for row in rows})
    return found


def namesakes(
    connection: Connection, guids: Sequence[Name], urls: Sequence[Name], hashes: Sequence[Name]
) -> tuple[Article, ...]:
    """Articles that have one of these names in their source, newest first. One question for each index."""
    found: dict[int, Row[Any]] = {}
    for column, names in (
        (articles.c.guid, guids),
        (articles.c.canonical_url, urls),
        (articles.c.content_hash, hashes),
    ):
        asked = {(storable(source_id), storable(value)) for source_id, value in names if value}
        for part in named(sorted(asked)):
            rows = connection.execute(select(articles).where(articles.c.source_id.in_(part[0]), column.in_(part[1])))
            found.update({row.id: row for row in rows if (row.source_id, row._mapping[column]) in asked})
    return tuple(from_row(found[number]) for number in sorted(found, reverse=True))


def kept(connection: Connection, keys: Sequence[str]) -> Mapping[str, Kept]:
    """Articles with the record of their edits, by key."""
    asked = {storable(key): key for key in keys}
    rows = [
        row
        for part in chunks(list(asked))
        for row in connection.execute(select(articles).where(articles.c.key.in_(part)))
    ]
    hashes: dict[int, set[str]] = {row.id: {row.content_hash} for row in rows}
    latest: dict[int, tuple[int, Any]] = {}
    for ids in chunks(list(hashes)):
        of_these = revisions.c.article_id.in_(ids)
        for version in connection.execute(select(revisions.c.article_id, revisions.c.content_hash).where(of_these)):
            hashes[version.article_id].add(version.content_hash)
        last = select(
            revisions.c.article_id,
            func.max(revisions.c.number).label("number"),
            func.max(revisions.c.at, type_=revisions.c.at.type).label("at"),
        )
        for edit in connection.execute(last.where(of_these).group_by(revisions.c.article_id)):
            latest[edit.article_id] = edit.number, edit.at
    found = {}
    for row in rows:
        number, edited_at = latest.get(row.id, (1, None))
        found[asked[row.key]] = Kept(from_row(row), frozenset(hashes[row.id]), number - 1, edited_at)
    return found
