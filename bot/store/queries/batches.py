"""Whole batches: what the polls of a moment change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

from sqlalchemy import Connection

from bot.follow.thread import Marks
from bot.store.base import Batch
from bot.store.faults import is_refusal
from bot.store.queries import archive, articles, noise, outbox, revisions, sources
from bot.store.sources_port import Poll

T = TypeVar("T")

Result = tuple[str, ...] | Exception
"""The keys of the articles that were new; or why nothing of the batch was written."""


def write_all(connection: Connection, batches: Sequence[Batch]) -> tuple[Result, ...]:
    """Batches that hold a poll and nothing else, as most do, are written by one statement for all in a row."""
    results: list[Result] = []
    for bare, run in groupby(batches, key=_is_bare):
        group = list(run)
        results += _write_bare(connection, group) if bare else [_write_apart(connection, batch) for batch in group]
    return tuple(results)


def _is_bare(batch: Batch) -> bool:
    parts = (batch.articles, batch.alerts, batch.deliveries, batch.revisions, batch.holds, batch.decisions)
    return isinstance(batch.poll, Poll) and not any(parts)


def _write_bare(connection: Connection, group: Sequence[Batch]) -> list[Result]:
    polls = [batch.poll for batch in group if isinstance(batch.poll, Poll)]
    failure = _in_savepoint(connection, lambda: sources.record_polls(connection, polls))
    if not isinstance(failure, Exception):
        return [()] * len(group)
    if len(group) == 1:
        return [failure]
    return [result for batch in group for result in _write_bare(connection, [batch])]


def _write_apart(connection: Connection, batch: Batch) -> Result:
    return _in_savepoint(connection, lambda: write_together(connection, [batch])[0])


def _in_savepoint(connection: Connection, step: Callable[[], T]) -> T | Exception:
    """What ``step`` returns, or what it raised once its changes are undone. Plain SQL rather than ``begin_nested``:
    where SQLite has given up the whole transaction (full disk), rolling back to a savepoint would hide that error
    behind another."""
    connection.exec_driver_sql("SAVEPOINT batch")
    outcome: T | Exception
    try:
        outcome = step()
    except Exception as error:
        if is_refusal(error):
            raise
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT batch")
        outcome = error
    connection.exec_driver_sql("RELEASE SAVEPOINT batch")
    return outcome


def write_together(connection: Connection, batches: Sequence[Batch]) -> tuple[tuple[str, ...], ...]:
    """All of them, by one statement for each kind of row. The keys of the articles that each brought first."""
    written = articles.insert(connection, [article for batch in batches for article in batch.articles])
    left = set(written)
    new: list[tuple[str, ...]] = []
    for batch in batches:
        mine = tuple(key for key in dict.fromkeys(a.key for a in batch.articles) if key in left)
        left.difference_update(mine)
        new.append(mine)
    stories: dict[str, tuple[str, str]] = {}
    marks: dict[str, Marks] = {}
    for batch in reversed(batches):  # of an article that several bring, the first one's words hold
        stories.update(batch.stories)
        marks.update(batch.marks)
    revisions.record(connection, [one for batch in batches for one in batch.revisions])
    articles.insert_stories(connection, stories, marks, written)
    articles.add_facts(connection, marks, written)
    articles.insert_alerts(connection, [one for batch in batches for one in batch.alerts], written)
    for batch in batches:
        if batch.shadow:
            archive.insert_shadow(connection, batch.shadow, written, batch.poll.finished_at)
    outbox.enqueue(connection, [one for batch in batches for one in batch.deliveries])
    noise.insert_holds(connection, [one for batch in batches for one in batch.holds])
    noise.end_holds(connection, [one for batch in batches for one in batch.told])
    noise.insert_decisions(connection, [one for batch in batches for one in batch.decisions])
    sources.record_polls(connection, [batch.poll for batch in batches if isinstance(batch.poll, Poll)])
    for batch in batches:
        if not isinstance(batch.poll, Poll):
            sources.record_push(connection, batch.poll)
    return tuple(new)
