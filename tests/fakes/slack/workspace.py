"""The workspace behind the local Slack server: people, channels, messages, tokens; and the refusals it gives."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

BOT_SCOPES = frozenset(
    {
        "chat:write", "channels:read", "groups:read", "channels:history", "groups:history", "im:write", "im:history",
        "channels:join", "users:read", "usergroups:read", "files:write", "commands",
    }
)  # fmt: skip
APP_SCOPES = frozenset({"connections:write"})


class Refusal(Exception):
    """``{"ok": false, "error": ...}`` with whatever Slack adds to it."""

    def __init__(self, error: str, *, messages: list[str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.body: dict[str, Any] = {"ok": False, "error": error, **more}
        if messages:
            self.body["errors"] = messages
            self.body["response_metadata"] = {"messages": [f"[ERROR] {m}" for m in messages]}


@dataclass
class Token:
    """A token as Slack knows it. ``trouble`` is the error that every call with it gets, once it is set."""

    value: str = field(repr=False)
    kind: str  # bot | app
    scopes: frozenset[str]
    trouble: str = ""


@dataclass
class Room:
    """A channel. ``members`` holds user ids; ``restricted``: only admins may post; ``direct_to``: whose direct messages
    with the app they are."""

    id: str
    name: str
    private: bool = False
    archived: bool = False
    restricted: bool = False
    members: set[str] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)  # oldest first, thread replies included
    direct_to: str = ""  # direct messages: the other person

    def top(self) -> list[dict[str, Any]]:
        """What the channel shows: no thread replies but those that were broadcast; oldest first."""
        return [m for m in self.messages if is_top(m)]

    def thread(self, ts: str) -> list[dict[str, Any]]:
        """The parent and its replies, oldest first."""
        return [m for m in self.messages if m["ts"] == ts or m.get("thread_ts") == ts]

    def get(self, ts: str) -> dict[str, Any] | None:
        return next((m for m in self.messages if m["ts"] == ts), None)


def is_top(message: dict[str, Any]) -> bool:
    """Whether a message stands in the channel itself."""
    return message.get("thread_ts", message["ts"]) == message["ts"] or message.get("subtype") == "thread_broadcast"


class Workspace:
    """One workspace with one app installed. Ids and time stamps are made here; ``now`` gives Unix seconds."""

    def __init__(self, *, name: str = "Risk Desk", team_id: str = "T0WIRE001", now: Callable[[], float] = time.time):
        self.name = name
        self.team_id = team_id
        self.now = now
        self.app_id = "A0WIRE001"
        self.bot_user = "U0WIREBOT"
        self.bot_id = "B0WIRE001"
        self.rooms: dict[str, Room] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.usergroups: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, Token] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.ephemeral: list[dict[str, Any]] = []  # {"channel", "user", "text", "blocks", ...}
        self.messages_tab = True  # of the app's home: where its direct messages are read
        self.unreachable: set[str] = set()  # picture URLs that cannot be downloaded, besides private addresses
        self._numbers: Iterator[int] = itertools.count(1)
        self._last_us = 0
        self.add_user("U0WIREBOT", "wirewatch", bot=True)
        self.bot_token = self.add_token("xoxb-1-local-bot-token", "bot", BOT_SCOPES)
        self.app_token = self.add_token("xapp-1-local-app-token", "app", APP_SCOPES)
        self.signing_secret = "local-signing-secret"

    # -- furniture --------------------------------------------------------------------------------------------------

    def add_token(self, value: str, kind: str, scopes: frozenset[str]) -> Token:
        return self.tokens.setdefault(value, Token(value, kind, scopes))

    def add_user(self, user_id: str, name: str, *, bot: bool = False) -> str:
        self.users[user_id] = {
            "id": user_id, "team_id": self.team_id, "name": name, "real_name": name.title(), "is_bot": bot,
            "deleted": False, "tz": "Europe/London", "tz_offset": 0, "profile": {"display_name": name},
        }  # fmt: skip
        return user_id

    def add_channel(
        self,
        name: str,
        *,
        private: bool = False,
        member: bool = True,
        archived: bool = False,
        restricted: bool = False,
        channel_id: str = "",
    ) -> Room:
        """A channel; with ``member`` the bot is in it."""
        room = Room(channel_id or self.new_id("C"), name, private, archived, restricted)
        if member:
            room.members.add(self.bot_user)
        self.rooms[room.id] = room
        return room

    def add_group(self, handle: str, *users: str) -> str:
        """A user group; returns its id."""
        group_id = self.new_id("S")
        self.usergroups[group_id] = {"id": group_id, "handle": handle, "name": handle.title(), "users": list(users)}
        return group_id

    def direct(self, user_id: str) -> Room:
        """The direct messages between the app and a person; begun by whoever writes first."""
        known = next((r for r in self.rooms.values() if r.direct_to == user_id), None)
        if known is not None:
            return known
        room = Room(self.new_id("D"), "directmessage", private=True, direct_to=user_id)
        room.members |= {self.bot_user, user_id}
        self.rooms[room.id] = room
        return room

    def new_id(self, letter: str) -> str:
        return f"{letter}0LOC{next(self._numbers):05d}"

    def new_ts(self) -> str:
        """A message's time stamp: unique and rising, seconds with six decimals."""
        self._last_us = max(self._last_us + 1, int(self.now() * 1e6))
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    # -- who may do what --------------------------------------------------------------------------------------------

    def authenticate(self, value: str, *, kind: str = "bot") -> Token:
        """The token, or Slack's refusal."""
        if not value:
            raise Refusal("not_authed")
        token = self.tokens.get(value)
        if token is None:
            raise Refusal("invalid_auth")
        if token.trouble:
            raise Refusal(token.trouble)
        if token.kind != kind:
            raise Refusal("not_allowed_token_type")
        return token

    def need(self, token: Token, *scopes: str) -> None:
        """Refuse unless the token has one of ``scopes``."""
        if scopes and not token.scopes.intersection(scopes):
            raise Refusal("missing_scope", needed=scopes[0], provided=",".join(sorted(token.scopes)))

    def room(self, ref: object, *, by_name: bool = False) -> Room:
        """A channel that the bot may see; private ones it is not in do not exist for it."""
        if not isinstance(ref, str) or not ref:
            raise Refusal("channel_not_found")
        room = self.rooms.get(ref)
        if room is None and by_name:
            room = next((r for r in self.rooms.values() if r.name == ref.removeprefix("#")), None)
        if room is None or (room.private and self.bot_user not in room.members):
            raise Refusal("channel_not_found")
        return room

    def writable(self, room: Room, token: Token) -> None:
        """Refuse unless a message could be written to ``room``."""
        if room.archived:
            raise Refusal("is_archived")
        if self.bot_user not in room.members and (room.private or "chat:write.public" not in token.scopes):
            raise Refusal("not_in_channel")
        if room.restricted:
            raise Refusal("restricted_action")
        if room.direct_to and not self.messages_tab:
            raise Refusal("messages_tab_disabled")

    # -- messages ---------------------------------------------------------------------------------------------------

    def say(self, room: Room, text: str, *, user: str = "U0SOMEONE", **more: Any) -> dict[str, Any]:
        """A message by a person, as tests need it for company."""
        message = {"type": "message", "user": user, "text": text, "ts": self.new_ts(), **more}
        room.messages.append(message)
        return message

    def by_bot(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A message by the app, not yet in any channel."""
        return {
            "type": "message", "user": self.bot_user, "bot_id": self.bot_id, "app_id": self.app_id,
            "team": self.team_id, "ts": self.new_ts(), **fields,
        }  # fmt: skip
