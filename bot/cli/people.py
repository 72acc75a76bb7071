"""``wirewatch audit`` and ``wirewatch watches``: what people changed from chat, and what they watch."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from bot.channels.text import clean
from bot.cli.history import duration
from bot.config import load_config
from bot.live.watches import rule_yaml, title_of
from bot.people import AuditEntry, Watch
from bot.store.sql import SqlStore

LIMIT = 1_000  # lines


def audit(path: Path, since: str, as_json: bool) -> int:
    """One line a change, newest first. Exit status 0."""
    config = load_config(path, os.environ, to_run=False)
    store = SqlStore(config.store.reveal())
    store.open()
    try:
        found = store.audit(datetime.now(UTC) - duration(since), LIMIT)
    finally:
        store.close()
    for entry in found:
        print(_as_json(entry) if as_json else _as_line(entry, entry.at.astimezone(config.timezone)))
    if not found and not as_json:
        print(f"nobody changed anything in the last {since}")
    if len(found) == LIMIT and not as_json:
        print("... there is more; name a shorter time with --since")
    return 0


def _as_line(entry: AuditEntry, at: datetime) -> str:
    where = f" in {clean(entry.where)}" if entry.where else ""
    return f"{at:%Y-%m-%d %H:%M}  {clean(entry.who)}{where}  {entry.verb}: {clean(entry.what)}"


def _as_json(entry: AuditEntry) -> str:
    fields = {"id": entry.id, "at": entry.at.isoformat(), "who": entry.who, "where": entry.where, "verb": entry.verb,
              "what": entry.what}  # fmt: skip
    return json.dumps(fields, ensure_ascii=False)


def watches(path: Path, as_rules: bool) -> int:
    """List them, or print them as a rule file that an editor can go on with. Exit status 0."""
    config = load_config(path, os.environ, to_run=False)
    store = SqlStore(config.store.reveal())
    store.open()
    try:
        found = store.watches()
    finally:
        store.close()
    if as_rules:
        print(rule_yaml(found, config.channels), end="")
        return 0
    for watch in found:
        print(_watch_line(watch, watch.created_at.astimezone(config.timezone)))
    if not found:
        print('nobody watches anything; in chat: /wire watch "term"')
    return 0


def _watch_line(watch: Watch, at: datetime) -> str:
    title = clean(title_of(watch.term, watch.country).removeprefix("Watch: "))
    return f"{watch.rule_id}  {title}  to {watch.channel}, by {clean(watch.owner)} since {at:%Y-%m-%d}"
