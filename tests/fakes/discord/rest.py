"""The REST routes that a news bot uses; anything else is ``404: Not Found``, as on Discord for a mistyped path."""

from __future__ import annotations

import contextvars
import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.discord import validate
from tests.fakes.discord.validate import Refused
from tests.fakes.discord.world import FORUMS, THREADS, VIEW_CHANNEL, Channel, Guild, Json, User, World

if TYPE_CHECKING:
    from tests.fakes.discord.server import FakeDiscord

PAYLOAD: contextvars.ContextVar[tuple[Json, list[Json]]] = contextvars.ContextVar("payload")
"""The JSON and the files of the request in hand."""

_GROUPS: tuple[tuple[str, str], ...] = (
    (r"POST /channels/(\d+)/messages$", "POST message"),
    (r"PATCH /channels/(\d+)/messages/\d+$", "PATCH message"),
    (r"DELETE /channels/(\d+)/messages/\d+$", "DELETE message"),
    (r"GET /channels/(\d+)/messages", "GET messages"),
    (r"POST /channels/(\d+)/messages/\d+/crosspost$", "POST crosspost"),
    (r"POST /channels/(\d+)/(?:messages/\d+/)?threads$", "POST thread"),
    (r"POST /webhooks/(\d+/[^/]+)$", "POST webhook"),
    (r"PATCH /webhooks/(\d+/[^/]+)/", "PATCH webhook"),
)


def bucket_of(request: web.Request) -> tuple[str, str, bool]:
    """(route group, major parameter, exempt from the global limit)"""
    path = re.sub(r"^/api(/v\d+)?", "", request.path)
    line = f"{request.method} {path}"
    exempt = path.startswith(("/interactions/", "/webhooks/"))
    for pattern, group in _GROUPS:
        if found := re.match(pattern, line):
            return group, found[1], exempt
    return re.sub(r"\d{10,}", "{id}", line), (re.findall(r"\d{10,}", path) or [""])[0], exempt


def check_auth(world: World, request: web.Request) -> None:
    path = re.sub(r"^/api(/v\d+)?", "", request.path)
    open_to_all = (
        path == "/gateway"
        or path.startswith("/interactions/")
        or (path.count("/") >= 3 and path.startswith("/webhooks/"))
    )
    if not open_to_all and request.headers.get("Authorization") != f"Bot {world.token}":
        raise Refused(401, 0, "401: Unauthorized")
    if not re.match(r"DiscordBot \(|.*aiohttp|.*python", request.headers.get("User-Agent", ""), re.IGNORECASE):
        raise Refused(403, 40333, "internal network error")


async def read_body(request: web.Request) -> tuple[Json, list[Json]]:
    """JSON, or multipart with ``payload_json`` and files."""
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        files = []
        for key, part in form.items():
            if isinstance(part, web.FileField):
                if not (named := re.fullmatch(r"files\[(\d)\]", key)):
                    raise web.HTTPBadRequest(text=f"unexpected part {key}")
                data = part.file.read()
                about = {"filename": part.filename, "size": len(data), "content_type": part.content_type}
                files.append({"number": named[1], "data": data} | about)
        told = form.get("payload_json") or "{}"  # text, or bytes where its own type is said to be JSON
        body = json.loads(told if isinstance(told, str | bytes | bytearray) else "{}")
        about_files = {str(entry.get("id")): entry for entry in body.get("attachments") or []}  # what the files are
        for file in files:
            file["description"] = about_files.get(file["number"], {}).get("description")
        return body, files
    text = await request.text()
    if not text:
        return {}, []
    try:
        body = json.loads(text)
    except ValueError:
        return {}, []
    return (body if isinstance(body, dict) else {"list": body}), []


def add_routes(app: web.Application, server: FakeDiscord) -> None:
    """Register everything twice: with and without the version."""
    api = _Api(server)
    for prefix in ("/api/v10", "/api"):
        for method, path, handler in api.table():
            app.router.add_route(method, prefix + path, handler)


