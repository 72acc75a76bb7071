"""Sources: which there are, which are due, how their last poll ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Float,
    Integer,
    LargeBinary,
    Row,
    Text,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from bot.model import HttpState, Source, TextFrom
from bot.roster.state import PUT_OFF, Memory, SourceState, Standing
from bot.store.codec import decode, encode, encode_finite
from bot.store.columns import Micros, Words, from_micros, storable, to_micros
from bot.store.queries import states, untold
from bot.store.queries.dialect import among, chunks, listed
from bot.store.queries.prepared import Prepared
from bot.store.schema import articles, sources
from bot.store.sources_port import NEVER, Lease, Poll, SourceRecord, SourceStatus
from bot.store.websub_port import Push
from bot.web.urls import host_of


def sync(connection: Connection, wanted: Iterable[Source], now: datetime, spread_s: Mapping[str, float]) -> None:
    """Only what differs is written. A source with a new address begins anew: what the old server told it (ETag, where
    it moved, its rhythm) is forgotten. One with a shorter interval does not wait for the old one to pass, and one that
    is switched off and on again is polled even if it had said that it is gone."""
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
    went = [row.id for row in stored.values() if row.enabled]
    for ids in chunks(went):
        connection.execute(update(sources).where(sources.c.id.in_(ids)).values(enabled=False))
    begun = [str(row["b_id"]) for row in changed if row["state"] is SourceState.NEW or not row["enabled"]]
    states.end(connection, [*went, *begun], now)


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
        "host": host_of(source.url),
        "state": SourceState.NEW,
        "state_reason": "",
        "interval_reason": "",
        "url_in_use": "",
    }


def _changed_row(
    row: Row[tuple[object, ...]], source: Source, definition: str, first_due: datetime, now: datetime
) -> dict[str, object]:
    moved = row.url != storable(source.url)
    before = decode(Source, row.definition)
    same_answers = not moved and (before.kind, before.options) == (source.kind, source.options)
    back = source.enabled and not row.enabled
    afresh = moved or back
    return {
        "b_id": row.id,
        "url": source.url,
        "definition": definition,
        "enabled": source.enabled,
        "http_state": row.http_state if same_answers else None,  # else "not modified" would hide what is read now
        "seen": row.seen if same_answers else None,
        "next_poll_at": first_due if afresh else min(row.next_poll_at, now + source.every, key=_unless_gone),
        "failures": 0 if afresh else row.failures,
        "host": host_of(source.url) if moved else row.host,
        "state": SourceState.NEW if afresh else row.state,
        "state_reason": "" if afresh else row.state_reason,
        "state_since": now if afresh else row.state_since,
        "url_in_use": "" if moved else row.url_in_use,
        "memory": None if moved else row.memory,
    }


def _unless_gone(due: datetime) -> tuple[bool, datetime]:
    return due != NEVER, due


_LEASED = (
    sources.c.id,
    sources.c.http_state,
    sources.c.failures,
    sources.c.last_success_at,
    sources.c.state,
    sources.c.state_reason,
    sources.c.state_since,
    sources.c.url_in_use,
    sources.c.memory,
    sources.c.last_elapsed_s,
    sources.c.seen,
)


_DUE = Prepared(
    select(*_LEASED)
    .where(
        sources.c.enabled,
        sources.c.next_poll_at <= bindparam("now", type_=Micros),
        or_(sources.c.lease_until.is_(None), sources.c.lease_until <= bindparam("now", type_=Micros)),
    )
    .order_by(sources.c.next_poll_at)  # nothing else: after a long pause the whole table would be sorted each time
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True),
    "now",
    "most",
)
_LEASE = Prepared(
    update(sources).where(among(sources.c.id, "ids")).values(lease_until=bindparam("until", type_=Micros)),
    "ids",
    "until",
)


def lease_due(connection: Connection, now: datetime, limit: int, until: datetime) -> tuple[Lease, ...]:
    """Rows that another worker is leasing at this moment are passed over where the database can lock rows."""
    rows = _DUE.ask(connection, to_micros(now), limit)
    if rows:
        _LEASE.write(connection, [(listed(row[0] for row in rows), to_micros(until))])
    return tuple(map(_lease, rows))


_LOOK = Prepared(select(*_LEASED).where(sources.c.id == bindparam("id", type_=Words), sources.c.enabled), "id")


def look(connection: Connection, source_id: str) -> Lease | None:
    """The same of one source, which stays where it is."""
    rows = _LOOK.ask(connection, storable(source_id))
    return _lease(rows[0]) if rows else None


def _lease(row: Sequence[Any]) -> Lease:
    """Of a row of ``_LEASED``."""
    source_id, http_state, failures, success, state, reason, since, url_in_use, memory, elapsed_s, seen = row
    return Lease(
        source_id=source_id,
        state=decode(HttpState, http_state) if http_state else HttpState(),
        first=success is None,
        failures=failures,
        last_success=None if success is None else from_micros(success),
        standing=Standing(SourceState(state), reason),
        since=None if since is None else from_micros(since),
        url_in_use=url_in_use,
        memory=decode(Memory, memory) if memory else Memory(),
        elapsed_s=elapsed_s,
        seen=seen or b"",
    )


def first_round_open(connection: Connection) -> bool:
    """Whether an enabled source has never been polled."""
    never = select(sources.c.id).where(sources.c.enabled, sources.c.last_poll_at.is_(None)).limit(1)
    return connection.execute(never).first() is not None


def make_due(connection: Connection, now: datetime) -> None:
    """Every enabled source is due that is not gone."""
    later = (sources.c.next_poll_at > now) & (sources.c.next_poll_at < NEVER)
    connection.execute(update(sources).where(sources.c.enabled, later).values(next_poll_at=now))


_GIVE_BACK = (
    update(sources)
    .where(sources.c.id == bindparam("b_id", type_=Words))
    .values(next_poll_at=bindparam("b_at", type_=Micros), lease_until=None)
)
_PUT_OFF = (
    update(sources)
    .where(sources.c.id == bindparam("b_id", type_=Words))
    .values(
        next_poll_at=bindparam("b_at", type_=Micros),
        # Those that never were polled have a reason then why that is so.
        state_reason=case(
            (sources.c.state == SourceState.NEW.value, bindparam("b_new", type_=Words)), else_=sources.c.state_reason
        ),
        interval_reason=bindparam("b_why", type_=Words),
    )
)


def _put_off_row(source_id: str, at: datetime, why: str) -> dict[str, object]:
    return {"b_id": source_id, "b_at": at, "b_new": f"not polled yet: {why}", "b_why": f"{PUT_OFF}{why}"}


def put_off(connection: Connection, host: str, until: datetime, spread_s: float) -> int:
    """Evenly after ``until``, in the order in which they would have been polled. Those that are leased stay so."""
    why = f"its host {host} asked to be left alone"
    found = connection.execute(
        select(sources.c.id)
        .where(sources.c.host == host, sources.c.enabled, sources.c.next_poll_at < until)
        .order_by(sources.c.next_poll_at, sources.c.id)
    ).all()
    if found:
        step = timedelta(seconds=spread_s / len(found))
        connection.execute(_PUT_OFF, [_put_off_row(row.id, until + step * n, why) for n, row in enumerate(found)])
    return len(found)


def postpone(connection: Connection, due: Mapping[str, datetime], why: Mapping[str, str]) -> None:
    back = [{"b_id": source_id, "b_at": at} for source_id, at in due.items()]
    if back:
        connection.execute(_GIVE_BACK, back)
    late = [_put_off_row(source_id, due[source_id], text) for source_id, text in why.items() if source_id in due]
    if late:
        connection.execute(_PUT_OFF, late)


_HASTEN = (
    update(sources)
    .where(
        sources.c.id == bindparam("b_id", type_=Words),
        sources.c.next_poll_at > bindparam("b_at", type_=Micros),
        sources.c.next_poll_at < NEVER,
    )
    .values(next_poll_at=bindparam("b_at", type_=Micros))
)


def hasten(connection: Connection, due: Mapping[str, datetime]) -> None:
    if due:
        connection.execute(_HASTEN, [{"b_id": source_id, "b_at": at} for source_id, at in due.items()])


def release_leases(connection: Connection) -> int:
    return connection.execute(
        update(sources).where(sources.c.lease_until.is_not(None)).values(lease_until=None)
    ).rowcount


def next_due(connection: Connection) -> datetime | None:
    """A leased source is due again when its lease runs out, if not before."""
    due = case((sources.c.lease_until > sources.c.next_poll_at, sources.c.lease_until), else_=sources.c.next_poll_at)
    polled = sources.c.enabled & (sources.c.next_poll_at < NEVER)
    return connection.execute(select(func.min(due, type_=Micros)).where(polled)).scalar()


_RECORD_POLL = Prepared(
    update(sources)
    .where(sources.c.id == bindparam("b_id", type_=Words))
    .values(
        next_poll_at=bindparam("b_next", type_=Micros),
        lease_until=None,
        http_state=func.coalesce(bindparam("b_state", type_=Text), sources.c.http_state),
        failures=case((bindparam("b_ok", type_=Integer) == 1, 0), else_=sources.c.failures + 1),
        last_poll_at=bindparam("b_at", type_=Micros),
        last_success_at=func.coalesce(bindparam("b_success_at", type_=Micros), sources.c.last_success_at),
        last_outcome=bindparam("b_outcome", type_=Text),
        last_error=bindparam("b_error", type_=Words),
        last_elapsed_s=bindparam("b_elapsed", type_=Float),
        items_total=sources.c.items_total + bindparam("b_new", type_=BigInteger),
        memory=func.coalesce(bindparam("b_memory", type_=Text), sources.c.memory),
        seen=func.coalesce(bindparam("b_seen", type_=LargeBinary), sources.c.seen),
        interval_s=func.coalesce(bindparam("b_interval", type_=Float), sources.c.interval_s),
        interval_reason=func.coalesce(bindparam("b_interval_reason", type_=Words), sources.c.interval_reason),
    ),
    *("b_id", "b_next", "b_state", "b_ok", "b_at", "b_success_at", "b_outcome", "b_error", "b_elapsed", "b_new"),
    *("b_memory", "b_seen", "b_interval", "b_interval_reason"),
)


def record_polls(connection: Connection, polls: Sequence[Poll]) -> None:
    """One statement for any number of polls, and some more for those that changed a source's state or address. A
    source that is unknown by now is passed over."""
    if not polls:
        return
    _RECORD_POLL.write(connection, map(_poll_values, polls))
    states.record(connection, polls)
    untold.add(connection, polls)
    for poll in polls:
        if poll.url_in_use is not None:
            moved = {"url_in_use": poll.url_in_use, "host": host_of(poll.url_in_use)}
            connection.execute(update(sources).where(sources.c.id == poll.source_id).values(moved))


def _poll_values(poll: Poll) -> tuple[object, ...]:
    at = to_micros(poll.finished_at)
    return (
        storable(poll.source_id),
        to_micros(poll.next_poll_at),
        None if poll.state is None else encode_finite(HttpState, poll.state),
        int(poll.ok),
        at,
        at if poll.ok else None,
        poll.outcome,
        storable(poll.error),
        poll.elapsed_s,
        poll.new_items,
        None if poll.memory is None else encode_finite(Memory, poll.memory),
        poll.seen,
        None if poll.interval is None else poll.interval.total_seconds(),
        None if poll.interval_reason is None else storable(poll.interval_reason),
    )


def record_push(connection: Connection, push: Push) -> None:
    values: dict[str, object] = {"items_total": sources.c.items_total + push.new_items}
    if push.memory is not None:
        values["memory"] = encode_finite(Memory, push.memory)
    connection.execute(update(sources).where(sources.c.id == storable(push.source_id)).values(values))


def statuses(connection: Connection) -> tuple[SourceStatus, ...]:
    return tuple(_status(row) for row in connection.execute(select(sources).order_by(sources.c.id)))


def _status(row: Any) -> SourceStatus:
    memory = decode(Memory, row.memory) if row.memory else Memory()
    return SourceStatus(
        source_id=row.id,
        state=SourceState(row.state) if row.enabled else SourceState.OFF,
        next_poll_at=row.next_poll_at if row.enabled and row.next_poll_at < NEVER else None,
        last_poll=row.last_poll_at,
        last_success=row.last_success_at,
        failures=row.failures,
        error=row.last_error,
        items_total=row.items_total,
        reason=row.state_reason if row.enabled else "",
        since=row.state_since,
        interval=None if row.interval_s is None else timedelta(seconds=row.interval_s),
        interval_reason=row.interval_reason,
        url_in_use=row.url_in_use,
        latest_item=memory.rhythm.latest,
        hub=host_of(memory.offer.hubs[0]) if memory.offer is not None else "",
    )


def record_of(connection: Connection, source_id: str, since: datetime) -> SourceRecord:
    """By the index over a source's articles."""
    ident = storable(source_id)
    state = connection.execute(select(sources.c.http_state).where(sources.c.id == ident)).scalar()
    count = func.count().label("n")
    rows = connection.execute(
        select(articles.c.text_from, articles.c.text_note, count)
        .where(articles.c.source_id == ident, articles.c.fetched_at >= since)
        .group_by(articles.c.text_from, articles.c.text_note)
        .order_by(count.desc(), articles.c.text_note)
    ).all()
    return SourceRecord(
        state=decode(HttpState, state) if state else HttpState(),
        items=sum(row.n for row in rows),
        texts=tuple((TextFrom(row.text_from), row.text_note, row.n) for row in rows),
    )
