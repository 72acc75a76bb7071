"""``wirewatch check``, ``test`` and ``schema``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot import rulebook
from bot.config import load_config
from bot.errors import ConfigError, Level, Problem, WirewatchError
from bot.rules import selftest


def load(config: Path, rules: Sequence[Path] | None) -> rulebook.Rulebook:
    """The rulebook of a config, or of folders named on the command line. Raises ``ConfigError``."""
    if rules:
        return rulebook.load([path.resolve() for path in rules])
    from bot.app import load_rules

    return load_rules(load_config(config, os.environ))


def check(config: Path, rules: Sequence[Path] | None, output: str) -> int:
    """Print every problem of every file; the tests inside the rules count."""
    problems: list[Problem] = []
    summary = ""
    try:
        book = load(config, rules)
    except ConfigError as error:
        problems.extend(error.problems)
    else:
        problems.extend(book.warnings)
        outcomes = selftest.run(book.engine)
        problems.extend(o.problem for o in outcomes if not o.passed)
        sources = sum(s.enabled for s in book.sources.values())
        counts = (len(book.ruleset.rules), len(outcomes), len(book.ruleset.lists), sources)
        summary = "{} rules, {} tests, {} lists, {} sources".format(*counts)
    errors = sum(p.level is Level.ERROR for p in problems)
    _print(sorted(problems, key=lambda p: (str(p.file), p.line, p.column)), output)
    if output == "text":
        found = f"{errors} errors, {len(problems) - errors} warnings" if problems else "no problems"
        print(f"{summary}: {found}" if summary else found, file=sys.stderr if errors else sys.stdout)
    return 1 if errors else 0


def _print(problems: Sequence[Problem], output: str) -> None:
    if output == "json":
        rows = [
            {
                "file": str(p.file),
                "line": p.line,
                "column": p.column,
                "level": p.level.value,
                "code": p.code,
                "message": p.text,
            }
            for p in problems
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for p in problems:
        if output == "github":
            # docs.github.com, "Workflow commands for GitHub Actions": data and properties are escaped
            text = p.text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            file = str(p.file).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
            print(f"::{p.level.value} file={file},line={max(p.line, 1)},col={max(p.column, 1)},title={p.code}::{text}")
        else:
            print(p if p.level is Level.ERROR else f"{p.file}:{p.line}:{p.column}: warning: {p.text}")


def test(config: Path, rules: Sequence[Path] | None, only: Sequence[str]) -> int:
    """Run the tests of the rules, or of those named."""
    book = load(config, rules)
    known = {rule.id for rule in book.ruleset.rules}
    for name in only:
        if name not in known:
            from bot.rules.language import nearest

            raise WirewatchError(f"no rule {name!r}{nearest(name, known) or '; `wirewatch check` lists the files'}")
    outcomes = [o for o in selftest.run(book.engine) if not only or o.rule.id in only]
    failed = [o for o in outcomes if not o.passed]
    for outcome in failed:
        print(outcome.problem)
    untested = [r.id for r in book.engine.rules if not r.tests and (not only or r.id in only)]
    if untested:
        print(f"without tests: {', '.join(untested)}")
    print(f"{len(outcomes)} tests, {len(failed)} failed")
    return 1 if failed else 0


def schema(of: str) -> int:
    """Print a JSON Schema."""
    from bot.config import config_schema
    from bot.rules.schema import lists_schema, rules_schema
    from bot.sources_file import sources_schema

    made = {"rules": rules_schema, "lists": lists_schema, "sources": sources_schema, "config": config_schema}[of]()
    print(json.dumps(made, ensure_ascii=False, indent=2))
    return 0
