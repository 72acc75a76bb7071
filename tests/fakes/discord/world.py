"""What exists on the local Discord server: guilds, roles, channels, threads, people, and who may do what."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

EPOCH_MS = 1_420_070_400_000  # the first second of 2015: Discord's zero
API_VERSION = 10

TEXT, DIRECT, VOICE, CATEGORY, ANNOUNCEMENT = 0, 1, 2, 4, 5
ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, FORUM, MEDIA = 10, 11, 12, 15, 16
THREADS = frozenset({ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD})
FORUMS = frozenset({FORUM, MEDIA})

ADMINISTRATOR = 1 << 3
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
MANAGE_WEBHOOKS = 1 << 29
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
SEND_MESSAGES_IN_THREADS = 1 << 38
DEFAULT_PERMISSIONS = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | CREATE_PUBLIC_THREADS
    | SEND_MESSAGES_IN_THREADS
)
DIRECT_PERMISSIONS = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY

CROSSPOSTED, EPHEMERAL, HAS_THREAD, SUPPRESS_EMBEDS = 1 << 0, 1 << 6, 1 << 5, 1 << 2
REQUIRE_TAG = 1 << 4  # channel flag of forums


class Snowflakes:
    """Ids that rise with time, as Discord's do."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count = itertools.count(1)
        self._last = 0

    def next(self) -> str:
        self._last = max(self._last + 1, (int(self._clock() * 1000) - EPOCH_MS) << 22 | next(self._count) % 4096)
        return str(self._last)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


@dataclass
class User:
    id: str
    name: str
    bot: bool = False

    def json(self) -> Json:
        return {
            "id": self.id, "username": self.name, "global_name": None if self.bot else self.name.title(),
            "discriminator": "0000" if self.bot else "0", "avatar": None, "bot": self.bot, "system": False,
            "public_flags": 0, "flags": 0, "banner": None, "accent_color": None, "avatar_decoration_data": None,
            "collectibles": None, "display_name_styles": None, "primary_guild": None, "clan": None,
        }  # fmt: skip


@dataclass
class Role:
    id: str
    name: str
    permissions: int = 0
    mentionable: bool = False
    managed: bool = False
    position: int = 1

    def json(self) -> Json:
        return {
            "id": self.id, "name": self.name, "permissions": str(self.permissions), "mentionable": self.mentionable,
            "managed": self.managed, "position": self.position, "color": 0, "hoist": False, "icon": None,
            "unicode_emoji": None, "flags": 0, "description": None,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        }  # fmt: skip


@dataclass
class Channel:
    """A channel or a thread. ``deny`` and ``allow`` are an overwrite for everyone."""

    id: str
    guild_id: str
    name: str
    type: int = TEXT
    parent_id: str | None = None
    owner_id: str | None = None
    deny: int = 0
    allow: int = 0
    bot_allow: int = 0  # an overwrite for the bot itself: a private channel that it was added to
    tags: list[Json] = field(default_factory=list)
    applied_tags: list[str] = field(default_factory=list)
    flags: int = 0
    archived: bool = False
    locked: bool = False
    created_at: float = 0.0
    archived_at: float = 0.0
    messages: list[Json] = field(default_factory=list)
    recipient: User | None = None  # of direct messages
    closed: bool = False  # direct messages: the person takes none from the bot

    def json(self, everyone: str, bot: str) -> Json:
        last = self.messages[-1]["id"] if self.messages else None
        if self.recipient is not None:
            return {"id": self.id, "type": self.type, "flags": 0, "last_message_id": last,
                    "recipients": [self.recipient.json()]}  # fmt: skip
        base: Json = {
            "id": self.id, "guild_id": self.guild_id, "name": self.name, "type": self.type, "flags": self.flags,
            "last_message_id": last, "parent_id": self.parent_id, "rate_limit_per_user": 0,
        }  # fmt: skip
        if self.type in THREADS:
            return base | {
                "owner_id": self.owner_id, "message_count": max(0, len(self.messages) - 1), "member_count": 1,
                "total_message_sent": len(self.messages), "applied_tags": self.applied_tags,
                "thread_metadata": {
                    "archived": self.archived, "locked": self.locked, "auto_archive_duration": 1440,
                    "archive_timestamp": iso(self.archived_at or self.created_at),
                    "create_timestamp": iso(self.created_at),
                },
            }  # fmt: skip
        overwrites = [{"id": everyone, "type": 0, "allow": str(self.allow), "deny": str(self.deny)}]
        if self.bot_allow:
            overwrites.append({"id": bot, "type": 1, "allow": str(self.bot_allow), "deny": "0"})
        base |= {"permission_overwrites": overwrites, "position": 0, "nsfw": False, "topic": None}
        if self.type in FORUMS:
            base |= {"available_tags": self.tags, "default_reaction_emoji": None, "default_sort_order": None,
                     "default_forum_layout": 0, "default_thread_rate_limit_per_user": 0, "template": ""}  # fmt: skip
        return base


