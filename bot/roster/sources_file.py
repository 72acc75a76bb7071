"""``sources.yaml`` of each rules folder → the sources to poll, or every problem at once.

A later folder overrides by id; an entry that only switches off (``{id: x, enabled: false}``) needs no url. What a kind
of source wants to know besides is checked against that kind's own model (:mod:`bot.roster.kind_options`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from bot import duration
from bot.errors import ConfigError, Problem
from bot.model import Source
from bot.roster.kind_options import (
    Interval,
    Own,
    check_bounds,
    check_every,
    check_quotas,
    interval_of,
    option_schemas,
    take_options,
)
from bot.settings.environment import Surroundings
from bot.sources import KINDS
from bot.yaml_models import Duration, Model, Name, Text, WebUrl, YesNo, at_least, json_schema, nearest, read
from bot.yaml_nodes import Map, Node, Place, Seq, load, load_file, place_of, plain

FILE_NAME = "sources.yaml"
EVERY_MIN = timedelta(minutes=1)  # nobody's news is fresher, and publishers ban what asks more often


_FEEDS = frozenset({"rss", "rdf", "atom", "xml", "jsonfeed", "json_feed", "json-feed"})


def _kind(value: str) -> str:
    if value.lower() in _FEEDS:
        raise ValueError(f"{value!r} is not a kind of source; write feed, which reads RSS, RDF, Atom and JSON Feed")
    if value not in KINDS:
        raise ValueError(f"{value!r} is not a kind of source{nearest(value, KINDS, show_all=True)}")
    return value


def _lang(value: str) -> str:
    if not re.fullmatch("[a-z]{2,3}", value):
        raise ValueError("must be a language code of two or three small letters, such as en")
    return value


def _every(value: object) -> object:
    return AUTO_EVERY if value == "auto" else value


AUTO_EVERY = timedelta.max
"""What ``every: auto`` is read as: the interval follows the source's rhythm."""

Bound = Annotated[Duration, at_least(EVERY_MIN)]
Every = Annotated[
    Bound,
    BeforeValidator(_every),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "string", "pattern": duration.PATTERN}]}),
]
Lang = Annotated[Text, AfterValidator(_lang), WithJsonSchema({"type": "string", "pattern": "^[a-z]{2,3}$"})]


class Defaults(Model):
    """What holds for every source of the file that does not say otherwise itself."""

    every: Every = Field(default=timedelta(minutes=10), description="How often it is polled, or auto.")
    every_min: Bound | None = Field(default=None, description="With auto: never more often than this.")
    every_max: Bound | None = Field(default=None, description="With auto: never less often than this.")
    tags: tuple[Text, ...] = Field(default=(), description="Tags; a source's own replace them.")
    lang: Lang | None = Field(default=None, description="Language code, where the feeds do not say.")
    enabled: YesNo = Field(default=True, description="false: not polled.")
    full_text: YesNo = Field(default=False, description="true: the page of each new item is read, too.")


class SourceEntry(Model):
    """One source."""

    id: Name = Field(description="Unique; small letters, digits, '-', '_', '.'.")
    url: WebUrl | None = Field(default=None, description="What is polled.")
    kind: Annotated[Text, AfterValidator(_kind)] = Field(default="feed", description="How it is read.")
    title: Text | None = Field(default=None, description="What people see; the id where there is none.")
    every: Every | None = Field(
        default=None, description="How often it is polled, such as 10m; at least 1m; auto follows the source's rhythm."
    )
    every_min: Bound | None = Field(default=None, description="Never more often than this; means every: auto.")
    every_max: Bound | None = Field(default=None, description="Never less often than this; means every: auto.")
    tags: tuple[Text, ...] | None = Field(default=None, description="For rules and routes, such as [wire, uk].")
    lang: Lang | None = Field(default=None, description="Language code, such as en, where the feed does not say.")
    enabled: YesNo | None = Field(default=None, description="false: not polled.")
    full_text: YesNo | None = Field(default=None, description="true: the page of each new item is read, too.")


class SourcesFile(Model):
    """The keys of sources.yaml."""

    defaults: Defaults = Field(default=Defaults(), description="For every source of this file.")
    sources: tuple[SourceEntry, ...] = Field(default=(), description="The sources.")


def load_sources(paths: Iterable[Path], environ: Mapping[str, str] | None = None) -> tuple[Source, ...]:
    """The sources of these rules folders (or files), each id once, in the order of first mention; switched-off ones
    included. A folder without ``sources.yaml`` has none. ``environ`` fills ``"${NAME}"`` where a kind allows it; that
    of the process if left out. Raises ``ConfigError`` with every problem of every file."""
    found: dict[str, Source] = {}
    places: dict[str, Place] = {}
    problems: list[Problem] = []
    for path in paths:
        file = path / FILE_NAME if path.is_dir() else path
        if path.is_dir() and not file.exists():
            continue
        around = Surroundings(os.environ if environ is None else environ, file.parent)
        try:
            _merge(load_file(file), found, places, around)
        except ConfigError as error:
            problems += map(around.hide, error.problems)
    if not problems:
        problems += check_quotas(found.values(), places)
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(found.values())


def read_entry(entry: Mapping[str, object], known: Iterable[Source]) -> Source:
    """The source that an entry of ``sources.yaml`` with these keys stands for, held to the same rules; nothing is
    filled in from the environment. ``known`` are the sources that it joins. Raises ``ConfigError``."""
    file = Path("the new source")
    found = {source.id: source for source in known}
    places = {source_id: Place(file, 1, 1) for source_id in found}
    around = Surroundings({}, Path())
    text = yaml.safe_dump({"sources": [dict(entry)]}, allow_unicode=True)
    try:
        _merge(load(text, file), found, places, around)
    except ConfigError as error:
        raise ConfigError(tuple(map(around.hide, error.problems))) from None
    problems = check_quotas(found.values(), places)
    if problems:
        raise ConfigError(tuple(problems))
    return found[str(entry["id"])]


