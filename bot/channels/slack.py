"""The channel ``slack``: alerts as Block Kit messages through one workspace's :class:`SlackConnection`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.channels.base import Capabilities, File, file_name
from bot.channels.mentions import Mentions
from bot.channels.slack_blocks import (
    METADATA_TYPE,
    Look,
    Payload,
    alert_payload,
    calls_somebody,
    digest_payload,
    metadata,
    notice_payload,
    without_images,
)
from bot.channels.slack_connection import SlackConnection
from bot.channels.slack_errors import BLOCKS_REFUSED, SlackRefused, delivery_error, meaning
from bot.channels.slack_files import share, shows
from bot.commands import slack_view
from bot.errors import DeliveryError
from bot.log import Log
from bot.message import Call, Digest, Message, Notice, Receipt
from bot.summary.answer import as_reply
from bot.summary.post import SummaryPost

PACE_S: Final = 1.0  # seconds between posts in one channel (docs.slack.dev/apis/web-api/rate-limits)
LIST_PAGE: Final = 200  # channels a page, as Slack recommends
LIST_PAGES: Final = 100  # pages until a name counts as unknown
HISTORY_PAGE: Final = 200  # messages a page; Slack's most is 999
HISTORY_PAGES: Final = 10  # pages that a lookup reads at most: the last 2,000 messages
THREADS: Final = 10  # threads that a lookup opens at most
CLOCK_SKEW: Final = timedelta(minutes=2)  # between our clock and Slack's time stamps

_ID = re.compile(r"[CGD][A-Z0-9]{7,}\Z")
_PERSON = re.compile(r"[UW][A-Z0-9]{7,}\Z")
_THREAD_GONE: Final = frozenset(
    {"thread_not_found", "invalid_thread_ts", "cannot_reply_to_message", "message_not_found"}
)
_UNCHANGEABLE: Final = frozenset({"message_not_found", "edit_window_closed", "cant_update_message"})

log = Log("slack")


class SlackChannel:
    """Posts to one Slack channel, given as ``#name`` or id; a person's id stands for direct messages with them.

    ``image`` shows the article's picture below an alert. ``mentions`` are the user groups that it calls, by id.
    ``pace_s`` is what the outbox leaves between two posts. The connection is shared; the channel starts and stops its
    part of it.
    """

    def __init__(
        self,
        name: str,
        *,
        channel: str,
        connection: SlackConnection,
        image: bool = False,
        mentions: Mentions[str] | None = None,
        pace_s: float = PACE_S,
    ) -> None:
        self._name = name
        self._channel = channel.strip()
        self._connection = connection
        self._image = image
        self._mentions = mentions or Mentions()
        self._pace_s = pace_s
        self._started = False
        self._id = self._channel if _ID.match(self._channel) else ""

    def __repr__(self) -> str:
        return f"SlackChannel({self._name!r}, channel={self._channel!r})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def target(self) -> str:
        """The Slack channel as people know it: ``#sanctions-desk``, or its id."""
        if _ID.match(self._channel) or _PERSON.match(self._channel):
            return self._channel
        return f"#{self._channel.removeprefix('#')}"

    def is_at(self, room_id: str, name: str) -> bool:
        """Whether posts go to the Slack channel of that id or name (without ``#``)."""
        return room_id == self._id or (bool(name) and name == self._channel.removeprefix("#"))

    @property
    def connection(self) -> SlackConnection:
        return self._connection

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(readable=True, edits=True, replies=True, files=True, pace_s=self._pace_s)

    def recall(self, last: Call) -> None:
        self._mentions.recall(last)

    async def start(self) -> None:
        if not self._started:
            self._started = True
            await self._connection.start()

    async def stop(self) -> None:
        if self._started:
            self._started = False
            await self._connection.stop()

    # -- sending ----------------------------------------------------------------------------------------------------

    async def post(self, message: Message) -> Receipt:
        return await self._calling(message, lambda look: self._send(message.key, alert_payload(message, look)))

    async def post_digest(self, digest: Digest) -> Receipt:
        return await self._send(digest.key, digest_payload(digest, self._look()))

    async def post_notice(self, notice: Notice) -> Receipt:
        return await self._send(notice.key, notice_payload(notice))

    async def post_summary(self, post: SummaryPost) -> Receipt:
        shown = slack_view.message(as_reply(post.summary, post.tz))
        payload = Payload(text=shown["text"], blocks=shown["blocks"], metadata=metadata(post.key))
        return await self._send(post.key, payload)

    async def post_file(self, to: Receipt, file: File) -> Receipt:
        """In the channel, below the post. The receipt names the file, since Slack makes its post a moment later."""
        channel_id, _ = _split(to.ref)
        try:
            file_id = await share(self._connection, file, channel_id or await self._resolve())
        except SlackRefused as refused:
            raise self._error(refused) from None
        return Receipt(self._name, file.key, file_id, datetime.now(UTC))

    async def reply(self, to: Receipt, message: Message, *, aloud: bool = False) -> Receipt:
        """In the thread of ``to``; in the channel where that post is gone."""
        _, parent = _split(to.ref)
        more = {"thread_ts": parent} | ({"reply_broadcast": True} if aloud else {})

        async def send(look: Look) -> Receipt:
            payload = alert_payload(message, look, answers=True)
            try:
                return await self._send(message.key, payload, **more)
            except _ThreadGoneError:
                log.info("thread gone, posted in the channel", channel=self._name, key=message.key)
                return await self._send(message.key, payload)

        return await (self._calling(message, send) if aloud else send(self._look()))

    async def edit(self, receipt: Receipt, message: Message) -> Receipt | None:
        """The post keeps its own key, by which it was delivered; nobody is called again."""
        payload = alert_payload(replace(message, key=receipt.key), self._look())
        channel_id, ts = _split(receipt.ref)
        try:
            await self._offer("chat.update", payload, channel=channel_id or await self._resolve(), ts=ts)
        except SlackRefused as refused:
            if refused.error in _UNCHANGEABLE:
                return None
            raise self._error(refused) from None
        return receipt

    def _look(self, groups: tuple[str, ...] = ()) -> Look:
        return Look(self._image, clicks=self._connection.mode != "post only", groups=groups)

    async def _calling(self, message: Message, send: Callable[[Look], Awaitable[Receipt]]) -> Receipt:
        """Send, and call whom the settings name, unless they were called a short while ago."""
        groups = self._mentions.due(message)
        receipt = await send(self._look(groups))
        return self._mentions.called(receipt) if groups else receipt

    async def _send(self, key: str, payload: Payload, **more: Any) -> Receipt:
        more |= {"unfurl_links": False, "unfurl_media": False, "mrkdwn": False}
        workspace = await self._workspace()  # before the post: nothing may stand between it and its receipt
        try:
            known = bool(self._id)
            channel_id = await self._resolve()
            try:
                answer = await self._offer("chat.postMessage", payload, channel=channel_id, **more)
            except SlackRefused as refused:
                if refused.error != "channel_not_found" or not known or _ID.match(self._channel):
                    raise
                self._id = ""  # renamed, or made anew under the same name
                answer = await self._offer("chat.postMessage", payload, channel=await self._resolve(), **more)
        except SlackRefused as refused:
            if "thread_ts" in more and refused.error in _THREAD_GONE:
                raise _ThreadGoneError from None
            raise self._error(refused) from None
        parent = str(more.get("thread_ts", ""))
        return self._receipt(key, workspace, str(answer["channel"]), str(answer["ts"]), parent)

    async def _offer(self, method: str, payload: Payload, **more: Any) -> dict[str, Any]:
        """Call ``method``; what Slack calls invalid is offered again with less: no picture, then no blocks at all."""
        blocks = payload["blocks"]
        try:
            return await self._connection.call(method, **payload, **more)
        except SlackRefused as refused:
            if refused.error not in BLOCKS_REFUSED:
                raise
            if refused.about_image and len(plain := without_images(blocks)) < len(blocks):
                log.info("slack could not load the picture", channel=self._name)
                return await self._offer(method, {**payload, "blocks": plain}, **more)
            log.error("slack refused the blocks", channel=self._name, error=refused.error, why=refused.messages)
            bare: dict[str, Any] = {"text": payload["text"], "metadata": payload["metadata"]}
            if method == "chat.update":
                bare["blocks"] = []  # else the old ones stay
            return await self._connection.call(method, **bare, **more)

    def _receipt(self, key: str, workspace: str, channel_id: str, ts: str, thread_ts: str = "") -> Receipt:
        """``ref`` is ``<channel id>:<ts>``; the link needs the workspace's address and is left out without it."""
        url = f"{workspace.rstrip('/')}/archives/{channel_id}/p{ts.replace('.', '')}" if workspace else ""
        if url and thread_ts and thread_ts != ts:
            url += f"?thread_ts={thread_ts}&cid={channel_id}"
        sent_at = datetime.fromtimestamp(float(ts), UTC)
        return Receipt(self._name, key, f"{channel_id}:{ts}", sent_at, url)

    async def _workspace(self) -> str:
        """The workspace's address, or ``""`` while Slack does not tell."""
        try:
            return (await self._connection.identity()).url
        except SlackRefused:
            return ""

    # -- looking up -------------------------------------------------------------------------------------------------

    async def find(self, key: str, *, since: datetime | None = None, thread: Receipt | None = None) -> Receipt | None:
        """Newest first, back to ``since`` (less :data:`CLOCK_SKEW`) or over :data:`HISTORY_PAGES` pages. Replies are
        looked for in ``thread`` where it is given, else in the latest threads under our own posts."""
        oldest = f"{(since - CLOCK_SKEW).timestamp():.6f}" if since else ""
        threads: list[str] = []
        try:
            channel_id = await self._resolve()
            workspace = await self._workspace()
            if thread is not None:
                room, parent = _split(thread.ref)
                if found := await self._find_in_thread(key, room, parent, oldest):
                    return self._found(found, key, workspace, room, parent)
            async for message in self._messages("conversations.history", channel=channel_id, oldest=oldest):
                if _key(message) == key or await self._shows(message, file_name(key)):
                    return self._found(message, key, workspace, channel_id)
                if thread is None and message.get("latest_reply") and _key(message) and len(threads) < THREADS:
                    threads.append(message["ts"])
            for parent in threads:
                if found := await self._find_in_thread(key, channel_id, parent, oldest):
                    return self._found(found, key, workspace, channel_id, parent)
        except SlackRefused as refused:
            raise self._error(refused) from None
        return None

    async def _shows(self, message: dict[str, Any], name: str) -> bool:
        return bool(message.get("files")) and shows(message, name, (await self._connection.identity()).user_id)

    def _found(self, message: dict[str, Any], key: str, workspace: str, channel_id: str, parent: str = "") -> Receipt:
        receipt = self._receipt(key, workspace, channel_id, message["ts"], parent)
        return self._mentions.called(receipt) if calls_somebody(message.get("blocks")) else receipt

    async def _find_in_thread(self, key: str, channel_id: str, parent: str, oldest: str) -> dict[str, Any] | None:
        """The reply with ``key``; ``None`` also where the thread is gone."""
        try:
            async for message in self._messages("conversations.replies", channel=channel_id, ts=parent, oldest=oldest):
                if _key(message) == key:
                    return message
        except SlackRefused as refused:
            if refused.error not in _THREAD_GONE:
                raise
        return None

    async def _messages(self, method: str, **arguments: str) -> AsyncIterator[dict[str, Any]]:
        asked: dict[str, Any] = {k: v for k, v in arguments.items() if v}
        asked |= {"include_all_metadata": True, "limit": HISTORY_PAGE}
        for _ in range(HISTORY_PAGES):
            page = await self._connection.call(method, **asked)
            for message in page.get("messages", []):
                yield message
            asked["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                return

    async def _resolve(self) -> str:
        """The channel's id; looked up by name, or opened with a person, once."""
        if not self._id and _PERSON.match(self._channel):
            opened = await self._connection.call("conversations.open", users=self._channel)
            self._id = str(opened["channel"]["id"])
        if not self._id:
            wanted = self._channel.removeprefix("#").lower()
            try:
                self._id = await self._look_up(wanted, "public_channel,private_channel")
            except SlackRefused as refused:
                if refused.error != "missing_scope":
                    raise
                self._id = await self._look_up(wanted, "public_channel")
        return self._id

    async def _look_up(self, wanted: str, types: str) -> str:
        asked: dict[str, Any] = {"types": types, "limit": LIST_PAGE}
        for _ in range(LIST_PAGES):
            page = await self._connection.call("conversations.list", **asked)
            for room in page.get("channels", []):
                if wanted in (str(room.get("name", "")).lower(), str(room.get("name_normalized", "")).lower()):
                    return str(room["id"])
            asked["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                break
        raise SlackRefused("channel_not_found")

    # -- checking ---------------------------------------------------------------------------------------------------

    async def check(self) -> str | None:
        """Membership and archive, read from Slack; nothing is posted."""
        try:
            room = (await self._connection.call("conversations.info", channel=await self._resolve()))["channel"]
            scopes = (await self._connection.identity()).scopes
        except SlackRefused as refused:
            if refused.transient:
                return str(delivery_error(self._name, self.target, refused))
            return self._advice(refused)
        if room.get("is_archived"):
            return self._advice(SlackRefused("is_archived"))
        if not room.get("is_member"):
            return self._advice(SlackRefused("not_in_channel"))
        history = "groups:history" if room.get("is_private") else "channels:history"
        missing = [scope for scope in ("chat:write", history) if scopes and scope not in scopes]
        return self._advice(SlackRefused("missing_scope", needed=" and ".join(missing))) if missing else None

    def _advice(self, refused: SlackRefused) -> str:
        words = meaning(refused, self.target)
        return f"{words.text}; {words.remedy}"

    def _error(self, refused: SlackRefused) -> DeliveryError:
        return delivery_error(self._name, self.target, refused)


class _ThreadGoneError(Exception):
    """The post to be answered no longer exists."""


def _split(ref: str) -> tuple[str, str]:
    """``C123:1700000000.000100`` → its two parts; a bare ts has no channel."""
    channel_id, _, ts = ref.rpartition(":")
    return channel_id, ts


def _key(message: dict[str, Any]) -> str:
    """The delivery key of one of our posts, or ``""``."""
    found = message.get("metadata") or {}
    return str(found.get("event_payload", {}).get("key", "")) if found.get("event_type") == METADATA_TYPE else ""
