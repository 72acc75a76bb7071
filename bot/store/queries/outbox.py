"""The outbox: what is to be posted, in which order, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime

from sqlalchemy import Connection, Row, Select, Update, func, select, update

from bot.errors import OverError, StoreError
from bot.message import Call, DeliveryKind, DeliveryState, Receipt
from bot.store.codec import decode_payload, encode_payload
from bot.store.columns import storable, to_micros
from bot.store.outbox_port import Delivered, Delivery, Followed, NewDelivery
from bot.store.queries.dialect import among, chunks, insert_new, listed, upsert
from bot.store.queries.prepared import NewRows, Prepared
from bot.store.schema import FOLDED, PENDING, alerts, calls, deliveries, delivery_alerts

_OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)


def enqueue(connection: Connection, new: Sequence[NewDelivery]) -> int:
    """Add those whose key is not known. One whose alerts are all missing was beaten by another poll that brought the
    same article at the same moment, and is passed over."""
    stored = frozenset(stored_alerts(connection, [alert_id for delivery in new for alert_id in delivery.alert_ids]))
    return sum(_add(connection, delivery, stored) is not None for delivery in new)


_INSERT = NewRows(
    deliveries,
    [deliveries.c[name] for name in ("key", "channel", "kind", "payload", "state", "attempts", "created_at")]
    + [deliveries.c.last_error, deliveries.c.follows],
    [deliveries.c.id],
)
_INSERT_ALERTS = NewRows(delivery_alerts, [*delivery_alerts.c], [delivery_alerts.c.alert_id])


def _add(connection: Connection, delivery: NewDelivery, stored: Set[str]) -> int | None:
    payload = encode_payload(delivery.kind, delivery.payload)
    alert_ids = {storable(alert_id) for alert_id in delivery.alert_ids} & stored
    if delivery.alert_ids and not alert_ids:
        return None
    if delivery.kind.follows != bool(delivery.follows):
        raise ValueError(
            f"a delivery of kind {delivery.kind} {'needs' if delivery.kind.follows else 'takes no'} follows"
        )
    values = (
        storable(delivery.payload.key),
        storable(delivery.channel),
        delivery.kind.value,
        payload,
        DeliveryState.WAITING.value,
        0,
        to_micros(delivery.created_at),
        "",
        storable(delivery.follows) or None,
    )
    written = _INSERT.write(connection, [values])
    if not written:
        return None
    row_id: int = written[0][0]
    if delivery.kind is DeliveryKind.UPDATE:
        _supersede(connection, [delivery.follows], delivery.channel, row_id)
    if alert_ids:
        _INSERT_ALERTS.write(connection, [(row_id, alert_id) for alert_id in sorted(alert_ids)])
    return row_id


def _supersede(connection: Connection, keys: Sequence[str], channel: str, by: int) -> None:
    """Updates that wait to change the same posts have nothing to say any more. One that is being sent ends first."""
    for part in chunks(keys):
        connection.execute(
            update(deliveries)
            .where(
                deliveries.c.follows.in_(part),
                deliveries.c.channel == channel,
                deliveries.c.kind == DeliveryKind.UPDATE.value,
                deliveries.c.state == DeliveryState.WAITING.value,
                deliveries.c.id != by,
            )
            .values(state=FOLDED, folded_into=by, not_before=None)
        )


_STORED = Prepared(select(alerts.c.id).where(among(alerts.c.id, "ids")), "ids")


def stored_alerts(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Which of the alerts are stored, as ids that the database knows."""
    wanted = sorted({storable(alert_id) for alert_id in ids})
    return [alert_id for (alert_id,) in _STORED.ask(connection, listed(wanted))] if wanted else []


def _read(statement: Select[tuple[object, ...]], connection: Connection) -> tuple[Delivery, ...]:
    return tuple(_delivery(row) for row in connection.execute(statement))


