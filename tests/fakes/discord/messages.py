"""Messages and threads: made, changed, listed, published."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.discord import validate
from tests.fakes.discord.markdown import pings
from tests.fakes.discord.validate import Refused
from tests.fakes.discord.world import (
    ANNOUNCEMENT,
    ATTACH_FILES,
    CREATE_PUBLIC_THREADS,
    CROSSPOSTED,
    DIRECT,
    EMBED_LINKS,
    FORUMS,
    HAS_THREAD,
    MANAGE_MESSAGES,
    MANAGE_THREADS,
    MENTION_EVERYONE,
    READ_MESSAGE_HISTORY,
    REQUIRE_TAG,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
    TEXT,
    THREADS,
    VIEW_CHANNEL,
    VOICE,
    Channel,
    Json,
    User,
    World,
    iso,
)

NONCE_MEMORY_S = 300.0  # "in the past few minutes" says the documentation of enforce_nonce
KEEP_FLAGS = 1 << 2 | 1 << 12  # SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS: what a sender may set


class Messages:
    """The message store over a :class:`World`. Every method raises :class:`Refused` as the service would."""

    def __init__(self, world: World, speed: float = 1.0) -> None:
        self.world = world
        self._nonces: dict[tuple[str, str], tuple[float, Json]] = {}
        self._nonce_memory_s = NONCE_MEMORY_S / speed
        self.pings: dict[str, list[str]] = {}  # message id -> who heard a sound

    # -- access -------------------------------------------------------------------------------------------------

    def channel(self, channel_id: str, *needed: int) -> Channel:
        """The channel, if the bot may see it and has the ``needed`` permissions there."""
        channel = self.world.channels.get(channel_id)
        if channel is None:
            raise Refused(404, 10003, "Unknown Channel")
        has = self.world.permissions(channel)
        if not has & VIEW_CHANNEL:
            raise Refused(403, 50001, "Missing Access")
        for permission in needed:
            if not has & permission:
                raise Refused(403, 50013, "Missing Permissions")
        return channel

    def message(self, channel: Channel, message_id: str) -> Json:
        for message in channel.messages:
            if message["id"] == message_id:
                return message
        raise Refused(404, 10008, "Unknown Message")

    # -- posting ------------------------------------------------------------------------------------------------

    def create(self, channel_id: str, body: Json, files: list[Json]) -> Json:
        channel = self.channel(channel_id)
        if channel.type in FORUMS:
            raise Refused(400, 50008, "Cannot send messages in a non-text channel")
        if channel.closed:
            raise Refused(403, 50007, "Cannot send messages to this user")
        if channel.type not in (TEXT, DIRECT, VOICE, ANNOUNCEMENT) and channel.type not in THREADS:
            raise Refused(400, 50008, "Cannot send messages in a non-text channel")
        send = SEND_MESSAGES_IN_THREADS if channel.type in THREADS else SEND_MESSAGES
        self.channel(channel_id, send, *self._needs(body, files))
        self._open_thread(channel)
        validate.check_message(body, files=len(files))
        nonce = str(body["nonce"]) if body.get("nonce") is not None else None
        if nonce and body.get("enforce_nonce") and (before := self._nonces.get((channel_id, nonce))):
            at, message = before
            if self.world.clock() - at < self._nonce_memory_s:
                return message
        if reference := body.get("message_reference"):
            self._check_reference(channel, reference)
        message = self.store(channel, self.world.bot, body, files)
        if nonce:
            message["nonce"] = nonce
            self._nonces[channel_id, nonce] = (self.world.clock(), message)
        return message

    def _needs(self, body: Json, files: list[Json]) -> list[int]:
        return [EMBED_LINKS] * bool(body.get("embeds")) + [ATTACH_FILES] * bool(files)

    def _open_thread(self, thread: Channel) -> None:
        if thread.locked and not self.world.permissions(thread) & MANAGE_THREADS:
            raise Refused(400, 160005, "This thread is locked")
        thread.archived = False  # sending in an archived thread opens it

    def _check_reference(self, channel: Channel, reference: Json) -> None:
        if not self.world.permissions(channel) & READ_MESSAGE_HISTORY:
            raise Refused(400, 160002, "You cannot reply without permission to read message history")
        known = any(m["id"] == str(reference.get("message_id")) for m in channel.messages)
        if not known and reference.get("fail_if_not_exists", True):
            error = (("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            raise Refused(400, 50035, "Invalid Form Body", [error])

    def store(self, channel: Channel, author: User, body: Json, files: list[Json], **extra: Any) -> Json:
        """A message as the service returns it, at the end of the channel."""
        roles = self.world.guilds[channel.guild_id].roles if channel.guild_id else {}
        content = body.get("content") or ""
        message: Json = {
            "id": self.world.ids.next(), "channel_id": channel.id, "author": author.json(), "content": content,
            "timestamp": iso(self.world.clock()), "edited_timestamp": None, "tts": bool(body.get("tts")),
            "mention_everyone": False, "mentions": [], "pinned": False, "type": 0,
            "mention_roles": [r for r in re.findall(r"<@&(\d+)>", content) if r in roles],
            "flags": (body.get("flags") or 0) & KEEP_FLAGS,
            "embeds": [_stored_embed(e) for e in body.get("embeds") or []],
            "components": _stored_components(body.get("components") or []),
            "attachments": self._attachments(files),
        } | extra  # fmt: skip
        if reference := body.get("message_reference"):
            pointed = {"message_id": str(reference["message_id"]), "channel_id": channel.id, "type": 0}
            guild = {"guild_id": channel.guild_id} if channel.guild_id else {}
            message |= {"type": 19, "message_reference": pointed | guild}
        may_all = bool(self.world.permissions(channel) & MENTION_EVERYONE)
        allowed = body.get("allowed_mentions")
        heard = pings(content, allowed, lambda r: r in roles and (roles[r].mentionable or may_all))
        self.pings[message["id"]] = [p for p in heard if may_all or not p.startswith("@")]
        channel.messages.append(message)
        return message

    def _attachments(self, files: list[Json]) -> list[Json]:
        cdn = "https://cdn.discordapp.com/attachments/"
        found = [(self.world.ids.next(), f) for f in files]
        self.world.uploads.update({number: f["data"] for number, f in found})
        return [
            {
                "id": number, "filename": f["filename"], "size": f["size"],
                "content_type": f["content_type"], "url": cdn + f["filename"], "proxy_url": cdn + f["filename"],
                "description": f.get("description"),
            }
            for number, f in found
        ]  # fmt: skip

    # -- reading and changing -----------------------------------------------------------------------------------

    def history(self, channel_id: str, query: dict[str, str]) -> list[Json]:
        """Newest first; empty, not refused, without Read Message History."""
        channel = self.channel(channel_id)
        limit = int(query.get("limit", "50"))
        if not 1 <= limit <= 100:
            error = (("limit",), "NUMBER_TYPE_MAX", "int value should be less than or equal to 100.")
            raise Refused(400, 50035, "Invalid Form Body", [error])
        if not self.world.permissions(channel) & READ_MESSAGE_HISTORY:
            return []
        found = channel.messages
        if "before" in query:
            return [m for m in found if int(m["id"]) < int(query["before"])][-limit:][::-1]
        if "after" in query:
            return [m for m in found if int(m["id"]) > int(query["after"])][:limit][::-1]
        return found[-limit:][::-1]

    def edit(self, channel_id: str, message_id: str, body: Json, files: list[Json]) -> Json:
        channel = self.channel(channel_id)
        message = self.message(channel, message_id)
        if message["author"]["id"] != self.world.bot.id:
            raise Refused(403, 50005, "Cannot edit a message authored by another user")
        if channel.archived:
            raise Refused(400, 50083, "Thread is archived")
        return self.change(message, body, files)

    def change(self, message: Json, body: Json, files: list[Json], *, webhook: bool = False) -> Json:
        validate.check_message(body, files=len(files), webhook=webhook, edit=True)
        after = {"content": message["content"], "embeds": message["embeds"]} | {
            k: v for k, v in body.items() if k in ("content", "embeds")
        }
        if not after["content"] and not after["embeds"] and not message["attachments"] and not files:
            raise Refused(400, 50006, "Cannot send an empty message")
        if "content" in body:
            message["content"] = body["content"] or ""
        if "embeds" in body:
            message["embeds"] = [_stored_embed(e) for e in body["embeds"] or []]
        if "components" in body:
            message["components"] = _stored_components(body["components"] or [])
        if "attachments" in body:  # what is not named goes
            kept = {str(entry.get("id")) for entry in body["attachments"] or []}
            message["attachments"] = [one for one in message["attachments"] if one["id"] in kept]
        message["attachments"] += self._attachments(files)
        message["edited_timestamp"] = iso(self.world.clock())
        return message

    def delete(self, channel_id: str, message_id: str) -> None:
        channel = self.channel(channel_id)
        message = self.message(channel, message_id)
        if message["author"]["id"] != self.world.bot.id:
            self.channel(channel_id, MANAGE_MESSAGES)
        channel.messages.remove(message)

    def crosspost(self, channel_id: str, message_id: str) -> Json:
        channel = self.channel(channel_id, SEND_MESSAGES)
        message = self.message(channel, message_id)
        if channel.type != ANNOUNCEMENT:
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        if message["flags"] & CROSSPOSTED:
            raise Refused(400, 40033, "This message has already been crossposted")
        message["flags"] |= CROSSPOSTED
        return message

    # -- threads ------------------------------------------------------------------------------------------------

    def thread_from_message(self, channel_id: str, message_id: str, body: Json) -> Channel:
        channel = self.channel(channel_id, CREATE_PUBLIC_THREADS)
        message = self.message(channel, message_id)
        if channel.type not in (TEXT, ANNOUNCEMENT):
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        if message["flags"] & HAS_THREAD:
            raise Refused(400, 160004, "A thread has already been created for this message")
        _check_thread_name(body)
        thread = self.world.add_thread(channel, body["name"], id_=message_id)
        message["flags"] |= HAS_THREAD
        message["thread"] = self.world.channel_json(thread)
        return thread

    def start_thread(self, channel_id: str, body: Json, files: list[Json]) -> tuple[Channel, Json | None]:
        """A forum post with its first message, or a thread of its own in a text channel."""
        channel = self.channel(channel_id)
        if channel.type not in FORUMS:
            self.channel(channel_id, CREATE_PUBLIC_THREADS)
            _check_thread_name(body)
            return self.world.add_thread(channel, body["name"]), None
        first = body.get("message")
        if first is None:
            raise Refused(
                400, 50035, "Invalid Form Body", [(("message",), "BASE_TYPE_REQUIRED", "This field is required")]
            )
        self.channel(channel_id, SEND_MESSAGES, *self._needs(first, files))
        return self.forum_post(channel, body.get("name") or "", body.get("applied_tags") or [], first, files)

    def forum_post(
        self,
        forum: Channel,
        name: str,
        tags: list[Any],
        first: Json,
        files: list[Json],
        author: User | None = None,
        **extra: Any,
    ) -> tuple[Channel, Json]:
        _check_thread_name({"name": name})
        known = {t["id"] for t in forum.tags}
        if len(tags) > 5:
            error = (("applied_tags",), "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
            raise Refused(400, 50035, "Invalid Form Body", [error])
        if any(str(t) not in known for t in tags):
            raise Refused(404, 10087, "Unknown tag")
        if forum.flags & REQUIRE_TAG and not tags:
            raise Refused(400, 40067, "A tag is required to create a forum post in this channel")
        validate.check_message(first, files=len(files), webhook=author is not None)
        thread = self.world.add_thread(forum, name)
        thread.applied_tags = [str(t) for t in tags]
        message = self.store(thread, author or self.world.bot, first, files, **extra)
        message["id"] = thread.id  # the first message of a forum post has the id of its thread
        return thread, message

    def change_thread(self, channel_id: str, body: Json) -> Channel:
        thread = self.channel(channel_id)
        if thread.type not in THREADS:
            raise Refused(403, 50013, "Missing Permissions")
        may_manage = bool(self.world.permissions(thread) & MANAGE_THREADS)
        if ("locked" in body or thread.locked) and not may_manage:
            raise Refused(403, 50013, "Missing Permissions")
        if "archived" in body:
            thread.archived = bool(body["archived"])
            thread.archived_at = self.world.clock()
        thread.locked = bool(body.get("locked", thread.locked))
        return thread


def _check_thread_name(body: Json) -> None:
    if not 1 <= validate.units(str(body.get("name") or "").strip()) <= 100:
        error = (("name",), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        raise Refused(400, 50035, "Invalid Form Body", [error])


def _stored_embed(embed: Json) -> Json:
    """As it comes back: typed, without what was empty, with the pictures behind Discord's proxy."""
    stored = {k: v for k, v in embed.items() if v not in (None, "", [])} | {"type": "rich", "content_scan_version": 0}
    for key in ("image", "thumbnail"):
        if key in stored:
            stored[key] = stored[key] | {
                "proxy_url": f"https://images-ext-1.discordapp.net/{key}",
                "width": 0,
                "height": 0,
                "flags": 0,
            }
    if "fields" in stored:
        stored["fields"] = [
            {"name": f["name"], "value": f["value"], "inline": bool(f.get("inline"))} for f in stored["fields"]
        ]
    return stored


def _stored_components(rows: list[Json]) -> list[Json]:
    return [{"type": 1, "id": 1, "components": _numbered(row["components"])} for row in rows]


def _numbered(parts: list[Json]) -> list[Json]:
    return [{"id": i} | {k: v for k, v in part.items() if v is not None} for i, part in enumerate(parts, 2)]
