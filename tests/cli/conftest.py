"""Command lines, run in this process in a folder of their own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main

RULES = """\
define:
  fire_words: {any: [shelled, bombarded, opened fire, struck]}
rules:
  - id: flood
    title: Flood warning
    severity: high
    when: {any: [flood warning, river rises]}
    unless: {any: [video game]}
    tests:
      - match: "A flood warning stands."
      - ignore: "A river flows."
  - id: clash
    title: Clash at a border
    severity: medium
    when: {near: {of: [{use: fire_words}, {any: [border, frontier]}, {country: any}], within: 8 words}}
"""


@dataclass(frozen=True)
class Ran:
    """How a command line ended."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a config, a rule file, no sources."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WIREWATCH_CONFIG", raising=False)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "rules" / "sources.yaml").write_text("sources: []\n", encoding="utf-8")
    (tmp_path / "wirewatch.yaml").write_text(
        'rules: [rules/]\nstore: "sqlite:///own.db"\nchannels: {console: {kind: console}}\n', encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def command(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        status = main(list(arguments))
        out, err = capsys.readouterr()
        return Ran(status, out, err)

    return command
