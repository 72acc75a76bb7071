"""The ways in which a person's name is written in the news.

Family name first or last, middle names and titles dropped, the spellings of each word
(:mod:`bot.watchlists.spellings`), Arabic articles and compounds apart, together or left out, Cyrillic and Latin. A
name is taken apart into units that move as a whole (``bin Laden``, ``Abd al-Rahman``), these are put into the likely
orders, and of each order the likeliest ways of writing are taken, up to a limit.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.entities.tables import read_table, split_names
from bot.watchlists import cyrillic
from bot.watchlists.base import WatchName
from bot.watchlists.report import WORDS_MAX, Options
from bot.watchlists.spellings import fold, leading, spellings, words

PER_UNIT = 8  # ways to write one part of a name
PER_NAME = 28  # variants of one name
PER_ORDER = 10
"""Variants of one order of its parts; a third of that where nothing is left out: articles seldom print four names."""

HAN = re.compile("[\u3400-\u9fff\uac00-\ud7af\u3040-\u30ff]")


_QUOTED = re.compile(r"[\"“”„«»][^\"“”„«»]{1,60}[\"“”„«»]|(?<!\w)['‘][^'’]{1,60}['’](?!\w)|\([^()]*\)|\[[^\[\]]*\]")
_SPLIT = re.compile(r"[^\w'’‘ʼʻ`´ʿʾ.]+|\.(?=\w{2,})|_")
_ARTICLES = frozenset({"al", "el", "ul", "ad", "an", "ar", "as", "ash", "at", "az"})
_SONS = ("bin", "ibn", "ben", "bint")
_BEFORE = frozenset(
    [
        "abu",
        "abou",
        "umm",
        "um",
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "das",
        "du",
        "la",
        "le",
        "los",
        "san",
        "santa",
        "st",
        "saint",
        "mac",
        "zu",
        "ter",
        "ten",
    ]
)


def split(text: str) -> list[str]:
    return [w for part in _SPLIT.split(text) if (w := part.strip("'’‘ʼʻ`´."))]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A part of a name that is moved and left out as a whole, in the ways in which it is written."""

    ways: tuple[str, ...]
    son: bool = False  # bin X


def expand_person(name: WatchName, options: Options, slavic: bool) -> tuple[str, tuple[str, ...]]:
    text, family = _QUOTED.sub(" ", name.text), name.family
    if not family and text.count(",") == 1:
        family, _, given = text.partition(",")
        text = f"{given} {family}"
    if HAN.search(text):
        return _expand_han(text, options)
    tokens = [fold(w) for w in split(text)]
    tail = len(split(_QUOTED.sub(" ", family)))
    while len(tokens) > 1 and tokens[-1] in words("junior"):
        tokens, tail = tokens[:-1], max(tail - 1, 0)
    titled = tokens
    while len(tokens) - tail > 1 and tokens[0] in words("title"):
        tokens = tokens[1:]
    tokens = [t for t in tokens if t]
    if not tokens or len(tokens) > WORDS_MAX:
        return "too_long", ()
    if len(tokens) == 1:
        return ("kept", (title(tokens[0]),)) if options.one_word else ("one_word", ())
    latin = _arranged_east(tokens, tail) if _is_east(tokens, tail) else _arranged(tokens, tail, slavic)
    if cyrillic.is_cyrillic(text):
        for form in zip(*(_two(cyrillic.to_latin(t)) for t in tokens), strict=True):
            latin = [*latin, *_arranged(list(form), tail, True)]
    everything = dict.fromkeys((" ".join(tokens), *latin))
    kept = [v for v in everything if options.common or not _is_common_person(v)]
    if not kept and titled != tokens:  # Mullah Mohammad Omar is one man, Mohammad Omar is not
        lead = " ".join(titled[: len(titled) - len(tokens)])
        kept = [f"{lead} {v}" for v in everything]
    if not kept:
        return "common", ()
    return "kept", tuple(title(v) for v in kept[: PER_NAME * (2 if cyrillic.is_cyrillic(text) else 1)])


def _two(forms: tuple[str, ...]) -> tuple[str, str]:
    return forms[0], forms[-1]


