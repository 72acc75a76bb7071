"""The pieces of Block Kit that every message and view is made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

Element = dict[str, Any]

FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
"""A country's flag: two letters of its own kind."""


def literal(text: str) -> Element:
    """Foreign text where Slack wants a text object: it means nothing but itself."""
    return {"type": "plain_text", "text": text, "emoji": False}


def flag_code(flag: str) -> str:
    """🇰🇵 → ``kp``. ``flag`` matches :data:`FLAG`."""
    return "".join(chr(ord(letter) - 0x1F1E6 + ord("a")) for letter in flag)


def flag_element(flag: str) -> Element:
    """Slack draws its own flags (Windows has none)."""
    return {"type": "emoji", "name": f"flag-{flag_code(flag)}", "unicode": "-".join(f"{ord(c):x}" for c in flag)}


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
