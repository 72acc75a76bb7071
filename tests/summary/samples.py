"""Alerts and documents for summaries, each named by what makes it special."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.follow.thread import Marks
from bot.model import Alert, Article, Match, Severity, Source, Story
from bot.store.base import Batch
from bot.store.sources_port import Poll
from bot.store.sql import SqlStore
from bot.store.summary_port import AlertLine, FiredLine
from tests.samples import article

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def line(story: str, **changes: Any) -> AlertLine:
    """An alert of an hour ago by one rule, about North Korea."""
    fields: dict[str, Any] = {
        "alert_id": f"alert-{story}",
        "number": 1,
        "story_id": story,
        "severity": Severity.MEDIUM,
        "countries": ("KP",),
        "rules": (FiredLine("arms", "Arms deal", Severity.MEDIUM, ("sanctions",)),),
        "created_at": ago(hours=1),
    }
    return AlertLine(**{**fields, **changes})


QUAKE = (
    (
        "Strong earthquake hits northern Examplia",
        "A magnitude 7.1 earthquake struck northern Examplia on Tuesday, killing at least 40 people, officials said. "
        "He said the army was on its way. Read more on our website and sign up for the newsletter now.",
    ),
    (
        "At least 40 dead as magnitude 7.1 quake strikes Examplia",
        "LOMARA, March 4 (Reuters) - Rescue teams searched collapsed buildings in the port of Lomara after the quake. "
        "Was anybody warned before the buildings fell down?",
    ),
    (
        "Examplia quake: rescuers search collapsed buildings in Lomara",
        "Officials said that a magnitude 7.1 earthquake struck northern Examplia on Tuesday and killed 40 people. "
        'The mayor asked for tents and water: "We have nothing left in this town," he said.',
    ),
)


def quake(n: int, **changes: Any) -> Article:
    """One of three documents on one event, by an outlet of its own."""
    title, text = QUAKE[n]
    url = f"https://outlet{n}.example/quake{n}"
    fields = {"title": title, "text": text, "source_id": f"outlet{n}", "source_name": f"Outlet {n}", "url": url}
    return article(f"quake{n}", **{**fields, **changes})


def document(key: str, title: str, text: str, **changes: Any) -> Article:
    return article(key, title=title, text=text, **changes)


def store_alert(
    store: SqlStore,
    one: Article,
    story: str,
    at: datetime,
    *,
    severity: Severity = Severity.HIGH,
    countries: tuple[str, ...] = ("KP",),
    rule: str = "arms",
    alert: bool = True,
    reason: str = "no earlier article like it",
    credit: str = "",
) -> None:
    """An article of a story, stored as a poll would; with ``alert``, a rule fired on it."""
    from dataclasses import replace

    one = replace(one, fetched_at=at, published=min(one.published, at))
    match = Match(rule, f"Title of {rule}", severity, ("tagged",), ())
    alerts = (Alert(f"alert-{one.key}", one, Story(story, True, reason), (match,), countries, at),) if alert else ()
    marks = {one.key: Marks(credit)} if credit else {}
    store.commit(Batch(Poll(one.source_id, at, at, "ok"), (one,), {one.key: (story, reason)}, alerts, marks=marks))


def sources(*ids: str) -> tuple[Source, ...]:
    return tuple(Source(id, f"https://{id}.example/feed", title=id.title()) for id in ids)
