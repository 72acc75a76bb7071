"""How one word of a name is spelt elsewhere: the tables of ``data/`` and a few rules for Slavic names."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources

_DATA = resources.files("bot.watchlists") / "data"
_EXTRA = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ð": "d", "ß": "ss", "æ": "ae", "œ": "oe"})
PER_WORD = 5  # spellings of one word, its own included


@lru_cache(maxsize=1)
def _groups() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _lines("spellings.tsv"):
        group = tuple(dict.fromkeys(line.split("|")))
        for word in group:
            found.setdefault(word, group)
    return found


@lru_cache(maxsize=16)
def words(group: str) -> frozenset[str]:
    """One group of ``data/name_words.tsv``."""
    rows = (line.split("\t") for line in _lines("name_words.tsv"))
    return frozenset(word for name, cell in rows if name == group for word in cell.split("|"))


def _lines(file: str) -> list[str]:
    text = (_DATA / file).read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")][1:]


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Small letters; accents taken off Latin letters; apostrophes and dots gone."""
    low = re.sub("[.'’‘ʼʻ`´ʿʾ]", "", word.lower().translate(_EXTRA))
    if low.isascii():
        return low
    return "".join(_base(c) for c in low)


def _base(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter


def leading(word: str) -> str:
    """The commonest spelling of a word's group; the word itself where it has none."""
    return _groups().get(word, (word,))[0]


@lru_cache(maxsize=65_536)
def spellings(word: str, slavic: bool = False) -> tuple[str, ...]:
    """The word and its other spellings, likeliest first. ``slavic``: also by the rules for romanised Cyrillic."""
    found = [word, *_groups().get(word, ())]
    if slavic and word.isascii():
        found += _slavic(word)
    return tuple(dict.fromkeys(w for w in found if w))[:PER_WORD]


_SLAVIC_ENDINGS = (
    (re.compile(r"(?<=[stz]k)(?:iy|ii|yi|y|i)\Z"), ("y", "iy", "ii", "i")),  # Zelensky
    (re.compile(r"(?<=[aeou])[yij]\Z"), ("y", "i")),  # Nabokoy, Tolstoi
    (re.compile(r"(?<=[bdglmnprtv])(?:iy|ii|y)\Z"), ("y", "iy", "ii")),  # Bely
    (re.compile(r"(?<=[aeiou'])y?ev\Z"), ("yev", "ev")),  # Medvedev stays, Fadeyev and Fadeev
)


def _slavic(word: str) -> list[str]:
    found = []
    for pattern, endings in _SLAVIC_ENDINGS:
        if pattern.search(word):
            found += [pattern.sub(e, word) for e in endings]
            break
    if re.search(r"[yi][au]", word):
        found += [re.sub(r"i(?=[au])", "y", word), re.sub(r"y(?=[au])", "i", word)]
    if re.search(r"[aeou][yi][bcdfghklmnprstvz]", word):
        found += [re.sub(r"([aeou])[yi](?=[bcdfghklmnprstvz])", rf"\1{c}", word) for c in "yi"]
    if "ks" in word:
        found.append(word.replace("ks", "x"))
    return found
