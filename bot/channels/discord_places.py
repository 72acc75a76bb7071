"""Where a Discord channel posts, and how a post of ours is found there again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.channels.base import file_name
from bot.channels.discord_embed import Post, carries
from bot.message import Receipt

if TYPE_CHECKING:
    from bot.channels.discord_client import Posted, WireClient

FIND_MESSAGES = 500  # newest messages that `find` reads: 5 requests
FIND_THREADS = 20  # newest threads, or posts of a forum, that it looks into
FIND_IN_THREAD = 100  # messages of each


@dataclass(frozen=True, slots=True)
class Target:
    """Where posts go. ``forum``: each is a thread of its own. ``direct``: direct messages with a person, which have no
    threads. ``announces``: posts can be published."""

    id: int
    guild_id: int
    forum: bool = False
    thread: bool = False
    direct: bool = False
    announces: bool = False
    tags: tuple[int, ...] = ()
    missing_tags: tuple[str, ...] = ()


def parse_ref(ref: str) -> tuple[int, int]:
    place, _, message = ref.partition("/")
    return int(place), int(message)


async def open_thread(client: WireClient, place_id: int, message_id: int, name: str) -> int:
    import discord

    place = await client.place(place_id)
    assert isinstance(place, discord.TextChannel)
    return await client.open_thread(place, message_id, name)


async def send_to_forum(client: WireClient, target: Target, post: Post) -> Posted:
    import discord

    forum = await client.place(target.id)
    assert isinstance(forum, discord.ForumChannel)
    return await client.send_to_forum(forum, post, target.tags)


def _is(posted: Posted, key: str) -> bool:
    """Whether it is our post with ``key``: by its buttons or small print, or as a picture by its name."""
    return posted.ours and (carries(key, posted.custom_ids, posted.small_print) or file_name(key) in posted.files)


async def find_in_thread(client: WireClient, target: Target, key: str, to: Receipt) -> Posted | None:
    """The answer with ``key`` in the thread under the post ``to``, newest first."""
    import discord

    place, message_id = parse_ref(to.ref)
    thread = message_id if place == target.id and not target.thread else place  # a thread has the id of its post
    try:
        async for posted in client.recent(thread, FIND_IN_THREAD):
            if _is(posted, key):
                return posted
    except discord.NotFound:
        pass  # no thread was made, or it was deleted: then the answer is in the channel
    return None


async def find_post(client: WireClient, target: Target, key: str, oldest: datetime | None) -> Posted | None:
    """The post with ``key``: in the recent history, then in recent threads."""
    import discord

    threads: list[int] = []
    if target.forum:
        forum = await client.place(target.id)
        assert isinstance(forum, discord.ForumChannel)
        threads = await client.recent_threads(forum, FIND_THREADS)
        if oldest is not None:
            threads = [t for t in threads if discord.utils.snowflake_time(t) >= oldest]
    else:
        async for posted in client.recent(target.id, FIND_MESSAGES):
            if oldest is not None and posted.at < oldest:
                break
            if _is(posted, key):
                return posted
            if posted.has_thread and posted.ours:
                threads.append(posted.message_id)
    for thread in threads[:FIND_THREADS]:
        async for posted in client.recent(thread, FIND_IN_THREAD, oldest_first=True):
            if _is(posted, key):
                return posted
    return None
