"""The job that looks again at the pages of what was alerted: a report that its publisher took away is struck through.

Each page is looked at a few times in the day after its alert, with the manners of reading pages: robots.txt, the gap
between two pages of a host, a host's wish to be left alone. What cannot be looked at is taken to stand. How far it got
is stored, so that a restart neither looks twice nor forgets; turns that were missed are not made up for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.assembly import Assembler, StoreRunner
from bot.follow.takedown import CONFIRMED_AFTER, Gone, Page, take_down, verdict
from bot.follow.thread import Thread
from bot.log import Log
from bot.model import Source
from bot.noise import Context
from bot.store.looks_port import Look

AT_ONCE = 20  # pages of one turn


class Pages(Protocol):
    """Looks at pages with manners (:class:`bot.articles.full_text.FullText`)."""

    async def status(self, source: Source, url: str) -> int | None: ...


class Rechecker:
    """``after`` is how long after its alert a report's page is looked at, ascending; ``notify`` is told a channel that
    has something new to send."""

    def __init__(
        self,
        store: StoreRunner,
        assembler: Assembler,
        pages: Pages,
        after: Sequence[timedelta],
        *,
        clock: Callable[[], datetime],
        sources: Callable[[], Mapping[str, Source]],
        notify: Callable[[str], None],
    ) -> None:
        self._store = store
        self._assembler = assembler
        self._pages = pages
        self._after = tuple(after)
        self._clock = clock
        self._sources = sources
        self._notify = notify
        self._log = Log("recheck")

    async def tick(self) -> int:
        """Look at the pages that are due. Returns how many reports are gone. Raises what the store raises."""
        if not self._after:
            return 0
        now = self._clock()
        due = await self._store.read(lambda s: s.looks_due(now, self._after, CONFIRMED_AFTER, AT_ONCE))
        return sum(await asyncio.gather(*(self._look(one) for one in due)))

    async def _look(self, one: Look) -> bool:
        source = self._sources().get(one.source_id)
        status = None if source is None else await self._pages.status(source, one.url)
        now = self._clock()
        found = verdict(status, one.missing_since, now)
        done = sum(one.alerted_at + after <= now for after in self._after)
        if isinstance(found, Page):
            missing = {Page.THERE: None, Page.MISSING: one.missing_since or now, Page.UNKNOWN: one.missing_since}
            await self._store.run(lambda s: s.looked(one.alert_id, done, now, missing[found]))
            return False
        await self._take_down(one, found)
        return True

    async def _take_down(self, one: Look, reason: str) -> None:
        async with self._assembler.lock:  # no poll may decide meanwhile on the same story
            now = self._clock()
            (alert,) = await self._store.read(lambda s: s.alerts([one.alert_id])) or (None,)
            if alert is None:  # purged meanwhile
                return
            threads = await self._store.read(lambda s: s.threads([alert.story.id]))
            thread = threads.get(alert.story.id) or Thread(alert.story.id)
            made = take_down(Gone(alert, reason), thread, Context(self._assembler.policy), now)
            await self._store.run(lambda s: s.take_down(one.alert_id, reason, now, made.deliveries, made.decisions))
        self._log.info("report is gone", article=alert.article.url, source=one.source_id, reason=reason)
        for channel in {delivery.channel for delivery in made.deliveries}:
            self._notify(channel)