def _delivery(row: Row[tuple[object, ...]]) -> Delivery:
    kind = DeliveryKind(row.kind)
    return Delivery(
        id=row.id,
        channel=row.channel,
        kind=kind,
        payload=decode_payload(kind, row.payload),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        not_before=row.not_before,
        created_at=row.created_at,
        last_error=row.last_error,
        follows=row.follows or "",
    )


def pending(connection: Connection, channel: str, limit: int) -> tuple[Delivery, ...]:
    statement = select(deliveries).where(deliveries.c.channel == channel, PENDING)
    return _read(statement.order_by(deliveries.c.id).limit(limit), connection)


def pending_count(connection: Connection, channel: str) -> int:
    return connection.execute(
        select(func.count()).select_from(deliveries).where(deliveries.c.channel == channel, PENDING)
    ).scalar_one()


def pending_channels(connection: Connection) -> tuple[str, ...]:
    statement = select(deliveries.c.channel).where(PENDING).distinct().order_by(deliveries.c.channel)
    return tuple(connection.scalars(statement))


def in_states(connection: Connection, states: Sequence[DeliveryState], limit: int) -> tuple[Delivery, ...]:
    """Oldest first."""
    wanted = [state.value for state in states]
    return _read(
        select(deliveries).where(deliveries.c.state.in_(wanted)).order_by(deliveries.c.id).limit(limit), connection
    )


def mark_sending(connection: Connection, delivery_id: int, now: datetime) -> None:
    _change(
        connection,
        delivery_id,
        _open(delivery_id).values(
            state=DeliveryState.SENDING.value,
            attempts=deliveries.c.attempts + 1,
            attempted_at=now,
            not_before=None,
        ),
    )


def mark_sent(connection: Connection, delivery_id: int, receipt: Receipt) -> None:
    _change(
        connection,
        delivery_id,
        _open(delivery_id).values(
            state=DeliveryState.SENT.value,
            not_before=None,
            last_error="",
            receipt_ref=receipt.ref,
            receipt_url=receipt.url,
            sent_at=receipt.sent_at,
        ),
    )
    if receipt.called:
        latest = {"key": receipt.key, "at": receipt.sent_at}
        connection.execute(upsert(connection, calls, key={"channel": receipt.channel}, rest=latest))


def mark_waiting(connection: Connection, delivery_id: int, not_before: datetime | None, error: str) -> None:
    values = {"state": DeliveryState.WAITING.value, "not_before": not_before, "last_error": error}
    _change(connection, delivery_id, _open(delivery_id).values(values))


def mark_parked(connection: Connection, delivery_id: int, error: str) -> None:
    values = {"state": DeliveryState.PARKED.value, "not_before": None, "last_error": error}
    _change(connection, delivery_id, _open(delivery_id).values(values))


def mark_dropped(connection: Connection, delivery_id: int, reason: str) -> None:
    values = {"state": DeliveryState.DROPPED.value, "not_before": None, "last_error": reason}
    _change(connection, delivery_id, _open(delivery_id).values(values))


def _open(delivery_id: int) -> Update:
    return update(deliveries).where(deliveries.c.id == delivery_id, deliveries.c.state.in_(_OPEN))


def _change(connection: Connection, delivery_id: int, change: Update) -> None:
    """A finished delivery is never opened again by a mark: that would post it twice."""
    if connection.execute(change).rowcount:
        return
    state = connection.execute(select(deliveries.c.state).where(deliveries.c.id == delivery_id)).scalar()
    if state is None:
        raise StoreError(f"store: delivery {delivery_id} does not exist")
    raise OverError(f"store: delivery {delivery_id} is {state} already and stays so")


