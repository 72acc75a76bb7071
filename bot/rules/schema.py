"""JSON Schemas of rule files and list files, for completion and hints while typing (draft 2020-12).

They say what has which shape; :mod:`bot.rules.language` says what can be meant.
"""

from __future__ import annotations

from typing import Any

from bot.model import Severity
from bot.rules.conditions import DEFINE_NAME, NEAR_MEMBERS_MAX
from bot.rules.corroboration import MOST
from bot.rules.language import ID, MODES

Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SCALAR = ["string", "number", "boolean"]
_REF = {"$ref": "#/$defs/condition"}
_MANY: Schema = {"type": "array", "items": _REF, "minItems": 1}
_LANG = "^[A-Za-z]{2}$"
_TEXTS: Schema = {"type": ["string", "array"], "items": {"type": "string"}}


def _one(key: str, value: Schema, description: str) -> Schema:
    return {
        "type": "object",
        "properties": {key: {**value, "description": description}},
        "required": [key],
        "additionalProperties": False,
    }


def _options(required: list[str], **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_CORROBORATION = "Wait until so many independent sources have the story; in the all: at the top, or beside when:."


def _demand() -> Schema:
    independent: Schema = {"type": "integer", "minimum": 2, "maximum": MOST}
    return _options(["independent"], independent=independent, within={"type": "string", "default": "24h"})


def _conditions() -> list[Schema]:
    countries: Schema = {
        "anyOf": [
            _TEXTS,
            _options([], sanctioned_by=_TEXTS, arms_embargo=_TEXTS),
        ]
    }
    near = _options(
        ["of", "within"],
        of={**_MANY, "minItems": 2, "maxItems": NEAR_MEMBERS_MAX},
        within={"type": "string", "pattern": r"^(\d{1,4} words?|sentence|paragraph)$"},
        ordered={"type": "boolean", "default": False},
    )
    counted = _options(["of", "min"], of={"anyOf": [_REF, _MANY]}, min={"type": "integer", "minimum": 1})
    at_least = _options(["n", "of"], n={"type": "integer", "minimum": 1}, of=_MANY)
    country: Schema = {
        "anyOf": [
            countries,
            _options(
                ["of"],
                of=countries,
                min_mentions={"type": "integer", "minimum": 1},
                salience={"enum": ["main", "any"]},
            ),
        ]
    }
    entity: Schema = {
        "anyOf": [{"type": "string"}, _options(["label"], label={"type": "string"}, text={"type": "string"})]
    }
    name: Schema = {"type": "string", "pattern": "^@"}
    return [
        _one("all", _MANY, "Every one of these holds."),
        _one("any", _MANY, "At least one of these holds."),
        _one("none", _MANY, "Not one of these holds."),
        _one("at_least", at_least, "n or more of these hold."),
        _one("count", counted, "Found min times or more."),
        _one("near", near, "One of each, close together: within 'N words', sentence or paragraph."),
        _one("country", country, 'A country is named: KP, [KP, IR], "@sanctioned" or any.'),
        _one("person", name, 'A person on a list: "@name_of_list".'),
        _one("org", name, 'An organisation on a list: "@name_of_list".'),
        _one("place", name, 'A place on a list: "@name_of_list".'),
        _one("list", {"type": "string"}, "A name on a list."),
        _one("entity", entity, "A span that the statistical model labelled."),
        _one("title", _REF, "In the title only."),
        _one("lead", _REF, "In the first 60 words of the text only."),
        _one("source", _TEXTS, "The article comes from one of these sources."),
        _one("tag", _TEXTS, "Its source has one of these tags."),
        _one(
            "lang",
            {**_TEXTS, "pattern": _LANG, "items": {"type": "string", "pattern": _LANG}},
            "It is in one of these languages.",
        ),
        _one("use", {"type": "string"}, "A condition that stands under define:."),
        _one("exact", {"type": _SCALAR}, "This form only, not inflected."),
        _one("corroboration", _demand(), _CORROBORATION),
        _one("regex", {"type": "string"}, "An RE2 regular expression, case-insensitive."),
    ]


def rules_schema() -> Schema:
    """The schema of a rule file."""
    text: Schema = {"type": _SCALAR}
    tested: Schema = {
        "anyOf": [
            text,
            _options(
                [], title=text, text=text, source={"type": "string"}, tag={"type": "string"}, lang={"type": "string"}
            ),
        ]
    }
    test = {"oneOf": [_one("match", tested, "This text must match."), _one("ignore", tested, "This text must not.")]}
    rule = _options(
        ["id", "severity", "when"],
        id={"type": "string", "pattern": f"^{ID.pattern[:-2]}$", "description": "Unique over all files."},
        title={"type": "string", "description": "What people see; the id if it is missing."},
        severity={"enum": [s.word for s in Severity], "description": "Orders alerts; routes choose by it, too."},
        tags={**_TEXTS, "description": "Routes choose by these."},
        channels={**_TEXTS, "description": "Channels besides those of the routes."},
        when={**_REF, "description": "The rule fires where this holds."},
        unless={**_REF, "description": "... and this does not, anywhere in the article."},
        except_entities={
            "type": "array",
            "items": _options(
                ["id", "author"],
                id={"type": "string", "description": "The entry, as explain shows it: ofac_sdn:12345."},
                author={"type": "string", "description": "Who says so."},
                until={"type": "string", "format": "date", "description": "The last day on which it holds."},
                note={"type": "string"},
            ),
            "description": "Entries of lists that this rule is not about.",
        },
        tests={"type": "array", "items": test, "description": "Texts that must match, and texts that must not."},
        enabled={"type": "boolean", "default": True, "description": "false switches the rule off."},
        mode={"enum": list(MODES), "default": "live", "description": "shadow: count and keep samples, post nothing."},
        note={"type": "string", "description": "For editors."},
        corroboration={**_demand(), "description": _CORROBORATION},
    )
    return {
        "$schema": _DRAFT,
        "title": "Wirewatch rules",
        "type": "object",
        "properties": {
            "define": {
                "type": "object",
                "description": "Conditions by name, for {use: name} in any file.",
                "propertyNames": {"pattern": f"^{DEFINE_NAME.pattern[:-2]}$"},
                "additionalProperties": _REF,
            },
            "rules": {"type": "array", "items": rule},
        },
        "additionalProperties": False,
        "$defs": {
            "condition": {
                "anyOf": [{"type": _SCALAR, "description": "A term: words in a row, inflected."}, *_conditions()]
            }
        },
    }


def lists_schema() -> Schema:
    """The schema of a list file."""
    country = {
        "anyOf": [
            {"type": "string"},
            _options(
                ["code"],
                code={"type": "string", "description": "Two letters of ISO 3166, as in KP."},
                act={"type": "string", "description": "The legal act that put it here."},
                date={"type": "string", "description": "The day of the act."},
                note={"type": "string"},
            ),
        ]
    }
    name = {
        "anyOf": [
            {"type": "string"},
            _options(
                ["name"],
                name={"type": "string", "description": "As news writes it; not inflected."},
                aliases={"type": "array", "items": {"type": "string"}, "description": "Other names."},
                kind={
                    "enum": ["person", "org", "place", "any"],
                    "description": "Which of person:, org:, place: finds it.",
                },
                country={"type": "string", "description": "Two letters of ISO 3166."},
                id={"type": "string", "description": "What alerts and except_entities call it."},
                note={"type": "string"},
            ),
        ]
    }
    made = _options(
        ["list", "source", "as_of"],
        list={"type": "string", "description": "The name by which rules use it."},
        title={"type": "string", "description": "What alerts call it."},
        source={"type": "string", "description": "Where it comes from."},
        as_of={"type": "string", "description": "The day it is of."},
        countries={"type": "array", "items": country, "description": "Codes, with legal acts where there are any."},
        names={"type": "array", "items": name, "description": "Names of people, organisations, places."},
        note={"type": "string", "description": "For editors."},
    )
    return {
        "$schema": _DRAFT,
        "title": "Wirewatch list",
        **made,
        "oneOf": [{"required": ["countries"]}, {"required": ["names"]}],
    }
