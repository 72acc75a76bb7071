"""The thread between the event loop and the store."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from bot.errors import StoreError
from bot.store.base import Store
from bot.store.sql import SqlStore
from bot.store.writer import GROUP_MAX, StoreThread
from tests.store.samples import T0, batch, minutes, notice_delivery, poll, source


@pytest.fixture
async def thread(sqlite_store: SqlStore) -> AsyncIterator[StoreThread]:
    sqlite_store.sync_sources([source()], T0, {})
    thread = StoreThread(sqlite_store)
    yield thread
    await thread.close()


@pytest.fixture
def transactions() -> Iterator[list[str]]:
    """One entry for each commit of a transaction, on whichever database."""
    seen: list[str] = []

    def note(connection: object) -> None:
        seen.append(threading.current_thread().name)

    event.listen(Engine, "commit", note)
    yield seen
    event.remove(Engine, "commit", note)


class Gate:
    """Holds the writer thread until it is opened, so that work queues up behind it."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.reached = threading.Event()

    def hold(self, store: Store) -> None:
        self.reached.set()
        assert self._open.wait(30)

    def open(self) -> None:
        self._open.set()


async def test_what_an_operation_returns_arrives_where_it_is_awaited(thread: StoreThread) -> None:
    assert await thread.run(lambda s: s.enqueue([notice_delivery("n")])) == 1
    assert await thread.commit(batch("1")) == ("key-1",)
    assert await thread.read(lambda s: s.pending_count("ops")) == 1


async def test_what_an_operation_raises_arrives_where_it_is_awaited(thread: StoreThread) -> None:
    def fail(store: Store) -> None:
        raise KeyError("on purpose")

    for call in (thread.run, thread.read):
        with pytest.raises(KeyError, match="on purpose"):
            await call(fail)
    with pytest.raises(StoreError, match="does not exist"):
        await thread.run(lambda s: s.mark_sending(77, T0))
    assert await thread.commit(batch("1")) == ("key-1",), "the thread lives on"


async def test_operations_run_one_after_the_other_in_the_order_they_were_asked_for(thread: StoreThread) -> None:
    order: list[int] = []
    await asyncio.gather(*(thread.run(lambda s, n=n: order.append(n)) for n in range(50)))  # type: ignore[misc]
    assert order == list(range(50))


async def test_batches_that_wait_share_one_transaction(thread: StoreThread, transactions: list[str]) -> None:
    gate = Gate()
    held = asyncio.ensure_future(thread.run(gate.hold))
    commits = [asyncio.ensure_future(thread.commit(batch(str(n)))) for n in range(40)]
    await asyncio.sleep(0)
    gate.open()
    assert await asyncio.gather(*commits) == [(f"key-{n}",) for n in range(40)]
    await held
    assert transactions == ["store-writer"]


async def test_a_bad_batch_does_not_sink_those_that_share_its_transaction(thread: StoreThread) -> None:
    gate = Gate()
    held = asyncio.ensure_future(thread.run(gate.hold))
    batches = [batch("1"), batch("2", source_id="nobody"), batch("3")]
    commits = asyncio.gather(*map(thread.commit, batches), return_exceptions=True)
    await asyncio.sleep(0)
    gate.open()
    first, second, third = await commits
    await held
    assert (first, third) == (("key-1",), ("key-3",))
    assert isinstance(second, Exception)
    assert await thread.read(lambda s: s.pending_count("desk")) == 2


async def test_an_operation_between_commits_sees_those_before_and_not_those_after(thread: StoreThread) -> None:
    gate = Gate()
    held = asyncio.ensure_future(thread.run(gate.hold))
    before = asyncio.ensure_future(thread.commit(batch("1")))
    between = asyncio.ensure_future(thread.run(lambda s: s.pending_count("desk")))
    after = asyncio.ensure_future(thread.commit(batch("2")))
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, before, after)
    assert await between == 1


async def test_more_batches_than_one_transaction_takes(thread: StoreThread, transactions: list[str]) -> None:
    gate = Gate()
    held = asyncio.ensure_future(thread.run(gate.hold))
    bare = replace(batch(), poll=poll(outcome="not_modified", new_items=1))
    commits = [asyncio.ensure_future(thread.commit(bare)) for _ in range(2 * GROUP_MAX + 1)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, *commits)
    assert len(transactions) == 3
    assert (await thread.read(lambda s: s.source_statuses()))[0].items_total == 2 * GROUP_MAX + 1


async def test_when_the_database_refuses_all_that_wait_hear_of_it(thread: StoreThread, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(thread.commit(batch(str(n))) for n in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [StoreError] * 3
        assert await thread.read(lambda s: s.pending_count("desk")) == 0
    assert await thread.commit(batch("1")) == ("key-1",)


async def test_readers_and_the_event_loop_go_on_while_the_writer_is_busy(thread: StoreThread) -> None:
    gate = Gate()
    held = asyncio.ensure_future(thread.run(gate.hold))
    await asyncio.to_thread(gate.reached.wait)
    assert await thread.read(lambda s: s.next_due()) == T0
    assert not held.done()
    gate.open()
    await held


async def test_an_operation_whose_caller_gave_up_is_taken_back(thread: StoreThread) -> None:
    gate = Gate()
    held = asyncio.ensure_future(thread.run(gate.hold))
    given_up = asyncio.ensure_future(thread.commit(batch("1")))
    kept = asyncio.ensure_future(thread.commit(batch("2")))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.sleep(0)
    gate.open()
    assert await kept == ("key-2",)
    await held
    assert await thread.read(lambda s: s.known_articles(["key-1"], [])) == (set(), set())


async def test_closing_finishes_what_is_queued(sqlite_store: SqlStore) -> None:
    sqlite_store.sync_sources([source()], T0, {})
    thread = StoreThread(sqlite_store)
    gate = Gate()
    held = asyncio.ensure_future(thread.run(gate.hold))
    commits = [asyncio.ensure_future(thread.commit(batch(str(n)))) for n in range(5)]
    await asyncio.sleep(0)
    closing_ = asyncio.ensure_future(thread.close())
    await asyncio.sleep(0)
    for call in (thread.run, thread.read):
        with pytest.raises(StoreError, match="closed"):
            await call(lambda s: s.next_due())
    with pytest.raises(StoreError, match="closed"):
        await thread.commit(batch("late"))
    gate.open()
    await closing_
    await thread.close()
    assert [await commit for commit in commits] == [(f"key-{n}",) for n in range(5)]
    await held
    assert sqlite_store.pending_count("desk") == 5, "the store itself is still open"
    assert sqlite_store.lease_due(minutes(10), 1, minutes(11))
