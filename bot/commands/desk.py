"""What the handlers work with. Built once, by :mod:`bot.commands.wiring`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from bot.commands.arguments import Names
from bot.live.rulebook import Rulebook
from bot.model import Mute, MuteKind, Source
from bot.people import is_others, is_others_place, is_watch
from bot.roster.discovery import Found
from bot.rules.evaluate import Subject
from bot.rules.model import Rule
from bot.settings.permissions import Grant
from bot.store.base import Store
from bot.summary.post import ChartPost
from bot.summary.service import Writes

T = TypeVar("T")


class StoreAccess(Protocol):
    """The part of :class:`bot.store.writer.StoreThread` that commands need."""

    async def run(self, op: Callable[[Store], T]) -> T: ...
    async def read(self, op: Callable[[Store], T]) -> T: ...


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot does. ``trouble`` is why it is not working, or ``None``."""

    started: datetime
    last_poll: datetime | None
    trouble: str | None


async def _nothing() -> None:
    """Where nobody needs to be told."""


@dataclass(frozen=True, slots=True)
class Desk:
    """See the module. ``heavy`` runs what takes the processor for long in a thread of its own. ``page`` reads a web
    page and ``discover`` looks for its feeds (both raise :class:`~bot.errors.SourceError`). ``draw`` makes a chart
    (:meth:`bot.summary.drawing.Charts.draw`). The three
    ``on_`` are told after a change. ``owners`` is :func:`bot.settings.noise.owners_of`, ``writer``
    the language model, if there is one."""

    store: StoreAccess
    book: Callable[[], Rulebook]
    clock: Callable[[], datetime]
    zone: ZoneInfo
    retention: timedelta
    grants: Sequence[Grant]
    heavy: Callable[[Callable[[], Any]], Awaitable[Any]]
    page: Callable[[str], Awaitable[Subject]]
    discover: Callable[[str], Awaitable[tuple[Found, ...]]]
    health: Callable[[], Health]
    draw: Callable[[ChartPost], Awaitable[bytes]]
    on_watches: Callable[[], Awaitable[None]]
    on_sources: Callable[[], Awaitable[None]]
    on_mutes: Callable[[], Awaitable[object]] = _nothing
    owners: Mapping[str, str] = field(default_factory=dict)
    writer: Writes | None = None

    def names(self, audience: Collection[str]) -> Names:
        """The ids that exist now, as far as an audience (:attr:`bot.commands.request.Request.audience`) is told."""
        book = self.book()
        return Names({r.id: r.title for r in self.rules(audience)}, {s.id: s.name for s in book.sources.values()})

    def rules(self, audience: Collection[str]) -> tuple[Rule, ...]:
        """The rules in force without what others watch."""
        return tuple(r for r in self.book().ruleset.rules if not is_others(r.id, r.channels, audience))

    def others(self, audience: Collection[str]) -> frozenset[str]:
        """The ids of what others watch now."""
        return frozenset(r.id for r in self.book().ruleset.rules if is_others(r.id, r.channels, audience))

    def told_of(self, audience: Collection[str]) -> Callable[[str], bool]:
        """Whether an audience is told of a rule, by its id; of one that is no more, unless it was a watch."""
        known = {rule.id for rule in self.rules(audience)}
        return lambda rule_id: rule_id in known or not is_watch(rule_id)

    def mutes(self, found: Iterable[Mute], audience: Collection[str]) -> tuple[Mute, ...]:
        """Mutes without those that tell of what others watch: of such a watch, or on their direct messages."""
        told = self.told_of(audience)
        return tuple(
            m
            for m in found
            if not is_others_place(m.channel or "", audience) and (m.kind is not MuteKind.RULE or told(m.value))
        )

    @property
    def sources(self) -> Mapping[str, Source]:
        return self.book().sources
