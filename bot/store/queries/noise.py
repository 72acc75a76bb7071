"""Decisions, mutes, and what is held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, and_, or_, select, update

from bot.errors import StoreError
from bot.model import Alert, Evidence, HoldReason, Match, Mute, MuteKind, Severity, Story
from bot.store.codec import decode, encode
from bot.store.columns import storable, to_micros
from bot.store.noise_port import DecisionRow, Held, NewHold, NewMute, Release
from bot.store.outbox_port import NewDelivery
from bot.store.queries import outbox
from bot.store.queries.articles import from_row
from bot.store.queries.dialect import among, chunks, insert_new, listed
from bot.store.queries.prepared import NewRows, Prepared
from bot.store.schema import HOLDING, alerts, articles, holds, matches, mutes, story_articles
from bot.store.schema import decisions as decision_rows

_STRINGS = tuple[str, ...]


# -- decisions ------------------------------------------------------------------------------------------------------
_IDS = Prepared(select(articles.c.key, articles.c.id).where(among(articles.c.key, "keys")), "keys")
_INSERT_DECISIONS = NewRows(
    decision_rows, [c for c in decision_rows.c if c is not decision_rows.c.id], [decision_rows.c.id]
)


def insert_decisions(connection: Connection, made: Sequence[DecisionRow]) -> None:
    """Note what was decided about stored articles; about one that was purged meanwhile nobody will ask."""
    if not made:
        return
    keys = {storable(row.article_key) for row in made}
    ids = dict(_IDS.ask(connection, listed(keys)))
    rows = [
        (
            ids[storable(row.article_key)],
            storable(row.alert_id),
            storable(row.channel),
            row.verdict,
            storable(row.reason),
            to_micros(row.at),
        )
        for row in made
        if storable(row.article_key) in ids
    ]
    if rows:
        _INSERT_DECISIONS.write(connection, rows)


def decisions(connection: Connection, article_key: str) -> tuple[DecisionRow, ...]:
    rows = connection.execute(
        select(decision_rows, articles.c.key)
        .join_from(decision_rows, articles, articles.c.id == decision_rows.c.article_id)
        .where(articles.c.key == article_key)
        .order_by(decision_rows.c.id)
    )
    return tuple(DecisionRow(row.alert_id, row.key, row.channel, row.verdict, row.reason, row.at) for row in rows)


# -- alerts as they were made -----------------------------------------------------------------------------------------
def read_alerts(connection: Connection, ids: Iterable[str]) -> tuple[Alert, ...]:
    found: list[Alert] = []
    for part in chunks(sorted({storable(alert_id) for alert_id in ids})):
        fired: dict[str, list[Match]] = {}
        for row in connection.execute(select(matches).where(matches.c.alert_id.in_(part)).order_by(matches.c.rule_id)):
            fired.setdefault(row.alert_id, []).append(match_of(row))
        rows = connection.execute(
            select(
                articles,
                alerts.c.id.label("alert_id"),
                alerts.c.story_id,
                alerts.c.countries,
                alerts.c.created_at,
                story_articles.c.reason.label("story_reason"),
            )
            .join_from(alerts, articles, articles.c.id == alerts.c.article_id)
            .outerjoin(story_articles, story_articles.c.article_id == articles.c.id)
            .where(alerts.c.id.in_(part))
        )
        for row in rows:
            story = Story(row.story_id, row.story_id == row.key, row.story_reason or "")
            countries = decode(_STRINGS, row.countries)
            made = tuple(fired.get(row.alert_id, ()))
            found.append(Alert(row.alert_id, from_row(row), story, made, countries, row.created_at))
    return tuple(sorted(found, key=lambda a: (a.created_at, a.id)))


def match_of(row: Row[tuple[object, ...]]) -> Match:
    """What fired, of a row of ``matches``."""
    return Match(
        rule_id=row.rule_id,
        title=row.title,
        severity=Severity(row.severity),
        tags=decode(_STRINGS, row.tags),
        evidence=decode(tuple[Evidence, ...], row.evidence),
        channels=decode(_STRINGS, row.channels),
    )


# -- mutes ------------------------------------------------------------------------------------------------------------
def add_mute(connection: Connection, mute: NewMute) -> Mute:
    values = {
        "kind": mute.kind.value,
        "value": mute.value,
        "channel": mute.channel,
        "created_at": mute.created_at,
        "expires_at": mute.expires_at,
        "author": mute.author,
        "comment": mute.comment,
    }
    row = connection.execute(mutes.insert().values(values).returning(mutes)).one()
    return _mute(row)


def remove_mute(connection: Connection, mute_id: int, now: datetime, author: str) -> bool:
    in_force = and_(mutes.c.removed_at.is_(None), or_(mutes.c.expires_at.is_(None), mutes.c.expires_at > now))
    change = update(mutes).where(mutes.c.id == mute_id, in_force).values(removed_at=now, removed_by=author)
    return bool(connection.execute(change).rowcount)


def read_mutes(connection: Connection, now: datetime, include_expired: bool) -> tuple[Mute, ...]:
    wanted = select(mutes).order_by(mutes.c.id)
    if not include_expired:
        wanted = wanted.where(mutes.c.removed_at.is_(None), or_(mutes.c.expires_at.is_(None), mutes.c.expires_at > now))
    return tuple(_mute(row) for row in connection.execute(wanted))


def _mute(row: Row[tuple[object, ...]]) -> Mute:
    """One that was removed by hand ended then."""
    return Mute(
        id=row.id,
        kind=MuteKind(row.kind),
        value=row.value,
        channel=row.channel,
        created_at=row.created_at,
        expires_at=row.removed_at or row.expires_at,
        author=row.author,
        comment=row.comment,
    )


# -- what is held -----------------------------------------------------------------------------------------------------
def insert_holds(connection: Connection, new: Sequence[NewHold]) -> None:
    """Hold alerts; one that is held on the channel already is held by the new reason from now on. A hold of an alert
    that lost to another poll is passed over, and so is one that was released, as it has been told, unless its article
    was edited since and adds something."""
    stored = outbox.stored_alerts(connection, [hold.alert_id for hold in new])
    for hold in new:
        if storable(hold.alert_id) not in stored:
            continue
        values = {
            "reason": hold.reason.value,
            "by": hold.by,
            "held_at": hold.held_at,
            "release_at": hold.release_at,
            "adds": encode(_STRINGS, hold.adds) if hold.adds else None,
        }
        here = and_(holds.c.alert_id == hold.alert_id, holds.c.channel == hold.channel)
        open_ = or_(HOLDING, holds.c.held_at < hold.held_at) if hold.adds else HOLDING
        again = update(holds).where(here, open_).values(**values, released=False, delivery_key=None)
        if not connection.execute(again).rowcount:
            row = {"alert_id": hold.alert_id, "channel": hold.channel, "released": False, **values}
            connection.execute(insert_new(connection, holds).values(row))


def read_held(connection: Connection, channel: str | None) -> tuple[Held, ...]:
    wanted = select(holds).where(HOLDING).order_by(holds.c.id)
    if channel is not None:
        wanted = wanted.where(holds.c.channel == channel)
    return tuple(held(row) for row in connection.execute(wanted))


def held(row: Row[tuple[object, ...]]) -> Held:
    return Held(
        id=row.id,
        alert_id=row.alert_id,
        channel=row.channel,
        reason=HoldReason(row.reason),
        by=row.by,
        held_at=row.held_at,
        release_at=row.release_at,
        adds=decode(_STRINGS, row.adds) if row.adds else (),
    )


def end_holds(connection: Connection, told: Sequence[Release]) -> None:
    """Alerts that go out by themselves are held no more. One that ended otherwise meanwhile stays as it is."""
    for one in told:
        change = update(holds).where(holds.c.id == one.held_id, HOLDING)
        connection.execute(change.values(released=True, delivery_key=one.delivery_key))


def release(
    connection: Connection, held_ids: Sequence[int], delivery: NewDelivery | None, made: Sequence[DecisionRow]
) -> None:
    ids = sorted(set(held_ids))
    key = None if delivery is None else delivery.payload.key
    for part in chunks(ids):
        change = update(holds).where(holds.c.id.in_(part), HOLDING).values(released=True, delivery_key=key)
        if connection.execute(change).rowcount != len(part):
            raise StoreError(f"store: not all of {len(ids)} alerts are held any more; none was released")
    if delivery is not None:
        outbox.enqueue(connection, [delivery])
    insert_decisions(connection, made)
