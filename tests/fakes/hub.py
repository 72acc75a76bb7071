"""A WebSub hub on the loopback interface, as strict as the recommendation lets a hub be.

``async with Hub() as hub`` starts one. What a subscriber does against the recommendation is refused, and stands in
``violations``. Time is the ``clock``'s; nothing is sent but by :meth:`Hub.publish`, :meth:`Hub.deny` and the questions
that follow a request.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from aiohttp import web

from tests.fakes.authority import Authority

KNOWN = frozenset({"hub.callback", "hub.mode", "hub.topic", "hub.lease_seconds", "hub.secret"})


@dataclass(frozen=True)
class Asked:
    """A request as it came, whatever became of it."""

    mode: str
    callback: str
    topic: str
    secret: str
    lease_s: int


@dataclass
class Subscriber:
    callback: str
    topic: str
    secret: str
    until: datetime
    delivered: list[int] = field(default_factory=list)  # statuses


class Hub:
    """``lease_s`` is granted to everybody (``None``: what is asked for). ``refuse`` answers requests with a status and
    headers instead of 202; ``silent`` takes them and never asks back. With an ``authority`` it listens and asks over
    https, and trusts that authority alone."""

    def __init__(
        self,
        *,
        lease_s: int | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        authority: Authority | None = None,
    ) -> None:
        self.lease_s = lease_s
        self.clock = clock
        self.refuse: tuple[int, Mapping[str, str]] | None = None
        self.silent = False
        self.asks_at_once = False  # before it answers the request
        self.asked: list[Asked] = []
        self.violations: list[str] = []
        self.subscribers: dict[tuple[str, str], Subscriber] = {}
        self.port = 0
        self._authority = authority
        self._questions: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None

    def url(self, path: str = "/hub") -> str:
        return f"http{'s' if self._authority else ''}://127.0.0.1:{self.port}{path}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hub", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        tls, trust = (self._authority.server(), self._authority.client()) if self._authority else (None, True)
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._client = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=10), connector=aiohttp.TCPConnector(ssl=trust)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.settled()
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def live(self) -> list[Subscriber]:
        """Whose lease has not ended."""
        now = self.clock()
        return [one for one in self.subscribers.values() if one.until > now]

    async def settled(self) -> None:
        """Until every question that is under way was answered."""
        while self._questions:
            await asyncio.wait(set(self._questions))

    # -- requests ---------------------------------------------------------------------------------------------------
    async def _take(self, request: web.Request) -> web.Response:
        body = await request.text()
        fields = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
        fault = self._fault(request, fields)
        if fault:
            self.violations.append(fault)
            return web.Response(status=400, text=fault)
        lease = fields.get("hub.lease_seconds", "")
        asked = Asked(
            fields["hub.mode"],
            fields["hub.callback"],
            fields["hub.topic"],
            fields.get("hub.secret", ""),
            int(lease) if lease else 10 * 86_400,
        )
        self.asked.append(asked)
        if self.refuse is not None:
            status, headers = self.refuse
            return web.Response(status=status, headers=headers, text="not here")
        if not self.silent:
            question = asyncio.create_task(self._verify(asked))
            self._questions.add(question)
            question.add_done_callback(self._questions.discard)
            if self.asks_at_once:
                await question
        return web.Response(status=202)

    def _fault(self, request: web.Request, fields: Mapping[str, str]) -> str:
        """What the recommendation forbids (section 5.1); empty where it is a good request."""
        if request.content_type != "application/x-www-form-urlencoded":
            return f"content type {request.content_type}"
        for name in ("hub.callback", "hub.mode", "hub.topic"):
            if not fields.get(name):
                return f"no {name}"
        if set(fields) - KNOWN:
            return f"unknown fields {sorted(set(fields) - KNOWN)}"
        if fields["hub.mode"] not in ("subscribe", "unsubscribe"):
            return f"mode {fields['hub.mode']}"
        for name in ("hub.callback", "hub.topic"):
            parts = urlsplit(fields[name])
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment:
                return f"{name} is no web address"
        lease = fields.get("hub.lease_seconds", "1")
        if not lease.isdigit() or int(lease) < 1:
            return f"lease {lease}"
        if len(fields.get("hub.secret", "").encode()) >= 200:
            return "the secret is too long"
        return ""

    async def _verify(self, asked: Asked) -> None:
        """Ask the subscriber whether it asked (section 5.3)."""
        challenge = secrets.token_urlsafe(16)
        lease_s = self.lease_s or asked.lease_s
        fields = {"hub.mode": asked.mode, "hub.topic": asked.topic, "hub.challenge": challenge}
        if asked.mode == "subscribe":
            fields["hub.lease_seconds"] = str(lease_s)
        status, body, kind = await self._get(asked.callback, fields)
        if not 200 <= status < 300 or body != challenge:
            self.violations.append(f"{asked.mode} not confirmed ({status})")
            return
        if kind != "application/octet-stream":
            self.violations.append(f"a challenge echoed as {kind}")
        key = (asked.topic, asked.callback)
        if asked.mode == "unsubscribe":
            self.subscribers.pop(key, None)
            return
        until = self.clock() + timedelta(seconds=lease_s)
        self.subscribers[key] = Subscriber(asked.callback, asked.topic, asked.secret, until)

    async def ask(self, callback: str, **fields: str) -> tuple[int, str]:
        """Any question at all: status and body. ``mode``, ``topic``, ``challenge``, ``lease_seconds``, ``reason``."""
        status, body, _ = await self._get(callback, {f"hub.{name}": value for name, value in fields.items()})
        return status, body

    async def deny(self, subscriber: Subscriber | Asked, reason: str = "") -> int:
        """Tell a subscriber that it is not wanted (section 5.2)."""
        status, _ = await self.ask(subscriber.callback, mode="denied", topic=subscriber.topic, reason=reason)
        self.subscribers.pop((subscriber.topic, subscriber.callback), None)
        return status

    async def _get(self, callback: str, fields: Mapping[str, str]) -> tuple[int, str, str]:
        assert self._client is not None
        joiner = "&" if urlsplit(callback).query else "?"
        async with self._client.get(f"{callback}{joiner}{urlencode(fields)}", allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.content_type

    # -- content ----------------------------------------------------------------------------------------------------
    async def publish(
        self, topic: str, body: bytes, *, content_type: str = "application/rss+xml", method: str = "sha256"
    ) -> list[int]:
        """Distribute a topic's content to those who live (section 7). Returns their statuses."""
        statuses = []
        for one in [one for one in self.live if one.topic == topic]:
            signature = f"{method}={hmac.new(one.secret.encode(), body, method).hexdigest()}" if one.secret else None
            status = await self.send(one.callback, body, signature, topic=topic, content_type=content_type)
            one.delivered.append(status)
            statuses.append(status)
            if status == 410:
                self.subscribers.pop((one.topic, one.callback), None)
        return statuses

    async def send(
        self,
        callback: str,
        body: bytes,
        signature: str | None,
        *,
        topic: str = "http://topic.example/",
        content_type: str = "application/rss+xml",
        headers: Mapping[str, str] | None = None,
    ) -> int:
        """One message, signed with whatever; the status of its answer."""
        assert self._client is not None
        sent = {"Content-Type": content_type, "Link": f'<{self.url()}>; rel="hub", <{topic}>; rel="self"'}
        if signature is not None:
            sent["X-Hub-Signature"] = signature
        async with self._client.post(
            callback, data=body, headers={**sent, **(headers or {})}, allow_redirects=False
        ) as a:
            return a.status
