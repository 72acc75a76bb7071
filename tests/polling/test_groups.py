"""Work that is done in groups: order, errors, cancellation."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from bot.polling.groups import Groups, Press


async def test_calls_run_in_the_order_in_which_they_came_on_the_executor() -> None:
    order: list[int] = []

    def note(n: int) -> str:
        order.append(n)
        return threading.current_thread().name

    with ThreadPoolExecutor(1, thread_name_prefix="press") as core:
        press = Press(core)
        names = await asyncio.gather(*(press.run(note, n) for n in range(100)))
    assert order == list(range(100))
    assert {name.partition("_")[0] for name in names} == {"press"}


class Heavy:
    """An answer of some megabytes, say."""


async def test_an_error_goes_without_the_collector_and_with_it_what_it_was_about() -> None:
    def fail(about: Heavy) -> None:
        raise ValueError(f"cannot read {about}")

    gc.disable()
    try:
        with ThreadPoolExecutor(1) as core:
            heavy = Heavy()
            gone = weakref.ref(heavy)
            with suppress(ValueError):
                await Press(core).run(fail, heavy)
            del heavy
            await asyncio.to_thread(core.submit(int).result)  # the thread has let go of it, too
            assert gone() is None
    finally:
        gc.enable()


async def test_what_a_call_raises_is_raised_where_it_is_awaited_and_the_others_go_on() -> None:
    def invert(n: int) -> float:
        return 1 / n

    with ThreadPoolExecutor(1) as core:
        press = Press(core)
        found = await asyncio.gather(*(press.run(invert, n) for n in (1, 0, 2)), return_exceptions=True)
    assert found[0] == 1
    assert isinstance(found[1], ZeroDivisionError)
    assert found[2] == 0.5


async def test_what_is_done_need_not_wait_for_a_slow_call_behind_it() -> None:
    go, first_done = threading.Event(), asyncio.Event()

    def slow() -> bool:
        return go.wait(5)

    def late() -> None:
        threading.Event().wait(0.05)  # long enough that what is done is handed over

    with ThreadPoolExecutor(1) as core:
        press = Press(core)
        first = asyncio.create_task(press.run(late))
        first.add_done_callback(lambda _: first_done.set())
        second = asyncio.create_task(press.run(slow))
        await asyncio.wait_for(first_done.wait(), 5)
        assert not second.done()
        go.set()
        assert await second


async def test_a_call_that_nobody_waits_for_is_passed_over() -> None:
    begun, go = threading.Event(), threading.Event()
    ran: list[str] = []

    def hold() -> None:
        begun.set()
        go.wait(5)

    with ThreadPoolExecutor(1) as core:
        press = Press(core)
        first = asyncio.create_task(press.run(hold))
        await asyncio.to_thread(begun.wait, 5)
        given_up = asyncio.create_task(press.run(ran.append, "given up"))
        kept = asyncio.create_task(press.run(ran.append, "kept"))
        await asyncio.sleep(0)
        given_up.cancel()
        go.set()
        await asyncio.gather(first, kept)
    assert ran == ["kept"]


async def test_an_executor_that_was_shut_down_says_so() -> None:
    core = ThreadPoolExecutor(1)
    core.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        await Press(core).run(int, "1")


async def test_what_comes_while_a_group_is_worked_on_forms_the_next() -> None:
    groups: list[list[int]] = []

    async def double(items: Sequence[int]) -> Sequence[int]:
        groups.append(list(items))
        await asyncio.sleep(0)
        return [2 * n for n in items]

    asked: Groups[int, int] = Groups(double, 3)
    assert await asyncio.gather(*(asked.ask(n) for n in range(5))) == [0, 2, 4, 6, 8]
    assert await asked.ask(9) == 18
    assert groups == [[0, 1, 2], [3, 4], [9]]


async def test_an_exception_in_the_place_of_an_answer_is_raised_for_that_one_alone() -> None:
    async def invert(items: Sequence[int]) -> Sequence[float | Exception]:
        return [1 / n if n else ValueError("zero") for n in items]

    asked: Groups[int, float] = Groups(invert, 9)
    found = await asyncio.gather(*(asked.ask(n) for n in (1, 0, 2)), return_exceptions=True)
    assert (found[0], found[2]) == (1, 0.5)
    assert isinstance(found[1], ValueError)


async def test_what_the_work_raises_is_the_answer_to_all_and_the_next_group_is_tried() -> None:
    fails = [True]

    async def work(items: Sequence[int]) -> Sequence[int]:
        if fails.pop():
            fails.append(False)
            raise OSError("no disk")
        return items

    asked: Groups[int, int] = Groups(work, 9)
    found = await asyncio.gather(asked.ask(1), asked.ask(2), return_exceptions=True)
    assert [str(error) for error in found] == ["no disk", "no disk"]
    assert await asked.ask(3) == 3
