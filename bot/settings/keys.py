"""The keys of ``wirewatch.yaml``: each with its type, its default and its meaning.

``docs/configuration.md`` says the same for people; a test holds the two together. :mod:`bot.config` does the reading.
"""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    WithJsonSchema,
    model_validator,
)

from bot.llm.settings import LlmSettings
from bot.log import redact_url
from bot.model import Match, Severity
from bot.secret import Secret
from bot.settings.chat import DiscordId, DiscordMention, SlackMention, TemplateSettings
from bot.settings.folders import SHIPPED
from bot.settings.noise import ChannelNoise, NoiseSettings, OpsDigestSettings, Zone
from bot.settings.permissions import Grant
from bot.summary.settings import SummarySettings
from bot.watchlists.settings import ListName, WatchListSettings
from bot.yaml_models import Duration, Model, Name, SeverityWord, Text, Whole, YesNo, at_least, check_web_url

# -- values ---------------------------------------------------------------------------------------------------------


class Listen(NamedTuple):
    """Where a listener binds."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(value: object) -> Listen:
    """``127.0.0.1:8080`` or ``[::1]:8080`` → :class:`Listen`. Raises ``ValueError``."""
    if isinstance(value, Listen):
        return value
    host, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not colon or not host or not port.isdigit() or int(port) > 65_535 or (":" in host and host[0] != "["):
        raise ValueError("write host:port, such as 127.0.0.1:8080")
    return Listen(host.strip("[]"), int(port))


_SIZE = re.compile(r"([0-9]{1,6})(KB|MB)\Z")


class Size(int):
    """A number of bytes that prints as it is written: ``10MB``."""

    def __str__(self) -> str:
        return f"{self // 1_000_000}MB" if self % 1_000_000 == 0 else f"{self // 1_000}KB"


def _size(value: object) -> Size:
    if isinstance(value, Size):
        return value
    found = _SIZE.match(value) if isinstance(value, str) else None
    if found is None or not int(found[1]):
        raise ValueError("write a whole number and a unit, such as 10MB")
    return Size(int(found[1]) * (1_000 if found[2] == "KB" else 1_000_000))


def _private_host(value: str) -> str:
    try:
        return str(ip_address(value.strip("[]")))
    except ValueError:
        if re.fullmatch(r"(?i)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", value):
            return value.lower()
    raise ValueError("write a host name or an address, without http:// and without a port")


def _contact(value: str) -> str:
    if re.fullmatch(r"[^\s@()<>]+@[^\s@()<>]+|https?://[^\s()<>]+", value) and value.isascii():
        return value
    raise ValueError("write a mail address or a web page; feed owners see it and can reach you")


def _store(value: object) -> Secret:
    url = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(url, str) or not re.match(r"(sqlite|postgresql\+psycopg)://.+", url):
        raise ValueError("write sqlite:///path/to/file.db or postgresql+psycopg://user@host/database")
    return Secret(url, redact_url(url))


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError('must be text; put it into quotes, such as "${NAME}"')
    if not value.strip():
        raise ValueError("is empty; set the variable or the file that it comes from")
    return Secret(value)


def _secret_web_url(value: object) -> Secret:
    url = check_web_url(_secret(value).reveal())
    return Secret(url, redact_url(url))


def _secret_url(value: object) -> Secret:
    url = _secret(value).reveal()
    if not re.match(r"[a-z][a-z0-9+.-]*://.+", url, re.IGNORECASE):
        raise ValueError("not an apprise address; it begins with the service's word, such as mailto:// or msteams://")
    return Secret(url, redact_url(url))


_CURLY = tuple("“”„‘’«»")


def _ref(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str) and value.strip()[:1] in _CURLY:
        raise ValueError('stands in typographic quotes, which YAML does not know; write straight ones, "#alerts"')
    if isinstance(value, str) and value.strip("# "):
        return value.strip()
    raise ValueError('write a name in quotes, such as "#alerts", or an id')


_HIDDEN = WithJsonSchema({"type": "string", "writeOnly": True})
SecretText = Annotated[Secret, BeforeValidator(_secret), _HIDDEN]
SecretWebUrl = Annotated[Secret, BeforeValidator(_secret_web_url), _HIDDEN]
SecretUrl = Annotated[Secret, BeforeValidator(_secret_url), _HIDDEN]
Ref = Annotated[str, BeforeValidator(_ref), WithJsonSchema({"type": ["string", "integer"]})]
Bytes = Annotated[Size, BeforeValidator(_size), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}(KB|MB)$"})]
_STRING = WithJsonSchema({"type": "string"})
ListenText = Annotated[Listen, BeforeValidator(parse_listen), _STRING]
StoreUrl = Annotated[Secret, BeforeValidator(_store), _STRING]
Host = Annotated[Text, AfterValidator(_private_host)]
Contact = Annotated[Text, AfterValidator(_contact)]
AttemptTime = Annotated[Duration, at_least(timedelta(seconds=1))]

# -- channels: adding a kind is one class and one line in ChannelSettings -------------------------------------------


class ConsoleSettings(ChannelNoise):
    """Alerts as cards on standard output."""

    kind: Literal["console"]
    template: TemplateSettings | None = Field(default=None, description="Other words for alerts.")


class WebhookSettings(ChannelNoise):
    """Alerts as JSON, sent by POST; signed with HMAC-SHA256 where there is a secret."""

    kind: Literal["webhook"]
    url: SecretWebUrl = Field(description="Where to POST. Its path and query never show up in logs.")
    secret: SecretText | None = Field(default=None, description="Signs every body, so that the receiver can trust it.")
    timeout: AttemptTime = Field(default=timedelta(seconds=10), description="For one attempt.")


class SlackSettings(ChannelNoise):
    """A Slack channel."""

    kind: Literal["slack"]
    channel: Ref = Field(description='Name ("#sanctions-desk") or id of the channel; the bot must be a member.')
    workspace: Name = Field(default="default", description="Which entry of `slack:` to use.")
    image: YesNo = Field(default=False, description="Show the article's picture below an alert.")
    mention: SlackMention | None = Field(default=None, description="Whom alerts call; nobody else ever is.")
    template: TemplateSettings | None = Field(default=None, description="Other words for alerts.")


class DiscordSettings(ChannelNoise):
    """A Discord channel, thread or forum: over the bot, or over one of the channel's webhooks."""

    kind: Literal["discord"]
    channel: Ref | None = Field(default=None, description="Name or id of a channel, thread or forum.")
    webhook: SecretWebUrl | None = Field(
        default=None, description="Instead of `channel`: post over this webhook, without a bot."
    )
    guild: Ref | None = Field(
        default=None, description="Name or id of the server, where a channel's name is not unique."
    )
    forum_tags: tuple[Text, ...] = Field(default=(), max_length=5, description="Tags of a new post in a forum.")
    publish: YesNo = Field(
        default=True, description="In an announcement channel: publish alerts to the servers that follow it."
    )
    mention_roles: tuple[DiscordId, ...] = Field(
        default=(), max_length=100, description="Ids of roles that an alert pings; nobody else ever is."
    )
    mention_from: SeverityWord = Field(
        default=Severity.HIGH, description="Alerts of this severity and above ping `mention_roles`."
    )
    mention: DiscordMention | None = Field(
        default=None, description="Whom alerts call, with a cool-down; instead of `mention_roles`."
    )
    template: TemplateSettings | None = Field(default=None, description="Other words for alerts.")
    bot: Name = Field(default="default", description="Which entry of `discord:` to use.")
    thread: DiscordId | None = Field(
        default=None, description="With `webhook`: id of a thread of its channel to post in."
    )
    forum: YesNo = Field(
        default=False, description="With `webhook`: its channel is a forum, and each alert becomes a post there."
    )

    @model_validator(mode="after")
    def _one_target(self) -> DiscordSettings:
        if (self.channel is None) == (self.webhook is None):
            raise ValueError("needs either channel: or webhook:, exactly one of the two")
        if self.mention is not None and self.model_fields_set & {"mention_roles", "mention_from"}:
            raise ValueError("mention: takes the place of mention_roles: and mention_from:; write only one of the two")
        foreign = self.model_fields_set & (_BOT_ONLY if self.webhook else _WEBHOOK_ONLY)
        if foreign:
            raise ValueError(
                f"{min(foreign)}: does nothing with {'webhook' if self.webhook else 'channel'}:; leave it out"
            )
        return self


