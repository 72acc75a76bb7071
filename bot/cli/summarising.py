"""``wirewatch summary``: the stories of a period, as text, Markdown or JSON, with a chart on request."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config import load_config
from bot.errors import WirewatchError
from bot.live_rules import load_rules
from bot.noise_settings import owners_of
from bot.rulebook import Rulebook
from bot.store.sql import SqlStore
from bot.summary import words
from bot.summary.ask import Known, ask
from bot.summary.model import Summary
from bot.summary.service import summarise
from bot.summary.text import as_json, markdown

_STYLES = {"info": "dim", "low": "cyan", "medium": "yellow", "high": "red", "critical": "bold white on red"}


def summary(
    path: Path,
    *,
    since: str,
    rules: Sequence[str],
    countries: Sequence[str],
    sources: Sequence[str],
    tags: Sequence[str],
    severity: str,
    stories: int,
    chart: Path | None,
    form: str,
) -> int:
    """Print the summary of a period; with ``chart``, write its picture there, too."""
    config = load_config(path, os.environ)
    book = load_rules(config)
    known = known_of(book)
    now = datetime.now(UTC)
    asked = ask(
        known,
        now,
        config.timezone,
        period=since,
        rules=rules,
        countries=countries,
        sources=sources,
        tags=tags,
        severity=severity,
    )
    store = SqlStore(config.store.reveal())
    store.open()
    try:
        made = summarise(store, asked, known, tuple(book.sources.values()), stories=stories, owners=owners_of(config))
    finally:
        store.close()
    if chart is not None:
        _write_chart(chart, made, config.timezone)
    if form == "json":
        print(json.dumps(as_json(made), ensure_ascii=False, indent=2))
    elif form == "markdown":
        print(markdown(made, config.timezone), end="")
    else:
        _show(made, config.timezone)
    return 0


def known_of(book: Rulebook) -> Known:
    """What a request may name: the rules and sources in force."""
    rules = book.ruleset.rules
    return Known(
        rules={rule.id: rule.title for rule in rules},
        sources={source.id: source.name for source in book.sources.values()},
        tags=frozenset(tag for rule in rules for tag in rule.tags),
    )


def _write_chart(file: Path, made: Summary, zone: ZoneInfo) -> None:
    from bot.summary.chart import chart_of

    if file.suffix.lower() != ".png":
        raise WirewatchError(
            f"--chart {file}: the picture is a PNG; name it so, such as {file.with_suffix('.png').name}"
        )
    file.write_bytes(chart_of(made, zone))


def _show(made: Summary, zone: ZoneInfo) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(words.title(made), "bold"))
    console.print(Text(f"{words.period(made, zone)}: {words.head(made)}", "dim"))
    for n, story in enumerate(made.stories, 1):
        console.print()
        line = Text(f"{n:2}. ", "dim")
        line.append(story.headline, "bold")
        console.print(line)
        about = Text("    ")
        about.append(story.severity.word, _STYLES[story.severity.word])
        about.append(words.meta(story).removeprefix(story.severity.word), "dim")
        about.append("".join(f" · {c.flag} {c.name}" for c in story.countries), "dim")
        console.print(about)
        for one in story.sentences:
            console.print(Text(f"    {one.text}"))
            console.print(Text(f"    {one.source}: {one.url}", "dim"), soft_wrap=True)
        if not story.sentences:
            console.print(Text(f"    {story.source}: {story.url}", "dim"), soft_wrap=True)
    console.print()
    if rest := words.left_out(made):
        console.print(Text(f"and {rest}"))
    for name, found in (("countries", made.countries), ("rules", made.rules)):
        if found:
            console.print(Text(f"{name}: ", "bold").append(words.counts(found), "not bold"))
    for note in (*words.footer(made), words.compared(made)):
        if note:
            console.print(Text(note, "dim"))
