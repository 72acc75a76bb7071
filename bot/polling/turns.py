"""Whose turn it is: leases the sources that are due, and keeps so many polls going at once.

What is due beyond that is leased ahead, so that nobody waits for the database between two polls. A source that falls
due while it is polled is polled once more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.assembly import StoreRunner
from bot.errors import StoreError
from bot.log import Log
from bot.store.sources_port import Lease

LEASE = timedelta(minutes=7)  # longer than any poll may take; after a crash a source waits no longer than this
AHEAD = timedelta(minutes=2)  # how long a lease may wait for its poll to begin
LOOK_S = 0.25  # seconds between looks for what is due meanwhile, where all is polled once


class Turn(NamedTuple):
    """When a source may be asked: now, or a later moment and why."""

    at: datetime
    why: str = ""


class Turns:
    """``poll`` is what a turn is for: it raises nothing but ``StoreError``. ``turn`` says when a source may be asked.
    ``on_put_off`` is told how many may not be asked yet, ``on_idle`` the time when nothing
    was due."""

    def __init__(
        self,
        store: StoreRunner,
        poll: Callable[[Lease], Awaitable[None]],
        turn: Callable[[Lease, datetime], Turn],
        *,
        clock: Callable[[], datetime],
        concurrency: int,
        on_put_off: Callable[[int], None],
        on_idle: Callable[[datetime], None],
    ) -> None:
        self._store = store
        self._poll = poll
        self._turn = turn
        self._clock = clock
        self._concurrency = concurrency
        self._on_put_off = on_put_off
        self._on_idle = on_idle
        self._running: dict[asyncio.Task[None], str] = {}  # by poll: its source
        self._again: set[str] = set()  # sources that fell due while they were polled
        self._leased: deque[tuple[datetime, Lease]] = deque()  # with the moment of leasing
        self._more = False  # whether more was due than was leased
        self._stopping = False
        self._refill: asyncio.Task[None] | None = None
        self._ticking = asyncio.Lock()
        self._quiet = asyncio.Event()  # no poll is under way
        self._log = Log("poll")

    async def tick(self) -> int:
        """Start the polls that are due, as many as there is room for. Returns how many. Up to twice the room is leased
        besides."""
        async with self._ticking:
            await self._give_back(self._clock() - AHEAD)
            started = self._start_leased()
            while len(self._leased) < self._concurrency and not self._stopping:
                if not await self._lease_more():
                    break
                started += self._start_leased()
            return started

    async def all(self) -> None:
        """Poll everything that is due now, and wait for it."""
        while await self.tick() or self._running:
            self._quiet.clear()
            if self._running:
                with contextlib.suppress(TimeoutError):  # hosts may have room again for what was put off
                    await asyncio.wait_for(self._quiet.wait(), LOOK_S)

    async def soon(self, due: Mapping[str, datetime]) -> None:
        """Let sources fall due at these moments, and start what is due now. One that is being polled may have been
        read before the moment: it falls due once more."""
        now = self._clock()
        busy = set(self._running.values())
        self._again |= {source_id for source_id, at in due.items() if at <= now and source_id in busy}
        await self._store.run(lambda s: s.hasten(due))
        if any(at <= now for at in due.values()):
            await self.tick()

    async def postpone(self, later: Mapping[str, Turn]) -> None:
        """These have another turn, which is no failure: their hosts want a rest or a gap."""
        self._on_put_off(len(later))
        moments = {source_id: turn.at for source_id, turn in later.items()}
        await self._store.run(lambda s: s.postpone(moments, {source_id: turn.why for source_id, turn in later.items()}))

    async def stop(self, timeout_s: float) -> None:
        """Let the polls under way finish, at most so long; the rest are given up and come again after the start."""
        self._stopping = True
        with contextlib.suppress(StoreError):  # their leases run out otherwise
            async with self._ticking:
                await self._give_back()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=timeout_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)

    # -- leases -------------------------------------------------------------------------------------------------------
    async def _lease_more(self) -> bool:
        """Whether any source was due."""
        now, most = self._clock(), 2 * self._concurrency
        leases = await self._store.run(lambda s: s.lease_due(now, most, now + LEASE))
        self._more = len(leases) == most
        if not leases:
            self._on_idle(now)  # all is as it should be
            return False
        turns = {lease.source_id: self._turn(lease, now) for lease in leases}
        later = {source_id: turn for source_id, turn in turns.items() if turn.at > now}
        if later:
            await self.postpone(later)
        self._leased.extend((now, lease) for lease in leases if lease.source_id not in later)
        return True

    async def _give_back(self, before: datetime | None = None) -> None:
        """Leases taken before then (all) are due again at once: the slow polls that hold up theirs may take longer
        than they last."""
        now = self._clock()
        back = {lease.source_id: now for at, lease in self._leased if before is None or at < before}
        if back:
            self._leased = deque(one for one in self._leased if one[1].source_id not in back)
            await self._store.run(lambda s: s.postpone(back))

    # -- polls --------------------------------------------------------------------------------------------------------
    def _start_leased(self) -> int:
        started = 0
        while self._leased and len(self._running) < self._concurrency and not self._stopping:
            _, lease = self._leased.popleft()
            task = asyncio.create_task(self._take(lease), name=f"poll {lease.source_id}")
            self._running[task] = lease.source_id
            task.add_done_callback(self._ended)
            started += 1
        return started

    async def _take(self, lease: Lease) -> None:
        source_id = lease.source_id
        try:
            await self._poll(lease)
            if source_id in self._again:
                await self._store.run(lambda s: s.hasten({source_id: self._clock()}))
        except StoreError as error:
            self._log.error("poll not stored", source=source_id, error=str(error))
        finally:
            self._again.discard(source_id)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Its room is for the next; where more is due than was leased, that is leased before the room is empty."""
        del self._running[task]
        self._start_leased()
        if not self._running:
            self._quiet.set()
        few = len(self._leased) <= self._concurrency // 2
        if self._more and few and not self._stopping and not self._ticking.locked():
            self._refill = asyncio.create_task(self._keep_busy(), name="lease more")

    async def _keep_busy(self) -> None:
        try:
            await self.tick()
        except StoreError as error:
            self._log.error("cannot look for due sources", error=str(error))
