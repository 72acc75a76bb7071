"""A clock that moves only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
_SETTLE = 40  # turns of the event loop; more than any chain of in-memory steps between two waits


class VirtualTime:
    """``clock`` and ``sleep`` to inject. Sleepers wake in the order of their time, one after the other."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start
        self.slept: list[float] = []
        self._timers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._number = count()

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.slept.append(seconds)
        heapq.heappush(self._timers, (self.now + timedelta(seconds=seconds), next(self._number), future))
        await future

    async def settle(self) -> None:
        """Let everything run that does not wait for time."""
        for _ in range(_SETTLE):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Move on by so much, waking everybody whose time comes."""
        target = self.now + timedelta(seconds=seconds)
        await self.settle()
        while self._timers and self._timers[0][0] <= target:
            await self._wake_next()
        self.now = target
        await self.settle()

    async def until(self, condition: Callable[[], bool], within_s: float = 7 * 86_400) -> None:
        """Move on until the condition holds. Fails if it does not within that time."""
        limit = self.now + timedelta(seconds=within_s)
        await self.settle()
        while not condition():
            if not self._timers or self._timers[0][0] > limit:
                raise AssertionError(f"not within {within_s} s, now {self.now}")
            await self._wake_next()

    async def _wake_next(self) -> None:
        when, _, future = heapq.heappop(self._timers)
        if not future.done():
            self.now = max(self.now, when)
            future.set_result(None)
            await self.settle()


async def eventually(condition: Callable[[], bool], within_s: float = 60) -> None:
    """Let the event loop turn until other threads or the network have made the condition true."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition is a test's, there is no event to wait for
            await asyncio.sleep(0)
