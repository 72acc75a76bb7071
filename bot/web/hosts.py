"""Manners towards a host as a whole, shared by all sources on it: few requests at a time, a gap between two of them
where its service documents one, and a rest for everybody once it said that it has had enough.

Gaps and rests are kept in two times. The poller asks before it starts a poll (:meth:`Hosts.turn`, times of the clock);
the fetcher holds a slot for each request (:meth:`Hosts.hold`, the event loop's time), so that the pages of one poll
keep the gap, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

REST = timedelta(minutes=5)  # after a first refusal that names no time; doubled with each that follows
REST_MAX = timedelta(hours=6)
RETRY_AFTER_MAX = timedelta(hours=24)  # servers have been seen to ask for years
RESTS = "its host {host} asked to be left alone"
CROWD = 4  # polls that may wait for one host, for each that it takes at a time
CROWDED = timedelta(seconds=10)  # how much later one more has its turn


@dataclass
class _Slots:
    gate: asyncio.Semaphore
    users: int = 0


class Hosts:
    """``per_host`` requests at a time; ``gaps`` names hosts and the seconds between two requests to them. Hosts that
    nobody asks for cost nothing."""

    def __init__(self, per_host: int, gaps: Mapping[str, float] | None = None) -> None:
        self.gaps = dict(gaps or {})
        self._per_host = per_host
        self._slots: dict[str, _Slots] = {}
        self._begun: dict[str, float] = {}  # hosts with a gap: when the last request was let go, by the loop's time
        self._resting: dict[str, datetime] = {}
        self._refusals: dict[str, int] = {}  # in a row
        self._booked: dict[str, dict[str, datetime]] = {}  # hosts with a gap: who has which turn

    def hold(self, host: str) -> AbstractAsyncContextManager[None]:
        """Wait for a slot of the host, and give it back."""
        return _Slot(self, host)

    async def _take(self, host: str) -> None:
        slots = self._slots.get(host)
        if slots is None:
            slots = self._slots[host] = _Slots(asyncio.Semaphore(self._per_host))
        slots.users += 1
        try:
            await slots.gate.acquire()
        except BaseException:
            self._leave(host, slots)
            raise
        gap = self.gaps.get(host)
        if gap:
            try:
                await self._keep_gap(host, gap)
            except BaseException:
                self._give_back(host)
                raise

    def _give_back(self, host: str) -> None:
        slots = self._slots[host]
        slots.gate.release()
        self._leave(host, slots)

    def _leave(self, host: str, slots: _Slots) -> None:
        slots.users -= 1
        if not slots.users:
            del self._slots[host]

    async def _keep_gap(self, host: str, gap: float) -> None:
        clock = asyncio.get_running_loop().time
        free = max(clock(), self._begun.get(host, -gap) + gap)
        self._begun[host] = free  # taken before the wait, so that two that wait do not go together
        await asyncio.sleep(free - clock())

    def turn(self, host: str, who: str, now: datetime) -> datetime:
        """When the source ``who`` may poll this host: ``now``, or the moment to come back at. A turn that was given
        is kept for it."""
        rest = self.resting(host, now)
        if rest is not None:
            return rest
        slots = self._slots.get(host)
        if slots is not None and slots.users >= CROWD * self._per_host:
            return now + CROWDED
        gap = self.gaps.get(host)
        return now if not gap else self._book(host, who, now, timedelta(seconds=gap))

    def why(self, host: str, now: datetime) -> str:
        """Why :meth:`turn` gave a later moment, as a sentence without a full stop."""
        if self.resting(host, now) is not None:
            return RESTS.format(host=host)
        gap = self.gaps.get(host)
        if gap:
            return f"its host {host} takes one request in {gap:g} s, and others have theirs first"
        return f"its host {host} is slow: others wait for it, and it gets {self._per_host} at a time"

    def _book(self, host: str, who: str, now: datetime, gap: timedelta) -> datetime:
        booked = self._booked.setdefault(host, {})
        for other in [other for other, at in booked.items() if at < now - gap]:
            del booked[other]  # its time came, or it did not
        mine = booked.get(who)
        if mine is not None and mine <= now:
            booked[who] = now
            return now
        if mine is None:
            mine = booked[who] = max([now, *(at + gap for at in booked.values())])
        return mine

    def resting(self, host: str, now: datetime) -> datetime | None:
        """Until when the host wants to be left alone; ``None`` if it does not."""
        until = self._resting.get(host)
        if until is not None and until <= now:
            del self._resting[host]
            return None
        return until

    def refused(self, host: str, now: datetime, retry_after_s: float | None) -> datetime:
        """The host had enough (429, 403, 503 with Retry-After): everybody leaves it alone until the moment returned.
        That is what it asked for, else 5 minutes, doubled with each refusal in a row; those of requests that were
        under way together count as one."""
        if self.resting(host, now) is None:
            self._refusals[host] = self._refusals.get(host, 0) + 1
        count = self._refusals.get(host, 1)
        rest: timedelta = min(REST * (1 << min(count - 1, 10)), REST_MAX)
        if retry_after_s is not None:
            rest = min(timedelta(seconds=retry_after_s), RETRY_AFTER_MAX)
        until = max(now + rest, self._resting.get(host, now))
        self._resting[host] = until
        return until

    def welcomed(self, host: str) -> None:
        """The host answered as one likes it: its refusals are forgotten."""
        self._refusals.pop(host, None)


class _Slot(AbstractAsyncContextManager[None]):
    """What :meth:`Hosts.hold` gives."""

    __slots__ = ("_host", "_hosts")

    def __init__(self, hosts: Hosts, host: str) -> None:
        self._hosts, self._host = hosts, host

    async def __aenter__(self) -> None:
        await self._hosts._take(self._host)

    async def __aexit__(self, *_: object) -> None:
        self._hosts._give_back(self._host)
