"""What is slow to import stays out of the start of commands that do not need it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# pydantic is not among them: typer checks arguments with it.
SLOW = {
    *("spacy", "lemminflect", "trafilatura", "sqlalchemy", "alembic", "slack_bolt", "discord", "apscheduler"),
    *("feedparser", "httpx", "aiohttp", "re2", "py3langid", "matplotlib", "openai"),
}

_PROBE = """
import json, sys
sys.path.insert(0, {root!r})
from bot.cli import main
status = main(json.loads({arguments!r}))
sys.stdout.flush()
loaded = sorted({{name.partition(".")[0] for name in sys.modules}})
print(json.dumps({{"status": status, "loaded": loaded}}), file=sys.stderr)
"""


def loaded_by(*arguments: str, cache: Path) -> set[str]:
    """The top-level modules that a command line has imported by its end."""
    code = _PROBE.format(root=str(ROOT), arguments=json.dumps(arguments))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    result = json.loads(done.stderr.splitlines()[-1])
    assert result["status"] == 0, done.stderr
    return set(result["loaded"])


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["run", "--help"], ["sources", "--help"], ["match", "--help"]],
    ids=" ".join,
)
def test_help_imports_nothing_slow(arguments: list[str], tmp_path: Path) -> None:
    assert loaded_by(*arguments, cache=tmp_path).isdisjoint(SLOW)


def test_check_of_the_shipped_rules_loads_no_language_chat_or_database_library(tmp_path: Path) -> None:
    arguments = ("check", "--rules", str(ROOT / "rules"))
    first = loaded_by(*arguments, cache=tmp_path)
    assert first.isdisjoint({"trafilatura", "slack_bolt", "discord", "apscheduler", "sqlalchemy", "feedparser"})
    # The forms of words are worked out once and kept; lemminflect, which does it, brings spaCy along.
    assert loaded_by(*arguments, cache=tmp_path).isdisjoint(SLOW - {"httpx", "re2"})


def test_explain_of_a_text_loads_no_language_chat_or_database_library(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yaml").write_text("rules: [{id: x, title: X, severity: low, when: '=NATO'}]", encoding="utf-8")
    article = tmp_path / "article.txt"
    article.write_text("Ministers of NATO met in Mali.", encoding="utf-8")
    assert loaded_by("explain", str(article), "--rules", str(rules), cache=tmp_path).isdisjoint(SLOW - {"httpx"})


def test_a_summary_without_a_language_model_loads_none(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    config = tmp_path / "wirewatch.yaml"
    config.write_text("rules: [rules/]\nchannels: {c: {kind: console}}\nstore: sqlite:///w.db\n", encoding="utf-8")
    loaded_by("db", "upgrade", "--config", str(config), cache=tmp_path)
    loaded = loaded_by("summary", "--config", str(config), cache=tmp_path)
    assert loaded.isdisjoint({"openai", "matplotlib", "discord", "slack_bolt", "trafilatura"})
