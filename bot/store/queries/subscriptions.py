"""Subscriptions at hubs. There are few, and they are read once, at the start."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from bot.store.codec import decode, encode
from bot.store.queries.dialect import chunks
from bot.store.schema import subscriptions
from bot.websub.subscription import Subscription


def every(connection: Connection) -> tuple[Subscription, ...]:
    rows = connection.execute(select(subscriptions.c.record).order_by(subscriptions.c.source_id, subscriptions.c.token))
    return tuple(decode(Subscription, row.record) for row in rows)


def keep(connection: Connection, kept: Iterable[Subscription], gone: Iterable[str]) -> None:
    rows = [{"token": one.token, "source_id": one.source_id, "record": encode(Subscription, one)} for one in kept]
    for tokens in chunks([*(str(row["token"]) for row in rows), *gone]):
        connection.execute(delete(subscriptions).where(subscriptions.c.token.in_(tokens)))
    if rows:
        connection.execute(subscriptions.insert(), rows)
