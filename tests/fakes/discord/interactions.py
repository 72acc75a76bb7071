"""Clicks, commands and modals of people, delivered over the gateway, and the answers of the bot."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.discord import modals, validate
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.messages import Messages
from tests.fakes.discord.validate import Refused
from tests.fakes.discord.world import EPHEMERAL, Channel, Json, User, World

FIRST_REPLY_S, TOKEN_S = 3.0, 900.0
PING, MESSAGE, DEFER, DEFER_UPDATE, UPDATE, AUTOCOMPLETE, MODAL = 1, 4, 5, 6, 7, 8, 9
COMMAND_KIND, COMPONENT_KIND, AUTOCOMPLETE_KIND, MODAL_KIND = 2, 3, 4, 5


@dataclass
class Interaction:
    """One click or command, seen from the person's side."""

    id: str
    token: str
    kind: int
    user: User
    channel: Channel
    at: float
    message: Json | None = None  # the one with the button
    answer_kind: int = 0
    answer: Json = field(default_factory=dict)  # callback data as sent
    original: Json | None = None  # the reply as stored
    followups: list[Json] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    completed: asyncio.Event = field(default_factory=asyncio.Event)  # a deferred reply has its text
    followed: asyncio.Event = field(default_factory=asyncio.Event)  # another follow-up came

    @property
    def ephemeral(self) -> bool:
        return bool(self.original and self.original["flags"] & EPHEMERAL)


