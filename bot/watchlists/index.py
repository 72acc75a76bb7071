"""Stored watch lists → the :class:`~bot.rules.model.NameList` that rules name with ``list: ofac_sdn``.

The names are made once for each version of a list and kept beside it, since making them takes longer than reading them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from bot.errors import Level, Problem
from bot.rules.inflect import dictionary
from bot.rules.kept import Kept
from bot.rules.model import ListedName, NameList
from bot.watchlists import names
from bot.watchlists.base import WatchEntry, WatchListError
from bot.watchlists.names import expand_entry
from bot.watchlists.report import Options, Report
from bot.watchlists.settings import ListSource
from bot.watchlists.store import Meta, Shelf, write_whole
from bot.yaml_nodes import Place


@dataclass(frozen=True, slots=True)
class Indexed:
    """A list made ready for the rules, with what became of its names. ``meta`` is ``None`` before the first
    download."""

    names: NameList
    report: Report
    meta: Meta | None


def name_lists(
    shelf: Shelf, wanted: Iterable[ListSource], config: Path, kept: Kept | None = None
) -> tuple[dict[str, NameList], tuple[Problem, ...]]:
    """Every wanted list for the rule loader, and what the editors should know. A list that was not downloaded yet, or
    is damaged, is there without names: the rules that name it load, and a warning says that they find nothing.
    ``kept``: what the last reading left."""
    kept = kept or Kept()
    found: dict[str, NameList] = {}
    problems: list[Problem] = []
    for one in wanted:
        try:
            meta = shelf.meta(one.name)
            key = f"{_key(meta, one.options)} {one.title}" if meta else ""
            known = kept.watch_list(one.name, key) if meta else None
            if known is None:
                known = name_list(shelf, one).names
                kept.keep_watch_list(key, known)
            text = "" if meta else f"the watch list {one.name!r} was not downloaded yet, so rules find nothing by it"
            found[one.name] = known
        except WatchListError as error:
            text = str(error)
            found[one.name] = _as_list(one, None, shelf, [])
        if text:
            hint = "" if "lists refresh" in text else "; run `wirewatch lists refresh`"
            problems.append(Problem(config, 0, 0, f"{text}{hint}", "list-missing", Level.WARNING))
    return found, tuple(problems)


def name_list(shelf: Shelf, wanted: ListSource) -> Indexed:
    """One list. Raises :class:`WatchListError` where the shelf's copy is damaged."""
    meta = shelf.meta(wanted.name)
    if meta is None:
        return Indexed(_as_list(wanted, None, shelf, []), Report(), None)
    path = shelf.path(wanted.name, ".names.jsonl")
    key = _key(meta, wanted.options)
    stored = _read(path, key)
    if stored is None:
        stored = _make(shelf, wanted)
        rows, report = stored
        head = json.dumps({"key": key, "report": asdict(report)})
        write_whole(path, [head, *(json.dumps(row, ensure_ascii=False) for row in rows)])
    rows, report = stored
    return Indexed(_as_list(wanted, meta, shelf, rows), report, meta)


def origin(listed: NameList, entity: str) -> str:
    """Where an alert's name comes from: ``OFAC SDN list, entry 12345, as of 2026-10-01``."""
    return f"{listed.title}, entry {entity.partition(':')[2]}, as of {listed.as_of}"


Row = tuple[str, str, str, list[str]]  # id, kind, country, what is looked for


def _make(shelf: Shelf, wanted: ListSource) -> tuple[list[Row], Report]:
    report = Report()
    rows = []
    for entry in shelf.entries(wanted.name):
        if found := expand_entry(entry, wanted.options, is_english_word, report):
            rows.append(_row(entry, found))
    return rows, report


def _row(entry: WatchEntry, found: tuple[str, ...]) -> Row:
    return entry.id, entry.kind.value, entry.countries[0] if entry.countries else "", list(found)


def _read(path: Path, key: str) -> tuple[list[Row], Report] | None:
    """What was made earlier, if it was made from the same; anything else is made again."""
    try:
        with path.open(encoding="utf-8") as file:
            head = json.loads(file.readline())
            if head["key"] != key:
                return None
            return [tuple(json.loads(line)) for line in file], Report(**head["report"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _key(meta: Meta, options: Options) -> str:
    parts = (names.VERSION, _tables(), meta.sha256, meta.count, *asdict(options).values())
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=1)
def _tables() -> str:
    data = resources.files("bot.watchlists") / "data"
    whole = hashlib.blake2b(digest_size=16)
    for name in ("name_words.tsv", "spellings.tsv"):
        whole.update((data / name).read_bytes())
    return whole.hexdigest()


def _as_list(wanted: ListSource, meta: Meta | None, shelf: Shelf, rows: list[Row]) -> NameList:
    return NameList(
        name=wanted.name,
        title=wanted.title,
        source=meta.source_url if meta else str(wanted.urls["main"]),
        as_of=str((meta.as_of or meta.fetched_at.date()) if meta else ""),
        version=meta.version if meta else "",
        countries=(),
        names=tuple(
            ListedName(f"{wanted.name}:{entry_id}", found[0], tuple(found[1:]), kind, country)
            for entry_id, kind, country, found in rows
        ),
        place=Place(shelf.path(wanted.name, ".jsonl"), 1, 1),
    )


@lru_cache(maxsize=65_536)
def is_english_word(word: str) -> bool:
    """Whether the dictionary that inflects terms has the word."""
    return bool(dictionary().getAllLemmas(word))
