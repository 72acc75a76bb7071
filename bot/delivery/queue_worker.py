"""One channel's queue: what to do with the next delivery, and doing it. The story is in :mod:`bot.delivery.deliver`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from bot.channels.base import Calling, Channel, File, FileChannel
from bot.delivery.queue_ports import Outcome, Tools
from bot.delivery.verdicts import FOLD_AFTER, Footing, Verdict, footing, lag, to_fold, verdict
from bot.errors import OverError, PermanentDeliveryError, StoreError, TransientDeliveryError
from bot.log import Log
from bot.message import DeliveryKind, Digest, Message, Notice, Receipt
from bot.retry import backoff, retry_wait
from bot.store.outbox_port import Delivery
from bot.summary.drawing import ChartError
from bot.summary.post import ChartPost, SummaryPost

FOLD_READ = 5_000  # deliveries looked at when folding; the digest counts all of them and lists a few
BATCH = 50  # deliveries read at once
POST_DEADLINE_S = 120.0  # for one post; a channel that never answers must not hold its queue for ever
CLOSE_S = 5.0  # for closing a channel's connections
CLOSE_CUT_OFF_S = 1.0  # the same, where the post in hand had to be cut off and there is no time left
LOOK_AGAIN_S = 30.0  # an idle channel looks for deliveries that another process set free (`deliveries retry`)


class _Done(Enum):
    """What became of a delivery's turn."""

    SENT = auto()
    PASSED_OVER = auto()  # it waits for a post that comes later
    ENDED = auto()


# -- doing ----------------------------------------------------------------------------------------------------------


