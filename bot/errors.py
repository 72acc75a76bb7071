"""What can go wrong, as one tree.

::

    WirewatchError
    ├── ConfigError          wirewatch.yaml, rules, lists or sources cannot be used; carries every Problem
    ├── SourceError          one source failed; carries the source id and a reason from a closed set
    │   ├── FetchError       the answer could not be had (network, status, size, time, address)
    │   │   └── HostRestsError   nothing was asked, since the host wants to be left alone for now
    │   └── ParseError       the answer is not what the source promised (HTML, empty, broken XML)
    ├── StoreError           the database refused (read-only, full, locked, not ours)
    │   ├── NoStoreError     there is no database yet
    │   ├── StoreBusyError   another process holds this store
    │   └── OverError        a delivery ended meanwhile (another took its place), so that it cannot be marked
    └── DeliveryError        a channel did not take a message; carries the channel name
        ├── TransientDeliveryError   try again, not before ``retry_after_s`` if that is given
        └── PermanentDeliveryError   trying again cannot help; says what a person has to do

The text of every error is one sentence made for the person who reads it: what, where, what to do. It never
holds a secret: URLs pass through :func:`bot.log.redact_url` first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Level(StrEnum):
    """How bad a :class:`Problem` is: an error refuses the file, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding in a file that people edit.

    ``line`` and ``column`` count from 1; 0 means that the finding is about the whole file (or the whole line).
    ``text`` says what is wrong and what to do; ``code`` is a short stable name such as ``unknown-key``. ``rule`` is the
    id of the rule that holds it, where one does.
    """

    file: Path
    line: int
    column: int
    text: str
    code: str = "invalid"
    level: Level = Level.ERROR
    rule: str = field(default="", compare=False)

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line else ""  # of a whole file there is none
        return f"{self.file}{place}: {self.text}"


class WirewatchError(Exception):
    """The root of everything that Wirewatch raises on purpose."""


class ConfigError(WirewatchError):
    """The configuration, rules, lists or sources cannot be used. ``problems`` holds all of them, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(p) for p in problems))


class FetchReason(StrEnum):
    """Why a source failed: a closed set that also labels the metric ``wirewatch_polls_total``."""

    TIMEOUT = "timeout"
    CONNECT = "connect"
    DNS = "dns"
    TLS = "tls"
    ADDRESS = "address"  # the address guard refused it
    INVALID_URL = "invalid_url"
    REDIRECTS = "redirects"
    TOO_LARGE = "too_large"
    STATUS = "status"
    RATE_LIMITED = "rate_limited"  # 429, or 503 with Retry-After
    GONE = "gone"  # 410
    BLOCKED = "blocked"  # 401, 403, bot wall
    PROTOCOL = "protocol"
    HTML = "html"  # a web page where a feed was promised
    EMPTY = "empty"
    NOT_A_FEED = "not_a_feed"
    BROKEN = "broken"  # a feed, but damaged beyond reading
    CONFIG = "config"


class SourceError(WirewatchError):
    """One source failed; the others go on."""

    def __init__(self, source_id: str, reason: FetchReason, text: str) -> None:
        self.source_id = source_id
        self.reason = reason
        self.text = text
        super().__init__(f"source {source_id}: {text}")


class FetchError(SourceError):
    """The answer could not be had. ``status`` is the HTTP status, if there was one; ``retry_after_s`` its wish;
    ``host`` who was asked last, and ``redirected`` whether that was after a redirect."""

    def __init__(
        self,
        source_id: str,
        reason: FetchReason,
        text: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        host: str = "",
        redirected: bool = False,
    ) -> None:
        super().__init__(source_id, reason, text)
        self.status = status
        self.retry_after_s = retry_after_s
        self.host = host
        self.redirected = redirected


class HostRestsError(FetchError):
    """Nothing was asked: the host wants to be left alone until ``until``."""

    def __init__(self, source_id: str, host: str, until: datetime) -> None:
        super().__init__(source_id, FetchReason.RATE_LIMITED, "its host asked to be left alone for a while", host=host)
        self.until = until


class ParseError(SourceError):
    """The body was had, and is not what the source promised."""


class StoreError(WirewatchError):
    """The database refused; the sentence says which file and what to do."""


class NoStoreError(StoreError):
    """There is no database yet: the first run creates it."""


class StoreBusyError(StoreError):
    """Another process runs on this store."""


class OverError(StoreError):
    """A delivery that neither waits nor is being sent any more: the database is well, and there is nothing to do."""


class DeliveryError(WirewatchError):
    """A channel did not take a message."""

    def __init__(self, channel: str, text: str) -> None:
        self.channel = channel
        self.text = text
        super().__init__(f"channel {channel}: {text}")


class TransientDeliveryError(DeliveryError):
    """Try again, not before ``retry_after_s`` seconds if that is given."""

    def __init__(self, channel: str, text: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(channel, text)
        self.retry_after_s = retry_after_s


class PermanentDeliveryError(DeliveryError):
    """Trying again cannot help; ``remedy`` says what a person has to do."""

    def __init__(self, channel: str, text: str, *, remedy: str = "") -> None:
        super().__init__(channel, f"{text}; {remedy}" if remedy else text)
        self.remedy = remedy
