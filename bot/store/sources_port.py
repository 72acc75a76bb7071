"""The part of the store's port that polling needs: whose turn it is, and how it went. See :mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.model import HttpState, Source, TextFrom
from bot.roster.news import SourceNotice
from bot.roster.state import BLANK, FRESH, Memory, SourceState, Standing

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a source falls due that said it is gone."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A source that is due and now belongs to the caller until the lease runs out.

    ``first`` is true while no poll of it has succeeded yet; ``failures`` counts those in a row. ``standing`` is how
    the last poll left it, since ``since``; ``url_in_use`` where permanent redirects moved it (empty: as configured);
    ``memory`` what that poll wanted remembered; ``elapsed_s`` how long it took; ``seen`` what the last answer held (see
    :mod:`bot.sources.delta`).
    """

    source_id: str
    state: HttpState
    first: bool
    failures: int
    last_success: datetime | None
    standing: Standing = FRESH
    since: datetime | None = None
    url_in_use: str = ""
    memory: Memory = BLANK
    elapsed_s: float = 0.0
    seen: bytes = b""


@dataclass(frozen=True, slots=True)
class Poll:
    """How a poll ended. ``outcome`` is ``ok``, ``not_modified`` or a :class:`~bot.errors.FetchReason` value;
    ``error`` the sentence for people (empty on success). ``state``, ``memory``, ``seen``, ``url_in_use`` and
    ``interval`` (with its reason) are kept when they are ``None``; without a ``standing`` the source is ``ok`` or
    ``failing``.
    ``next_poll_at`` is :data:`NEVER` for a source that is to be polled no more. ``notices`` are kept until they are
    told."""

    source_id: str
    finished_at: datetime
    next_poll_at: datetime
    outcome: str
    error: str = ""
    state: HttpState | None = None
    items: int = 0
    new_items: int = 0
    elapsed_s: float = 0.0
    standing: Standing | None = None
    memory: Memory | None = None
    url_in_use: str | None = None
    interval: timedelta | None = None
    interval_reason: str | None = None
    seen: bytes | None = None
    notices: tuple[SourceNotice, ...] = ()

    @property
    def ok(self) -> bool:
        return self.outcome in ("ok", "not_modified")


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What ``sources list`` shows of a source.

    ``reason`` says why it is in its state, ``since`` when it came into it. ``next_poll_at`` is ``None`` for one that
    is not polled. ``interval`` is what was chosen at the last poll, and ``interval_reason`` why; ``url_in_use`` is set
    where permanent redirects moved it; ``latest_item`` is when its newest item came; ``hub`` is the host of the hub
    that its feed names.
    """

    source_id: str
    state: SourceState
    next_poll_at: datetime | None
    last_poll: datetime | None
    last_success: datetime | None
    failures: int
    error: str
    items_total: int
    reason: str = ""
    since: datetime | None = None
    interval: timedelta | None = None
    interval_reason: str = ""
    url_in_use: str = ""
    latest_item: datetime | None = None
    hub: str = ""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What ``sources show`` counts. ``items`` are the new ones of the time asked for, ``texts`` how many of them have
    their text from where, and why (:class:`~bot.model.TextFrom`, ``text_note``), most first; ``state`` goes into the
    next request."""

    state: HttpState = field(default_factory=HttpState)
    items: int = 0
    texts: tuple[tuple[TextFrom, str, int], ...] = ()


class SourcesStore(Protocol):
    """The sources, their turns and their record."""

    def sync_sources(self, sources: Iterable[Source], now: datetime, spread_s: Mapping[str, float]) -> None:
        """Make the table hold exactly these. New ones are due at ``now`` plus their ``spread_s``; state of those
        that stay is kept; those that went are switched off, with their history."""
        ...

    def lease_due(self, now: datetime, limit: int, until: datetime) -> tuple[Lease, ...]:
        """The enabled sources with ``next_poll_at <= now`` and no live lease, longest overdue first."""
        ...

    def release_leases(self) -> int:
        """Free the sources that a killed process had leased, so that they need not wait for the lease to run out.
        Only for whoever holds :meth:`acquire`, before the first lease. Returns how many."""
        ...

    def make_due(self, now: datetime) -> None:
        """Let every enabled source fall due now, whatever its turn was (``run --once``), but those that are gone."""
        ...

    def next_due(self) -> datetime | None:
        """When the next source falls due; one that is leased, not before its lease runs out."""
        ...

    def source_statuses(self) -> tuple[SourceStatus, ...]: ...

    def source_record(self, source_id: str, since: datetime) -> SourceRecord:
        """What was read from a source since then, and what it told us to send back. Empty for one that is unknown."""
        ...

    def chat_sources(self) -> tuple[Source, ...]:
        """The sources that people added with a command, in the order in which they came. They are polled once
        :meth:`sync_sources` was told of them, like those of the rules folders."""
        ...

    def add_source(self, source: Source, now: datetime, by: str = "") -> bool:
        """Keep a source that ``by`` added. ``False``, and nothing changed, if its id is among :meth:`chat_sources`."""
        ...

    def remove_source(self, source_id: str) -> bool:
        """Drop a source from :meth:`chat_sources`; what was read from it stays. ``False`` if it is not there."""
        ...
