"""Asks the store for what an answer needs. One call from any thread; the pure part makes the report of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Protocol, TypeVar

from bot.model import Source
from bot.people import is_others, is_others_place
from bot.record import Record
from bot.rules.match import Engine
from bot.store.base import Store
from bot.why import Around, WhyReport, absent, address_of, why


class _Placed(Protocol):
    @property
    def channel(self) -> str: ...


class _Ruled(Protocol):
    @property
    def rule_id(self) -> str: ...
    @property
    def channels(self) -> tuple[str, ...]: ...


T = TypeVar("T", bound=_Placed)
R = TypeVar("R", bound=_Ruled)


def answer(
    store: Store,
    given: str,
    engine: Engine,
    sources: Mapping[str, Source],
    retention: timedelta,
    now: datetime,
    tz: tzinfo,
    *,
    audience: Collection[str] | None = None,
) -> WhyReport:
    """What became of the article of an address or a guid. ``audience``: the delivery channels of those who read it, who
    are not told what others watch; ``None`` for operators. Reads only. Raises ``StoreError``."""
    address = address_of(given)
    found = store.find_article(address)
    record = store.record(found.keys[0]) if found.keys else None
    if record is None:  # the second look-up may come after a purge
        return absent(address, found, sources, store.source_statuses(), retention, now, tz)
    source_id = record.article.source_id
    around = Around(
        source=sources.get(source_id),
        status=next((s for s in store.source_statuses() if s.source_id == source_id), None),
        revisions=store.revisions(record.article.key),
        votes=store.votes(record.alert.id) if record.alert else (),
        decisions=store.decisions(record.article.key),
        holds=tuple(h for h in store.held() if record.alert and h.alert_id == record.alert.id),
        mutes=store.mutes(now, include_expired=True),
        namesakes=len(found.keys) - 1,
    )
    if audience is None:
        return why(record, around, engine, now, tz, asked=address.given)
    others = [rule.id for rule in engine.rules if is_others(rule.id, rule.channels, audience)]
    return why(*_seen_by(audience, record, around), engine, now, tz, asked=address.given, others=others)


def _seen_by(audience: Collection[str], record: Record, around: Around) -> tuple[Record, Around]:
    """Without the watches of others, without where they were told, and without what was said of them."""

    def told(fired: Iterable[R]) -> tuple[R, ...]:
        return tuple(one for one in fired if not is_others(one.rule_id, one.channels, audience))

    alert = record.alert
    if alert is not None:
        kept = told(alert.matches)
        alert = replace(alert, matches=kept) if kept else None

    def seen(found: Iterable[T]) -> tuple[T, ...]:
        return tuple(one for one in found if not is_others_place(one.channel, audience))

    return (
        replace(
            record,
            alert=alert,
            posts=seen(record.posts),
            members=tuple(replace(member, fired=told(member.fired)) for member in record.members),
        ),
        replace(
            around,
            votes=around.votes if alert is not None else (),
            decisions=seen(around.decisions),
            holds=seen(around.holds),
        ),
    )