@dataclass
class Guild:
    id: str
    name: str
    owner_id: str
    roles: dict[str, Role] = field(default_factory=dict)
    bot_roles: list[str] = field(default_factory=list)
    member_roles: dict[str, list[str]] = field(default_factory=dict)  # user id -> role ids

    def member_permissions(self, user_id: str) -> int:
        """What somebody may do on the server, before a channel's overwrites."""
        if user_id == self.owner_id:
            return (1 << 53) - 1
        held = self.everyone.permissions
        for role_id in self.member_roles.get(user_id, ()):
            held |= self.roles[role_id].permissions
        return (1 << 53) - 1 if held & ADMINISTRATOR else held

    @property
    def everyone(self) -> Role:
        return self.roles[self.id]

    def json(self) -> Json:
        return {
            "id": self.id, "name": self.name, "owner_id": self.owner_id, "icon": None, "splash": None, "banner": None,
            "discovery_splash": None, "description": None, "home_header": None, "region": "london",
            "afk_channel_id": None, "afk_timeout": 300, "system_channel_id": None, "system_channel_flags": 0,
            "widget_enabled": False, "widget_channel_id": None, "verification_level": 0, "roles":
            [r.json() for r in self.roles.values()], "emojis": [], "stickers": [], "features": ["COMMUNITY"],
            "default_message_notifications": 1, "mfa_level": 0, "explicit_content_filter": 0, "application_id": None,
            "max_presences": None, "max_members": 500000, "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25, "vanity_url_code": None, "premium_tier": 0, "premium_subscription_count": 0,
            "preferred_locale": "en-GB", "rules_channel_id": None, "safety_alerts_channel_id": None,
            "public_updates_channel_id": None, "premium_progress_bar_enabled": False, "nsfw": False, "nsfw_level": 0,
            "incidents_data": None, "embed_enabled": False, "embed_channel_id": None,
        }  # fmt: skip


@dataclass
class Webhook:
    id: str
    token: str
    channel_id: str
    name: str = "Wire hook"


