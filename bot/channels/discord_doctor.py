"""What is missing before alerts can flow on Discord, and what to click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.base import Finding
from bot.channels.discord_connection import DiscordConnection, RefusedError
from bot.channels.discord_errors import delivery_error
from bot.errors import DeliveryError

if TYPE_CHECKING:
    import discord

    from bot.channels.discord import DiscordChannel
    from bot.channels.discord_client import WireClient

# name in discord.py -> what Discord's settings call it
_BASE = {
    "view_channel": "View Channel",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",  # charts
    "read_message_history": "Read Message History",
}
_POST = {"send_messages": "Send Messages"}
_THREADS = {
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}
INVITE_PERMISSIONS = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 35 | 1 << 38
"""The seven above as Discord's bit set; the invite link in docs/discord.md asks for exactly these."""


async def examine(connection: DiscordConnection, channels: tuple[DiscordChannel, ...] = ()) -> list[Finding]:
    """Token, application, gateway, then each channel. Posts nothing, raises nothing that is Discord's fault."""
    try:
        findings = await connection.ask("discord", _examine_application)
    except (RefusedError, DeliveryError) as error:
        shown = delivery_error("discord", error.refusal) if isinstance(error, RefusedError) else error
        return [Finding("token", False, shown.text)]
    for channel in channels:
        try:
            findings += await examine_channel(channel)
        except DeliveryError as error:
            findings.append(Finding(channel.name, False, error.text))
    return findings


async def _examine_application(client: WireClient) -> list[Finding]:
    me = client.user
    findings = [Finding("token", True, f"logged in as {me}")]
    application = await client.application_info()
    if application.interactions_endpoint_url:
        text = (
            "buttons and commands go to another address; clear Interactions Endpoint URL on the General Information "
            "page of the Developer Portal"
        )
        findings.append(Finding("interactions", False, text))
    findings.append(Finding("intents", True, "none of the privileged intents is needed"))
    _, _, limit = await client.http.get_bot_gateway()
    if limit["remaining"] < 1:
        text = "Discord lets the bot begin no more sessions today; look why it restarts so often"
        findings.append(Finding("gateway", False, text))
    return findings


async def examine_channel(channel: DiscordChannel) -> list[Finding]:
    """Reachable, of the right kind, with every permission. Raises :class:`~bot.errors.DeliveryError`."""
    target = await channel.target()
    try:
        missing, wants_tag = await channel.connection.ask(
            channel.name, lambda c: _missing(c, target.guild_id, target.id)
        )
    except RefusedError as error:
        raise delivery_error(channel.name, error.refusal) from error
    findings: list[Finding] = []
    if missing:
        text = (
            f"the bot lacks {', '.join(missing)}; open the channel's settings, Permissions, add the bot's role and "
            "switch them on"
        )
        findings.append(Finding(channel.name, False, text))
    if target.missing_tags:
        text = f"the forum has no tag {', '.join(target.missing_tags)}; correct `forum_tags:` or add it to the forum"
        findings.append(Finding(channel.name, False, text))
    if wants_tag and not target.tags:
        text = "the forum wants a tag on every post; name one under `forum_tags:`"
        findings.append(Finding(channel.name, False, text))
    return findings or [Finding(channel.name, True, "reachable, with every permission")]


async def _missing(client: WireClient, guild_id: int, place_id: int) -> tuple[list[str], bool]:
    """The names of missing permissions, asked of the server now and computed by discord.py; and whether a forum
    insists on tags."""
    import discord

    client.forget(place_id)
    guild = await client.fetch_guild(guild_id, with_counts=False)
    me = await guild.fetch_member(client.me)
    place = await guild.fetch_channel(place_id)
    needed = _BASE | (_POST | _THREADS)
    holder: discord.abc.GuildChannel
    if isinstance(place, discord.Thread):
        needed = _BASE | {"send_messages_in_threads": _THREADS["send_messages_in_threads"]}
        if place.locked:
            needed = needed | {"manage_threads": "Manage Threads (the thread is locked)"}
        parent = await guild.fetch_channel(place.parent_id)
        assert not isinstance(parent, discord.Thread)
        holder = parent
    else:
        holder = place
    if isinstance(place, discord.ForumChannel):
        needed = _BASE | _POST | {"send_messages_in_threads": _THREADS["send_messages_in_threads"]}
    has = holder.permissions_for(me)
    wants_tag = isinstance(place, discord.ForumChannel) and place.flags.require_tag
    return [shown for name, shown in needed.items() if not getattr(has, name)], wants_tag
