"""One bot account on Discord, shared by its channels: log-in, gateway, trouble told once.

Posts go over REST and need no gateway, so alerts flow while it is away; clicks and commands come in over it.
discord.py reconnects, resumes and begins new sessions by itself; what it gives up on (a token that was reset) is told
to the operators, and the next post tries to log in again.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from bot.channels.buttons import Pressed, Verb
from bot.channels.discord_embed import RULES_FIELD
from bot.channels.discord_errors import TOKEN_REFUSED, Refusal, delivery_error, lost_connection
from bot.channels.discord_why import why_digest, why_of_old, why_text
from bot.errors import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from bot.log import Log
from bot.message import Digest, Message
from bot.secret import Secret

if TYPE_CHECKING:
    import discord

    from bot.channels.discord_client import WireClient

T = TypeVar("T")
Explained = Message | Digest
Recall = Callable[[str], Awaitable[Explained | None]]
SetUp = Callable[["discord.Client"], Awaitable[None]]
OnClick = Callable[["discord.Interaction", Pressed], Awaitable[None]]

TIMEOUT_S = 20.0  # for one request; Discord answers in 0.1 to 2 s
RETRY_FIRST_S, RETRY_MAX_S = 1.0, 60.0  # between log-ins while Discord is away
REMEMBERED = 1000  # posts whose "Why?" is answered from memory when there is no `recall`

_log = Log("discord")


class LostAnswerError(TransientDeliveryError):
    """The request went out and no answer came: it may have been done."""


class RefusedError(Exception):
    """Discord refused. The channel may try again with less, then makes it a :class:`~bot.errors.DeliveryError`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"status {refusal.status}, code {refusal.code}")
        self.refusal = refusal


