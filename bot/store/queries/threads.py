"""What is known of stories: their reports, and what each channel was told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.follow.novelty import Facts
from bot.follow.thread import Report, Thread, Told
from bot.message import DeliveryKind, Digest, Message
from bot.model import HoldReason, Severity
from bot.store.codec import decode_payload
from bot.store.columns import storable
from bot.store.noise_port import Held
from bot.store.queries.dialect import among, chunks, listed
from bot.store.queries.noise import held as held_of
from bot.store.queries.noise import read_alerts
from bot.store.schema import (
    FOLDED,
    HOLDING,
    alerts,
    articles,
    deliveries,
    delivery_alerts,
    holds,
    matches,
    story_articles,
)

_POSTS = (DeliveryKind.ALERT.value, DeliveryKind.DIGEST.value)
_SHOWN = (DeliveryKind.ALERT.value, DeliveryKind.UPDATE.value)
_ANSWERS = (DeliveryKind.REPLY.value, DeliveryKind.RAISE.value)


def read(connection: Connection, story_ids: Collection[str]) -> Mapping[str, Thread]:
    """What was told hangs on alerts, which most stories have none of: the rest is asked only of those that have."""
    found: dict[str, Thread] = {story_id: Thread(story_id) for story_id in story_ids}
    asked = sorted(map(storable, story_ids))
    reports, facts = _reports(connection, asked)
    alerted_of = list(connection.scalars(_ALERTED, {"ids": listed(asked)}))
    told = _told(connection, alerted_of) if alerted_of else {}
    fired = _fired(connection, alerted_of) if alerted_of else {}
    held = _held(connection, alerted_of) if alerted_of else {}
    waits = {h.alert_id for kept in held.values() for h in kept if h.reason is HoldReason.CORROBORATION}
    waiting = read_alerts(connection, waits) if waits else ()
    for story_id in asked:
        found[story_id] = Thread(
            story_id,
            reports=tuple(reports.get(story_id, ())),
            facts=facts.get(story_id, Facts()),
            told=told.get(story_id, {}),
            fired=fired.get(story_id, {}),
            held=tuple(held.get(story_id, ())),
            waiting=tuple(a for a in waiting if a.story.id == story_id),
        )
    return found


_ALERTED = select(alerts.c.story_id).where(among(alerts.c.story_id, "ids")).distinct()
_REPORTS = (
    select(
        articles.c.key,
        articles.c.source_id,
        articles.c.source_name,
        articles.c.url,
        articles.c.published,
        story_articles.c.story_id,
        story_articles.c.credit,
        story_articles.c.copied,
        story_articles.c.facts,
    )
    .join_from(story_articles, articles, articles.c.id == story_articles.c.article_id)
    .where(among(story_articles.c.story_id, "ids"))
    .order_by(articles.c.id)
)


def _reports(connection: Connection, ids: Sequence[str]) -> tuple[dict[str, list[Report]], dict[str, Facts]]:
    reports: dict[str, list[Report]] = {}
    facts: dict[str, Facts] = {}
    for row in connection.execute(_REPORTS, {"ids": listed(ids)}):
        one = Report(
            key=row.key,
            source_id=row.source_id,
            source_name=row.source_name,
            url=row.url,
            published=row.published,
            credit=row.credit or "",
            copied=bool(row.copied),
        )
        reports.setdefault(row.story_id, []).append(one)
        if row.facts:
            facts[row.story_id] = facts.get(row.story_id, Facts()) | Facts.decode(row.facts)
    return reports, facts


_TOLD = (
    select(
        alerts.c.story_id,
        alerts.c.id.label("alert_id"),
        alerts.c.severity,
        articles.c.key.label("article_key"),
        deliveries.c.id,
        deliveries.c.key,
        deliveries.c.channel,
        deliveries.c.kind,
        deliveries.c.state,
        deliveries.c.folded_into,
    )
    .join_from(alerts, articles, articles.c.id == alerts.c.article_id)
    .join(delivery_alerts, delivery_alerts.c.alert_id == alerts.c.id)
    .join(deliveries, deliveries.c.id == delivery_alerts.c.delivery_id)
    .where(among(alerts.c.story_id, "ids"))
    .order_by(deliveries.c.id)
)


def _told(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Told]]:
    """The first post of each channel about a story, with what followed."""
    rows = connection.execute(_TOLD, {"ids": listed(ids)}).all()
    digests = _in_digests(connection, {row.id for row in rows if row.kind == DeliveryKind.DIGEST.value})
    by_place: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        by_place.setdefault((row.story_id, row.channel), []).append(row)
    found: dict[str, dict[str, Told]] = {}
    for (story_id, channel), here in by_place.items():
        first = next((row for row in here if row.kind in _POSTS), None)
        if first is None:
            continue
        folded = first.state == FOLDED
        shown = [row for row in here if row.kind in _SHOWN]
        message = _message(connection, shown[-1]) if shown and not folded else None
        # As it was shown: an alert is as grave as its gravest rule, which may be one that this channel never hears of.
        seen = [digests[row.id][story_id] for row in here if story_id in digests.get(row.id, ())]
        answers = [row for row in here if row.kind in _ANSWERS]
        latest = message or (_message(connection, answers[-1]) if answers else None)
        if latest is not None:
            seen.append(latest.severity)  # no less than what went before it
        found.setdefault(story_id, {})[channel] = Told(
            channel=channel,
            key=first.key,
            alert_id=first.alert_id,
            article_key=first.article_key,
            severity=max(seen) if seen else max(Severity(row.severity) for row in here),
            message=message,
            following=len({row.id for row in here if row.kind not in _POSTS}),
        )
    return found


_DIGESTS = select(deliveries.c.id, deliveries.c.payload).where(among(deliveries.c.id, "ids"))


def _in_digests(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, Severity]]:
    """How grave each digest shows each of its stories."""
    shown: dict[int, dict[str, Severity]] = {}
    rows = connection.execute(_DIGESTS, {"ids": listed(ids)}) if ids else ()
    for number, payload in rows:
        digest = decode_payload(DeliveryKind.DIGEST, payload)
        assert isinstance(digest, Digest)
        stories = shown.setdefault(number, {})
        for line in digest.lines:
            stories[line.story_id] = max(line.severity, stories.get(line.story_id, line.severity))
    return shown


def _message(connection: Connection, row: Any) -> Message | None:
    kind = DeliveryKind(row.kind)
    payload = connection.execute(select(deliveries.c.payload).where(deliveries.c.id == row.id)).scalar_one()
    decoded = decode_payload(kind, payload)
    return decoded if isinstance(decoded, Message) else None


_FIRED = (
    select(alerts.c.story_id, matches.c.rule_id, matches.c.created_at)
    .join_from(alerts, matches, matches.c.alert_id == alerts.c.id)
    .where(among(alerts.c.story_id, "ids"))
    .order_by(matches.c.created_at)
)


def _fired(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, datetime]]:
    found: dict[str, dict[str, datetime]] = {}
    for row in connection.execute(_FIRED, {"ids": listed(ids)}):
        found.setdefault(row.story_id, {})[row.rule_id] = row.created_at
    return found


_HELD = (
    select(holds, alerts.c.story_id)
    .join_from(alerts, holds, holds.c.alert_id == alerts.c.id)
    .where(among(alerts.c.story_id, "ids"), HOLDING)
    .order_by(holds.c.id)
)


def _held(connection: Connection, ids: Sequence[str]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = {}
    for row in connection.execute(_HELD, {"ids": listed(ids)}):
        found.setdefault(row.story_id, []).append(held_of(row))
    return found


def stories_of(connection: Connection, keys: Collection[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in chunks(sorted(map(storable, keys))):
        rows = connection.execute(
            select(articles.c.key, story_articles.c.story_id)
            .join_from(articles, story_articles, story_articles.c.article_id == articles.c.id)
            .where(articles.c.key.in_(part))
        )
        found.update({row.key: row.story_id for row in rows})
    return found


def alerted(connection: Connection, since: datetime) -> tuple[tuple[str, str, datetime], ...]:
    kinds = (DeliveryKind.ALERT.value, DeliveryKind.RAISE.value)
    rows = connection.execute(
        select(matches.c.rule_id, deliveries.c.channel, deliveries.c.created_at)
        .join_from(deliveries, delivery_alerts, delivery_alerts.c.delivery_id == deliveries.c.id)
        .join(matches, matches.c.alert_id == delivery_alerts.c.alert_id)
        .where(deliveries.c.created_at >= since, deliveries.c.kind.in_(kinds))
        .order_by(deliveries.c.id)
    )
    return tuple((row.rule_id, row.channel, row.created_at) for row in rows)
