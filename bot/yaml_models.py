"""Files that people edit, checked by pydantic models, with every complaint at its line and column.

A model says what a mapping may hold; :func:`read` turns what pydantic finds wrong into :class:`~bot.errors.Problem`
values in words for the person who wrote the file. The field types that several files share stand here too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails

from bot import duration
from bot.errors import Problem
from bot.model import Severity
from bot.words import meant, renamed
from bot.yaml_nodes import Entry, Map, Node, Place, Scalar, Seq, node_at, place_of, plain

Loc = tuple[str | int, ...]


class Model(BaseModel):
    """A mapping in a file: strict about its keys, frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


M = TypeVar("M", bound=Model)


class PlacedError(ValueError):
    """What is wrong inside a text; ``line`` and ``column`` count from 1, within it."""

    def __init__(self, text: str, line: int, column: int) -> None:
        super().__init__(text)
        self.line, self.column = line, column


# -- field types ----------------------------------------------------------------------------------------------------


def _to_duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str | int) and not isinstance(value, bool):
        return duration.parse(str(value))
    raise ValueError("write a whole number and a unit, such as 90s, 10m, 24h, 30d")


def _to_severity(value: object) -> Severity:
    if isinstance(value, Severity):
        return value
    words = [severity.word for severity in Severity]
    if isinstance(value, str) and value in words:
        return Severity.parse(value)
    raise ValueError(f"{value!r} is not a severity{nearest(str(value), words, show_all=True)}")


def check_web_url(url: object) -> str:
    """``url`` if it is an absolute http(s) address. Raises ``ValueError`` without repeating it: it may be secret."""
    if not isinstance(url, str):
        raise ValueError("must be text, an address such as https://example.org/feed.xml")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise ValueError("not a usable address; write it in full, such as https://example.org/path")
    return url


def at_least(least: timedelta) -> AfterValidator:
    """A :data:`Duration` of this length or longer."""

    def check(value: timedelta) -> timedelta:
        if value < least:
            raise ValueError(f"must be at least {duration.show(least)}")
        return value

    return AfterValidator(check)


Duration = Annotated[
    timedelta,
    BeforeValidator(_to_duration),
    WithJsonSchema({"type": "string", "pattern": duration.PATTERN}),
]
SeverityWord = Annotated[
    Severity,
    BeforeValidator(_to_severity),
    WithJsonSchema({"type": "string", "enum": [s.word for s in Severity]}),
]
WebUrl = Annotated[str, BeforeValidator(check_web_url), WithJsonSchema({"type": "string", "format": "uri"})]
Name = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Text = Annotated[StrictStr, StringConstraints(min_length=1)]
Whole = StrictInt
YesNo = StrictBool

# -- reading --------------------------------------------------------------------------------------------------------


def read(model: type[M], node: Node, data: object = None, *, tagged: frozenset[str] = frozenset()) -> M | list[Problem]:
    """The model made from a node, or everything that is wrong with it.

    ``data`` is the node's value where it was changed on the way (defaults from the environment). ``tagged`` names the
    top-level keys whose values are unions by ``kind``: pydantic puts the kind into its paths, the file does not.
    """
    try:
        return model.model_validate(plain(node) if data is None else data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=True)
        return [_problem(model, node, details, tagged) for details in found if not _follows(details, found)]


