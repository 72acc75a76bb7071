"""``wirewatch check``, ``test`` and ``schema``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.cli import complain, lines_of, number
from bot.config import Config, beside, load_config, read_config, shipped_rules
from bot.errors import ConfigError, Level, Problem, StoreError, WirewatchError
from bot.live import rulebook
from bot.roster.sources_file import load_sources
from bot.rules import selftest
from bot.rules.exemptions import expired
from bot.rules.lint import Frequencies, lint
from bot.yaml_nodes import Map

DEFAULT_CONFIG = Path("wirewatch.yaml")


def load(config: Path, rules: Sequence[Path] | None, *, optional: bool = False) -> rulebook.Rulebook:
    """The rulebook of a config, or of folders named on the command line. ``optional``: where there is no config and
    none was named, that of the shipped rules. Raises ``ConfigError``."""
    return loaded(config, rules, optional=optional)[0]


def loaded(
    config: Path, rules: Sequence[Path] | None, *, optional: bool = False, root: Map | None = None
) -> tuple[rulebook.Rulebook, Config | None]:
    """The same with the config, where it is one's; ``root`` is its content, if it was read already: it may be a pipe,
    which can be read once."""
    if rules:
        return rulebook.load([path.resolve() for path in rules]), None
    if optional and config == DEFAULT_CONFIG and not config.exists():
        complain("no wirewatch.yaml here, so these are the shipped rules (`wirewatch init DIR` makes your own)")
        return rulebook.load([shipped_rules()]), None
    from bot.live.live_rules import load_rules

    settings = load_config(config, os.environ, root=root)
    return load_rules(settings), settings


def check(config: Path, rules: Sequence[Path] | None, output: str) -> int:
    """Print every problem of every file; the tests inside the rules count."""
    problems: list[Problem] = []
    summary = ""
    root = None
    try:
        root = None if rules else read_config(config)
        book, settings = loaded(config, rules, root=root)
    except ConfigError as error:
        problems.extend(error.problems)
        problems.extend(_behind_a_broken_config(config, root, error.problems) if root is not None else ())
    else:
        problems.extend(book.warnings)
        today = datetime.now(UTC).date()
        problems.extend(p for rule in book.ruleset.rules for p in expired(rule.exemptions, today))
        shares = _archived(settings) if settings is not None else None
        problems.extend(lint(book.ruleset, book.engine.program, shares, forms=book.kept.inflector.forms))
        outcomes = selftest.run(book.engine, book.sources)
        problems.extend(o.problem for o in outcomes if not o.passed)
        sources = sum(s.enabled for s in book.sources.values())
        counts = {"rule": len(book.ruleset.rules), "test": len(outcomes), "list": len(book.ruleset.lists)}
        summary = ", ".join(number(n, what) for what, n in (counts | {"source": sources}).items())
    errors = sum(p.level is Level.ERROR for p in problems)
    _print(sorted(problems, key=lambda p: (str(p.file), p.line, p.column)), output)
    if output == "text":
        found = f"{number(errors, 'error')}, {number(len(problems) - errors, 'warning')}"
        found = found if problems else "no problems"
        print(f"{summary}: {found}" if summary else found, file=sys.stderr if errors else sys.stdout)
    return 1 if errors else 0


_HANGS_ON_CONFIG = frozenset({"unknown-list", "no-model", "unknown-source"})  # or on the store


def _behind_a_broken_config(path: Path, root: Map, told: Sequence[Problem]) -> Sequence[Problem]:
    """What is wrong in the rules folders of a config that itself cannot be used, and in the names that it uses of them,
    as far as that can be told without it: who mends one file should not learn of the next only then."""
    if not any(p.file == path for p in told):
        return ()  # the problems that are known are those of the folders
    known = {(p.file, p.line, p.column) for p in told}
    folders, named = beside(root, path)
    found: list[Problem] = []
    with suppress(ConfigError):  # which is told below
        found += named.unknown_sources([source.id for source in load_sources(folders.sources)])
    try:
        rulebook.load(folders.rules, source_folders=folders.sources, ruleless=folders.ruleless, named=named)
    except ConfigError as error:
        found += [p for p in error.problems if p.code not in _HANGS_ON_CONFIG and not _hangs_on_store(p, path)]
    return [p for p in found if (p.file, p.line, p.column) not in known]


def _hangs_on_store(problem: Problem, config: Path) -> bool:
    """Whether a rule names the tag of a source: the store may have one."""
    return problem.code == "unknown-tag" and problem.file != config


def _archived(config: Config) -> Frequencies | None:
    """Word frequencies of the stored articles, if there is an archive of some size. One that cannot be read is the
    business of ``doctor``, not of ``check``."""
    url = config.store.reveal()
    file = url.removeprefix("sqlite:///")
    if file == url or not Path(file).is_file():
        return None
    from bot.live.archive_words import ARTICLES_MAX, frequencies
    from bot.store.sql import SqlStore

    store = SqlStore(url)
    try:
        store.open()
        newest = store.archive_size(datetime(1970, 1, 1, tzinfo=UTC))
        page = store.archive(datetime(1970, 1, 1, tzinfo=UTC), max(newest - ARTICLES_MAX, 0), ARTICLES_MAX)
        return frequencies(one.article for one in page)
    except StoreError:
        return None
    finally:
        store.close()


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
    if output == "sarif":
        from bot.cli.sarif import to_sarif

        print(json.dumps(to_sarif(problems, Path.cwd()), ensure_ascii=False, indent=2))
        return
    for p in problems:
        if output == "github":
            # docs.github.com, "Workflow commands for GitHub Actions": data and properties are escaped
            text = p.text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            file = str(p.file).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
            print(f"::{p.level.value} file={file},line={max(p.line, 1)},col={max(p.column, 1)},title={p.code}::{text}")
        else:
            print(*lines_of((p,)))


def test(config: Path, rules: Sequence[Path] | None, only: Sequence[str]) -> int:
    """Run the tests of the rules, or of those named."""
    book = load(config, rules, optional=True)
    known = {rule.id for rule in book.ruleset.rules}
    for name in only:
        if name not in known:
            from bot.rules.language import nearest

            raise WirewatchError(f"no rule {name!r}{nearest(name, known) or '; check its id in the rules folders'}")
    outcomes = [o for o in selftest.run(book.engine, book.sources) if not only or o.rule.id in only]
    failed = [o for o in outcomes if not o.passed]
    for outcome in failed:
        print(outcome.problem)
    untested = [r.id for r in book.engine.rules if not r.tests and (not only or r.id in only)]
    if untested:
        print(f"without tests: {', '.join(untested)}")
    print(f"{number(len(outcomes), 'test')}, {len(failed)} failed")
    return 1 if failed else 0


def schema(of: str, into: Path | None = None) -> int:
    """Print a JSON Schema, or write all of them into a folder."""
    if into is not None:
        for path in write_schemas(into):
            print(f"wrote {path}")
        return 0
    print(_as_text(_schemas()[of]()))
    return 0


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """The schemas of all files that people edit, each under the name of its sort. Raises ``WirewatchError``."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in _schemas().items():
            path = folder / f"{name}.json"
            path.write_text(_as_text(make()) + "\n", encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise WirewatchError(f"{folder}: cannot be written ({error.strerror}); name another folder") from None
    return tuple(written)


def _schemas() -> dict[str, Callable[[], Mapping[str, Any]]]:
    from bot.config import config_schema
    from bot.roster.sources_file import sources_schema
    from bot.rules.schema import lists_schema, rules_schema

    return {"rules": rules_schema, "lists": lists_schema, "sources": sources_schema, "config": config_schema}


def _as_text(made: Mapping[str, Any]) -> str:
    return json.dumps(made, ensure_ascii=False, indent=2)
