"""Who is called by an alert: roles on Discord, user groups on Slack, and nobody whom the config does not name.

A call is worth less the more often it comes, so that there is a cool-down. It is kept in memory: after a restart the
first grave alert calls again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from bot.message import Message
from bot.model import Severity

Id = TypeVar("Id", int, str)


def utc_now() -> datetime:
    """The clock of a channel that is given none."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Mentions(Generic[Id]):
    """``ids`` are called by alerts of ``least`` and above, at most once in ``cooldown`` on this channel."""

    ids: tuple[Id, ...] = ()
    least: Severity = Severity.HIGH
    cooldown: timedelta = timedelta(0)
    clock: Callable[[], datetime] = utc_now
    _last: tuple[str, datetime] | None = field(default=None, init=False)

    def due(self, message: Message) -> tuple[Id, ...]:
        """Who is to be called by this message. A second try of the same message calls as the first did."""
        if not self.ids or message.severity < self.least or message.retracted:
            return ()
        if self._last is None or message.key == self._last[0] or self.clock() - self._last[1] >= self.cooldown:
            return self.ids
        return ()

    def called(self, message: Message) -> None:
        """The message is in the channel and called somebody: the cool-down begins."""
        self._last = (message.key, self.clock())
