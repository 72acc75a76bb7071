"""``wirewatch sources list``, ``show`` and ``check``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot import duration
from bot.cli import number
from bot.config import Config, load_config
from bot.errors import FetchError, HostRestsError, NoStoreError, SourceError, WirewatchError
from bot.model import Source
from bot.polling.manners import had_enough
from bot.roster.admin import merged
from bot.roster.card import COUNTED, REMEMBERED, card
from bot.roster.look import Look, look
from bot.roster.sources_file import load_sources
from bot.roster.state import SourceState
from bot.roster.words import ago, interval_of, put_off, state_of, tally
from bot.sources.pace import gaps_of
from bot.store.sources_port import SourceRecord, SourceStatus
from bot.store.sql import SqlStore
from bot.web.from_config import fetcher_of
from bot.web.hosts import Hosts
from bot.web.urls import host_of
from bot.words import brief
from bot.yaml_models import nearest

if TYPE_CHECKING:
    from rich.table import Table

UNWRAPPED = 10_000  # columns

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
    from rich.table import Table
    from rich.text import Text

    config = load_config(path, os.environ, to_run=False)
    with opened(config) as store:
        sources = all_sources(config, store).values()
        statuses = _statuses(store)
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
            Text((status.reason or put_off(status, now)) if status and state is not SourceState.OFF else ""),
        )
    _printed(table)
    print(tally(states.values()))
    return 0


def show_source(path: Path, source_id: str) -> int:
    """All that is known of one source."""
    from rich.table import Table
    from rich.text import Text

    config = load_config(path, os.environ, to_run=False)
    now = datetime.now(UTC)
    with opened(config) as store:
        source = chosen(all_sources(config, store), source_id)
        status = _statuses(store).get(source_id)
        record = store.source_record(source_id, now - COUNTED) if store else SourceRecord()
        outages = store.outages(now - REMEMBERED, now) if store else ()
        subscriptions = store.subscriptions() if store else ()
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    mine = [one for one in outages if one.source_id == source_id]
    for label, text in card(source, status, record, mine, now, config.timezone, subscriptions):
        table.add_row(label, Text(text))
    _printed(table)
    return 0


def _printed(table: Table) -> None:
    """What goes to a file or a pipe is not wrapped, so that it can be searched."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else UNWRAPPED).print(table)


@contextlib.contextmanager
def opened(config: Config) -> Iterator[SqlStore | None]:
    """The store, or ``None`` where there is none yet: these commands look without making one. Raises ``StoreError``
    for one that cannot be used."""
    store = SqlStore(config.store.reveal())
    try:
        store.open()
    except NoStoreError:
        yield None
        return
    try:
        yield store
    finally:
        store.close()


def all_sources(config: Config, store: SqlStore | None) -> dict[str, Source]:
    """Those of the rules folders, and those that were added by a command."""
    own = {s.id: s for s in load_sources(config.folders.sources)}
    return merged(own, store.chat_sources() if store is not None else ())


def chosen(sources: Mapping[str, Source], source_id: str) -> Source:
    """The source of that id. Raises ``WirewatchError`` with the nearest one."""
    if source_id not in sources:
        raise WirewatchError(
            f"no source {source_id!r}{nearest(source_id, sources) or '; `wirewatch sources list` shows all'}"
        )
    return sources[source_id]


def _statuses(store: SqlStore | None) -> dict[str, SourceStatus]:
    return {s.source_id: s for s in store.source_statuses()} if store is not None else {}


# -- check ----------------------------------------------------------------------------------------------------------


def check_sources(path: Path, only: Sequence[str]) -> int:
    """Fetch each source once and say what came."""
    config = load_config(path, os.environ, to_run=False)
    with opened(config) as store:
        sources = all_sources(config, store)
    wanted = [chosen(sources, name) for name in only] or [s for s in sources.values() if s.enabled]
    looks = asyncio.run(look_at(config, wanted, show=True))
    failed = sum(isinstance(one, SourceError) for one in looks.values())
    print(f"{number(len(wanted), 'source')}, {failed} failed")
    return 1 if failed else 0


async def look_at(config: Config, sources: Sequence[Source], *, show: bool = False) -> dict[str, Look | SourceError]:
    """Look at several sources, with the limits of the config and the manners of a run; ``show`` prints a line as each
    comes."""
    slots = asyncio.Semaphore(config.poll.concurrency)
    found: dict[str, Look | SourceError] = {}
    hosts = Hosts(config.poll.per_host, gaps_of(sources))
    if show:
        for wait in _waits(sources, hosts.gaps):
            print(wait, flush=True)
    async with fetcher_of(config, hosts=hosts) as fetcher:

        async def one(source: Source) -> None:
            async with slots:
                now = datetime.now(UTC)
                try:
                    seen = found[source.id] = await look(source, fetcher, now)
                    line = f"ok    {source.id}: {in_words(seen, now)}"
                except SourceError as error:
                    told = had_enough(error) and not isinstance(error, HostRestsError)
                    if told and isinstance(error, FetchError):  # the others on its host leave it alone then
                        hosts.refused(error.host or host_of(source.url), now, error.retry_after_s)
                    found[source.id] = error
                    line = f"FAIL  {source.id}: {error.text}"
                if show:
                    print(line)

        await asyncio.gather(*(one(source) for source in sources))
    return found


def _waits(sources: Iterable[Source], gaps: Mapping[str, float]) -> Iterator[str]:
    """A line for each host whose documented gap makes the looks take long."""
    for host, count in Counter(host_of(source.url) for source in sources).items():
        if count > 1 and gaps.get(host, 0.0) >= 1:
            lasting = brief(timedelta(seconds=gaps[host] * (count - 1)))
            yield f"wait  {host} takes one request in {gaps[host]:g} s: its {count} sources take {lasting}"


def in_words(seen: Look, now: datetime) -> str:
    """``rss 2.0, 30 items, newest 5 min ago``."""
    newest = f", newest {ago(seen.newest, now)}" if seen.newest else ", no dates"
    moved = f", moved to {seen.moved_to}" if seen.moved_to else ""
    note = f" ({seen.note})" if seen.note else ""
    return f"{seen.format}, {number(seen.items, 'item')}{newest}{moved}{note}"
