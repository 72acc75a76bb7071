"""The outbox in memory, strict about what may follow what, and able to fail or to freeze at a given operation."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.errors import OverError, StoreError
from bot.message import Call, DeliveryKind, DeliveryState, Receipt
from bot.store.outbox_port import Delivery, Followed, NewDelivery

T = TypeVar("T")
_OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)


class MemoryOutbox:
    """The outbox part of the store."""

    def __init__(self) -> None:
        self.rows: dict[int, Delivery] = {}
        self.receipts: dict[str, Receipt] = {}
        self.folded: dict[str, str] = {}  # key of an alert -> key of its digest
        self.calls: dict[str, Call] = {}
        self.votes: dict[str, tuple[int, int]] = {}  # key of an alert -> useful, noise
        self._last = 0

    def add(self, new: NewDelivery) -> int:
        assert all(row.payload.key != new.payload.key for row in self.rows.values())
        number = self._last = self._last + 1
        self.rows[number] = Delivery(
            number, new.channel, new.kind, new.payload, DeliveryState.WAITING, 0, None, new.created_at,
            follows=new.follows,
        )  # fmt: skip
        if new.kind is DeliveryKind.UPDATE:
            self._supersede(new.follows, number)
        return number

    def _supersede(self, follows: str, by: int) -> None:
        for number, row in list(self.rows.items()):
            waits = row.kind is DeliveryKind.UPDATE and row.state is DeliveryState.WAITING
            if waits and row.follows == follows and number != by:
                del self.rows[number]

    def states(self) -> list[DeliveryState]:
        return [row.state for row in self.rows.values()]

    def pending(self, channel: str, limit: int) -> tuple[Delivery, ...]:
        return tuple(r for _, r in sorted(self.rows.items()) if r.channel == channel and r.state in _OPEN)[:limit]

    def pending_count(self, channel: str) -> int:
        return len(self.pending(channel, 1_000_000))

    def mark_sending(self, delivery_id: int, now: datetime) -> None:
        row = self._open(delivery_id)
        self.rows[delivery_id] = replace(row, state=DeliveryState.SENDING, attempts=row.attempts + 1)

    def mark_sent(self, delivery_id: int, receipt: Receipt) -> None:
        row = self._open(delivery_id)
        assert receipt.key == row.payload.key
        self.receipts[receipt.key] = receipt
        self.rows[delivery_id] = replace(row, state=DeliveryState.SENT)
        if receipt.called:
            self.calls[receipt.channel] = Call(receipt.key, receipt.sent_at)

    def mark_waiting(self, delivery_id: int, not_before: datetime | None, error: str) -> None:
        row = self._open(delivery_id)
        self.rows[delivery_id] = replace(row, state=DeliveryState.WAITING, not_before=not_before, last_error=error)

    def mark_parked(self, delivery_id: int, error: str) -> None:
        row = self._open(delivery_id)
        self.rows[delivery_id] = replace(row, state=DeliveryState.PARKED, last_error=error)

    def mark_dropped(self, delivery_id: int, reason: str) -> None:
        row = self._open(delivery_id)
        self.rows[delivery_id] = replace(row, state=DeliveryState.DROPPED, last_error=reason)

    def followed(self, key: str) -> Followed | None:
        carrier = self.folded.get(key, key)
        row = next((row for row in self.rows.values() if row.payload.key == carrier), None)
        return row and Followed(row.state, self.receipts.get(carrier), folded=carrier != key)

    def voted(self, key: str) -> tuple[int, int]:
        return self.votes.get(key, (0, 0))

    def last_call(self, channel: str) -> Call | None:
        return self.calls.get(channel)

    def unpark(self) -> None:
        for number, row in self.rows.items():
            if row.state is DeliveryState.PARKED:
                self.rows[number] = replace(row, state=DeliveryState.WAITING, not_before=None)

    def replace_with_digest(self, channel: str, delivery_ids: Sequence[int], digest: NewDelivery) -> None:
        for delivery_id in delivery_ids:
            row = self.rows.pop(delivery_id)
            assert row.state is DeliveryState.WAITING
            assert row.channel == channel
            self.folded[row.payload.key] = digest.payload.key
            self._supersede(row.payload.key, 0)
        self.add(digest)

    def _open(self, delivery_id: int) -> Delivery:
        row = self.rows.get(delivery_id)
        if row is None:
            raise OverError(f"store: delivery {delivery_id} is folded already and stays so")
        assert row.state in _OPEN, f"delivery {delivery_id} is {row.state}"
        return row


class MemoryAccess:
    """The way to it. ``failures`` are raised by the next writes, one each (``None``: that one works). At the
    ``freeze_at``-th write the caller never hears back, ``freeze_after`` says whether it was carried out."""

    def __init__(self, outbox: MemoryOutbox) -> None:
        self._outbox = outbox
        self.failures: deque[StoreError | None] = deque()
        self.read_failures: deque[StoreError] = deque()
        self.freeze_at: int | None = None
        self.freeze_after = False
        self.frozen = False
        self.read_turns = 0  # of the event loop, before an answer comes
        self.after_read: Callable[[], None] | None = None  # called once, when the next read has its result
        self._writes = 0

    async def run(self, op: Callable[[MemoryOutbox], T]) -> T:
        self._writes += 1
        freeze = self._writes == self.freeze_at
        if freeze and not self.freeze_after:
            await self._freeze()
        if self.failures and (error := self.failures.popleft()):
            raise error
        result = op(self._outbox)
        if freeze:
            await self._freeze()
        return result

    async def read(self, op: Callable[[MemoryOutbox], T]) -> T:
        for _ in range(self.read_turns):
            await asyncio.sleep(0)
        if self.read_failures:
            raise self.read_failures.popleft()
        result = op(self._outbox)
        if self.after_read:
            after, self.after_read = self.after_read, None
            after()
        return result

    async def _freeze(self) -> None:
        self.frozen = True
        await asyncio.get_running_loop().create_future()
