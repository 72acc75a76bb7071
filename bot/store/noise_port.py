"""The part of the store's port that keeps what is decided, muted and held. See :mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.model import Alert, HoldReason, Mute, MuteKind
from bot.store.outbox_port import NewDelivery

if TYPE_CHECKING:
    from bot.follow.thread import Thread


@dataclass(frozen=True, slots=True)
class NewMute:
    """A :class:`~bot.model.Mute` to be."""

    kind: MuteKind
    value: str
    channel: str | None
    created_at: datetime
    expires_at: datetime | None
    author: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What became of an article on a channel, and why: a line of ``wirewatch why``. ``alert_id`` is empty where no
    rule fired and the article only added to a story; ``channel`` is empty where no route led anywhere. ``verdict`` is
    one word (:class:`bot.noise.Verdict`), ``reason`` a sentence."""

    alert_id: str
    article_key: str
    channel: str
    verdict: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewHold:
    """An alert that does not go out at once. ``by`` names what holds it (a mute's number, a rule, a time of day);
    ``release_at`` of ``None``: when something else happens (a mute is removed, the first round ends). ``adds`` is what
    it adds to a story that the channel was told before, in sentences; empty where the story itself waits."""

    alert_id: str
    channel: str
    reason: HoldReason
    by: str
    held_at: datetime
    release_at: datetime | None = None
    adds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A :class:`NewHold` that still holds. An alert is held at most once on each channel."""

    id: int
    alert_id: str
    channel: str
    reason: HoldReason
    by: str
    held_at: datetime
    release_at: datetime | None
    adds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A hold that ends because its alert goes out by itself, in the delivery with that key, or without one, as its
    story was told otherwise meanwhile."""

    held_id: int
    delivery_key: str | None


class NoiseStore(Protocol):
    """Decisions, mutes and holds."""

    def decisions(self, article_key: str) -> tuple[DecisionRow, ...]:
        """What was decided about an article, in order."""
        ...

    def alerts(self, ids: Sequence[str]) -> tuple[Alert, ...]:
        """Alerts as they were made, with their articles and matches, oldest first. Unknown ids are passed over."""
        ...

    def threads(self, story_ids: Collection[str]) -> Mapping[str, Thread]:
        """What is known of stories, by id; an unknown one is a thread with nothing in it."""
        ...

    def stories_of(self, keys: Collection[str]) -> Mapping[str, str]:
        """The stories that stored articles belong to, by the articles' keys."""
        ...

    def alerted(self, since: datetime) -> tuple[tuple[str, str, datetime], ...]:
        """Rule, channel and time of each alert that was put into the outbox since then, alone or raised again, oldest
        first: what throttles count."""
        ...

    def first_round_open(self) -> bool:
        """Whether an enabled source has never been polled."""
        ...

    def add_mute(self, mute: NewMute) -> Mute: ...

    def remove_mute(self, mute_id: int, now: datetime, author: str) -> bool:
        """End a mute; ``False`` where it has ended or never was."""
        ...

    def mutes(self, now: datetime, include_expired: bool = False) -> tuple[Mute, ...]:
        """Those in force, oldest first; with ``include_expired`` also those that ended by themselves or by hand."""
        ...

    def held(self, channel: str | None = None) -> tuple[Held, ...]:
        """What is held now, oldest first; of one channel or all."""
        ...

    def release(self, held_ids: Sequence[int], delivery: NewDelivery | None, decisions: Sequence[DecisionRow]) -> None:
        """End holds and enqueue what they come in, in one transaction. Without a delivery they were told otherwise, as
        the decisions say. Raises ``StoreError`` and changes nothing if one of them does not hold any more."""
        ...
