"""How the event loop reaches the store: one thread that writes, and a few that read.

Polls that end at the same moment share one transaction, and so one fsync: while the thread is busy, what comes in
queues up, and it takes all of it next time. Under load the transactions grow instead of the waiting time. The event
loop is woken once for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from bot.errors import StoreError
from bot.store.base import Batch, Store

T = TypeVar("T")

GROUP_MAX = 200  # batches in one transaction: 20 ms of polls without news, half a second where each has alerts


@dataclass(frozen=True, slots=True)
class _Op:
    run: Callable[[Store], Any]
    future: Future[Any]
    loop: AbstractEventLoop  # whose the future is


@dataclass(frozen=True, slots=True)
class _Commit:
    batch: Batch
    future: Future[tuple[str, ...]]
    loop: AbstractEventLoop


class _Signal(Enum):
    END = "close() was called"
    IDLE = "nothing waits"


_Work = _Op | _Commit | _Signal


class StoreThread:
    """Runs ``store``, which must be open, for an event loop. Starts at once; needs :meth:`close`. The store itself
    stays open: whoever opened it closes it.

    What an operation raises is raised where it is awaited. A caller that stops waiting (is cancelled) takes its
    operation back while that is still in the queue; one that has begun is finished.
    """

    def __init__(self, store: Store, *, readers: int = 2) -> None:
        self._store = store
        self._queue: SimpleQueue[_Work] = SimpleQueue()
        self._gate = threading.Lock()  # nothing is queued behind the end mark
        self._closed = False
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    async def run(self, op: Callable[[Store], T]) -> T:
        """Run ``op`` on the writer thread, after all that was asked for before it."""
        loop = asyncio.get_running_loop()
        future: Future[T] = loop.create_future()
        self._put(_Op(op, future, loop))
        return await future

    async def commit(self, batch: Batch) -> tuple[str, ...]:
        """:meth:`Store.commit`, in one transaction with the others that wait. Returns when it is on disk."""
        loop = asyncio.get_running_loop()
        future: Future[tuple[str, ...]] = loop.create_future()
        self._put(_Commit(batch, future, loop))
        return await future

    async def read(self, op: Callable[[Store], T]) -> T:
        """Run ``op``, which must only read, beside the writer. It sees what was committed before."""
        with self._gate:
            self._refuse_if_closed()
            future = self._readers.submit(op, self._store)
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Finish what is queued, then end the threads. May be called twice."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(_Signal.END)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)

    def _put(self, work: _Op | _Commit) -> None:
        with self._gate:
            self._refuse_if_closed()
            self._queue.put(work)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError("store: closed; Wirewatch is stopping")

    # -- on the thread ------------------------------------------------------------------------------------------
    def _work(self) -> None:
        group: list[_Commit] = []
        while True:
            work = self._next(wait=not group)
            if isinstance(work, _Commit) and len(group) < GROUP_MAX:
                group.append(work)
                continue
            if group:
                self._commit(group)
                group = []
            match work:
                case _Commit():
                    group.append(work)
                case _Op():
                    self._perform(work)
                case _Signal.END:
                    return

    def _next(self, *, wait: bool) -> _Work:
        try:
            return self._queue.get(block=wait)
        except Empty:
            return _Signal.IDLE

    def _perform(self, op: _Op) -> None:
        if op.future.cancelled():
            return
        try:
            result = op.run(self._store)
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            _answer([(op, None, error)])
        else:
            _answer([(op, result, None)])

    def _commit(self, waiting: Sequence[_Commit]) -> None:
        group = [commit for commit in waiting if not commit.future.cancelled()]
        try:
            results = self._store.commit_all([commit.batch for commit in group])
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            _answer([(commit, None, error) for commit in group])
            return
        done = zip(group, results, strict=True)
        _answer([(one, None, got) if isinstance(got, Exception) else (one, got, None) for one, got in done])


_Answered = tuple[_Op | _Commit, Any, BaseException | None]


def _answer(done: Sequence[_Answered]) -> None:
    """Hand over what was done; each loop that waits is woken once."""
    by_loop: dict[AbstractEventLoop, list[_Answered]] = {}
    for one in done:
        by_loop.setdefault(one[0].loop, []).append(one)
    for loop, mine in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_hand_over, mine)


def _hand_over(done: Sequence[_Answered]) -> None:
    for work, result, error in done:
        if work.future.done():
            continue
        if error is None:
            work.future.set_result(result)
        else:
            work.future.set_exception(error)
