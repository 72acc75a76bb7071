"""The part of the store's port for publishers that push. See :mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.roster.state import Memory
from bot.websub.subscription import Subscription

if TYPE_CHECKING:
    from bot.store.sources_port import Lease


@dataclass(frozen=True, slots=True)
class Push:
    """News that came without a poll: takes the place of a :class:`~bot.store.sources_port.Poll` in a batch. The
    source's state, turn and validators stay as they are; ``memory`` is kept when it is ``None``."""

    source_id: str
    finished_at: datetime
    new_items: int = 0
    memory: Memory | None = None


class WebSubStore(Protocol):
    """Subscriptions, and what goes on between polls."""

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All of them, in the order of their sources' ids."""
        ...

    def keep_subscriptions(self, kept: Iterable[Subscription], gone: Iterable[str] = ()) -> None:
        """Add or replace subscriptions by token, and forget those with the tokens ``gone``."""
        ...

    def look(self, source_id: str) -> Lease | None:
        """What a lease of the source would hold, without leasing it; ``None`` if it is unknown or switched off."""
        ...

    def hasten(self, due: Mapping[str, datetime]) -> None:
        """Let sources fall due at these moments, if not earlier; but not those that are gone. A source that is being
        polled falls due again afterwards only by its own turn."""
        ...
