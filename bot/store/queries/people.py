"""Votes, audit and watches."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, exists, insert, not_, or_, select

from bot.model import Alert, Severity
from bot.people import AuditEntry, Feedback, NewAudit, NewWatch, Opinion, Watch, person_id
from bot.store.codec import decode, encode
from bot.store.people_port import Filter
from bot.store.queries import outbox
from bot.store.queries.dialect import insert_new, names_watch, upsert
from bot.store.queries.noise import read_alerts
from bot.store.schema import alerts, articles, matches, meta
from bot.store.schema import audit as audit_table
from bot.store.schema import feedback as feedback_table
from bot.store.schema import watches as watch_table

_WORDS = tuple[str, ...]


def vote(connection: Connection, given: Feedback) -> tuple[Feedback, ...]:
    connection.execute(
        upsert(
            connection,
            feedback_table,
            key={"alert_id": given.alert_id, "person_id": person_id(given.person)},
            rest={
                "rule_ids": encode(_WORDS, given.rule_ids),
                "source_id": given.source_id,
                "person": given.person,
                "verdict": given.verdict.value,
                "at": given.at,
            },
        )
    )
    return votes(connection, given.alert_id)


def votes(connection: Connection, alert_id: str) -> tuple[Feedback, ...]:
    return _feedback(connection, select(feedback_table).where(feedback_table.c.alert_id == alert_id))


def voted(connection: Connection, key: str) -> tuple[int, int]:
    """The votes on the first alert of a delivery, which is the one that its buttons are about."""
    found = outbox.behind(connection, key)
    given = votes(connection, found.alert_ids[0]) if found is not None and found.alert_ids else ()
    useful = sum(vote.verdict is Opinion.USEFUL for vote in given)
    return useful, len(given) - useful


def feedback(connection: Connection, since: datetime) -> tuple[Feedback, ...]:
    return _feedback(connection, select(feedback_table).where(feedback_table.c.at >= since))


def _feedback(connection: Connection, statement: Select[tuple[object, ...]]) -> tuple[Feedback, ...]:
    ordered = statement.order_by(feedback_table.c.at, feedback_table.c.alert_id, feedback_table.c.person_id)
    return tuple(
        Feedback(row.alert_id, decode(_WORDS, row.rule_ids), row.source_id, row.person, Opinion(row.verdict), row.at)
        for row in connection.execute(ordered)
    )


def note_change(connection: Connection, change: NewAudit) -> AuditEntry:
    row_id = connection.execute(
        insert(audit_table)
        .values(at=change.at, who=change.who, place=change.where, verb=change.verb, what=change.what)
        .returning(audit_table.c.id)
    ).scalar_one()
    return AuditEntry(row_id, change.at, change.who, change.where, change.verb, change.what)


def audit(connection: Connection, since: datetime, limit: int) -> tuple[AuditEntry, ...]:
    rows = connection.execute(
        select(audit_table)
        .where(audit_table.c.at >= since)
        .order_by(audit_table.c.at.desc(), audit_table.c.id.desc())
        .limit(limit)
    )
    return tuple(AuditEntry(row.id, row.at, row.who, row.place, row.verb, row.what) for row in rows)


def add_watch(connection: Connection, watch: NewWatch) -> Watch:
    same = (watch_table.c.channel, watch_table.c.term, watch_table.c.country)
    connection.execute(
        insert_new(connection, watch_table).values(
            owner=watch.owner,
            channel=watch.channel,
            term=watch.term,
            country=watch.country,
            created_at=watch.created_at,
        )
    )
    wanted = zip(same, (watch.channel, watch.term, watch.country), strict=True)
    return _watch(connection.execute(select(watch_table).where(*(c == value for c, value in wanted))).one())


def remove_watch(connection: Connection, watch_id: int) -> bool:
    return bool(connection.execute(delete(watch_table).where(watch_table.c.id == watch_id)).rowcount)


def watches(connection: Connection) -> tuple[Watch, ...]:
    return tuple(_watch(row) for row in connection.execute(select(watch_table).order_by(watch_table.c.id)))


def _watch(row: Row[tuple[object, ...]]) -> Watch:
    return Watch(row.id, row.owner, row.channel, row.term, row.country, row.created_at)


def latest_alerts(connection: Connection, since: datetime, limit: int, wanted: Filter) -> tuple[Alert, ...]:
    ids = select(alerts.c.id).where(alerts.c.created_at >= since)
    if wanted.rule:
        ids = ids.where(exists().where(matches.c.alert_id == alerts.c.id, matches.c.rule_id == wanted.rule))
    if wanted.source:
        ids = ids.where(exists().where(articles.c.id == alerts.c.article_id, articles.c.source_id == wanted.source))
    if wanted.country:
        ids = ids.where(alerts.c.countries.contains(f'"{wanted.country}"', autoescape=True))
    if wanted.severity > Severity.INFO:
        ids = ids.where(alerts.c.severity >= int(wanted.severity))
    if wanted.audience is not None:
        heard = [matches.c.channels.contains(encode(str, channel), autoescape=True) for channel in wanted.audience]
        told = or_(not_(names_watch(connection, matches.c.rule_id)), *heard)
        ids = ids.where(exists().where(matches.c.alert_id == alerts.c.id, told))
    newest = connection.scalars(ids.order_by(alerts.c.created_at.desc(), alerts.c.id).limit(limit)).all()
    found = {alert.id: alert for alert in read_alerts(connection, newest)}
    return tuple(found[alert_id] for alert_id in newest)


def remembered(connection: Connection, key: str) -> str:
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar() or ""


def remember(connection: Connection, key: str, value: str) -> None:
    connection.execute(upsert(connection, meta, key={"key": key}, rest={"value": value}))
