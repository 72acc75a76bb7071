"""One Slack workspace: the Web API, and Socket Mode or signed HTTP, shared by every channel of the workspace.

slack_bolt and slack_sdk are imported when a connection starts. They are used as they are, apart from three settings:

- no retry handlers: slack_sdk's default one repeats a ``chat.postMessage`` whose answer was lost, which posts twice;
- no proxy from the environment (it is a setting of ours);
- the websocket is watched (:mod:`bot.channels.slack_socket`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.channels.slack_errors import TOKEN_DEAD, SlackRefused, meaning, refusal
from bot.channels.slack_socket import SOCKET_TROUBLES, SlackSocket, SocketEvent, SocketTimes, library_logger
from bot.log import Log
from bot.secret import Secret

if TYPE_CHECKING:
    import aiohttp
    from aiohttp import web
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

API_URL: Final = "https://slack.com/api/"
_JSON_BODIES: Final = (
    "chat.",
    "views.",
    "conversations.open",
    "files.completeUploadExternal",
)  # others: parameters

Trouble = Callable[[str], Awaitable[None] | None]
Answer = dict[str, Any]

log = Log("slack")


@dataclass(frozen=True, slots=True)
class SlackIdentity:
    """Who the bot token is, from ``auth.test``. ``url`` is the workspace's address; ``scopes`` what it may do."""

    team: str
    url: str
    user_id: str
    scopes: frozenset[str]


