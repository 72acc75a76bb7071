"""discord.py, unmodified, with our hooks; imported only when a connection is opened (it takes 0.4 s).

Two habits of the library would take the outbox out of charge: it sleeps through a 429, and it repeats a 5xx four
times over 16 seconds. Its option ``max_ratelimit_timeout`` cannot help (30 s at least, and it then refuses requests of
a bucket that is not used up). So the documented ``http_trace`` looks at each answer first and raises for both; the
library's own pacing by the X-RateLimit headers, which avoids 429s, stays.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.channels.base import File
from bot.channels.buttons import ID_PATTERN, LABELS, Pressed, Verb, pressed
from bot.channels.discord_embed import ALT_MAX, Post

CLOUDFLARE_WAIT_S = 60.0  # where a ban does not say how long; its page is no JSON
_IDENTIFY_WAIT_S = 5.0  # Discord allows one identify each 5 s ("max_concurrency": 1)

_REAL_BASE, _REAL_GATEWAY = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY

_timer: contextvars.ContextVar[asyncio.Timeout | None] = contextvars.ContextVar("discord_timer", default=None)


class LimitedError(aiohttp.ClientError):
    """429. A ``ClientError``, so that discord.py's reconnect loop takes it for bad weather."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"rate limited for {retry_after_s:.2f} s")
        self.retry_after_s = retry_after_s


class ServerFailedError(aiohttp.ClientError):
    """5xx."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as found on Discord, as far as we look at it."""

    channel_id: int
    message_id: int
    at: datetime
    ours: bool
    custom_ids: tuple[str, ...]
    small_print: tuple[str, ...]
    files: tuple[str, ...] = ()  # names
    has_thread: bool = False
    published: bool = False
    calls: bool = False  # begins with the roles that it pings


Place = discord.TextChannel | discord.ForumChannel | discord.Thread | discord.VoiceChannel


def point_library_at(api_url: str | None) -> None:
    """Send all of discord.py's requests to ``api_url`` (``.../api/v10``), or to Discord.

    The library keeps its address in a class attribute, so this holds for the whole process.
    """
    Route.BASE = api_url.rstrip("/") if api_url else _REAL_BASE
    DiscordWebSocket.DEFAULT_GATEWAY = _REAL_GATEWAY


class _Watch:
    """Looks at every answer before discord.py does."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._held_until = 0.0  # on the loop's clock: nothing is sent before, after a global 429

    def trace(self) -> aiohttp.TraceConfig:
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._started)
        trace.on_request_end.append(self._answered)
        return trace

    async def _started(self, _: aiohttp.ClientSession, __: SimpleNamespace, ___: object) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._held_until:
            raise LimitedError(self._held_until - now)
        if timer := _timer.get():
            timer.reschedule(now + self._timeout_s)

    async def _answered(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        response = params.response
        if response.status == 101:  # the gateway's websocket
            return
        body = await response.read()  # kept by aiohttp, so that the library reads it again for nothing
        if timer := _timer.get():
            timer.reschedule(None)  # what follows is the library's pacing, not the network
        if response.status == 429:
            raise self._limited(response, body)
        if response.status >= 500:
            raise ServerFailedError(response.status)

    def _limited(self, response: aiohttp.ClientResponse, body: bytes) -> LimitedError:
        try:
            told = json.loads(body)
            wait, everywhere = float(told["retry_after"]), bool(told.get("global"))
        except (ValueError, KeyError, TypeError, AttributeError):
            header = response.headers.get("Retry-After", "")
            wait, everywhere = float(header) if header.isdigit() else CLOUDFLARE_WAIT_S, True
        if everywhere:
            self._held_until = asyncio.get_running_loop().time() + wait
        return LimitedError(wait)


@asynccontextmanager
async def timed() -> AsyncIterator[None]:
    """Requests inside have to be answered in time, each; waiting for a bucket does not count. Raises TimeoutError."""
    async with asyncio.timeout(None) as timer:
        token = _timer.set(timer)
        try:
            yield
        finally:
            _timer.reset(token)


class _NoTraceback(logging.Filter):
    """discord.py logs each reconnect with a traceback; the words are enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        if "reconnect" in str(record.msg):
            record.exc_info = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


_NO_TRACEBACK = _NoTraceback()


