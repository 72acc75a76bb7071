"""``wirewatch doctor`` and ``wirewatch db upgrade``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from bot.channels.registry import make_channels
from bot.config import Config, load_config
from bot.errors import ConfigError, DeliveryError, WirewatchError
from bot.store.sql import SqlStore


def upgrade(path: Path) -> int:
    """Create or migrate the database."""
    config = load_config(path, os.environ)
    store = SqlStore(config.store.reveal())
    store.acquire()
    try:
        before, after = store.upgrade()
    finally:
        store.close()
    where = str(config.store)
    if not before:
        print(f"created {where} (revision {after})")
    elif before == after:
        print(f"{where} is up to date (revision {after})")
    else:
        print(f"migrated {where} from revision {before} to {after}")
    return 0


def doctor(path: Path) -> int:
    """Try everything that a run needs, and say what to do about what is missing."""
    report = _Report()
    config = report.look(
        "config", lambda: load_config(path, os.environ), lambda c: f"{path}, {len(c.channels)} channels"
    )
    if config is None:
        return 1
    from bot.app import load_rules

    report.look(
        "rules",
        lambda: load_rules(config),
        lambda b: f"{len(b.ruleset.rules)} rules, {len(b.ruleset.lists)} lists, {len(b.sources)} sources",
    )
    report.look("store", lambda: _store(config), str)
    if not config.contact:
        report.warn("contact", "not set; put your address into contact: so that publishers can reach you")
    asyncio.run(_channels(config, report))
    return 1 if report.failed else 0


def health(path: Path) -> int:
    """Ask the bot's own listener. Exit status 1 with the reason if it does not do its work."""
    import httpx

    config = load_config(path, os.environ)
    if config.http is None:
        print("no http: section in the config, so there is nothing to ask")
        return 0
    try:
        answer = httpx.get(f"http://{config.http.listen}/readyz", timeout=4, trust_env=False)
    except httpx.HTTPError as error:
        print(f"no answer from {config.http.listen} ({type(error).__name__})")
        return 1
    print(answer.text.strip())
    return 0 if answer.status_code == 200 else 1


class _Report:
    def __init__(self) -> None:
        self.failed = False

    def look(self, what: str, try_it: Callable[[], object], say: Callable[..., str]):  # type: ignore[no-untyped-def]
        try:
            found = try_it()
        except ConfigError as error:
            self.fail(what, f"{len(error.problems)} problems; `wirewatch check` lists them: {error.problems[0]}")
            return None
        except WirewatchError as error:
            self.fail(what, str(error))
            return None
        print(f"ok    {what}: {say(found)}")
        return found

    def fail(self, what: str, text: str) -> None:
        self.failed = True
        print(f"FAIL  {what}: {text}")

    def warn(self, what: str, text: str) -> None:
        print(f"warn  {what}: {text}")


def _store(config: Config) -> str:
    store = SqlStore(config.store.reveal())
    store.open()
    try:
        store.check()
        counts = store.counts()
    finally:
        store.close()
    waiting, parked = counts.get("deliveries.waiting", 0), counts.get("deliveries.parked", 0)
    return f"{config.store}, {counts.get('articles', 0)} articles, {waiting} deliveries waiting, {parked} parked"


async def _channels(config: Config, report: _Report) -> None:
    for name, channel in make_channels(config).items():
        try:
            await channel.start()
            remedy = await channel.check()
        except DeliveryError as error:
            remedy = error.text
        finally:
            await channel.stop()
        if remedy:
            report.fail(f"channel {name}", remedy)
        else:
            print(f"ok    channel {name}: {config.channels[name].kind}")
