"""``wirewatch summary``: the stories of a period, as text, Markdown or JSON, with a chart on request."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.cli.terminal import console_of, put
from bot.config import load_config
from bot.errors import WirewatchError
from bot.live.live_rules import load_rules
from bot.llm.wiring import writer_of
from bot.settings.noise import owners_of
from bot.store.sql import SqlStore
from bot.summary.ask import ask
from bot.summary.model import Summary
from bot.summary.page import page
from bot.summary.service import known_of, summarise, written
from bot.summary.text import as_json, markdown


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
    config = load_config(path, os.environ, to_run=False)
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
        material = summarise(
            store, asked, known, tuple(book.sources.values()), stories=stories, owners=owners_of(config)
        )
    finally:
        store.close()
    made = asyncio.run(written(material, writer_of(config)))
    if chart is not None:
        _write_chart(chart, made, config.timezone)
    if form == "json":
        print(json.dumps(as_json(made), ensure_ascii=False, indent=2))
    elif form == "markdown":
        print(markdown(made, config.timezone), end="")
    else:
        _show(made, config.timezone)
    return 0


def _write_chart(file: Path, made: Summary, zone: ZoneInfo) -> None:
    from bot.summary.chart import chart_of

    if file.suffix.lower() != ".png":
        raise WirewatchError(
            f"--chart {file}: the picture is a PNG; name it so, such as {file.with_suffix('.png').name}"
        )
    file.write_bytes(chart_of(made, zone))


def _show(made: Summary, zone: ZoneInfo) -> None:
    console = console_of()
    for one in page(made, zone):
        if one.no_wrap:
            console.print(one, soft_wrap=True)
        else:
            put(console, one)