def _follows(details: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Whether it is only what another mistake leaves behind: a list that is empty without its wrong entries, a key that
    is missing where a misspelt one stands."""
    loc = details["loc"]
    if details["type"] == "too_short":
        return any(len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in found)
    if details["type"] == "missing":
        beside = (other["loc"] for other in found if other["type"] == "extra_forbidden")
        return any(other[:-1] == loc[:-1] and meant(str(other[-1]), (str(loc[-1]),)) for other in beside)
    return False


_TOKENS = "; tokens come from the environment, or stand under slack: or discord: (docs/configuration.md, Secrets)"
_ELSEWHERE = {
    "allow_private": "; allow_private: belongs into wirewatch.yaml, for all sources at once",
    **dict.fromkeys(("bot_token", "app_token", "signing_secret", "token"), _TOKENS),
    **dict.fromkeys(("slack_bot_token", "slack_app_token", "slack_signing_secret", "discord_token"), _TOKENS),
}


def _problem(model: type[Model], node: Node, details: ErrorDetails, tagged: frozenset[str]) -> Problem:
    loc = details["loc"]
    has_tag = len(loc) > 2 and loc[0] in tagged and loc[2] != "[key]"
    in_file = (*loc[:2], *loc[3:]) if has_tag else loc
    key = str(in_file[-1]) if in_file else ""
    match details["type"]:
        case "extra_forbidden":
            known = _keys_at(model, loc[:-1])
            hint = nearest(key, known) or _ELSEWHERE.get(key.lower()) or _left_of(node, in_file, key, known)
            hint = hint or f"; the keys here are {', '.join(sorted(known))}"
            return _key_place(node, in_file).problem(f"unknown key {key!r}{hint}", "unknown-key")
        case "missing":
            return place_of(node, in_file).problem(f"the key {key!r} is missing; add {key}: ...", "missing-key")
        case "union_tag_not_found":
            kinds = ", ".join(_tags_at(model, loc))
            text = f"the key 'kind' is missing; add kind: and one of {kinds}"
            return place_of(node, in_file).problem(text, "missing-key")
        case "union_tag_invalid":
            tag = details["ctx"]["tag"]
            place = place_of(node, (*in_file, "kind"))
            return place.problem(
                f"unknown kind {tag!r}{nearest(tag, _tags_at(model, loc), show_all=True)}", "unknown-kind"
            )
    if key == "[key]":
        name = in_file[-2]
        text = f"the name {name!r} may hold small letters, digits, '-', '_' and '.' only; {renamed(str(name))}"
        return _key_place(node, in_file[:-1]).problem(text, "bad-name")
    where = next((str(step) for step in reversed(in_file) if isinstance(step, str)), "")
    text = _inside_out(model, loc, details["type"]) or _words(details)
    place = _inside(place_of(node, in_file), node_at(node, in_file), details.get("ctx", {}).get("error"))
    return place.problem(f"{' '.join(where.split())}: {text}" if where else text, "bad-value")


_NOT_A_MAPPING = frozenset({"dict_type", "model_type", "model_attributes_type", "mapping_type"})


def _inside_out(model: type[Model], loc: Loc, kind: str) -> str:
    """What to say of a key that belongs into the entries of a mapping, and stands where their names stand."""
    if kind not in _NOT_A_MAPPING or len(loc) < 2 or str(loc[-1]) not in _keys_of(_values(model, loc[:-1])):
        return ""
    return f"belongs into an entry of {loc[-2]}:, under a name, as in {loc[-2]}: {{default: {{{loc[-1]}: ...}}}}"


def _values(kind: object, loc: Loc) -> object:
    """What the mapping at ``loc`` holds; ``None`` where there is another thing."""
    for step in loc:
        kind = _step(kind, step)
    kind = _bare(kind)
    return get_args(kind)[-1] if get_origin(kind) is dict else None


def _keys_of(kind: object) -> frozenset[str]:
    """The keys of a model, or of any of a union of them."""
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, Model):
        return frozenset(kind.model_fields)
    return frozenset(key for member in get_args(kind) for key in _keys_of(member))


def _left_of(node: Node, in_file: Loc, key: str, known: Collection[str]) -> str:
    """A hint for what stands as far left as the empty key above it, into which it seems to belong: no other of the
    ``known`` keys, which have their place here, stands between."""
    parent = node_at(node, in_file[:-1])
    before: Entry | None = None
    for entry in parent.entries if isinstance(parent, Map) else ():
        if entry.key == key and before is not None:
            return f"; indent it if it belongs to {before.key}: in line {before.key_place.line}"
        if isinstance(entry.value, Scalar) and entry.value.is_null:
            before = entry
        elif isinstance(entry.value, Scalar) or entry.key in known:
            before = None
    return ""


def _inside(place: Place, value: Node | None, error: object) -> Place:
    """Where in a value something is wrong, as far as the file shows it: in a block (``|``) the line, in a text on one
    line the column. Other texts with line breaks (``\\n`` in quotes, ``>``) have other lines than the file."""
    if not isinstance(error, PlacedError) or not isinstance(value, Scalar):
        return place
    if value.block:
        return Place(place.file, place.line + error.line, 1)
    if "\n" in value.text:
        return place
    return Place(place.file, place.line, place.column + error.column - value.plain)


_EMPTY = "is empty; write a value"


def _words(details: ErrorDetails) -> str:
    """What is wrong with a value, for people. Never repeats the value itself: it may be secret."""
    ctx = details.get("ctx", {})
    match details["type"]:
        case "value_error":
            return str(ctx["error"])
        case "string_type":
            if isinstance(details["input"], list | dict):
                return "must be one value, not a list or a mapping"
            return 'must be text; put it into quotes, "like this"' if details["input"] is not None else _EMPTY
        case "string_too_short":
            return _EMPTY
        case "string_pattern_mismatch":
            return f"may hold small letters, digits, '-', '_' and '.' only; {renamed(str(details['input']))}"
        case "int_type":
            return "must be a whole number, without quotes"
        case "bool_type":
            return "must be true or false, without quotes"
        case "tuple_type" | "list_type":
            return _no_list(details["input"])
        case "dict_type" | "model_type" | "model_attributes_type" | "mapping_type":
            return _no_mapping(details)
        case "too_short":
            return "needs at least one entry"
        case "greater_than_equal":
            return f"must be at least {ctx['ge']}"
        case "less_than_equal":
            return f"must be at most {ctx['le']}"
        case "literal_error":
            words = re.findall(r"'([^']+)'", str(ctx["expected"]))
            given = details["input"]
            return f"{given!r} is not known here{nearest(str(given), words, show_all=True)}"
    return details["msg"]


def _no_list(given: object) -> str:
    if given is None:
        return "is empty; write a list, such as [a, b], or delete the key"
    if isinstance(given, dict):
        return "must be a list; begin each of its entries with a -"
    return "must be a list; put the value into [ ]"


def _no_mapping(details: ErrorDetails) -> str:
    given = details["input"]
    if given is None:
        return "is empty; write its keys below it, indented further, or delete it"
    if isinstance(given, list) and details["type"] == "dict_type":
        return "must be a mapping, not a list; write a name of yours and a colon in place of each -"
    if isinstance(given, list):
        return "must be a mapping, not a list; delete the - or [ ]"
    if isinstance(given, str) and given.startswith(("http://", "https://")):
        return "must be a mapping, not an address alone; write {id: a-name, url: the address}"
    if isinstance(given, str) and re.match(r"[\w.-]+:[^\s/]", given):
        return "a colon needs a space behind it, as in key: value"
    if details["type"] == "model_attributes_type":
        return "must be a mapping with a kind, such as {kind: ...}"
    return "must be a mapping, such as {key: value}"


def nearest(name: str, known: Iterable[str], *, show_all: bool = False) -> str:
    """``; did you mean 'x'?`` for the known name that looks most like ``name``; else all of them, if wanted."""
    names = [*known] if isinstance(known, list | tuple) else sorted(known)  # severities have an order of their own
    close = meant(name, names)
    if close:
        return f"; did you mean {close!r}?"
    return f"; write one of {', '.join(names)}" if show_all and names else ""


def _key_place(node: Node, loc: Loc) -> Place:
    """Where the last key of ``loc`` itself stands (not its value)."""
    parent: Node | None = node
    for step in loc[:-1]:
        if isinstance(parent, Map) and isinstance(step, str):
            parent = parent.get(step)
        elif isinstance(parent, Seq) and isinstance(step, int) and step < len(parent.items):
            parent = parent.items[step]
    entry = parent.entry(str(loc[-1])) if isinstance(parent, Map) else None
    return entry.key_place if entry else place_of(node, loc)


def _keys_at(kind: object, loc: Loc) -> tuple[str, ...]:
    """The keys that the model at ``loc`` knows."""
    for step in loc:
        kind = _step(kind, step)
    found = _model_in(kind)
    return tuple(found.model_fields) if found else ()


def _step(kind: object, step: str | int) -> object:
    """The type one step further down: into a model's field, a list, a mapping, or a union by its tag."""
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, Model):
        return kind.model_fields[str(step)].annotation
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        by_tag = [a for a in args if _tag(a) == step]
        return by_tag[0] if by_tag else _step(next(a for a in args if a is not type(None)), step)
    if origin is tuple:
        return args[0]
    return args[-1] if args else None


