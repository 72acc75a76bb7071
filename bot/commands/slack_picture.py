"""The picture that follows an answer on Slack, where a file is shown to everybody in a channel or in direct messages,
and never to one person in a channel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.channels.base import File
from bot.channels.slack_errors import SlackRefused, meaning
from bot.channels.slack_files import share
from bot.commands.reply import Picture, Reply, paragraph, refused, small
from bot.log import Log
from bot.summary.drawing import ChartError

if TYPE_CHECKING:
    from bot.channels.slack_connection import SlackConnection

_NOT_THERE = frozenset({"not_in_channel", "channel_not_found", "restricted_action", "is_archived"})
_log = Log("slack")


def announced(reply: Reply) -> Reply:
    """An answer for one person, which says where its picture is."""
    if reply.picture is None:
        return reply
    return replace(reply, blocks=(*reply.blocks, small("The chart follows in your direct messages with Wirewatch.")))


async def follow(
    connection: SlackConnection,
    picture: Picture,
    *,
    key: str,
    user: str,
    room: str = "",
) -> Reply | None:
    """Show the picture in ``room``, or where there is none or the bot may not, in direct messages. Returns what to tell
    whoever asked: nothing where it is where they expect it."""
    try:
        file = File(key, picture.title, picture.alt, await picture.draw())
    except ChartError as error:
        return refused("The chart could not be drawn", paragraph(str(error)))
    try:
        if room:
            try:
                await share(connection, file, room)
                return None
            except SlackRefused as error:
                if error.error not in _NOT_THERE:
                    raise
                _log.info("picture not for this channel", error=error.error)
        opened = await connection.call("conversations.open", users=user)
        await share(connection, file, str(opened["channel"]["id"]))
    except SlackRefused as error:
        _log.warning("picture not taken", error=error.error or error.note, needed=error.needed)
        words = meaning(error, "your direct messages")
        text = f"{words.text}; {words.remedy}." if error.error else f"{error.note}."
        return refused("The chart could not be shown", paragraph(text[:1].upper() + text[1:]))
    if room:
        return Reply("The chart is in your direct messages", (small("The bot is no member of this channel."),))
    return None
