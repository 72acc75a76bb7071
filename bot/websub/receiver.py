"""What hubs ask and send: the routes below ``/websub``, on the listener of the health checks.

The body of a message is capped and signed over as it came; a message that is not signed with the secret of its
subscription is acknowledged and dropped, as the recommendation has it, so that a guesser learns nothing. What is left
takes the way of a poll. It is acknowledged once it is stored: a message that a crash cut off is sent again by the hub.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web

from bot.errors import SourceError, StoreError
from bot.health import Metrics
from bot.log import Log
from bot.model import Fetched
from bot.web.decode import BodyDamagedError, BodyTooLargeError
from bot.web.unpack import unpacked
from bot.websub.desk import PATH, Subscriptions
from bot.websub.signing import signed
from bot.websub.subscription import Subscription

READ_S = 30.0  # seconds for a body
WORK_S = 8.0  # seconds after which a message is acknowledged while it is still worked on; hubs give up after ten or so
WAITING_MAX = 64  # messages in hand; a hub that sends more is asked to come again
UNKNOWN = "no such subscription\n"  # what `doctor` knows the bot by, too
CHALLENGE_MAX = 1_000  # characters

Intake = Callable[[Fetched], Awaitable[int]]
"""Takes what a hub sent like the answer of a poll and returns how many items were new. Raises ``SourceError`` and
``StoreError``."""


class Receiver:
    """``intake`` takes what came, ``ping`` lets a source be polled at once; ``body_max`` is in bytes, before and after
    decompression."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        intake: Intake,
        ping: Callable[[str], Awaitable[None]],
        *,
        body_max: int,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._subscriptions = subscriptions
        self._intake = intake
        self._ping = ping
        self._body_max = body_max
        self._clock = clock
        self._metrics = metrics
        self._working: set[asyncio.Task[web.Response]] = set()
        self._log = Log("websub")

    def routes(self) -> tuple[web.AbstractRouteDef, ...]:
        """For the listener."""
        path = f"{PATH}/{{token}}"
        return (web.get(path, self.answer, allow_head=False), web.post(path, self.take))

    # -- questions --------------------------------------------------------------------------------------------------
    async def answer(self, request: web.Request) -> web.Response:
        """A hub asks whether we asked it, or denies what we asked for (sections 5.2 and 5.3)."""
        asked = request.query
        token, mode, topic = request.match_info["token"], asked.get("hub.mode", ""), asked.get("hub.topic", "")
        challenge = asked.get("hub.challenge", "")
        try:
            if mode == "denied":
                agreed = await self._subscriptions.deny(token, topic, asked.get("hub.reason", "").strip())
                challenge = ""
            else:
                lease = asked.get("hub.lease_seconds", "")
                lease_s = float(lease) if lease.isascii() and lease.isdigit() and len(lease) < 12 else None
                fits = 0 < len(challenge) <= CHALLENGE_MAX
                agreed = fits and await self._subscriptions.verify(token, mode, topic, lease_s)
        except StoreError as error:
            self._log.error("answer to a hub not stored", error=str(error))
            return _later()
        if not agreed:
            self._metrics.hub_message("unknown_question")
            return web.Response(status=404, text=UNKNOWN)
        # A type that no browser runs: what is echoed is the asker's text (section 8.2).
        return web.Response(
            body=challenge.encode(),
            content_type="application/octet-stream",
            headers={"X-Content-Type-Options": "nosniff"},
        )

    # -- messages ---------------------------------------------------------------------------------------------------
    async def take(self, request: web.Request) -> web.Response:
        """A hub sends news, or says that there is some (section 7)."""
        one = self._subscriptions.find(request.match_info["token"])
        if one is None or not one.live(self._clock()):
            self._metrics.hub_message("unknown")
            return web.Response(status=410, text="no such subscription any more\n")
        if len(self._working) >= WAITING_MAX:
            self._metrics.hub_message("put_off")
            return _later()
        body = await self._read(request)
        if body is None:
            self._metrics.hub_message("too_large")
            self._log.warning("too large a message of a hub", source=one.source_id, max_bytes=self._body_max)
            await self._ping(one.source_id)
            return web.Response(status=413, text="too large; it is fetched instead\n")
        if one.secret and not signed(one.secret, body, request.headers.get("X-Hub-Signature", "")):
            self._metrics.hub_message("bad_signature")
            self._log.warning("a message without the right signature was dropped", source=one.source_id)
            return _taken()
        work = asyncio.create_task(
            self._work(one, body, request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", ""))
        )
        self._working.add(work)
        work.add_done_callback(self._working.discard)
        done, _ = await asyncio.wait({work}, timeout=WORK_S)
        return work.result() if done else _taken()

    async def _read(self, request: web.Request) -> bytes | None:
        """The body as it was sent; ``None`` if it is too large, or takes too long to come."""
        declared = request.content_length
        if declared is not None and declared > self._body_max:
            return None
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(READ_S):
                async for piece in request.content.iter_any():
                    size += len(piece)
                    if size > self._body_max:
                        return None
                    pieces.append(piece)
        except TimeoutError:
            return None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise web.HTTPBadRequest(text="the body broke off\n") from error
        return b"".join(pieces)

    async def _work(self, one: Subscription, body: bytes, content_type: str, coding: str) -> web.Response:
        self._subscriptions.pushed(one)
        if not one.secret or not body.strip():
            # Nobody vouches for what stands in an unsigned message; that something is new can be looked up.
            self._metrics.hub_message("ping")
            await self._ping(one.source_id)
            return _taken()
        now = self._clock()
        try:
            content = await unpacked(body, coding, self._body_max)
            # Of the headers, which nothing signs, only the type is used: the document's charset may stand there.
            came = Fetched(one.source_id, one.topic, 200, {"content-type": content_type}, content, now)
            new = await self._intake(came)
        except StoreError as error:
            self._metrics.hub_message("not_stored")
            self._log.error("a message of a hub was not stored", source=one.source_id, error=str(error))
            return _later()
        except (SourceError, BodyDamagedError, BodyTooLargeError) as error:
            # The source itself is asked: what the hub made of its feed is no fault of the source.
            self._metrics.hub_message("unreadable")
            self._log.warning("a message of a hub cannot be read", source=one.source_id, error=str(error))
            await self._ping(one.source_id)
            return _taken()
        self._metrics.hub_message("news" if new else "nothing_new")
        return _taken()

    async def stop(self, timeout_s: float) -> None:
        """Let the messages in hand be finished."""
        if self._working:
            await asyncio.wait(self._working, timeout=timeout_s)


def _taken() -> web.Response:
    return web.Response(status=202)


def _later() -> web.Response:
    return web.Response(status=503, headers={"Retry-After": "60"})
