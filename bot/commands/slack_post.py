"""A post of ours with the votes on its buttons. Pure."""

from __future__ import annotations

from typing import Any

from bot.channels.buttons import Verb, pressed
from bot.channels.slack_blocks import metadata
from bot.channels.slack_pieces import literal
from bot.commands.alerts import Standing

Json = dict[str, Any]


def with_standing(message: Json, key: str, standing: Standing) -> Json | None:
    """What ``chat.update`` needs to show the votes; ``None`` where the post has no such buttons. Everything else stays
    as Slack sent it, and so does the key in its metadata."""
    blocks = message.get("blocks") or []
    found = False
    changed: list[Json] = []
    for block in blocks:
        if block.get("type") != "actions":
            changed.append(block)
            continue
        elements = []
        for element in block.get("elements", []):
            click = pressed(str(element.get("action_id", "")))
            if click is not None and click.verb in (Verb.USEFUL, Verb.NOISE) and click.key == key:
                found = True
                elements.append({**element, "text": literal_with_emoji(standing.label(click.verb))})
            else:
                elements.append(element)
        changed.append({**block, "elements": elements})
    if not found:
        return None
    return {"text": message.get("text", ""), "blocks": changed, "metadata": metadata(key)}


def literal_with_emoji(text: str) -> Json:
    """Our own words, whose emoji are drawn as Slack draws them."""
    return {**literal(text), "emoji": True}
