"""The one place where stories grow: deciding and writing, one poll after another.

A story must not be founded by two polls at once, and what is decided must hang on what was written before: so a lock is
held from placing the articles to the end of the transaction. What the stories learnt is taken back if the write fails.
Whatever else changes what channels were told (the release of what is held) takes the same lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot import pipeline
from bot.model import Alert, Article, Match
from bot.noise import Context, Mutes, Policy
from bot.pipeline import Assembled, Edited, Judged
from bot.store.base import Batch, Store
from bot.store.sources_port import Poll
from bot.store.websub_port import Push
from bot.story import Stories

T = TypeVar("T")

Channels = Callable[[tuple[Match, ...]], tuple[str, ...]]
"""The channels that hear of a set of matches, in order."""


class StoreRunner(Protocol):
    """The asynchronous way to the store (:class:`bot.store.writer.StoreThread`)."""

    async def run(self, op: Callable[[Store], T]) -> T: ...

    async def read(self, op: Callable[[Store], T]) -> T: ...

    async def commit(self, batch: Batch) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What was decided, and the keys of the articles that were new."""

    assembled: Assembled
    new: tuple[str, ...]


class Assembler:
    """See the module. ``policy`` is replaced as a whole when rules change. ``language`` tells the language of an
    article whose feed does not say."""

    def __init__(
        self,
        store: StoreRunner,
        stories: Stories,
        mutes: Mutes,
        policy: Policy,
        *,
        clock: Callable[[], datetime],
        max_age: timedelta | None,
        language: Callable[[Article], str | None] = lambda article: article.lang,
    ) -> None:
        self.policy = policy
        self.lock = asyncio.Lock()
        self._store = store
        self._stories = stories
        self._mutes = mutes
        self._clock = clock
        self._max_age = max_age
        self._language = language

    async def write(
        self,
        judged: Sequence[Judged],
        edited: Sequence[Edited],
        poll: Callable[[], Poll | Push],
        channels: Channels,
        *,
        first_poll: bool,
    ) -> Written:
        """Place articles in their stories, decide about them and about edits, and commit. ``poll`` is asked when all
        is decided. Raises what the store raises, with nothing learnt."""
        async with self.lock:
            now = self._clock()
            try:
                arrived = pipeline.place(judged, self._stories, now)
                assembled = await self._assemble(arrived, edited, channels, now, first_poll=first_poll)
                batch = _batch(poll(), assembled, judged, edited)
                new = await self._store.commit(batch)
            except BaseException:
                self._stories.undo()
                raise
            self._stories.keep()
        return Written(assembled, new)

    async def _assemble(
        self,
        arrived: Sequence[pipeline.Arrived],
        edited: Sequence[Edited],
        channels: Channels,
        now: datetime,
        *,
        first_poll: bool,
    ) -> Assembled:
        policy = self.policy
        joined = pipeline.joined(arrived)
        keys = [one.revised.before.key for one in edited]
        story_of = await self._store.read(lambda s: s.stories_of(keys)) if keys else {}
        given: tuple[Alert, ...] = await self._store.read(lambda s: s.alerts(keys)) if keys else ()
        wanted = joined | set(story_of.values())
        threads = await self._store.read(lambda s: s.threads(wanted)) if wanted else {}
        context = Context(
            policy,
            self._mutes.in_force(now),
            first_poll=first_poll,
            max_age=self._max_age,
            sent=await self._sent(policy, now) if any(one.matches for one in arrived) or edited else {},
            language=self._language,
        )
        edits = pipeline.edits(edited, story_of, given)
        return pipeline.assemble(arrived, threads, routing(channels), context, now, edits=edits)

    async def _sent(self, policy: Policy, now: datetime) -> dict[tuple[str, str], tuple[datetime, ...]]:
        """What throttles count, as far as one looks back."""
        back = policy.looks_back
        if back is None:
            return {}
        found: dict[tuple[str, str], list[datetime]] = {}
        for rule_id, channel, at in await self._store.read(lambda s: s.alerted(now - back)):
            found.setdefault((rule_id, channel), []).append(at)
        return {place: tuple(times) for place, times in found.items()}


def routing(channels: Channels) -> pipeline.Route:
    """Which of the matches lead to each channel."""

    def route(matches: tuple[Match, ...]) -> dict[str, tuple[Match, ...]]:
        single = {match.rule_id: frozenset(channels((match,))) for match in matches}
        return {name: tuple(m for m in matches if name in single[m.rule_id]) for name in channels(matches)}

    return route


def _batch(poll: Poll | Push, made: Assembled, judged: Iterable[Judged], edited: Iterable[Edited]) -> Batch:
    return Batch(
        poll,
        made.articles,
        made.stories,
        made.alerts,
        made.deliveries,
        shadow={one.article.key: one.shadow for one in judged if one.shadow},
        revisions=tuple(one.revised for one in edited),
        marks=made.marks,
        decisions=made.decisions,
        holds=made.holds,
        told=made.told,
    )
