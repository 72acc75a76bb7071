"""A scheduled summary as a Discord post: the embed of a command's answer, with the delivery key in its small print."""

from __future__ import annotations

from bot.channels.discord_embed import LINE_MAX, Embed, Post, joined, reference
from bot.channels.discord_limits import CONTENT_MAX, THREAD_NAME_MAX
from bot.channels.discord_markdown import fit, fit_plain
from bot.commands import discord_view
from bot.commands.reply import plain_text
from bot.summary import words
from bot.summary.answer import as_reply
from bot.summary.post import SummaryPost


def summary_post(post: SummaryPost) -> Post:
    """The text; :meth:`bot.channels.base.FileChannel.post_file` posts the chart."""
    reply = as_reply(post.summary, post.tz)
    small = reference(post.key)
    embed: Embed = {**discord_view.message(reply).embed, "footer": {"text": small}}
    line = f"📰 **{fit(post.title, LINE_MAX)}** · {fit(words.head(post.summary), LINE_MAX)}"
    lines = [fit(one, LINE_MAX) for one in plain_text(reply).splitlines()]
    return Post(
        key=post.key,
        content=line,
        embed=embed,
        thread_name=fit_plain(post.title, THREAD_NAME_MAX) or "News summary",
        plain=f"{joined(lines, CONTENT_MAX - 60, '…')}\n-# {small}",
    )
