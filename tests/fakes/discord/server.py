"""The local Discord server: REST and gateway on one loopback port."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.fakes.discord import rest
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.interactions import Interactions
from tests.fakes.discord.limits import Limiter
from tests.fakes.discord.messages import Messages
from tests.fakes.discord.validate import Refused, check_files
from tests.fakes.discord.world import API_VERSION, Channel, Json, World

# The shape of a real token, so that redaction is put to the test; in parts, so that no scanner takes it for one.
TOKEN = ".".join(("MTIzNDU2Nzg5MDEyMzQ1Njc4", "GfakeT", "local-server-only-0123456789abcdef"))


@dataclass
class Fault:
    """A way to fail, for requests whose ``"METHOD /path"`` matches, ``times`` times or until healed."""

    match: re.Pattern[str]
    times: float = math.inf
    after: int = 0  # so many pass before
    status: int = 500
    code: int = 0
    message: str = ""
    retry_after: float = 0.0
    scope: str = "user"
    via: bool = True
    errors: Json | None = None
    mode: str = "answer"  # "answer", "drop" (before it is done), "lose" (done, the answer lost), "hang"


class FakeDiscord:
    """A Discord on ``127.0.0.1``, as strict as the real one about what the bot sends.

    ``speed`` shortens every rate-limit window and Retry-After; the clocks can be injected. Use it as an async context
    manager; ``api_url`` is what ``DISCORD_API_URL`` wants.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
        limits: dict[str, tuple[int, float]] | None = None,
        heartbeat_interval_s: float = 41.25,
    ) -> None:
        self.world = World(clock, token)
        self.messages = Messages(self.world, speed)
        self.gateway = Gateway(self.world, heartbeat_interval_s=heartbeat_interval_s)
        self.interactions = Interactions(self.world, self.messages, self.gateway, monotonic)
        self.limiter = Limiter(monotonic, clock, speed=speed, limits=limits)
        self.faults: list[Fault] = []
        self.outage = False
        self.commands_allowed = True  # False: invited without the scope applications.commands
        self.requests: list[tuple[str, str, Any]] = []  # (method, path below /api/v10, JSON body)
        self.observe: Callable[[str, str, Any, int, Any], None] | None = None  # request and answer, for conformance
        self._port = 0
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    # -- life ---------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> Self:
        """Listen; on a given ``port`` for a server that comes back after an outage."""
        app = web.Application(middlewares=[self._guard], client_max_size=30 << 20)
        rest.add_routes(app, self)
        app.router.add_get("/gateway", self._websocket)
        app.router.add_get("/gateway/", self._websocket)
        app.router.add_route("*", "/{rest:.*}", self._unknown)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.gateway.url = f"ws://127.0.0.1:{self._port}/gateway"
        return self

    async def stop(self) -> None:
        self._stopping.set()
        await self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        return self._port

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/v{API_VERSION}"

    def webhook_url(self, channel: Channel) -> str:
        hook = self.world.add_webhook(channel)
        return f"http://127.0.0.1:{self._port}/api/webhooks/{hook.id}/{hook.token}"

    # -- misfortune ---------------------------------------------------------------------------------------------

    def fail(self, match: str = "^(POST|PATCH) ", **how: Any) -> Fault:
        """Add a :class:`Fault`; later ones are asked first."""
        fault = Fault(re.compile(match), **how)
        self.faults.insert(0, fault)
        return fault

    def heal(self) -> None:
        self.faults.clear()
        self.outage = False

    async def begin_outage(self) -> None:
        """Every connection is cut, and every new one."""
        self.outage = True
        await self.gateway.drop()

    async def reset_token(self, new: str) -> None:
        """As pressing "Reset Token": REST answers 401, the gateway closes with 4004."""
        self.world.token = new
        self.gateway.sessions.clear()
        await self.gateway.drop(4004)

    # -- one request --------------------------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        if self.outage:
            return self._abort(request)
        if not request.path.startswith("/api/"):
            return await handler(request)  # type: ignore[no-any-return]
        path = re.sub(r"^/api(/v\d+)?", "", request.path)
        fault = self._fault(f"{request.method} {path}")
        if fault and fault.mode == "drop":
            return self._abort(request)
        if fault and fault.mode == "hang":
            await self._stopping.wait()
            return self._abort(request)
        body, files = await rest.read_body(request)
        rest.PAYLOAD.set((body, files))
        self.requests.append((request.method, path, body))
        response = await self._answer(request, handler, fault)
        response.headers["Via"] = "1.1 google"
        if response.content_type == "application/json":
            response.headers["Content-Type"] = "application/json"  # bare; discord.py takes anything else for text
        if fault and not fault.via:
            del response.headers["Via"]
        if self.observe is not None and not (fault and fault.mode == "answer"):
            payload = json.loads(response.text) if response.text else None
            self.observe(request.method, path, body, response.status, payload)
        if fault and fault.mode == "lose":
            return self._abort(request)
        return response

    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Any], fault: Fault | None
    ) -> web.Response:
        if fault and fault.mode == "answer":
            return _fault_response(fault)
        headers: dict[str, str] = {}
        try:
            rest.check_auth(self.world, request)
            group, major, exempt = rest.bucket_of(request)
            verdict = self.limiter.ask(group, major, exempt=exempt)
            headers = verdict.headers
            if verdict.refused:
                return rate_limited(verdict.retry_after, verdict.scope, headers)
            check_files(*rest.PAYLOAD.get())
            response: web.Response = await handler(request)
        except Refused as refused:
            response = web.json_response(refused.json(), status=refused.status)
        response.headers.update(headers)
        return response

    def _fault(self, line: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.match.search(line):
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def _abort(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        return await self.gateway.handle(request)

    async def _unknown(self, request: web.Request) -> web.Response:
        raise Refused(404, 0, "404: Not Found")


def rate_limited(retry_after: float, scope: str, headers: dict[str, str] | None = None) -> web.Response:
    """429 as Discord words it: seconds as a fraction in the body, as a whole number in the header."""
    body = {"message": "You are being rate limited.", "retry_after": round(retry_after, 3), "global": scope == "global"}
    extra = {"Retry-After": str(math.ceil(retry_after)), "X-RateLimit-Scope": scope} | (headers or {})
    return web.json_response(body, status=429, headers=extra)


def _fault_response(fault: Fault) -> web.Response:
    if fault.status == 429 and fault.via:
        return rate_limited(fault.retry_after, fault.scope)
    if fault.status == 429:  # Cloudflare: a page, not JSON
        headers = {"Retry-After": str(math.ceil(fault.retry_after))}
        return web.Response(text="<html>error code: 1015</html>", content_type="text/html", status=429, headers=headers)
    if fault.status >= 500 and not fault.code:
        return web.Response(text="<html>bad gateway</html>", content_type="text/html", status=fault.status)
    message = fault.message or ("401: Unauthorized" if fault.status == 401 else "refused by a test")
    body: Json = {"message": message, "code": fault.code}
    if fault.errors:
        body["errors"] = fault.errors
    return web.json_response(body, status=fault.status)
