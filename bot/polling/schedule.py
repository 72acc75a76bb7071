"""When a source is polled next: pure functions, so that every case can be a row in a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Source
from bot.polling.cadence import Cadence, unskipped, wishes
from bot.polling.rhythm import Rhythm
from bot.words import brief

BACKOFF_CAP = timedelta(hours=6)  # the longest pause after failures; a source is never given up
RETRY_AFTER_CAP = timedelta(hours=24)  # servers have been seen to ask for years
FLOOR = timedelta(minutes=1)
PUSHED = timedelta(hours=1)  # the interval while a hub tells us of new items; a hub may fail, so it is not for ever

# The adaptive interval grows with the mean pause between two items to the power of 0.6, and reaches six hours for one
# item in 30 days. The exponent lies between 1 (the same number of polls for each item, which reads a daily source four
# times a day) and 0.5 (the least total delay for a given number of polls, which reads a monthly one twelve times).
_MONTHLY = timedelta(days=30)
_MONTHLY_INTERVAL = timedelta(hours=6)
_EXPONENT = 0.6
_STEPS = tuple(timedelta(minutes=m) for m in (1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360))
"""Intervals that are chosen: a source keeps its place in the interval while its rhythm changes little."""

AUTO = (FLOOR, _MONTHLY_INTERVAL)
"""The bounds of an adaptive interval that names none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An interval and why it was chosen, as people read it."""

    interval: timedelta
    reason: str


def choose(
    source: Source, rhythm: Rhythm, cadence: Cadence, headers: Mapping[str, str], now: datetime, *, pushed: bool = False
) -> Choice:
    """The interval after an answer: the editor's or that of the source's rhythm, longer where the publisher asks for
    it or a hub makes polls unnecessary."""
    choice = _wanted(source, rhythm, now)
    wish = wishes(cadence, headers, now)
    if wish is not None and wish.interval > choice.interval:
        choice = Choice(wish.interval, wish.reason)
    if pushed and choice.interval < PUSHED:
        return Choice(PUSHED, "its hub tells us of new items (WebSub)")
    return choice


def _wanted(source: Source, rhythm: Rhythm, now: datetime) -> Choice:
    if source.bounds is None:
        return Choice(max(source.every, FLOOR), "as configured")
    least, most = source.bounds
    pause = rhythm.pause(now)
    if pause is None:
        return Choice(min(max(source.every, least), most), "its rhythm is not known yet")
    ideal = _MONTHLY_INTERVAL * (pause / _MONTHLY) ** _EXPONENT
    step = max((s for s in _STEPS if s <= ideal), default=_STEPS[0])
    return Choice(min(max(step, least), most), f"one item in {brief(pause)} on average")


def base(source: Source, rhythm: Rhythm, now: datetime) -> Choice:
    """The interval without the publisher's wishes, from which the pauses after failures grow."""
    return _wanted(source, rhythm, now)


def next_turn(source_id: str, choice: Choice, cadence: Cadence, now: datetime) -> tuple[datetime, Choice]:
    """When a source that answered is polled next: on its place in the interval, outside of the hours and days that
    its feed wants skipped; and the choice, whose reason says so where these decide."""
    turn = after_success(source_id, choice.interval, now)
    later = unskipped(turn, cadence)
    if later == turn:
        return turn, choice
    return later, Choice(choice.interval, f"{choice.reason}; its feed wants these hours or days skipped")


def spread(source_id: str, every: timedelta) -> float:
    """Seconds into its interval at which a source has its turn: always the same, and even over all sources, so that
    neither a start nor a full minute sends a herd."""
    digest = hashlib.blake2b(source_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * every.total_seconds()


def after_success(source_id: str, interval: timedelta, now: datetime) -> datetime:
    """The source's next turn after ``now``: its interval later, on its own place in the interval."""
    wanted = max(interval, FLOOR)
    seconds = wanted.total_seconds()
    offset = spread(source_id, wanted)
    since = (now.timestamp() - offset) % seconds
    # A whole interval from the turn that this poll belongs to; one that came late does not make the next come early
    # by more than half an interval.
    wait = seconds - since if since < seconds / 2 else 2 * seconds - since
    return now + timedelta(seconds=wait)


def after_failure(
    source_id: str, every: timedelta, failures: int, now: datetime, retry_after_s: float | None = None
) -> datetime:
    """The next try after ``failures`` failures in a row (this one included): the interval, doubled with each but the
    first, capped, with up to a tenth of jitter that depends on the source and the count; never before the server's
    ``Retry-After``."""
    doubled: timedelta = max(every, FLOOR) * (1 << min(max(failures - 1, 0), 20))
    pause = min(doubled, max(BACKOFF_CAP, every))
    digest = hashlib.blake2b(f"{source_id}:{failures}".encode(), digest_size=4).digest()
    pause *= 1 + int.from_bytes(digest, "big") / 2**32 / 10
    if retry_after_s is not None:
        pause = max(pause, min(timedelta(seconds=retry_after_s), RETRY_AFTER_CAP))
    return now + pause
