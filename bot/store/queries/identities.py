"""What is stored of the items that a poll brought: by key, and by the other things that name an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from bot.articles.identity import Kept, Name
from bot.model import Article
from bot.store.queries.articles import from_row
from bot.store.queries.dialect import among, both_among, chunks, listed
from bot.store.schema import articles, revisions, storable

_HASHES = select(articles.c.key, articles.c.source_id, articles.c.content_hash).where(among(articles.c.key, "keys"))


def content_hashes(connection: Connection, keys: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Source id and content hash of stored articles, by key."""
    asked = {storable(key): key for key in keys}
    rows = connection.execute(_HASHES, {"keys": listed(asked)})
    return {asked[row.key]: (row.source_id, row.content_hash) for row in rows}


# One question for each index. That over addresses does not know sources: what others have there is left out after it.
_BY_GUID = select(articles).where(both_among(articles.c.source_id, articles.c.guid, "names"))
_BY_URL = select(articles).where(among(articles.c.canonical_url, "names"))
_BY_HASH = select(articles).where(both_among(articles.c.source_id, articles.c.content_hash, "names"))


def namesakes(
    connection: Connection, guids: Sequence[Name], urls: Sequence[Name], hashes: Sequence[Name]
) -> tuple[Article, ...]:
    """Articles that have one of these names in their source, newest first."""
    found: dict[int, Row[Any]] = {}
    asked = _asked(guids)
    if asked:
        found.update({row.id: row for row in connection.execute(_BY_GUID, {"names": listed(asked)})})
    asked = _asked(urls)
    if asked:
        rows = connection.execute(_BY_URL, {"names": listed({url for _, url in asked})})
        found.update({row.id: row for row in rows if (row.source_id, row.canonical_url) in asked})
    asked = _asked(hashes)
    if asked:
        found.update({row.id: row for row in connection.execute(_BY_HASH, {"names": listed(asked)})})
    return tuple(from_row(found[number]) for number in sorted(found, reverse=True))


def _asked(names: Sequence[Name]) -> set[Name]:
    return {(storable(source_id), storable(value)) for source_id, value in names if value}


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
