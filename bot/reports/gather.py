"""Asks the store for what a report needs; one call from any thread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.reports.report import Report, make_report
from bot.store.base import Store


def report(store: Store, names: Mapping[str, str], since: datetime, until: datetime) -> Report:
    """The report over a period, beside the one of the same length before it. Reads only. Raises ``StoreError``."""
    votes = tuple(v for v in store.feedback(since) if v.at < until)
    return make_report(
        votes,
        store.told(since, until),
        store.told(since - (until - since), since),
        {one.alert_id: one for one in store.told_of([v.alert_id for v in votes])},
        names,
        since,
        until,
    )
