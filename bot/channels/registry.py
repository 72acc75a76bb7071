"""The channels of a config and the connections that they share, built once. Adding a kind is one maker here and one
class in :mod:`bot.settings.keys`.

A connection is made for each entry under ``slack:`` and ``discord:`` that a channel uses, and is shared by all of its
channels: it opens with the first that starts and closes with the last that stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.channels.base import Channel
from bot.channels.mentions import Id, Mentions
from bot.channels.places import parse_place
from bot.config import Config
from bot.errors import ConfigError, Problem
from bot.extras import how_to_add
from bot.settings.chat import DiscordMention, SlackMention
from bot.settings.keys import AppriseSettings, ConsoleSettings, DiscordSettings, SlackSettings, WebhookSettings
from bot.template import Wording

if TYPE_CHECKING:
    from aiohttp import web

    from bot.channels.discord_connection import DiscordConnection
    from bot.channels.slack_connection import SlackConnection

SLACK_PATH = "/slack/events"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a person has to mend about a connection. ``account`` names it: ``Slack workspace default``."""

    account: str
    text: str
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fleet:
    """All channels by name, and the connections behind them by the name of their entry. Nothing is started."""

    channels: Mapping[str, Channel]
    slack: Mapping[str, SlackConnection] = field(default_factory=dict)
    discord: Mapping[str, DiscordConnection] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)  # channel -> account; none for one that stands alone
    wordings: Mapping[str, Wording] = field(default_factory=dict)  # of channels that word alerts in their own way
    build: Callable[[str], Channel | None] = lambda name: None  # one of no config, by its name; see bot.channels.places

    def sharing(self, channel: str) -> frozenset[str]:
        """The channels on the same connection, itself included."""
        account = self.accounts.get(channel)
        return frozenset(c for c, a in self.accounts.items() if a == account) | {channel}

    def http_routes(self) -> tuple[web.AbstractRouteDef, ...]:
        """Where Slack's signed requests come in: ``/slack/events`` for the entry ``default``, else
        ``/slack/events/NAME``."""
        from aiohttp import web

        return tuple(
            web.post(slack_path(name), connection.handle_http)
            for name, connection in self.slack.items()
            if connection.mode == "http"
        )


def slack_path(workspace: str) -> str:
    """Where the requests of one workspace come in."""
    return SLACK_PATH if workspace == "default" else f"{SLACK_PATH}/{workspace}"


def make_fleet(config: Config, *, on_trouble: Callable[[Trouble], None] | None = None, listen: bool = True) -> Fleet:
    """The channels of a config.

    ``on_trouble`` hears once of each trouble that a person has to mend; without it the log does. ``listen``: take
    clicks and commands (not for ``doctor``: they would be lost to the bot that runs). Raises ``ConfigError``.
    """
    yard = _Yard(config, on_trouble, listen)
    channels = {name: _MAKERS[settings.kind](yard, name, settings) for name, settings in config.channels.items()}
    return Fleet(channels, yard.slack, yard.discord, yard.accounts, dict(_wordings(config)), yard.build)


def _wordings(config: Config) -> Iterator[tuple[str, Wording]]:
    for name, settings in config.channels.items():
        if not isinstance(settings, WebhookSettings) and (own := settings.template) is not None:
            yield name, Wording(own.headline, own.text, own.notification, config.timezone)


