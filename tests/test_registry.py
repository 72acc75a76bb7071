"""From a config to channels: who shares a connection, where Slack's requests come in, who hears of trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.discord import DiscordChannel
from bot.channels.places import ChatPlace, parse_place
from bot.channels.registry import Fleet, Trouble, make_fleet, slack_path
from bot.channels.slack import SlackChannel
from bot.config import Config, load_config
from bot.errors import ConfigError
from bot.health import HealthServer, Metrics
from bot.message import Notice
from bot.model import Severity
from bot.operators import Operators, hearer
from bot.roster.news import SourceNotice
from bot.settings.keys import Listen
from bot.store.outbox_port import NewDelivery
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import SlackServer

ENVIRON = {"SLACK_BOT_TOKEN": "xoxb-1-a", "SLACK_APP_TOKEN": "xapp-1-a", "DISCORD_TOKEN": "d-1", "SECRET": "s-1"}
TWO_OF_EACH = """\
channels:
  console: {kind: console}
  desk:  {kind: slack, channel: "#desk"}
  risk:  {kind: slack, channel: "#risk"}
  north: {kind: slack, channel: "#desk", workspace: north}
  intel: {kind: discord, channel: 1122334455667788}
  wire:  {kind: discord, channel: 2122334455667788}
  south: {kind: discord, channel: 3122334455667788, bot: south}
