"""Rate limits as Slack documents them, on a clock that a test can turn; and faults that a test can order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Calls per minute of docs.slack.dev/apis/web-api/rate-limits, by method.
TIERS = {
    "auth.test": 600, "apps.connections.open": 1, "conversations.list": 20, "conversations.info": 50,
    "conversations.history": 50, "conversations.replies": 50, "conversations.join": 50, "conversations.open": 50,
    "users.info": 100,
    "usergroups.list": 20, "chat.update": 50, "chat.delete": 50, "chat.postEphemeral": 100, "views.open": 100,
    "views.publish": 100, "views.update": 100, "bots.info": 50, "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
}  # fmt: skip
TIER_BURST = 10  # Slack tolerates "occasional bursts" and names no number; enough to start up


class Clock:
    """Seconds that pass only when told to: ``clock()`` reads, ``clock.pass_(s)`` turns."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass
class RateLimits:
    """Token buckets. ``posts_per_s`` and ``burst`` are per channel for ``chat.postMessage``.

    ``speed`` makes the server's seconds shorter, so that a soak takes less time: at 10, ten posts a second are
    allowed, and Retry-After (whole seconds, as Slack sends it) is still at least 1.
    """

    enabled: bool = False
    posts_per_s: float = 1.0
    burst: int = 3
    speed: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def take(self, method: str, channel: str = "") -> int | None:
        """``None`` when the call is allowed; else the Retry-After."""
        if not self.enabled:
            return None
        if method == "chat.postMessage":
            rate, size, key = self.posts_per_s, self.burst, (method, channel)
        elif method in TIERS:
            rate, size, key = TIERS[method] / 60, max(TIER_BURST, TIERS[method] // 6), (method, "")
        else:
            return None
        now = self.clock() * self.speed
        bucket = self._buckets.setdefault(key, _Bucket(size, now))
        bucket.tokens = min(size, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens + 1e-9 >= 1:
            bucket.tokens -= 1
            return None
        return max(1, math.ceil((1 - bucket.tokens) / rate / self.speed))


@dataclass
class Fault:
    """What happens to the next ``times`` calls of ``method`` (all methods where empty).

    One of: ``error`` (an ``ok: false`` answer), ``status`` (with ``body`` as HTML where given), ``lose``: the
    connection breaks ``"before"`` or ``"after"`` the call was carried out, or the answer ``"hang"``s until healed.
    ``retry_after`` adds the header; ``more`` adds fields to an ``error``.
    """

    method: str = ""
    times: int = 1
    error: str = ""
    status: int = 200
    body: str = ""
    lose: str = ""
    retry_after: int | None = None
    more: dict[str, Any] = field(default_factory=dict)