def fold(connection: Connection, channel: str, delivery_ids: Sequence[int], digest: NewDelivery) -> None:
    """Put waiting alerts into one digest at the end of the queue; it takes over their alerts. Raises ``StoreError``
    and changes nothing if one of them is not a waiting alert of this channel, since its alert would come twice."""
    ids = sorted(set(delivery_ids))
    if connection.execute(select(deliveries.c.id).where(deliveries.c.key == digest.payload.key)).scalar() is not None:
        return
    digest_id = _add(connection, digest, frozenset(stored_alerts(connection, digest.alert_ids)))
    if digest_id is None:
        raise StoreError(f"store: none of the alerts of digest {digest.payload.key} is stored")
    for part in chunks(ids):
        folded = connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id.in_(part),
                deliveries.c.channel == channel,
                deliveries.c.kind == DeliveryKind.ALERT.value,
                deliveries.c.state == DeliveryState.WAITING.value,
            )
            .values(state=FOLDED, folded_into=digest_id, not_before=None)
        ).rowcount
        if folded != len(part):
            raise StoreError(f"store: not all of {len(ids)} deliveries wait for channel {channel}; none was folded")
        links = select(deliveries.c.folded_into, delivery_alerts.c.alert_id).distinct()
        connection.execute(
            insert_new(connection, delivery_alerts).from_select(
                ["delivery_id", "alert_id"],
                links.join_from(deliveries, delivery_alerts).where(deliveries.c.id.in_(part)),
            )
        )
        keys = connection.scalars(select(deliveries.c.key).where(deliveries.c.id.in_(part))).all()
        _supersede(connection, keys, channel, digest_id)


def unpark(connection: Connection, channel: str | None, now: datetime) -> int:
    """Due now. Attempts stay counted: an earlier one may have got through, so the next looks it up first."""
    change = update(deliveries).where(deliveries.c.state == DeliveryState.PARKED.value)
    if channel is not None:
        change = change.where(deliveries.c.channel == channel)
    return connection.execute(change.values(state=DeliveryState.WAITING.value, not_before=now)).rowcount


def receipt(connection: Connection, key: str) -> Receipt | None:
    """That of the digest, for an alert that went out in one."""
    found = followed(connection, key)
    return found.receipt if found else None


def followed(connection: Connection, key: str) -> Followed | None:
    digest = deliveries.alias("digest")
    proof = func.coalesce
    row = connection.execute(
        select(
            deliveries.c.channel,
            proof(digest.c.receipt_ref, deliveries.c.receipt_ref).label("ref"),
            proof(digest.c.receipt_url, deliveries.c.receipt_url).label("url"),
            proof(digest.c.sent_at, deliveries.c.sent_at).label("sent_at"),
            proof(digest.c.key, deliveries.c.key).label("key"),
            proof(digest.c.state, deliveries.c.state).label("state"),
        )
        .select_from(deliveries.outerjoin(digest, digest.c.id == deliveries.c.folded_into))
        .where(deliveries.c.key == key)
    ).first()
    if row is None or row.state == FOLDED:
        return None  # not known; or an update that a later one replaced twice over, which no post follows
    proven = None
    if row.sent_at is not None:
        proven = Receipt(channel=row.channel, key=row.key, ref=row.ref, sent_at=row.sent_at, url=row.url or "")
    return Followed(DeliveryState(row.state), proven, folded=row.key != key)


def last_call(connection: Connection, channel: str) -> Call | None:
    row = connection.execute(select(calls).where(calls.c.channel == channel)).first()
    return Call(row.key, row.at) if row is not None else None


def behind(connection: Connection, key: str) -> Delivered | None:
    """The payload of the last update that was sent, else that of the post itself."""
    post = connection.execute(select(deliveries).where(deliveries.c.key == key)).first()
    if post is None:
        return None
    rewritten = connection.execute(
        select(deliveries.c.payload)
        .where(
            deliveries.c.follows == key,
            deliveries.c.kind == DeliveryKind.UPDATE.value,
            deliveries.c.state == DeliveryState.SENT.value,
        )
        .order_by(deliveries.c.id.desc())
        .limit(1)
    ).scalar()
    ids = connection.scalars(
        select(delivery_alerts.c.alert_id)
        .where(delivery_alerts.c.delivery_id == post.id)
        .order_by(delivery_alerts.c.alert_id)
    ).all()
    kind = DeliveryKind(post.kind)
    payload = decode_payload(kind, rewritten or post.payload)
    return Delivered(post.key, post.channel, kind, payload, tuple(ids))
