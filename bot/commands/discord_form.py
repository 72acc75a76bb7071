"""The form behind the button Mute. It carries the delivery key in its id and is not kept: what comes back is read from
what Discord sends, so that a form left open over a restart still works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.channels.discord_limits import OPTION_MAX, OPTIONS_MAX
from bot.channels.text import utf16_len
from bot.commands.alerts import MuteForm
from bot.commands.discord_view import COMMENT_MAX, option_label
from bot.commands.mute_words import DURATION_WORDS, MUTE_COMMENT, MUTE_LENGTH, MUTE_NOTE, MUTE_TITLE, MUTE_WHAT

FORM_PREFIX = "wirewatch:form:mute:"


def form_modal(form: MuteForm) -> discord.ui.Modal:
    """Two choices and a comment."""
    choices = [c for c in form.choices if utf16_len(c.value) <= OPTION_MAX][:OPTIONS_MAX]
    what: discord.ui.Select[Any] = discord.ui.Select(
        custom_id="choice",
        options=[
            discord.SelectOption(label=option_label(c.label), value=c.value, default=i == 0)
            for i, c in enumerate(choices)
        ],
    )
    length: discord.ui.Select[Any] = discord.ui.Select(
        custom_id="duration",
        options=[
            discord.SelectOption(label=DURATION_WORDS.get(d, d), value=d, default=i == 1)
            for i, d in enumerate(form.durations)
        ],
    )
    comment: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id="comment", required=False, max_length=COMMENT_MAX, style=discord.TextStyle.short
    )
    modal = discord.ui.Modal(title=MUTE_TITLE, custom_id=FORM_PREFIX + form.key, timeout=None)
    modal.add_item(discord.ui.Label(text=MUTE_WHAT, component=what))
    modal.add_item(discord.ui.Label(text=MUTE_LENGTH, description=MUTE_NOTE, component=length))
    modal.add_item(discord.ui.Label(text=MUTE_COMMENT, component=comment))
    modal.stop()  # answered by id, not by an object that a restart would lose
    return modal


def filled(data: Mapping[str, Any]) -> dict[str, str]:
    """What a form was filled in with, by the ids of its fields."""
    found: dict[str, str] = {}
    for outer in data.get("components") or []:
        parts = [outer["component"]] if outer.get("component") else outer.get("components") or []
        for part in parts:
            values = part.get("values")
            found[str(part.get("custom_id", ""))] = str(values[0]) if values else str(part.get("value") or "")
    return found
