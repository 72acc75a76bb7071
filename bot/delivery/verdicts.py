"""What to do with a delivery whose turn it is: pure decisions, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.channels.base import Capabilities
from bot.message import DeliveryKind, DeliveryState, Message, Receipt
from bot.store.outbox_port import Delivery, Followed

FOLD_LIMIT = 20  # alerts; more than a screen of them is a flood (DESIGN, "First poll")
FOLD_AFTER = timedelta(minutes=5)  # what is shorter is a hiccup, and its alerts are still fresh enough to stand alone


class Verdict(StrEnum):
    """What to do with a delivery whose turn it is, and why."""

    SEND = "never tried"
    SEND_AFTER_REFUSAL = "the last attempt was refused in words, so it is not there"
    LOOK_UP = "an earlier attempt may have got through"
    SEND_BLIND = "an earlier attempt may have got through, but this channel cannot be read back"
    REWRITE = "an earlier attempt may have got through, and changing a post twice is as good as once"


def verdict(delivery: Delivery, *, readable: bool, refused: bool) -> Verdict:
    """``refused``: this process saw the platform refuse the last attempt (with a time to wait)."""
    if delivery.state is DeliveryState.WAITING and not delivery.attempts:
        return Verdict.SEND
    if refused:
        return Verdict.SEND_AFTER_REFUSAL
    if delivery.kind is DeliveryKind.UPDATE:
        return Verdict.REWRITE
    return Verdict.LOOK_UP if readable else Verdict.SEND_BLIND


class Footing(StrEnum):
    """What a delivery that follows an earlier post stands on."""

    THERE = "the post that it follows is there"
    ALONE = "the post that it follows is not known any more: it is posted by itself"
    NOT_YET = "the post that it follows is still to be sent"
    PARKED = "the post that it follows is parked"
    GONE = "the post that it was to change is not known any more"
    FOLDED = "the alert that it was to change went into a digest"
    UNCHANGEABLE = "this channel cannot change what it posted"
    NO_FILES = "this channel takes no pictures"

    @property
    def drops(self) -> bool:
        """Whether there is nothing to be done, now or later."""
        return self in (Footing.GONE, Footing.FOLDED, Footing.UNCHANGEABLE, Footing.NO_FILES)


def footing(delivery: Delivery, post: Followed | None, can: Capabilities) -> Footing:
    """``post`` is what became of the one that ``delivery`` follows. An update and a chart have nothing to say without
    their post; what is new is said all the same, in the digest's thread or by itself."""
    update = delivery.kind is DeliveryKind.UPDATE
    chart = delivery.kind is DeliveryKind.CHART
    if update and not can.edits:
        return Footing.UNCHANGEABLE
    if chart and not can.files:
        return Footing.NO_FILES
    if post is None or post.state is DeliveryState.DROPPED:
        return Footing.GONE if update or chart else Footing.ALONE
    if update and post.folded:
        return Footing.FOLDED
    if post.state is DeliveryState.PARKED:
        return Footing.PARKED
    return Footing.THERE if post.receipt is not None else Footing.NOT_YET


def to_fold(
    waiting: Sequence[Delivery], now: datetime, quiet_since: datetime | None, limit: int | None
) -> tuple[Delivery, ...]:
    """The alerts that become one digest, now that a delivery got through again; empty if they go one by one.

    ``quiet_since`` is when the delivery before that one got through (``None``: none since the start). ``limit`` counts
    the one that just got through. Only alerts that were never tried are folded: another may be in the channel already.
    """
    if limit is None or (quiet_since is not None and now - quiet_since < FOLD_AFTER):
        return ()
    alerts = tuple(
        d for d in waiting if d.kind is DeliveryKind.ALERT and d.state is DeliveryState.WAITING and not d.attempts
    )
    if len(alerts) < max(limit, 2) or now - min(d.created_at for d in alerts) < FOLD_AFTER:
        return ()
    return alerts


def lag(delivery: Delivery, receipt: Receipt) -> float | None:
    """Seconds from published to delivered, where it is an alert whose publisher gave a date."""
    payload = delivery.payload
    if delivery.kind is not DeliveryKind.ALERT or not isinstance(payload, Message) or not payload.dated:
        return None
    return (receipt.sent_at - payload.published).total_seconds()
