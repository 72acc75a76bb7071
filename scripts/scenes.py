"""Two days on a desk: what the pictures in ``docs/img`` are taken of.

The real bot, both client libraries and the local Slack and Discord of the tests. News of two days come in half hours,
on a clock that is turned; then people ask, press and mute. What is shown is what the two servers hold at the end.
"""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from bot import pipeline
from bot.app import App, Options, open_app
from bot.channels.console import ConsoleChannel
from bot.config import load_config
from bot.demo.server import DOWN, EVERY, SampleOutlets
from bot.model import Fetched, HttpState, Source
from bot.sources import kind
from bot.web.fetch import Fetcher
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.discord.person import Person as DiscordPerson
from tests.fakes.feeds import Answer, FeedServer
from tests.fakes.slack import SlackServer
from tests.fakes.slack.person import Person as SlackPerson

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)  # a Wednesday; pictures taken again look the same
STEP = timedelta(minutes=30)
SLOWER = 4.8  # the sample news of five hours fill a day
DOWN_FROM, DOWN_TO = timedelta(hours=9), timedelta(hours=5)  # before NOW; of one outlet
DESK = "sanctions-desk"

CONFIG = """\
rules: [shipped]
store: "sqlite:///{folder}/desk.db"
timezone: Europe/London
channels:
  desk:            {{kind: slack, channel: "#sanctions-desk"}}
  desk-discord:    {{kind: discord, channel: "#sanctions-desk"}}
  morning:         {{kind: slack, channel: "#overnight", digest: {{cron: "0 7 * * *"}}}}
  morning-discord: {{kind: discord, channel: "#overnight", digest: {{cron: "0 7 * * *"}}}}
routes:
  - {{to: [desk, desk-discord, morning, morning-discord]}}
summaries:
  afternoon: {{to: [desk, desk-discord], cron: "0 14 * * *", stories: 5}}
slack: {{default: {{pace: 0s}}}}
"""


@dataclass(frozen=True)
class Story:
    """One item of a feed."""

    outlet: str
    guid: str
    url: str
    title: str
    text: str
    published: datetime


