"""What of the alerts is sent: freshness, and one alert a story on each channel.

Every decision is a :class:`Verdict` with its reason; nothing here reads a clock or a database.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import Alert, Article


class Verdict(StrEnum):
    """What happens to an alert on one channel."""

    SEND = "new story here"
    CATCH_UP = "first poll of the source: goes into the catch-up digest"
    OLD = "older than max_age"
    TOLD = "the story was alerted here already"


def is_old(article: Article, now: datetime, max_age: timedelta | None, first_poll: bool) -> bool:
    """Whether an article is too old to alert. What a first poll brings without a date counts as old, as it may be
    from any year; later, an item that was not there before is new. ``max_age`` of ``None`` lifts the limit."""
    if max_age is None:
        return False
    if not article.dated:
        return first_poll
    return now - article.published > max_age


def verdict(
    alert: Alert, channel: str, told: Iterable[str], now: datetime, max_age: timedelta | None, first_poll: bool
) -> Verdict:
    """What happens to ``alert`` on ``channel``; ``told`` are the channels that had its story before."""
    if is_old(alert.article, now, max_age, first_poll):
        return Verdict.OLD
    if channel in told:
        return Verdict.TOLD
    if first_poll and max_age is not None:
        return Verdict.CATCH_UP
    return Verdict.SEND
