"""The rules and sources in force, and the four ways to change them while the bot runs.

An edit of the files, a new version of a watch list, a source that a command added (perhaps in another process), a term
that somebody watches. One change after another: each begins with what the last one made, does all that can fail, and
only then takes the place of what was in force.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.config import Config
from bot.errors import ConfigError, StoreError
from bot.live import reload, rulebook, watches
from bot.live.live_rules import load_rules
from bot.log import Log
from bot.model import Severity, Source
from bot.operators import Operators
from bot.polling.schedule import spread
from bot.roster.admin import merged
from bot.store.base import Store

T = TypeVar("T")

FIRST_ROUND_S = 60.0  # seconds over which new sources are polled for the first time; longer for thousands of them
FIRST_POLL_S = 0.02  # seconds for each of them


class StoreAccess(Protocol):
    """The part of :class:`bot.store.writer.StoreThread` that this needs."""

    async def run(self, op: Callable[[Store], T]) -> T: ...
    async def read(self, op: Callable[[Store], T]) -> T: ...


class InForce:
    """``book`` is what holds now; ``taken`` is called after each change. ``spread_out``: new sources take their turns
    one after another; without it all are due at once."""

    def __init__(
        self,
        config: Config,
        book: rulebook.Rulebook,
        store: StoreAccess,
        operators: Operators,
        *,
        clock: Callable[[], datetime],
        spread_out: bool,
        taken: Callable[[], None],
    ) -> None:
        self.book = book
        self._config = config
        self._store = store
        self._operators = operators
        self._clock = clock
        self._spread_out = spread_out
        self._taken = taken
        self._own = book.sources  # those of the files
        self._added: tuple[Source, ...] = ()  # those that a command added
        self._one_change = asyncio.Lock()
        self._merging: asyncio.Task[None] | None = None
        self._log = Log("app")

    async def open(self) -> None:
        """Take up the sources that commands added in earlier runs. Raises ``StoreError``."""
        book = await self._with_added(self.book)
        await self._sync_sources(book.sources.values())
        self._take(book)

    async def reload(self) -> None:
        """Replace rules and sources by what the folders hold now; or keep the old ones and say why."""
        async with self._one_change:
            await self._reload()

    async def _reload(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            watched = await self._store.read(lambda s: s.watches())
            loaded = await loop.run_in_executor(None, load_rules, self._config, self.book.kept, watched)
            book = await self._with_added(loaded)
            await self._sync_sources(book.sources.values())
        except (ConfigError, StoreError) as error:
            text = rulebook.one_line(error.problems) if isinstance(error, ConfigError) else str(error)
            self._log.error("edit refused, the rules before it stay in force", problem=text)
            await self._operators.tell("Rules not changed", f"The last edit was refused: {text}", Severity.MEDIUM)
            return
        difference = reload.difference(self.book, book)
        for warning in (w for w in book.warnings if w.text not in {old.text for old in self.book.warnings}):
            self._log.warning("leads nowhere", problem=str(warning))
        self._own = loaded.sources
        self._take(book)
        if difference:
            self._log.info("rules replaced", change=difference)
            await self._operators.tell("Rules changed", difference, Severity.INFO)

    async def look_for_added(self) -> None:
        """Take up what a command added or removed since the last look: every few seconds, since that may be another
        process, and at once by whoever did it in this one."""
        async with self._one_change:
            await self._look_for_added()

    async def _look_for_added(self) -> None:
        known = self._added
        try:
            book = await self._with_added(replace(self.book, sources=self._own))
            if self._added == known:
                return
            await self._sync_sources(book.sources.values())
        except StoreError as error:
            self._added = known  # so that the next look finds the difference again
            self._log.error("cannot look for added sources", error=str(error))
            return
        difference = reload.difference(self.book, book)
        self._take(book)
        if difference:
            self._log.info("sources replaced", change=difference)
            await self._operators.tell("Sources changed", difference, Severity.INFO)

    async def on_watches(self) -> None:
        """Somebody began or ended to watch a term. In the background: they need not wait for the compiler."""
        self._merging = asyncio.create_task(self._merge_watches())

    async def _merge_watches(self) -> None:
        async with self._one_change:
            try:
                watched = await self._store.read(lambda s: s.watches())
            except StoreError as error:
                self._log.error("cannot take up what is watched; the next edit or start will", error=str(error))
                return
            loop = asyncio.get_running_loop()
            self._take(await loop.run_in_executor(None, watches.merged, self.book, watched, self._config.ner_model))

    async def _with_added(self, book: rulebook.Rulebook) -> rulebook.Rulebook:
        """A book of the files, with the sources that a command added."""
        self._added = await self._store.read(lambda s: s.chat_sources())
        return replace(book, sources=merged(book.sources, self._added))

    async def _sync_sources(self, sources: Iterable[Source]) -> None:
        now = self._clock()
        listed = tuple(sources)
        first_round = timedelta(seconds=max(FIRST_ROUND_S, FIRST_POLL_S * len(listed)))
        delays = {s.id: spread(s.id, min(s.every, first_round)) if self._spread_out else 0.0 for s in listed}
        await self._store.run(lambda s: s.sync_sources(listed, now, delays))

    def _take(self, book: rulebook.Rulebook) -> None:
        self.book = book
        self._taken()
