"""Findings as SARIF 2.1.0, the format in which code hosts and editors take the results of checkers.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/: a run names the tool and its rules (here: the codes of problems), and
each result has a level, a message and a region of a file. Lines and columns count from 1, columns in code points, as
ours do (``columnKind``). Files are URIs relative to the root of the run, with percent-encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot import __version__
from bot.errors import Level, Problem

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
BASE = "ROOT"  # the symbol that stands for the root folder in the URIs of the files


def to_sarif(problems: Sequence[Problem], root: Path) -> dict[str, Any]:
    """One run with every problem, in their order. ``root`` is the folder that paths are shown from; a file elsewhere
    has its whole URI, and a relative path is taken to be relative to ``root``."""
    codes = sorted({p.code for p in problems})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "wirewatch",
                        "semanticVersion": __version__,
                        "rules": [_rule(code, problems) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {BASE: {"uri": f"{root.resolve().as_uri().rstrip('/')}/"}},
                "results": [_result(p, codes.index(p.code), root) for p in problems],
            }
        ],
    }


def _rule(code: str, problems: Sequence[Problem]) -> dict[str, Any]:
    levels = {p.level for p in problems if p.code == code}
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in code.replace("_", "-").split("-")),
        "shortDescription": {"text": code.replace("-", " ").replace("_", " ").capitalize()},
        "defaultConfiguration": {"level": _level(Level.ERROR if Level.ERROR in levels else Level.WARNING)},
    }


def _level(level: Level) -> str:
    return "error" if level is Level.ERROR else "warning"


def _result(problem: Problem, rule: int, root: Path) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": _artifact(problem.file, root)}
    if problem.line:
        location["region"] = {"startLine": problem.line}
        if problem.column:
            location["region"]["startColumn"] = problem.column
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": _level(problem.level),
        "message": {"text": problem.text},
        "locations": [{"physicalLocation": location}],
    }


def _artifact(file: Path, root: Path) -> dict[str, str]:
    whole = root.resolve() / file
    try:
        inner = whole.relative_to(root.resolve())
    except ValueError:
        return {"uri": whole.as_uri()}
    return {"uri": quote(inner.as_posix()), "uriBaseId": BASE}
