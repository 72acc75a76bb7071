"""How the event loop reaches the store: one thread that writes, and a few that read.

Polls that end at the same moment share one transaction, and so one fsync: while the thread is busy, what comes in
queues up, and it takes all of it next time. Under load the transactions grow instead of the waiting time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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


@dataclass(frozen=True, slots=True)
class _Commit:
    batch: Batch
    future: Future[tuple[str, ...]]


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
        future: Future[T] = Future()
        self._put(_Op(op, future))
        return await asyncio.wrap_future(future)

    async def commit(self, batch: Batch) -> tuple[str, ...]:
        """:meth:`Store.commit`, in one transaction with the others that wait. Returns when it is on disk."""
        future: Future[tuple[str, ...]] = Future()
        self._put(_Commit(batch, future))
        return await asyncio.wrap_future(future)

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
        if not op.future.set_running_or_notify_cancel():
            return
        try:
            op.future.set_result(op.run(self._store))
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            op.future.set_exception(error)

    def _commit(self, waiting: Sequence[_Commit]) -> None:
        group = [commit for commit in waiting if commit.future.set_running_or_notify_cancel()]
        try:
            results = self._store.commit_all([commit.batch for commit in group])
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            for commit in group:
                commit.future.set_exception(error)
            return
        for commit, result in zip(group, results, strict=True):
            if isinstance(result, Exception):
                commit.future.set_exception(result)
            else:
                commit.future.set_result(result)
