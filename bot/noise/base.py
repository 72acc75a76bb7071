"""What every noise control works with. Nothing here reads a clock or a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.model import Alert, Article, HoldReason, Mute
from bot.noise.policy import Policy


class Verdict(StrEnum):
    """What happens to an article on one channel; the word that ``wirewatch why`` shows with its reason."""

    SEND = "send"  # the story's first alert here
    UPDATE = "update"  # told here already: the post is edited in place
    REPLY = "reply"  # it adds something: into the thread
    RAISE = "raise"  # it adds something that everybody should see
    HOLD = "hold"  # comes in a digest
    OLD = "old"  # older than max_age; never sent
    TOLD = "told"  # told here already, and nothing to add
    DIGEST = "digest"  # was held, comes in a digest now
    NOWHERE = "nowhere"  # no route leads to any channel


@dataclass(frozen=True, slots=True)
class Pass:
    """Go on. ``alert`` may have lost the matches that something silenced; at least one is left."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now. ``by`` names what holds it, ``until`` when it ends (``None``: not known), ``text`` says why in a
    sentence for people."""

    reason: HoldReason
    by: str
    until: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Rest:
    """Not news: never sent, and not held either. Only age can say so."""

    text: str


Answer = Pass | Hold | Rest


@dataclass(frozen=True, slots=True)
class Context:
    """What the controls know besides the alert. ``mutes`` are those in force. ``independent`` counts the story's
    independent sources, this article's included; ``fired`` holds the rules that fired in the story, with the latest
    time. ``sent`` holds the times of a rule's alerts on a channel, oldest first, as far as a throttle looks back.
    ``language`` tells an article's language, or ``None``."""

    policy: Policy
    mutes: tuple[Mute, ...] = ()
    first_poll: bool = False
    max_age: timedelta | None = None
    independent: int = 1
    fired: Mapping[str, datetime] = field(default_factory=dict)
    sent: Mapping[tuple[str, str], Sequence[datetime]] = field(default_factory=dict)  # by rule and channel
    language: Callable[[Article], str | None] = lambda article: article.lang


class Stage(Protocol):
    """A noise control."""

    def __call__(self, alert: Alert, channel: str, context: Context, now: datetime, /) -> Answer: ...
