"""A local receiver of webhooks: keeps what it was sent, and fails on request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

PATH = "/hooks/p4th-s3cret?token=qu3ry-s3cret"


@dataclass(frozen=True, slots=True)
class Received:
    """One request that was answered with 2xx; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    path: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.body)
        return loaded


@dataclass
class WebhookReceiver:
    """``async with WebhookReceiver() as receiver`` listens on a free port of 127.0.0.1 (or on ``port``).

    ``accepted`` are the requests that were answered with 2xx; ``requests`` and ``connections`` count all.
    """

    port: int = 0
    accepted: list[Received] = field(default_factory=list)
    requests: int = 0

    def __post_init__(self) -> None:
        self._status = 200
        self._headers: Mapping[str, str] = {}
        self._mode = "answer"
        self._released = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._peers: set[object] = set()

    @property
    def connections(self) -> int:
        return len(self._peers)

    @property
    def url(self) -> str:
        """The address to configure; path and query are secrets."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    @property
    def keys(self) -> list[str]:
        return [r.headers["wirewatch-key"] for r in self.accepted]

    def answer(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        """From now on."""
        self._mode, self._status, self._headers = "answer", status, headers or {}

    def drop(self) -> None:
        """From now on close every connection once the request was read."""
        self._mode = "drop"

    def hang(self) -> None:
        """From now on answer nothing at all."""
        self._mode = "hang"

    async def __aenter__(self) -> WebhookReceiver:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if request.transport is not None:
            self._peers.add(request.transport.get_extra_info("peername"))
        body = await request.read()
        if self._mode == "drop" and request.transport is not None:
            request.transport.abort()
        if self._mode == "hang":
            await self._released.wait()
        if self._mode == "answer" and 200 <= self._status < 300:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.accepted.append(Received(headers, body, request.path_qs))
        return web.Response(status=self._status, headers=self._headers)