slack: {north: {bot_token: "${SECRET}", mode: off, pace: 2s}, idle: {bot_token: "${SECRET}", mode: off}}
discord: {south: {token: "${SECRET}"}}
ops: desk
"""


def config(folder: Path, text: str, **environ: str) -> Config:
    file = folder / "wirewatch.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, {**ENVIRON, **environ})


def test_channels_of_one_entry_share_its_connection_and_an_entry_nobody_uses_has_none(tmp_path: Path) -> None:
    fleet = make_fleet(config(tmp_path, TWO_OF_EACH))
    assert list(fleet.channels) == ["console", "desk", "risk", "north", "intel", "wire", "south"]
    assert (sorted(fleet.slack), sorted(fleet.discord)) == (["default", "north"], ["default", "south"])
    assert fleet.sharing("desk") == {"desk", "risk"}
    assert fleet.sharing("north") == {"north"}
    assert fleet.sharing("wire") == {"intel", "wire"}
    assert fleet.sharing("console") == {"console"}
    assert (fleet.slack["default"].mode, fleet.slack["north"].mode) == ("socket", "post only")
    assert fleet.channels["desk"].capabilities.pace_s == 1
    assert fleet.channels["north"].capabilities.pace_s == 2
    assert fleet.channels["intel"].capabilities.readable


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        (
            '{kind: discord, webhook: "https://hooks.example.org/token-of-mine"}',
            "channels.bad: webhook: is no address of a Discord webhook",
        ),
        ('{kind: apprise, url: "nosuchservice://token-of-mine"}', "channels.bad: apprise cannot use this url"),
    ],
)
def test_an_address_of_no_use_is_one_sentence_without_the_secret(tmp_path: Path, channel: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_fleet(config(tmp_path, f"channels: {{bad: {channel}}}"))
    assert words in str(caught.value)
    assert "token-of-mine" not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('webhook: "${SECRET}", publish: false', "publish: does nothing with webhook:"),
        ("channel: 1, forum: true", "forum: does nothing with channel:"),
        ("channel: 1, mention_roles: [desk]", "write an id"),
    ],
)
def test_a_key_that_would_do_nothing_is_refused(tmp_path: Path, keys: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config(tmp_path, f"channels: {{d: {{kind: discord, {keys}}}}}", SECRET="https://discord.com/api/webhooks/1/t")


def test_signed_http_without_a_listener_is_refused_with_what_to_add(tmp_path: Path) -> None:
    text = 'channels: {d: {kind: slack, channel: "#d"}}\nslack: {default: {mode: http, signing_secret: "${SECRET}"}}\n'
    with pytest.raises(ConfigError, match="needs the section http:"):
        config(tmp_path, text)
    assert config(tmp_path, text + "http: {}\n").http is not None


async def test_slacks_signed_requests_come_in_beside_the_health_checks_a_path_for_each_workspace(
    tmp_path: Path,
) -> None:
    text = (
        'channels: {a: {kind: slack, channel: "#a"}, b: {kind: slack, channel: "#b", workspace: north}}\n'
        'slack: {default: {mode: http, signing_secret: "${SECRET}"}, '
        'north: {bot_token: "${SECRET}", mode: http, signing_secret: "other-secret"}}\nhttp: {listen: "127.0.0.1:0"}\n'
    )
    async with SlackServer() as slack:
        fleet = make_fleet(config(tmp_path, text, SLACK_API_URL=slack.api_url, SLACK_BOT_TOKEN=slack.bot_token))

        @fleet.slack["default"].app.command("/wire")
        async def wire(ack: Callable[..., Any]) -> None:
            await ack("heard")

        health = HealthServer(Listen("127.0.0.1", 0), Metrics(), lambda: None, fleet.http_routes())
        await health.start()
        try:
            room = slack.workspace.add_channel("a")
            user = slack.workspace.add_user("U0ANN", "ann")
            base = f"http://127.0.0.1:{health.port}"
            slack.workspace.signing_secret = "s-1"
            slack.request_url = base + slack_path("default")
            assert await slack.command("/wire", "help", user=user, channel=room.id) == {"text": "heard"}
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"{base}/healthz")).status_code == 200
                # Signed by nobody; and each workspace has a path of its own.
                assert (await client.post(base + slack_path("default"), content=b"x")).status_code == 401
                assert (await client.post(base + slack_path("north"), content=b"x")).status_code == 401
                assert (await client.post(f"{base}/slack/events/other", content=b"x")).status_code == 404
        finally:
            await health.stop()


async def test_nothing_listens_where_only_questions_are_asked(tmp_path: Path) -> None:
    """A second websocket would take clicks and commands away from the bot that runs."""
    async with SlackServer() as slack, FakeDiscord() as discord:
        slack.workspace.add_channel("desk")
        place = discord.world.add_channel(discord.world.add_guild(), "intel")
        text = f'channels: {{a: {{kind: slack, channel: "#desk"}}, b: {{kind: discord, channel: {place.id}}}}}'
        environ = {
            "SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token,
            "DISCORD_API_URL": discord.api_url, "DISCORD_TOKEN": discord.world.token,
        }  # fmt: skip
        fleet = make_fleet(config(tmp_path, text, **environ), listen=False)
        for channel in fleet.channels.values():
            await channel.start()
            assert await channel.check() is None
            await channel.stop()
        assert slack.counted()["apps.connections.open"] == 0
        assert slack.hub.opened == 0
        assert discord.gateway.sessions == {}


# -- who hears of trouble -------------------------------------------------------------------------------------------


class Outbox:
    """Takes deliveries, as the store does."""

    def __init__(self) -> None:
        self.rows: list[NewDelivery] = []

    async def run(self, op: Callable[[Any], Any]) -> Any:
        return op(self)

    async def read(self, op: Callable[[Any], Any]) -> Any:
        return op(self)

    def tell(self, new: Sequence[NewDelivery], told: Sequence[SourceNotice]) -> None:
        self.rows += new

    def told(self) -> list[tuple[str, str]]:
        """(channel, text) of each notice."""
        return [(row.channel, row.payload.text) for row in self.rows if isinstance(row.payload, Notice)]


def operators(fleet: Fleet, ops: str | None) -> tuple[Operators, Outbox]:
    outbox = Outbox()
    return Operators(ops, fleet, outbox, clock=lambda: datetime(2026, 3, 4, tzinfo=UTC), notify=lambda _: None), outbox


@pytest.mark.parametrize(
    ("ops", "silent", "heard_on", "why"),
    [
        ("desk", (), "desk", "nothing is wrong with it"),
        ("desk", ("intel",), "desk", "another channel is in trouble"),
        ("desk", ("desk",), "console", "it cannot tell of its own silence"),
        ("console", ("console",), "desk", "the first of the others"),
        ("desk", ("desk", "console"), "north", "risk is on the connection of desk, so it comes last"),
        (None, (), None, "nobody wants to hear"),
    ],
)
def test_who_hears(tmp_path: Path, ops: str | None, silent: tuple[str, ...], heard_on: str | None, why: str) -> None:
    assert hearer(ops, make_fleet(config(tmp_path, TWO_OF_EACH)), silent) == heard_on, why


def test_nobody_hears_where_the_only_channel_refuses(tmp_path: Path) -> None:
    fleet = make_fleet(config(tmp_path, 'channels: {desk: {kind: slack, channel: "#desk"}}'))
    assert hearer("desk", fleet, ("desk",)) is None


async def test_a_dead_token_is_told_once_and_not_again_by_each_of_its_channels(tmp_path: Path) -> None:
    """The whole way: Slack revokes the token, two channels of the workspace are refused."""
    async with SlackServer() as slack:
        for name in ("desk", "risk"):
            slack.workspace.add_channel(name)
        heard: list[Trouble] = []
        environ = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token}
        text = TWO_OF_EACH + "http: {}\n"
        fleet = make_fleet(config(tmp_path, text, **environ), on_trouble=heard.append, listen=False)
        ops, outbox = operators(fleet, "desk")
        desk, risk = fleet.channels["desk"], fleet.channels["risk"]
        await desk.start()
        await risk.start()
        slack.revoke()
        for channel in (desk, risk):
            advice = await channel.check()
            for trouble in heard:
                ops.on_trouble(trouble)
            heard.clear()
            assert advice is not None
            await ops.on_parked(channel.name, advice)
        await ops.finish(5)
        await desk.stop()
        await risk.stop()
    assert [channel for channel, _ in outbox.told()] == ["console"]
    assert "the token was revoked" in outbox.told()[0][1]
    assert "SLACK_BOT_TOKEN" in outbox.told()[0][1]
    assert "xoxb" not in outbox.told()[0][1].replace("xoxb-", "")


async def test_a_refusal_of_one_channel_is_told_with_the_remedy_and_how_to_send_again(tmp_path: Path) -> None:
    ops, outbox = operators(make_fleet(config(tmp_path, TWO_OF_EACH)), "console")
    await ops.on_parked("desk", "the bot is not a member of #desk; type /invite @wirewatch in that channel")
    [(channel, text)] = outbox.told()
    assert channel == "console"
    assert text.startswith("the bot is not a member of #desk; type /invite @wirewatch in that channel. ")
    assert "`wirewatch deliveries retry`" in text
    assert outbox.rows[0].payload.severity is Severity.HIGH  # type: ignore[union-attr]


async def test_trouble_that_leaves_nobody_else_is_told_on_the_ops_channel_all_the_same(tmp_path: Path) -> None:
    """A websocket that stays closed does not keep posts from arriving."""
    fleet = make_fleet(config(tmp_path, 'channels: {desk: {kind: slack, channel: "#desk"}}'))
    ops, outbox = operators(fleet, "desk")
    ops.on_trouble(Trouble("Slack workspace default", "no websocket", frozenset({"desk"})))
    await asyncio.wait_for(ops.finish(5), 5)
    assert outbox.told() == [("desk", "no websocket.")]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("dm:slack.default:U0ANNA0001", ChatPlace(True, "slack", "default", "U0ANNA0001")),
        ("room:slack.north-1:C0DESK0001", ChatPlace(False, "slack", "north-1", "C0DESK0001")),
        ("dm:discord.default:1122334455667788", ChatPlace(True, "discord", "default", "1122334455667788")),
        ("dm:discord.default:U1", None),
        ("dm:teams.default:1", None),
        ("dm:slack.default:U1:x", None),
        ("desk", None),
    ],
)
def test_names_of_channels_of_no_config(name: str, place: ChatPlace | None) -> None:
    assert parse_place(name) == place
    assert place is None or str(place) == name


def test_a_channel_of_no_config_shares_the_connection_of_its_account(tmp_path: Path) -> None:
    file = tmp_path / "wirewatch.yaml"
    file.write_text('channels: {desk: {kind: slack, channel: "#desk"}, intel: {kind: discord, channel: 1}}\n')
    secrets = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "DISCORD_TOKEN": "t"}
    fleet = make_fleet(load_config(file, secrets))
    person, room = fleet.build("dm:slack.default:U0ANNA0001"), fleet.build("room:discord.default:7")
    assert isinstance(person, SlackChannel)
    assert person.connection is fleet.slack["default"]
    assert isinstance(room, DiscordChannel)
    assert room.connection is fleet.discord["default"]
    assert fleet.sharing("desk") == {"desk", "dm:slack.default:U0ANNA0001"}
    assert (fleet.build("dm:slack.other:U0ANNA0001"), fleet.build("desk")) == (None, None)
    assert set(fleet.channels) == {"desk", "intel"}
