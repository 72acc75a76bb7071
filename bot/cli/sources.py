"""``wirewatch sources``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot import duration
from bot.config import Config, load_config
from bot.errors import SourceError, StoreError, WirewatchError
from bot.fetch import Fetcher, Limits
from bot.model import Fetched, HttpState, NotModified, Source
from bot.pipeline import articles_of
from bot.source_state import SourceState
from bot.source_words import ago, interval_of, state_of, tally
from bot.sources.base import Request, Steps
from bot.sources.collect import Answer, Step, collect
from bot.sources_file import load_sources
from bot.store.base import SourceStatus
from bot.store.sql import SqlStore
from bot.words import brief

_STYLES = {
    SourceState.OK: "green",
    SourceState.MOVED: "yellow",
    SourceState.SLOW: "yellow",
    SourceState.SILENT: "yellow",
    SourceState.FAILING: "red",
    SourceState.BLOCKED: "red",
    SourceState.GONE: "red",
    SourceState.OFF: "dim",
}


def list_sources(path: Path, only: Sequence[SourceState] = ()) -> int:
    """One line a source: state and since when, interval, last success, and why it is in that state."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    config = load_config(path, os.environ)
    sources = load_sources(config.rule_folders)
    statuses = _statuses(config)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "state", "for", "every", "last success", "items", "reason"):
        table.add_column(column, overflow="fold")
    now = datetime.now(UTC)
    states = {source.id: state_of(source, statuses.get(source.id)) for source in sources}
    for source in sources:
        status, state = statuses.get(source.id), states[source.id]
        if only and state not in only:
            continue
        known = status is not None and state not in (SourceState.OFF, SourceState.NEW)
        every = duration.show(interval_of(source, status))
        table.add_row(
            source.id,
            Text(state.value, style=_STYLES.get(state, "")),
            brief(now - status.since) if known and status and status.since else "",
            f"{every} auto" if source.bounds else every,
            ago(status.last_success, now) if known and status else "",
            str(status.items_total) if status else "",
            Text(status.reason if known and status else ""),
        )
    Console().print(table)
    print(tally(states.values()))
    return 0


def _statuses(config: Config) -> dict[str, SourceStatus]:
    """What the store knows; nothing where there is none yet."""
    store = SqlStore(config.store.reveal())
    try:
        store.open()
    except StoreError:
        return {}
    try:
        return {s.source_id: s for s in store.source_statuses()}
    finally:
        store.close()


def check_sources(path: Path, only: Sequence[str]) -> int:
    """Fetch each source once and say what came."""
    config = load_config(path, os.environ)
    sources = {s.id: s for s in load_sources(config.rule_folders)}
    for name in only:
        if name not in sources:
            from bot.rules.language import nearest

            raise WirewatchError(
                f"no source {name!r}{nearest(name, sources) or '; `wirewatch sources list` shows all'}"
            )
    wanted = [s for s in sources.values() if (s.id in only if only else s.enabled)]
    failed = asyncio.run(_check_all(config, wanted))
    print(f"{len(wanted)} sources, {failed} failed")
    return 1 if failed else 0


async def _check_all(config: Config, sources: Sequence[Source]) -> int:
    limits = Limits(total_s=config.poll.timeout.total_seconds(), per_host=config.poll.per_host)
    slots = asyncio.Semaphore(config.poll.concurrency)
    async with Fetcher(
        contact=config.contact or "", allow_private=frozenset(config.allow_private), limits=limits
    ) as fetcher:

        async def one(source: Source) -> bool:
            async with slots:
                try:
                    print(f"ok    {source.id}: {await _look(fetcher, source)}")
                except SourceError as error:
                    print(f"FAIL  {source.id}: {error.text}")
                    return False
                return True

        return sum(not good for good in await asyncio.gather(*(one(s) for s in sources)))


async def _look(fetcher: Fetcher, source: Source) -> str:
    now = datetime.now(UTC)

    async def fetch(request: Request, state: HttpState) -> Fetched | NotModified:
        return await fetcher.fetch(source, state, now, request=request)

    async def run(call: Callable[[Steps, Answer], Step], steps: Steps, given: Answer) -> Step:
        return await asyncio.to_thread(call, steps, given)

    answer = await collect(source, HttpState(), now, fetch, run)
    assert not isinstance(answer, NotModified)  # nothing conditional was sent
    parsed = answer.parsed
    articles = await asyncio.to_thread(articles_of, parsed, source, now)
    dated = [a.published for a in articles if a.dated]
    newest = f", newest {ago(max(dated), now)}" if dated else ", no dates"
    moved = f", moved to {answer.first.moved_to}" if answer.first.moved_to else ""
    note = f" ({parsed.note})" if parsed.note else ""
    return f"{parsed.format}, {len(articles)} items{newest}{moved}{note}"
