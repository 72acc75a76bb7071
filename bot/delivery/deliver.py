"""The last stage: outbox → verdict → send with retry → record.

One queue per channel takes that channel's deliveries in order; a channel that is down holds up no other. A delivery
is marked ``sending``, posted, and marked ``sent`` with its receipt: what a crash or a lost answer leaves uncertain is
looked up in the channel's history before it is sent again. A channel that cannot be read back may repeat that one
message; nothing is ever lost.

=====================  ============================================================================================
what the channel says  what happens
=====================  ============================================================================================
a receipt              recorded; recording is tried until it succeeds, the post never again
transient, with time   the whole channel waits that long (429), then sends again: it was surely not posted
transient              exponential backoff, without end; then look up, then send
anything unexpected    a bug: logged with its traceback, then as transient
permanent              parked, the operators told once, on to the next; after refusals in a row ever more slowly
=====================  ============================================================================================

**Folding.** After an outage, more than ``fold_limit`` waiting alerts become one digest. An outage is: nothing was
delivered for five minutes (``FOLD_AFTER``), and the oldest alert waited longer than that. The first delivery that
gets through proves that the channel is back; then the rest is folded. A burst that is being sent, however long, never
is: it has a success every second.

**Following.** An update, reply or raise goes out when the post that it follows is there; until then what comes after
it goes first. It is parked with that post, and answers the digest that its alert went into. An update has nothing to
say where its alert went into a digest, the channel cannot change posts, or the post was deleted: it is dropped, with
the reason. Replies are looked up like posts, in the thread; a post may be rewritten twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.channels.base import Channel, File
from bot.delivery.queue_ports import DeliveryMetrics, Draw, OutboxAccess, Sleep, Tools
from bot.delivery.queue_worker import Queue, either
from bot.delivery.verdicts import FOLD_LIMIT
from bot.log import Log
from bot.message import Message
from bot.store.outbox_port import Delivery, NewDelivery
from bot.summary.drawing import ChartError
from bot.summary.post import ChartPost

__all__ = ["Deliverer"]


class Deliverer:
    """Delivers what is in the outbox, for as long as it runs.

    It owns the channels that it is given: it starts each (again and again, if need be) before the first post and
    stops it after the last. ``on_parked(channel, text)`` tells the operators, once per channel and reason until the
    channel works again. ``digest_of(alerts, now)`` makes the digest delivery that replaces alerts after an outage, and
    ``coverage(since, until)`` its line on the sources that were down.
    ``fold_limit=None`` sends everything one by one. ``build`` makes a channel that nobody gave it, when something is
    to be sent there first (``None``: there is no such channel). ``wordings`` put the alerts of some channels into
    other words. ``draw`` makes the charts of summaries.
    """

    def __init__(
        self,
        channels: Mapping[str, Channel],
        outbox: OutboxAccess,
        metrics: DeliveryMetrics,
        *,
        clock: Callable[[], datetime],
        digest_of: Callable[[Sequence[Delivery], datetime], NewDelivery],
        on_parked: Callable[[str, str], Awaitable[None]],
        fold_limit: int | None = FOLD_LIMIT,
        coverage: Callable[[datetime, datetime], Awaitable[str]] | None = None,
        build: Callable[[str], Channel | None] = lambda name: None,
        wordings: Mapping[str, Callable[[Message], Message]] = MappingProxyType({}),
        draw: Draw | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._changed = asyncio.Event()
        covered = coverage or _unknown
        changed, drawn = self._changed.set, draw or _undrawn
        tools = Tools(outbox, metrics, clock, sleep, digest_of, covered, on_parked, fold_limit, changed, drawn)
        self._tools, self._build, self._log = tools, build, Log("deliver")
        self._queues = {name: Queue(channel, tools, wordings.get(name)) for name, channel in channels.items()}
        self._tasks: list[asyncio.Task[None]] | None = None  # none before the start, and none after the stop

    def start(self) -> None:
        """Begin to deliver, first of all what an earlier run left."""
        self._tasks = [self._run(name, queue) for name, queue in self._queues.items()]

    def _run(self, name: str, queue: Queue) -> asyncio.Task[None]:
        return asyncio.create_task(queue.run(), name=f"deliver {name}")

    def notify(self, channel: str | None = None) -> None:
        """New deliveries were committed, for one channel or any."""
        if channel is not None and channel not in self._queues and self._tasks is not None:
            if (built := self._build(channel)) is None:
                self._log.error("no such channel; what is to be sent there waits", channel=channel)
                return
            self._queues[channel] = Queue(built, self._tools)
            self._tasks.append(self._run(channel, self._queues[channel]))
        for name, queue in self._queues.items():
            if channel is None or name == channel:
                queue.wake()

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - counted on the injected clock
        """Wait until nothing can be sent any more, ``timeout`` seconds at most. Returns whether all queues are empty;
        a channel whose next try lies beyond the deadline is not waited for."""
        deadline = self._clock() + timedelta(seconds=timeout)
        self.notify()
        while any(queue.may_send_before(deadline) for queue in self._queues.values()):
            left = (deadline - self._clock()).total_seconds()
            if left <= 0:
                break
            self._changed.clear()
            await either(self._changed.wait(), self._sleep(left))
        return all(queue.empty for queue in self._queues.values())

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - counted on the injected clock
        """Finish the posts in hand, start no new one, close the channels. What takes longer than ``timeout`` seconds is
        cut off (closing then has one second more); the next start finds it uncertain. May be called twice."""
        for queue in self._queues.values():
            queue.finish()
        tasks, self._tasks = self._tasks or [], None
        if tasks:
            await either(_all_done(tasks), self._sleep(timeout))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _all_done(tasks: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks)


async def _unknown(since: datetime, until: datetime) -> str:
    """Nobody knows how the sources did."""
    return ""


async def _undrawn(post: ChartPost) -> File:
    """Nobody draws."""
    raise ChartError("nothing here draws charts")
