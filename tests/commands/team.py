"""A whole bot in this process, with a Slack and a Discord on this machine, some news behind it, and people in front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import yaml

from bot.app import App, Options, open_app
from bot.config import load_config
from bot.model import Mute
from bot.people import AuditEntry, Watch
from tests.fakes.discord import TOKEN, FakeDiscord, openapi
from tests.fakes.discord.person import Person as DiscordPerson
from tests.fakes.discord.world import Channel
from tests.fakes.feeds import Answer, FeedServer
from tests.fakes.slack import SlackServer
from tests.fakes.slack.person import Person as SlackPerson
from tests.fakes.slack.workspace import Room

RULES = """\
rules:
  - id: arms-deal
    title: Arms deal with a sanctioned state
    severity: high
    tags: [arms]
    when:
      near: {of: [{any: [arms deal, supply ammunition, weapons shipment]}, {country: [KP, IR]}], within: sentence}
  - id: flood
    title: Flood warning
    severity: medium
    when: {any: [flood warning, river rises]}
  - id: quiet
    title: Never fires
    severity: low
    when: {all: [quartzite, obsidian]}
"""
HOSTILE = "<!channel> *Flood warning* `x` <@U1> @everyone [a](https://evil.example) & <b>"
NEWS = (
    ("ammo", "Pyongyang agrees to supply ammunition to Moscow", "North Korea agreed to supply ammunition to Russia, "
     "officials said in Seoul on Monday. The shipment would be the first of the year."),
    ("flood", HOSTILE, "The river rises near the old town and a flood warning is in force, the agency said."),
    ("bake", "Bakery wins a prize", "The judges praised its bread and the queue outside the door."),
)  # fmt: skip
WITHIN_S = 10.0
ROOT = Path(__file__).parents[2]


def feed(items: tuple[tuple[str, str, str], ...], base: str) -> bytes:
    now = datetime.now(UTC) - timedelta(minutes=5)
    return (
        "<rss version='2.0'><channel><title>River Post</title>"
        + "".join(
            f"<item><title>{escape(title)}</title><guid isPermaLink='false'>{name}</guid><link>{base}/{name}</link>"
            f"<description>{escape(escape(text))}</description><pubDate>{format_datetime(now)}</pubDate></item>"
            for name, title, text in items
        )
        + "</channel></rss>"
    ).encode()


@dataclass
class Team:
    """``app`` is the running bot; :meth:`restart` ends it and begins another on the same store."""

    folder: Path
    slack: SlackServer
    discord: FakeDiscord
    news: FeedServer
    room: Room
    place: Channel
    environment: dict[str, str]
    options: Options
    socket: bool = True
    refused: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # what Slack refuses on purpose: ``method: error``
    law: openapi.OpenApi | None = field(default_factory=openapi.law)
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)
    _app: App | None = None

    @property
    def app(self) -> App:
        assert self._app is not None
        return self._app

    def note(self, method: str, path: str, body: Any, status: int, answer: Any) -> None:
        """A request to Discord, with its answer."""
        if status >= 400:
            self.refused.append(f"{method} {path}: {answer}")
        if self.law is not None:
            self.law.observe(method, path, body, status, answer)

    async def start(self) -> None:
        config = load_config(self.folder / "wirewatch.yaml", self.environment)
        self._app = await self._running.enter_async_context(open_app(config, options=self.options, allow_private=True))
        async with asyncio.timeout(WITHIN_S):
            if self.socket:
                await self.slack.hub.wait_opened(self.slack.hub.opened + (not self.slack.hub.connections))
            await self.discord.gateway.wait_for(identifies=1)

    async def stop(self) -> None:
        await self._running.aclose()
        self._running, self._app = AsyncExitStack(), None

    async def restart(self) -> None:
        await self.stop()
        self.discord.gateway.identifies = 0
        await self.start()

    async def poll(self) -> None:
        """Read the feed once and deliver."""
        await self.app.poll_now()
        result = await self.app.once()
        assert result.delivered, result

    def publish(self, *items: tuple[str, str, str]) -> None:
        self.news.answers["/feed"] = Answer(feed(items or NEWS, "https://river.example"))

    # -- people -----------------------------------------------------------------------------------------------------

    def on_slack(self, user: str = "U0ADA", *, admin: bool = True) -> SlackPerson:
        self.slack.workspace.add_user(user, user.removeprefix("U0").lower())
        self.slack.workspace.users[user]["is_admin"] = admin
        return SlackPerson(self.slack, user)

    def on_discord(self, name: str = "ada", *, roles: tuple[str, ...] = (), manager: bool = True) -> DiscordPerson:
        guild = self.discord.world.guilds[self.place.guild_id]
        user = self.discord.world.add_user(name)
        held = list(roles)
        if manager:
            held.append(self.discord.world.add_role(guild, f"manager-{name}", 1 << 5).id)
        guild.member_roles[user.id] = held
        return DiscordPerson(self.discord, user)

    async def audit(self) -> tuple[AuditEntry, ...]:
        """All changes, newest first."""
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        return await self.app.chat.commands.desk.store.read(lambda s: s.audit(long_ago, 99))

    async def mutes(self) -> tuple[Mute, ...]:
        return await self.app.chat.commands.desk.store.read(lambda s: s.mutes(datetime.now(UTC)))

    async def watches(self) -> tuple[Watch, ...]:
        return await self.app.chat.commands.desk.store.read(lambda s: s.watches())

    def slack_post(self, words: str) -> dict[str, Any]:
        return next(m for m in self.room.messages if words in m["text"])

    def discord_post(self, words: str) -> dict[str, Any]:
        return next(m for m in self.place.messages if words in m["content"])

    async def registered(self) -> None:
        """Until ``/wire`` is there."""
        await until(lambda: any(self.discord.world.commands.values()))


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that the bot does by itself. Raises ``TimeoutError``."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - what it looks at sets no event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def team(
    folder: Path,
    *,
    extra: str = "",
    news: bool = True,
    slack_extra: str = "pace: 0s",
    socket: bool = True,
    catch_up: bool = False,
    environ: Mapping[str, str] = {},
) -> AsyncIterator[Team]:
    """Started, with the news polled and posted on both platforms. Nothing that the bot sent may have been
    refused, with the scopes of docs/slack-manifest.yaml and no others; what it said to Discord fits Discord's OpenAPI
    document, where that is there."""
    async with SlackServer() as slack, FakeDiscord(speed=1000) as discord, FeedServer() as server:
        manifest = yaml.safe_load((ROOT / "docs" / "slack-manifest.yaml").read_text("utf-8"))
        slack.set_scopes(*manifest["oauth_config"]["scopes"]["bot"])
        room = slack.workspace.add_channel("desk")
        place = discord.world.add_channel(discord.world.add_guild(), "intel")
        (folder / "rules").mkdir()
        (folder / "rules" / "rules.yaml").write_text(RULES, "utf-8")
        (folder / "rules" / "sources.yaml").write_text(
            f"sources:\n  - {{id: river-post, url: {server.url('/feed')!r}, every: 1m, title: River Post}}\n", "utf-8"
        )
        (folder / "wirewatch.yaml").write_text(
            f'rules: [rules/]\nstore: "sqlite:///wirewatch.db"\n{extra}'
            f'channels:\n  desk: {{kind: slack, channel: "#desk"}}\n  intel: {{kind: discord, channel: {place.id}}}\n'
            f"slack: {{default: {{{slack_extra}}}}}\n",
            "utf-8",
        )
        environment = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": discord.api_url,
            **environ,
        }
        options = Options(catch_up=catch_up, watch=False, spread=False)
        one = Team(folder, slack, discord, server, room, place, environment, options, socket)
        one.discord.observe = one.note
        one.publish()
        try:
            await one.start()
            if news:
                await one.poll()
            yield one
        finally:
            await one.stop()
        wrong = [f"{c.method}: {c.error}" for c in slack.calls if c.ok is False]
        assert (wrong, one.refused, slack.hub.violations) == (one.expected, [], [])
        assert one.law is None or not (found := one.law.problems()), "\n".join(found)
