"""Which pages of alerted reports were looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, func, or_, select, update

from bot.message import DeliveryState
from bot.store.columns import storable
from bot.store.looks_port import Look
from bot.store.queries.dialect import insert_new
from bot.store.schema import FOLDED, alerts, articles, deliveries, delivery_alerts, page_looks

_OUT = (DeliveryState.SENT.value, FOLDED)


def due(
    connection: Connection, now: datetime, after: Sequence[timedelta], confirm: timedelta, limit: int
) -> tuple[Look, ...]:
    if not after:
        return ()
    made = func.coalesce(page_looks.c.looks, 0)
    turns = [and_(made == n, alerts.c.created_at <= now - time) for n, time in enumerate(after)]
    told = (
        exists()
        .where(delivery_alerts.c.alert_id == alerts.c.id)
        .where(deliveries.c.id == delivery_alerts.c.delivery_id)
        .where(deliveries.c.state.in_(_OUT))
    )
    # A day more than the last turn: a bot that was down must not look at the alerts of a month.
    lately = alerts.c.created_at >= now - max(after) - timedelta(days=1)
    rows = connection.execute(
        select(alerts.c.id, alerts.c.created_at, articles.c.source_id, articles.c.url, page_looks.c.missing_since)
        .join_from(alerts, articles, articles.c.id == alerts.c.article_id)
        .outerjoin(page_looks, page_looks.c.alert_id == alerts.c.id)
        .where(lately, articles.c.url.like("http%"), page_looks.c.gone.is_(None), told)
        .where(or_(*turns, page_looks.c.missing_since <= now - confirm))
        .order_by(func.coalesce(page_looks.c.looked_at, alerts.c.created_at), alerts.c.id)
        .limit(limit)
    )
    return tuple(Look(row.id, row.source_id, row.url, row.created_at, row.missing_since) for row in rows)


def record(connection: Connection, alert_id: str, looks: int, now: datetime, missing_since: datetime | None) -> None:
    _have(connection, alert_id, now)
    connection.execute(
        update(page_looks)
        .where(page_looks.c.alert_id == storable(alert_id))
        .values(looks=looks, looked_at=now, missing_since=missing_since)
    )


def gone(connection: Connection, alert_id: str, reason: str, now: datetime) -> None:
    _have(connection, alert_id, now)
    connection.execute(
        update(page_looks).where(page_looks.c.alert_id == storable(alert_id)).values(looked_at=now, gone=reason)
    )


def _have(connection: Connection, alert_id: str, now: datetime) -> None:
    """Make the row, unless the alert was purged meanwhile."""
    known = connection.execute(select(alerts.c.id).where(alerts.c.id == storable(alert_id))).scalar()
    if known is not None:
        connection.execute(insert_new(connection, page_looks), [{"alert_id": known, "looks": 0, "looked_at": now}])