_BOT_ONLY = frozenset({"guild", "forum_tags", "publish", "mention_roles", "mention_from", "mention", "bot"})
_WEBHOOK_ONLY = frozenset({"thread", "forum"})


class AppriseSettings(ChannelNoise):
    """Any of the services that apprise knows (needs the extra `wirewatch[apprise]`)."""

    kind: Literal["apprise"]
    url: SecretUrl = Field(description="The apprise address, secrets included.")
    template: TemplateSettings | None = Field(default=None, description="Other words for alerts.")


ChannelSettings = Annotated[
    ConsoleSettings | WebhookSettings | SlackSettings | DiscordSettings | AppriseSettings, Discriminator("kind")
]

# -- sections -------------------------------------------------------------------------------------------------------


class Route(Model):
    """Which alerts go where. A rule that fired fits if it has one of ``tags`` (or there are none here), is one of
    ``rules`` (or there are none), and is at least ``min_severity``."""

    tags: tuple[Text, ...] = Field(default=(), description="The rule carries at least one of these tags.")
    rules: tuple[Text, ...] = Field(default=(), description="The rule is one of these, by id.")
    min_severity: SeverityWord = Field(default=Severity.INFO, description="The rule's severity is this or higher.")
    to: tuple[Text, ...] = Field(min_length=1, description="Names under `channels:`.")

    def fits(self, match: Match) -> bool:
        """Whether a rule that fired goes this way."""
        return (
            match.severity >= self.min_severity
            and (not self.tags or not set(self.tags).isdisjoint(match.tags))
            and (not self.rules or match.rule_id in self.rules)
        )


