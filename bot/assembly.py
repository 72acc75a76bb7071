"""The one place where stories grow: deciding and writing, for the polls that end at the same moment together.

A story must not be founded by two polls at once, and what is decided must hang on what was written before: so a lock is
held from placing the articles to the end of the transaction. Polls that touch no common story that anybody may be told
of cannot tell whether they are decided before or after each other; these form a wave, which is placed, decided and
committed as one. The next wave reads what this one wrote. If a wave cannot be written, its polls are tried one by one,
so that the fault of one is not the others'. What the stories learnt is taken back if the write fails.

A wave is one piece of work on the store's writer thread, beside the event loop: what it reads and writes there it need
not wait for. Whatever else changes what channels were told (the release of what is held) takes the same lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot import pipeline
from bot.errors import StoreError
from bot.follow.thread import Thread
from bot.model import Alert, Article, Match
from bot.noise import Context, Mutes, Policy
from bot.pipeline import Arrived, Assembled, Edited, Judged, Ledger
from bot.polling.groups import Groups
from bot.store.base import Batch, Store
from bot.store.sources_port import Poll
from bot.store.websub_port import Push
from bot.story import Stories

T = TypeVar("T")

WAVE_MAX = 64  # polls in one transaction: what waits while a tenth of a second's work is done

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


@dataclass(frozen=True, slots=True)
class _Job:
    """What one poll wants written; see :meth:`Assembler.write`."""

    judged: Sequence[Judged]
    edited: Sequence[Edited]
    poll: Callable[[], Poll | Push]
    channels: Channels
    first_poll: bool
    fires: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store knows of the stories of a wave. ``story_of`` and ``given`` belong to edited articles."""

    threads: Mapping[str, Thread]
    story_of: Mapping[str, str]
    given: tuple[Alert, ...]
    sent: Mapping[tuple[str, str], list[datetime]]


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
        self._jobs: Groups[_Job, Written] = Groups(self._write, WAVE_MAX)

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
        is decided, on another thread. Raises what the store raises, with nothing learnt."""
        fires = bool(edited) or any(one.matches for one in judged)
        return await self._jobs.ask(_Job(judged, edited, poll, channels, first_poll, fires))

    async def forget(self, now: datetime) -> None:
        """Drop the stories that have left the window."""
        async with self.lock:
            await self._store.run(lambda s: self._stories.forget(now))

    async def _write(self, jobs: Sequence[_Job]) -> Sequence[Written | Exception]:
        done: list[Written | Exception] = []
        while left := jobs[len(done) :]:
            async with self.lock:
                try:
                    done += await self._wave(left)
                except StoreError as error:  # it would refuse the others, too
                    done += [error] * len(left)
                except Exception as error:  # noqa: BLE001 - a bug, and raised in the poll that brings it out
                    if len(left) > 1:
                        done += await self._alone(left)
                    else:
                        done.append(error)
        return done

    async def _alone(self, jobs: Sequence[_Job]) -> list[Written | Exception]:
        done: list[Written | Exception] = []
        for job in jobs:
            try:
                done += await self._wave((job,))
            except Exception as error:  # noqa: BLE001 - raised in the poll that brings it out
                done.append(error)
        return done

    async def _wave(self, jobs: Sequence[_Job]) -> list[Written]:
        """The first of the jobs, and those after it that form a wave with it."""
        now = self._clock()
        return await self._store.run(lambda store: self._write_wave(store, jobs, now))

    def _write_wave(self, store: Store, jobs: Sequence[_Job], now: datetime) -> list[Written]:
        try:
            story_of = _stories_of(store, jobs)
            arrived = self._place(jobs, story_of, now)
            jobs = jobs[: len(arrived)]
            known = self._known(store, jobs, arrived, story_of, now)
            made = self._decide(jobs, arrived, known, now)
            new = store.commit_together([batch for batch, _ in made])
        except BaseException:
            self._stories.undo()
            raise
        return [Written(assembled, keys) for (_, assembled), keys in zip(made, new, strict=True)]

    # -- placing ------------------------------------------------------------------------------------------------------
    def _place(
        self, jobs: Sequence[_Job], story_of: Mapping[str, str], now: datetime
    ) -> list[tuple[tuple[Arrived, ...], frozenset[str]]]:
        """For each job of the wave, its articles in their stories, and those of the stories that were there before."""
        self._stories.keep()  # all that was learnt so far is stored
        placed: list[tuple[tuple[Arrived, ...], frozenset[str]]] = []
        founded: set[str] = set()  # by the wave, with nothing that fires
        touched: set[str] = set()  # whatever else the wave has to do with
        for job in jobs:
            before = self._stories.learnt
            arrived = pipeline.place(job.judged, self._stories, now)
            own = {one.story.id for one in arrived if one.story.is_new}
            mine = {one.story.id for one in arrived}
            mine.update(story_of[one.revised.before.key] for one in job.edited if one.revised.before.key in story_of)
            meets = not mine.isdisjoint(touched) or (job.fires and not mine.isdisjoint(founded))
            if placed and meets:
                self._stories.undo(before)
                break
            placed.append((arrived, frozenset(mine - own - founded)))
            if job.fires:
                touched |= mine
            else:
                touched |= mine - own - founded
                founded |= own
        return placed

    # -- deciding -----------------------------------------------------------------------------------------------------
    def _known(
        self,
        store: Store,
        jobs: Sequence[_Job],
        arrived: Sequence[tuple[tuple[Arrived, ...], frozenset[str]]],
        story_of: Mapping[str, str],
        now: datetime,
    ) -> _Known:
        keys = _edited(jobs)
        wanted = frozenset[str]().union(*(joined for _, joined in arrived))
        sent: dict[tuple[str, str], list[datetime]] = {}
        back = self.policy.looks_back if any(job.fires for job in jobs) else None
        if back is not None:  # what throttles count, as far as one looks back
            for rule_id, channel, at in store.alerted(now - back):
                sent.setdefault((rule_id, channel), []).append(at)
        threads = store.threads(wanted) if wanted else {}
        return _Known(threads, story_of, store.alerts(keys) if keys else (), sent)

    def _decide(
        self,
        jobs: Sequence[_Job],
        arrived: Sequence[tuple[tuple[Arrived, ...], frozenset[str]]],
        known: _Known,
        now: datetime,
    ) -> list[tuple[Batch, Assembled]]:
        context = Context(self.policy, self._mutes.in_force(now), max_age=self._max_age, language=self._language)
        contexts = {first_poll: replace(context, first_poll=first_poll) for first_poll in (False, True)}
        ledger = Ledger(dict(known.threads), dict(known.sent))
        made = []
        for job, (mine, _) in zip(jobs, arrived, strict=True):
            edits = pipeline.edits(job.edited, known.story_of, known.given)
            assembled = pipeline.assemble(
                mine, ledger, routing(job.channels), contexts[job.first_poll], now, edits=edits
            )
            made.append((_batch(job.poll(), assembled, job.judged, job.edited), assembled))
        return made


def _edited(jobs: Sequence[_Job]) -> list[str]:
    """The keys of the articles that were edited."""
    return [one.revised.before.key for job in jobs for one in job.edited]


def _stories_of(store: Store, jobs: Sequence[_Job]) -> Mapping[str, str]:
    keys = _edited(jobs)
    return store.stories_of(keys) if keys else {}


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
