"""Asks the store for what an answer needs. One call from any thread; the pure part makes the report of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from bot.model import Source
from bot.rules.match import Engine
from bot.store.base import Store
from bot.why import Around, WhyReport, absent, address_of, why


def answer(
    store: Store,
    given: str,
    engine: Engine,
    sources: Mapping[str, Source],
    retention: timedelta,
    now: datetime,
    tz: tzinfo,
) -> WhyReport:
    """What became of the article of an address or a guid. Reads only. Raises ``StoreError``."""
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
    return why(record, around, engine, now, tz, asked=address.given)
