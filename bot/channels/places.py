"""Channels that are in no config: a person's direct messages, or a room that somebody subscribed from chat.

Their names say all that is needed to build them: ``dm:ACCOUNT:USER`` and ``room:ACCOUNT:CHANNEL``, with the account as
``slack.<workspace>`` or ``discord.<bot>``. What waits for one in the outbox is found again by its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(
    r"(?P<kind>dm|room):(?P<platform>slack|discord)\.(?P<account>[a-z0-9][a-z0-9._-]{0,62}):(?P<id>[A-Z0-9]{1,24})"
)


@dataclass(frozen=True, slots=True)
class ChatPlace:
    """Somewhere on a chat platform. ``id`` is a person's where ``direct``, else a channel's. ``str`` gives the name."""

    direct: bool
    platform: str  # slack | discord
    account: str  # the entry under `slack:` or `discord:` in wirewatch.yaml
    id: str

    def __str__(self) -> str:
        return f"{'dm' if self.direct else 'room'}:{self.platform}.{self.account}:{self.id}"


def parse_place(name: str) -> ChatPlace | None:
    """The place that a name stands for; ``None`` for a channel of the config."""
    found = _NAME.fullmatch(name)
    if found is None or (found["platform"] == "discord" and not found["id"].isdigit()):
        return None
    return ChatPlace(found["kind"] == "dm", found["platform"], found["account"], found["id"])