class WireClient(discord.Client):
    """A ``discord.Client`` that holds no members and no messages, and says when it is connected."""

    def __init__(
        self,
        *,
        timeout_s: float,
        clicked: Callable[[discord.Interaction, Pressed], Awaitable[None]],
        connected: Callable[[], None],
        set_up: Callable[[discord.Client], Awaitable[None]],
        custom_gateway: bool,
        identify_wait_s: float = _IDENTIFY_WAIT_S,
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we do not speak
        super().__init__(
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=_Watch(timeout_s).trace(),
        )
        logging.getLogger("discord.client").addFilter(_NO_TRACEBACK)
        self.clicked = clicked
        self._connected = connected
        self._set_up = set_up
        self._custom_gateway = custom_gateway
        self._identify_wait_s = identify_wait_s
        self._places: dict[int, Place] = {}
        self.add_dynamic_items(AlertButton)

    async def setup_hook(self) -> None:
        if self._custom_gateway:  # a plain Client never asks; Discord's own address is known
            _, url, _ = await self.http.get_bot_gateway()
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
        await self._set_up(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if not initial:
            await asyncio.sleep(self._identify_wait_s)

    async def on_connect(self) -> None:
        self._connected()

    async def on_resumed(self) -> None:
        self._connected()

    @property
    def me(self) -> int:
        """Our own user id."""
        assert self.user is not None, "not logged in"
        return self.user.id

    # -- places -------------------------------------------------------------------------------------------------

    async def place(self, place_id: int) -> Place:
        """The channel or thread. Raises discord.py's errors, and ``NoPlaceError`` for what takes no posts."""
        if place_id not in self._places:
            self._places[place_id] = _as_place(await self.fetch_channel(place_id))
        return self._places[place_id]

    def forget(self, place_id: int) -> None:
        """Ask again next time: it was deleted or its settings changed."""
        self._places.pop(place_id, None)

    async def search(self, name: str, guild: str | None) -> list[discord.abc.GuildChannel]:
        """Channels of that name, on the server of that name or id, or on all that the bot is in."""
        wanted = name.removeprefix("#").casefold()
        found: list[discord.abc.GuildChannel] = []
        async for one in self.fetch_guilds():
            if guild is None or guild in (str(one.id), one.name):
                found += [c for c in await one.fetch_channels() if c.name.casefold() == wanted and _takes_posts(c)]
        return found

    # -- posts --------------------------------------------------------------------------------------------------

    async def send(self, place_id: int, post: Post, *, nonce: str, answers: int | None = None) -> Posted:
        """Post in a channel or thread; ``answers`` is the message that it replies to."""
        extra: dict[str, Any] = {}
        if post.embed is not None:
            extra["embed"] = discord.Embed.from_dict(cast("Any", post.embed))
        if answers is not None:
            extra["reference"] = discord.MessageReference(
                message_id=answers, channel_id=place_id, fail_if_not_exists=False
            )
        message = await self.get_partial_messageable(place_id).send(
            post.content, view=_view(post), nonce=nonce, allowed_mentions=_mentions(post), **extra
        )
        return self._posted(message)

    async def send_file(self, place_id: int, file: File, *, nonce: str, answers: int) -> Posted:
        """Post a picture, as an answer to the message ``answers`` if that is still there."""
        reference = discord.MessageReference(message_id=answers, channel_id=place_id, fail_if_not_exists=False)
        message = await self.get_partial_messageable(place_id).send(
            file=discord.File(io.BytesIO(file.content), file.name, description=file.alt[:ALT_MAX]),
            nonce=nonce,
            reference=reference,
            mention_author=False,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        return self._posted(message)

    async def send_to_forum(self, forum: discord.ForumChannel, post: Post, tags: tuple[int, ...]) -> Posted:
        """A new forum post. Discord takes no nonce here."""
        extra: dict[str, Any] = {}
        if post.embed is not None:
            extra["embed"] = discord.Embed.from_dict(cast("Any", post.embed))
        made = await forum.create_thread(
            name=post.thread_name or "Alert",
            content=post.content,
            view=_view(post),
            allowed_mentions=_mentions(post),
            applied_tags=[tag for tag in forum.available_tags if tag.id in tags],
            **extra,
        )
        return self._posted(made.message)

    async def change(self, place_id: int, message_id: int, post: Post) -> None:
        """Rewrite a post of ours; nobody is pinged again."""
        embed = discord.Embed.from_dict(cast("Any", post.embed)) if post.embed is not None else None
        await (
            self.get_partial_messageable(place_id)
            .get_partial_message(message_id)
            .edit(
                content=post.content,
                embed=embed,
                view=_view(post),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        )

    async def open_thread(self, channel: discord.TextChannel, message_id: int, name: str) -> int:
        """The thread under a message, made if there is none; its id is that of the message."""
        try:
            return (await channel.get_partial_message(message_id).create_thread(name=name)).id
        except discord.HTTPException as error:
            if error.code != 160004:  # there is one
                raise
            return message_id

    async def unarchive(self, thread_id: int) -> None:
        thread = await self.place(thread_id)
        if isinstance(thread, discord.Thread):
            await thread.edit(archived=False)

    async def publish(self, place_id: int, message_id: int) -> None:
        """Hand an announcement to the servers that follow the channel; waits for as long as the limit (10 an hour)
        asks."""
        await self.get_partial_messageable(place_id).get_partial_message(message_id).publish()

    async def recent(self, place_id: int, limit: int, *, oldest_first: bool = False) -> AsyncIterator[Posted]:
        """Messages of a channel or thread, newest first unless told otherwise."""
        history = self.get_partial_messageable(place_id).history(limit=limit, oldest_first=oldest_first)
        async for message in history:
            yield self._posted(message)

    async def recent_threads(self, forum: discord.ForumChannel, limit: int) -> list[int]:
        """Our own posts in a forum, newest first: open ones, then archived ones."""
        found = [t for t in await forum.guild.active_threads() if t.parent_id == forum.id]
        async for thread in forum.archived_threads(limit=limit):
            found.append(thread)
        ids = {t.id for t in found if t.owner_id == self.me}
        return sorted(ids, reverse=True)[:limit]

    def _posted(self, message: discord.Message) -> Posted:
        rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
        buttons = [part.custom_id for row in rows for part in row.children if isinstance(part, discord.Button)]
        small = [embed.footer.text or "" for embed in message.embeds]
        if message.content:
            small.append(message.content.rpartition("\n")[2].removeprefix("-# "))
        return Posted(
            channel_id=message.channel.id,
            message_id=message.id,
            at=message.created_at,
            ours=message.author.id == self.me,
            custom_ids=tuple(b for b in buttons if b),
            small_print=tuple(small),
            files=tuple(attachment.filename for attachment in message.attachments),
            has_thread=message.flags.has_thread,
            published=message.flags.crossposted,
            calls=message.content.startswith("<@&"),
        )


class NoPlaceError(Exception):
    """The id names something that takes no posts: a category, a stage, a direct message."""


def _as_place(found: object) -> Place:
    if isinstance(found, Place):
        return found
    raise NoPlaceError(type(found).__name__)


def _takes_posts(channel: discord.abc.GuildChannel) -> bool:
    return isinstance(channel, discord.TextChannel | discord.ForumChannel)


def _mentions(post: Post) -> discord.AllowedMentions:
    roles = [discord.Object(role) for role in post.roles]
    return discord.AllowedMentions(everyone=False, users=False, roles=roles or False, replied_user=False)


def _view(post: Post) -> Any:
    """The buttons. The view is stopped at once: clicks go to :class:`AlertButton` by pattern, so the library need not
    keep a view for each message, and old messages work after a restart."""
    view = discord.ui.View(timeout=None)
    for button in post.buttons:
        view.add_item(discord.ui.Button(label=button.label, custom_id=button.id, style=discord.ButtonStyle.secondary))
    if post.link:
        view.add_item(discord.ui.Button(label=LABELS[Verb.OPEN], url=post.link))
    view.stop()
    return view if view.children else None


class AlertButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=ID_PATTERN):
    """Hands each click on a button of ours to :attr:`WireClient.clicked`."""

    def __init__(self, item: discord.ui.Button[discord.ui.View]) -> None:
        super().__init__(item)

    @classmethod
    async def from_custom_id(cls, _: discord.Interaction, item: discord.ui.Item[Any], match: Any, /) -> AlertButton:
        return cls(cast("discord.ui.Button[discord.ui.View]", item))

    async def callback(self, interaction: discord.Interaction) -> None:
        client = interaction.client
        assert isinstance(client, WireClient)
        if (what := pressed(self.item.custom_id or "")) is not None:
            await client.clicked(interaction, what)
