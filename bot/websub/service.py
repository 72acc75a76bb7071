"""WebSub as one part of the app: built from the config, started and stopped with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from aiohttp import web

from bot.assembly import StoreRunner
from bot.config import Config
from bot.errors import StoreError
from bot.health import Metrics
from bot.log import Log
from bot.model import Fetched, Source
from bot.watchlists.refresh import Fetches
from bot.web.address import allowance
from bot.websub.desk import PATH, Subscriptions, Terms
from bot.websub.receiver import Receiver

NO_LEASE = timedelta(days=1)  # where WebSub is off: nothing is asked for


class Polls(Protocol):
    """What is needed of :class:`bot.polling.poller.Poller`."""

    async def poll_soon(self, due: Mapping[str, datetime]) -> None:
        """See there."""

    async def receive(self, source_id: str, came: Fetched) -> int:
        """See there."""


class WebSub:
    """``polls`` gives the poller, which is built after this, ``sources`` those in force, as a whole that is replaced;
    ``private`` are the hosts of networks of our own (``True``: all). Without ``websub:`` in the config it ends what an
    earlier config began, as far as the listener still takes the hubs' questions."""

    def __init__(
        self,
        config: Config,
        store: StoreRunner,
        fetcher: Fetches,
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
        polls: Callable[[], Polls],
        sources: Callable[[], Mapping[str, Source]],
        private: frozenset[str] | bool,
    ) -> None:
        self._clock = clock
        self._polls = polls
        self._sources = sources
        self._seen: Mapping[str, Source] = {}
        self._log = Log("websub")
        wanted = config.websub
        terms = Terms(
            base=f"{wanted.public_url.rstrip('/')}{PATH}" if wanted is not None else "",
            lease=wanted.lease if wanted is not None else NO_LEASE,
            trusted=allowance(private),
        )
        self.subscriptions = Subscriptions(
            store, fetcher, terms, clock=clock, metrics=metrics, sources=sources, poll_soon=self._poll_soon
        )
        self._receiver = Receiver(
            self.subscriptions,
            self._receive,
            self._ping,
            body_max=config.poll.body_max,
            clock=clock,
            metrics=metrics,
        )

    def routes(self) -> tuple[web.AbstractRouteDef, ...]:
        """For the listener."""
        return self._receiver.routes()

    async def open(self) -> None:
        """Take up what an earlier run left. Raises ``StoreError``."""
        self._seen = self._sources()
        await self.subscriptions.open()

    async def tick(self) -> None:
        """Do what is due at the hubs. A job. Raises ``StoreError``."""
        sources = self._sources()
        if sources is not self._seen:
            await self.subscriptions.sync()
            self._seen = sources
        await self.subscriptions.tick()

    async def stop(self, timeout_s: float) -> None:
        """Finish the messages in hand. The subscriptions stay: a restart takes them up."""
        await self._receiver.stop(timeout_s)
        try:
            await self.subscriptions.flush()
        except StoreError as error:
            self._log.error("counts of subscriptions not stored", error=str(error))

    async def _poll_soon(self, due: Mapping[str, datetime]) -> None:
        if due:
            await self._polls().poll_soon(due)

    async def _receive(self, came: Fetched) -> int:
        return await self._polls().receive(came.source_id, came)

    async def _ping(self, source_id: str) -> None:
        await self._polls().poll_soon({source_id: self._clock()})
