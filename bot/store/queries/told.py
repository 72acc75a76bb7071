"""Alerts that reached a channel, for reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from bot.message import DeliveryState
from bot.reports.report import Told
from bot.store.columns import storable
from bot.store.queries.dialect import chunks
from bot.store.schema import FOLDED, alerts, articles, deliveries, delivery_alerts, matches

LEAD_CHARACTERS = 600  # of a text: the sixty words that a report looks at


def between(connection: Connection, since: datetime, until: datetime) -> tuple[Told, ...]:
    reached = (
        exists()
        .where(delivery_alerts.c.alert_id == alerts.c.id)
        .where(deliveries.c.id == delivery_alerts.c.delivery_id)
        .where(deliveries.c.state.in_((DeliveryState.SENT.value, FOLDED)))
    )
    within = (alerts.c.created_at >= since) & (alerts.c.created_at < until)
    return tuple(_read(connection, within & reached))


def of(connection: Connection, alert_ids: Sequence[str]) -> tuple[Told, ...]:
    found = [
        one
        for part in chunks(sorted({storable(alert_id) for alert_id in alert_ids}))
        for one in _read(connection, alerts.c.id.in_(part))
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.alert_id)))


def _read(connection: Connection, which: ColumnElement[bool]) -> list[Told]:
    """One row for each rule that fired; alerts in the order of their time."""
    rows = connection.execute(
        select(
            alerts.c.id,
            alerts.c.created_at,
            articles.c.title,
            func.substr(articles.c.text, 1, LEAD_CHARACTERS).label("lead"),
            articles.c.source_id,
            matches.c.rule_id,
        )
        .join_from(alerts, articles, articles.c.id == alerts.c.article_id)
        .outerjoin(matches, matches.c.alert_id == alerts.c.id)
        .where(which)
        .order_by(alerts.c.created_at, alerts.c.id, matches.c.rule_id)
    )
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.id, []).append(row)
    return [
        Told(
            alert_id=alert_id,
            title=found[0].title,
            lead=found[0].lead,
            source_id=found[0].source_id,
            rule_ids=tuple(row.rule_id for row in found if row.rule_id is not None),
            at=found[0].created_at,
        )
        for alert_id, found in grouped.items()
    ]
