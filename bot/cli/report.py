"""``wirewatch report``: what people thought of the alerts, by rule and source."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.history import duration
from bot.config import load_config
from bot.live.live_rules import load_rules
from bot.reports.gather import report as gather
from bot.reports.text import to_json, to_text
from bot.store.sql import SqlStore


def report(path: Path, since: str, output: str) -> int:
    """Print the report. Exit status 0, whatever it says."""
    config = load_config(path, os.environ, to_run=False)
    book = load_rules(config)
    names = {r.id: r.title for r in book.ruleset.rules} | {s.id: s.name for s in book.sources.values()}
    now = datetime.now(UTC)
    store = SqlStore(config.store.reveal())
    store.open()
    try:
        made = gather(store, names, now - duration(since), now)
    finally:
        store.close()
    print(to_json(made) if output == "json" else to_text(made, config.timezone))
    return 0