class World:
    """Everything that a test sets up, and the questions that REST and gateway ask of it."""

    def __init__(self, clock: Callable[[], float], token: str) -> None:
        self.clock = clock
        self.token = token
        self.ids = Snowflakes(clock)
        self.bot = User(self.ids.next(), "wirewatch", bot=True)
        self.application_id = self.bot.id
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.users: dict[str, User] = {self.bot.id: self.bot}
        self.webhooks: dict[str, Webhook] = {}
        self.uploads: dict[str, bytes] = {}  # what was attached, by the attachment's id
        self.commands: dict[str, list[Json]] = {}  # guild id, or "" for global
        self.interactions_endpoint: str | None = None

    # -- set up -------------------------------------------------------------------------------------------------

    def add_guild(self, name: str = "News desk", permissions: int = DEFAULT_PERMISSIONS) -> Guild:
        """A guild in which everyone, the bot included, has ``permissions``."""
        owner = self.add_user("owner")
        guild = Guild(self.ids.next(), name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", permissions, position=0)
        self.guilds[guild.id] = guild
        return guild

    def add_user(self, name: str) -> User:
        user = User(self.ids.next(), name)
        self.users[user.id] = user
        return user

    def add_role(self, guild: Guild, name: str, permissions: int = 0, *, mentionable: bool = True) -> Role:
        role = Role(self.ids.next(), name, permissions, mentionable, position=len(guild.roles))
        guild.roles[role.id] = role
        return role

    def add_channel(
        self,
        guild: Guild,
        name: str,
        type: int = TEXT,
        *,
        private: bool = False,
        invited: bool = True,
        tags: tuple[str, ...] = (),
        require_tag: bool = False,
    ) -> Channel:
        """A channel; a ``private`` one is hidden from everyone, the bot too unless ``invited``."""
        channel = Channel(self.ids.next(), guild.id, name, type, created_at=self.clock())
        if private:
            channel.deny = VIEW_CHANNEL
            channel.bot_allow = VIEW_CHANNEL if invited else 0
        channel.tags = [
            {"id": self.ids.next(), "name": t, "moderated": False, "emoji_id": None, "emoji_name": None} for t in tags
        ]
        channel.flags = REQUIRE_TAG if require_tag else 0
        self.channels[channel.id] = channel
        return channel

    def add_thread(self, parent: Channel, name: str, *, id_: str = "", private: bool = False) -> Channel:
        kinds = {ANNOUNCEMENT: ANNOUNCEMENT_THREAD}
        kind = PRIVATE_THREAD if private else kinds.get(parent.type, PUBLIC_THREAD)
        thread = Channel(id_ or self.ids.next(), parent.guild_id, name, kind, parent.id, self.bot.id)
        thread.created_at = self.clock()
        self.channels[thread.id] = thread
        return thread

    def direct(self, user: User) -> Channel:
        """The direct messages between the bot and a person."""
        known = next((c for c in self.channels.values() if c.recipient is user), None)
        if known is None:
            known = Channel(self.ids.next(), "", "", DIRECT, created_at=self.clock(), recipient=user)
            self.channels[known.id] = known
        return known

    def add_webhook(self, channel: Channel) -> Webhook:
        hook = Webhook(self.ids.next(), f"wh-{self.ids.next()}-{'s3cret' * 9}", channel.id)
        self.webhooks[hook.id] = hook
        return hook

    # -- ask ----------------------------------------------------------------------------------------------------

    def permissions(self, channel: Channel) -> int:
        """The bot's, as the documentation computes them: base roles, then overwrites; threads ask their parent."""
        if channel.type == DIRECT:
            return DIRECT_PERMISSIONS
        guild = self.guilds[channel.guild_id]
        base = guild.everyone.permissions
        for role_id in guild.bot_roles:
            base |= guild.roles[role_id].permissions
        if base & ADMINISTRATOR:
            return (1 << 53) - 1
        holder = self.channels[channel.parent_id] if channel.type in THREADS and channel.parent_id else channel
        return (base & ~holder.deny) | holder.allow | holder.bot_allow

    def channel_json(self, channel: Channel) -> Json:
        return channel.json(channel.guild_id, self.bot.id)

    def children(self, parent_id: str) -> Iterator[Channel]:
        """The threads of a channel, newest first."""
        found = [c for c in self.channels.values() if c.parent_id == parent_id and c.type in THREADS]
        return iter(sorted(found, key=lambda c: int(c.id), reverse=True))

    def find_message(self, message_id: str) -> tuple[Channel, Json] | None:
        for channel in self.channels.values():
            for message in channel.messages:
                if message["id"] == message_id:
                    return channel, message
        return None

    def member_json(self, guild: Guild, user: User) -> Json:
        return {
            "user": user.json(), "nick": None,
            "roles": list(guild.bot_roles if user is self.bot else guild.member_roles.get(user.id, ())),
            "avatar": None, "banner": None, "joined_at": iso(0), "deaf": False, "mute": False, "flags": 0,
            "pending": False, "premium_since": None, "communication_disabled_until": None,
        }  # fmt: skip

    def application_json(self) -> Json:
        return {
            "id": self.application_id, "name": "Wirewatch", "icon": None, "description": "", "summary": "",
            "type": None, "bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64, "flags": 0,
            "hook": True, "rpc_origins": [], "owner": self.bot.json() | {"bot": False}, "team": None,
            "redirect_uris": [], "role_connections_verification_url": None, "approximate_guild_count":
            len(self.guilds), "interactions_endpoint_url": self.interactions_endpoint, "bot": self.bot.json(),
            "tags": [], "explicit_content_filter": 0, "is_monetized": False, "is_verified": False, "is_discoverable":
            False, "event_webhooks_status": 1, "integration_types_config": {},
            "approximate_user_install_count": 0, "approximate_user_authorization_count": 0,
            "eligible_oauth2_scopes": [], "flags_new": "0",
        }  # fmt: skip