class DiscordConnection:
    """A bot account. Channels call :meth:`start` and :meth:`stop`; it is open while one of them is.

    ``api_url`` is the REST base (``DISCORD_API_URL``); the gateway's address is asked there. discord.py keeps that
    base in a class, so all connections of a process must share it. ``gateway``: whether to receive clicks at all
    (``doctor`` and one-off commands need not). ``on_trouble`` hears, once each, what a person has to mend. ``recall``
    finds the message behind a delivery key when someone asks "Why?"; without it the last posts are remembered and
    older ones answer from what they show. ``on_click`` takes the clicks on all buttons of ours, of old posts too;
    without it "Why?" is answered here and the others are not. ``set_up`` is called with each new ``discord.Client``
    after log-in, before events come: the place to add application commands. The waits are for tests.
    """

    def __init__(
        self,
        token: Secret,
        *,
        api_url: str | None = None,
        gateway: bool = True,
        on_trouble: Callable[[str], None] | None = None,
        recall: Recall | None = None,
        set_up: SetUp | None = None,
        on_click: OnClick | None = None,
        timeout_s: float = TIMEOUT_S,
        identify_wait_s: float = 5.0,
        retry_first_s: float = RETRY_FIRST_S,
    ) -> None:
        self._token = token
        self._api_url = api_url
        self._gateway = gateway
        self._on_trouble = on_trouble or (lambda text: _log.error("trouble", text=text))
        self._recall = recall
        self._set_up = set_up
        self._on_click = on_click
        self._timeout_s = timeout_s
        self._identify_wait_s = identify_wait_s
        self._retry_first_s = retry_first_s
        self._client: WireClient | None = None
        self._opening = asyncio.Lock()
        self._users = 0
        self._runner: asyncio.Task[None] | None = None
        self._told: set[str] = set()
        self._remembered: OrderedDict[str, Explained] = OrderedDict()

    def __repr__(self) -> str:
        return f"<DiscordConnection {'open' if self._client else 'closed'}>"

    def bind(
        self, *, recall: Recall | None = None, set_up: SetUp | None = None, on_click: OnClick | None = None
    ) -> None:
        """Give it what is only there once the rest of the bot is built; before the first :meth:`start`."""
        self._recall = recall or self._recall
        self._set_up = set_up or self._set_up
        self._on_click = on_click or self._on_click

    # -- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open, or note one more user. Discord being away or refusing the token is no failure here: it shows on the
        first post, and is told."""
        self._users += 1
        if self._users == 1:
            try:
                await self.open()
            except DeliveryError as error:
                _log.warning("not connected", reason=error.text)
            self._run_gateway()

    async def stop(self) -> None:
        """Close when the last user has gone."""
        self._users = max(0, self._users - 1)
        if self._users:
            return
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)
        await self._close()

    async def open(self) -> WireClient:
        """The client, logged in. Raises :class:`~bot.errors.DeliveryError` (of a channel named ``discord``)."""
        async with self._opening:
            if self._client is None or self._client.is_closed():
                self._client = await self._log_in()
                if self._users:
                    self._run_gateway()
            return self._client

    async def _log_in(self) -> WireClient:
        from bot.channels.discord_client import WireClient, point_library_at

        point_library_at(self._api_url)
        client = WireClient(
            timeout_s=self._timeout_s,
            clicked=self._clicked,
            connected=self._connected,
            set_up=self._run_set_up,
            custom_gateway=self._api_url is not None,
            identify_wait_s=self._identify_wait_s,
        )
        try:
            await self._ask("discord", client.login(self._token.reveal()))
        except RefusedError as refused:
            await client.close()
            raise delivery_error("discord", refused.refusal) from refused
        except BaseException:
            await client.close()
            raise
        self._told.discard(TOKEN_REFUSED)
        return client

    async def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _run_set_up(self, client: discord.Client) -> None:
        if self._set_up is not None:
            await self._set_up(client)

    # -- the gateway --------------------------------------------------------------------------------------------

    def _run_gateway(self) -> None:
        """Unless it runs, or nobody wants it."""
        if self._gateway and (self._runner is None or self._runner.done()):
            # Its own context: the timer of the request that happens to start it is none of its business.
            self._runner = asyncio.create_task(self._stay_connected(), context=contextvars.Context())

    async def _stay_connected(self) -> None:
        """discord.py's own loop, and around it what that loop leaves: log-in during an outage, fatal closes."""
        import discord

        wait = self._retry_first_s
        while True:
            try:
                client = await self.open()
                await client.connect(reconnect=True)
                return  # closed by us
            except PermanentDeliveryError:
                return  # told; the next post tries again
            except TransientDeliveryError as error:
                _log.warning("not connected", reason=error.text, again_in_s=wait)
            except discord.ConnectionClosed as closed:
                await self._close()
                if closed.code == 4004:
                    self.tell(TOKEN_REFUSED)
                    return
                self.tell(f"Discord closed the gateway with code {closed.code}; buttons wait until it takes us back")
            except discord.PrivilegedIntentsRequired:
                self.tell("Discord asks for a privileged intent that we do not use; report this as a bug of Wirewatch")
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, RETRY_MAX_S)

    def _connected(self) -> None:
        self._told.clear()
        _log.info("gateway connected")

    # -- requests -----------------------------------------------------------------------------------------------

    async def ask(self, channel: str, work: Callable[[WireClient], Awaitable[T]]) -> T:
        """Run ``work``, each of its requests within the time limit.

        Raises :class:`RefusedError` for a refusal, :class:`LostAnswerError` where it may have been done all the same,
        and :class:`~bot.errors.TransientDeliveryError` or ``PermanentDeliveryError`` otherwise.
        """
        try:
            client = await self.open()
        except TransientDeliveryError as error:
            raise TransientDeliveryError(channel, error.text, retry_after_s=error.retry_after_s) from error
        except PermanentDeliveryError as error:
            text = error.text.removesuffix(f"; {error.remedy}")
            raise PermanentDeliveryError(channel, text, remedy=error.remedy) from error
        return await self._ask(channel, work(client))

    async def _ask(self, channel: str, work: Awaitable[T]) -> T:
        import aiohttp
        import discord

        from bot.channels.discord_client import LimitedError, ServerFailedError, timed

        try:
            async with timed():
                return await work
        except discord.LoginFailure as error:
            self.tell(TOKEN_REFUSED)
            raise RefusedError(Refusal(401)) from error
        except discord.HTTPException as error:
            if error.status == 401:
                self.tell(TOKEN_REFUSED)
            raise RefusedError(Refusal(error.status, error.code, error.text)) from error
        except discord.RateLimited as error:
            raise delivery_error(channel, Refusal(429, retry_after_s=error.retry_after)) from error
        except LimitedError as error:
            raise delivery_error(channel, Refusal(429, retry_after_s=error.retry_after_s)) from error
        except ServerFailedError as error:
            raise LostAnswerError(channel, f"Discord answers {error.status}") from error
        except aiohttp.ClientConnectorError as error:
            raise lost_connection(channel, type(error).__name__) from error
        except (aiohttp.ClientError, OSError, discord.GatewayNotFound) as error:
            what = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
            raise LostAnswerError(channel, f"cannot reach Discord ({what})") from error

    # -- words --------------------------------------------------------------------------------------------------

    def tell(self, text: str) -> None:
        """Tell the operators, once until all is well again."""
        if text not in self._told:
            self._told.add(text)
            self._on_trouble(text)

    def remember(self, sent: Explained) -> None:
        """Keep a post at hand for whoever asks "Why?"."""
        self._remembered[sent.key] = sent
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    async def _clicked(self, interaction: discord.Interaction, what: Pressed) -> None:
        import discord

        if self._on_click is not None:
            await self._on_click(interaction, what)
        elif what.verb is Verb.WHY and interaction.message is not None:
            text = await self.explain(what.key, interaction.message)
            await interaction.response.send_message(
                text, ephemeral=True, suppress_embeds=True, allowed_mentions=discord.AllowedMentions.none()
            )

    async def explain(self, key: str, post: discord.Message) -> str:
        """Why the post with ``key`` came: from memory, from ``recall``, or from what ``post`` shows."""
        known = self._remembered.get(key)
        if known is None and self._recall is not None:
            known = await self._recall(key)
        if isinstance(known, Digest):
            return why_digest(known)
        if known is not None:
            return why_text(known)
        embed = post.embeds[0] if post.embeds else None
        fields = {f.name: f.value for f in embed.fields} if embed else {}
        return why_of_old(fields.get(RULES_FIELD) or "", (embed.url if embed else None) or "")
