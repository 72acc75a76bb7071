"""Sources: which there are, which are due, how their last poll ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, bindparam, case, func, or_, select, update

from bot.model import HttpState, Source
from bot.store.base import Lease, Poll, SourceStatus
from bot.store.codec import decode, encode
from bot.store.queries.dialect import chunks
from bot.store.schema import Micros, Words, sources, storable


def sync(connection: Connection, wanted: Iterable[Source], now: datetime, spread_s: Mapping[str, float]) -> None:
    """Only what differs is written. A source with a new address forgets what the old server told it (ETag), and one
    with a shorter interval does not wait for the old one to pass."""
    stored = {row.id: row for row in connection.execute(select(sources))}
    fresh, changed = [], []
    for source in wanted:
        row = stored.pop(storable(source.id), None)
        definition = encode(Source, source)
        first_due = now + timedelta(seconds=spread_s.get(source.id, 0.0))
        if row is None:
            fresh.append(_new_row(source, definition, first_due))
        elif row.definition != definition or row.enabled != source.enabled:
            changed.append(_changed_row(row, source, definition, first_due, now))
    if fresh:
        connection.execute(sources.insert(), fresh)
    if changed:
        connection.execute(update(sources).where(sources.c.id == bindparam("b_id")), changed)
    for ids in chunks([row.id for row in stored.values() if row.enabled]):
        connection.execute(update(sources).where(sources.c.id.in_(ids)).values(enabled=False))


def _new_row(source: Source, definition: str, due: datetime) -> dict[str, object]:
    return {
        "id": source.id,
        "url": source.url,
        "definition": definition,
        "enabled": source.enabled,
        "next_poll_at": due,
        "failures": 0,
        "last_outcome": "",
        "last_error": "",
        "last_elapsed_s": 0.0,
        "items_total": 0,
    }


def _changed_row(
    row: Row[tuple[object, ...]], source: Source, definition: str, first_due: datetime, now: datetime
) -> dict[str, object]:
    moved = row.url != storable(source.url)
    back = source.enabled and not row.enabled
    return {
        "b_id": row.id,
        "url": source.url,
        "definition": definition,
        "enabled": source.enabled,
        "http_state": None if moved else row.http_state,
        "next_poll_at": first_due if moved or back else min(row.next_poll_at, now + source.every),
    }


def lease_due(connection: Connection, now: datetime, limit: int, until: datetime) -> tuple[Lease, ...]:
    """Rows that another worker is leasing at this moment are passed over where the database can lock rows."""
    due = (
        select(sources.c.id, sources.c.http_state, sources.c.failures, sources.c.last_success_at)
        .where(
            sources.c.enabled,
            sources.c.next_poll_at <= now,
            or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now),
        )
        .order_by(sources.c.next_poll_at, sources.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(due).all()
    for ids in chunks([row.id for row in rows]):
        connection.execute(update(sources).where(sources.c.id.in_(ids)).values(lease_until=until))
    return tuple(
        Lease(
            source_id=row.id,
            state=decode(HttpState, row.http_state) if row.http_state else HttpState(),
            first=row.last_success_at is None,
            failures=row.failures,
            last_success=row.last_success_at,
        )
        for row in rows
    )


def make_due(connection: Connection, now: datetime) -> None:
    """Every enabled source is due."""
    connection.execute(update(sources).where(sources.c.enabled, sources.c.next_poll_at > now).values(next_poll_at=now))


def release_leases(connection: Connection) -> int:
    return connection.execute(
        update(sources).where(sources.c.lease_until.is_not(None)).values(lease_until=None)
    ).rowcount


def next_due(connection: Connection) -> datetime | None:
    """A leased source is due again when its lease runs out, if not before."""
    due = case((sources.c.lease_until > sources.c.next_poll_at, sources.c.lease_until), else_=sources.c.next_poll_at)
    return connection.execute(select(func.min(due, type_=Micros)).where(sources.c.enabled)).scalar()


_RECORD_POLL = (
    update(sources)
    .where(sources.c.id == bindparam("b_id", type_=Words))
    .values(
        next_poll_at=bindparam("b_next", type_=Micros),
        lease_until=None,
        http_state=func.coalesce(bindparam("b_state"), sources.c.http_state),
        failures=case((bindparam("b_ok") == 1, 0), else_=sources.c.failures + 1),
        last_poll_at=bindparam("b_at", type_=Micros),
        last_success_at=func.coalesce(bindparam("b_success_at", type_=Micros), sources.c.last_success_at),
        last_outcome=bindparam("b_outcome"),
        last_error=bindparam("b_error", type_=Words),
        last_elapsed_s=bindparam("b_elapsed"),
        items_total=sources.c.items_total + bindparam("b_new"),
    )
)


def record_polls(connection: Connection, polls: Sequence[Poll]) -> None:
    """One statement for any number of polls. A source that is unknown by now is passed over."""
    connection.execute(
        _RECORD_POLL,
        [
            {
                "b_id": poll.source_id,
                "b_next": poll.next_poll_at,
                "b_state": None if poll.state is None else encode(HttpState, poll.state),
                "b_ok": int(poll.ok),
                "b_at": poll.finished_at,
                "b_success_at": poll.finished_at if poll.ok else None,
                "b_outcome": poll.outcome,
                "b_error": poll.error,
                "b_elapsed": poll.elapsed_s,
                "b_new": poll.new_items,
            }
            for poll in polls
        ],
    )


def statuses(connection: Connection) -> tuple[SourceStatus, ...]:
    return tuple(
        SourceStatus(
            source_id=row.id,
            state=_state(row.enabled, row.last_poll_at, row.failures),
            next_poll_at=row.next_poll_at if row.enabled else None,
            last_poll=row.last_poll_at,
            last_success=row.last_success_at,
            failures=row.failures,
            error=row.last_error,
            items_total=row.items_total,
        )
        for row in connection.execute(select(sources).order_by(sources.c.id))
    )


def _state(enabled: bool, last_poll: datetime | None, failures: int) -> str:
    if not enabled:
        return "off"
    if last_poll is None:
        return "new"
    return "failing" if failures else "ok"
