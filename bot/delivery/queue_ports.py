"""What a channel's queue works with: outbox, the way to it, metrics, clock. See :mod:`bot.delivery.deliver`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from bot.channels.base import File
from bot.message import Call, Receipt
from bot.store.outbox_port import Delivery, Followed, NewDelivery
from bot.summary.post import ChartPost

T = TypeVar("T")
Sleep = Callable[[float], Coroutine[Any, Any, None]]
Draw = Callable[[ChartPost], Awaitable[File]]
"""Makes a chart; may raise :class:`bot.summary.drawing.ChartError`."""


class Outbox(Protocol):
    """The part of :class:`bot.store.base.Store` that delivering needs."""

    def pending(self, channel: str, limit: int) -> tuple[Delivery, ...]: ...
    def pending_count(self, channel: str) -> int: ...
    def mark_sending(self, delivery_id: int, now: datetime) -> None: ...
    def mark_sent(self, delivery_id: int, receipt: Receipt) -> None: ...
    def mark_waiting(self, delivery_id: int, not_before: datetime | None, error: str) -> None: ...
    def mark_parked(self, delivery_id: int, error: str) -> None: ...
    def mark_dropped(self, delivery_id: int, reason: str) -> None: ...
    def replace_with_digest(self, channel: str, delivery_ids: Sequence[int], digest: NewDelivery) -> None: ...
    def followed(self, key: str) -> Followed | None: ...
    def voted(self, key: str) -> tuple[int, int]: ...
    def last_call(self, channel: str) -> Call | None: ...


class OutboxAccess(Protocol):
    """How the event loop reaches it: :class:`bot.store.writer.StoreThread`. Both may raise ``StoreError``; ``run``
    returns when the change is durable, and ``read`` sees it from then on."""

    async def run(self, op: Callable[[Outbox], T]) -> T: ...
    async def read(self, op: Callable[[Outbox], T]) -> T: ...


class DeliveryMetrics(Protocol):
    """The part of :class:`bot.health.Metrics` that delivering needs."""

    def delivered(self, channel: str, outcome: str, lag_s: float | None = None) -> None: ...
    def queue_depth(self, channel: str, waiting: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What every queue works with; see :class:`bot.delivery.deliver.Deliverer`. ``changed`` is called when a queue
    becomes empty or has to wait."""

    outbox: OutboxAccess
    metrics: DeliveryMetrics
    clock: Callable[[], datetime]
    sleep: Sleep
    digest_of: Callable[[Sequence[Delivery], datetime], NewDelivery]
    coverage: Callable[[datetime, datetime], Awaitable[str]]
    on_parked: Callable[[str, str], Awaitable[None]]
    fold_limit: int | None
    changed: Callable[[], None]
    draw: Draw


class Outcome(StrEnum):
    """How an attempt ended; labels the metric ``wirewatch_deliveries_total``."""

    SENT = "sent"
    FOUND = "found"  # was there already, by its key
    RATE_LIMITED = "rate_limited"
    FAILED = "failed"
    BUG = "bug"
    PARKED = "parked"
    DROPPED = "dropped"  # there was nothing left that it could change