class SlackConnection:
    """Tokens, clients and the websocket of one workspace.

    Without ``app_token`` and ``signing_secret`` it can post and nothing else; with ``app_token`` it listens by Socket
    Mode; with ``signing_secret`` only, :meth:`handle_http` takes Slack's requests. ``api_url`` is ``SLACK_API_URL``.
    ``listen``: false for ``doctor``, whose websocket would take clicks and commands away from the bot that runs.
    ``on_trouble`` is told once about each trouble that a person has to act on, in one sentence; it must not raise.
    Safe to share: it starts with the first :meth:`start` and stops with the last :meth:`stop`.
    """

    def __init__(
        self,
        bot_token: Secret,
        app_token: Secret | None = None,
        signing_secret: Secret | None = None,
        *,
        name: str = "slack",
        api_url: str = API_URL,
        proxy: str | None = None,
        timeout_s: float = 20.0,
        times: SocketTimes | None = None,
        listen: bool = True,
        on_trouble: Trouble | None = None,
    ) -> None:
        self.name = name
        self._bot_token = bot_token
        self._app_token = app_token or None
        self._signing_secret = signing_secret or None
        self._api_url = api_url if api_url.endswith("/") else f"{api_url}/"
        self._proxy = proxy
        self._timeout_s = timeout_s
        self._times = times or SocketTimes()
        self._listen = listen
        self._on_trouble = on_trouble
        self._users = 0
        self._session: aiohttp.ClientSession | None = None
        self._app: AsyncApp | None = None
        self._socket: SlackSocket | None = None
        self._told: set[str] = set()
        self._identity: SlackIdentity | None = None

    def __repr__(self) -> str:
        return f"SlackConnection({self.name!r}, mode={self.mode!r})"

    @property
    def mode(self) -> str:
        """``socket``, ``http`` or ``post only``."""
        if self._app_token:
            return "socket"
        return "http" if self._signing_secret else "post only"

    @property
    def listening(self) -> bool:
        """Whether a websocket is open and Slack said hello."""
        return self._socket is not None and self._socket.up.is_set()

    @property
    def app(self) -> AsyncApp:
        """Bolt's app, for the bindings of commands and buttons; built on first use."""
        if self._app is None:
            self._app = self._build_app()
        return self._app

    # -- life -------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the session and begin to listen. Returns at once: Slack may be down at start and come back."""
        self._users += 1
        if self._session is not None:
            return
        import aiohttp

        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout_s))
        self.app.client.session = self._session
        if self._app_token and self._listen:
            client = self._web_client(self._app_token)
            self._socket = SlackSocket(self.app, self._app_token, client, self._times, self._on_socket)
            self._socket.start()

    async def stop(self) -> None:
        """Close everything, once the last user has stopped."""
        self._users = max(0, self._users - 1)
        if self._users or self._session is None:
            return
        if self._socket is not None:
            await self._socket.stop()
            self._socket = None
        await self._session.close()
        self._session = None

    def _build_app(self) -> AsyncApp:
        from slack_bolt.async_app import AsyncApp

        secret = self._signing_secret.reveal() if self._signing_secret else ""
        app = AsyncApp(
            name="wirewatch",
            token=self._bot_token.reveal(),
            signing_secret=secret,
            logger=library_logger("bolt"),
        )
        self._adjust(app.client)
        return app

    def _web_client(self, token: Secret) -> AsyncWebClient:
        from slack_sdk.web.async_client import AsyncWebClient

        client = AsyncWebClient(token=token.reveal(), logger=library_logger("web"))
        self._adjust(client)
        client.session = self._session
        return client

    def _adjust(self, client: AsyncWebClient) -> None:
        client.base_url = self._api_url
        client.retry_handlers = []
        client.proxy = self._proxy
        client.timeout = int(self._timeout_s)

    # -- Web API ----------------------------------------------------------------------------------------------------

    async def call(self, method: str, **arguments: Any) -> Answer:
        """Carry out a Web API method with the bot token. Raises :class:`SlackRefused`, and nothing else."""
        answer, _ = await self._call(self.app.client, method, arguments)
        return answer

    async def respond(self, response_url: str, content: Answer) -> bool:
        """Answer through the address that came with a command or click; ``False`` where it has run out (five uses,
        thirty minutes) or cannot be reached, so that another way is taken."""
        import aiohttp

        if self._session is None or self._session.closed:
            return False
        try:
            async with self._session.post(response_url, json=content, proxy=self._proxy) as answer:
                if answer.status == 200:
                    return True
                log.info("response address refused", status=answer.status, answer=(await answer.text())[:200])
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("response address not reached", error=type(error).__name__)
        return False

    async def upload(self, url: str, content: bytes) -> None:
        """Send a file's bytes to the address that Slack gave for them. Raises :class:`SlackRefused`."""
        import aiohttp

        assert self._session is not None, "started"
        try:
            async with self._session.post(
                url, data=content, headers={"Content-Type": "application/octet-stream"}, proxy=self._proxy
            ) as answer:
                if answer.status == 200:
                    return
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SlackRefused("", note=f"the file did not get through to Slack ({type(error).__name__})") from None
        raise SlackRefused("", note=f"Slack did not take the file (status {status})", status=status)

    async def identity(self, *, fresh: bool = False) -> SlackIdentity:
        """Who we are; asked once. Raises :class:`SlackRefused`."""
        if self._identity is None or fresh:
            answer, headers = await self._call(self.app.client, "auth.test", {})
            granted = headers.get("x-oauth-scopes", "")
            self._identity = SlackIdentity(
                str(answer.get("team", "")),
                str(answer.get("url", "")),
                str(answer.get("user_id", "")),
                frozenset(scope.strip() for scope in granted.split(",") if scope.strip()),
            )
        return self._identity

    async def check_socket(self) -> SlackRefused | None:
        """What stands against Socket Mode, if it is configured and not open."""
        if not self._app_token or self.listening:
            return None
        try:
            await self._call(self._web_client(self._app_token), "apps.connections.open", {})
        except SlackRefused as refused:
            return refused
        return None

    async def _call(
        self, client: AsyncWebClient, method: str, arguments: dict[str, Any]
    ) -> tuple[Answer, dict[str, str]]:
        import aiohttp
        from slack_sdk.errors import SlackApiError

        try:
            if method.startswith(_JSON_BODIES):
                answer = await client.api_call(method, json=arguments)
            else:  # Slack reads no JSON there
                answer = await client.api_call(method, http_verb="GET", params=arguments)
        except SlackApiError as error:
            refused = refusal(error.response)
        except TimeoutError:
            refused = SlackRefused("", note=f"Slack did not answer {method} within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as error:
            refused = SlackRefused("", note=f"Slack cannot be reached ({type(error).__name__})")
        else:
            if not isinstance(answer.data, dict):
                raise SlackRefused("", note=f"Slack answered {method} with something unreadable")
            return answer.data, {k.lower(): v for k, v in answer.headers.items()}
        if refused.error in TOKEN_DEAD:
            await self._tell(refused.error, refused)
        raise refused from None  # the cause holds the request, with the token in its headers

    # -- trouble ----------------------------------------------------------------------------------------------------

    async def _on_socket(self, event: SocketEvent) -> None:
        """What the websocket reports: up, refused for a reason, or down for longer than a blip."""
        if event.up:
            self._told -= SOCKET_TROUBLES
            log.info("listening", workspace=self.name)
        elif event.refused is not None:
            await self._tell(event.refused.error, event.refused)
        else:
            await self._tell("", SlackRefused("", note=event.note))

    async def _tell(self, kind: str, refused: SlackRefused) -> None:
        """Tell a person, unless they know. ``kind`` is Slack's error, or empty for a websocket that stays closed."""
        if kind in self._told:
            return
        self._told.add(kind)
        if kind:
            words = meaning(refused, "the workspace")
            text = f"Slack ({self.name}): {words.text}; {words.remedy}."
        else:
            text = (
                f"Slack ({self.name}): {refused.note}; buttons and commands rest, alerts are still sent as far as "
                "Slack takes them. It is tried again without end; look at https://status.slack.com if this lasts."
            )
        if self._on_trouble is None:
            log.error("trouble", workspace=self.name, text=text)
        elif (pending := self._on_trouble(text)) is not None:
            await pending

    # -- signed HTTP ------------------------------------------------------------------------------------------------

    async def handle_http(self, request: web.Request) -> web.Response:
        """An aiohttp handler for Slack's signed requests (events, commands, interactions), all at one path. Needs
        ``signing_secret``: a request whose signature is wrong or older than five minutes is answered 401."""
        from aiohttp import web
        from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request

        if not self._signing_secret:  # bolt would check against an empty key, which anyone can sign with
            return web.Response(status=401)
        return await to_aiohttp_response(await self.app.async_dispatch(await to_bolt_request(request)))
