"""Sources that people added with a command."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from bot.model import Source
from bot.store.codec import decode, encode
from bot.store.columns import storable
from bot.store.queries.dialect import insert_new
from bot.store.schema import chat_sources


def listed(connection: Connection) -> tuple[Source, ...]:
    """In the order in which they came."""
    rows = connection.scalars(select(chat_sources.c.definition).order_by(chat_sources.c.number))
    return tuple(decode(Source, definition) for definition in rows)


def add(connection: Connection, source: Source, now: datetime, by: str) -> bool:
    """``False`` if the id is taken."""
    row = {"id": source.id, "definition": encode(Source, source), "added_at": now, "added_by": by}
    added = insert_new(connection, chat_sources).values(row).returning(chat_sources.c.number)
    return connection.execute(added).scalar() is not None


def remove(connection: Connection, source_id: str) -> bool:
    """``False`` if there is no such source."""
    return bool(connection.execute(delete(chat_sources).where(chat_sources.c.id == storable(source_id))).rowcount)
