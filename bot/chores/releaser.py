"""The job that lets out what is held, each channel's in one digest and one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from bot.assembly import Assembler, Channels, StoreRunner, routing
from bot.errors import StoreError
from bot.log import Log
from bot.message import DeliveryKind
from bot.model import HoldReason, Source
from bot.noise import Mutes
from bot.noise.release import Released, due, release
from bot.roster.coverage import coverage
from bot.store.noise_port import Held
from bot.store.outbox_port import NewDelivery


class Releaser:
    """``notify`` is told a channel that has a digest to send; ``sources`` are those whose outages a digest names, and
    ``channels`` says where rules lead: a digest names those that lead to its channel."""

    def __init__(
        self,
        store: StoreRunner,
        assembler: Assembler,
        mutes: Mutes,
        *,
        clock: Callable[[], datetime],
        sources: Callable[[], Iterable[Source]],
        channels: Channels,
        notify: Callable[[str], None],
    ) -> None:
        self._store = store
        self._assembler = assembler
        self._mutes = mutes
        self._clock = clock
        self._sources = sources
        self._route = routing(channels)
        self._notify = notify
        self._log = Log("release")

    async def refresh_mutes(self) -> None:
        """Take over the mutes as they are stored. For whoever changed one."""
        now = self._clock()
        self._mutes.replace(await self._store.read(lambda s: s.mutes(now)))

    async def tick(self) -> int:
        """Let out what is due now. Returns how many alerts that were. A store that refuses is told to the log, and
        tried again the next time."""
        try:
            await self.refresh_mutes()
            return await self._release_due()
        except StoreError as error:
            self._log.error("what is held was not released", error=str(error))
            return 0

    async def _release_due(self) -> int:
        count = 0
        async with self._assembler.lock:  # no poll may decide meanwhile on what is being let out
            now = self._clock()
            held = await self._store.read(lambda s: s.held())
            if not held:
                return 0
            first = any(one.reason is HoldReason.CATCH_UP for one in held)
            open_ = await self._store.read(lambda s: s.first_round_open()) if first else False
            mutes = self._mutes.in_force(now)
            for channel, here in due(held, mutes, self._assembler.policy, now, first_round_open=open_).items():
                count += await self._release(channel, here, now)
        return count

    async def coverage(self, since: datetime, until: datetime) -> str:
        """One line on the sources that were down or silent then."""
        outages, reads = await self._store.read(lambda s: (s.outages(since, until), s.last_reads()))
        return coverage(outages, reads, self._sources(), since, until)

    async def _release(self, channel: str, held: Sequence[Held], now: datetime) -> int:
        ids = [one.alert_id for one in held]
        alerts = await self._store.read(lambda s: s.alerts(ids))
        stories = {alert.story.id for alert in alerts}
        threads = await self._store.read(lambda s: s.threads(stories))
        since = min(one.held_at for one in held)
        seen = await self.coverage(since, now)
        mutes, policy = self._mutes.in_force(now), self._assembler.policy
        made = release(channel, held, alerts, threads, mutes, policy, now, seen, self._route)
        if made is None:
            return 0
        delivery = _delivery(channel, made, now)
        numbers = [one.id for one in made.held]
        await self._store.run(lambda s: s.release(numbers, delivery, made.decisions))
        listed = made.digest.total if made.digest is not None else 0
        self._log.info("released", channel=channel, alerts=len(made.held), listed=listed)
        if delivery is not None:
            self._notify(channel)
        return len(made.held)


def _delivery(channel: str, made: Released, now: datetime) -> NewDelivery | None:
    if made.digest is None:
        return None
    return NewDelivery(channel, DeliveryKind.DIGEST, made.digest, now, made.alert_ids)
