"""The buttons under a post: what they say, and the ids by which a click comes back.

An id is ``wirewatch:VERB:KEY`` with the delivery key of the post: it needs no memory, so that a click on an old message
works after a restart, and on Discord it is also how a post is found again after a crash. Posts of earlier versions have
one button, ``ww:why:KEY``; both are read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.channels.discord_limits import ID_MAX


class Verb(StrEnum):
    """What a click asks for. ``OPEN`` is a link: Slack reports a click on it all the same, Discord does not."""

    WHY = "why"
    USEFUL = "useful"
    NOISE = "noise"
    MUTE = "mute"
    OPEN = "open"


LABELS: Final = {
    Verb.WHY: "Why?",
    Verb.USEFUL: "👍 Useful",
    Verb.NOISE: "👎 Noise",
    Verb.MUTE: "🔕 Mute",
    Verb.OPEN: "Open",
}

ALERT_VERBS: Final = (Verb.WHY, Verb.USEFUL, Verb.NOISE, Verb.MUTE)
DIGEST_VERBS: Final = (Verb.WHY,)
REPLY_VERBS: Final = (Verb.WHY,)

_PREFIX: Final = "wirewatch"
_OLD_WHY: Final = "ww:why:"
_LONG: Final = "~"  # stands before the hash of a key that is too long to be carried

ID_PATTERN: Final = rf"(?:{_PREFIX}:(?P<verb>{'|'.join(Verb)})|{_OLD_WHY[:-1]}):(?P<key>[\s\S]+)"
"""Any of the ids, for the dispatchers of slack_bolt and discord.py. Matches from the start to the end."""

_ID = re.compile(ID_PATTERN)


@dataclass(frozen=True, slots=True)
class Pressed:
    """What an id says. ``key`` is the delivery key of the post (see :meth:`bot.store.base.Store.alert_of_delivery`)."""

    verb: Verb
    key: str


@dataclass(frozen=True, slots=True)
class Button:
    """One that a click comes back from."""

    verb: Verb
    id: str
    label: str


def buttons(verbs: Iterable[Verb], key: str, *, useful: int = 0, noise: int = 0) -> tuple[Button, ...]:
    """The buttons of the post with ``key``, in order, with the votes on it."""
    return tuple(Button(verb, button_id(verb, key), label(verb, useful, noise)) for verb in verbs)


def label(verb: Verb, useful: int, noise: int) -> str:
    """What a button says with the votes on it: ``👍 Useful · 2``."""
    count = {Verb.USEFUL: useful, Verb.NOISE: noise}.get(verb, 0)
    return f"{LABELS[verb]} · {count:,}" if count else LABELS[verb]


def button_id(verb: Verb, key: str) -> str:
    """The id that :func:`pressed` reads; a key that does not fit is there as its hash."""
    return f"{_PREFIX}:{verb}:{_carried(key)}"


def pressed(id: str) -> Pressed | None:
    """What a click with that id asks for, or ``None`` if it is none of ours."""
    found = _ID.fullmatch(id)
    return Pressed(Verb(found["verb"] or Verb.WHY), found["key"]) if found else None


def carries(key: str, ids: Iterable[str]) -> bool:
    """Whether a post with these ids is the one with ``key``."""
    wanted = {_carried(key), _carried(key, len(_OLD_WHY))}
    return any(found is not None and found.key in wanted for found in map(pressed, ids))


def _carried(key: str, beside: int = len(f"{_PREFIX}:{max(Verb, key=len)}:")) -> str:
    """``key``, or its hash where the two would not fit ``beside`` the rest of an id."""
    if len(key.encode("utf-16-le", "surrogatepass")) // 2 + beside <= ID_MAX:
        return key
    return _LONG + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
