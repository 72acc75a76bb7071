"""Arguments as people give them → the plain form that handlers work with, or what is wrong with them.

The same checks hold for Slack's text and for Discord's typed options, whose values need not be those that were offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot import duration
from bot.commands.request import UsageError
from bot.commands.verbs import Kind, Parameter
from bot.entities.facts import all_codes, country_name, is_country
from bot.entities.tables import read_table, split_names
from bot.model import Severity
from bot.rules.hints import nearest
from bot.rules.terms import TERM_MAX
from bot.text import phrase

TEXT_MAX = 20_000  # characters; Slack takes 4,000 of a command, a modal's input 3,000, Discord's option 6,000
COUNT_MAX = 20
DURATION_MAX = duration.parse("52w")
PERIOD_MAX = duration.parse("366d")
PERIOD_WORDS = frozenset({"today", "yesterday", "hour", "day", "week", "month"})
OFFERED_MAX = 25  # choices that Discord shows
HOLDING_MIN = 3  # characters that an id or a name must hold to be what was meant
HINTED_MAX = 3  # ids that a hint names

_LENGTH = re.compile(
    r"([0-9]{1,9}) ?(?:(s|secs?|seconds?)|(m|mins?|minutes?)|(h|hrs?|hours?)|(d|days?)|(w|wks?|weeks?))\Z",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://\S+|[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/\S*)?)\Z", re.IGNORECASE)


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, str]:
    """Normalised name or alias → code."""
    found: dict[str, str] = {}
    for row in read_table("countries.tsv"):
        for name in (row["name"], *split_names(row["aliases"]), *split_names(row.get("exact", ""))):
            found.setdefault(phrase(name), row["code"])
    return found


def country_code(written: str) -> str:
    """``KP``, ``kp``, ``North Korea``, ``DPRK`` → ``KP``; an empty string for what names no country."""
    upper = written.strip().upper()
    if len(upper) == 2 and is_country(upper):
        return upper
    return _countries().get(phrase(written), "")


def length(written: str) -> str:
    """``2w`` for ``2w``, ``2 weeks`` or ``2 Wks``; an empty string for what is no length of time."""
    found = _LENGTH.match(written)
    return f"{found[1]}{'smhdw'[(found.lastindex or 2) - 2]}" if found else ""


@dataclass(frozen=True, slots=True)
class Names:
    """The ids that exist now, each with what people call it."""

    rules: Mapping[str, str]
    sources: Mapping[str, str]


def resolved(parameter: Parameter, given: Mapping[str, str]) -> Parameter:
    """The parameter as it is to be taken where its kind hangs on another: ``what`` on the ``kind`` of a mute."""
    if parameter.name != "what":
        return parameter
    kinds = {"rule": Kind.RULE, "source": Kind.SOURCE, "country": Kind.COUNTRY, "story": Kind.TEXT, "term": Kind.TEXT}
    kind = kinds.get(given.get("kind", ""), Kind.TEXT)
    return Parameter(parameter.name, kind, parameter.help, parameter.required, parameter.rest, parameter.choices)


def fits(parameter: Parameter, word: str, names: Names) -> bool:
    """Whether a word looks like this argument and no other: for arguments that may be left out, in any order."""
    match parameter.kind:
        case Kind.RULE:
            return word in names.rules
        case Kind.SOURCE:
            return word in names.sources
        case Kind.COUNTRY:
            return bool(country_code(word))
        case Kind.SEVERITY:
            return word.lower() in _SEVERITIES
        case Kind.PERIOD:
            return bool(length(word)) or word.lower() in PERIOD_WORDS
        case Kind.DURATION:
            return bool(length(word))
        case Kind.COUNT:
            return word.isascii() and word.isdigit()
        case Kind.NUMBER:
            return word.lstrip("#").isdigit()
        case Kind.CHOICE:
            return word.lower() in parameter.choices
        case Kind.ADDRESS:
            return bool(_ADDRESS.match(word))
        case Kind.TEXT:
            return True


def checked(parameter: Parameter, value: str, names: Names, verb: str) -> str:
    """The plain form. Raises :class:`UsageError`."""
    value = value.strip()
    if not value:
        raise UsageError(f"{parameter.name} is empty", verb)
    try:
        return _CHECKS[parameter.kind](parameter, value, names)
    except ValueError as error:
        raise UsageError(str(error), verb) from None


def _known(what: str, value: str, known: Mapping[str, str]) -> str:
    if value in known:
        return value
    by_title = [id for id, title in known.items() if value.casefold() in (id.casefold(), title.casefold())]
    if len(by_title) == 1:
        return by_title[0]
    hint = nearest(value, known) or _holding(value, known) or f"; /wire {what}s lists them"
    raise ValueError(f"no {what} has the id {value!r}{hint}")


def _holding(value: str, known: Mapping[str, str]) -> str:
    """Ids that hold what was typed, or whose names do, whatever its hyphens and spaces."""
    wanted = _squeezed(value)
    found = [id for id, title in known.items() if wanted in _squeezed(id) or wanted in _squeezed(title)]
    if len(wanted) < HOLDING_MIN or not found:
        return ""
    listed = " or ".join(repr(id) for id in found[:HINTED_MAX])
    return f"; did you mean {listed}?"


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _country(parameter: Parameter, value: str, names: Names) -> str:
    if code := country_code(value):
        return code
    raise ValueError(f"{value!r} is no country{_near_country(value) or '; write a name or a two-letter code'}")


def _near_country(value: str) -> str:
    close = re.search(r"'(.+)'", nearest(phrase(value), _countries()))
    return f"; did you mean {country_name(_countries()[close[1]])!r}?" if close else ""


def hint(word: str, left: Iterable[Parameter], names: Names) -> str:
    """What may have been meant by a word that fits none of the arguments that are left; empty where nothing is near."""
    left = tuple(left)
    kinds = {p.kind for p in left}
    if word.lstrip("-+")[:1].isdigit() and kinds & {Kind.PERIOD, Kind.DURATION}:
        return "; a length of time is a whole number and a unit, such as 24h or 7d"
    known = {
        Kind.RULE: tuple(names.rules),
        Kind.SOURCE: tuple(names.sources),
        Kind.SEVERITY: _SEVERITIES,
        Kind.PERIOD: tuple(PERIOD_WORDS),
    }
    close = nearest(word, [name for kind in known if kind in kinds for name in known[kind]])
    close = close or (_near_country(word) if Kind.COUNTRY in kinds else "")
    *some, last = [_TAKEN[p.kind] for p in left if p.kind in _TAKEN] or [""]
    others = f"; here may stand {', '.join(some)}{' or ' if some else ''}{last}" if last else ""
    return close or others


def _severity(parameter: Parameter, value: str, names: Names) -> str:
    if value.lower() in _SEVERITIES:
        return value.lower()
    raise ValueError(f"{value!r} is no severity; write one of {', '.join(_SEVERITIES)}")


def _period(parameter: Parameter, value: str, names: Names) -> str:
    if value.lower() in PERIOD_WORDS:
        return value.lower()
    wanted = duration.parse(length(value) or value)
    if not wanted or wanted > PERIOD_MAX:
        raise ValueError(f"{value} is not between a second and a year; write such as 24h or 7d")
    return duration.show(wanted)


def _duration(parameter: Parameter, value: str, names: Names) -> str:
    wanted = duration.parse(length(value) or value)
    if not wanted or wanted > DURATION_MAX:
        raise ValueError(f"{value} is not between a second and a year; write such as 1h, 24h or 7d")
    return duration.show(wanted)


def _count(parameter: Parameter, value: str, names: Names) -> str:
    if value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= COUNT_MAX:
        return str(int(value))
    raise ValueError(f"{value!r} is no number between 1 and {COUNT_MAX}")


def _number(parameter: Parameter, value: str, names: Names) -> str:
    digits = value.lstrip("#").removeprefix("watch-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        return str(int(digits))
    raise ValueError(f"{value!r} is no number")


def _choice(parameter: Parameter, value: str, names: Names) -> str:
    if value.lower() in parameter.choices:
        return value.lower()
    hint = nearest(value, parameter.choices) or f"; write one of {', '.join(parameter.choices)}"
    raise ValueError(f"{parameter.name}: {value!r} is not known{hint}")


def _address(parameter: Parameter, value: str, names: Names) -> str:
    if len(value) <= 2_000 and _ADDRESS.match(value):
        return value
    raise ValueError(f"{value[:80]!r} is no web address; write it in full, such as https://example.org/page")


def _text(parameter: Parameter, value: str, names: Names) -> str:
    limit = TERM_MAX if parameter.name in ("term", "what") else TEXT_MAX
    if len(value) > limit:
        raise ValueError(f"{parameter.name}: {len(value):,} characters; the limit is {limit:,}")
    return value


_TAKEN: Mapping[Kind, str] = {
    Kind.PERIOD: "a period such as 24h, 7d or yesterday",
    Kind.DURATION: "a length of time such as 24h or 7d",
    Kind.COUNT: "a number",
    Kind.RULE: "a rule's id",
    Kind.COUNTRY: "a country",
    Kind.SOURCE: "a source's id",
    Kind.SEVERITY: "a severity",
}
_SEVERITIES = tuple(s.word for s in Severity)
_CHECKS: Mapping[Kind, Callable[[Parameter, str, Names], str]] = {
    Kind.TEXT: _text,
    Kind.RULE: lambda _, value, names: _known("rule", value, names.rules),
    Kind.SOURCE: lambda _, value, names: _known("source", value, names.sources),
    Kind.COUNTRY: _country,
    Kind.SEVERITY: _severity,
    Kind.PERIOD: _period,
    Kind.DURATION: _duration,
    Kind.COUNT: _count,
    Kind.ADDRESS: _address,
    Kind.NUMBER: _number,
    Kind.CHOICE: _choice,
}


# -- what is offered while people type ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A completion: what is shown, and what is typed for them."""

    shown: str
    value: str


