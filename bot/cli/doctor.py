"""``wirewatch doctor`` and ``wirewatch db upgrade``."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bot.channels.base import Channel, Finding
from bot.channels.registry import Fleet, make_fleet
from bot.cli import lines_of, number
from bot.config import Config, load_config
from bot.errors import ConfigError, DeliveryError, NoStoreError, WirewatchError
from bot.log import set_up
from bot.message import DeliveryKind, FiredRule, Message, Segment
from bot.model import Severity
from bot.render import delivery_key
from bot.roster.state import OUT, SourceState
from bot.store.sql import SqlStore

T = TypeVar("T")


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


def doctor(path: Path, *, send: bool = False) -> int:
    """Try everything that a run needs, and say what to do about what is missing. ``send``: post a test alert, too."""
    report = _Report()
    config = report.look(
        "config", lambda: load_config(path, os.environ), lambda c: f"{path}, {number(len(c.channels), 'channel')}"
    )
    if config is None:
        return 1
    set_up("error", secrets=config.secrets())  # what is warned of is said below, in words
    from bot.live.live_rules import load_rules

    book = report.look(
        "rules",
        lambda: load_rules(config),
        lambda b: ", ".join(
            number(len(found), what)
            for found, what in (
                (b.ruleset.rules, "rule"),
                (b.ruleset.lists, "list"),
                ([s for s in b.sources.values() if s.enabled], "source"),
            )
        ),
    )
    for warning in book.warnings if book else ():
        report.warn("config" if warning.file == path else "rules", str(warning))
    try:
        report.look("store", lambda: _store(config, report), str)
    except NoStoreError:
        report.warn("store", f"{config.store} is not there yet; the first `wirewatch run` creates it")
    if not config.contact:
        report.warn("contact", "not set; put your address into contact: so that publishers can reach you")
    if config.websub is not None:
        _websub(config, report)
    asyncio.run(_channels(config, report, send=send))
    return 1 if report.failed else 0


def health(path: Path) -> int:
    """Ask the bot's own listener; without one, whether a bot runs at all. Exit status 1 with the reason if it does not
    do its work."""
    import httpx

    config = load_config(path, os.environ)
    if config.http is None:
        return _running(config)
    try:
        answer = httpx.get(f"http://{config.http.listen}/readyz", timeout=4, trust_env=False)
    except httpx.HTTPError as error:
        print(f"no answer from {config.http.listen} ({type(error).__name__})")
        return 1
    print(answer.text.strip())
    return 0 if answer.status_code == 200 else 1


def _running(config: Config) -> int:
    store = SqlStore(config.store.reveal())
    try:
        holder = store.holder()
    finally:
        store.close()
    if holder is None:
        print(f"no bot runs on {config.store}; start one with `wirewatch run`")
        return 1
    print(f"a bot runs ({holder}); give the config `http: {{listen: 127.0.0.1:8080}}` to ask whether it polls, too")
    return 0


class _Report:
    def __init__(self) -> None:
        self.failed = False

    def look(self, what: str, try_it: Callable[[], T], say: Callable[[T], str]) -> T | None:
        try:
            found = try_it()
        except ConfigError as error:
            for line in lines_of(error.problems):
                self.fail(what, line)
            return None
        except NoStoreError:
            raise
        except WirewatchError as error:
            self.fail(what, str(error).removeprefix(f"{what}: "))
            return None
        print(f"ok    {what}: {say(found)}")
        return found

    def finding(self, what: str, fine: bool, text: str) -> None:
        if fine:
            print(f"ok    {what}: {text}")
        else:
            self.fail(what, text)

    def fail(self, what: str, text: str) -> None:
        self.failed = True
        print(f"FAIL  {what}: {text}")

    def warn(self, what: str, text: str) -> None:
        print(f"warn  {what}: {text}")


def _store(config: Config, report: _Report) -> str:
    store = SqlStore(config.store.reveal())
    store.open()
    try:
        store.check()
        counts = store.counts()
        states = store.state_counts()
    finally:
        store.close()
    others = store.file.stat().st_mode & 0o077 if store.file is not None else 0
    if others:
        report.warn("store", f"{store.file} can be read by others on this machine; chmod 600 keeps it to you")
    if counts.get("deliveries.parked"):
        report.warn("deliveries", "some are parked; `wirewatch deliveries list` says why, `... retry` sends them again")
    known = sum(n for state, n in states.items() if state is not SourceState.OFF)
    if out := {state: states[state] for state in SourceState if state in OUT and states.get(state)}:
        named = ", ".join(f"{n} {state}" for state, n in out.items())
        report.warn(
            "sources", f"{sum(out.values())} of {known} bring no news ({named}); `wirewatch sources list` says why"
        )
    waiting, parked = counts.get("deliveries.waiting", 0), counts.get("deliveries.parked", 0)
    return f"{config.store}, {counts.get('articles', 0)} articles, {waiting} deliveries waiting, {parked} parked"


def _websub(config: Config, report: _Report) -> None:
    from bot.websub.probe import probe

    assert config.websub is not None
    if advice := asyncio.run(probe(config)):
        report.warn("websub", advice)
    else:
        print(f"ok    websub: {config.websub.public_url} leads to the bot")


async def _channels(config: Config, report: _Report, *, send: bool) -> None:
    fleet = report.look("channels", lambda: make_fleet(config, on_trouble=lambda _: None, listen=False), _counted)
    if fleet is None:
        return
    sound = set()
    async with contextlib.AsyncExitStack() as stack:
        for channel in fleet.channels.values():
            await stack.enter_async_context(_started(channel, report))
        for name, channel in fleet.channels.items():
            if name not in fleet.accounts:
                advice = await channel.check()
                report.finding(f"channel {name}", advice is None, advice or config.channels[name].kind)
                sound |= {name} if advice is None else set()
        async for account, finding in _connections(fleet):
            on_channel = finding.subject in fleet.accounts
            subject = f"channel {finding.subject}" if on_channel else f"{account}: {finding.subject}"
            report.finding(subject, finding.fine, str(finding).partition(": ")[2])
            sound |= {finding.subject} if on_channel and finding.fine else set()
        for name, channel in fleet.channels.items():
            if send and name in sound:
                await _send(channel, report)
            elif send:
                report.warn(f"channel {name}", "no test alert sent; first mend what is said above")


async def _connections(fleet: Fleet) -> AsyncIterator[tuple[str, Finding]]:
    """What is found on each connection and its channels, with the name of the account."""
    for name, workspace in fleet.slack.items():
        from bot.channels import slack_doctor
        from bot.channels.slack import SlackChannel

        rooms = [c for c in fleet.channels.values() if isinstance(c, SlackChannel) and c.connection is workspace]
        for finding in await slack_doctor.examine(workspace, rooms):
            yield f"Slack {name}", finding
    for name, bot in fleet.discord.items():
        from bot.channels import discord_doctor
        from bot.channels.discord import DiscordChannel

        places = [c for c in fleet.channels.values() if isinstance(c, DiscordChannel) and c.connection is bot]
        for finding in await discord_doctor.examine(bot, tuple(places)):
            yield f"Discord {name}", finding


@contextlib.asynccontextmanager
async def _started(channel: Channel, report: _Report) -> AsyncIterator[None]:
    try:
        await channel.start()
    except DeliveryError as error:
        report.finding(f"channel {channel.name}", False, error.text)
    try:
        yield
    finally:
        await channel.stop()


async def _send(channel: Channel, report: _Report) -> None:
    """Post a test alert, which no database knows of."""
    try:
        receipt = await channel.post(_test_alert(channel.name, datetime.now(UTC)))
    except DeliveryError as error:
        report.fail(f"channel {channel.name}", f"test alert not taken: {error.text}")
    else:
        print(f"sent  channel {channel.name}: test alert posted{f', {receipt.url}' if receipt.url else ''}")


def _test_alert(channel: str, now: datetime) -> Message:
    return Message(
        key=delivery_key(f"doctor {now.isoformat()}", channel, DeliveryKind.ALERT),
        alert_id="doctor",
        severity=Severity.INFO,
        headline=f"Test alert for the channel {channel}",
        url="https://example.org/wirewatch-test",
        source="wirewatch doctor",
        published=now,
        dated=True,
        passage=(
            Segment("If you can read this, "),
            Segment("alerts arrive here", strong=True),
            Segment(". It was sent by hand, by whoever runs Wirewatch, and means nothing else."),
        ),
        countries=(),
        rules=(FiredRule("doctor", "Test by wirewatch doctor --send", Severity.INFO, ("alerts arrive here",)),),
        fallback=f"INFO: Test alert for the channel {channel}",
    )


def _counted(fleet: Fleet) -> str:
    accounts = sorted(set(fleet.accounts.values()))
    return number(len(fleet.channels), "channel") + (f" over {', '.join(accounts)}" if accounts else "")