def _merge(root: Node | None, found: dict[str, Source], places: dict[str, Place], around: Surroundings) -> None:
    if root is None:
        return
    if not isinstance(root, Map):
        raise ConfigError(
            (
                root.place.problem(
                    "must be a mapping with the key sources:; write it in a line of its own above this", "bad-value"
                ),
            )
        )
    data = plain(root)
    base = frozenset(SourceEntry.model_fields)
    owns = [take_options(entry, node, base, _is_off(entry, data), around) for entry, node in _entry_nodes(data, root)]
    checked = read(SourcesFile, root, data)
    problems = checked if isinstance(checked, list) else []
    problems += around.problems
    problems += [problem for own in owns for problem in own.problems]
    problems += _check_unique(data, root, owns)
    problems += _check_urls(data, root, found, owns)
    if isinstance(checked, SourcesFile):
        for i, (entry, own) in enumerate(zip(checked.sources, owns, strict=True)):
            for key in ("every", "every_min", "every_max"):
                problems += check_every(
                    own, entry.kind, key, _interval(entry), getattr(entry, key), place_of(root, ("sources", i, key))
                )
        problems += check_bounds(_interval(checked.defaults), place_of(root, ("defaults",)))
        for i, entry in enumerate(checked.sources):
            problems += check_bounds(_interval(entry), place_of(root, ("sources", i)))
    if problems:
        raise ConfigError(tuple(sorted(problems)))
    assert isinstance(checked, SourcesFile)
    for i, (entry, own) in enumerate(zip(checked.sources, owns, strict=True)):
        found[entry.id] = _source(entry, checked.defaults, own, found.get(entry.id))
        places[entry.id] = place_of(root, ("sources", i))


def _source(entry: SourceEntry, defaults: Defaults, own: Own, earlier: Source | None) -> Source:
    if entry.url is None and earlier is not None and not own.address:
        return replace(earlier, enabled=False)
    every, bounds = interval_of(own, _interval(entry), _interval(defaults))
    return Source(
        id=entry.id,
        url=entry.url or own.address,
        kind=entry.kind,
        title=entry.title or "",
        tags=defaults.tags if entry.tags is None else entry.tags,
        every=every,
        lang=entry.lang or defaults.lang,
        enabled=defaults.enabled if entry.enabled is None else entry.enabled,
        options=own.options,
        full_text=defaults.full_text if entry.full_text is None else entry.full_text,
        bounds=bounds,
    )


def _interval(given: Defaults | SourceEntry) -> Interval:
    auto = given.every == AUTO_EVERY or (
        "every" not in given.model_fields_set and (given.every_min is not None or given.every_max is not None)
    )
    return Interval(None if auto else given.every, auto, given.every_min, given.every_max)


def _is_off(entry: Any, data: Any) -> bool:
    """Whether an entry is switched off, so that nothing need be set up for it."""
    defaults = data.get("defaults")
    own = entry.get("enabled") if isinstance(entry, dict) else None
    return (own if own is not None else defaults.get("enabled") if isinstance(defaults, dict) else None) is False


def _entry_nodes(data: Any, root: Map) -> list[tuple[Any, Node]]:
    nodes = root.get("sources")
    return list(zip(_entries(data), nodes, strict=True)) if isinstance(nodes, Seq) else []


def _entries(data: Any) -> list[Any]:
    entries = data.get("sources") if isinstance(data, dict) else None
    return entries if isinstance(entries, list) else []


def _check_unique(data: Any, root: Map, owns: Sequence[Own]) -> list[Problem]:
    """One id is one source, and one address is asked once: with other options it is asked for something else."""
    problems = []
    for key, code in (("id", "duplicate-id"), ("url", "duplicate-url")):
        lines: dict[str, int] = {}
        for i, (entry, own) in enumerate(zip(_entries(data), owns, strict=True)):
            value = entry.get(key) if isinstance(entry, dict) else None
            if not isinstance(value, str):
                continue
            place = place_of(root, ("sources", i, key))
            same = f"{value} {own.options}" if key == "url" else value
            if same in lines:
                text = f"the {key} {value!r} stands here for the second time (first in line {lines[same]})"
                problems.append(place.problem(f"{text}; delete or change one of the two", code))
            lines.setdefault(same, place.line)
    return problems


def _check_urls(data: Any, root: Map, earlier: Mapping[str, Source], owns: Sequence[Own]) -> list[Problem]:
    """Only an entry that switches an earlier one off, or whose kind knows its address, may go without url."""
    problems = []
    for i, (entry, own) in enumerate(zip(_entries(data), owns, strict=True)):
        if not isinstance(entry, dict):
            continue
        if "${" in str(entry.get("url", "")):
            text = "url: takes nothing from the environment; write the address itself"
            text += ", and a key under params: or headers:" if entry.get("kind") == "json" else ""
            problems.append(place_of(root, ("sources", i, "url")).problem(text, "bad-reference"))
        if entry.get("url") is not None or own.knows_url:
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
    """A JSON Schema of sources.yaml, for editors. It knows the keys of every kind, and not which belong together."""
    schema = dict(json_schema(SourcesFile, "sources.yaml"))
    keys, definitions = option_schemas()
    entry = schema["$defs"]["SourceEntry"]
    entry["properties"] = {**keys, **entry["properties"]}
    schema["$defs"] = {**definitions, **schema["$defs"]}
    return schema
