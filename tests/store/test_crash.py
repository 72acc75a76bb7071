"""A process is killed (SIGKILL) in the middle of its work; what it leaves is whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import StoreBusyError
from bot.message import DeliveryState
from bot.store.sql import SqlStore
from tests.store.samples import T0, batch, source

ROOT = Path(__file__).resolve().parents[2]

# Commits batches of three articles for ever, and prints the number of each that was reported as written.
WRITER = """
import itertools, sys
from bot.store.sql import SqlStore
from tests.store.samples import batch
store = SqlStore(sys.argv[1])
store.acquire()
store.open()
for n in itertools.count():
    store.commit_all([batch(*(f"{n}-{m}-{k}" for k in range(3))) for m in range(4)])
    print(n, flush=True)
"""

# Commits once in each of its children, the first of which dies at the first statement, counted from BEGIN on, the next
# at the second, and so on until one lives. Prints how each ended, and then waits for a line.
DIES_AT = """
import itertools, os, signal, sys
from sqlalchemy import Engine, event
from bot.store.sql import SqlStore
from tests.store.samples import batch

def commit(last):
    store = SqlStore(sys.argv[1])
    store.open()
    store.commit(batch("before"))
    seen = itertools.count()
    def step(*ignored):
        if next(seen) == last:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, "after_cursor_execute", step)
    event.listen(Engine, "commit", step)
    store.commit(batch("1", "2"))

for last in itertools.count():
    child = os.fork()
    if child == 0:
        commit(last)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.stdin.readline()
"""

SENDS = """
import os, signal, sys
from bot.store.sql import SqlStore
from tests.store.samples import T0, batch
store = SqlStore(sys.argv[1])
store.open()
store.commit(batch("1", "2"))
store.mark_sending(store.pending("desk", 1)[0].id, T0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def url(store_url: str) -> str:
    """Of a store that knows the source of the batches."""
    store = SqlStore(store_url)
    store.open()
    store.sync_sources([source()], T0, {})
    store.close()
    return store_url


@pytest.fixture
def reopened(url: str) -> Iterator[SqlStore]:
    """The store as the next process finds it; opened by the test, after the crash."""
    store = SqlStore(url)
    yield store
    store.close()


@pytest.mark.parametrize("reported", [1, 4, 15])
def test_a_batch_is_whole_or_absent_whenever_the_writer_is_killed(url: str, reopened: SqlStore, reported: int) -> None:
    with start(WRITER, url) as child:
        assert child.stdout is not None
        for _ in range(reported):
            child.stdout.readline()
        holder = f"process {child.pid}" if url.startswith("sqlite") else "database connection"
        with pytest.raises(StoreBusyError, match=holder):
            reopened.acquire()
        child.send_signal(signal.SIGKILL)
        told = reported + len(child.stdout.readlines())
    assert child.returncode == -signal.SIGKILL

    reopened.acquire()
    reopened.open()
    posts = {d.payload.key.removeprefix("post-") for d in reopened.pending("desk", 10**6)}
    for n in range(told + 2):
        names = {f"{n}-{m}-{k}" for m in range(4) for k in range(3)}
        known, _ = reopened.known_articles([f"key-{name}" for name in names], [])
        assert len(known) in (0, 12), "four batches, one transaction"
        assert names & posts == (names if known else set()), "articles and deliveries come together"
        assert known or n >= told, "what was reported is there"
    assert reopened.commit(batch("after")) == ("key-after",)


def test_death_at_any_statement_of_a_commit_leaves_all_or_nothing(url: str) -> None:
    outcomes, status = [], -signal.SIGKILL
    with start(DIES_AT, url) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        while status == -signal.SIGKILL:
            status = int(parent.stdout.readline())
            store = SqlStore(url)
            store.open()
            counts = store.counts()
            outcomes.append((counts["articles"], counts["alerts"], counts["matches"], counts["deliveries"]))
            store.close()
            parent.stdin.write("\n")
            parent.stdin.flush()
        parent.kill()
    assert status == 0
    *killed, last = outcomes
    assert len(killed) >= 8, "BEGIN, savepoint, articles, stories, alerts, matches, deliveries, poll, commit"
    assert set(killed) == {(1, 1, 2, 1)}
    assert last == (3, 3, 6, 3)


def test_a_delivery_that_was_being_sent_is_found_uncertain(url: str, reopened: SqlStore) -> None:
    with start(SENDS, url) as child:
        pass
    assert child.returncode == -signal.SIGKILL
    reopened.open()
    assert [(d.payload.key, d.state, d.attempts) for d in reopened.pending("desk", 9)] == [
        ("post-1", DeliveryState.SENDING, 1),
        ("post-2", DeliveryState.WAITING, 0),
    ]
