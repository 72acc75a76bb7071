"""``wirewatch why``: what became of an article of the archive, stage by stage."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.explaining import UNWRAPPED, show_rule
from bot.config import Config, load_config
from bot.errors import WirewatchError
from bot.live import watches
from bot.live.live_rules import load_rules
from bot.live.rulebook import Rulebook
from bot.pipeline import subject
from bot.roster.admin import merged
from bot.rules.explain import explain
from bot.rules.language import nearest
from bot.store.sql import SqlStore
from bot.why import Mark, Stage, WhyReport, address_of
from bot.why.gather import answer
from bot.why.text import NAME_WIDTH, SIGNS, rule_line, to_json, to_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STYLES = {Mark.PASSED: "green", Mark.STOPPED: "red", Mark.WAITS: "yellow", Mark.NOTE: "dim"}


def why(what: str, path: Path, only: Sequence[str], *, every_rule: bool, as_json: bool) -> int:
    """Exit status 0 for an article that is known, 1 for one that is not."""
    config = load_config(path, os.environ, to_run=False)
    book = load_rules(config)
    store = SqlStore(config.store.reveal())
    store.open()
    try:
        book = _as_it_runs(book, config, store)
        known = {rule.id: rule for rule in book.engine.rules}
        for name in only:
            if name not in known:
                raise WirewatchError(f"no rule {name!r}{nearest(name, known) or '; `wirewatch rules` lists all'}")
        report = answer(store, what, book.engine, book.sources, config.retention, datetime.now(UTC), config.timezone)
        if as_json:
            print(to_json(report))
        elif sys.stdout.isatty():
            _show(report, every_rule=every_rule)
        else:  # not wrapped, so that it can be searched
            print(to_text(report, all_rules=every_rule))
        if report.found and only and not as_json:
            _show_trees(store, what, book, only)
    finally:
        store.close()
    return 0 if report.found else 1


def _as_it_runs(book: Rulebook, config: Config, store: SqlStore) -> Rulebook:
    """With what people watch and the sources that they added, as the running bot has them."""
    book = watches.merged(book, store.watches(), config.ner_model)
    return replace(book, sources=merged(book.sources, store.chat_sources()))


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else UNWRAPPED)


def _show(report: WhyReport, *, every_rule: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    console = _console()
    if report.found:
        console.print(Text(report.headline, "bold"))
        console.print(Text.assemble(report.source, "  ", (report.url, "dim")))
        console.print()
    console.print(Text(f"{report.answer}.", "bold"))
    console.print()
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(style="bold", min_width=NAME_WIDTH)
    table.add_column(overflow="fold")
    for stage in report.stages:
        table.add_row(Text(SIGNS[stage.mark], _STYLES[stage.mark]), stage.name, _stage(stage))
    console.print(table)
    if every_rule and report.rules:
        console.print()
        for rule in report.rules:
            console.print(Text(rule_line(rule), "" if rule.outcome == "fired" else "dim"))


def _stage(stage: Stage) -> Text:
    from rich.text import Text

    text = Text(stage.verdict)
    for line in stage.details:
        text.append(f"\n{line}", "dim")
    if stage.link:
        text.append(f"\n{stage.link}", "blue")
    return text


def _show_trees(store: SqlStore, what: str, book: Rulebook, only: Sequence[str]) -> None:
    keys = store.find_article(address_of(what)).keys
    record = store.record(keys[0]) if keys else None
    if record is None:
        return
    console = _console()
    console.print()
    analysis = book.engine.analyse(subject(record.article))
    by_id = {rule.id: rule for rule in book.engine.rules}
    for name in only:
        show_rule(console, explain(analysis, by_id[name]), everything=True)
