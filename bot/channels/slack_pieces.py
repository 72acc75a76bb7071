"""The pieces of Block Kit that every message and view is made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Element = dict[str, Any]


def literal(text: str) -> Element:
    """Foreign text where Slack wants a text object: it means nothing but itself."""
    return {"type": "plain_text", "text": text, "emoji": False}


def date_token(when: datetime) -> Element:
    """A time that Slack shows in each reader's own zone; the part after the bar is for clients that cannot."""
    token = f"<!date^{int(when.timestamp())}^{{date_short_pretty}} {{time}}|{plain_date(when)}>"
    return {"type": "mrkdwn", "text": token}


def date_element(when: datetime) -> Element:
    """The same for rich text."""
    return {
        "type": "date", "timestamp": int(when.timestamp()), "format": "{date_short_pretty} {time}",
        "fallback": plain_date(when),
    }  # fmt: skip


def plain_date(when: datetime) -> str:
    """``2026-11-25 10:00 UTC``."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
