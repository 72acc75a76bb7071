"""Lengths of time as people write them in YAML and on the command line: ``90s``, ``10m``, ``24h``, ``30d``, ``2w``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}  # seconds
_WRITTEN = re.compile(r"([0-9]{1,9})([smhdw])\Z")
LONGEST = timedelta(days=36_525)  # a century: whatever is counted back or ahead from today is a day of the calendar
PATTERN = "^[0-9]{1,9}[smhdw]$"  # for JSON Schema


def parse(text: str) -> timedelta:
    """``10m`` → ten minutes. Raises ``ValueError`` with one sentence on anything else."""
    found = _WRITTEN.match(text)
    if found is None:
        if text.isdigit():
            raise ValueError(f"{text} needs a unit: {text}s, {text}m, {text}h, {text}d or {text}w")
        raise ValueError(
            f"{text!r} is not a length of time; write a whole number and a unit, such as 90s, 10m, 24h, 30d"
        )
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"{text} is longer than 100 years; write less, such as 30d or 52w")
    return timedelta(seconds=seconds)


def show(length: timedelta) -> str:
    """The shortest exact writing: ten minutes → ``10m``. Parts of a second are dropped."""
    seconds = int(length.total_seconds())
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"
