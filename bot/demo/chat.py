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
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console

from bot.app import App, Options, Result, open_app
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
    """Poll the sample outlets, post to both, poll again as stories go on, ask why, write each channel as a web page and
    print where. Exit status 0 if all went as it should. Raises ``WirewatchError`` outside a checkout."""
    _fake("slack")  # before anything is made
    set_up("error")
    pages = Path(tempfile.mkdtemp(prefix="wirewatch-demo-"))
    with tempfile.TemporaryDirectory(prefix="wirewatch-demo-db-") as folder:
        return asyncio.run(_run(config_in(Path(folder)), pages))


def config_in(folder: Path) -> Path:
    """The demo's configuration, written there."""
    path = folder / "wirewatch.yaml"
    path.write_text(_CONFIG.format(folder=folder), encoding="utf-8")
    return path


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


async def _run(path: Path, pages: Path) -> int:
    console = Console(highlight=False)
    began = time.perf_counter()

    def told(app: App, result: Result) -> None:
        summary(console, app, result, time.perf_counter() - began, next_steps=False)

    async with played(path, told) as shown:
        console.print(f"\n{shown.alerts[0]} alerts on Slack, {shown.alerts[1]} on Discord; then some stories went on.")
        console.print("Open in a browser:")
        for name, html in (("slack.html", shown.on_slack()), ("discord.html", shown.on_discord())):
            (pages / name).write_text(html, encoding="utf-8")
            console.print(f"  {pages / name}", soft_wrap=True)
        return 0 if shown.well else 1


@dataclass(frozen=True)
class Shown:
    """What the two servers hold at the end. ``alerts``: how many were on each before stories went on; ``well``: all
    that had to be posted was; ``why`` is Discord's answer to somebody who pressed that button, Slack keeps its own."""

    slack: Any
    room: Any
    discord: Any
    place: Any
    why: Any
    alerts: tuple[int, int]
    well: bool

    def on_slack(self, words: Sequence[str] = ("",)) -> str:
        """The channel as a page: the alerts that say one of these words, with what hangs on them."""
        alerts = [m for m in self.room.messages if "thread_ts" not in m and any(w in m["text"] for w in words)]
        known = {m["ts"] for m in alerts}
        room = replace(self.room, messages=[m for m in self.room.messages if m.get("thread_ts", m["ts"]) in known])
        return str(
            _fake("slack_preview").render(
                [room], files=self.slack.workspace.files, private=self.slack.workspace.ephemeral
            )
        )

    def on_discord(self, words: Sequence[str] = ("",)) -> str:
        """The same."""
        alerts = [m for m in self.place.messages if any(w in m["content"] for w in words)]
        known = {m["id"] for m in alerts}
        answers = [m for m in self.place.messages if (m.get("message_reference") or {}).get("message_id") in known]
        messages = sorted({m["id"]: m for m in (*alerts, *answers)}.values(), key=lambda m: int(m["id"]))
        threads = {t.id: (t.name, t.messages) for t in self.discord.world.children(self.place.id)}
        more = {"uploads": self.discord.world.uploads, "threads": threads}
        return str(_fake("discord_preview").render([*messages, self.why], channel=self.place.name, **more))


@asynccontextmanager
async def played(path: Path, told: Callable[[App, Result], None]) -> AsyncIterator[Shown]:
    """The whole demo. ``told`` hears of the first round."""
    slack_fake, discord_fake = _fake("slack"), _fake("discord")
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
        options = Options(catch_up=False, watch=False, spread=False)
        config = load_config(path, environment)
        async with open_app(config, options=options, sources=outlets.sources, allow_private=True) as app:
            first = await app.once()
            told(app, first)
            alerts = (len(room.messages), len(place.messages))
            outlets.go_on()
            await app.poll_now()
            later = await app.once()
            why = await _ask_why(slack, room, discord, place)
            wanted = first.tally.alerts
            well = first.delivered and later.delivered and wanted > 0 and alerts == (wanted, wanted)
            yield Shown(slack, room, discord, place, why, alerts, well)


async def _ask_why(slack: Any, room: Any, discord: Any, place: Any) -> Any:
    """Somebody presses "Why?" under the newest alert of each channel."""
    slack.workspace.add_user("U0ADA", "ada")
    await slack.hub.wait_opened(1)
    await discord.gateway.wait_for(identifies=1)
    ada = _fake("slack.person").Person(slack, "U0ADA")
    post = next(m for m in reversed(room.messages) if "thread_ts" not in m)
    buttons = (e.get("action_id", "") for block in post["blocks"] for e in block.get("elements", ()))
    await ada.clicks(room, post, next(b for b in buttons if ":why:" in b))
    await ada.hears()
    bob = _fake("discord.person").Person(discord, discord.world.add_user("bob"))
    post = next(m for m in reversed(place.messages) if not m.get("message_reference"))
    buttons = (part.get("custom_id", "") for row in post["components"] for part in row["components"])
    return await bob.reads(await bob.clicks(post, next(b for b in buttons if ":why:" in b)))
