"""The states of sources, and their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, func, or_, select, update

from bot.roster.state import OUT, LastRead, Outage, SourceState, Standing
from bot.store.columns import Micros, Words, from_micros, storable
from bot.store.queries.dialect import among, chunks, listed
from bot.store.queries.prepared import Prepared
from bot.store.schema import source_states, sources
from bot.store.sources_port import Poll

_EVENTLESS = frozenset({SourceState.NEW, SourceState.OK, SourceState.OFF})  # not worth a row of history

_ENTER = (
    update(sources)
    .where(sources.c.id == bindparam("b_id", type_=Words))
    .values(
        state=bindparam("b_state"),
        state_reason=bindparam("b_reason", type_=Words),
        state_since=bindparam("b_since", type_=Micros),
    )
)

_WELL = Standing(SourceState.OK)  # nearly all, before and after: of these nothing is read

_KNOWN = Prepared(
    select(sources.c.id, sources.c.state, sources.c.state_reason, sources.c.state_since).where(
        among(sources.c.id, "ids"),
        or_(
            sources.c.state != _WELL.state.value, sources.c.state_reason != _WELL.reason, among(sources.c.id, "unwell")
        ),
    ),
    "ids",
    "unwell",
)


def standing_of(poll: Poll) -> Standing:
    """What the poll says, or what its outcome makes of the source."""
    if poll.standing is not None:
        return poll.standing
    return Standing(SourceState.OK) if poll.ok else Standing(SourceState.FAILING, poll.error)


def record(connection: Connection, polls: Sequence[Poll]) -> None:
    """Write what differs from what is stored: a new state with its history, or a new reason for the same state."""
    said = [(storable(poll.source_id), standing_of(poll), poll) for poll in polls]
    unwell = listed(name for name, standing, _ in said if standing != _WELL)
    known: dict[str, tuple[Standing, datetime | None]] = {}
    for name, state, reason, at in _KNOWN.ask(connection, listed(name for name, _, _ in said), unwell):
        known[name] = Standing(SourceState(state), reason), None if at is None else from_micros(at)
    changed, turns = [], []
    for name, standing, poll in said:
        if name not in known or known[name][0] == standing:
            continue
        before, since = known[name]
        if before.state != standing.state:
            since = poll.finished_at
            turns.append((name, before.state, standing, since))
        known[name] = standing, since
        changed.append({"b_id": name, "b_state": standing.state.value, "b_reason": standing.reason, "b_since": since})
    if changed:
        connection.execute(_ENTER, changed)
    for name, state, standing, at in turns:
        if state not in _EVENTLESS:
            end(connection, [name], at)
        if standing.state not in _EVENTLESS:
            entry = {"source_id": name, "state": standing.state.value, "reason": standing.reason, "began_at": at}
            connection.execute(source_states.insert(), entry)


def end(connection: Connection, source_ids: Sequence[str], now: datetime) -> None:
    """Whatever state these sources are in, it ends."""
    for ids in chunks(source_ids):
        lasting = source_states.c.source_id.in_(ids) & source_states.c.ended_at.is_(None)
        connection.execute(update(source_states).where(lasting).values(ended_at=now))


def outages(connection: Connection, since: datetime, until: datetime) -> tuple[Outage, ...]:
    touching = (
        select(source_states)
        .where(
            or_(source_states.c.ended_at > since, source_states.c.ended_at.is_(None)),
            source_states.c.began_at < until,
            source_states.c.state.in_([state.value for state in OUT]),
        )
        .order_by(source_states.c.began_at, source_states.c.id)
    )
    return tuple(
        Outage(row.source_id, SourceState(row.state), row.reason, row.began_at, row.ended_at)
        for row in connection.execute(touching)
    )


def last_reads(connection: Connection) -> Mapping[str, LastRead]:
    read = select(sources.c.id, sources.c.last_success_at, sources.c.interval_s)
    return {
        row.id: LastRead(row.last_success_at, None if row.interval_s is None else timedelta(seconds=row.interval_s))
        for row in connection.execute(read.where(sources.c.last_success_at.is_not(None)))
    }


def counts(connection: Connection) -> Mapping[SourceState, int]:
    state = case((sources.c.enabled, sources.c.state), else_=SourceState.OFF.value)
    rows = connection.execute(select(state.label("state"), func.count().label("n")).group_by(state))
    return {SourceState(row.state): row.n for row in rows}
