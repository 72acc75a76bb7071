"""The part of the store's port that the outbox needs: posts, and what became of them. See :mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.message import Call, DeliveryKind, DeliveryState, Digest, Message, Notice, Receipt
from bot.summary.post import ChartPost, SummaryPost

Payload = Message | Digest | Notice | SummaryPost | ChartPost


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A post to make. ``payload.key`` is the delivery key: unique over all deliveries. ``follows`` is the delivery key
    of the post that an update, reply or raise is about; empty for the other kinds."""

    channel: str
    kind: DeliveryKind
    payload: Payload
    created_at: datetime
    alert_ids: tuple[str, ...] = ()
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox. Order within a channel is that of ``id``."""

    id: int
    channel: str
    kind: DeliveryKind
    payload: Payload
    state: DeliveryState
    attempts: int
    not_before: datetime | None
    created_at: datetime
    last_error: str = ""
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a post that another delivery follows. ``receipt`` is there once it is sent. ``folded``: it went
    into a digest, and state and receipt are the digest's."""

    state: DeliveryState
    receipt: Receipt | None
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """What stands behind a delivery key: ``payload`` as the post shows it now, its last rewriting included."""

    key: str
    channel: str
    kind: DeliveryKind
    payload: Payload
    alert_ids: tuple[str, ...]


class OutboxStore(Protocol):
    """Deliveries, in order within a channel; each key once."""

    def enqueue(self, deliveries: Sequence[NewDelivery]) -> int:
        """Add posts that no poll caused (notices, digests). Known keys are skipped. Returns how many were added.
        An update takes the place of one that waits to change the same post."""
        ...

    def pending(self, channel: str, limit: int) -> tuple[Delivery, ...]:
        """The waiting and sending deliveries of a channel, in order."""
        ...

    def pending_count(self, channel: str) -> int: ...

    def pending_channels(self) -> tuple[str, ...]:
        """The channels that something waits for."""
        ...

    def mark_sending(self, delivery_id: int, now: datetime) -> None:
        """About to be posted: from here until :meth:`mark_sent` a crash leaves it uncertain. Counts an attempt. The
        four marks raise ``StoreError`` for a delivery that is neither waiting nor sending."""
        ...

    def mark_sent(self, delivery_id: int, receipt: Receipt) -> None: ...

    def mark_waiting(self, delivery_id: int, not_before: datetime | None, error: str) -> None: ...

    def mark_parked(self, delivery_id: int, error: str) -> None: ...

    def mark_dropped(self, delivery_id: int, reason: str) -> None:
        """There is nothing left that it could change. As the other marks, only for what waits or is being sent."""
        ...

    def replace_with_digest(self, channel: str, delivery_ids: Sequence[int], digest: NewDelivery) -> None:
        """Fold waiting alert deliveries of one channel into one digest delivery, in one transaction. They are
        deliveries no longer; their keys stay known, and their receipt is the digest's. Updates that wait to change
        them go with them. Raises ``StoreError`` and folds nothing if one of them does not wait. A digest whose key is
        known changes nothing."""
        ...

    def unpark(self, channel: str | None, now: datetime) -> int:
        """Set parked deliveries (of one channel or all) to waiting, due ``now``. Attempts stay counted, so that
        one which got through before the refusal is looked up and not sent twice. Returns how many."""
        ...

    def deliveries(self, states: Sequence[DeliveryState], limit: int) -> tuple[Delivery, ...]:
        """Those in one of the states, in order."""
        ...

    def receipt(self, key: str) -> Receipt | None:
        """The proof that this was posted, alone or in a digest."""
        ...

    def followed(self, key: str) -> Followed | None:
        """What became of the post with this key; ``None`` for one that is not known (any more)."""
        ...

    def last_call(self, channel: str) -> Call | None:
        """The latest post of a channel that mentioned people, by the receipts that :meth:`mark_sent` was given."""
        ...

    def alert_of_delivery(self, key: str) -> Delivered | None:
        """What a post with this key says, and the alerts that it stands for: also of one that is still to be sent or
        went into a digest. For the buttons on it."""
        ...