def _expand_han(text: str, options: Options) -> tuple[str, tuple[str, ...]]:
    """Names in Han, Kana or Hangul stand as they are; two letters alone are borne by thousands."""
    letters = sum(c.isalnum() for c in text)
    if letters < 3 and not options.common:
        return "common", ()
    return "kept", (" ".join(text.split()),)


def _arranged(tokens: Sequence[str], tail: int, slavic: bool) -> list[str]:
    """All orders and omissions of a name, likeliest first."""
    given = _units(tokens[: len(tokens) - tail], slavic) if tail else _units(tokens, slavic)
    family = _units(tokens[len(tokens) - tail :], slavic) if tail else []
    if not family or not given:
        given, family = [*given, *family][:-1], [*given, *family][-1:]
    if not given:
        return list(family[0].ways)  # one unit: al-Masri
    units = [*given, *family]
    first, last = given[0], family
    orders: list[list[_Unit]] = [units, [*family, *given]]
    if len(given) > 1:
        orders += [[first, *last], [*last, first]]
    if len(last) == 2 and not any(w in words("family") for w in last[0].ways):
        orders += [[first, last[0]]]  # the second family name dropped: Elvis Logan Morey, Elvis Logan
    bare = [u for u in units if not u.son]
    if 2 <= len(bare) < len(units):
        orders += [bare]
    whole = PER_ORDER if len(units) == 2 else PER_ORDER // 3
    return _interleaved(_written(o, whole if len(o) == len(units) else PER_ORDER) for o in orders)[:PER_NAME]


def _interleaved(lists: Iterable[list[str]]) -> list[str]:
    """The first of each list, then the second of each: what is cut off at the end is the unlikeliest of all."""
    columns = list(lists)
    longest = max(map(len, columns))
    return list(dict.fromkeys(c[i] for i in range(longest) for c in columns if i < len(c)))


def _written(order: Sequence[_Unit], limit: int) -> list[str]:
    """An order in the likeliest ways of its units. The same units give the same combinations in every order."""
    ranked = sorted(range(len(order)), key=lambda i: order[i].ways)
    ways = [order[i].ways for i in ranked]
    found = []
    for choice in _cheapest([len(w) for w in ways], limit):
        parts = [""] * len(order)
        for at, i, chosen in zip(ranked, range(len(ways)), choice, strict=True):
            parts[at] = ways[i][chosen]
        found.append(" ".join(parts))
    return found


def _cheapest(sizes: Sequence[int], limit: int) -> Iterator[tuple[int, ...]]:
    """Choices of one from each, by the sum of their ranks, then by the ranks themselves."""
    start = (0,) * len(sizes)
    heap = [(0, start)]
    seen = {start}
    while heap and limit:
        cost, choice = heapq.heappop(heap)
        yield choice
        limit -= 1
        for i, size in enumerate(sizes):
            if choice[i] + 1 < size:
                step = (*choice[:i], choice[i] + 1, *choice[i + 1 :])
                if step not in seen:
                    seen.add(step)
                    heapq.heappush(heap, (cost + 1, step))


def _units(tokens: Sequence[str], slavic: bool) -> list[_Unit]:
    found: list[_Unit] = []
    at = 0
    while at < len(tokens):
        unit, at = _unit(tokens, at, slavic, first=not found)
        found.append(unit)
    return found


