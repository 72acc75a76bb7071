"""Retention and counting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, select

from bot.message import DeliveryState
from bot.store.queries import pairs
from bot.store.queries.articles import guid_mark, key_mark
from bot.store.queries.dialect import chunks, insert_new
from bot.store.schema import (
    FOLDED,
    HOLDING,
    alerts,
    articles,
    deliveries,
    delivery_alerts,
    forgotten,
    holds,
    metadata,
    source_states,
    sources,
)

_FINISHED = (DeliveryState.SENT.value, DeliveryState.DROPPED.value, FOLDED)


def purge(connection: Connection, before: datetime, limit: int) -> int:
    """Alerts, matches, decisions and story membership go with their article. What is not finished (waiting, sending,
    parked, held) keeps its articles. A delivery goes when it is old itself and the last of its alerts has gone; what a
    source went through goes when it ended before then."""
    unfinished = (
        exists()
        .where(alerts.c.article_id == articles.c.id)
        .where(delivery_alerts.c.alert_id == alerts.c.id)
        .where(deliveries.c.id == delivery_alerts.c.delivery_id)
        .where(deliveries.c.state.not_in(_FINISHED))
    )
    holding = exists().where(alerts.c.article_id == articles.c.id, holds.c.alert_id == alerts.c.id, HOLDING)
    old = connection.execute(
        select(articles.c.id, articles.c.key, articles.c.source_id, articles.c.guid)
        .where(articles.c.fetched_at < before, ~unfinished, ~holding)
        .order_by(articles.c.fetched_at)
        .limit(limit)
    ).all()
    if old:
        marks = {key_mark(row.key) for row in old} | {guid_mark(row.source_id, row.guid) for row in old}
        connection.execute(insert_new(connection, forgotten), [{"mark": mark} for mark in sorted(marks)])
        for ids in chunks([row.id for row in old]):
            pairs.drop_all(connection, ids)
            connection.execute(delete(articles).where(articles.c.id.in_(ids)))
    connection.execute(
        delete(deliveries).where(
            deliveries.c.created_at < before,
            deliveries.c.state.in_(_FINISHED),
            ~exists().where(delivery_alerts.c.delivery_id == deliveries.c.id),
        )
    )
    connection.execute(delete(source_states).where(source_states.c.ended_at < before))
    return len(old)


def counts(connection: Connection) -> Mapping[str, int]:
    found = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }
    found["sources.enabled"] = connection.execute(
        select(func.count()).select_from(sources).where(sources.c.enabled)
    ).scalar_one()
    found.update({f"deliveries.{state}": 0 for state in (*DeliveryState, FOLDED)})
    for row in connection.execute(select(deliveries.c.state, func.count().label("n")).group_by(deliveries.c.state)):
        found[f"deliveries.{row.state}"] = row.n
    return found
