"""How often a publisher wants to be read: what its feed says, and what its HTTP headers say. Pure.

RSS 2.0 knows ``ttl`` (minutes), ``skipHours`` (GMT, 0 is midnight) and ``skipDays`` (English names); RSS 1.0's
syndication module knows ``sy:updatePeriod`` and ``sy:updateFrequency``; HTTP knows Cache-Control and Expires (RFC
9111). What a feed says is a statement about the feed; what a header says is often a default of the server that nobody
chose, so it counts for less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

STATED_MAX = timedelta(days=1)  # the longest interval that a feed can ask for
CACHE_MAX = timedelta(hours=1)  # the longest that headers can ask for

_PERIODS = {b"hourly": 3_600, b"daily": 86_400, b"weekly": 604_800, b"monthly": 2_592_000, b"yearly": 31_536_000}
_DAYS = {
    name: number
    for number, name in enumerate((b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday"))
}


@dataclass(frozen=True, slots=True)
class Cadence:
    """What a feed says about itself. ``every_s`` is the time between two updates in seconds, 0 if it does not say;
    ``said_by`` the element that says so. Hours are those of GMT; Monday is day 0."""

    every_s: float = 0.0
    said_by: str = ""
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """An interval that the publisher asks for, and by what."""

    interval: timedelta
    reason: str


_TTL = re.compile(rb"<ttl>\s*(?:<!\[CDATA\[)?\s*(\d{1,6})\s*(?:\]\]>)?\s*</ttl>")
_PERIOD = re.compile(rb"<(?:\w+:)?updatePeriod>\s*(?:<!\[CDATA\[)?\s*([a-z]{5,8})\s*(?:\]\]>)?\s*</")
_FREQUENCY = re.compile(rb"<(?:\w+:)?updateFrequency>\s*(?:<!\[CDATA\[)?\s*(\d{1,4})\s*(?:\]\]>)?\s*</")
_SKIP_HOURS = re.compile(rb"<skipHours>(.{0,2000}?)</skipHours>", re.DOTALL)
_SKIP_DAYS = re.compile(rb"<skipDays>(.{0,1000}?)</skipDays>", re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>")
_DAY = re.compile(rb"<day>\s*([A-Za-z]{6,9})\s*</day>")


def read_cadence(edges: bytes) -> Cadence:
    """What a feed's own fields say; ``edges`` is the document without its entries."""
    every_s, said_by = _every(edges)
    hours_in, days_in = _SKIP_HOURS.search(edges), _SKIP_DAYS.search(edges)
    # Netscape's RSS 0.91 counted 1 to 24, so 24 is midnight.
    hours = {int(h) % 24 for h in _HOUR.findall(hours_in[1]) if int(h) <= 24} if hours_in else set()
    days = {_DAYS[d.lower()] for d in _DAY.findall(days_in[1]) if d.lower() in _DAYS} if days_in else set()
    return Cadence(every_s, said_by, tuple(sorted(hours)), tuple(sorted(days)))


def _every(edges: bytes) -> tuple[float, str]:
    ttl = _TTL.search(edges)
    if ttl and int(ttl[1]):
        return int(ttl[1]) * 60.0, "ttl"
    period = _PERIOD.search(edges)
    if period is None or period[1] not in _PERIODS:
        return 0.0, ""
    frequency = _FREQUENCY.search(edges)
    return _PERIODS[period[1]] / max(int(frequency[1]) if frequency else 1, 1), "updatePeriod"


def wishes(cadence: Cadence, headers: Mapping[str, str], now: datetime) -> Wish | None:
    """The longest interval that the publisher asks for, each kind of wish within its ceiling."""
    found = []
    if cadence.every_s:
        stated = timedelta(seconds=cadence.every_s)
        found.append(Wish(min(stated, STATED_MAX), f"the feed asks for it ({cadence.said_by})"))
    fresh, by = freshness(headers, now)
    if fresh is not None:
        found.append(Wish(min(fresh, CACHE_MAX), f"the server asks for it ({by})"))
    return max(found, key=lambda wish: wish.interval, default=None)


_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_UNCACHED = re.compile(r"\b(?:no-cache|no-store)\b", re.IGNORECASE)


def freshness(headers: Mapping[str, str], now: datetime) -> tuple[timedelta | None, str]:
    """How long an answer stays fresh by its headers, and which one says so; ``None`` where none does.

    ``max-age`` goes before ``Expires`` (RFC 9111, 5.3); ``no-cache``, ``no-store`` and an ``Expires`` of the past or
    of no date say nothing about how often to ask.
    """
    control = headers.get("cache-control", "")
    if _UNCACHED.search(control):
        return None, ""
    stated = _MAX_AGE.search(control)
    if stated:
        return (timedelta(seconds=int(stated[1])), "max-age") if int(stated[1]) else (None, "")
    expires = _moment(headers.get("expires", ""))
    if expires is None:
        return None, ""
    length = expires - (_moment(headers.get("date", "")) or now)
    return (length, "Expires") if length > timedelta() else (None, "")


def _moment(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def unskipped(moment: datetime, cadence: Cadence) -> datetime:
    """``moment``, or the first one after it that lies in no hour and on no day that the feed wants skipped. A feed
    that wants every hour or every day skipped is not taken at its word."""
    if not cadence.skip_hours and not cadence.skip_days:
        return moment
    hours, days = frozenset(cadence.skip_hours), frozenset(cadence.skip_days)
    if len(hours) >= 24 or len(days) >= 7:
        return moment
    start = moment.astimezone(UTC)
    within = timedelta(minutes=start.minute, seconds=start.second, microseconds=start.microsecond)
    for later in range(7 * 24 + 1):
        hour = start + timedelta(hours=later)
        if hour.hour not in hours and hour.weekday() not in days:
            return hour if later == 0 else hour - within + within / 4  # spread over the first quarter of an hour
    return moment