def _unit(tokens: Sequence[str], at: int, slavic: bool, *, first: bool) -> tuple[_Unit, int]:
    """The unit that begins at a token, and where the next one does."""
    token = tokens[at]
    left = len(tokens) - at - 1
    if token in _SONS and left and not (first and token == "ben"):
        inner, after = _unit(tokens, at + 1, slavic, first=False)
        sons = [f"{s} {w}" for s in (token, *(s for s in _SONS[:3] if s != token)) for w in inner.ways[:3]]
        by_rank = sorted(sons, key=lambda w: inner.ways.index(w.partition(" ")[2]))
        return _Unit(tuple(by_rank)[:PER_UNIT], son=True), after
    if token in ("abd", "abdul", "abdel", "abdal", "abdol", "abdur") and left:
        skip = 2 if left > 1 and token == "abd" and tokens[at + 1] in _ARTICLES else 1
        return _Unit(_servant(tokens[at + skip])), at + skip + 1
    if token.startswith(("abdul", "abdel", "abdal", "abdol", "abdur")) and len(token) > 8 and leading(token) == token:
        return _Unit(_servant(token[5:])), at + 1
    if token in ("al", "el", "ul") and left and len(tokens[at + 1]) > 2:
        return _Unit(_with_article(tokens[at + 1], slavic)), at + 2
    if token in _BEFORE and left:
        inner, after = _unit(tokens, at + 1, slavic, first=False)
        kunya = ("abu", "abou") if token in ("abu", "abou") else ()
        heads = (token, *(h for h in kunya if h != token))
        return _Unit(tuple(f"{h} {w}" for w in inner.ways[:4] for h in heads)[:PER_UNIT]), after
    if len(token) > 6 and token.startswith("al") and leading(token[2:]) != token[2:]:
        return _Unit(_with_article(token[2:], slavic)), at + 1  # Almasri
    return _Unit(spellings(token, slavic)), at + 1


def _with_article(word: str, slavic: bool) -> tuple[str, ...]:
    """al-Masri, el-Masri, Almasri, Masri, and with each spelling of the word."""
    own, *others = spellings(word, slavic)
    forms = [f"al {own}", f"el {own}", own, f"al{own}", *(f"al {o}" for o in others), *others]
    return tuple(dict.fromkeys(forms))[:PER_UNIT]


_SUN = re.compile("(?:sh|th|dh|[tdrsznl])")


def _servant(word: str) -> tuple[str, ...]:
    """Abd al-Rahman and the ways in which the compound is written."""
    own, *others = spellings(word)
    forms = [f"abdul {own}", f"abdel {own}", f"abd al {own}", f"abdul{own}", f"abdel{own}"]
    sun = _SUN.match(own)
    if sun:
        forms.append(f"abdu{sun[0][0]} {own}")
    forms += [f"abdul {o}" for o in others[:2]]
    return tuple(dict.fromkeys(forms))[:PER_UNIT]


# -- East Asian names -----------------------------------------------------------------------------------------------


def _is_east(tokens: Sequence[str], tail: int) -> bool:
    """Kim Jong Un; Jong Un KIM: a family name of the region and a given name of one or two syllables."""
    given = tokens[:-1] if tail == 1 else tokens[1:]
    family = tokens[-1] if tail == 1 else tokens[0]
    return family in words("east") and len(given) == 2 and all(t.isascii() and len(t) <= 6 for t in given)


def _arranged_east(tokens: Sequence[str], tail: int) -> list[str]:
    given = list(tokens[:-1] if tail == 1 else tokens[1:])
    family = tokens[-1] if tail == 1 else tokens[0]
    apart, together = " ".join(given), "".join(given)
    return [f"{family} {apart}", f"{apart} {family}", f"{family} {together}", f"{together} {family}"]


def _is_common_person(variant: str) -> bool:
    """Two words that each stand for thousands, in either order, whatever their spelling."""
    parts = [leading(p) for p in variant.split() if p not in _ARTICLES]
    if len(parts) < 2:
        return True
    if len(parts) > 2:
        return False
    if parts[0] in ("abd", "abdul", "abdel", "abdal", "abdol"):  # one given name in two words
        return True
    if parts[0] in ("abu", "abou", "umm", "um"):  # the father of Ali: every second fighter
        return parts[1] in _given()
    return any(a in _given() and b in words("family") for a, b in (*pairwise(parts), *pairwise(parts[::-1])))


@lru_cache(maxsize=1)
def _given() -> frozenset[str]:
    """Frequent given names: those of the tables here and of the gazetteer."""
    rows = (row for row in read_table("given_names.tsv") if row["group"] in ("given", "first"))
    return words("given") | {fold(name) for row in rows for name in split_names(row["names"])}


def title(variant: str) -> str:
    return " ".join(w[:1].upper() + w[1:] for w in variant.split(" "))
