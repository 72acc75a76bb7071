"""What was read and what fired on it, over time: for replays and for the record of each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Table, func, select

from bot.model import Evidence, Match
from bot.store.articles_port import Archived, RuleHits, Sample
from bot.store.codec import decode, encode
from bot.store.columns import to_micros
from bot.store.queries.articles import from_row
from bot.store.queries.dialect import insert_new
from bot.store.schema import alerts, articles, matches, shadow_matches

_EVIDENCE = tuple[Evidence, ...]


def insert_shadow(
    connection: Connection, found: Mapping[str, tuple[Match, ...]], new: Mapping[str, int], at: datetime
) -> None:
    """Keep what rules on trial found in new articles."""
    rows = [
        {
            "article_id": new[key],
            "rule_id": match.rule_id,
            "evidence": encode(_EVIDENCE, match.evidence),
            "created_at": at,
        }
        for key, fired in found.items()
        if key in new
        for match in fired
    ]
    if rows:
        connection.execute(insert_new(connection, shadow_matches), rows)


def page(connection: Connection, since: datetime, after: int, limit: int) -> tuple[Archived, ...]:
    rows = connection.execute(
        select(articles)
        .where(articles.c.fetched_at >= since, articles.c.id > after)
        .order_by(articles.c.id)
        .limit(limit)
    )
    return tuple(Archived(row.id, from_row(row)) for row in rows)


def size(connection: Connection, since: datetime) -> int:
    statement = select(func.count()).select_from(articles).where(articles.c.fetched_at >= since)
    return connection.execute(statement).scalar_one()


def rule_hits(connection: Connection, since: datetime) -> tuple[RuleHits, ...]:
    found: list[RuleHits] = []
    for table, shadow in ((matches, False), (shadow_matches, True)):
        found += _by_day(connection, table, shadow, since)
    return tuple(sorted(found, key=lambda h: (h.rule_id, h.day, h.shadow)))


def _by_day(connection: Connection, table: Table, shadow: bool, since: datetime) -> list[RuleHits]:
    # Counted here: grouped by the database, the same question reads the whole index instead of the days asked for.
    rows = connection.execute(select(table.c.rule_id, table.c.created_at).where(table.c.created_at >= since))
    counted = Counter((row.rule_id, row.created_at.date()) for row in rows)
    return [RuleHits(rule_id, day, count, shadow) for (rule_id, day), count in counted.items()]


def samples(connection: Connection, rule_id: str, limit: int) -> tuple[Sample, ...]:
    live = (
        select(articles, matches.c.evidence, matches.c.created_at.label("at"))
        .join_from(matches, alerts, alerts.c.id == matches.c.alert_id)
        .join(articles, articles.c.id == alerts.c.article_id)
        .where(matches.c.rule_id == rule_id)
        .order_by(matches.c.created_at.desc())
        .limit(limit)
    )
    shadow = (
        select(articles, shadow_matches.c.evidence, shadow_matches.c.created_at.label("at"))
        .join_from(shadow_matches, articles, articles.c.id == shadow_matches.c.article_id)
        .where(shadow_matches.c.rule_id == rule_id)
        .order_by(shadow_matches.c.created_at.desc())
        .limit(limit)
    )
    rows = [*connection.execute(live), *connection.execute(shadow)]
    newest = sorted(rows, key=lambda row: to_micros(row.at), reverse=True)[:limit]
    return tuple(Sample(from_row(row), decode(_EVIDENCE, row.evidence)) for row in newest)
