"""``wirewatch lists``: what there is, and getting the newest."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from bot.config import Config, load_config
from bot.entities.facts import is_country
from bot.errors import WirewatchError
from bot.rules.lists import load_list
from bot.rules.load import rule_files
from bot.rules.model import NameList
from bot.watchlists import refresh as refreshing
from bot.watchlists.base import WatchListError
from bot.watchlists.index import Indexed, name_list
from bot.watchlists.report import Report
from bot.watchlists.settings import ListSource, list_sources
from bot.watchlists.store import Shelf, Status, folder_for
from bot.web.from_config import fetcher_of
from bot.yaml_models import nearest


def shelf_of(config: Config) -> Shelf:
    """Where a config keeps its watch lists."""
    return Shelf(folder_for(config.store.reveal(), config.file))


# -- show -----------------------------------------------------------------------------------------------------------


def show(path: Path, name: str | None) -> int:
    """All lists in a table, or one in full. 1 where a list is missing, damaged or was refused the last time."""
    config = load_config(path, os.environ, to_run=False)
    shelf = shelf_of(config)
    wanted = {w.name: w for w in list_sources(config.watchlists)}
    written = _written_lists(config)
    if name is not None and name not in wanted and name not in written:
        hint = nearest(name, [*wanted, *written]) or "; `wirewatch lists show` shows all"
        raise WirewatchError(f"no list {name!r}{hint}")
    now = datetime.now(UTC)
    if name is not None:
        return _show_watch(shelf, wanted[name], now) if name in wanted else _show_written(written[name])
    return _show_all(shelf, wanted.values(), written.values(), now)


def _written_lists(config: Config) -> dict[str, NameList]:
    """The lists of the rules folders, a later one over an earlier one; ``check`` complains of bad ones."""
    found: dict[str, NameList] = {}
    for folder in config.folders.rules:
        if not folder.is_dir():
            continue
        for path in rule_files(folder)[1]:
            read, _ = load_list(path, path, is_country)
            if read is not None:
                found[read.name] = read
    return found


def _show_all(shelf: Shelf, wanted: Iterable[ListSource], written: Iterable[NameList], now: datetime) -> int:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "entries", "as of", "age", "source", "note"):
        table.add_column(column, overflow="fold", justify="right" if column in ("entries", "age") else "left")
    bad = 0
    for one in wanted:
        indexed, note = _indexed(shelf, one)
        bad += bool(note)
        meta = indexed.meta if indexed else None
        as_of = meta.as_of if meta else None
        cells = [one.name, f"{meta.count:,}" if meta else "", str(as_of or ""), _age(as_of, now), str(one.urls["main"])]
        table.add_row(*map(Text, cells), Text(note, style="red"))
    for listed in written:
        count = f"{len(listed.countries or listed.names):,}"
        table.add_row(*map(Text, (listed.name, count, listed.as_of, _age(_day(listed.as_of), now), listed.source, "")))
    Console().print(table)
    return 1 if bad else 0


def _indexed(shelf: Shelf, one: ListSource) -> tuple[Indexed | None, str]:
    """A list and what is wrong with it."""
    try:
        indexed = name_list(shelf, one)
        status = shelf.status(one.name)
    except WatchListError as error:
        return None, str(error)
    if status is not None and status.problem:
        return indexed, status.problem
    return indexed, "" if indexed.meta else "not downloaded yet; run `wirewatch lists refresh`"


def _show_watch(shelf: Shelf, one: ListSource, now: datetime) -> int:
    indexed, note = _indexed(shelf, one)
    print(f"{one.name}: {one.title}")
    for part, url in one.urls.items():
        print(f"  {'source' if part == 'main' else part:<11}{url}")
    if indexed is not None and indexed.meta is not None:
        meta, status = indexed.meta, shelf.status(one.name)
        age = f" ({_age(meta.as_of, now)} old)" if meta.as_of else ""
        print(f"  {'as of':<11}{meta.as_of or 'not said'}{age}, version {meta.version}")
        print(f"  {'fetched':<11}{_moment(meta.fetched_at)}{_checked(status)}")
        print(f"  {'sha256':<11}{meta.sha256}")
        for line in report_lines(meta.count, indexed.report):
            print(f"  {line}")
    if note:
        print(f"  {'problem':<11}{note}")
    return 1 if note else 0


def report_lines(count: int, report: Report) -> list[str]:
    """What became of the names of a list, in words."""
    off = (
        ("weak", report.weak, "the list itself calls them so", "weak: true"),
        ("one word", report.one_word, "single words", "one_word: true"),
        ("common", report.common, "many people or things are called so", "common: true"),
    )
    lines = [f"{'entries':<11}{count:,}, of which {report.silent:,} are found under no name"]
    lines.append(f"{'names':<11}{report.kept:,} in use, as {report.variants:,} phrases")
    lines += [f"{label:<11}{n:,} left out: {why} ({key} takes them)" for label, n, why, key in off if n]
    if report.too_long:
        lines.append(f"{'too long':<11}{report.too_long:,} left out: descriptions, not names")
    if report.cut:
        lines.append(f"{'cut':<11}{report.cut:,} entries have more ways to be written than are looked for")
    return lines


def _show_written(listed: NameList) -> int:
    print(f"{listed.name}: {listed.title}")
    print(f"  {'source':<11}{listed.source}")
    print(f"  {'as of':<11}{listed.as_of}")
    print(f"  {'file':<11}{listed.place.file}")
    for country in listed.countries:
        print("  " + "  ".join(t for t in (country.code, country.date, country.act) if t))
    for one in listed.names:
        print(f"  {one.name}" + (f" ({'; '.join(one.aliases)})" if one.aliases else ""))
    return 0


def _checked(status: Status | None) -> str:
    return f", last looked for {_moment(status.checked_at)}" if status else ""


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _age(day: date | None, now: datetime) -> str:
    return f"{max((now.date() - day).days, 0)}d" if day else ""


# -- refresh --------------------------------------------------------------------------------------------------------


def refresh(path: Path, names: Sequence[str], *, accept: bool) -> int:
    """Download what changed; one line a list. 1 where one failed or was refused."""
    config = load_config(path, os.environ, to_run=False)
    wanted = {w.name: w for w in list_sources(config.watchlists)}
    if not wanted:
        raise WirewatchError(f"{path} has no watchlists:; add one, such as watchlists: {{ofac_sdn: {{}}}}")
    for name in names:
        if name not in wanted:
            raise WirewatchError(f"watchlists: has no {name!r}{nearest(name, wanted, show_all=True)}")
    chosen = [w for w in wanted.values() if not names or w.name in names]
    return asyncio.run(_refresh(config, chosen, accept))


async def _refresh(config: Config, wanted: Sequence[ListSource], accept: bool) -> int:
    failed = 0
    async with fetcher_of(config, limits=refreshing.LIMITS) as fetcher:
        for one in wanted:
            now = datetime.now(UTC)
            (outcome,) = await refreshing.refresh([one], shelf_of(config), fetcher, now, accept=accept)
            print(f"{outcome.result.value:<10} {outcome.name}: {outcome.text}", flush=True)
            failed += not outcome.ok
    return 1 if failed else 0
