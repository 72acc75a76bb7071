"""Socket Mode as the server plays it: tickets, hello, envelopes and their acknowledgements, disconnect requests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.slack.workspace import Workspace

MAX_CONNECTIONS = 10  # per app; docs.slack.dev/apis/events-api/using-socket-mode
ACK_S = 3.0  # seconds an app has to acknowledge


class NotAcknowledged(Exception):
    """The app did not answer in time, or no connection was there to ask it."""


@dataclass
class Hub:
    """All websockets of the app. ``connected`` is set while at least one is open; ``opened`` counts them all."""

    workspace: Workspace
    opened: int = 0
    max_connections: int = MAX_CONNECTIONS
    violations: list[str] = field(default_factory=list)
    _sockets: list[web.WebSocketResponse] = field(default_factory=list)
    _tickets: set[str] = field(default_factory=set)
    _waiting: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _then: dict[str, Callable[[dict[str, Any]], None]] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def ticket(self) -> str:
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    @property
    def connections(self) -> int:
        return len(self._sockets)

    async def wait_opened(self, count: int) -> None:
        """Until ``count`` connections have been opened since the start and one is open now."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.opened >= count and bool(self._sockets))

    async def wait_closed(self) -> None:
        """Until no connection is open."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._sockets)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``GET /link``: one websocket, from hello to goodbye."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=408, text="ticket used or unknown")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._sockets) >= self.max_connections:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await socket.close()
            return socket
        self._sockets.append(socket)
        await socket.send_json(self._hello())
        await self._note(opened=1)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._receive(message.data)
        finally:
            if socket in self._sockets:
                self._sockets.remove(socket)
            await self._note()
        return socket

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello", "num_connections": len(self._sockets),
            "connection_info": {"app_id": self.workspace.app_id},
            "debug_info": {"host": "applink-local", "build_number": 1, "approximate_connection_time": 18060},
        }  # fmt: skip

    async def _note(self, opened: int = 0) -> None:
        async with self._changed:
            self.opened += opened
            self._changed.notify_all()

    def _receive(self, data: str) -> None:
        try:
            answer = json.loads(data)
            waiting = self._waiting.pop(answer["envelope_id"])
        except (ValueError, KeyError, TypeError):
            self.violations.append(f"not an acknowledgement of an open envelope: {data[:200]}")
            return
        if not waiting.done():
            if then := self._then.pop(answer["envelope_id"], None):
                then(dict(answer.get("payload") or {}))
            waiting.set_result(answer)

    async def deliver(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        accepts_response: bool,
        retry_attempt: int = 0,
        retry_reason: str = "",
        then: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Send an envelope down the newest connection and return the acknowledgement's payload. ``then`` is done with
        it at once, before anything else that the app asks for."""
        if not self._sockets:
            raise NotAcknowledged("the app has no open websocket")
        envelope = {
            "envelope_id": str(uuid.uuid4()), "type": kind, "accepts_response_payload": accepts_response,
            "payload": payload,
        }  # fmt: skip
        if kind == "events_api":
            envelope |= {"retry_attempt": retry_attempt, "retry_reason": retry_reason}
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[str(envelope["envelope_id"])] = future
        if then is not None:
            self._then[str(envelope["envelope_id"])] = then
        await self._sockets[-1].send_json(envelope)
        try:
            answer = await asyncio.wait_for(future, ACK_S)
        except TimeoutError:
            self._waiting.pop(str(envelope["envelope_id"]), None)
            raise NotAcknowledged(f"no acknowledgement of {kind} within {ACK_S:g} s") from None
        body = answer.get("payload") or {}
        if body and not accepts_response:
            self.violations.append(f"a payload in the acknowledgement of {kind}, which takes none")
        return dict(body)

    async def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """``warning`` (10 s ahead), ``refresh_requested``, ``link_disabled`` or ``too_many_websockets``."""
        for socket in list(self._sockets):
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-local"}})
            if reason != "warning":
                await socket.close()

    async def drop(self) -> None:
        """Break every connection without a goodbye, as a failing network does."""
        for socket in list(self._sockets):
            with contextlib.suppress(AttributeError):
                transport = socket._req.transport if socket._req else None
                if transport is not None:
                    transport.abort()

    async def close(self) -> None:
        for socket in list(self._sockets):
            await socket.close()