def _tags_at(kind: object, loc: Loc) -> tuple[str, ...]:
    """The kinds that the union at ``loc`` tells apart."""
    for step in loc:
        kind = _step(kind, step)
    return tuple(tag for member in get_args(_bare(kind)) if (tag := _tag(member)))


def _bare(kind: object) -> object:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _tag(kind: object) -> str | None:
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, Model) and "kind" in kind.model_fields:
        return str(get_args(kind.model_fields["kind"].annotation)[0])
    return None


def _model_in(kind: object) -> type[Model] | None:
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, Model):
        return kind
    return next((m for a in get_args(kind) if (m := _model_in(a))), None)


class _AsWritten(GenerateJsonSchema):
    """Shows defaults as people write them: ``90d``, not ``P90D``."""

    def encode_default(self, dft: Any) -> Any:
        match dft:
            case Model():
                return {name: self.encode_default(value) for name, value in dft}
            case timedelta():
                return duration.show(dft)
            case Severity():
                return dft.word
        if type(dft) in (list, tuple):
            return [self.encode_default(item) for item in dft]
        return dft if dft is None or type(dft) in (bool, int, str, dict) else str(dft)


def json_schema(model: type[Model], title: str) -> Mapping[str, Any]:
    """A JSON Schema (2020-12) for editors. Keys marked ``writeOnly`` (secrets) get their ``<key>_file`` twin."""
    schema = model.model_json_schema(schema_generator=_AsWritten)
    for part in (schema, *schema.get("$defs", {}).values()):
        _complete(part)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _complete(part: dict[str, Any]) -> None:
    properties: dict[str, Any] = part.get("properties", {})
    for value in properties.values():
        if "patternProperties" in value:
            value["additionalProperties"] = False  # other names are refused
    for key in [k for k, v in properties.items() if v.get("writeOnly")]:
        twin = f"{key}_file"
        properties[twin] = {"type": "string", "description": f"A file that holds the value of {key}."}
        if key in part.get("required", ()):
            part["required"].remove(key)
            part.setdefault("allOf", []).append({"oneOf": [{"required": [key]}, {"required": [twin]}]})
        else:
            part.setdefault("allOf", []).append({"not": {"required": [key, twin]}})
