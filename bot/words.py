"""Times, counts and quotations as sentences write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from difflib import get_close_matches

HEADLINE_MAX = 90  # characters of a quoted headline
_STEPS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))  # seconds


LIKE = 0.6  # of two words, from 0 to 1, before their slips are counted


def meant(word: str, known: Iterable[str]) -> str:
    """The known name that ``word`` is a slip of the hand from, or a part of; empty where there is none. One letter in
    five may be wrong, and one more: "fluud" may be flood, "nope" is not OPEC."""
    word = word.casefold()[:100]
    for close in get_close_matches(word, list(known), n=3, cutoff=LIKE):
        if close in word or word in close or (len(word) > 4 and close.startswith(word[:-1])):
            return close
        if _slips(word, close) <= 1 + len(word) // 5:
            return close
    return ""


def renamed(name: str) -> str:
    """``write desk-1``: what is nearest to a name that holds other signs than a-z, 0-9, ``.``, ``_`` and ``-``."""
    small = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:63]
    return f"write {small}" if small else "rename it"


def _slips(one: str, other: str) -> int:
    """Letters left out, put in, exchanged for another or for their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


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
