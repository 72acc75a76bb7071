"""The job that posts summaries when they are due.

What is due goes into the outbox under a key made of summary, channel and time; then the time is remembered. A crash in
between does no harm: the outbox knows the key, so the second try adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.errors import StoreError
from bot.live.rulebook import Rulebook
from bot.log import Log
from bot.message import DeliveryKind
from bot.store.base import Store
from bot.store.outbox_port import NewDelivery
from bot.summary.chart import available, chart_post
from bot.summary.model import Summary
from bot.summary.post import SummaryPost
from bot.summary.schedule import Due, Schedule, due, last_time
from bot.summary.service import Writes, known_of, summarise, written

T = TypeVar("T")


class StoreRunner(Protocol):
    """The part of :class:`bot.store.writer.StoreThread` that this needs."""

    async def run(self, op: Callable[[Store], T]) -> T: ...
    async def read(self, op: Callable[[Store], T]) -> T: ...


class Announcer:
    """``book`` gives the rules and sources in force, ``takes_files`` says whether a channel takes pictures, ``notify``
    is told a channel that has something to send."""

    def __init__(
        self,
        store: StoreRunner,
        schedules: Sequence[Schedule],
        book: Callable[[], Rulebook],
        owners: Mapping[str, str],
        *,
        clock: Callable[[], datetime],
        takes_files: Callable[[str], bool],
        notify: Callable[[str], None],
        writer: Writes | None = None,
    ) -> None:
        self._store = store
        self._schedules = schedules
        self._book = book
        self._owners = owners
        self._clock = clock
        self._takes_files = takes_files
        self._notify = notify
        self._writer = writer
        self._last: dict[str, datetime] = {}  # by mark: the last time that was dealt with
        self._log = Log("summaries")

    async def tick(self) -> int:
        """Post what is due. Returns how many summaries that were. A store that refuses is told to the log, and tried
        again the next time."""
        posted = 0
        for schedule in self._schedules:
            try:
                wanted = due(schedule, await self._dealt_with(schedule), self._clock())
                if wanted is not None:
                    await self._post(wanted)
                    posted += 1
            except StoreError as error:
                self._log.error("summary not made", summary=schedule.name, channel=schedule.channel, error=str(error))
            except Exception:  # noqa: BLE001 - a bug with one summary must not cost the others theirs
                self._log.exception("bug in a summary", summary=schedule.name, channel=schedule.channel)
        return posted

    async def _dealt_with(self, schedule: Schedule) -> datetime:
        """A summary that was never due before begins with its next time."""
        mark = schedule.mark
        if mark not in self._last:
            kept = await self._store.read(lambda s: s.remembered(mark))
            if kept:
                self._last[mark] = datetime.fromisoformat(kept)
            else:
                await self._remember(mark, last_time(schedule, self._clock()))
        return self._last[mark]

    async def _remember(self, mark: str, at: datetime) -> None:
        await self._store.run(lambda s: s.remember(mark, at.isoformat()))
        self._last[mark] = at

    async def _post(self, wanted: Due) -> None:
        schedule = wanted.schedule
        made = await self._made(wanted)
        post = SummaryPost(schedule.key(wanted.at), schedule.name, schedule.zone.key, made)
        deliveries = self._deliveries(schedule, post, self._clock())
        added = await self._store.run(lambda s: s.enqueue(deliveries))
        await self._remember(schedule.mark, wanted.at)
        self._log.info("summary", summary=schedule.name, channel=schedule.channel, key=post.key, added=bool(added))
        self._notify(schedule.channel)

    async def _made(self, wanted: Due) -> Summary:
        schedule, book = wanted.schedule, self._book()
        known, sources, note = known_of(book), tuple(book.sources.values()), wanted.note(self._clock())
        material = await self._store.read(
            lambda s: summarise(
                s,
                wanted.ask,
                known,
                sources,
                stories=schedule.stories,
                owners=self._owners,
                audience={schedule.channel},
                note=note,
            )
        )
        return await written(material, self._writer)

    def _deliveries(self, schedule: Schedule, post: SummaryPost, now: datetime) -> list[NewDelivery]:
        """The text, and after it the chart where there is something to show and somewhere to show it."""
        found = [NewDelivery(schedule.channel, DeliveryKind.SUMMARY, post, now)]
        if schedule.chart and post.summary.alerts and available() and self._takes_files(schedule.channel):
            chart = chart_post(post.summary, post.tz, f"{post.key}:chart")
            found.append(NewDelivery(schedule.channel, DeliveryKind.CHART, chart, now, follows=post.key))
        return found
