"""The numbers of a news text, with what they count. Pure.

A number that matters counts something: people killed, dollars, per cent, missiles. Dates, times of day, ages, ordinals
and the numbers inside names (``F-16``, ``COVID-19``, ``G7``) are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import floor, log10

import re2

from bot.follow.words import LOOSE, MONTHS, NO_NOUN, PEOPLE, TENS, TIMES, UNITS

_SPELT = {word: n for n, word in enumerate(UNITS)} | {word: 10 * n for n, word in enumerate(TENS, 2)}
_SCALE = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "million": 1e6,
    "bn": 1e9,
    "billion": 1e9,
    "tn": 1e12,
    "trillion": 1e12,
    "dozen": 12.0,
}
_ABOUT = re.compile(
    r"\b(?:about|around|some|nearly|almost|roughly|approximately|up to|as many as|over|more than|at least|"
    r"upwards of|close to|fewer than|less than|under)\s*\Z",
    re.IGNORECASE,
)
_MORE_THAN = re.compile(r"\b(?:over|more than|at least|upwards of)\s*\Z", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![\w.,/-])(?P<money>US\$|A\$|C\$|[$€£¥₹₽]|USD |EUR |GBP )?\s?"
    r"(?:(?P<digits>\d{1,3}(?:[,.   ]\d{3})+(?!\d)|\d+)(?P<fraction>[.,]\d{1,2})?(?![\d,.]*\d)"
    rf"|(?P<tens>{'|'.join(TENS)})(?:[- ](?P<tens_unit>{'|'.join(UNITS[1:10])}))?"
    rf"|(?P<unit>{'|'.join(UNITS)}|an?(?= (?:dozen|hundred|thousand|million|billion|trillion)\b)))"
    r"(?:[ -]?(?P<scale>hundred|thousand|million|billion|trillion|dozen|bn|mn|mln|tn|[mkMK](?![\w])))?"
    r"(?P<percent>\s?%|\s?per ?cent\b|\s?percent\b|\s?percentage points?\b)?(?!(?:st|nd|rd|th)\b|[\w-]*\d)",
    re.IGNORECASE,
)
# Where a number may begin: RE2 reads a text in one pass, where the pattern above is tried at every letter.
_BEGINS = re2.compile(
    rf"(?i)\b(?:\d|(?:{'|'.join((*UNITS, *TENS))})\b|an? (?:dozen|hundred|thousand|million|billion|trillion)\b)"
)
_BEFORE = re.compile(r"(?:US\$|A\$|C\$|[$€£¥₹₽]|USD |EUR |GBP )?\s?\Z", re.IGNORECASE)
_BEFORE_MAX = 5  # characters of it
_NEXT = re.compile(r"[\s\-]+([^\W\d_][\w’'-]*)")

# What is counted, by the first letters of the words that say so; the nearest to the number decides.
_CONCEPTS = {
    "dead": (
        "kill",
        "dead",
        "death",
        "died",
        "die",
        "dies",
        "fatal",
        "corps",
        "bodies",
        "perish",
        "toll",
        "slain",
        "drown",
    ),
    "hurt": ("injur", "wound", "hurt", "hospitali"),
    "missing": ("missing", "unaccounted"),
    "held": ("arrest", "detain", "hostage", "captur", "captive", "abduct", "kidnap"),
    "fled": ("displac", "evacuat", "fled", "flee", "refugee", "homeless"),
    "sentence": ("sentenc", "jail", "imprison", "prison"),
}
_CONCEPT_OF = [(prefix, name) for name, prefixes in _CONCEPTS.items() for prefix in prefixes]
CONCEPTS = frozenset(_CONCEPTS)

_TOLL = re.compile(r"\b(?:toll|number of (?:the )?(?:dead|deaths|people killed))\b", re.IGNORECASE)
_REACHES = frozenset({"to", "from", "at", "of", "above", "past", "reached"})  # "the toll ... rose to 27 from 21"
_NEXT_CLAUSE = frozenset({"after", "when", "as", "because", "while", "before", "since", "though"})
_TOLL_MAX = 160  # characters before a number in which the toll that it is may be named
_WINDOW = 6  # words around a number in which what it counts is looked for
_AFTER_DATE = re.compile(rf"\b(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.?\s*\Z", re.IGNORECASE)
_PART = re.compile(r"\s+of\s+(?:the|those|these|them)\b")
_NAMED = re.compile(r"(?:\b[A-Z][\w’'-]*|#|No\.?)\s\Z")  # "Boeing 737", "No. 10"
_OF_THEM = re.compile(r"\b[Tt]here (?:were|are|may be) (?:[a-z]+ ){0,2}(\d[\d,]*) of (?:them|these)\b")
_SENTENCE_END = re.compile(r"[.!?;:\n]")
_MOST = 1e18  # more than anything that news counts; a row of digits as long as it likes is infinite in the end


@dataclass(frozen=True, slots=True)
class Number:
    """``kind`` is a concept (``dead``), a currency, ``%`` or the beginning of the counted word; ``about`` where the
    text does not claim to be exact; ``above`` where it says more than that. ``words`` are those of the text."""

    value: float
    kind: str
    about: bool = False
    above: bool = False
    words: str = ""


def numbers(text: str, limit: int = 80) -> tuple[Number, ...]:
    """The numbers of a text that count something, at most ``limit``."""
    found: list[Number] = []
    for match in _written_in(text):
        number = _read(match, text)
        if number is not None:
            found.append(number)
            if len(found) == limit:
                break
    return tuple(found)


def of_them(text: str) -> tuple[Number, ...]:
    """The numbers of what was named before ("There were 70 of them"). They tell of nothing themselves, but whoever read
    them knows what another report then counts."""
    values = (float(found[1].replace(",", "")) for found in _OF_THEM.finditer(text))
    return tuple(Number(value, "them") for value in values if value < _MOST)


def _written_in(text: str) -> Iterator[re.Match[str]]:
    """The numbers that are written in a text, whatever they count."""
    plain = text if text.isascii() else text.encode("utf-8", "replace").decode()  # no lone surrogates for RE2
    done = 0
    for place in _BEGINS.finditer(plain):
        at = place.start()
        if at < done:
            continue
        before = _BEFORE.search(text, max(done, at - _BEFORE_MAX), at)
        for begin in range(before.start() if before else at, at + 1):
            match = _NUMBER.match(text, begin)
            if match is not None:
                done = match.end()
                yield match
                break


def _read(match: re.Match[str], text: str) -> Number | None:
    value = _value(match)
    if value >= _MOST:
        return None
    before = text[max(0, match.start() - 60) : match.start()]
    following = _NEXT.match(text, match.end())
    noun = following[1].lower() if following else ""
    money = (match["money"] or "").strip().upper()
    if not money and not match["percent"] and not match["scale"] and _is_no_count(match, text, before, noun, value):
        return None
    kind = _kind(match, text, money)
    if not kind:
        return None
    if match["unit"] and value < 3 and kind not in CONCEPTS:
        return None  # "one of the", "two sides"
    start, end = _phrase(text, match.start(), match.end(), kind)
    about = bool(_ABOUT.search(before)) or (match["scale"] == "dozen")
    words = " ".join(text[start:end].split())
    if kind in CONCEPTS and not any(ch.isalpha() for ch in words):
        words = f"{words} {kind}"  # "the toll of the floods in three districts climbed to 27"
    return Number(value, kind, about, bool(_MORE_THAN.search(before)), words)


def _is_no_count(match: re.Match[str], text: str, before: str, noun: str, value: float) -> bool:
    """Dates, times of day, lengths of time, years, parts ("two of the wounded"), and numbers that belong to a name."""
    if noun in TIMES or noun in MONTHS or _AFTER_DATE.search(before):
        return True
    if _PART.match(text, match.end()):
        return True
    if text[match.end() : match.end() + 1] in (":", "/", "-", "–", "'", "’", "°"):
        return True
    if not match["digits"]:
        return False
    if 1900 <= value <= 2100 and "," not in match["digits"]:
        return True
    last = before.rstrip().rpartition(" ")[2]
    return bool(_NAMED.search(before)) and last.istitle() and not _concept(last) and not _sentence_start(before)


def _value(match: re.Match[str]) -> float:
    if match["digits"]:
        whole = re.sub(r"[^\d]", "", match["digits"])
        value = float(whole + (match["fraction"] or "").replace(",", "."))
    elif match["tens"]:
        value = float(_SPELT[match["tens"].lower()] + _SPELT.get((match["tens_unit"] or "").lower(), 0))
    else:
        value = float(_SPELT.get(match["unit"].lower(), 1))
    return value * _SCALE.get((match["scale"] or "").lower(), 1.0)


def _kind(match: re.Match[str], text: str, money: str) -> str:
    if match["percent"]:
        return "%"
    if money:
        return "$" if money in ("$", "US$", "USD") else money
    after = _SENTENCE_END.split(text[match.end() : match.end() + 90])[0].split()[:_WINDOW]
    before = _SENTENCE_END.split(text[max(0, match.start() - 60) : match.start()])[-1].split()[-_WINDOW:]
    behind = _concept(after[0]) if after else ""
    if before and not behind and not before[-1].endswith(",") and (concept := _concept(before[-1])):
        return concept  # "killed 12 people and wounded 30"
    if after and _bare(after[0]) == "lives":
        return "dead"  # "cost 13 lives and made thousands homeless"
    if before and not behind and before[-1].lower() in _REACHES:
        clause = _SENTENCE_END.split(text[max(0, match.start() - _TOLL_MAX) : match.start()])[-1]
        if _TOLL.search(clause):
            return "dead"
    for word in after:
        if concept := _concept(word):
            return concept
        if any(ch.isdigit() for ch in word):
            break  # the next number has the next noun
    if after and after[0].lower().strip(",.") in ("dollars", "euros", "pounds"):
        return "$" if after[0].lower().startswith("dollar") else after[0].lower()[:7]
    noun = next((w for w in (_bare(word) for word in after[:4]) if len(w) > 2 and w not in NO_NOUN), "")
    for at in range(len(before) - 1, -1, -1):
        if _is_number(before[at]) or (noun and _bare(before[at]) in _NEXT_CLAUSE):
            break  # "3 were injured after two missiles hit it"
        if concept := _concept(before[at]):
            if any(_is_number(word) for word in before[max(0, at - 3) : at]):
                break  # "40 wounded, in two hospitals"
            return concept
    if not noun and any(_bare(word) in PEOPLE for word in after[:2]):
        return "people"  # "bans were imposed on 66 people"
    return noun[:7]


def _is_number(word: str) -> bool:
    return any(ch.isdigit() for ch in word) or _bare(word) in _SPELT


@lru_cache(8_192)  # the words beside numbers are mostly the same
def _concept(word: str) -> str:
    bare = _bare(word)
    return next((name for prefix, name in _CONCEPT_OF if bare.startswith(prefix) and len(bare) <= len(prefix) + 8), "")


def _bare(word: str) -> str:
    return word.lower().strip(".,;:!?\"'“”‘’()[]")


def _sentence_start(before: str) -> bool:
    head = before.rstrip().rpartition(" ")[0].rstrip()
    return not head or head[-1] in ".!?:\n"


def _phrase(text: str, start: int, at: int, kind: str) -> tuple[int, int]:
    """Where the words that go with a number begin and end: up to five behind it, not over the end of a clause, and as
    many before it as name what it counts."""
    end = last = at
    for _ in range(5):
        following = _NEXT.match(text, last)
        if following is None:
            break
        word = following[1].lower()
        concept = _concept(word)
        if concept and concept != kind:
            break
        last = following.end()
        if word not in LOOSE:
            end = last
        if concept or text[last : last + 1] in (",", ".", ";", ":", ")"):
            break
    if kind in CONCEPTS and not any(_concept(word) == kind for word in text[at:end].split()):
        before = text[max(0, start - 60) : start]
        clause = _SENTENCE_END.split(before)[-1]
        words = list(re.finditer(r"\S+", clause))
        named = [w for w in words[-_WINDOW:] if _concept(w[0]) == kind]
        if named:
            start = start - len(clause) + named[-1].start()
    return start, end


def same(new: Number, told: Number) -> bool:
    """Whether a number was told already: the same of the same thing, or one that is the other rounded."""
    return _agree(new.kind, told.kind) and _close(new, told)


def _agree(one: str, two: str) -> bool:
    """Kinds that do not contradict: what is counted in plain words may be called otherwise elsewhere."""
    if one == two:
        return True
    fixed = (one in CONCEPTS or not one[0].isalpha(), two in CONCEPTS or not two[0].isalpha())
    return not all(fixed)


def _close(one: Number, two: Number) -> bool:
    if one.value == two.value:
        return True
    low, high = sorted((one.value, two.value))
    if low <= 0:
        return False
    coarse, fine = sorted((one, two), key=lambda n: _digits(n.value))
    apart = (high - low) / high
    rounded = _round(fine.value, _digits(coarse.value)) == coarse.value
    if rounded and high >= 100 and apart <= 0.02:
        return True
    if coarse.about and rounded and apart <= 0.15:
        return True
    return coarse.above and coarse.value <= fine.value and _floor(fine.value, _digits(coarse.value)) == coarse.value


def _digits(value: float) -> int:
    """Significant digits: 1,200 has two."""
    return len(f"{value:.12g}".replace(".", "").lstrip("0").rstrip("0")) or 1


def _round(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}") if digits else value


def _floor(value: float, digits: int) -> float:
    unit = 10.0 ** (floor(log10(value)) - digits + 1)
    return floor(value / unit) * unit
