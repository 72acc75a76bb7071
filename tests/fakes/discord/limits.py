"""Rate limits as Discord keeps them: a bucket for each route and major parameter, one limit over all, and a few that
no header announces. Windows are shortened by ``speed``, so that a real client need not wait for real seconds."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

DEFAULT_LIMITS: dict[str, tuple[int, float]] = {
    "POST message": (5, 5.0),
    "PATCH message": (5, 5.0),
    "DELETE message": (5, 1.0),
    "GET messages": (5, 5.0),
    "POST crosspost": (10, 3600.0),
    "POST thread": (50, 300.0),
    "POST webhook": (5, 2.0),
    "PATCH webhook": (5, 2.0),
}
"""Route group -> (requests, seconds), as seen in 2026; Discord documents none of them and may change all."""
OTHER = (50, 1.0)
GLOBAL = (50, 1.0)  # requests, seconds; interactions are exempt
HIDDEN = {"POST webhook": (30, 60.0)}  # discord-api-docs#6753: no header tells of it, scope "shared"


@dataclass
class Verdict:
    """What the limiter says to a request. ``headers`` go out either way."""

    headers: dict[str, str]
    retry_after: float = 0.0
    scope: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.scope)


@dataclass
class _Bucket:
    limit: int
    window: float
    started: float = -1e18
    used: int = 0
    recent: deque[float] = field(default_factory=deque)


class Limiter:
    """Decides and counts. ``clock`` is monotonic, in seconds; ``wall`` is what ``X-RateLimit-Reset`` tells."""

    def __init__(
        self,
        clock: Callable[[], float],
        wall: Callable[[], float],
        *,
        speed: float = 1.0,
        limits: dict[str, tuple[int, float]] | None = None,
    ) -> None:
        self._clock, self._wall, self._speed = clock, wall, speed
        self._limits = DEFAULT_LIMITS | (limits or {})
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self.refusals: list[tuple[str, str, str]] = []  # (route group, major parameter, scope): the avoidable ones too

    def ask(self, group: str, major: str, *, exempt: bool = False) -> Verdict:
        """Counts one request of ``group`` on ``major`` (channel, guild or webhook id)."""
        now = self._clock()
        if not exempt and (wait := self._slide("global", "", GLOBAL, now)):
            return self._refuse(group, major, Verdict({"X-RateLimit-Global": "true"}, wait, "global"))
        bucket = self._bucket(group, major, self._limits.get(group, OTHER))
        if now - bucket.started >= bucket.window:
            bucket.started, bucket.used = now, 0
        reset = bucket.started + bucket.window - now
        if bucket.used >= bucket.limit:
            return self._refuse(group, major, Verdict(self._headers(group, bucket, reset), reset, "user"))
        if (hidden := HIDDEN.get(group)) and (wait := self._slide(f"hidden {group}", major, hidden, now)):
            return self._refuse(group, major, Verdict(self._headers(group, bucket, reset), wait, "shared"))
        bucket.used += 1
        return Verdict(self._headers(group, bucket, reset))

    def _bucket(self, group: str, major: str, limit: tuple[int, float]) -> _Bucket:
        count, window = limit
        return self._buckets.setdefault((group, major), _Bucket(count, window / self._speed))

    def _slide(self, name: str, major: str, limit: tuple[int, float], now: float) -> float:
        bucket = self._bucket(name, major, limit)
        while bucket.recent and now - bucket.recent[0] >= bucket.window:
            bucket.recent.popleft()
        if len(bucket.recent) >= bucket.limit:
            return bucket.recent[0] + bucket.window - now
        bucket.recent.append(now)
        return 0.0

    def _refuse(self, group: str, major: str, verdict: Verdict) -> Verdict:
        self.refusals.append((group, major, verdict.scope))
        return verdict

    def _headers(self, group: str, bucket: _Bucket, reset: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(bucket.limit),
            "X-RateLimit-Remaining": str(bucket.limit - bucket.used),
            "X-RateLimit-Reset": f"{self._wall() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{max(reset, 0.0):.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(group.encode()).hexdigest()[:32],
        }