class _Api:
    def __init__(self, server: FakeDiscord) -> None:
        self.server = server
        self.world = server.world
        self.messages = server.messages
        self.interactions = server.interactions

    def table(self) -> list[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]]:
        c, m, g, w = "{channel}", "{message}", "{guild}", "/webhooks/{hook}/{token}"
        commands = ("/applications/{app}/commands", "/applications/{app}/guilds/{guild}/commands")
        return [
            ("GET", "/users/@me", self.me),
            ("GET", "/users/@me/guilds", self.my_guilds),
            ("POST", "/users/@me/channels", self.open_direct),
            ("GET", "/oauth2/applications/@me", self.application),
            ("GET", "/applications/@me", self.application),
            ("GET", "/gateway", self.gateway),
            ("GET", "/gateway/bot", self.gateway_bot),
            ("GET", f"/guilds/{g}", self.guild),
            ("GET", f"/guilds/{g}/channels", self.guild_channels),
            ("GET", f"/guilds/{g}/roles", self.guild_roles),
            ("GET", f"/guilds/{g}/members/{{user}}", self.member),
            ("GET", f"/guilds/{g}/threads/active", self.active_threads),
            ("GET", f"/channels/{c}", self.channel),
            ("PATCH", f"/channels/{c}", self.change_channel),
            ("GET", f"/channels/{c}/messages", self.history),
            ("POST", f"/channels/{c}/messages", self.post),
            ("GET", f"/channels/{c}/messages/{m}", self.message),
            ("PATCH", f"/channels/{c}/messages/{m}", self.edit),
            ("DELETE", f"/channels/{c}/messages/{m}", self.delete),
            ("POST", f"/channels/{c}/messages/{m}/crosspost", self.crosspost),
            ("POST", f"/channels/{c}/messages/{m}/threads", self.thread_from_message),
            ("POST", f"/channels/{c}/threads", self.start_thread),
            ("GET", f"/channels/{c}/threads/archived/public", self.archived),
            ("GET", w, self.webhook),
            ("POST", w, self.execute),
            ("GET", f"{w}/messages/{{message}}", self.webhook_message),
            ("PATCH", f"{w}/messages/{{message}}", self.webhook_edit),
            ("DELETE", f"{w}/messages/{{message}}", self.webhook_delete),
            ("POST", "/interactions/{interaction}/{token}/callback", self.callback),
            *[("GET", path, self.commands) for path in commands],
            *[("PUT", path, self.put_commands) for path in commands],
        ]

    # -- who and where ------------------------------------------------------------------------------------------

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response(
            self.world.bot.json() | {"mfa_enabled": False, "locale": "en-GB", "verified": True, "email": None}
        )

    async def my_guilds(self, _: web.Request) -> web.Response:
        keys = ("id", "name", "icon", "banner", "features")
        found = [
            {k: g.json()[k] for k in keys} | {"owner": False, "permissions": str(g.everyone.permissions)}
            for g in self.world.guilds.values()
        ]
        return web.json_response(found)

    async def open_direct(self, _: web.Request) -> web.Response:
        wanted = self.world.users.get(str(PAYLOAD.get()[0].get("recipient_id")))
        if wanted is None or wanted.bot:
            raise Refused(
                400, 50035, "Invalid Form Body", [(("recipient_id",), "INVALID_RECIPIENT", "Invalid Recipient(s)")]
            )
        return web.json_response(self.world.channel_json(self.world.direct(wanted)))

    async def application(self, _: web.Request) -> web.Response:
        return web.json_response(self.world.application_json())

    async def gateway(self, _: web.Request) -> web.Response:
        return web.json_response({"url": self.server.gateway.url})

    async def gateway_bot(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14400000, "max_concurrency": 1}
        return web.json_response({"url": self.server.gateway.url, "shards": 1, "session_start_limit": limit})

    def _guild(self, request: web.Request) -> Guild:
        guild = self.world.guilds.get(request.match_info["guild"])
        if guild is None:
            raise Refused(404, 10004, "Unknown Guild")
        return guild

    async def guild(self, request: web.Request) -> web.Response:
        return web.json_response(self._guild(request).json())

    async def guild_roles(self, request: web.Request) -> web.Response:
        return web.json_response([r.json() for r in self._guild(request).roles.values()])

    async def guild_channels(self, request: web.Request) -> web.Response:
        own = [
            c for c in self.world.channels.values() if c.guild_id == self._guild(request).id and c.type not in THREADS
        ]
        return web.json_response([self.world.channel_json(c) for c in own])

    async def member(self, request: web.Request) -> web.Response:
        wanted = request.match_info["user"]
        user = self.world.users.get(self.world.bot.id if wanted == "@me" else wanted)
        if user is None:
            raise Refused(404, 10007, "Unknown Member")
        return web.json_response(self.world.member_json(self._guild(request), user))

    async def active_threads(self, request: web.Request) -> web.Response:
        guild = self._guild(request)
        own = [c for c in self.world.channels.values() if c.guild_id == guild.id and c.type in THREADS]
        seen = [c for c in own if not c.archived and self.world.permissions(c) & VIEW_CHANNEL]
        found = sorted(seen, key=lambda c: int(c.id), reverse=True)
        return web.json_response(
            {"threads": [self.world.channel_json(c) for c in found], "members": [], "has_more": False}
        )

    async def channel(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.channel_json(self.messages.channel(request.match_info["channel"])))

    async def change_channel(self, request: web.Request) -> web.Response:
        thread = self.messages.change_thread(request.match_info["channel"], PAYLOAD.get()[0])
        return web.json_response(self.world.channel_json(thread))

    # -- messages -----------------------------------------------------------------------------------------------

    async def post(self, request: web.Request) -> web.Response:
        channel_id = request.match_info["channel"]
        message = self.messages.create(channel_id, *PAYLOAD.get())
        guild = self.world.channels[channel_id].guild_id
        where = {"guild_id": guild} if guild else {}
        await self.server.gateway.dispatch("MESSAGE_CREATE", message | where, intent=1 << 9 if guild else 1 << 12)
        return web.json_response(message)

    async def history(self, request: web.Request) -> web.Response:
        return web.json_response(self.messages.history(request.match_info["channel"], dict(request.query)))

    def _message(self, request: web.Request) -> tuple[Channel, Json]:
        channel = self.messages.channel(request.match_info["channel"])
        return channel, self.messages.message(channel, request.match_info["message"])

    async def message(self, request: web.Request) -> web.Response:
        return web.json_response(self._message(request)[1])

    async def edit(self, request: web.Request) -> web.Response:
        ids = request.match_info["channel"], request.match_info["message"]
        return web.json_response(self.messages.edit(*ids, *PAYLOAD.get()))

    async def delete(self, request: web.Request) -> web.Response:
        self.messages.delete(request.match_info["channel"], request.match_info["message"])
        return web.Response(status=204)

    async def crosspost(self, request: web.Request) -> web.Response:
        return web.json_response(self.messages.crosspost(request.match_info["channel"], request.match_info["message"]))

    async def thread_from_message(self, request: web.Request) -> web.Response:
        ids = request.match_info["channel"], request.match_info["message"]
        thread = self.messages.thread_from_message(*ids, PAYLOAD.get()[0])
        return await self._new_thread(thread, None)

    async def start_thread(self, request: web.Request) -> web.Response:
        made = self.messages.start_thread(request.match_info["channel"], *PAYLOAD.get())
        return await self._new_thread(*made)

    async def _new_thread(self, thread: Channel, first: Json | None) -> web.Response:
        body = self.world.channel_json(thread)
        await self.server.gateway.dispatch("THREAD_CREATE", body | {"newly_created": True}, intent=1)
        return web.json_response(body | ({"message": first} if first else {}), status=201)

    async def archived(self, request: web.Request) -> web.Response:
        parent = self.messages.channel(request.match_info["channel"])
        found = [self.world.channel_json(t) for t in self.world.children(parent.id) if t.archived]
        return web.json_response({"threads": found, "members": [], "has_more": False})

    # -- webhooks: of channels, and of interactions -------------------------------------------------------------

    def _is_interaction(self, request: web.Request) -> bool:
        return request.match_info["hook"] == self.world.application_id

    def _hook(self, request: web.Request) -> Channel:
        hook = self.world.webhooks.get(request.match_info["hook"])
        if hook is None:
            raise Refused(404, 10015, "Unknown Webhook")
        if hook.token != request.match_info["token"]:
            raise Refused(401, 50027, "Invalid Webhook Token")
        channel = self.world.channels[hook.channel_id]
        if thread_id := request.query.get("thread_id"):
            thread = self.world.channels.get(thread_id)
            if thread is None or thread.parent_id != channel.id:
                raise Refused(404, 10003, "Unknown Channel")
            return thread
        return channel

    async def webhook(self, request: web.Request) -> web.Response:
        channel = self._hook(request)
        hook = self.world.webhooks[request.match_info["hook"]]
        return web.json_response({
            "id": hook.id, "token": hook.token, "type": 1, "name": hook.name, "avatar": None, "guild_id":
            channel.guild_id, "channel_id": hook.channel_id, "application_id": None,
        })  # fmt: skip

    async def execute(self, request: web.Request) -> web.Response:
        body, files = PAYLOAD.get()
        if self._is_interaction(request):
            return web.json_response(self.interactions.followup(request.match_info["token"], body, files))
        channel = self._hook(request)
        hook = self.world.webhooks[request.match_info["hook"]]
        if request.query.get("with_components", "0") not in ("1", "true"):
            body = body | {"components": []}
        if (name := body.get("username")) and validate.units(name) > 80:
            raise Refused(
                400,
                50035,
                "Invalid Form Body",
                [(("username",), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length.")],
            )
        author = User(hook.id, body.get("username") or hook.name, bot=True)
        if channel.type in FORUMS:
            if not body.get("thread_name"):
                raise Refused(400, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id")
            tags = body.get("applied_tags") or []
            _, message = self.messages.forum_post(
                channel, body["thread_name"], tags, body, files, author, webhook_id=hook.id
            )
        else:
            if body.get("thread_name"):
                raise Refused(400, 220003, "Webhooks can only create threads in forum channels")
            validate.check_message(body, files=len(files), webhook=True)
            message = self.messages.store(channel, author, body, files, webhook_id=hook.id)
        if request.query.get("wait", "0") in ("1", "true"):
            return web.json_response(message)
        return web.Response(status=204)

    def _hooked(self, request: web.Request) -> Json:
        return self.messages.message(self._hook(request), request.match_info["message"])

    async def webhook_message(self, request: web.Request) -> web.Response:
        if self._is_interaction(request):
            return web.json_response(
                self.interactions.message(request.match_info["token"], request.match_info["message"])
            )
        return web.json_response(self._hooked(request))

    async def webhook_edit(self, request: web.Request) -> web.Response:
        if self._is_interaction(request):
            ids = request.match_info["token"], request.match_info["message"]
            return web.json_response(self.interactions.change(*ids, *PAYLOAD.get()))
        body = PAYLOAD.get()[0]
        if request.query.get("with_components", "0") not in ("1", "true"):
            body = {k: v for k, v in body.items() if k != "components"}
        return web.json_response(self.messages.change(self._hooked(request), body, PAYLOAD.get()[1], webhook=True))

    async def webhook_delete(self, request: web.Request) -> web.Response:
        if self._is_interaction(request):
            self.interactions.delete(request.match_info["token"], request.match_info["message"])
        else:
            self._hook(request).messages.remove(self._hooked(request))
        return web.Response(status=204)

    # -- interactions and commands ------------------------------------------------------------------------------

    async def callback(self, request: web.Request) -> web.Response:
        ids = request.match_info["interaction"], request.match_info["token"]
        about = self.interactions.callback(*ids, *PAYLOAD.get())
        if request.query.get("with_response", "false").lower() in ("1", "true"):
            return web.json_response(about)
        return web.Response(status=204)

    def _command_place(self, request: web.Request) -> str:
        if request.match_info["app"] != self.world.application_id:
            raise Refused(403, 20012, "You are not authorized to perform this action on this application")
        return request.match_info.get("guild", "")

    async def commands(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.commands.get(self._command_place(request), []))

    async def put_commands(self, request: web.Request) -> web.Response:
        place = self._command_place(request)
        if not self.server.commands_allowed:
            raise Refused(403, 50001, "Missing Access")
        wanted = PAYLOAD.get()[0].get("list", [])
        validate.check_commands(wanted)
        common = {"application_id": self.world.application_id, "version": self.world.ids.next()}
        defaults = {
            "type": 1,
            "default_member_permissions": None,
            "dm_permission": True,
            "nsfw": False,
            "description": "",
        }
        before = {(c["type"], c["name"]): c["id"] for c in self.world.commands.get(place, [])}
        stored = []
        for command in wanted:
            id_ = before.get((command.get("type", 1), command["name"])) or self.world.ids.next()
            needed = command.get("default_member_permissions")  # taken as a number too, given back as a string
            stored.append(
                defaults
                | {"contexts": None, "integration_types": [0]}
                | command
                | common
                | {"id": id_, "default_member_permissions": needed if needed is None else str(needed)}
                | ({"guild_id": place} if place else {})
            )
        self.world.commands[place] = stored
        return web.json_response(stored)