class Queue:
    """Delivers what waits for one channel, in order, until :meth:`finish`."""

    def __init__(self, channel: Channel, tools: Tools, wording: Callable[[Message], Message] | None = None) -> None:
        self._channel, self._tools, self._wording = channel, tools, wording
        self._log = Log("deliver", channel=channel.name)
        self._woken = asyncio.Event()
        self._finishing = False
        self._hold_until: datetime | None = None  # nothing is sent to this channel before
        self._pace = timedelta(seconds=channel.capabilities.pace_s)
        self._turn: datetime | None = None  # when the platform's pace allows the next post
        self._last_success: datetime | None = None
        self._refused: int | None = None  # the delivery whose last attempt was refused in words: it is not there
        self._misses = 0  # transient failures in a row
        self._refusals = 0  # permanent ones in a row
        self._told: set[str] = set()  # reasons that the operators know of
        self._read = BATCH  # deliveries to read; more while all of those wait for posts behind them
        self.empty = False

    # -- what the Deliverer asks ------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something was committed, perhaps."""
        self.empty = False
        self._woken.set()

    def finish(self) -> None:
        """End after the post in hand."""
        self._finishing = True
        self._woken.set()

    def may_send_before(self, deadline: datetime) -> bool:
        return not self.empty and (self._hold_until is None or self._hold_until < deadline)

    async def run(self) -> None:
        """Start the channel, deliver, stop the channel."""
        if not await self._start_channel():
            return
        close_s = CLOSE_S
        try:
            while not self._finishing:
                await self._round()
        except asyncio.CancelledError:
            close_s = CLOSE_CUT_OFF_S
            raise
        finally:
            await self._stop_channel(close_s)

    # -- the loop ---------------------------------------------------------------------------------------------------

    async def _start_channel(self) -> bool:
        while not self._finishing:
            try:
                await self._recall()
                await self._channel.start()
            except PermanentDeliveryError as error:
                await self._tell(error.text)
            except TransientDeliveryError as error:
                self._log.warning("channel not started", error=error.text)
            except StoreError as error:
                self._log.error("store refused", error=str(error))
            except Exception:  # noqa: BLE001 - a bug in one channel must not end its queue
                self._log.exception("bug in a channel", doing="start")
            else:
                self._misses = 0
                return True
            await self._wait_out_failure()
        return False

    async def _recall(self) -> None:
        """Tell the channel whom it called last: a restart is no reason to call them again."""
        name = self._channel.name
        if isinstance(self._channel, Calling) and (last := await self._tools.outbox.read(lambda s: s.last_call(name))):
            self._channel.recall(last)

    async def _stop_channel(self, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._channel.stop()
        except Exception as error:  # noqa: BLE001 - nothing is sent any more
            self._log.warning("channel not closed properly", error=str(error) or type(error).__name__)

    async def _round(self) -> None:
        """Send what is due, then wait for more."""
        self._woken.clear()
        try:
            batch = await self._tools.outbox.read(lambda s: s.pending(self._channel.name, self._read))
            await self._show_depth(batch)
            wait = await self._send_all(batch)
        except StoreError as error:
            self._log.error("store refused", error=str(error))
            await self._wait_out_failure()
        except Exception:  # noqa: BLE001 - a bug must not end the queue
            self._log.exception("bug while delivering")
            await self._wait_out_failure()
        else:
            if wait is not None:
                await self._pause(wait)

    async def _send_all(self, batch: Sequence[Delivery]) -> float | None:
        """Send in order until something has to be waited for: then that many seconds, else ``None`` (read again)."""
        if not batch:
            if not self._woken.is_set():  # else something was committed while we looked
                self.empty, self._hold_until = True, None
                self._tools.changed()
            return LOOK_AGAIN_S
        self.empty = False
        idle = True
        for delivery in batch:
            if self._finishing:
                return None
            if (wait := self._wait_before(delivery)) > 0:
                return wait
            self._hold_until = None
            quiet_since = self._last_success
            done = await self._deliver(delivery)
            idle = idle and done is _Done.PASSED_OVER
            if self._hold_until is not None or (done is _Done.SENT and await self._fold(quiet_since)):
                break
        full, self._read = len(batch) == self._read, BATCH
        if not idle or (full and self._read_on(len(batch))):
            return None
        return LOOK_AGAIN_S

    def _read_on(self, seen: int) -> bool:
        """All of a full batch waits for posts that come later in the queue (a digest): look further. Returns whether
        there is room to."""
        self._read = min(2 * seen, FOLD_READ)
        return self._read > seen

    def _wait_before(self, delivery: Delivery) -> float:
        """Seconds until this delivery may go out."""
        times = [t for t in (self._hold_until, delivery.not_before, self._turn) if t is not None]
        wait = (max(times) - self._tools.clock()).total_seconds() if times else 0.0
        if wait > 0:
            self._hold_until = max(times)
            self._tools.changed()
        return wait

    async def _pause(self, seconds: float) -> None:
        """Until something was committed, or the time has come."""
        if not self._finishing:
            await either(self._woken.wait(), self._tools.sleep(seconds))

    async def _wait_out_failure(self) -> None:
        """Wait after a failure that is not one delivery's: being woken does not shorten it, finishing does."""
        self._misses += 1
        until = self._hold_for(backoff(self._misses, self._channel.name))
        while not self._finishing and (left := (until - self._tools.clock()).total_seconds()) > 0:
            self._woken.clear()
            await self._pause(left)

    def _hold_for(self, seconds: float) -> datetime:
        until = self._tools.clock() + timedelta(seconds=seconds)
        self._hold_until = max(until, self._hold_until or until)
        self._tools.changed()
        return self._hold_until

    # -- one delivery -----------------------------------------------------------------------------------------------

    async def _deliver(self, delivery: Delivery) -> _Done:
        """Try one delivery. If it is neither sent nor passed over nor done with, a hold says when to go on."""
        to: Receipt | None = None
        if delivery.kind.follows:
            post = await self._tools.outbox.read(lambda s: s.followed(delivery.follows))
            standing = footing(delivery, post, self._channel.capabilities)
            if standing is Footing.NOT_YET:
                return _Done.PASSED_OVER
            if standing is Footing.PARKED:  # told with that one
                with suppress(OverError):
                    await self._tools.outbox.run(lambda s: s.mark_parked(delivery.id, standing.value))
                return _Done.ENDED
            if standing.drops:
                return await self._drop(delivery, standing.value)
            to = post.receipt if post is not None else None
        posting = False
        try:
            receipt, outcome = await self._look_up(delivery, to), Outcome.FOUND
            if receipt is None:
                now = self._tools.clock()
                await self._tools.outbox.run(lambda s: s.mark_sending(delivery.id, now))
                posting = True
                receipt, outcome = await self._post(delivery, to), Outcome.SENT
        except PermanentDeliveryError as error:
            await self._park(delivery, error)
            return _Done.ENDED
        except TransientDeliveryError as error:
            await self._postpone(delivery, error, posting=posting)
            return _Done.ENDED
        except OverError:
            return _Done.ENDED  # since the queue was read, a newer update took its place
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - a bug in one channel must not end its queue
            self._log.exception("bug in a channel", key=delivery.payload.key)
            bug = TransientDeliveryError(self._channel.name, "unexpected error in the channel; see the log")
            await self._postpone(delivery, bug, posting=posting, outcome=Outcome.BUG)
            return _Done.ENDED
        if receipt is None:
            return await self._drop(delivery, "the post was deleted, or may not be changed any more")
        await self._record(delivery, receipt, outcome)
        return _Done.SENT

    async def _drop(self, delivery: Delivery, reason: str) -> _Done:
        """What it was to change is no more; that is nobody's fault, and is written down."""
        self._tools.metrics.delivered(self._channel.name, Outcome.DROPPED)
        self._log.info("dropped", key=delivery.payload.key, follows=delivery.follows, reason=reason)
        with suppress(OverError):  # since the queue was read, a newer update took its place
            await self._tools.outbox.run(lambda s: s.mark_dropped(delivery.id, reason))
        return _Done.ENDED

    async def _look_up(self, delivery: Delivery, to: Receipt | None) -> Receipt | None:
        """The post that an earlier attempt made, if the verdict is to look for one and it is there."""
        readable = self._channel.capabilities.readable
        said = verdict(delivery, readable=readable, refused=self._refused == delivery.id)
        if said is not Verdict.SEND:
            self._log.info("trying again", key=delivery.payload.key, verdict=said.value)
        if said is not Verdict.LOOK_UP:
            return None
        async with _deadline(self._channel.name, "look-up"):
            return await self._channel.find(delivery.payload.key, since=delivery.created_at, thread=to)

    async def _post(self, delivery: Delivery, to: Receipt | None) -> Receipt | None:
        """``to`` is the post that it changes or answers. ``None``: that post cannot be changed any more."""
        payload = delivery.payload
        self._turn = self._tools.clock() + self._pace
        async with _deadline(self._channel.name, "post"):
            if isinstance(payload, Digest):
                return await self._channel.post_digest(payload)
            if isinstance(payload, Notice):
                return await self._channel.post_notice(payload)
            if isinstance(payload, SummaryPost):
                return await self._channel.post_summary(payload)
            if isinstance(payload, ChartPost):
                assert to is not None, "its footing was looked at"
                assert isinstance(self._channel, FileChannel), "it says that it takes files"
                return await self._channel.post_file(to, await self._drawn(payload))
            if self._wording is not None:
                payload = self._wording(payload)
            if to is None:
                return await self._channel.post(payload)
            if delivery.kind is not DeliveryKind.UPDATE:
                return await self._channel.reply(to, payload, aloud=delivery.kind is DeliveryKind.RAISE)
            changed = await self._edit(to, payload, delivery.follows)
        return changed and replace(changed, key=payload.key, sent_at=self._tools.clock())

    async def _edit(self, to: Receipt, message: Message, key: str) -> Receipt | None:
        """Change a post, with the votes on it: again where somebody voted meanwhile, whose count it may have hidden."""
        while True:
            votes = useful, noise = await self._tools.outbox.read(lambda s: s.voted(key))
            changed = await self._channel.edit(to, replace(message, useful=useful, noise=noise))
            if changed is None or votes == await self._tools.outbox.read(lambda s: s.voted(key)):
                return changed

    async def _drawn(self, payload: ChartPost) -> File:
        try:
            return await self._tools.draw(payload)
        except ChartError as error:  # the text is posted already
            remedy = "`wirewatch deliveries retry` draws it again"
            raise PermanentDeliveryError(self._channel.name, str(error), remedy=remedy) from error

    async def _record(self, delivery: Delivery, receipt: Receipt, outcome: Outcome) -> None:
        """Write the receipt down, until it is. Sending again instead could post twice."""
        key = delivery.payload.key
        self._refused, self._misses, self._refusals = None, 0, 0
        self._told.clear()
        self._last_success = self._tools.clock()
        self._tools.metrics.delivered(self._channel.name, outcome, lag(delivery, receipt))
        self._log.info("delivered", key=key, ref=receipt.ref, outcome=outcome.value)
        while True:
            try:
                await self._tools.outbox.run(lambda s: s.mark_sent(delivery.id, receipt))
            except StoreError as error:
                if self._finishing:
                    raise
                self._log.error("receipt not recorded, will try again", key=key, error=str(error))
                await self._wait_out_failure()
            else:
                self._misses, self._hold_until = 0, None
                return

    async def _postpone(
        self, delivery: Delivery, error: TransientDeliveryError, *, posting: bool, outcome: Outcome = Outcome.FAILED
    ) -> None:
        limited = error.retry_after_s is not None
        self._misses += 1
        self._refused = delivery.id if limited and posting else None
        self._tools.metrics.delivered(self._channel.name, Outcome.RATE_LIMITED if limited else outcome)
        attempts = max(self._misses, delivery.attempts + posting)
        not_before = self._hold_for(retry_wait(error, attempts, delivery.payload.key))
        self._log.warning("not delivered, will try again", key=delivery.payload.key, error=error.text)
        await self._tools.outbox.run(lambda s: s.mark_waiting(delivery.id, not_before, error.text))

    async def _park(self, delivery: Delivery, error: PermanentDeliveryError) -> None:
        """Set it aside and go on; the more refusals in a row, the slower, so that a revoked token does not get the
        bot banned (Discord: 10,000 invalid requests in 10 minutes) and what waits is not parked needlessly."""
        name = self._channel.name
        self._refused = None
        self._tools.metrics.delivered(name, Outcome.PARKED)
        self._log.error("parked", key=delivery.payload.key, error=error.text)
        await self._tools.outbox.run(lambda s: s.mark_parked(delivery.id, error.text))
        await self._tell(error.text)
        if self._refusals:
            self._hold_for(backoff(self._refusals, name))
        self._refusals += 1

    async def _tell(self, text: str) -> None:
        if text in self._told:
            return
        try:
            await self._tools.on_parked(self._channel.name, text)
        except Exception:  # noqa: BLE001 - the log is told, and the next refusal tries again
            self._log.exception("operators not told", reason=text)
        else:
            self._told.add(text)

    # -- the queue as a whole ---------------------------------------------------------------------------------------

    async def _fold(self, quiet_since: datetime | None) -> bool:
        """After a success: make one digest of what an outage piled up. Returns whether it did."""
        name, now, limit = self._channel.name, self._tools.clock(), self._tools.fold_limit
        if limit is None or (quiet_since is not None and now - quiet_since < FOLD_AFTER):
            return False  # no need to read the queue
        waiting = await self._tools.outbox.read(lambda s: s.pending(name, FOLD_READ))
        alerts = to_fold(waiting, now, quiet_since, limit)
        if alerts:
            digest = self._tools.digest_of(alerts, now)
            if isinstance(digest.payload, Digest):
                coverage = await self._tools.coverage(min(d.created_at for d in alerts), now)
                digest = replace(digest, payload=replace(digest.payload, coverage=coverage))
            await self._tools.outbox.run(lambda s: s.replace_with_digest(name, [d.id for d in alerts], digest))
            self._log.info("alerts folded into a digest", alerts=len(alerts))
        return bool(alerts)

    async def _show_depth(self, batch: Sequence[Delivery]) -> None:
        name, depth = self._channel.name, len(batch)
        if depth == BATCH:
            depth = await self._tools.outbox.read(lambda s: s.pending_count(name))
        self._tools.metrics.queue_depth(name, depth)


@asynccontextmanager
async def _deadline(channel: str, what: str) -> AsyncIterator[None]:
    """A call that takes longer than :data:`POST_DEADLINE_S` becomes a transient error."""
    limit = asyncio.timeout(POST_DEADLINE_S)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        text = f"no end of the {what} within {POST_DEADLINE_S:.0f} s; check the connection"
        raise TransientDeliveryError(channel, text) from None


async def either(first: Coroutine[Any, Any, Any], second: Coroutine[Any, Any, Any]) -> None:
    """Until one of the two is done; the other is cancelled."""
    tasks = {asyncio.ensure_future(first), asyncio.ensure_future(second)}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