class _Yard:
    """What the makers share."""

    def __init__(self, config: Config, on_trouble: Callable[[Trouble], None] | None, listen: bool) -> None:
        self.config = config
        self.slack: dict[str, SlackConnection] = {}
        self.discord: dict[str, DiscordConnection] = {}
        self.accounts: dict[str, str] = {}
        self._on_trouble = on_trouble
        self._listen = listen

    def teller(self, account: str) -> Callable[[str], None] | None:
        """Passes on the troubles of one connection."""
        hear = self._on_trouble
        if hear is None:
            return None

        def tell(text: str) -> None:
            hear(Trouble(account, text, frozenset(c for c, a in self.accounts.items() if a == account)))

        return tell

    def workspace(self, name: str, channel: str) -> SlackConnection:
        """The connection of an entry under ``slack:``, for this channel too."""
        from bot.channels.slack_connection import API_URL, SlackConnection

        account = self.accounts[channel] = f"Slack workspace {name}"
        if name not in self.slack:
            entry = self.config.slack[name]
            assert entry.bot_token is not None, "load_config checked it"
            self.slack[name] = SlackConnection(
                entry.bot_token,
                entry.app_token if entry.mode == "socket" else None,
                entry.signing_secret if entry.mode == "http" else None,
                name=name,
                api_url=self.config.slack_api_url or API_URL,
                on_trouble=self.teller(account),
                listen=self._listen,
            )
        return self.slack[name]

    def bot(self, name: str, channel: str) -> DiscordConnection:
        """The connection of an entry under ``discord:``, for this channel too."""
        from bot.channels.discord_connection import DiscordConnection

        account = self.accounts[channel] = f"Discord bot {name}"
        if name not in self.discord:
            entry = self.config.discord[name]
            assert entry.token is not None, "load_config checked it"
            self.discord[name] = DiscordConnection(
                entry.token,
                api_url=self.config.discord_api_url,
                gateway=self._listen,
                on_trouble=self.teller(account),
            )
        return self.discord[name]

    def build(self, name: str) -> Channel | None:
        """The channel that a name of :mod:`bot.channels.places` stands for; ``None`` where there is no such account."""
        place = parse_place(name)
        if place is None:
            return None
        accounts = self.config.slack if place.platform == "slack" else self.config.discord
        if place.account not in accounts:
            return None
        if place.platform == "slack":
            from bot.channels.slack import SlackChannel

            pace_s = self.config.slack[place.account].pace.total_seconds()
            return SlackChannel(name, channel=place.id, connection=self.workspace(place.account, name), pace_s=pace_s)
        from bot.channels.discord import DiscordChannel

        connection = self.bot(place.account, name)
        if place.direct:
            return DiscordChannel(name, user=int(place.id), connection=connection)
        return DiscordChannel(name, channel=place.id, connection=connection, publish=False)

    def refuse(self, channel: str, text: str) -> ConfigError:
        return ConfigError((Problem(self.config.file, 0, 0, f"channels.{channel}: {text}", "bad-channel"),))


# -- one maker for each kind ----------------------------------------------------------------------------------------


def _console(yard: _Yard, name: str, settings: ConsoleSettings) -> Channel:
    from bot.channels.console import ConsoleChannel

    return ConsoleChannel(name, tz=yard.config.timezone)


def _webhook(yard: _Yard, name: str, settings: WebhookSettings) -> Channel:
    from bot.channels.webhook import WebhookChannel

    return WebhookChannel(
        name,
        settings.url,
        settings.secret,
        user_agent=yard.config.user_agent,
        timeout_s=settings.timeout.total_seconds(),
    )


def _slack(yard: _Yard, name: str, settings: SlackSettings) -> Channel:
    from bot.channels.slack import SlackChannel

    return SlackChannel(
        name,
        channel=settings.channel,
        connection=yard.workspace(settings.workspace, name),
        image=settings.image,
        mentions=_calls(settings.mention.groups, settings.mention) if settings.mention else None,
        pace_s=yard.config.slack[settings.workspace].pace.total_seconds(),
    )


def _calls(ids: tuple[Id, ...], settings: SlackMention | DiscordMention) -> Mentions[Id]:
    return Mentions(ids, settings.min_severity, settings.cooldown)


def _discord(yard: _Yard, name: str, settings: DiscordSettings) -> Channel:
    if settings.webhook is not None:
        from bot.channels.discord_webhook import DiscordWebhook

        try:
            return DiscordWebhook(name, url=settings.webhook, thread_id=settings.thread, forum=settings.forum)
        except ValueError:  # its text shows part of the address
            shape = "https://discord.com/api/webhooks/ID/TOKEN"
            raise yard.refuse(name, f"webhook: is no address of a Discord webhook; it looks like {shape}") from None
    from bot.channels.discord import DiscordChannel

    assert settings.channel is not None, "the settings have one of the two"
    return DiscordChannel(
        name,
        channel=settings.channel,
        connection=yard.bot(settings.bot, name),
        guild=settings.guild,
        tags=settings.forum_tags,
        publish=settings.publish,
        mentions=(
            _calls(settings.mention.roles, settings.mention)
            if settings.mention
            else Mentions(settings.mention_roles, settings.mention_from)
        ),
    )


def _apprise(yard: _Yard, name: str, settings: AppriseSettings) -> Channel:
    try:
        from bot.channels.apprise import AppriseChannel

        return AppriseChannel(name, settings.url)
    except ImportError:
        raise yard.refuse(name, f"apprise is not installed; {how_to_add('apprise')}") from None
    except ValueError as error:
        raise yard.refuse(name, str(error)) from None


_MAKERS: Mapping[str, Callable[[_Yard, str, Any], Channel]] = {
    "console": _console,
    "webhook": _webhook,
    "slack": _slack,
    "discord": _discord,
    "apprise": _apprise,
}
