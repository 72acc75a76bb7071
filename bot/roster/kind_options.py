"""The keys of ``sources.yaml`` that belong to one kind of source: taken out of an entry, filled from the environment,
and checked, with line and column; and the quotas that services set, over all sources that share one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot import duration
from bot.errors import Problem
from bot.model import Source
from bot.polling import schedule
from bot.secret import Secret
from bot.settings.environment import Surroundings
from bot.sources import KINDS, options_model
from bot.sources.options import Filled, Options, Pace, filled
from bot.yaml_models import json_schema, nearest, read
from bot.yaml_nodes import Map, Node, Place, place_of

_DAY = timedelta(days=1)
AUTO_START = timedelta(minutes=10)  # the interval until the rhythm is known


@dataclass(frozen=True, slots=True)
class Own:
    """What one entry says to its kind. ``address`` is where a kind that knows its address (``knows_url``) asks."""

    options: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    knows_url: bool = False
    address: str = ""
    pace: Pace | None = None


def take_options(entry: Any, node: Node, base: frozenset[str], off: bool, around: Surroundings) -> Own:
    """Move the keys that only the kind knows out of ``entry`` and check them. ``base`` are the keys of every kind.

    A source that is switched ``off`` may name variables that are not set. Problems with filling in are collected in
    ``around``, as are the values that no message may repeat.
    """
    name = entry.get("kind", "feed") if isinstance(entry, dict) else None
    model = options_model(name) if isinstance(name, str) and name in KINDS else None
    if model is None or not isinstance(node, Map):
        return Own()
    if off and not entry.keys() - {"id", "enabled", "kind"}:
        return Own(knows_url=model.OWN_URL)  # nothing is said, and nothing needed
    problems = list(_unknown(model, entry, node, base))
    surroundings = Surroundings(around.environ, around.folder) if off else around
    options: dict[str, object] = {}
    for key in [key for key in entry if key in model.model_fields]:
        value = node.get(key)
        taken = entry.pop(key)
        options[key] = filled(value, surroundings) if key in model.FILLED and value is not None else taken
    if model.KEY_VARIABLE and "key" not in options:
        options["key"] = _usual_key(model, node, off, surroundings, problems)
    if off:
        around.given.update(surroundings.given)
        around.problems += [p for p in surroundings.problems if p.code != "unset-variable"]
    checked = read(model, node, options)
    if isinstance(checked, list):
        problems += checked
        return Own(options, tuple(problems), model.OWN_URL, pace=model.PACE)
    problems += _check_url(model, entry, node)
    return Own(options, tuple(problems), model.OWN_URL, checked.address(), model.PACE)


def _unknown(model: type[Options], entry: dict[str, Any], node: Map, base: frozenset[str]) -> Iterable[Problem]:
    known = base | model.model_fields.keys()
    for key in [key for key in entry if key not in known]:
        del entry[key]
        hint = nearest(key, known) or f"; the keys here are {', '.join(sorted(known))}"
        found = node.entry(key)
        place = found.key_place if found else node.place
        yield place.problem(f"unknown key {key!r}{hint}", "unknown-key")


def _usual_key(model: type[Options], node: Map, off: bool, around: Surroundings, problems: list[Problem]) -> Filled:
    value = around.variable(model.KEY_VARIABLE, node.place.file)
    if value is None and not off:
        text = f"the environment variable {model.KEY_VARIABLE} is not set; set it to your key of this service"
        problems.append(node.place.problem(f'{text}, or write key: "${{NAME}}"', "unset-variable"))
    return Filled(f"${{{model.KEY_VARIABLE}}}", Secret(value or "unset"))


def _check_url(model: type[Options], entry: dict[str, Any], node: Map) -> list[Problem]:
    url = entry.get("url")
    if not isinstance(url, str):
        return []
    try:
        model.check_url(url)
    except ValueError as error:
        return [place_of(node, ("url",)).problem(f"url: {error}", "bad-value")]
    return []


# -- how often ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interval:
    """How often, as written: a fixed ``every``, or ``auto`` within bounds of which either may be left out; or nothing
    at all."""

    every: timedelta | None = None
    auto: bool = False
    least: timedelta | None = None
    most: timedelta | None = None


def interval_of(own: Own, wanted: Interval, default: Interval) -> tuple[timedelta, tuple[timedelta, timedelta] | None]:
    """How often a source is polled, and within which bounds that may change: as it says itself, else as the file's
    defaults say. A service with a pace keeps to that unless the source itself says otherwise."""
    if own.pace is not None and wanted.every is None and not wanted.auto:
        return max(default.every or own.pace.every, own.pace.every), None
    if wanted.every is not None or (default.every is not None and not wanted.auto):
        return wanted.every or default.every or AUTO_START, None
    floor = own.pace.least if own.pace is not None else schedule.AUTO[0]
    least = wanted.least or default.least or floor
    most = max(wanted.most or default.most or schedule.AUTO[1], least)
    start = own.pace.every if own.pace is not None else AUTO_START
    return min(max(start, least), most), (least, most)


def check_every(
    own: Own, kind: str, key: str, wanted: Interval, value: timedelta | None, place: Place
) -> list[Problem]:
    """A source may not ask more often than its service wants."""
    auto = wanted.auto and key == "every"
    if own.pace is None or value is None or auto or value >= own.pace.least:
        return []
    text = f"{key}: must be at least {duration.show(own.pace.least)} for kind {kind} ({own.pace.source})"
    return [place.problem(text, "bad-value")]


def check_bounds(wanted: Interval, place: Place) -> list[Problem]:
    """Bounds are for an interval that changes, and the lower one is the lower."""
    if wanted.every is not None and (wanted.least or wanted.most):
        text = "every_min: and every_max: are for an interval that follows the source's rhythm; leave them out, "
        return [place.problem(f"{text}or write every: auto", "bad-value")]
    if wanted.least and wanted.most and wanted.least > wanted.most:
        return [place.problem("every_min: must not be longer than every_max:; exchange the two", "bad-value")]
    return []


def check_quotas(sources: Iterable[Source], places: Mapping[str, Place]) -> list[Problem]:
    """The sources of one service that share a key may not use up more than its plan allows in a day."""
    groups: dict[tuple[str, str], list[Source]] = {}
    for source in sources:
        model = options_model(source.kind)
        if source.enabled and model is not None and model.PACE is not None:
            key = source.options.get("key")
            groups.setdefault((source.kind, key.written if isinstance(key, Filled) else ""), []).append(source)
    problems = []
    for (kind, _), group in groups.items():
        model = options_model(kind)
        pace = model.PACE if model else None
        if model is None or pace is None:
            continue
        given = [value for s in group if isinstance(value := s.options.get("per_day"), int)]
        allowed = max(given) if given else pace.per_day
        asked = sum(model.model_validate(dict(s.options)).requests() * (_DAY / s.shortest) for s in group)
        if allowed is None or asked <= allowed:
            continue
        longer = timedelta(minutes=math.ceil(max(s.shortest for s in group) * (asked / allowed) / timedelta(minutes=1)))
        what = "this source asks" if len(group) == 1 else f"the {len(group)} sources of kind {kind} ask"
        where = "the plan allows" if given else f"the service allows {allowed} ({pace.source})"
        text = f"{what} {math.ceil(asked)} times a day, {where if not given else f'{where} {allowed}'}"
        problems.append(
            places[group[-1].id].problem(
                f"{text}; set every: to {duration.show(longer)}, or per_day: to what your plan allows", "over-quota"
            )
        )
    return problems


# -- for editors ----------------------------------------------------------------------------------------------------


def option_schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON Schema of every kind's keys, and the definitions that they refer to."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    definitions: dict[str, Any] = {}
    for kind in sorted(KINDS):
        model = options_model(kind)
        if model is None:
            continue
        schema = json_schema(model, kind)
        definitions.update(schema.get("$defs", {}))
        for key, value in schema["properties"].items():
            found.setdefault(key, []).append((kind, value))
    return {key: _one_schema(schemas) for key, schemas in sorted(found.items())}, definitions


def _one_schema(schemas: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """What all kinds that have this key allow for it."""
    told: dict[str, list[str]] = {}
    shapes: list[dict[str, Any]] = []
    for kind, schema in schemas:
        told.setdefault(str(schema.get("description", "")), []).append(kind)
        shape = {name: value for name, value in schema.items() if name not in ("description", "default", "title")}
        if shape not in shapes:
            shapes.append(shape)
    description = " ".join(f"{', '.join(kinds)}: {text}" for text, kinds in told.items())
    return {**(shapes[0] if len(shapes) == 1 else {"anyOf": shapes}), "description": description}
