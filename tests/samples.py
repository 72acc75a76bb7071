"""Articles, matches and alerts for tests, each named by what makes it special."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import Alert, Article, Evidence, Match, Severity, Story

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def article(key: str = "a1", **changes: Any) -> Article:
    """An article that was published ten minutes ago."""
    fields: dict[str, Any] = {
        "key": key,
        "source_id": "wire",
        "guid": f"guid-{key}",
        "url": f"https://wire.example/{key}",
        "canonical_url": f"wire.example/{key}",
        "title": f"Parliament of Examplia passes law number {key}",
        "text": f"Members voted on Tuesday after a debate of nine hours about the draft {key}, the speaker said.",
        "published": NOW - timedelta(minutes=10),
        "fetched_at": NOW,
        "content_hash": f"hash-{key}",
        "source_name": "The Wire",
    }
    return Article(**{**fields, **changes})


def match(rule_id: str = "law", severity: Severity = Severity.HIGH, **changes: Any) -> Match:
    fields: dict[str, Any] = {
        "rule_id": rule_id,
        "title": rule_id.title(),
        "severity": severity,
        "tags": (),
        "evidence": (Evidence("Parliament", 0, 10, "parliament"),),
    }
    return Match(**{**fields, **changes})


def alert(of: Article | None = None, matches: Sequence[Match] = (), *, new: bool = True) -> Alert:
    one = of or article()
    story = Story(one.key, new, "no earlier article like it")
    return Alert(one.key, one, story, tuple(matches) or (match(),), ("RU",), NOW)
