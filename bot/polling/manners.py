"""Which answers change where a source is read, and whether its host is left alone. Pure.

A permanent redirect (301, 308) is believed after it was seen unchanged for a week, since servers in maintenance and
hotel networks send them too; at once from http to https of the same host; and early if the old address dies. 302, 303
and 307 are never kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import FetchError, FetchReason, SourceError
from bot.roster.state import Move
from bot.web.urls import MAX_URL, host_of

OBSERVED = timedelta(days=7)
GIVEN_UP = 5  # failures in a row after which an address that a redirect named gives way to the configured one

_ONE_SOURCE = frozenset({401, 407, 451})  # a password, or a law: no word on how often the host is asked
_DEAD_STATUS = frozenset({404, 410})
_DEAD_REASONS = frozenset({FetchReason.DNS, FetchReason.CONNECT, FetchReason.TLS, FetchReason.GONE})


@dataclass(frozen=True, slots=True)
class Address:
    """Where to read a source from now on. ``url`` is empty for the configured address; ``move`` is the redirect still
    under observation."""

    url: str
    move: Move | None


def after_answer(configured: str, in_use: str, moved_to: str | None, move: Move | None, now: datetime) -> Address:
    """The address after an answer of the right kind. ``moved_to`` is where permanent redirects led, if they did."""
    asked = in_use or configured
    if moved_to is None or moved_to == asked or len(moved_to) > MAX_URL:
        return Address(in_use, None)
    if secured(asked, moved_to):
        return Address(_unless(configured, moved_to), None)
    if move is None or move.url != moved_to:
        return Address(in_use, Move(moved_to, now))
    if now - move.since >= OBSERVED:
        return Address(_unless(configured, moved_to), None)
    return Address(in_use, move)


def after_error(configured: str, in_use: str, error: SourceError, move: Move | None, failures: int) -> Address:
    """The address after a failure, ``failures`` in a row with this one: a new one that was under observation if the
    old one died, and the configured one again if a new one stays dead."""
    if not died(error):
        return Address(in_use, move)
    if move is not None and isinstance(error, FetchError) and not error.redirected:
        return Address(_unless(configured, move.url), None)
    if in_use and failures >= GIVEN_UP:
        return Address("", None)
    return Address(in_use, move)


def died(error: SourceError) -> bool:
    """Whether an error says that an address leads nowhere (any more)."""
    return error.reason in _DEAD_REASONS or (isinstance(error, FetchError) and error.status in _DEAD_STATUS)


def secured(old: str, new: str) -> bool:
    """Whether ``new`` is ``old``'s host over https."""
    return old.startswith("http://") and new.startswith("https://") and host_of(old) == host_of(new)


def moved(configured: str, in_use: str) -> bool:
    """Whether a source is read somewhere else than the config says, in a way that its editor wants to know."""
    return bool(in_use) and not secured(configured, in_use)


def _unless(configured: str, url: str) -> str:
    return "" if url == configured else url


def had_enough(error: SourceError) -> bool:
    """Whether the whole host is to be left alone: 429, 403, a bot wall that names itself (whatever its status), 503
    with Retry-After. A challenge page in place of one feed may stand before that feed alone."""
    if not isinstance(error, FetchError):
        return False
    if error.reason is FetchReason.BLOCKED:
        return error.status not in _ONE_SOURCE
    return error.status == 429 or error.reason is FetchReason.RATE_LIMITED