class HttpSettings(Model):
    """The listener for health checks and metrics; off unless this section is there."""

    listen: ListenText = Field(
        default=Listen("127.0.0.1", 8080), description="host:port of /healthz, /readyz and /metrics."
    )


def _public_url(value: str) -> str:
    url = check_web_url(value)
    if urlsplit(url).query or urlsplit(url).fragment or urlsplit(url).username:
        raise ValueError("write the address without ?, # and without a name; hubs are given what stands below it")
    return url.rstrip("/")


class WebSubSettings(Model):
    """Publishers that push (WebSub): hubs tell the bot of new items, over the listener of `http:`."""

    public_url: Annotated[Text, AfterValidator(_public_url)] = Field(
        description="Where hubs reach the listener: the address that your proxy takes, up to /websub."
    )
    lease: Annotated[Duration, at_least(timedelta(hours=1))] = Field(
        default=timedelta(days=7), description="For how long hubs are asked; they may grant less or more."
    )


class PollSettings(Model):
    """How sources are asked."""

    concurrency: Whole = Field(default=32, ge=1, le=1_000, description="Requests at the same time, all hosts together.")
    per_host: Whole = Field(default=2, ge=1, le=100, description="Requests at the same time to one host.")
    timeout: AttemptTime = Field(
        default=timedelta(seconds=30), description="For one poll from start to end, redirects included."
    )
    body_max: Bytes = Field(default=Size(10_000_000), description="The largest answer, after decompression.")


