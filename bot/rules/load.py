"""From rule folders to one :class:`~bot.rules.model.RuleSet`, or every problem that stands in the way.

A folder holds rule files (``*.yaml`` or ``*.yml``, sub-folders too), ``lists/*.yaml`` and ``sources.yaml``. A later
folder replaces rules by id, defines and lists by name; inside one folder a second one of the same name is a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.collector import without_collector
from bot.errors import ConfigError, Level, Problem
from bot.rules.hints import keys_hint
from bot.rules.kept import Kept
from bot.rules.language import FILE_KEYS, Reader
from bot.rules.lists import load_list
from bot.rules.model import NameList, Rule, RuleSet
from bot.yaml_nodes import Map, Node, Scalar, Seq

SOURCES_FILE = "sources.yaml"
LISTS_FOLDER = "lists"


@dataclass(frozen=True, slots=True)
class Loaded:
    """``problems`` holds errors and warnings in the order of the files; ``ruleset`` leaves out what has an error.
    ``ids`` are those of all rules, with errors or without; ``None`` where a file could not be read."""

    ruleset: RuleSet
    problems: tuple[Problem, ...]
    ids: frozenset[str] | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.level is Level.ERROR)


def rule_files(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The rule files and the list files of a folder, in a fixed order. Hidden files and folders are passed over."""
    rules: list[Path] = []
    lists: list[Path] = []
    for path in sorted((*folder.rglob("*.yaml"), *folder.rglob("*.yml"))):
        inner = path.relative_to(folder)
        if any(part.startswith(".") for part in inner.parts) or not path.is_file():
            continue
        if inner.parts[0] == LISTS_FOLDER:
            lists.append(path)
        elif path.name != SOURCES_FILE:
            rules.append(path)
    return tuple(rules), tuple(lists)


def load_rules(
    folders: Sequence[Path],
    *,
    ruleless: Collection[Path] = (),
    is_country: Callable[[str], bool],
    channels: Iterable[str] | None = None,
    sources: Iterable[str] | None = None,
    source_tags: Iterable[str] | None = None,
    has_model: bool = False,
    watch_lists: Mapping[str, NameList] | None = None,
    shown: Callable[[Path], Path] = lambda path: path,
    kept: Kept | None = None,
) -> Loaded:
    """Read everything; of the folders in ``ruleless`` the lists and defines only. ``channels``, ``sources``,
    ``source_tags``: the names that rules may use, ``None`` where that is not known. ``watch_lists``: the downloaded
    ones. ``shown`` turns a path into the one that messages name. ``kept``: what the last reading left."""
    with without_collector():
        return _load(
            folders,
            watch_lists or {},
            shown,
            kept or Kept(),
            ruleless,
            is_country=is_country,
            channels=None if channels is None else frozenset(channels),
            sources=None if sources is None else frozenset(sources),
            source_tags=None if source_tags is None else frozenset(source_tags),
            has_model=has_model,
        )


