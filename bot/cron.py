"""Times of day as cron writes them: ``0 7 * * mon-fri``. Pure; daylight saving is taken as people expect.

Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday). Each is ``*``, numbers,
ranges (``9-17``), steps (``*/15``) and lists of these; months and weekdays also by their English names. Where both days
are given, either will do, as in every cron.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_YEARS_AHEAD = 8  # 29 February may be that far away, over a century that is no leap year


@dataclass(frozen=True, slots=True)
class Cron:
    """Use :func:`parse`. ``text`` is how it was written."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_days: frozenset[int]
    months: frozenset[int]
    week_days: frozenset[int]  # 0 is Sunday
    either_day: bool

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first time after ``moment`` that fits, on the clocks of ``zone``; in UTC. A time that a clock skips
        fires when the clock has moved on; one that comes twice fires the first time."""
        local = moment.astimezone(zone)
        day = local.date()
        for _ in range(366 * _YEARS_AHEAD):
            if self._fits(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        found = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
                        if found > moment:
                            return found
            day += timedelta(days=1)
        raise ValueError(f"{self.text!r} never comes")

    def before(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The last time up to ``moment`` that fits."""
        day = moment.astimezone(zone).date()
        for _ in range(366 * _YEARS_AHEAD):
            if self._fits(day):
                for hour in reversed(self.hours):
                    for minute in reversed(self.minutes):
                        found = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
                        if found <= moment:
                            return found
            day -= timedelta(days=1)
        raise ValueError(f"{self.text!r} never came")

    def _fits(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month = day.day in self.month_days
        of_week = day.isoweekday() % 7 in self.week_days
        return (of_month or of_week) if self.either_day else (of_month and of_week)


def parse(text: str) -> Cron:
    """``0 7 * * mon-fri`` → :class:`Cron`. Raises ``ValueError`` with one sentence."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(
            f"{text!r} has {len(parts)} field{'' if len(parts) == 1 else 's'}; write five: minute, hour, day of the "
            'month, month, day of the week, such as "0 7 * * mon-fri"'
        )
    minutes, hours, month_days, months, week_days = (
        _field(part, *field) for part, field in zip(parts, _FIELDS, strict=True)
    )
    either = not parts[2].startswith("*") and not parts[4].startswith("*")
    made = Cron(
        text,
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        month_days,
        months,
        frozenset(day % 7 for day in week_days),
        either,
    )
    try:
        made.after(datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    except ValueError:
        raise ValueError(f"{text!r} never comes: no such month has such a day") from None
    return made


def _field(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, name, 1, high, ()) if slash else 1
        if span == "*":
            first, last = low, high
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, name, low, high, words)
            last = _number(end, name, low, high, words) if dash else (high if slash else first)
            if name == "day of the week" and last < first and last == 0:
                last = 7  # fri-sun
        if last < first:
            raise ValueError(f"{part!r}, the {name}, runs backwards; write {last}-{first}, or two parts with a comma")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> int:
    word = text.lower()
    if word in words:
        return words.index(word) + low
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        named = f", or {words[0]} to {words[-1]}" if words else ""
        raise ValueError(f"{text!r} is no {name}; write {low} to {high}{named}")
    return int(text)
