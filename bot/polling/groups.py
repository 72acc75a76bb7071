"""Work that is asked for one by one and done in groups: while a group is worked on, what comes in forms the next.

Polls end by the dozen at the same moment. What each of them needs from a thread or the database costs more in waking up
and asking than in the work itself, so those that wait share it. A single one waits for nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Generic, TypeVar, TypeVarTuple, Unpack

A = TypeVar("A")
R = TypeVar("R")
Given = TypeVarTuple("Given")

HAND_OVER_S = 0.02  # after so long what is done is handed over, before the rest of its group
AT_ONCE = 8  # answers in one turn of the event loop: who gets one goes on for a millisecond, and others wait their turn

_Done = tuple["asyncio.Future[Any]", Any, BaseException | None]


class Press:
    """Runs heavy, pure calls on ``executor``, those that wait one after another: the event loop is woken once for a
    group. What a call raises is raised where it is awaited; one that nobody waits for any more is passed over.

    An error holds the frames that it went through. These hold on to nothing at their end, or it would hold on to
    itself, and to the answer that it is about, until the collector comes."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._waiting: list[tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]] = []
        self._busy = False

    async def run(self, call: Callable[[Unpack[Given]], R], *given: *Given) -> R:
        """The result of a call."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((future, call, given))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._begin, loop)
        try:
            return await future
        finally:
            del future, given

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._waiting = self._waiting, []
        try:
            self._executor.submit(self._work, loop, group)
        except RuntimeError as error:  # the executor was shut down
            self._busy = False
            _hand_over(loop, [(future, None, error) for future, _, _ in group])

    def _work(
        self,
        loop: asyncio.AbstractEventLoop,
        group: list[tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]],
    ) -> None:
        done: list[_Done] = []
        since = time.perf_counter()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            group.reverse()
            while group:
                future, call, given = group.pop()
                if future.cancelled():
                    continue
                try:
                    done.append((future, call(*given), None))
                except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                    done.append((future, None, error))
                del future, call, given
                if time.perf_counter() - since > HAND_OVER_S:
                    loop.call_soon_threadsafe(_hand_over, loop, done)
                    done, since = [], time.perf_counter()
            loop.call_soon_threadsafe(self._end, loop, done)
            del done

    def _end(self, loop: asyncio.AbstractEventLoop, done: Sequence[_Done]) -> None:
        _hand_over(loop, done)
        if self._waiting:
            self._begin(loop)
        else:
            self._busy = False


class Groups(Generic[A, R]):
    """Hands what is asked to ``work``, at most ``most`` at a time; it answers in the same order, with an exception in
    the place of what went wrong. If it raises instead, that is everybody's answer."""

    def __init__(self, work: Callable[[Sequence[A]], Awaitable[Sequence[R | Exception]]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: deque[tuple[asyncio.Future[R], A]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def ask(self, item: A) -> R:
        """The answer to one."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, item))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        group: list[tuple[asyncio.Future[R], A]] = []
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                group = [(future, item) for future, item in group if not future.done()]
                if group:
                    await self._answer(group)
        except asyncio.CancelledError:
            for future, _ in (*group, *self._waiting):
                future.cancel()
            self._waiting.clear()
            raise
        finally:
            self._running = None

    async def _answer(self, group: Sequence[tuple[asyncio.Future[R], A]]) -> None:
        answers: Sequence[R | Exception]
        try:
            answers = await self._work([item for _, item in group])
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            answers = [error] * len(group)
        for number, ((future, _), answer) in enumerate(zip(group, answers, strict=True), 1):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _hand_over(loop: asyncio.AbstractEventLoop, done: Sequence[_Done]) -> None:
    if len(done) > AT_ONCE:
        loop.call_soon(_hand_over, loop, done[AT_ONCE:])
    for future, result, error in done[:AT_ONCE]:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
