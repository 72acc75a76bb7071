"""What edits did to articles: the current version stands in ``articles``, all that are kept stand in ``revisions``."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update

from bot.model import Revised, Revision
from bot.store.articles_port import VERSIONS_MAX
from bot.store.columns import storable
from bot.store.queries import pairs
from bot.store.queries.articles import to_row
from bot.store.queries.dialect import insert_new
from bot.store.schema import articles, revisions

# What an edit leaves as it is: an article is as old as its first version.
_STAYS = frozenset({"key", "source_id", "published", "dated", "fetched_at"})


def record(connection: Connection, revised: Sequence[Revised]) -> None:
    """Write edits. One that is stored already, or whose article is not there, is passed over."""
    for one in revised:
        _record(connection, one)


def _record(connection: Connection, revised: Revised) -> None:
    after = revised.after
    stored = connection.execute(select(articles).where(articles.c.key == storable(revised.before.key))).first()
    row = to_row(after)
    if stored is None or (stored.content_hash, stored.title, stored.text) == tuple(
        storable(str(row[name])) for name in ("content_hash", "title", "text")
    ):
        return
    of_article = revisions.c.article_id == stored.id
    latest = connection.execute(select(func.max(revisions.c.number)).where(of_article)).scalar()
    versions = []
    if latest is None:
        latest = 1
        first = {name: stored._mapping[articles.c[name]] for name in ("title", "text", "content_hash")}
        versions.append({"article_id": stored.id, "number": 1, "at": stored.fetched_at, **first})
    newest = {name: row[name] for name in ("title", "text", "content_hash")}
    versions.append({"article_id": stored.id, "number": latest + 1, "at": after.fetched_at, **newest})
    connection.execute(insert_new(connection, revisions), versions)
    changed = {name: value for name, value in row.items() if name not in _STAYS}
    connection.execute(update(articles).where(articles.c.id == stored.id).values(changed))
    pairs.drop(connection, [(stored.id, stored.title, stored.text)])
    pairs.add(connection, [(stored.id, after.title, after.text)])
    # The first version says what the alert was about, the newest what it became; those between are told apart by few.
    oldest_kept = latest + 1 - (VERSIONS_MAX - 2)  # the first one is kept besides
    connection.execute(delete(revisions).where(of_article, revisions.c.number > 1, revisions.c.number < oldest_kept))


def versions(connection: Connection, article_key: str) -> tuple[Revision, ...]:
    """Oldest first."""
    rows = connection.execute(
        select(revisions)
        .join_from(revisions, articles, articles.c.id == revisions.c.article_id)
        .where(articles.c.key == storable(article_key))
        .order_by(revisions.c.number)
    )
    return tuple(Revision(article_key, row.number, row.at, row.title, row.text, row.content_hash) for row in rows)
