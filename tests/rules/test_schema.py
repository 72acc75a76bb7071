"""The JSON Schemas that editors use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.cli.checks import write_schemas
from bot.rules.conditions import Conditions
from bot.rules.language import RULE_KEYS
from bot.rules.load import rule_files
from bot.rules.schema import lists_schema, rules_schema
from bot.yaml_nodes import load, load_file, plain

ROOT = Path(__file__).parents[2]
SHIPPED, LISTS = rule_files(ROOT / "rules")


def valid(schema: dict[str, Any], document: Any) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(document)


def test_the_schemas_are_schemas() -> None:
    jsonschema.Draft202012Validator.check_schema(rules_schema())
    jsonschema.Draft202012Validator.check_schema(lists_schema())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_shipped_rules_are_valid(path: Path) -> None:
    jsonschema.validate(plain(load_file(path)), rules_schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", LISTS, ids=lambda p: p.name)
def test_shipped_lists_are_valid(path: Path) -> None:
    jsonschema.validate(plain(load_file(path)), lists_schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "when",
    [
        "word",
        "007",
        "{all: [a, {any: [b, {none: [c]}]}]}",
        "{at_least: {n: 2, of: [a, b]}}",
        "{count: {of: a, min: 2}}",
        "{count: {of: [a, b], min: 2}}",
        "{near: {of: [a, {use: x}], within: 6 words, ordered: true}}",
        "{country: {of: {sanctioned_by: [un, us]}, min_mentions: 2, salience: main}}",
        "{country: {arms_embargo: un}}",
        "{person: '@x'}",
        "{entity: {label: ORG, text: x}}",
        "{title: {lang: [en, fr]}}",
        "{regex: 'a+'}",
    ],
)
def test_what_the_language_knows_is_valid(when: str) -> None:
    assert valid(rules_schema(), plain(load(f"rules: [{{id: r, severity: low, when: {when}}}]", Path("r"))))


@pytest.mark.parametrize(
    "document",
    [
        "{rule: []}",
        "{rules: [{id: r, severity: low}]}",
        "{rules: [{id: R r, severity: low, when: a}]}",
        "{rules: [{id: r, severity: urgent, when: a}]}",
        "{rules: [{id: r, severity: low, wen: a, when: b}]}",
        "{rules: [{id: r, severity: low, when: [a]}]}",
        "{rules: [{id: r, severity: low, when: {anny: [a]}}]}",
        "{rules: [{id: r, severity: low, when: {any: []}}]}",
        "{rules: [{id: r, severity: low, when: {any: [a], all: [b]}}]}",
        "{rules: [{id: r, severity: low, when: {near: {of: [a], within: sentence}}}]}",
        "{rules: [{id: r, severity: low, when: {near: {of: [a, b], within: 6}}}]}",
        "{rules: [{id: r, severity: low, when: {near: {of: [a, b]}}}]}",
        "{rules: [{id: r, severity: low, when: {person: Ivan}}]}",
        "{rules: [{id: r, severity: low, when: {lang: english}}]}",
        "{rules: [{id: r, severity: low, when: a, tests: [{matches: b}]}]}",
        "{define: {a-b: x}}",
    ],
)
def test_typical_mistakes_are_not(document: str) -> None:
    assert not valid(rules_schema(), plain(load(document, Path("r"))))


@pytest.mark.parametrize(
    "document",
    [
        "{list: l, source: s, as_of: x}",
        "{list: l, source: s, as_of: x, countries: [KP], names: [a]}",
        "{list: l, as_of: x, countries: [KP]}",
        "{list: l, source: s, as_of: x, names: [{alias: a}]}",
    ],
)
def test_mistakes_of_lists_are_not(document: str) -> None:
    assert not valid(lists_schema(), plain(load(document, Path("l"))))


FILES = [*SHIPPED, *LISTS, ROOT / "rules" / "sources.yaml", ROOT / "wirewatch.yaml"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_shipped_files_name_their_schema_for_editors(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    named = json.loads((path.parent / first.partition("=")[2]).read_text("utf-8"))
    jsonschema.validate(plain(load_file(path)), named, jsonschema.Draft202012Validator)


def test_the_schemas_beside_the_rules_are_those_of_the_code(tmp_path: Path) -> None:
    """After a change of the language: ``wirewatch schema --into rules/schema``."""
    for written in write_schemas(tmp_path):
        assert (ROOT / "rules" / "schema" / written.name).read_text("utf-8") == written.read_text("utf-8"), written.name


def test_every_key_of_the_language_is_in_the_schema_with_a_hint() -> None:
    schema = rules_schema()
    forms = schema["$defs"]["condition"]["anyOf"][1:]
    keys = {key: value for form in forms for key, value in form["properties"].items()}
    reader = Conditions({}, is_country=lambda code: True)
    assert set(keys) == set(reader._readers)
    assert all(value["description"] for value in keys.values())
    assert all(value["description"] for value in schema["properties"]["rules"]["items"]["properties"].values())
    assert set(schema["properties"]["rules"]["items"]["properties"]) == set(RULE_KEYS)
