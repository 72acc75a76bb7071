"""``wirewatch demo``: the real bot on sample news from a loopback server, alerts in the terminal."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.app import App, Options, Result, open_app
from bot.channels.console import ConsoleChannel
from bot.config import load_config
from bot.demo.server import BROKEN, SampleOutlets
from bot.log import set_up

_CONFIG = """\
rules: [shipped]
store: "sqlite:///{folder}/demo.db"
channels:
  console: {{kind: console}}
"""


def run() -> int:
    """Poll the sample outlets once, show the alerts and a summary. Exit status 0 if all went as it should."""
    set_up("error")
    with tempfile.TemporaryDirectory(prefix="wirewatch-demo-") as folder:
        path = Path(folder) / "wirewatch.yaml"
        path.write_text(_CONFIG.format(folder=folder), encoding="utf-8")
        return asyncio.run(_run(path))


async def _run(path: Path) -> int:
    config = load_config(path, {})
    console = Console(highlight=False)
    channels = {"console": ConsoleChannel("console", console, tz=config.timezone)}
    options = Options(catch_up=False, watch=False, spread=False)
    began = time.perf_counter()
    async with (
        SampleOutlets(datetime.now(UTC)) as outlets,
        open_app(config, options=options, channels=channels, sources=outlets.sources, allow_private=True) as app,
    ):
        result = await app.once()
        summary(console, app, result, time.perf_counter() - began)
    return 0 if result.delivered and result.tally.alerts else 1


def summary(console: Console, app: App, result: Result, seconds: float, *, next_steps: bool = True) -> None:
    """What happened, in a few lines."""
    tally = result.tally
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column()
    failed = len(result.failures)
    table.add_row("polled", f"{tally.polls} sources, {tally.items} items" + (f"; {failed} failed" if failed else ""))
    table.add_row("matched", f"{tally.matched} articles by {len(app.book.engine.rules)} rules")
    table.add_row("alerted", f"{tally.alerts} stories, each once")
    table.add_row("held", f"{tally.repeats} articles that repeat a story alerted already")
    for source_id, error in sorted(result.failures.items()):
        name = app.book.sources[source_id].name
        text = f"{name}: {error}; it is tried again, the others went on"
        table.add_row("failed", Text(f"{text} (this feed is broken on purpose)" if source_id == BROKEN else text))
    for source_id, note in sorted(app.poller.notes.items()):
        table.add_row("note", Text(f"{app.book.sources[source_id].name}: {note}"))
    table.add_row("took", f"{seconds:.1f} s")
    console.print()
    console.print(Rule("what happened", style="dim"))
    console.print(table)
    if not next_steps:
        return
    console.print()
    console.print(
        "Next: [bold]wirewatch init DIR[/] writes a config and a rules folder of your own; "
        "[bold]wirewatch explain FILE[/] shows which rules fire on a text of yours."
    )
