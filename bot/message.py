"""The values of posts: what a channel is given, what a delivery is, and what comes back.

An :class:`~bot.model.Alert` becomes a :class:`Message` (or a line of a :class:`Digest`), and a channel that took it
answers with a :class:`Receipt`. Like those of :mod:`bot.model`, all are frozen, sequences are tuples, and times are
aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model import HoldReason, Severity


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text, emphasised or not. A passage is a tuple of these."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class CountryTag:
    """A country as shown: ``KP``, ``North Korea``, 🇰🇵."""

    code: str
    name: str
    flag: str


@dataclass(frozen=True, slots=True)
class FiredRule:
    """One line of "why": the rule and the words that it found, in the order of the text, without repeats."""

    id: str
    title: str
    severity: Severity
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceLink:
    """Another outlet that reported the story: its name, where, and when."""

    name: str
    url: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """An alert as every channel gets it: plain text and spans, no markup of any platform, nothing cut yet.

    ``key`` is the delivery key that travels with the post, so that a post left uncertain by a crash can be found.
    ``also`` are the other outlets of the story, newest last, and ``sources`` how many independent ones there are with
    this one; ``updated_at`` is when the post was last rewritten, ``None`` for one that stands as it was first sent.
    ``news`` says in short sentences what an answer to an earlier post brings, ``story`` is the headline of that post
    (both empty for what is no answer; ``story`` for an answer to a digest, too). ``retracted`` is why the alert no
    longer holds, empty while it does. ``lists`` are the watch lists behind the evidence ("OFAC SDN, 2026-11-20"),
    ``read`` the text that the rules saw ("full text", "feed summary"). ``useful`` and ``noise`` are the votes that the
    buttons of a rewritten post show; a stored message has none, since votes go on.
    """

    key: str
    alert_id: str
    severity: Severity
    headline: str
    url: str
    source: str
    published: datetime
    dated: bool
    passage: tuple[Segment, ...]
    countries: tuple[CountryTag, ...]
    rules: tuple[FiredRule, ...]
    fallback: str  # one line of plain text for notifications
    image: str = ""
    tags: tuple[str, ...] = ()
    story_id: str = ""
    also: tuple[SourceLink, ...] = ()
    sources: int = 1
    updated_at: datetime | None = None
    news: tuple[str, ...] = ()
    retracted: str = ""
    lists: tuple[str, ...] = ()
    read: str = ""
    useful: int = 0
    noise: int = 0
    story: str = ""


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One story inside a digest, by its alert. ``group`` is the heading that it stands under, the same for lines in a
    row; ``reports`` how many alerts of the story it stands for, ``sources`` how many independent sources have it;
    ``brief``: listed in one short line, since a filter of the channel held it; ``retracted``: why it no longer holds;
    ``adds``: what is new in a story that the channel was told before, in sentences.
    """

    alert_id: str
    severity: Severity
    headline: str
    url: str
    source: str
    published: datetime
    rules: tuple[str, ...]  # titles
    story_id: str = ""
    group: str = ""
    reports: int = 1
    sources: int = 1
    brief: bool = False
    retracted: str = ""
    adds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldCount:
    """How many alerts of a digest were held for a reason, in words: ``muted (rule arms-deal)``."""

    reason: HoldReason
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """Several stories in one post. ``reason`` says why their alerts were not sent one by one; ``total`` counts the
    lines, a story each, also those that a channel has no room to list. ``counts`` says how many alerts were held for
    each reason, and adds up to all that the digest releases; ``told`` of them are not listed, since their story was
    told here meanwhile. ``coverage`` is one line on the sources that were down or silent in its period, empty where
    there is none."""

    key: str
    title: str
    reason: str
    lines: tuple[DigestLine, ...]
    total: int
    created_at: datetime
    counts: tuple[HeldCount, ...] = ()
    told: int = 0
    coverage: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A word to whoever runs the bot: a dead source, a refused edit, a parked delivery."""

    key: str
    title: str
    text: str
    severity: Severity = Severity.INFO


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a channel took a post. ``ref`` finds it again (a Slack ts, a Discord message id, an HTTP status);
    ``called``: the post mentions the people whom the channel's settings name."""

    channel: str
    key: str
    ref: str
    sent_at: datetime
    url: str = ""
    called: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """The latest post of a channel that mentioned people: its delivery key, and when it was sent."""

    key: str
    at: datetime


class DeliveryKind(StrEnum):
    """What a delivery posts. One delivery exists for each (alert or digest, channel, kind).

    Some follow an earlier post: ``UPDATE`` rewrites it in place, ``REPLY`` answers in its thread, ``RAISE`` answers in
    its thread and shows in the channel as well, ``CHART`` is the picture that belongs to a ``SUMMARY``.
    """

    ALERT = "alert"
    DIGEST = "digest"
    NOTICE = "notice"
    UPDATE = "update"
    REPLY = "reply"
    RAISE = "raise"
    SUMMARY = "summary"
    CHART = "chart"

    @property
    def follows(self) -> bool:
        """Whether it changes or answers an earlier post."""
        return self in (DeliveryKind.UPDATE, DeliveryKind.REPLY, DeliveryKind.RAISE, DeliveryKind.CHART)


class DeliveryState(StrEnum):
    """``waiting`` → ``sending`` → ``sent``; ``parked`` after a permanent refusal; ``dropped`` where the post that it
    was to change is no more. ``sending`` found at start is what a crash left uncertain."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    PARKED = "parked"
    DROPPED = "dropped"
