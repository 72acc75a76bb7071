"""When a source is polled next: pure functions, so that every case can be a row in a table."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

BACKOFF_CAP = timedelta(hours=6)  # the longest pause after failures; a source is never given up
RETRY_AFTER_CAP = timedelta(hours=24)  # servers have been seen to ask for years
FLOOR = timedelta(minutes=1)


def spread(source_id: str, every: timedelta) -> float:
    """Seconds into its interval at which a source has its turn: always the same, and even over all sources, so that
    neither a start nor a full minute sends a herd."""
    digest = hashlib.blake2b(source_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * every.total_seconds()


def after_success(source_id: str, every: timedelta, now: datetime, ttl: timedelta | None = None) -> datetime:
    """The source's next turn after ``now``: its interval (the publisher's ``ttl`` if that is longer, up to a day)
    later, on its own place in the interval."""
    wanted = max(every, FLOOR)
    if ttl is not None:
        wanted = max(wanted, min(ttl, timedelta(days=1)))
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
