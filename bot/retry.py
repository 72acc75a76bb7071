"""How long to wait before the next try. Pure."""

from __future__ import annotations

import hashlib
import math

from bot.errors import TransientDeliveryError

BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 300.0
RETRY_AFTER_MIN_S = 0.1  # a platform that says 0 must not get a busy loop
RETRY_AFTER_MAX_S = 3_600.0  # nobody means more; a header of 10^9 must not silence a channel for good


def backoff(attempts: int, key: str) -> float:
    """Seconds to wait after ``attempts`` failures in a row: 1, 2, 4 ... 300, less up to half of it by ``key``, so that
    channels that failed together do not come back together. The same arguments give the same wait."""
    whole = min(BACKOFF_FIRST_S * 2.0 ** min(max(attempts, 1) - 1, 20), BACKOFF_MAX_S)
    seed = hashlib.blake2b(f"{attempts} {key}".encode(), digest_size=8).digest()
    return whole * (1.0 - 0.5 * int.from_bytes(seed, "big") / 2**64)


def retry_wait(error: TransientDeliveryError, attempts: int, key: str) -> float:
    """Seconds until the next try: what the platform asked for, within reason, or else the backoff."""
    wish = error.retry_after_s
    if wish is None or not math.isfinite(wish):
        return backoff(attempts, key)
    return min(max(wish, RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S)
