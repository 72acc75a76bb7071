"""What became of an article, stage by stage, each with its verdict: the answer to "why did this alert?" and to "why
did it not?"."""

from __future__ import annotations

import re

from bot.identity import key_of_url
from bot.record import Address
from bot.urls import canonical

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?/\S+\Z", re.IGNORECASE)


def address_of(given: str) -> Address:
    """An article as somebody asks for it: its address, with or without ``https://``, or its guid."""
    given = given.strip().strip("<>")  # as chats write links
    url = f"https://{given}" if _HOST.match(given) else given
    return Address(given, canonical(url), key_of_url(url))
