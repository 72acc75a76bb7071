"""Findings as SARIF: what code hosts insist on, and that places survive the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from bot.cli.sarif import to_sarif
from bot.errors import Level, Problem

# What the SARIF 2.1.0 schema requires of the parts that are used here; no property beyond those it knows.
_MESSAGE = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {
        "startLine": {"type": "integer", "minimum": 1},
        "startColumn": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}
_ARTIFACT = {
    "type": "object",
    "required": ["uri"],
    "properties": {
        "uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~!$&'()*+,;=:@%/-]+$"},
        "uriBaseId": {"type": "string"},
    },
    "additionalProperties": False,
}
_RESULT = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _MESSAGE,
        "locations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "physicalLocation": {
                        "type": "object",
                        "required": ["artifactLocation"],
                        "properties": {"artifactLocation": _ARTIFACT, "region": _REGION},
                        "additionalProperties": False,
                    }
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
_RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "shortDescription": _MESSAGE,
        "defaultConfiguration": {
            "type": "object",
            "properties": {"level": _LEVEL},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
_RUN = {
    "type": "object",
    "required": ["tool"],
    "properties": {
        "tool": {
            "type": "object",
            "required": ["driver"],
            "properties": {
                "driver": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string"},
                        "semanticVersion": {"type": "string"},
                        "rules": {"type": "array", "items": _RULE, "uniqueItems": True},
                    },
                    "additionalProperties": False,
                }
            },
            "additionalProperties": False,
        },
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "originalUriBaseIds": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["uri"],
                "properties": {"uri": {"type": "string", "pattern": "^[a-z]+:.*/$"}},
            },
        },
        "results": {"type": "array", "items": _RESULT},
    },
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": _RUN},
    },
    "additionalProperties": False,
}


def made(*problems: Problem, root: Path = Path("/srv/watch")) -> dict[str, Any]:
    """The run, after the whole has passed the schema as JSON."""
    log = json.loads(json.dumps(to_sarif(problems, root)))
    jsonschema.validate(log, SCHEMA)
    run: dict[str, Any] = log["runs"][0]
    return run


def problem(
    file: str = "rules/a.yaml", line: int = 3, column: int = 7, code: str = "bad-value", **more: Any
) -> Problem:
    return Problem(Path(file), line, column, "what is wrong; what to do", code, **more)


def test_no_problem_is_a_run_with_an_empty_list_of_results() -> None:
    assert made()["results"] == []


def test_a_problem_keeps_its_place_its_words_its_code_and_its_level() -> None:
    run = made(problem(), problem(code="unused-define", level=Level.WARNING))
    first, second = run["results"]
    assert first["message"] == {"text": "what is wrong; what to do"}
    assert (first["ruleId"], first["level"]) == ("bad-value", "error")
    assert (second["ruleId"], second["level"]) == ("unused-define", "warning")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "rules/a.yaml", "uriBaseId": "ROOT"},
        "region": {"startLine": 3, "startColumn": 7},
    }
    assert run["columnKind"] == "unicodeCodePoints"


def test_each_code_is_described_once_and_results_point_at_it() -> None:
    run = made(problem(code="b-two"), problem(code="a-one"), problem(code="b-two", level=Level.WARNING))
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == ["a-one", "b-two"]
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == ["b-two", "a-one", "b-two"]
    assert rules[1]["defaultConfiguration"] == {"level": "error"}


@pytest.mark.parametrize(
    ("line", "column", "region"),
    [(0, 0, None), (4, 0, {"startLine": 4}), (1, 1, {"startLine": 1, "startColumn": 1})],
)
def test_what_is_about_a_whole_file_or_line_has_no_smaller_region(line: int, column: int, region: Any) -> None:
    location = made(problem(line=line, column=column))["results"][0]["locations"][0]["physicalLocation"]
    assert location.get("region") == region


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("/srv/watch/rules/b.yaml", "rules/b.yaml"),
        ("rules/mit Lücke #1?.yaml", "rules/mit%20L%C3%BCcke%20%231%3F.yaml"),
        ("rules/100%.yaml", "rules/100%25.yaml"),
    ],
)
def test_files_under_the_root_are_relative_and_percent_encoded(file: str, uri: str) -> None:
    artifact = made(problem(file))["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": uri, "uriBaseId": "ROOT"}
    assert file.endswith(unquote(uri))


def test_a_file_outside_the_root_has_its_whole_uri() -> None:
    artifact = made(problem("/etc/wirewatch.yaml"))["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ]
    assert artifact == {"uri": "file:///etc/wirewatch.yaml"}
