"""The word to the operators on what the alerts were worth, at the times that the config names: a week, by default.

It covers the time since the turn before. Each turn is told once: its notice has the turn in its key, so that a second
one does not get into the outbox, also after a restart. A turn that was missed, since the bot was down, is made up for
within a week (within ``retention``, should that be shorter: until then the outbox knows what was told). Nothing is sent
about a time without alerts and votes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.config import Config
from bot.log import Log
from bot.model import Severity
from bot.operators import Operators
from bot.reports.gather import report
from bot.reports.text import to_gist
from bot.store.base import Store

T = TypeVar("T")

LATE = timedelta(days=7)  # what is older is no news


class StoreReader(Protocol):
    """The part of :class:`bot.store.writer.StoreThread` that this needs."""

    async def read(self, op: Callable[[Store], T]) -> T: ...


class OpsDigest:
    """A job, asked every minute. Without ``ops`` or ``ops_digest`` in the config it says nothing."""

    def __init__(
        self, config: Config, store: StoreReader, operators: Operators, *, clock: Callable[[], datetime]
    ) -> None:
        self._times = config.ops_digest if config.ops else None
        self._local = config.timezone
        self._late = min(LATE, config.retention)
        self._store = store
        self._operators = operators
        self._clock = clock
        self._done: datetime | None = None
        self._log = Log("ops digest")

    async def tick(self) -> None:
        """Tell it if its turn has come. Raises ``StoreError``; the next tick tries again."""
        if self._times is None:
            return
        now = self._clock()
        zone = self._times.timezone or self._local
        turn = self._times.cron.before(now, zone)
        if turn == self._done or now - turn > self._late:
            return
        since = self._times.cron.before(turn - timedelta(seconds=1), zone)
        made = await self._store.read(lambda s: report(s, {}, since, turn))
        if made.worth_telling:
            title, text = to_gist(made, zone)
            subject = f"ops digest {turn.isoformat()}"
            if not await self._operators.tell(title, text, Severity.INFO, subject=subject):
                return
        else:
            self._log.info("nothing to say", since=since.isoformat(), until=turn.isoformat())
        self._done = turn
