"""``sources.yaml`` of each rules folder → the sources to poll, or every problem at once.

A later folder overrides by id; an entry that only switches off (``{id: x, enabled: false}``) needs no url.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from bot.errors import ConfigError, Problem
from bot.model import Source
from bot.sources import KINDS
from bot.yaml_models import Duration, Model, Name, Text, WebUrl, YesNo, at_least, json_schema, nearest, read
from bot.yaml_nodes import Map, load_file, place_of, plain

FILE_NAME = "sources.yaml"
EVERY_MIN = timedelta(minutes=1)  # nobody's news is fresher, and publishers ban what asks more often

OPTIONS: Mapping[str, frozenset[str]] = {"feed": frozenset()}
"""The keys that only one kind of source knows, by kind; they travel in ``Source.options``."""


def _kind(value: str) -> str:
    if value not in KINDS:
        raise ValueError(f"{value!r} is not a kind of source{nearest(value, KINDS, show_all=True)}")
    return value


def _lang(value: str) -> str:
    if not re.fullmatch("[a-z]{2,3}", value):
        raise ValueError("must be a language code of two or three small letters, such as en")
    return value


Every = Annotated[Duration, at_least(EVERY_MIN)]
Lang = Annotated[Text, AfterValidator(_lang), WithJsonSchema({"type": "string", "pattern": "^[a-z]{2,3}$"})]


class Defaults(Model):
    """What holds for every source of the file that does not say otherwise itself."""

    every: Every = Field(default=timedelta(minutes=10), description="How often it is polled.")
    tags: tuple[Text, ...] = Field(default=(), description="Tags; a source's own replace them.")
    lang: Lang | None = Field(default=None, description="Language code, where the feeds do not say.")
    enabled: YesNo = Field(default=True, description="false: not polled.")


class SourceEntry(Model):
    """One source."""

    id: Name = Field(description="Unique; small letters, digits, '-', '_', '.'.")
    url: WebUrl | None = Field(default=None, description="What is polled.")
    kind: Annotated[Text, AfterValidator(_kind)] = Field(default="feed", description="How it is read.")
    title: Text | None = Field(default=None, description="What people see; the id where there is none.")
    every: Every | None = Field(default=None, description="How often it is polled, such as 10m; at least 1m.")
    tags: tuple[Text, ...] | None = Field(default=None, description="For rules and routes, such as [wire, uk].")
    lang: Lang | None = Field(default=None, description="Language code, such as en, where the feed does not say.")
    enabled: YesNo | None = Field(default=None, description="false: not polled.")


class SourcesFile(Model):
    """The keys of sources.yaml."""

    defaults: Defaults = Field(default=Defaults(), description="For every source of this file.")
    sources: tuple[SourceEntry, ...] = Field(default=(), description="The sources.")


def load_sources(paths: Iterable[Path]) -> tuple[Source, ...]:
    """The sources of these rules folders (or files), each id once, in the order of first mention; switched-off ones
    included. A folder without ``sources.yaml`` has none. Raises ``ConfigError`` with every problem of every file."""
    found: dict[str, Source] = {}
    problems: list[Problem] = []
    for path in paths:
        file = path / FILE_NAME if path.is_dir() else path
        if path.is_dir() and not file.exists():
            continue
        try:
            _merge(file, found)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(found.values())


def _merge(file: Path, found: dict[str, Source]) -> None:
    root = load_file(file)
    if root is None:
        return
    if not isinstance(root, Map):
        raise ConfigError((root.place.problem("must be a mapping with the key sources:", "bad-value"),))
    data = plain(root)
    options = _take_options(data)
    checked = read(SourcesFile, root, data)
    problems = checked if isinstance(checked, list) else []
    problems += _check_unique(data, root)
    problems += _check_urls(data, root, found)
    if problems:
        raise ConfigError(tuple(sorted(problems)))
    assert isinstance(checked, SourcesFile)
    for entry, own in zip(checked.sources, options, strict=True):
        found[entry.id] = _source(entry, checked.defaults, own, found.get(entry.id))


def _source(entry: SourceEntry, defaults: Defaults, options: Mapping[str, object], earlier: Source | None) -> Source:
    if entry.url is None and earlier is not None:
        return replace(earlier, enabled=False)
    return Source(
        id=entry.id,
        url=entry.url or "",
        kind=entry.kind,
        title=entry.title or "",
        tags=defaults.tags if entry.tags is None else entry.tags,
        every=entry.every or defaults.every,
        lang=entry.lang or defaults.lang,
        enabled=defaults.enabled if entry.enabled is None else entry.enabled,
        options=options,
    )


def _entries(data: Any) -> list[Any]:
    entries = data.get("sources") if isinstance(data, dict) else None
    return entries if isinstance(entries, list) else []


def _take_options(data: Any) -> list[dict[str, object]]:
    """Move the keys that only the kind knows out of the way of the model."""
    taken = []
    for entry in _entries(data):
        kind = entry.get("kind", "feed") if isinstance(entry, dict) else ""
        known = OPTIONS.get(kind, frozenset()) if isinstance(kind, str) else frozenset()
        taken.append({key: entry.pop(key) for key in sorted(known) if key in entry})
    return taken


def _check_unique(data: Any, root: Map) -> list[Problem]:
    problems = []
    for key, code in (("id", "duplicate-id"), ("url", "duplicate-url")):
        lines: dict[str, int] = {}
        for i, entry in enumerate(_entries(data)):
            value = entry.get(key) if isinstance(entry, dict) else None
            if not isinstance(value, str):
                continue
            place = place_of(root, ("sources", i, key))
            if value in lines:
                text = f"the {key} {value!r} stands here for the second time (first in line {lines[value]})"
                problems.append(place.problem(f"{text}; delete or change one of the two", code))
            lines.setdefault(value, place.line)
    return problems


def _check_urls(data: Any, root: Map, earlier: Mapping[str, Source]) -> list[Problem]:
    """Only an entry that switches an earlier one off may go without url."""
    problems = []
    for i, entry in enumerate(_entries(data)):
        if not isinstance(entry, dict) or entry.get("url") is not None:
            continue
        name, off = entry.get("id"), entry.get("enabled") is False
        if off and name in earlier:
            continue
        text = "the key 'url' is missing; add url: ..."
        if off and isinstance(name, str):
            text = (
                f"no earlier folder has a source {name!r} to switch off{nearest(name, earlier) or '; delete this line'}"
            )
        problems.append(place_of(root, ("sources", i)).problem(text, "missing-key"))
    return problems


def sources_schema() -> Mapping[str, Any]:
    """A JSON Schema of sources.yaml, for editors."""
    return json_schema(SourcesFile, "sources.yaml")
