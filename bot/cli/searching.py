"""``wirewatch search``: the stored articles by their words."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.terminal import console_of, put
from bot.config import load_config
from bot.duration import parse as parse_duration
from bot.errors import WirewatchError
from bot.message import Segment
from bot.rules.language import nearest
from bot.store.sql import SqlStore
from bot.store.summary_port import Hit

if TYPE_CHECKING:
    from rich.text import Text


def search(path: Path, query: str, *, since: str | None, source: str | None, limit: int, form: str) -> int:
    """Print what is found; exit status 1 where nothing is."""
    config = load_config(path, os.environ, to_run=False)
    try:
        begin = None if since is None else datetime.now(UTC) - parse_duration(since)
    except ValueError as error:
        raise WirewatchError(f"--since {since!r}: {error}") from None
    store = SqlStore(config.store.reveal())
    store.open()
    try:
        known = [status.source_id for status in store.source_statuses()] if source is not None else []
        if source is not None and source not in known:
            raise WirewatchError(
                f"no source {source!r}{nearest(source, known) or '; `wirewatch sources list` has all'}"
            )
        hits = store.search(query, since=begin, source=source, limit=limit)
    finally:
        store.close()
    if form == "json":
        print(json.dumps([_as_json(hit) for hit in hits], ensure_ascii=False, indent=2))
    else:
        _show(query, hits)
    return 0 if hits else 1


def _show(query: str, hits: Sequence[Hit]) -> None:
    from rich.text import Text

    console = console_of()
    if not hits:
        console.print(Text(f"nothing found for {query}"))
    for hit in hits:
        article = hit.article
        line = Text(f"{article.published:%Y-%m-%d %H:%M}  ", "dim")
        line.append_text(_marked(hit.title) if hit.title else Text(article.url))
        line.append(f"  {article.source_name or article.source_id}", "dim")
        if hit.fired:
            line.append(f"  {max(hit.fired.values()).word}: {', '.join(hit.fired)}", "magenta")
        put(console, line, hang=4)
        if hit.snippet:
            put(console, Text("    ").append_text(_marked(hit.snippet)))
        console.print(Text(f"    {article.url}", "dim"), soft_wrap=True)


def _marked(passage: Sequence[Segment]) -> Text:
    from rich.text import Text

    line = Text()
    for part in passage:
        line.append(part.text, "bold yellow" if part.strong else "")
    return line


def _as_json(hit: Hit) -> dict[str, object]:
    article = hit.article
    return {
        "url": article.url,
        "title": article.title,
        "source": article.source_id,
        "published": article.published.isoformat(),
        "story": hit.story_id,
        "severity": max(hit.fired.values()).word if hit.fired else None,
        "rules": list(hit.fired),
        "snippet": "".join(part.text for part in hit.snippet),
        "found": list(dict.fromkeys(part.text for part in (*hit.title, *hit.snippet) if part.strong)),
    }
