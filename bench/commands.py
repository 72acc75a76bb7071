"""How soon a command typed in chat is answered, with a large archive.

    python bench/commands.py [--articles N] [--rounds N] [--keep FILE]

The whole bot runs in this process with the shipped rules, a Slack and a Discord on this machine, and both client
libraries between them. A round types each command once on each platform, one after another; what is measured is the
time from the command to the answer, the servers' own work included. The bot's clock moves on a minute with each round,
so that each summary has a chart of its own, which is drawn beside the commands that follow. ``--keep`` keeps the SQLite
file, and uses a copy of it again where it is there. Exit status 1 where a p99 is above 300 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.search import NOW, address, fill
from bot.app import Options, open_app
from bot.collector import settled
from bot.config import load_config
from bot.log import set_up
from bot.model import Source
from bot.store.sql import SqlStore
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.discord.person import Person as DiscordPerson
from tests.fakes.slack import SlackServer
from tests.fakes.slack.person import Person as SlackPerson

GOAL_MS = 300.0
DAYS = 30
WHY = address(20)  # one in twenty alerts
COMMANDS: dict[str, dict[str, object]] = {
    "summary 24h": {"period": "24h"},
    "summary 30d": {"period": "30d"},
    "summary 30d North Korea high": {"period": "30d", "country": "KP", "severity": "high"},
    "latest": {},
    "latest 20 severity:critical": {"count": 20, "severity": "critical"},
    "search missile": {"query": "missile"},
    'search "the city" -water': {"query": '"the city" -water'},
    f"why {WHY}": {"url": WHY},
    "explain Pyongyang agreed to supply ammunition to Russia, officials said.": {
        "text": "Pyongyang agreed to supply ammunition to Russia, officials said."
    },
    "rules": {},
    "rules arms-deal-sanctioned-state": {"id": "arms-deal-sanctioned-state"},
    "mute rule arms-deal-sanctioned-state 1h": {
        "kind": "rule", "what": "arms-deal-sanctioned-state", "duration": "1h",
    },
    "mutes": {},
    "unmute 1": {"number": 1},
    "sources": {},
    "sources outlet-1": {"id": "outlet-1"},
    "unwatch": {},
    "status": {},
    "help": {},
}  # fmt: skip


class Clock:
    """The bot's."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


Ask = Callable[[str, dict[str, object]], Awaitable[str]]


async def measure(folder: Path, rounds: int) -> dict[tuple[str, str], list[float]]:
    """Milliseconds by platform and command."""
    async with AsyncExitStack() as stack, SlackServer() as slack, FakeDiscord(speed=1_000_000) as discord:
        room = slack.workspace.add_channel("desk")
        place = discord.world.add_channel(discord.world.add_guild(), "intel")
        (folder / "wirewatch.yaml").write_text(
            f'rules: [shipped]\nstore: "sqlite:///{folder}/bench.db"\npermissions: [{{everyone: true}}]\n'
            f'channels:\n  desk: {{kind: slack, channel: "#desk"}}\n  intel: {{kind: discord, channel: {place.id}}}\n',
            "utf-8",
        )
        environment = {
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.api_url,
            "DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": discord.api_url,
        }  # fmt: skip
        config = load_config(folder / "wirewatch.yaml", environment)
        sources = [Source(f"outlet-{n}", f"https://outlet-{n}.example/feed") for n in range(40)]
        clock = Clock()
        async with open_app(config, options=Options(watch=False, clock=clock), sources=sources) as app:
            await app.chat.warm_up()  # as a bot that runs does, and what follows, too
            stack.enter_context(settled())
            await slack.hub.wait_opened(1)
            await discord.gateway.wait_for(identifies=1)
            while not any(discord.world.commands.values()):  # noqa: ASYNC110 - registered in the background
                await asyncio.sleep(0.01)
            slack.workspace.add_user("U0ADA", "ada")
            on_slack = SlackPerson(slack, "U0ADA")
            on_discord = DiscordPerson(discord, discord.world.add_user("ada"))

            async def ask_slack(text: str, _: dict[str, object]) -> str:
                before = len(on_slack.private)
                await on_slack.types(f"/wire {text}", room)
                return str(await on_slack.hears(before + 1))

            async def ask_discord(text: str, given: dict[str, object]) -> str:
                it = await on_discord.runs(f"wire {text.partition(' ')[0]}", place, **given)
                return str(await on_discord.reads(it))

            took: dict[tuple[str, str], list[float]] = {}
            for number in range(rounds + 1):
                clock.now = NOW + timedelta(minutes=number)
                for platform, ask in (("Slack", ask_slack), ("Discord", ask_discord)):
                    for text, given in COMMANDS.items():
                        started = time.perf_counter()
                        answer = await ask(text, given)
                        if not number and "Not in the archive" in answer:
                            raise SystemExit(f"{text}: measures a miss")
                        if number:  # the first round fills caches that a running bot has filled
                            took.setdefault((platform, text), []).append((time.perf_counter() - started) * 1000)
            return took


def main() -> int:
    parser = argparse.ArgumentParser(description="Latency of commands in chat.")
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    set_up("error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.keep is None or not given.keep.exists():
            store = SqlStore(f"sqlite:///{folder}/bench.db")
            store.upgrade()
            store.open()
            fill(store, given.articles, DAYS)
            store.close()
            if given.keep is not None:
                shutil.copyfile(folder / "bench.db", given.keep)
        else:
            shutil.copyfile(given.keep, folder / "bench.db")
        began = datetime.now(UTC)
        took = asyncio.run(measure(folder, given.rounds))
        print(f"{given.rounds} rounds in {(datetime.now(UTC) - began).total_seconds():.0f} s; milliseconds\n")
    print(f"{'':9}{'command':62}{'p50':>8}{'p99':>8}")
    worst = 0.0
    for (platform, text), times in took.items():
        p99 = sorted(times)[max(0, round(len(times) * 0.99) - 1)]
        worst = max(worst, p99)
        print(f"{platform:9}{text[:60]:62}{statistics.median(times):8.1f}{p99:8.1f}")
    everything = sorted(t for times in took.values() for t in times)
    print(f"\nall {everything[round(len(everything) * 0.99) - 1]:.0f} ms at p99, the slowest command {worst:.0f} ms")
    return int(worst > GOAL_MS)


if __name__ == "__main__":
    sys.exit(main())