def _load(
    folders: Sequence[Path],
    watched: Mapping[str, NameList],
    shown: Callable[[Path], Path],
    kept: Kept,
    ruleless: Collection[Path],
    *,
    is_country: Callable[[str], bool],
    **known: Any,
) -> Loaded:
    problems: list[Problem] = []
    lists: dict[str, NameList] = dict(watched)
    documents: list[list[Map]] = []
    ruled: list[list[Map]] = []
    read: set[Path] = set()
    whole = True
    for folder in folders:
        if not folder.is_dir():
            problems.append(
                Problem(shown(folder), 0, 0, "no such folder; mend rules: in wirewatch.yaml", "missing-folder")
            )
            continue
        files, list_files = rule_files(folder)
        _read_lists(list_files, lists, problems, is_country, shown)
        found, all_read = _read_documents(files, problems, shown, kept)
        documents.append(found)
        whole = whole and all_read
        ruled += [] if folder in ruleless else documents[-1:]
        read.update(files)
    kept.forget_files_but(read)
    for name in watched.keys() & lists.keys():
        if lists[name] is not watched[name]:
            text = f"the list {name!r} is a watch list of wirewatch.yaml already; rename one of the two"
            problems.append(lists[name].place.problem(text, "duplicate-list"))
    reader = Reader(lists, is_country=is_country, **known)
    for folder_documents in documents:
        replaceable = set(reader.define_names)
        for document in folder_documents:
            define = document.get("define")
            if define is not None:
                reader.add_defines(define, replaceable)
    reader.read_defines()
    rules: dict[str, Rule] = {}
    for folder_documents in ruled:
        here: dict[str, Rule] = {}
        for document in folder_documents:
            _read_rules(document, reader, here)
        rules.update(here)
    problems.extend(reader.problems)
    own = {document.place.file for document in documents[-1]} if documents else set()
    for entry in reader.unused_defines():
        if entry.key_place.file not in own:
            continue  # a later folder that replaces rules leaves defines of the earlier ones unused; that is no mistake
        text = f"nothing uses the define {entry.key!r}; delete it, or use it with {{use: {entry.key}}}"
        place = entry.key_place
        problems.append(Problem(place.file, place.line, place.column, text, "unused-define", Level.WARNING))
    ordered = tuple(sorted(set(problems), key=lambda p: (str(p.file), p.line, p.column, p.text)))
    ids = frozenset(_ids(one for folder_documents in ruled for one in folder_documents)) if whole else None
    return Loaded(RuleSet(tuple(rules.values()), reader.defines, lists), ordered, ids)


def _ids(documents: Iterable[Map]) -> Iterator[str]:
    for document in documents:
        rules = document.get("rules")
        for item in rules if isinstance(rules, Seq) else ():
            name = item.get("id") if isinstance(item, Map) else None
            if isinstance(name, Scalar):
                yield name.text


def _read_lists(
    files: tuple[Path, ...],
    lists: dict[str, NameList],
    problems: list[Problem],
    is_country: Callable[[str], bool],
    shown: Callable[[Path], Path],
) -> None:
    here: dict[str, NameList] = {}
    for path in files:
        found, list_problems = load_list(path, shown(path), is_country)
        problems.extend(list_problems)
        if found is None:
            continue
        if found.name in here:
            first = here[found.name].place
            text = f"the list {found.name!r} stands in {first.file} already; rename one of the two"
            problems.append(found.place.problem(text, "duplicate-list"))
        else:
            here[found.name] = found
    lists.update(here)


def _read_documents(
    files: tuple[Path, ...], problems: list[Problem], shown: Callable[[Path], Path], kept: Kept
) -> tuple[list[Map], bool]:
    """Their contents, but for empty ones; and whether all could be read."""
    documents: list[Map] = []
    empty = 0
    for path in files:
        try:
            node: Node | None = kept.document(path, shown(path))
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        if node is None:
            empty += 1
            continue
        if not isinstance(node, Map):
            text = "a rule file has rules: and define: at its top; write rules: in a line of its own above this"
            problems.append(node.place.problem(text, "bad-file"))
            continue
        if (listed := node.entry("list")) is not None:
            text = "this is a list file, which belongs into the folder lists/ beside the rules; move it there"
            problems.append(listed.key_place.problem(text, "bad-file"))
            continue
        for entry in node.entries:
            if entry.key not in FILE_KEYS:
                text = f"a rule file has no key {entry.key!r}{keys_hint(entry.key, FILE_KEYS)}"
                problems.append(entry.key_place.problem(text, "unknown-key"))
        documents.append(node)
    return documents, len(documents) + empty == len(files)


def _read_rules(document: Map, reader: Reader, here: dict[str, Rule]) -> None:
    node = document.get("rules")
    if node is None:
        return
    if not isinstance(node, Seq):
        reader.problems.append(node.place.problem("rules: takes a list, each rule beginning with '- id:'", "bad-file"))
        return
    for item in node:
        rule = reader.rule(item)
        if rule is None:
            continue
        if rule.id in here:
            first = here[rule.id].place
            text = f"the id {rule.id!r} is taken by {first.file}:{first.line}; rename one of the two"
            reader.problems.append(replace(rule.place.problem(text, "duplicate-id"), rule=rule.id))
        else:
            here[rule.id] = rule
