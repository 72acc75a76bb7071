"""Times, counts and quotations as sentences write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

HEADLINE_MAX = 90  # characters of a quoted headline
_STEPS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))  # seconds


def moment(at: datetime, tz: tzinfo) -> str:
    """``2026-11-25 10:04 UTC``."""
    local = at.astimezone(tz)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def span(length: timedelta) -> str:
    """The largest unit says enough: ``3 hours``, ``1 day``, ``40 seconds``."""
    seconds = abs(int(length.total_seconds()))
    for size, name in _STEPS:
        if seconds >= size:
            return counted(seconds // size, name)
    return counted(seconds, "second")


def brief(length: timedelta) -> str:
    """Two units at most, for tables and lists: ``40 s``, ``45 min``, ``2 h 10 min``, ``3 d 4 h``."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    parts = ((days, "d"), (hours, "h"), (0 if days else minutes, "min"))
    return " ".join(f"{n} {unit}" for n, unit in parts if n)


def ago(at: datetime, now: datetime) -> str:
    """``5 minutes ago``, ``in 2 hours``."""
    if abs(now - at) < timedelta(seconds=1):
        return "just now"
    return f"{span(now - at)} ago" if at < now else f"in {span(at - now)}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 rule``, ``3 rules``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def few(listed: Sequence[str], most: int = 6) -> str:
    """The first of them, and how many more there are."""
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {more} more" if more > 0 else "")


def quoted(title: str) -> str:
    """A headline, cut, in quotation marks."""
    words = " ".join(title.split())
    cut = words if len(words) <= HEADLINE_MAX else f"{words[: HEADLINE_MAX - 1].rstrip()}…"
    return f"“{cut}”"