class LogSettings(Model):
    """What is logged, on standard error. `WIREWATCH_LOG_LEVEL` and `WIREWATCH_LOG_FORMAT` go before it."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least that is logged.")
    format: Literal["auto", "console", "json"] = Field(
        default="auto", description="`auto` is console on a terminal, else json."
    )


def _bot_token(value: Secret) -> Secret:
    if value.reveal().startswith("xapp-"):
        raise ValueError("is the app-level token (xapp-), which belongs into app_token:; this one begins with xoxb-")
    return value


def _app_token(value: Secret) -> Secret:
    if value.reveal().startswith("xox"):
        raise ValueError("is the bot's token (xox...), which belongs into bot_token:; this one begins with xapp-")
    return value


class SlackConnection(Model):
    """A Slack workspace. `default` takes what is missing from SLACK_BOT_TOKEN, SLACK_APP_TOKEN and
    SLACK_SIGNING_SECRET (or their *_FILE variants)."""

    bot_token: Annotated[SecretText, AfterValidator(_bot_token)] | None = Field(
        default=None, description="Begins with xoxb-."
    )
    app_token: Annotated[SecretText, AfterValidator(_app_token)] | None = Field(
        default=None, description="Begins with xapp-; for Socket Mode."
    )
    signing_secret: SecretText | None = Field(default=None, description="For signed HTTP.")
    mode: Literal["socket", "http", "off"] = Field(
        default="socket", description="How commands and buttons come in; `off`: alerts only."
    )
    pace: Duration = Field(
        default=timedelta(seconds=1),
        description="Between two posts in one channel. Slack allows one a second; less is for other servers.",
    )


class DiscordConnection(Model):
    """A Discord bot. `default` takes its token from DISCORD_TOKEN (or DISCORD_TOKEN_FILE) where it is missing."""

    token: SecretText | None = Field(default=None, description="The bot's token.")
    commands: Literal["global", "guilds", "off"] = Field(
        default="global",
        description="Where /wire is registered: for all servers, on each server by itself (seen at once), or nowhere.",
    )


class Settings(NoiseSettings):
    """The keys of wirewatch.yaml."""

    rules: tuple[Text, ...] = Field(
        default=(SHIPPED, "rules/"),
        min_length=1,
        description="Folders of rules; a later one overrides by id. Ours: `shipped`, or half of them (see the docs).",
    )
    store: StoreUrl = Field(
        default=Secret("sqlite:///var/wirewatch.db", "sqlite:///var/wirewatch.db"), description="Where it is kept."
    )
    timezone: Zone = Field(default=ZoneInfo("UTC"), description="For times of day in messages and schedules.")
    contact: Contact | None = Field(default=None, description="Mail address or page for the User-Agent.")
    ops: Text | None = Field(
        default=None, description="The channel that hears of refused edits, dead sources, parked deliveries."
    )
    ops_digest: OpsDigestSettings | None = Field(
        default=OpsDigestSettings(), description="When `ops` hears what the alerts were worth; `null`: never."
    )
    channels: dict[Name, ChannelSettings] = Field(min_length=1, description="Where alerts can go, by a name of yours.")
    routes: tuple[Route, ...] = Field(
        default=(), description="First to last, all that fit. None: everything goes everywhere."
    )
    llm: LlmSettings | None = Field(default=None, description="A language model that may word summaries.")
    summaries: dict[Name, SummarySettings] = Field(
        default={}, description="Summaries that are posted at set times, by a name of yours."
    )
    retention: Annotated[Duration, at_least(timedelta(days=1))] = Field(
        default=timedelta(days=90), description="How long articles are kept."
    )
    max_age: Annotated[Duration, at_least(timedelta(minutes=1))] = Field(
        default=timedelta(hours=24), description="Older articles never alert."
    )
    http: HttpSettings | None = Field(default=None, description="Health checks and metrics.")
    websub: WebSubSettings | None = Field(default=None, description="Publishers that push.")
    ner_model: Text | None = Field(default=None, description="An installed spaCy model, such as en_core_web_sm.")
    allow_private: tuple[Host, ...] = Field(default=(), description="Hosts in private networks that may be polled.")
    ca_file: Text | None = Field(
        default=None, description="Certificates (PEM) of an authority of your own, trusted besides the public ones."
    )
    poll: PollSettings = Field(default=PollSettings(), description="How sources are asked.")
    log: LogSettings = Field(default=LogSettings(), description="What is logged.")
    slack: dict[Name, SlackConnection] = Field(default={}, description="Slack workspaces by name.")
    discord: dict[Name, DiscordConnection] = Field(default={}, description="Discord bots by name.")
    permissions: tuple[Grant, ...] = Field(
        default=(), description="Who may change something from chat; none: workspace admins, server managers."
    )
    watchlists: dict[ListName, WatchListSettings] = Field(
        default={}, description="Sanctions and other watch lists to download, by name."
    )
