"""What somebody wants a summary of, from the words of a command: ``7d north korea high``. Pure.

Each word finds its own meaning: a period (``24h``, ``today``, ``yesterday``, ``week``), a severity, a rule, a source, a
tag or a country by any of its names. A word that has none is an error that names the nearest one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from bot.duration import parse as parse_duration
from bot.duration import show as show_duration
from bot.entities.facts import all_codes, country_name
from bot.errors import WirewatchError
from bot.model import Severity
from bot.rules.language import nearest
from bot.summary.model import Filters
from bot.text import phrase
from bot.words import meant

PERIOD_MIN, PERIOD_MAX = timedelta(minutes=10), timedelta(days=366)
DEFAULT = timedelta(hours=24)
STORIES = 8  # that a summary tells; a page of a chat
_PERIODS = {"hour": "1h", "day": "24h", "week": "7d", "month": "30d"}
_MORE_NAMES = {  # as people write them; all others by their short English names
    "uk": "GB", "britain": "GB", "great britain": "GB", "usa": "US", "america": "US", "dprk": "KP", "rok": "KR",
    "prc": "CN", "drc": "CD", "uae": "AE", "burma": "MM", "turkiye": "TR", "turkey": "TR",
    "czech republic": "CZ", "holland": "NL", "swaziland": "SZ", "ivory coast": "CI",
    "macedonia": "MK", "korea north": "KP", "korea south": "KR",
}  # fmt: skip
_NAMED_WORDS = 4  # of the longest country's name that is looked for


class AskError(WirewatchError):
    """A summary that cannot be made as asked; the sentence says what to write instead."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a word may name. ``rules`` and ``sources`` map ids to titles."""

    rules: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ask:
    """A period and filters."""

    since: datetime
    until: datetime
    filters: Filters = field(default_factory=Filters)


def country_code(words: str) -> str | None:
    """``north korea``, ``KP``, ``DPRK`` → ``KP``; ``None`` for what is no country."""
    return _countries().get(phrase(words))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Name or code, as :func:`bot.text.phrase` has it → code."""
    names = {phrase(country_name(code)): code for code in all_codes()}
    return {**{code.casefold(): code for code in all_codes()}, **names, **_MORE_NAMES}


def read(words: Sequence[str], known: Known, now: datetime, zone: tzinfo) -> Ask:
    """What the words of a command ask for: without any, everything of the last day. Raises :class:`AskError`."""
    ask: Ask | None = None
    filters = Filters()
    countries = _countries()
    rest = [word for word in words if word]
    while rest:
        taken = 1
        word = rest[0]
        period = _period(word, now, zone)
        if period is not None:
            if ask is not None:
                raise AskError(f"two periods are given, the second is {word}; one is enough")
            ask = period
        elif word.lower() in {severity.word for severity in Severity}:
            filters = replace(filters, min_severity=Severity.parse(word.lower()))
        elif word in known.rules:
            filters = replace(filters, rules=(*filters.rules, word))
        elif word in known.sources:
            filters = replace(filters, sources=(*filters.sources, word))
        elif word in known.tags:
            filters = replace(filters, tags=(*filters.tags, word))
        else:
            taken, code = _longest(rest, countries)
            if code is None:
                raise AskError(_unknown(word, known, countries))
            filters = replace(filters, countries=(*filters.countries, code))
        rest = rest[taken:]
    return replace(ask or Ask(now - DEFAULT, now), filters=filters)


def ask(
    known: Known,
    now: datetime,
    zone: tzinfo,
    *,
    period: str = "",
    rules: Sequence[str] = (),
    countries: Sequence[str] = (),
    sources: Sequence[str] = (),
    tags: Sequence[str] = (),
    severity: str = "",
) -> Ask:
    """The same from options that say themselves what they are. Raises :class:`AskError`."""
    found = _period(period, now, zone) if period else Ask(now - DEFAULT, now)
    if found is None:
        raise AskError(f"{period!r} is not a period; write 24h, 7d, today, yesterday or week")
    codes = []
    for words in countries:
        code = country_code(words)
        if code is None:
            close = meant(words, (name for name in _countries() if len(name) > 2))
            hint = f"did you mean {country_name(_countries()[close])!r}?" if close else "write its name or code"
            raise AskError(f"no country {words!r}; {hint}")
        codes.append(code)
    for kind, given, names in (("rule", rules, known.rules), ("source", sources, known.sources)):
        for one in given:
            if one not in names:
                raise AskError(f"no {kind} {one!r}{nearest(one, names) or f'; `wirewatch {kind}s` lists them'}")
    for tag in tags:
        if tag not in known.tags:
            raise AskError(f"no rule has the tag {tag!r}{nearest(tag, known.tags)}")
    try:
        least = Severity.parse(severity.lower()) if severity else None
    except ValueError as error:
        raise AskError(str(error)) from None
    return replace(found, filters=Filters(tuple(rules), tuple(codes), tuple(sources), tuple(tags), least))


def _period(word: str, now: datetime, zone: tzinfo) -> Ask | None:
    low = word.lower()
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if low == "today":
        return Ask(min(midnight.astimezone(now.tzinfo), now - PERIOD_MIN), now)
    if low == "yesterday":
        before = (midnight.replace(tzinfo=None) - timedelta(days=1)).replace(tzinfo=zone)
        return Ask(before.astimezone(now.tzinfo), midnight.astimezone(now.tzinfo))
    low = _PERIODS.get(low, low)
    if not re.fullmatch(r"\d+[a-z]", low):
        return None
    try:
        length = parse_duration(low)
    except ValueError as error:
        raise AskError(str(error)) from None
    if not PERIOD_MIN <= length <= PERIOD_MAX:
        raise AskError(f"a period is between {show_duration(PERIOD_MIN)} and {show_duration(PERIOD_MAX)}, not {word}")
    return Ask(now - length, now)


def _longest(rest: Sequence[str], countries: Mapping[str, str]) -> tuple[int, str | None]:
    for taken in range(min(_NAMED_WORDS, len(rest)), 0, -1):
        code = countries.get(phrase(" ".join(rest[:taken])))
        if code is not None:
            return taken, code
    return 1, None


def _unknown(word: str, known: Known, countries: Mapping[str, str]) -> str:
    names = [
        *known.rules,
        *known.sources,
        *known.tags,
        *(s.word for s in Severity),
        *(c for c in countries if len(c) > 3),
    ]
    hint = nearest(word, names) or nearest(word.casefold(), names)
    return f"{word!r} is no period, severity, rule, source, tag or country{hint or '; such as: 7d high north korea'}"


def in_words(filters: Filters, known: Known, name_of: Callable[[str], str]) -> str:
    """``critical and above, about North Korea, by Arms deal``; empty where nothing is filtered. ``name_of`` names a
    country's code."""
    parts = []
    if filters.min_severity is not None:
        above = "" if filters.min_severity is max(Severity) else " and above"
        parts.append(f"{filters.min_severity.word}{above}")
    if filters.countries:
        parts.append(f"about {_either(map(name_of, filters.countries))}")
    if filters.rules:
        parts.append(f"by {_either(known.rules.get(rule) or rule for rule in filters.rules)}")
    if filters.tags:
        parts.append(f"tagged {_either(filters.tags)}")
    if filters.sources:
        parts.append(f"from {_either(known.sources.get(source) or source for source in filters.sources)}")
    return ", ".join(parts)


def _either(names: Iterable[str]) -> str:
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"
