"""The local Slack server: Web API, Socket Mode, response URLs, uploads and signed requests, on a loopback port.

    async with SlackServer() as slack:
        room = slack.workspace.add_channel("sanctions-desk")
        AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)

It is strict: what the real service refuses is refused, with its error string. Rate limits are off until
``slack.limits.enabled`` is set.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.fakes.slack.limits import Fault, RateLimits
from tests.fakes.slack.methods import WebApi, check_content
from tests.fakes.slack.sockets import Hub
from tests.fakes.slack.workspace import Refusal, Workspace

RESPONSE_URL_USES = 5
RESPONSE_URL_S = 1800  # seconds
TRIGGER_S = 3  # seconds


@dataclass(frozen=True, slots=True)
class Call:
    """A Web API call as it came in; ``ok`` is ``None`` where no answer was given."""

    method: str
    args: dict[str, Any]
    ok: bool | None
    error: str = ""


@dataclass
class _Reply:
    channel: str
    user: str
    message_ts: str
    expires: float
    uses: int = 0


@dataclass
class SlackServer:
    """See the module. ``now`` gives Unix seconds (time stamps of messages, expiry of triggers)."""

    now: Callable[[], float] = time.time
    limits: RateLimits = field(default_factory=RateLimits)
    calls: list[Call] = field(default_factory=list)
    request_url: str = ""  # where events go by signed HTTP; Socket Mode where empty

    def __post_init__(self) -> None:
        self.workspace = Workspace(now=self.now)
        self.hub = Hub(self.workspace)
        self.api = WebApi(self.workspace, self._open_url, lambda file_id: f"{self.url}/upload/{file_id}")
        self.url = ""
        self.down = False
        self.refuse_uploads = 0  # so many uploads of bytes fail
        self.spend_response_urls = False  # every new response URL has run out already
        self._attempted = asyncio.Condition()
        self._answered = asyncio.Condition()
        self._hung = asyncio.Event()
        self._faults: list[Fault] = []
        self._replies: dict[str, _Reply] = {}
        self._runner: web.AppRunner | None = None

    # -- life -------------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> Self:
        app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[self._note_answers])
        app.router.add_route("*", "/api/{method}", self._on_call)
        app.router.add_get("/link", self._on_link)
        app.router.add_post("/response/{id}", self._on_response_url)
        app.router.add_post("/upload/{id}", self._on_upload)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        self.heal()
        await self.hub.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # -- what clients need ------------------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        """The ``base_url`` of slack_sdk clients, slash included."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        return self.workspace.bot_token.value

    @property
    def app_token(self) -> str:
        return self.workspace.app_token.value

    @property
    def signing_secret(self) -> str:
        return self.workspace.signing_secret

    def counted(self) -> Counter[str]:
        """Calls by method."""
        return Counter(c.method for c in self.calls)

    async def next_attempt(self) -> None:
        """Until the app asks for a websocket address once more, whatever it is answered."""
        async with self._attempted:
            await self._attempted.wait()

    async def settled(self, done: Callable[[], bool], *, within_s: float = 60.0) -> None:
        """Until ``done()``, a look at this server's state, taken after each answer. Raises ``TimeoutError``."""
        async with asyncio.timeout(within_s):
            async with self._answered:
                await self._answered.wait_for(done)

    # -- trouble ----------------------------------------------------------------------------------------------------

    def fail(self, method: str = "", **fault: Any) -> None:
        """Order a :class:`Fault`; faults of one method happen in the order they were ordered."""
        self._faults.append(Fault(method, **fault))

    async def outage(self, on: bool) -> None:
        """While on, every connection breaks before it is answered, and open websockets break at once."""
        self.down = on
        if on:
            await self.hub.drop()

    def revoke(self, error: str = "token_revoked") -> None:
        """All tokens of the app stop working: ``token_revoked``, ``account_inactive``, ``invalid_auth``."""
        self.workspace.bot_token.trouble = error
        self.workspace.app_token.trouble = error

    def set_scopes(self, *scopes: str) -> None:
        """What the bot token may do from now on."""
        self.workspace.bot_token.scopes = frozenset(scopes)

    def heal(self) -> None:
        """Forget all ordered faults, and let go of calls that hang."""
        self._faults.clear()
        self._hung.set()
        self._hung = asyncio.Event()

    def _next_fault(self, method: str) -> Fault | None:
        for fault in self._faults:
            if fault.times > 0 and fault.method in ("", method):
                fault.times -= 1
                return fault
        return None

    @web.middleware
    async def _note_answers(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        finally:
            async with self._answered:
                self._answered.notify_all()

    # -- Web API ----------------------------------------------------------------------------------------------------

    async def _on_call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request, method)
        fault = self._next_fault(method)
        if method == "apps.connections.open":
            async with self._attempted:
                self._attempted.notify_all()
        if fault is not None and fault.lose == "hang":
            self.calls.append(Call(method, args, None, "hangs"))
            await self._hung.wait()
            return self._break(request, None)
        if self.down or (fault is not None and fault.lose == "before"):
            return self._break(request, Call(method, args, None, "lost before"))
        if fault is not None and not fault.lose:
            return self._faulty(fault, method, args)
        token_value = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(args.pop("token", ""))
        args.pop("token", None)
        room = args.get("channel")
        by_name = next((r.id for r in self.workspace.rooms.values() if room == f"#{r.name}"), str(room))
        wait = self.limits.take(method, by_name)
        if wait is not None:
            self.calls.append(Call(method, args, False, "ratelimited"))
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait)}
            )
        headers = {}
        try:
            body, token = self.api.call(method, token_value, args)
            headers["X-OAuth-Scopes"] = ",".join(sorted(token.scopes))
        except Refusal as refusal:
            body = refusal.body
        self.calls.append(Call(method, args, body["ok"], body.get("error", "")))
        if fault is not None:
            return self._break(request, None)
        return web.json_response(body, headers=headers)

    def _faulty(self, fault: Fault, method: str, args: dict[str, Any]) -> web.Response:
        error = fault.error or ("ratelimited" if fault.status == 429 else "")
        self.calls.append(Call(method, args, False, error or str(fault.status)))
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        if error:
            body = {"ok": False, "error": error, **fault.more}
            return web.json_response(body, status=fault.status, headers=headers)
        text = fault.body or "<html><body>Something went wrong</body></html>"
        return web.Response(status=fault.status, text=text, content_type="text/html", headers=headers)

    def _break(self, request: web.Request, call: Call | None) -> web.Response:
        if call is not None:
            self.calls.append(call)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    # -- Socket Mode, response URLs, uploads ------------------------------------------------------------------------

    def _open_url(self) -> str:
        return f"ws{self.url.removeprefix('http')}/link?ticket={self.hub.ticket()}&app_id={self.workspace.app_id}"

    async def _on_link(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return self._break(request, None)
        return await self.hub.handle(request)

    async def _on_upload(self, request: web.Request) -> web.Response:
        stored = self.workspace.files.get(request.match_info["id"])
        if self.down or stored is None:
            return web.Response(status=404, text="unknown upload")
        content = await request.read()
        if self.refuse_uploads:
            self.refuse_uploads -= 1
            return web.Response(status=503, text="try again")
        if request.content_type.startswith("multipart/"):
            return web.Response(status=400, text="send the bytes as the body")
        if len(content) != stored["length"]:
            return web.Response(status=400, text="length differs from what was announced")
        stored["content"] = content
        return web.Response(text=f"OK - {len(content)}")

    def new_response_url(self, channel: str, user: str, message_ts: str = "") -> str:
        """An address that takes up to 5 answers within 30 minutes."""
        reply_id = self.workspace.new_id("R")
        self._replies[reply_id] = _Reply(channel, user, message_ts, self.now() + RESPONSE_URL_S)
        return f"{self.url}/response/{reply_id}"

    async def _on_response_url(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return self._break(request, None)
        reply = self._replies.get(request.match_info["id"])
        if reply is None or self.now() > reply.expires or self.spend_response_urls:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if reply.uses >= RESPONSE_URL_USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        reply.uses += 1
        try:
            answer = await request.json()
            self._respond(reply, answer)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=400)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        return web.Response(text="ok")

    def _respond(self, reply: _Reply, answer: dict[str, Any]) -> None:
        ws = self.workspace
        room = ws.rooms[reply.channel]
        original = room.get(reply.message_ts) if reply.message_ts else None
        if answer.get("delete_original"):
            if original is not None:
                room.messages.remove(original)
            return
        content = {key: answer[key] for key in ("text", "blocks", "attachments", "metadata") if answer.get(key)}
        if not content:
            raise Refusal("no_text")
        if "blocks" in content:
            check_content(ws, content["blocks"])
        content.setdefault("text", "")
        if answer.get("replace_original") and original is not None:
            original.update(content)
        elif answer.get("response_type") == "in_channel":
            message = ws.by_bot(content)
            if answer.get("thread_ts"):
                message["thread_ts"] = answer["thread_ts"]
            room.messages.append(message)
        else:
            ws.ephemeral.append({"channel": room.id, "user": reply.user, "ts": ws.new_ts(), **content})

    # -- what people do ---------------------------------------------------------------------------------------------

    def new_trigger(self) -> str:
        trigger = f"{self.workspace.new_id('X')}.{self.workspace.team_id}"
        self.api.triggers[trigger] = self.now() + TRIGGER_S
        return trigger

    async def command(self, command: str, text: str, *, user: str, channel: str) -> dict[str, Any]:
        """Someone types a slash command; returns the body of the acknowledgement."""
        ws = self.workspace
        room = ws.rooms[channel]
        payload = {
            "token": "verification", "team_id": ws.team_id, "team_domain": "risk-desk", "channel_id": channel,
            "channel_name": "privategroup" if room.private and not room.direct_to else room.name, "user_id": user,
            "user_name": ws.users[user]["name"], "command": command, "text": text, "api_app_id": ws.app_id,
            "is_enterprise_install": "false", "response_url": self.new_response_url(channel, user),
            "trigger_id": self.new_trigger(),
        }  # fmt: skip
        return await self._send("slash_commands", payload)

    async def click(self, channel: str, ts: str, action_id: str, *, user: str, value: str = "") -> dict[str, Any]:
        """Someone clicks a button, or picks ``value`` in a select, of a message."""
        message = self.workspace.rooms[channel].get(ts)
        if message is None:
            raise KeyError(f"no message {ts}")
        blocks = [b for b in [*message.get("blocks", []), *_attached(message)] if b["type"] == "actions"]
        block, element = next((b, e) for b in blocks for e in b["elements"] if e.get("action_id") == action_id)
        action = {"type": element["type"], "action_id": action_id, "block_id": block.get("block_id", "b0"),
                  "action_ts": self.workspace.new_ts()}  # fmt: skip
        if element["type"] == "button":
            action |= {"text": element["text"], "value": element.get("value", "")}
        else:
            action["selected_option"] = next(o for o in element["options"] if o["value"] == value)
        payload = self._interaction("block_actions", user) | {
            "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False},
            "channel": {"id": channel, "name": self.workspace.rooms[channel].name}, "message": message,
            "actions": [action], "response_url": self.new_response_url(channel, user, ts),
        }  # fmt: skip
        return await self._send("interactive", payload)

    async def submit(
        self,
        view_id: str,
        values: dict[str, Any],
        *,
        user: str,
        then: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Someone sends a modal: ``values`` is ``{block_id: {action_id: {...}}}``. ``then`` is done with the answer."""
        view = {**self.workspace.views[view_id], "state": {"values": values}}
        payload = self._interaction("view_submission", user) | {"view": view, "response_urls": []}
        return await self._send("interactive", payload, accepts_response=True, then=then)

    async def shortcut(self, callback_id: str, *, user: str) -> dict[str, Any]:
        """Someone picks a global shortcut."""
        return await self.interact("shortcut", user, callback_id=callback_id)

    async def interact(self, kind: str, user: str, **more: Any) -> dict[str, Any]:
        """Any other interaction; ``more`` is what its payload holds besides."""
        return await self._send("interactive", self._interaction(kind, user) | more)

    async def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """Something happens that the app subscribed to."""
        ws = self.workspace
        payload = {
            "token": "verification", "team_id": ws.team_id, "api_app_id": ws.app_id, "type": "event_callback",
            "event": {"event_ts": ws.new_ts(), **event}, "event_id": ws.new_id("Ev"), "event_time": int(self.now()),
            "authorizations": [{"team_id": ws.team_id, "user_id": ws.bot_user, "is_bot": True}],
        }  # fmt: skip
        return await self._send("events_api", payload)

    async def open_home(self, *, user: str) -> dict[str, Any]:
        """Someone opens the App Home tab."""
        return await self.event({"type": "app_home_opened", "user": user, "channel": "D0LOCAL", "tab": "home"})

    def _interaction(self, kind: str, user: str) -> dict[str, Any]:
        ws = self.workspace
        return {
            "type": kind, "user": {"id": user, "username": ws.users[user]["name"], "team_id": ws.team_id},
            "api_app_id": ws.app_id, "token": "verification", "trigger_id": self.new_trigger(),
            "team": {"id": ws.team_id, "domain": "risk-desk"}, "enterprise": None, "is_enterprise_install": False,
        }  # fmt: skip

    async def _send(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        accepts_response: bool | None = None,
        then: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        if self.request_url:
            answer = await self.post_signed(self.request_url, kind, payload)
            if then is not None:
                then(answer)
            return answer
        accepts = kind == "slash_commands" if accepts_response is None else accepts_response
        return await self.hub.deliver(kind, payload, accepts_response=accepts, then=then)

    async def post_signed(
        self, url: str, kind: str, payload: dict[str, Any], *, secret: str = "", age_s: int = 0
    ) -> dict[str, Any]:
        """POST to the app as Slack does without Socket Mode. Raises ``aiohttp.ClientResponseError`` unless it is 200.

        ``secret`` and ``age_s`` forge the signature and the time stamp.
        """
        if kind == "events_api":
            content_type, body = "application/json", json.dumps(payload)
        else:
            content_type = "application/x-www-form-urlencoded"
            body = urlencode(payload if kind == "slash_commands" else {"payload": json.dumps(payload)})
        stamp = str(int(self.now()) - age_s)
        key = (secret or self.signing_secret).encode()
        signature = hmac.new(key, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": content_type, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signature}",
        }  # fmt: skip
        timeout = aiohttp.ClientTimeout(total=TRIGGER_S)
        async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:  # noqa: SIM117
            async with session.post(url, data=body.encode(), headers=headers) as answer:
                text = await answer.text()
        with contextlib.suppress(ValueError):
            parsed = json.loads(text)
            return parsed if isinstance(parsed, dict) else {"text": parsed}
        return {"text": text} if text else {}


def _attached(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for attachment in message.get("attachments", []) for block in attachment.get("blocks", [])]


# Only these read a JSON body (docs.slack.dev/apis/web-api: "JSON-encoded bodies"); others ignore it.
_TAKES_JSON = ("chat.", "views.", "conversations.join", "conversations.open", "files.completeUploadExternal")


async def _arguments(request: web.Request, method: str) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        if not method.startswith(_TAKES_JSON):
            return args
        body = await request.text()
        with contextlib.suppress(ValueError):
            parsed = json.loads(body) if body else {}
            args |= parsed if isinstance(parsed, dict) else {}
    else:
        args |= dict(await request.post())
    return args
