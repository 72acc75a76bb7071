"""Words to whoever runs the bot: refused edits, dead sources, channels that refuse, connections in trouble.

They go into the outbox of the ``ops`` channel. Where that is the one in trouble, another channel hears of it; where
there is none, the log is all there is. One trouble is told once: what a connection tells, its channels do not repeat.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.channels.registry import Fleet, Trouble
from bot.errors import StoreError
from bot.log import Log
from bot.message import DeliveryKind, Notice
from bot.model import Severity
from bot.render import delivery_key
from bot.roster.news import SourceNotice
from bot.roster.notices import SourceNotices
from bot.store.base import Store
from bot.store.outbox_port import NewDelivery

T = TypeVar("T")


class OutboxAccess(Protocol):
    """The part of :class:`bot.store.writer.StoreThread` that telling needs."""

    async def run(self, op: Callable[[Store], T]) -> T: ...

    async def read(self, op: Callable[[Store], T]) -> T: ...


def hearer(ops: str | None, fleet: Fleet, silent: Collection[str]) -> str | None:
    """Who hears a word while the ``silent`` channels may not show it: ``ops``; else another, preferably on none of
    the silent ones' connections, in the order of the config."""
    if ops is None or ops not in silent:
        return ops
    behind = {channel for one in silent for channel in fleet.sharing(one)}
    others = sorted((c for c in fleet.channels if c not in silent), key=lambda c: c in behind)
    return next(iter(others), None)


class Operators:
    """Tells them. ``notify`` wakes a channel's queue."""

    def __init__(
        self,
        ops: str | None,
        fleet: Fleet,
        outbox: OutboxAccess,
        *,
        clock: Callable[[], datetime],
        notify: Callable[[str], None],
    ) -> None:
        self._ops = ops
        self._fleet = fleet
        self._outbox = outbox
        self._clock = clock
        self._notify = notify
        self._troubles: dict[str, str] = {}  # account -> the last that it told
        self._telling: set[asyncio.Task[bool]] = set()
        self.on_source = SourceNotices(self.tell)
        self._log = Log("operators")

    async def open(self) -> None:
        """Take up the words on sources that an earlier run did not come to tell. Raises ``StoreError``."""
        for notice in await self._outbox.read(lambda s: s.untold()):
            self.on_source(notice)

    async def tell(
        self,
        title: str,
        text: str,
        severity: Severity,
        told: Sequence[SourceNotice] = (),
        *,
        silent: Collection[str] = (),
        subject: str = "",
    ) -> bool:
        """Put a notice into the outbox. ``silent`` channels may not show it. ``subject`` names the occurrence: of one
        subject only the first notice is told, also after a restart; without it each is an occurrence of its own.
        ``told`` are the stored words that stand in it.
        Returns whether nothing is left to do: ``False`` where the store refuses, which is logged."""
        channel = hearer(self._ops, self._fleet, silent)
        if channel is None:
            return await self._store((), told, title, text) if told else True
        if channel != self._ops:
            text += f" (You hear this on {channel} because the ops channel {self._ops} is affected.)"
        now = self._clock()
        occurrence = subject or f"{title}\n{text}\n{now.isoformat()}"
        mark = hashlib.blake2b(occurrence.encode(), digest_size=8).hexdigest()
        key = delivery_key(mark, channel, DeliveryKind.NOTICE)
        notice = NewDelivery(channel, DeliveryKind.NOTICE, Notice(key, title, text, severity), now)
        if not await self._store((notice,), told, title, text):
            return False
        self._notify(channel)
        return True

    async def _store(self, notices: Sequence[NewDelivery], told: Sequence[SourceNotice], title: str, text: str) -> bool:
        try:
            await self._outbox.run(lambda s: s.tell(notices, told))
        except StoreError as error:
            self._log.error("notice not stored", title=title, text=text, error=str(error))
            return False
        return True

    async def on_parked(self, channel: str, text: str) -> None:
        """A channel refuses, for a reason that it had not given before."""
        told = self._troubles.get(self._fleet.accounts.get(channel, ""), "")
        remedy = text.partition("; ")[2]
        if remedy and remedy in told:
            self._log.info("known from the connection", channel=channel, text=text)
            return
        await self.tell(
            f"Channel {channel} refuses messages", f"{_sentence(text)}{_RETRY}", Severity.HIGH, silent={channel}
        )

    def on_trouble(self, trouble: Trouble) -> None:
        """A connection is in trouble. Returns at once."""
        self._log.error("connection in trouble", account=trouble.account, text=trouble.text)
        self._troubles[trouble.account] = trouble.text
        silent = trouble.channels if hearer(self._ops, self._fleet, trouble.channels) else ()
        self._later(f"{trouble.account} is in trouble", _sentence(trouble.text), Severity.HIGH, silent)

    def _later(self, title: str, text: str, severity: Severity, silent: Collection[str] = ()) -> None:
        task = asyncio.create_task(self.tell(title, text, severity, silent=silent))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def finish(self, within_s: float) -> None:
        """Put what is still to be told into the outbox."""
        await self.on_source.finish()
        if self._telling:
            await asyncio.wait(self._telling, timeout=within_s)


_RETRY = " What was refused is kept: `wirewatch deliveries list` shows it, `wirewatch deliveries retry` sends it."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
