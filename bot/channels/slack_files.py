"""Pictures on Slack: an address is asked for, the bytes go there, and the file is shared with a channel.

See https://docs.slack.dev/messaging/working-with-files. The post that shows the file is made by Slack itself a moment
later: it carries no metadata of ours, so that it is known by the file's name.
"""

from __future__ import annotations

from typing import Any

from bot.channels.base import File
from bot.channels.slack_connection import SlackConnection

ALT_MAX = 1_000  # characters, of the description for people who do not see the picture
TITLE_MAX = 200


async def share(connection: SlackConnection, file: File, room: str, *, thread_ts: str = "") -> str:
    """Upload and show in the channel with the id ``room``; its thread with ``thread_ts``. Returns the file's id. Raises
    :class:`~bot.channels.slack_errors.SlackRefused`; then nothing was shown, unless only the last answer was lost."""
    asked = await connection.call(
        "files.getUploadURLExternal", filename=file.name, length=len(file.content), alt_txt=file.alt[:ALT_MAX]
    )
    await connection.upload(str(asked["upload_url"]), file.content)
    file_id = str(asked["file_id"])
    where: dict[str, Any] = {"channel_id": room} | ({"thread_ts": thread_ts} if thread_ts else {})
    await connection.call(
        "files.completeUploadExternal", files=[{"id": file_id, "title": file.title[:TITLE_MAX]}], **where
    )
    return file_id


def shows(message: dict[str, Any], name: str, bot_user: str) -> bool:
    """Whether a message is ours and shows the file of that name."""
    return message.get("user") == bot_user and any(f.get("name") == name for f in message.get("files") or ())
