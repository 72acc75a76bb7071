"""Who is called by an alert: roles on Discord, user groups on Slack, and nobody whom the config does not name.

A call is worth less the more often it comes, so that there is a cool-down. A restart does not end it: the call is
stored with the receipt of its post, and given back when the channel starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from bot.message import Call, Message, Receipt
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
    _last: Call | None = field(default=None, init=False)

    def due(self, message: Message) -> tuple[Id, ...]:
        """Who is to be called by this message. A second try of the same message calls as the first did."""
        if not self.ids or message.severity < self.least or message.retracted:
            return ()
        if self._last is None or message.key == self._last.key or self.clock() - self._last.at >= self.cooldown:
            return self.ids
        return ()

    def called(self, receipt: Receipt) -> Receipt:
        """The post is in the channel and called somebody: the cool-down begins, with the post. A platform whose clock
        is ahead of ours must not lengthen it."""
        self.recall(Call(receipt.key, min(self.clock(), receipt.sent_at)))
        return replace(receipt, called=True)

    def recall(self, last: Call) -> None:
        """A call that was made before, by this process or an earlier one."""
        if self._last is None or last.at > self._last.at:
            self._last = last