class Clock:
    """Goes on from where it was last set."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        self._at, self._since = at, time.monotonic()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def seconds(self) -> float:
        """As Unix time."""
        return self().timestamp()


async def _samples(*, later: bool) -> list[Story]:
    """The news of the demo, over a day; ``later``: as they stand when their stories went on."""
    found: list[Story] = []
    async with SampleOutlets(NOW) as outlets, Fetcher(allow_private=True) as fetcher:
        if later:
            outlets.go_on()
        for source in outlets.sources:
            if source.url.endswith(DOWN):
                continue
            answer = await fetcher.fetch(source, HttpState(), NOW)
            assert isinstance(answer, Fetched)
            for one in pipeline.articles_of(kind(source.kind).parse(answer, source), source, NOW):
                age = NOW - one.published
                age = age if age < timedelta(minutes=5) else age * SLOWER
                found.append(Story(source.title, one.guid, one.url, one.title, one.text, NOW - age))
    return found


def _yesterday() -> list[Story]:
    listed = yaml.safe_load(Path(__file__).with_name("yesterday.yaml").read_text("utf-8"))
    return [
        Story(
            one["outlet"], f"y{n}", f"https://{_id(one['outlet'])}.example.org/y{n}", one["title"], one["text"],
            NOW - timedelta(minutes=one["ago"]),
        )
        for n, one in enumerate(listed)
    ]  # fmt: skip


def _id(outlet: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in outlet.lower()).split())


def _feed(outlet: str, stories: Iterable[Story]) -> bytes:
    items = "".join(
        f"<item><title>{escape(s.title)}</title><guid isPermaLink='false'>{escape(s.guid)}</guid><link>{escape(s.url)}"
        f"</link><description>{escape(escape(s.text))}</description><pubDate>{format_datetime(s.published)}</pubDate>"
        "</item>"
        for s in stories
    )
    return f"<rss version='2.0'><channel><title>{escape(outlet)}</title>{items}</channel></rss>".encode()


@dataclass
class Desk:
    """What there is to look at. ``ada`` sits before both, and may change things; ``bob`` may not."""

    app: App
    clock: Clock
    slack: SlackServer
    discord: FakeDiscord
    ada: SlackPerson
    bob: SlackPerson
    ann: DiscordPerson
    ben: DiscordPerson
    outlets: str  # where the feeds are, in truth

    def room(self, name: str) -> Any:
        return next(r for r in self.slack.workspace.rooms.values() if r.name == name)

    def place(self, name: str) -> Any:
        return next(c for c in self.discord.world.channels.values() if c.name == name)


@asynccontextmanager
async def two_days(folder: Path) -> AsyncIterator[Desk]:
    """Played, and ready for questions at :data:`NOW`."""
    first, last = await _samples(later=False), await _samples(later=True)
    before = [*_yesterday(), *first]
    outlets = sorted({s.outlet for s in before})
    clock = Clock(NOW - timedelta(hours=50))
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer(now=clock.seconds))
        discord = await stack.enter_async_context(FakeDiscord(clock=clock.seconds, speed=1000))
        server = await stack.enter_async_context(FeedServer())
        guild = discord.world.add_guild()
        for name in (DESK, "overnight"):
            slack.workspace.add_channel(name)
            discord.world.add_channel(guild, name)
        (folder / "wirewatch.yaml").write_text(CONFIG.format(folder=folder), "utf-8")
        environment = {
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.api_url,
            "DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": discord.api_url,
        }  # fmt: skip
        sources = tuple(Source(_id(o), server.url(f"/{_id(o)}"), title=o, every=EVERY) for o in outlets)
        options = Options(watch=False, spread=False, clock=clock, catch_up=False)
        config = load_config(folder / "wirewatch.yaml", environment)

        def publish(stories: Iterable[Story], at: datetime) -> None:
            out = [s for s in stories if s.published <= at]
            for outlet in outlets:
                down = outlet == "Atlantic Gazette" and NOW - DOWN_FROM <= at < NOW - DOWN_TO
                body = _feed(outlet, (s for s in out if s.outlet == outlet))
                server.answers[f"/{_id(outlet)}"] = Answer(status=503) if down else Answer(body)

        publish((), clock())
        app = await stack.enter_async_context(open_app(config, options=options, sources=sources, allow_private=True))
        at = clock()
        while at <= NOW:
            clock.set(at)
            publish(before, at)
            await _round(app)
            at += STEP
        clock.set(NOW)
        publish(last, NOW)
        await _round(app)
        await slack.hub.wait_opened(1)
        await discord.gateway.wait_for(identifies=1)
        yield Desk(app, clock, slack, discord, *_people(slack, discord, guild), outlets=server.url().rstrip("/"))


TERMINAL = """\
<!doctype html><meta charset=utf-8><style>
body {{ margin: 0; background: #16181d; padding: 16px 18px; color: #d8dee9 }}
a {{ color: inherit }}
pre {{ margin: 0; font: 13px/19px 'DejaVu Sans Mono', 'Noto Color Emoji', monospace }}
</style><pre>{code}</pre>
"""
TERMINAL_COLUMNS = 78
TERMINAL_THEME = TerminalTheme(
    (22, 24, 29), (216, 222, 233),
    [(59, 66, 82), (235, 95, 95), (122, 200, 130), (232, 190, 92), (110, 160, 245), (190, 140, 220), (100, 200, 210),
     (216, 222, 233)],
)  # fmt: skip


async def in_a_terminal(folder: Path) -> str:
    """Two alerts of the demo as the channel ``console`` prints them."""
    path = folder / "terminal.yaml"
    path.write_text(
        f'rules: [shipped]\nstore: "sqlite:///{folder}/terminal.db"\nchannels: {{console: {{kind: console}}}}\n'
        "routes: [{rules: [arms-deal-sanctioned-state, ransomware-attack], to: [console]}]\n",
        "utf-8",
    )
    config = load_config(path, {})
    console = Console(
        record=True, file=io.StringIO(), width=TERMINAL_COLUMNS, force_terminal=True, color_system="truecolor",
        highlight=False,
    )  # fmt: skip
    clock = Clock(NOW)
    channels = {"console": ConsoleChannel("console", console, tz=config.timezone, clock=clock)}
    options = Options(catch_up=False, watch=False, spread=False, clock=clock)
    async with (
        SampleOutlets(NOW) as outlets,
        open_app(config, options=options, channels=channels, sources=outlets.sources, allow_private=True) as app,
    ):
        await _round(app)
    return console.export_html(theme=TERMINAL_THEME, code_format=TERMINAL, inline_styles=True)


async def _round(app: App) -> None:
    await app.poll_now()
    result = await app.once()
    assert result.delivered, result


def _people(slack: SlackServer, discord: FakeDiscord, guild: Any) -> tuple[Any, ...]:
    for user, name in (("U0ADA", "ada"), ("U0BOB", "bob")):
        slack.workspace.add_user(user, name)
    slack.workspace.users["U0ADA"]["is_admin"] = True
    ann, ben = discord.world.add_user("ada"), discord.world.add_user("bob")
    guild.member_roles[ann.id] = [discord.world.add_role(guild, "editors", 1 << 5).id]
    on_slack = (SlackPerson(slack, "U0ADA"), SlackPerson(slack, "U0BOB"))
    return (*on_slack, DiscordPerson(discord, ann), DiscordPerson(discord, ben))
