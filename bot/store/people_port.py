"""The part of the store's port that keeps what people do in chat. See :mod:`bot.store.base`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model import Alert, Severity
from bot.people import AuditEntry, Feedback, NewAudit, NewWatch, Watch


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts are meant: of a rule, about a country (its code), from a source; empty: any. ``severity`` is the
    least. ``audience``: the delivery channels of those who look; an alert that others' watches alone gave is none of
    theirs. ``None`` is told of everything."""

    rule: str = ""
    country: str = ""
    source: str = ""
    severity: Severity = Severity.INFO
    audience: frozenset[str] | None = None


ANY = Filter()


class PeopleStore(Protocol):
    """Votes, audit and watches."""

    def vote(self, feedback: Feedback) -> tuple[Feedback, ...]:
        """Note a vote; a person's earlier one on the same alert is replaced. Returns all votes on that alert as they
        stand now, oldest first."""
        ...

    def votes(self, alert_id: str) -> tuple[Feedback, ...]:
        """All votes on one alert, oldest first."""
        ...

    def voted(self, key: str) -> tuple[int, int]:
        """How many find useful, and how many noise, what the post with this delivery key tells of."""
        ...

    def feedback(self, since: datetime) -> tuple[Feedback, ...]:
        """The votes given since then, oldest first; those on alerts that were purged too."""
        ...

    def note_change(self, change: NewAudit) -> AuditEntry:
        """Write a change into the audit table. Nothing takes it out again."""
        ...

    def audit(self, since: datetime, limit: int) -> tuple[AuditEntry, ...]:
        """The newest changes since then, at most ``limit``, newest first."""
        ...

    def add_watch(self, watch: NewWatch) -> Watch:
        """The watch; where the channel watches this term and country already, that one."""
        ...

    def remove_watch(self, watch_id: int) -> bool:
        """Whether there was one. Its number is never given again."""
        ...

    def watches(self) -> tuple[Watch, ...]:
        """All of them, oldest first."""
        ...

    # -- what they look at ------------------------------------------------------------------------------------------
    def latest_alerts(self, since: datetime, limit: int, wanted: Filter = ANY) -> tuple[Alert, ...]:
        """The newest alerts made since then that fit, newest first."""
        ...

    # -- what is kept for them --------------------------------------------------------------------------------------
    def remembered(self, key: str) -> str:
        """What :meth:`remember` was given under that key last, or ``""``."""
        ...

    def remember(self, key: str, value: str) -> None:
        """Keep a small value over restarts (what was registered with a platform)."""
        ...