def offers(parameter: Parameter, typed: str, names: Names) -> tuple[Offer, ...]:
    """At most :data:`OFFERED_MAX` completions, the best first: what begins with the typed, then what holds it."""
    match parameter.kind:
        case Kind.RULE:
            known: Iterable[tuple[str, str]] = names.rules.items()
        case Kind.SOURCE:
            known = names.sources.items()
        case Kind.COUNTRY:
            known = ((code, country_name(code)) for code in all_codes())
        case Kind.SEVERITY:
            known = ((word, word) for word in _SEVERITIES)
        case Kind.PERIOD:
            known = ((word, word) for word in ("1h", "24h", "7d", "30d", "today", "yesterday"))
        case Kind.DURATION:
            known = ((word, word) for word in ("1h", "24h", "7d"))
        case _:
            return ()
    wanted = typed.strip().casefold()
    ranked = sorted(
        (rank, title.casefold(), id, title)
        for id, title in known
        if (rank := _rank(wanted, id.casefold(), title.casefold())) is not None
    )
    return tuple(Offer(title if title == id else f"{title} ({id})", id) for _, _, id, title in ranked[:OFFERED_MAX])


def _rank(wanted: str, id: str, title: str) -> int | None:
    if wanted in (id, title):
        return 0
    if id.startswith(wanted) or title.startswith(wanted):
        return 1
    if f" {wanted}" in title:
        return 2
    return 3 if wanted in id or wanted in title else None
