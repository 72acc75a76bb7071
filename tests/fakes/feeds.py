"""A small HTTP server of feeds on the loopback interface, for tests and benchmarks.

Each path has an :class:`Answer`, or a handler for what an answer cannot express (a body that never ends, a connection
that breaks off). Requests are recorded. ``async with FeedServer() as server`` starts and stops it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web
from multidict import CIMultiDict

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Answer:
    """What a path answers. With ``etag`` or ``modified``, a request that brings them back gets a 304."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/rss+xml"
    etag: str | None = None
    modified: str | None = None

    def to(self, request: web.Request) -> web.StreamResponse:
        """The response to a request."""
        headers = dict(self.headers)
        if self.etag is not None:
            headers["ETag"] = self.etag
        if self.modified is not None:
            headers["Last-Modified"] = self.modified
        unchanged = (self.etag is not None and request.headers.get("If-None-Match") == self.etag) or (
            self.etag is None
            and self.modified is not None
            and request.headers.get("If-Modified-Since") == self.modified
        )
        if unchanged:
            return web.Response(status=304, headers=headers)
        headers.setdefault("Content-Type", self.content_type)
        return web.Response(status=self.status, body=self.body, headers=headers)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]
    raw_headers: tuple[tuple[bytes, bytes], ...]


class FeedServer:
    """The server. ``answers`` may be changed while it runs; a path that nobody set is a 404."""

    def __init__(
        self,
        answers: Mapping[str, Answer | Handler] | None = None,
        *,
        record: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answers: dict[str, Answer | Handler] = dict(answers or {})
        self.seen: list[Seen] = []
        self.busy = self.most_busy = 0
        self.port = 0
        self._record = record
        self._tls = tls
        self._runner: web.ServerRunner | None = None

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path, under any name of this machine."""
        return f"http{'s' if self._tls else ''}://{host}:{self.port}{path}"

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024, ssl_context=self._tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._record:
            self.seen.append(Seen(request.raw_path, CIMultiDict(request.headers), request.raw_headers))
        answer = self.answers.get(request.path)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            if answer is None:
                return web.Response(status=404, text="no such feed")
            if isinstance(answer, Answer):
                return answer.to(request)  # type: ignore[arg-type]
            return await answer(request)  # type: ignore[arg-type]
        finally:
            self.busy -= 1


def endless(piece: bytes, pause_s: float = 0.0) -> Handler:
    """A handler that sends ``piece`` for ever, ``pause_s`` seconds apart."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
        await response.prepare(request)
        while True:
            await response.write(piece)
            await asyncio.sleep(pause_s)

    return handler


def broken_off(body: bytes) -> Handler:
    """A handler that promises more than it sends, and hangs up."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(body) + 1000)})
        await response.prepare(request)
        await response.write(body)
        assert request.transport is not None
        request.transport.close()
        return response

    return handler


def rss(items: int, *, first: int = 0, words: int = 40) -> bytes:
    """An RSS 2.0 feed of made-up items, numbered from ``first``."""
    text = " ".join(
        ("ministers", "signed", "the", "accord", "on", "grain", "after", "long", "talks")[i % 9] for i in range(words)
    )
    body = "".join(
        f"<item><title>Report {n} from the harbour</title><link>https://news.example/story/{n}</link>"
        f'<guid isPermaLink="false">story-{n}</guid><pubDate>Mon, 02 Mar 2026 10:{n % 60:02d}:00 GMT</pubDate>'
        f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
        for n in range(first, first + items)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Harbour Post</title>'
        f"<link>https://news.example/</link><language>en</language>{body}</channel></rss>"
    ).encode()
