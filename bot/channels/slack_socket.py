"""The websocket of Socket Mode, kept open over slack_bolt's own handler.

The library reconnects by itself after a dropped connection and a request to refresh. Three things it leaves to us: it
asks again every few seconds although Slack has refused for good, it can hang on a websocket address that was used up
in a failed attempt, and it tells nobody but the log. So a watchdog looks after it, throws it away and builds a new one.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.channels.slack_errors import SlackRefused, refusal
from bot.log import Log, redact
from bot.secret import Secret

if TYPE_CHECKING:
    from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

FAILURES_TOLD: Final = 3  # failed attempts in a row before a person hears of it; a blip is nobody's business
CLOSE_S: Final = 3.0  # seconds that a websocket gets to say goodbye

SOCKET_TROUBLES: Final = frozenset({"", "link_disabled", "too_many_websockets"})
"""What an open websocket proves to be over."""

log = Log("slack")


@dataclass(frozen=True, slots=True)
class SocketTimes:
    """Seconds. ``ping`` between pings of the websocket; ``watch`` between the watchdog's looks; ``refused`` until
    the next attempt after Slack said no (``apps.connections.open`` is allowed about once a minute)."""

    ping: float = 10.0
    watch: float = 30.0
    refused: float = 300.0


@dataclass(frozen=True, slots=True)
class SocketEvent:
    """``up``: Slack said hello. Else ``refused`` for good, or down for longer than a blip, as ``note`` says."""

    up: bool = False
    refused: SlackRefused | None = None
    note: str = ""


class SlackSocket:
    """Holds one websocket open between :meth:`start` and :meth:`stop`. ``up`` is set between hello and goodbye."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: Secret,
        client: AsyncWebClient,
        times: SocketTimes,
        report: Callable[[SocketEvent], Awaitable[None]],
    ) -> None:
        self.up = asyncio.Event()
        self._app = app
        self._app_token = app_token
        self._client = client
        self._times = times
        self._report = report
        self._refusals: asyncio.Queue[SlackRefused] = asyncio.Queue()
        self._failures = 0
        self._running: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run(), name="slack socket")

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._closing is not None:
            await self._closing

    async def _run(self) -> None:
        """For ever; one turn is the life of one socket client."""
        while True:
            self._refusals = asyncio.Queue()
            handler = self._handler()
            connecting: asyncio.Task[None] = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
            try:
                refused = await self._watch(handler)
            finally:
                self.up.clear()
                # A task of its own: stopping in the middle of it must not leave half of it undone.
                self._closing = asyncio.create_task(_close(handler, connecting))
                await asyncio.shield(self._closing)
            if refused is None:
                await self._note_failure("the websocket stays closed")
            else:
                await self._report(SocketEvent(refused=refused))
                await asyncio.sleep(self._times.refused)

    async def _watch(self, handler: AsyncSocketModeHandler) -> SlackRefused | None:
        """Returns when the socket client is of no more use: Slack refused it, or (``None``) it was down at two looks
        in a row, while the library reconnects within one if it does at all."""
        down = 0
        while down < 2:
            try:
                async with asyncio.timeout(self._times.watch):  # not wait_for, which up to 3.11 can lose a cancellation
                    return await self._refusals.get()
            except TimeoutError:
                if await handler.client.is_connected():
                    down = 0
                else:
                    self.up.clear()
                    down += 1
        return None

    def _handler(self) -> AsyncSocketModeHandler:
        from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

        handler = AsyncSocketModeHandler(
            self._app,
            self._app_token.reveal(),
            logger=library_logger("socket", demoted=True),
            web_client=self._listened_client(),
            ping_interval=self._times.ping,
        )
        handler.client.proxy = self._client.proxy
        handler.client.on_message_listeners.append(self._on_frame)
        return handler

    def _listened_client(self) -> AsyncWebClient:
        """The client that asks for websocket addresses: the one place where the library shows its failures."""
        import aiohttp
        from slack_sdk.errors import SlackApiError
        from slack_sdk.web.async_client import AsyncWebClient
        from slack_sdk.web.async_slack_response import AsyncSlackResponse

        socket = self

        class ListenedClient(AsyncWebClient):
            async def apps_connections_open(self, *, app_token: str, **kwargs: Any) -> AsyncSlackResponse:
                try:
                    return await super().apps_connections_open(app_token=app_token, **kwargs)
                except SlackApiError as error:
                    await socket._on_no_address(refusal(error.response))
                    raise
                except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
                    await socket._on_no_address(SlackRefused("", note=type(error).__name__))
                    raise

        base = self._client
        client = ListenedClient(token=base.token, base_url=base.base_url, retry_handlers=[], logger=base.logger)
        client.proxy, client.session, client.timeout = base.proxy, base.session, base.timeout
        return client

    async def _on_no_address(self, refused: SlackRefused) -> None:
        if refused.transient:
            await self._note_failure("Slack gives no websocket address")
        else:
            self._refusals.put_nowait(refused)

    async def _on_frame(self, frame: Any) -> None:
        """Every text that comes down the websocket, beside what the library does with it."""
        try:
            message = json.loads(frame.data)
        except ValueError:
            return
        match message.get("type"):
            case "hello":
                self._failures = 0
                self.up.set()
                await self._report(SocketEvent(up=True))
            case "disconnect":
                reason = str(message.get("reason", ""))
                log.info("slack asks to reconnect", reason=reason)
                self.up.clear()
                if reason in SOCKET_TROUBLES:
                    self._refusals.put_nowait(SlackRefused(reason))

    async def _note_failure(self, note: str) -> None:
        self._failures += 1
        log.warning("no websocket", attempt=self._failures, why=note)
        if self._failures == FAILURES_TOLD:
            await self._report(SocketEvent(note=note))


async def _close(handler: AsyncSocketModeHandler, connecting: asyncio.Task[None]) -> None:
    """Close a socket client, and end what it would leave running where the goodbye takes too long."""
    client = handler.client
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    left = [client.message_processor, client.current_session_monitor, client.message_receiver]
    try:
        async with asyncio.timeout(CLOSE_S):
            await handler.close_async()  # type: ignore[no-untyped-call]
    except TimeoutError:
        await client.aiohttp_client_session.close()
    running = [task for task in left if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


class _Redacting(logging.Filter):
    """Lets no secret through. A ``demoted`` logger is heard at DEBUG only and without tracebacks: the watchdog says
    once, in a sentence, what the library repeats every few seconds."""

    def __init__(self, *, demoted: bool) -> None:
        super().__init__()
        self._demoted = demoted

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if self._demoted:
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
            record.exc_info = None
            return logging.getLogger().isEnabledFor(logging.DEBUG)
        return True


def library_logger(part: str, *, demoted: bool = False) -> logging.Logger:
    """A logger for slack_sdk and bolt. Never at DEBUG itself, where they print whole requests and answers."""
    logger = logging.getLogger(f"bot.channels.slack.{part}")
    if not any(isinstance(f, _Redacting) for f in logger.filters):
        logger.addFilter(_Redacting(demoted=demoted))
        logger.setLevel(logging.INFO if demoted else logging.WARNING)
    return logger
