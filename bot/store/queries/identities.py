"""What is stored of the items that a poll brought: by key, and by the other things that name an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, union_all

from bot.articles.identity import Kept, Name
from bot.model import Article
from bot.store.columns import storable
from bot.store.queries.articles import from_row
from bot.store.queries.dialect import among, both_among, chunks, listed
from bot.store.queries.prepared import Prepared
from bot.store.schema import articles, revisions

_HASHES = Prepared(
    select(articles.c.key, articles.c.source_id, articles.c.content_hash).where(among(articles.c.key, "keys")), "keys"
)


def content_hashes(connection: Connection, keys: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Source id and content hash of stored articles, by key."""
    asked = {storable(key): key for key in keys}
    rows = _HASHES.ask(connection, listed(asked))
    return {asked[key]: (source_id, content_hash) for key, source_id, content_hash in rows}


# One search for each index. That over addresses does not know sources: what others have there is left out after it.
_NAMESAKES = Prepared(
    union_all(
        select(articles.c.id).where(both_among(articles.c.source_id, articles.c.guid, "guids")),
        select(articles.c.id).where(among(articles.c.canonical_url, "urls")),
        select(articles.c.id).where(both_among(articles.c.source_id, articles.c.content_hash, "hashes")),
    ),
    *("guids", "urls", "hashes"),
)
_BY_ID = select(articles).where(among(articles.c.id, "ids"))


def namesakes(
    connection: Connection, guids: Sequence[Name], urls: Sequence[Name], hashes: Sequence[Name]
) -> tuple[Article, ...]:
    """Articles that have one of these names in their source, newest first."""
    by_guid, by_url, by_hash = _asked(guids), _asked(urls), _asked(hashes)
    if not (by_guid or by_url or by_hash):
        return ()
    found = _NAMESAKES.ask(connection, listed(by_guid), listed({url for _, url in by_url}), listed(by_hash))
    if not found:
        return ()
    rows = [
        row
        for row in connection.execute(_BY_ID, {"ids": listed(number for (number,) in found)})
        if (row.source_id, row.canonical_url) in by_url
        or (row.source_id, row.guid) in by_guid
        or (row.source_id, row.content_hash) in by_hash
    ]
    return tuple(map(from_row, sorted(rows, key=lambda row: -row.id)))


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
