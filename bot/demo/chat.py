"""``wirewatch demo --chat``: the real bot and both client libraries on a Slack and a Discord on this machine.

The two servers are those of the tests and come with a checkout only, not with the package: they are larger than what
they show, and nobody runs them for long.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from rich.console import Console

from bot.app import Options, open_app
from bot.config import load_config
from bot.demo.run import summary
from bot.demo.server import SampleOutlets
from bot.errors import WirewatchError
from bot.log import set_up

_CONFIG = """\
rules: [shipped]
store: "sqlite:///{folder}/demo.db"
channels:
  slack-desk:   {{kind: slack, channel: "#sanctions-desk"}}
  discord-desk: {{kind: discord, channel: "#sanctions-desk"}}
slack: {{default: {{pace: 0s}}}}
"""
_DISCORD_SPEED = 1_000.0  # its rate limits, shortened: nobody should wait a minute for a demo
_ROOT = Path(__file__).resolve().parent.parent.parent


def run() -> int:
    """Poll the sample outlets once, post to both, write each channel as a web page and print where. Exit status 0 if
    all went as it should. Raises ``WirewatchError`` outside a checkout."""
    slack, discord = _fake("slack"), _fake("discord")
    set_up("error")
    pages = Path(tempfile.mkdtemp(prefix="wirewatch-demo-"))
    with tempfile.TemporaryDirectory(prefix="wirewatch-demo-db-") as folder:
        path = Path(folder) / "wirewatch.yaml"
        path.write_text(_CONFIG.format(folder=folder), encoding="utf-8")
        return asyncio.run(_run(path, slack, discord, pages))


def _fake(name: str) -> ModuleType:
    """A module of ``tests.fakes``."""
    if not (_ROOT / "tests" / "fakes" / "slack").is_dir():
        raise WirewatchError(
            "demo --chat posts to local servers that come with the source code only; clone the repository and run "
            "`make demo CHAT=1` there (`wirewatch demo` shows the same alerts in the terminal)"
        )
    if str(_ROOT) not in sys.path:
        sys.path.insert(0, str(_ROOT))
    return importlib.import_module(f"tests.fakes.{name}")


async def _run(path: Path, slack_fake: ModuleType, discord_fake: ModuleType, pages: Path) -> int:
    console = Console(highlight=False)
    began = time.perf_counter()
    async with (
        slack_fake.SlackServer() as slack,
        discord_fake.FakeDiscord(speed=_DISCORD_SPEED) as discord,
        SampleOutlets(datetime.now(UTC)) as outlets,
    ):
        room = slack.workspace.add_channel("sanctions-desk")
        place = discord.world.add_channel(discord.world.add_guild(), "sanctions-desk")
        environment = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DISCORD_TOKEN": discord_fake.TOKEN,
            "DISCORD_API_URL": discord.api_url,
        }
        config = load_config(path, environment)
        options = Options(catch_up=False, watch=False, spread=False)
        async with open_app(config, options=options, sources=outlets.sources, allow_private=True) as app:
            result = await app.once()
            summary(console, app, result, time.perf_counter() - began, next_steps=False)
        shown = {
            "slack.html": _fake("slack_preview").render([room], files=slack.workspace.files),
            "discord.html": _fake("discord_preview").render(
                place.messages, channel=place.name, uploads=discord.world.uploads
            ),
        }
        counts = (len(room.messages), len(place.messages))
    console.print(f"\n{counts[0]} posts on Slack, {counts[1]} on Discord. Open in a browser:", highlight=False)
    for name, html in shown.items():
        (pages / name).write_text(html, encoding="utf-8")
        console.print(f"  {pages / name}", soft_wrap=True)
    alerts = result.tally.alerts
    return 0 if result.delivered and alerts and counts == (alerts, alerts) else 1
