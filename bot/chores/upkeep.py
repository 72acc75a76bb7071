"""Two jobs that keep a bot tidy: old articles go, downloaded watch lists are renewed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

from bot.config import Config
from bot.live.live_rules import shelf_of
from bot.log import Log
from bot.model import Severity
from bot.operators import Operators
from bot.store.base import Store
from bot.watchlists import refresh
from bot.watchlists.settings import list_sources
from bot.web.from_config import fetcher_of

T = TypeVar("T")

PURGE_AT_ONCE = 1_000  # articles in one transaction


class StoreRunner(Protocol):
    """The part of :class:`bot.store.writer.StoreThread` that this needs."""

    async def run(self, op: Callable[[Store], T]) -> T: ...


class Upkeep:
    """``forget`` is told the time once a night, for what is kept in memory; ``reload`` takes up changed lists."""

    def __init__(
        self,
        config: Config,
        store: StoreRunner,
        operators: Operators,
        *,
        clock: Callable[[], datetime],
        forget: Callable[[datetime], Awaitable[None]],
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        self._config = config
        self._store = store
        self._operators = operators
        self._clock = clock
        self._forget = forget
        self._reload = reload
        self._log = Log("upkeep")

    async def retain(self) -> None:
        """What is older than the retention goes, in the store and in memory. Raises ``StoreError``."""
        now = self._clock()
        await self._forget(now)
        gone = PURGE_AT_ONCE
        while gone == PURGE_AT_ONCE:  # piece by piece, so that polls get their turn at the writer
            gone = await self._store.run(lambda s: s.purge(now - self._config.retention, PURGE_AT_ONCE))

    async def refresh_lists(self) -> None:
        """Download the watch lists that are due; a new version becomes rules like an edit."""
        try:
            async with fetcher_of(self._config, limits=refresh.LIMITS) as fetcher:
                outcomes = await refresh.refresh_due(
                    list_sources(self._config.watchlists), shelf_of(self._config), fetcher, self._clock()
                )
        except OSError as error:
            self._log.error("watch lists not refreshed", error=error.strerror or str(error))
            return
        for outcome in outcomes:
            self._log.info("watch list", list=outcome.name, outcome=outcome.result.value, text=outcome.text)
            if not outcome.ok:
                await self._operators.tell(f"Watch list {outcome.name} not refreshed", outcome.text, Severity.MEDIUM)
        if any(outcome.result is refresh.Result.UPDATED for outcome in outcomes):
            await self._reload()
