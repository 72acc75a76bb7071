"""``wirewatch run``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from bot import allocator
from bot.app import App, Options, open_app
from bot.cli import lines_of, number
from bot.config import Config, load_config
from bot.log import set_up

NAMED_MAX = 3  # sources of which the same is said


def run(path: Path, *, once: bool) -> int:
    """Run until a signal comes, or for one round."""
    allocator.thrifty()
    config = load_config(path, os.environ)
    redactor = set_up(config.log.level, config.log.format, config.secrets())
    return asyncio.run((_once if once else _run)(config, Options(watch=not once, hide=redactor.add)))


async def _run(config: Config, options: Options) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopping.set)
    async with open_app(config, options=options) as app:
        _greet(app)
        await app.run(stopping)
    return 0


async def _once(config: Config, options: Options) -> int:
    async with open_app(config, options=options) as app:
        _warn(app)
        await app.poll_now()
        result = await app.once()
    tally = result.tally
    print(
        f"polled {number(tally.polls, 'source')} ({tally.failed} failed), {number(tally.items, 'item')}, "
        f"{tally.new} new, {tally.matched} matched, {tally.alerts} alerted{_held(tally.held, result.released)}",
        file=sys.stderr,
    )
    failures = _by_text(result.failures)
    unresolved = len(app.poller.unresolved)
    if unresolved > 1 and unresolved == len(result.failures) == tally.polls:
        failures = [
            f"none of the {unresolved} hosts could be looked up: this machine has no DNS or no network; "
            "check its connection"
        ]
    for line in (*failures, *_by_text(app.poller.notes)):
        print(f"  {line}", file=sys.stderr)
    if not result.delivered:
        print("some deliveries wait for their channel; the next run sends them", file=sys.stderr)
    return 0 if result.delivered and not result.failures else 1


def _held(held: int, released: int) -> str:
    """What became of the alerts that did not go out by themselves: a digest of this very run may have told them."""
    told = f", {released} told in digests" if released else ""
    waiting = max(held - released, 0)
    return f", {waiting} held for digests{told}" if waiting or not told else told


def _by_text(said: Mapping[str, str]) -> list[str]:
    """What was said of which sources; the same of many is one line."""
    sources: dict[str, list[str]] = {}
    for source, text in sorted(said.items()):
        sources.setdefault(text, []).append(source)
    return [
        f"{', '.join(names[:NAMED_MAX])}{f' and {more} more' if (more := len(names) - NAMED_MAX) > 0 else ''}: {text}"
        for text, names in sources.items()
    ]


def _warn(app: App) -> None:
    """What `wirewatch check` warns of in the same files: most bots are started without asking it first."""
    for line in lines_of(app.book.warnings):
        print(line, file=sys.stderr)


def _greet(app: App) -> None:
    """One line that says that everything is up, after what the files hold that leads nowhere."""
    _warn(app)
    sources = sum(s.enabled for s in app.book.sources.values())
    print(
        f"wirewatch runs: {number(len(app.book.engine.rules), 'rule')}, {number(sources, 'source')}, channels "
        f"{', '.join(app.config.channels)}",
        file=sys.stderr,
    )