class Interactions:
    """Makes interactions and takes their callbacks and follow-ups."""

    def __init__(self, world: World, messages: Messages, gateway: Gateway, monotonic: Callable[[], float]) -> None:
        self.world, self._messages, self._gateway, self._now = world, messages, gateway, monotonic
        self.by_token: dict[str, Interaction] = {}

    # -- what people do -----------------------------------------------------------------------------------------

    async def click(self, message_id: str, custom_id: str, user: User) -> Interaction:
        """Press a button. Raises ``LookupError`` where there is no such button."""
        found = self.world.find_message(message_id)
        parts = [p for row in (found[1]["components"] if found else []) for p in row["components"]]
        part = next((p for p in parts if p.get("custom_id") == custom_id), None)
        if found is None or part is None:
            raise LookupError(f"message {message_id} has no component {custom_id}")
        data = {"custom_id": custom_id, "component_type": part["type"], "id": part["id"]}
        return await self._send(COMPONENT_KIND, found[0], user, data, found[1])

    async def command(
        self, name: str, options: list[Json], user: User, channel: Channel, *, autocomplete: bool = False
    ) -> Interaction:
        """Run a registered slash command; ``options`` as Discord sends them. Raises ``LookupError`` if unknown."""
        known = [(g, c) for g in ("", channel.guild_id) for c in self.world.commands.get(g, []) if c["name"] == name]
        if not known:
            raise LookupError(f"command {name} is not registered")
        where, command = known[-1]
        data: Json = {"id": command["id"], "name": name, "type": 1, "options": options}
        if where:
            data["guild_id"] = where  # where it is registered, not where it is used
        return await self._send(AUTOCOMPLETE_KIND if autocomplete else COMMAND_KIND, channel, user, data)

    async def submit(self, of: Interaction, values: dict[str, str]) -> Interaction:
        """Send the modal that ``of`` was answered with."""
        data = {"custom_id": of.answer["custom_id"], "components": modals.filled(of.answer, values)}
        return await self._send(MODAL_KIND, of.channel, of.user, data, of.message)

    async def _send(
        self, kind: int, channel: Channel, user: User, data: Json, message: Json | None = None
    ) -> Interaction:
        it = Interaction(self.world.ids.next(), secrets.token_urlsafe(60), kind, user, channel, self._now(), message)
        self.by_token[it.token] = it
        payload: Json = {
            "id": it.id, "application_id": self.world.application_id, "type": kind, "token": it.token, "version": 1,
            "data": data, "channel_id": channel.id, "locale": "en-GB",
            "channel": self.world.channel_json(channel) | {"permissions": str(self.world.permissions(channel))},
            "app_permissions": str(self.world.permissions(channel)), "entitlements": [],
            "entitlement_sku_ids": [], "attachment_size_limit": 10485760,
        }  # fmt: skip
        if channel.guild_id:
            guild = self.world.guilds[channel.guild_id]
            member = self.world.member_json(guild, user) | {"permissions": str(guild.member_permissions(user.id))}
            payload |= {
                "guild_id": guild.id, "member": member, "guild": {"id": guild.id, "locale": "en-GB", "features": []},
                "guild_locale": "en-GB", "context": 0, "authorizing_integration_owners": {"0": guild.id},
            }  # fmt: skip
        else:
            payload |= {"user": user.json(), "context": 1, "authorizing_integration_owners": {"0": "0"}}
        if message is not None:
            payload["message"] = message
        if not await self._gateway.dispatch("INTERACTION_CREATE", payload):
            raise ConnectionError("the application did not respond: no gateway session is connected")
        return it

    # -- what the bot answers -----------------------------------------------------------------------------------

    def callback(self, interaction_id: str, token: str, body: Json, files: list[Json]) -> Json:
        it = self.by_token.get(token)
        if it is None or it.id != interaction_id or self._now() - it.at > FIRST_REPLY_S:
            raise Refused(404, 10062, "Unknown interaction")
        if it.answered.is_set():
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        kind, data = body.get("type"), body.get("data") or {}
        if kind not in (PING, MESSAGE, DEFER, DEFER_UPDATE, UPDATE, AUTOCOMPLETE, MODAL):
            error = (("type",), "BASE_TYPE_CHOICES", "Value must be one of {1, 4, 5, 6, 7, 8, 9}.")
            raise Refused(400, 50035, "Invalid Form Body", [error])
        if (kind == AUTOCOMPLETE) != (it.kind == AUTOCOMPLETE_KIND):
            raise Refused(
                400,
                50035,
                "Invalid Form Body",
                [(("type",), "INTERACTION_TYPE_INVALID", "Not for this kind of interaction")],
            )
        if kind == MODAL:
            if it.kind == MODAL_KIND:
                raise Refused(
                    400, 50035, "Invalid Form Body", [(("type",), "INTERACTION_TYPE_INVALID", "Not for a modal")]
                )
            modals.check(data)
        elif kind == AUTOCOMPLETE:
            validate.check_choices(data.get("choices") or [], ("data", "choices"))
        elif kind == MESSAGE:
            validate.check_message(data, files=len(files))
            it.original = self._store(it, data, files)
        elif kind == DEFER:
            it.original = self._store(it, {"content": ""} | data, [])
        elif kind == UPDATE and it.message is not None:
            self._messages.change(it.message, data, files)
            it.original = it.message
        elif kind == DEFER_UPDATE:
            it.original = it.message
        it.answer_kind, it.answer = kind, data
        it.answered.set()
        if kind != DEFER:
            it.completed.set()
        about: Json = {"interaction": {"id": it.id, "type": it.kind, "channel_id": it.channel.id}}
        if it.channel.guild_id:
            about["interaction"]["guild_id"] = it.channel.guild_id
        if it.original is not None and kind != DEFER_UPDATE:
            about["interaction"] |= {
                "response_message_id": it.original["id"],
                "response_message_loading": kind == DEFER,
                "response_message_ephemeral": it.ephemeral,
            }
        if it.original is not None and kind in (MESSAGE, UPDATE):  # of a deferred one, the document promises none
            about["resource"] = {"type": kind, "message": it.original}
        return about

    def followup(self, token: str, body: Json, files: list[Json]) -> Json:
        it = self._live(token)
        validate.check_message(body, files=len(files))
        fills = it.answer_kind == DEFER and not it.completed.is_set()  # the first one fills the deferred reply
        if fills and it.original is not None:
            body = body | {"flags": (body.get("flags") or 0) | it.original["flags"] & EPHEMERAL}
        message = self._store(it, body, files)
        if fills and it.original is not None:
            self._drop(it, it.original)
            it.original = message
            it.completed.set()
        else:
            it.followups.append(message)
            it.followed.set()
        return message

    def change(self, token: str, message_id: str, body: Json, files: list[Json]) -> Json:
        it = self._live(token)
        message = self.message(token, message_id)
        self._messages.change(message, body, files)
        if message is it.original:
            it.completed.set()
        return message

    def message(self, token: str, message_id: str) -> Json:
        it = self._live(token)
        for message in [m for m in (it.original, *it.followups) if m]:
            if message_id in ("@original", message["id"]):
                return message
        raise Refused(404, 10008, "Unknown Message")

    def delete(self, token: str, message_id: str) -> None:
        it = self._live(token)
        message = self.message(token, message_id)
        self._drop(it, message)
        it.followups = [m for m in it.followups if m is not message]

    def _live(self, token: str) -> Interaction:
        it = self.by_token.get(token)
        if it is None or self._now() - it.at > TOKEN_S:
            raise Refused(401, 50027, "Invalid Webhook Token")
        if not it.answered.is_set():
            raise Refused(404, 10015, "Unknown Webhook")
        return it

    def _store(self, it: Interaction, body: Json, files: list[Json]) -> Json:
        flags = (body.get("flags") or 0) & EPHEMERAL
        extra: dict[str, Any] = {"webhook_id": self.world.application_id, "application_id": self.world.application_id}
        message = self._messages.store(it.channel, self.world.bot, body, files, **extra)
        message["flags"] |= flags
        if flags:
            it.channel.messages.remove(message)  # only the one who clicked sees it
        return message

    def _drop(self, it: Interaction, message: Json) -> None:
        if message in it.channel.messages:
            it.channel.messages.remove(message)
