"""Alerts on Discord, through discord.py: text and announcement channels, threads, forums.

The delivery key travels as the ``custom_id`` of the post's "Why?" button, or in the small print of a post without
one, and :meth:`DiscordChannel.find` reads it back. A post whose answer was lost is looked up before it is sent again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from bot.channels.base import Capabilities, File
from bot.channels.discord_connection import DiscordConnection, LostAnswerError, RefusedError
from bot.channels.discord_embed import Post, alert_post, digest_post, nonce, notice_post
from bot.channels.discord_errors import (
    ALREADY_CROSSPOSTED,
    ARCHIVED,
    EDITED_TOO_OFTEN,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_THREAD_HERE,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    delivery_error,
)
from bot.channels.discord_places import (
    Target,
    find_in_thread,
    find_post,
    open_thread,
    parse_ref,
    send_to_forum,
)
from bot.channels.discord_summary import summary_post
from bot.channels.mentions import Mentions
from bot.errors import DeliveryError, PermanentDeliveryError
from bot.log import Log
from bot.message import Call, Digest, Message, Notice, Receipt
from bot.summary.post import SummaryPost

if TYPE_CHECKING:
    from bot.channels.discord_client import Posted, WireClient

T = TypeVar("T")

CLOCK_SKEW = timedelta(minutes=2)  # between our clock and Discord's time stamps
UNCERTAIN_MAX = 1000  # keys whose post may have been done


class DiscordChannel:
    """One place on Discord.

    ``channel`` is an id, or a name that is unique on the bot's servers (or on ``guild``, a server's name or id);
    ``user`` stands for direct messages with that person instead.
    ``tags`` are put on each post of a forum. ``publish``: in an announcement channel, hand alerts on to the servers
    that follow it. ``mentions`` are the roles that an alert pings, by id; nobody else ever is.
    """

    capabilities = Capabilities(readable=True, edits=True, replies=True, files=True)

    def __init__(
        self,
        name: str,
        *,
        channel: int | str = "",
        user: int | None = None,
        connection: DiscordConnection,
        guild: str | None = None,
        tags: tuple[str, ...] = (),
        publish: bool = True,
        mentions: Mentions[int] | None = None,
    ) -> None:
        self._name = name
        self._where = str(channel) if user is None else f"direct messages with {user}"
        self._user = user
        self._connection = connection
        self._guild = guild
        self._tags = tags
        self._publish = publish
        self._mentions = mentions or Mentions()
        self._found: Target | None = None
        self._uncertain: OrderedDict[str, None] = OrderedDict()
        self._publishing: asyncio.Task[None] | None = None
        self._to_publish: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        self._started = False
        self._log = Log("discord", channel=name)

    def __repr__(self) -> str:
        return f"<DiscordChannel {self._name} to {self._where}>"

    @property
    def name(self) -> str:
        return self._name

    @property
    def where(self) -> str:
        """The name or id that was configured."""
        return self._where

    def is_at(self, place_id: str, name: str) -> bool:
        """Whether posts go to the Discord channel of that id, or of that name where only a name was configured."""
        found = self._found
        return place_id in (str(found.id) if found else "", self._where) or (found is None and name == self._where)

    @property
    def connection(self) -> DiscordConnection:
        return self._connection

    def recall(self, last: Call) -> None:
        self._mentions.recall(last)

    async def start(self) -> None:
        if not self._started:
            self._started = True
            await self._connection.start()

    async def stop(self) -> None:
        if not self._started:
            return
        self._started = False
        if self._publishing is not None:
            self._publishing.cancel()
            await asyncio.gather(self._publishing, return_exceptions=True)
            self._publishing = None
        await self._connection.stop()

    # -- the port -----------------------------------------------------------------------------------------------

    async def post(self, message: Message) -> Receipt:
        roles = self._mentions.due(message)
        return self._sent(await self._deliver(alert_post(message, roles=roles)), message, roles)

    async def post_digest(self, digest: Digest) -> Receipt:
        receipt = await self._deliver(digest_post(digest))
        self._connection.remember(digest)
        return receipt

    async def post_notice(self, notice: Notice) -> Receipt:
        return await self._deliver(notice_post(notice))

    async def post_summary(self, post: SummaryPost) -> Receipt:
        return await self._deliver(summary_post(post))

    async def post_file(self, to: Receipt, file: File) -> Receipt:
        """As a reply to the post, beside it: in its thread where that is a thread or a forum's post."""
        target = await self._target()
        if found := await self._done_before(file.key, to):
            return found
        place, message_id = parse_ref(to.ref)
        sending = self._ask(lambda c: c.send_file(place, file, nonce=nonce(file.key), answers=message_id))
        try:
            posted = await self._certainly(file.key, sending)
        except RefusedError as error:
            raise self._verdict(error) from error
        return self._receipt(target, file.key, posted)

    async def reply(self, to: Receipt, message: Message, *, aloud: bool = False) -> Receipt:
        """In the thread under the post; where threads may not be made, or ``aloud``, as a reply in the channel; where
        the post is gone, as a post."""
        roles = self._mentions.due(message) if aloud else ()
        post = alert_post(message, roles=roles, answers=True)
        target = await self._target()
        if found := await self._done_before(post.key, to):
            return found
        place, message_id = parse_ref(to.ref)
        receipt = await self._variants(post, lambda p: self._answer(target, place, message_id, p, aloud))
        return self._sent(receipt, message, roles)

    def _sent(self, receipt: Receipt, message: Message, roles: tuple[int, ...]) -> Receipt:
        self._connection.remember(message)
        return self._mentions.called(receipt) if roles else receipt

    async def edit(self, receipt: Receipt, message: Message) -> Receipt | None:
        """The post keeps its own key, by which it was delivered; nobody is pinged again."""
        place, message_id = parse_ref(receipt.ref)
        rewritten = replace(message, key=receipt.key)

        async def change(post: Post) -> Receipt | None:
            try:
                try:
                    await self._ask(lambda c: c.change(place, message_id, post))
                except RefusedError as error:
                    if error.refusal.code != ARCHIVED:
                        raise
                    await self._ask(lambda c: c.unarchive(place))
                    await self._ask(lambda c: c.change(place, message_id, post))
            except RefusedError as error:
                gone = error.refusal.code == UNKNOWN_CHANNEL and place != (await self._target()).id  # its thread
                if not gone and error.refusal.code not in (UNKNOWN_MESSAGE, EDITED_TOO_OFTEN):
                    raise
                return None
            return receipt

        edited = await self._variants(alert_post(rewritten), change)
        self._connection.remember(rewritten)
        return edited

    async def find(self, key: str, *, since: datetime | None = None, thread: Receipt | None = None) -> Receipt | None:
        """In ``thread``; then newest first, back to ``since`` (less :data:`CLOCK_SKEW`) or over 500 messages; then in
        the threads under those, and in a forum's posts since then."""
        oldest = since - CLOCK_SKEW if since else None
        target = await self._target()
        try:
            posted = await self._ask(lambda c: find_in_thread(c, target, key, thread)) if thread else None
            if posted is None:
                posted = await self._ask(lambda c: find_post(c, target, key, oldest))
        except RefusedError as error:
            raise self._verdict(error) from error
        if posted is None:
            return None
        if target.announces and not posted.published and posted.channel_id == target.id:
            self._announce(target, posted)
        receipt = self._receipt(target, key, posted)
        return self._mentions.called(receipt) if posted.calls else receipt

    async def check(self) -> str | None:
        """The first thing that ``doctor`` would find about this channel."""
        from bot.channels.discord_doctor import examine_channel

        try:
            findings = await examine_channel(self)
        except DeliveryError as error:
            return error.text
        return next((f.text for f in findings if not f.fine), None)

    # -- posting ------------------------------------------------------------------------------------------------

    async def _deliver(self, post: Post) -> Receipt:
        target = await self._target()
        if found := await self._done_before(post.key):
            return found
        return await self._variants(post, lambda p: self._send(target, p))

    async def _done_before(self, key: str, thread: Receipt | None = None) -> Receipt | None:
        """The post, if an earlier try was done and only its answer lost."""
        if key not in self._uncertain:
            return None
        found = await self.find(key, thread=thread)
        self._uncertain.pop(key, None)
        return found

    async def _variants(self, post: Post, send: Callable[[Post], Awaitable[T]]) -> T:
        """Send; what Discord refuses for an address is sent without it, what it refuses for its looks as text."""
        variants = [post]
        while True:
            try:
                return await self._certainly(post.key, send(variants.pop(0)))
            except RefusedError as error:
                refusal = error.refusal
                if refusal.about_form and not variants and post.embed is not None:
                    self._log.warning("refused, sent plainer", code=refusal.code)
                    variants = [post.without_links()] * refusal.about_links + [post.text_only()]
                    post = post.text_only()
                if not refusal.about_form or not variants:
                    raise self._verdict(error) from error

    async def _certainly(self, key: str, sending: Awaitable[T]) -> T:
        """Note the key where it stays open whether the post was done."""
        try:
            return await sending
        except (LostAnswerError, asyncio.CancelledError):
            self._uncertain[key] = None
            while len(self._uncertain) > UNCERTAIN_MAX:
                self._uncertain.popitem(last=False)
            raise

    async def _send(self, target: Target, post: Post) -> Receipt:
        if target.forum:
            posted = await self._ask(lambda c: send_to_forum(c, target, post))
        else:
            posted = await self._ask(lambda c: c.send(target.id, post, nonce=nonce(post.key)))
        if target.announces:
            self._announce(target, posted)
        return self._receipt(target, post.key, posted)

    async def _answer(self, target: Target, place: int, message_id: int, post: Post, aloud: bool) -> Receipt:
        once = nonce(post.key)
        in_thread = target.forum or target.thread or place != target.id
        if in_thread:
            answers = None if target.forum or place != target.id else message_id
            try:
                posted = await self._ask(lambda c: c.send(place, post, nonce=once, answers=answers))
            except RefusedError as error:
                if error.refusal.code != UNKNOWN_CHANNEL or place == target.id:
                    raise
                return await self._send(target, post)  # the thread was deleted
            return self._receipt(target, post.key, posted)
        if aloud or target.direct:
            return await self._answer_in_channel(target, place, message_id, post)
        try:
            thread = await self._ask(lambda c: open_thread(c, place, message_id, post.thread_name))
            posted = await self._ask(lambda c: c.send(thread, post, nonce=once))
        except RefusedError as error:
            if error.refusal.code == UNKNOWN_MESSAGE:
                return await self._send(target, post)
            if error.refusal.code not in NO_THREAD_HERE:
                raise
            return await self._answer_in_channel(target, place, message_id, post)
        return self._receipt(target, post.key, posted)

    async def _answer_in_channel(self, target: Target, place: int, message_id: int, post: Post) -> Receipt:
        posted = await self._ask(lambda c: c.send(place, post, nonce=nonce(post.key), answers=message_id))
        if target.announces:
            self._announce(target, posted)
        return self._receipt(target, post.key, posted)

    def _receipt(self, target: Target, key: str, posted: Posted) -> Receipt:
        ref = f"{posted.channel_id}/{posted.message_id}"
        guild = "@me" if target.direct else target.guild_id
        return Receipt(self._name, key, ref, posted.at, f"https://discord.com/channels/{guild}/{ref}")

    # -- publishing ---------------------------------------------------------------------------------------------

    def _announce(self, target: Target, posted: Posted) -> None:
        """Queue for the servers that follow. Discord takes 10 an hour: the post itself must not wait for that."""
        self._to_publish.put_nowait((target.id, posted.message_id))
        if self._publishing is None or self._publishing.done():
            self._publishing = asyncio.create_task(self._publish_all())

    async def _publish_all(self) -> None:
        trouble = f"channel {self._name}: posts arrive, but cannot be published to the servers that follow"
        while True:
            place, message_id = await self._to_publish.get()
            while True:
                try:
                    await self._ask(lambda c, p=place, m=message_id: c.publish(p, m))  # type: ignore[misc]
                except RefusedError as error:
                    if error.refusal.code not in (ALREADY_CROSSPOSTED, UNKNOWN_MESSAGE):
                        self._connection.tell(f"{trouble} ({self._verdict(error).text})")
                except DeliveryError as error:
                    if isinstance(error, PermanentDeliveryError):
                        self._connection.tell(f"{trouble} ({error.text})")
                        break
                    await asyncio.sleep(getattr(error, "retry_after_s", None) or 30.0)
                    continue
                break

    # -- where --------------------------------------------------------------------------------------------------

    async def _target(self) -> Target:
        if self._found is None:
            try:
                self._found = await self._ask(self._look_up)
            except RefusedError as error:
                raise self._verdict(error) from error
        return self._found

    async def _look_up(self, client: WireClient) -> Target:
        import discord

        from bot.channels.discord_client import NoPlaceError

        if self._user is not None:
            return Target((await client.create_dm(discord.Object(self._user))).id, guild_id=0, direct=True)
        try:
            place = await client.place(await self._id(client))
        except NoPlaceError as error:
            raise PermanentDeliveryError(
                self._name,
                f"{self._where} takes no messages",
                remedy="name a text or announcement channel, thread or forum",
            ) from error
        forum = isinstance(place, discord.ForumChannel)
        tags = (
            {t.name.casefold(): t.id for t in place.available_tags} if isinstance(place, discord.ForumChannel) else {}
        )
        wanted = [t for t in self._tags if t.casefold() in tags] if forum else []
        return Target(
            id=place.id,
            guild_id=place.guild.id,
            forum=forum,
            thread=isinstance(place, discord.Thread),
            announces=self._publish and isinstance(place, discord.TextChannel) and place.is_news(),
            tags=tuple(tags[t.casefold()] for t in wanted)[:5],
            missing_tags=tuple(t for t in self._tags if t not in wanted),
        )

    async def _id(self, client: WireClient) -> int:
        if self._where.isdigit():
            return int(self._where)
        found = await client.search(self._where, self._guild)
        if len(found) == 1:
            return found[0].id
        text = f"{len(found)} channels are called {self._where}" if found else f"no channel is called {self._where}"
        remedy = "write its id in wirewatch.yaml (right-click the channel, Copy Channel ID)"
        raise PermanentDeliveryError(self._name, text, remedy=remedy)

    async def target(self) -> Target:
        """Where posts go, for ``doctor``. Raises :class:`~bot.errors.DeliveryError`."""
        return await self._target()

    async def _ask(self, work: Callable[[WireClient], Awaitable[T]]) -> T:
        return await self._connection.ask(self._name, work)

    def _verdict(self, error: RefusedError) -> DeliveryError:
        if error.refusal.code in (UNKNOWN_CHANNEL, MISSING_ACCESS, MISSING_PERMISSIONS):
            self._found = None  # perhaps it was moved or renamed: look again next time
        return delivery_error(self._name, error.refusal)
