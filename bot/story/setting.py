"""What happened where, as far as headline and first sentences say it: enough to tell two events of a kind apart.

Two air raids of one night, in one region of one country, are told in the same words by the same outlets. What parts
them is what an analyst would look at: the towns, who is named, how many. Each of these is a set of 64 bits, a bit for
each word by its hash: two sets that have nothing in common are seen for sure; that they have something may be chance,
and then they are not parted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from bot.entities.tables import read_table, split_names
from bot.story.kinds import kinds_of, precise
from bot.story.sides import places
from bot.story.stem import hashed, stem
from bot.story.thresholds import SETTING_CHARS, SETTING_KIND_CHARS, TITLE_CASE
from bot.text import phrase

SCENES = 2  # kinds in countries that an article is found by
_SCENE = 1 << 40  # beyond the numbers of words, as both share a table

_CAPITAL = "A-ZÀ-ÖØ-Þ"
_RUN = re.compile(rf"(?<![\w’'-])[{_CAPITAL}][\w’'-]*(?: (?:[{_CAPITAL}][\w’'-]*|al-\w+))*")
# Words before a name that make it a place.
_BEFORE = re.compile(
    r"(?:\b(?:in|near|at|off|outside|around|through|across|inside)"
    r"|\b(?:town|city|cities|village|port|district|province|regions?|island|state|capital|suburbs?|outskirts|residents"
    r"|people|streets|neighbou?rhood|governorate|county|prefecture|department|coast|north|south|east|west|cent(?:er|re))"
    r" of"
    r"|\b(?:attack|strike|raid|assault|blast|advance|march)s? on"
    r"|\b(?:bomb(?:ed|s)?|struck|hits?|rattle[ds]|jolt(?:s|ed)|sweep|pound))"
    r"(?: the)?(?: (?:(?:north|south)(?:-?(?:east|west))?|east|west|cent(?:er|re)|central|nearby|downtown|rural|coastal"
    r"|occupied)(?:ern)?)?"
    r"(?: [A-Z]\w+)? \Z"
)
_BEFORE_CHARS = 60
_COMMA = re.compile(rf", ([{_CAPITAL}][\w-]+)")
_SENTENCE = re.compile(r"[.!?:“\"] ?\Z")
_FIGURE = re.compile(r"(?<![\w.,/-])\d[\d.,]*(?<![.,])")
_WORD = re.compile(r"[^\W_][\w.]*")
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_REGION = frozenset(
    "province district valley highlands coast region state county governorate oblast prefecture department peninsula "  # noqa: SIM905
    "island islands sea gulf strait mountains desert delta river canton territory basin lake bay".split()
)
_VENUE = frozenset(
    "park stadium airport university college hospital school square hotel church cathedral mosque temple synagogue "  # noqa: SIM905
    "center centre mall station base camp palace prison house hall arena club theater theatre museum market street "
    "avenue road highway bridge tower plant terminal academy institute".split()
)
# Capitalised, and no name that parts two events.
_PLAIN = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "  # noqa: SIM905
    "september october november december europe european africa african asia asian america american americas latin "
    "middle congress parliament senate court supreme twitter facebook instagram telegram president police general "
    "colonel captain minister prime governor mayor god islam christian muslim jewish democrat democrats democratic "
    "republican republicans gop new city old north south east west northern southern eastern western central upper "
    "lower great mount saint san santa port fort the this that its his her she they their what why how who here there "
    "and for with after".split()
)
_NAME_MIN = 3  # letters


class Setting(NamedTuple):
    """``kinds`` of event (:mod:`bot.story.kinds`), ``main`` those of the headline, or of the lead where it has none;
    bits for the towns, the regions, all names but those of countries and their leaders, the numbers, and the
    countries of the headline (``heads``). ``about`` are the numbers of the words that only say where it
    happened."""

    kinds: int
    main: int
    towns: int
    regions: int
    names: int
    figures: int
    heads: int
    about: frozenset[int]


def setting(title: str, text: str) -> Setting:
    """What headline and lead say of it. ``text`` begins without a dateline."""
    lead, first = _begin(text, SETTING_CHARS), _begin(text, SETTING_KIND_CHARS)
    parts = (lead,) if _title_case(title) else (title, lead)
    towns: set[str] = set()
    regions: set[str] = set()
    names: set[str] = set()
    for part in parts:
        _read(part, towns, regions, names)
    figures = {f for f in _FIGURE.findall(f"{title} {first}") if not _YEAR.match(f)}
    headed, told = kinds_of(phrase(title).split()), kinds_of(phrase(first).split())
    return Setting(
        headed | told,
        headed or told,
        _bits(towns - regions),
        _bits(regions),
        _bits(names - regions),
        _bits(figures),
        places(_headed(title)),
        frozenset(hashed(stem(word)) for word in regions),
    )


def _begin(text: str, longest: int) -> str:
    """The beginning of a text, in whole words: half of "Nairobi" would be a town of its own."""
    return text if len(text) <= longest else text[:longest].rpartition(" ")[0]


def scenes(kinds: int, countries: Iterable[str]) -> tuple[int, ...]:
    """Numbers by which reports of the same kind of event in the same country find each other; :data:`SCENES` at most,
    none for an article on many countries."""
    codes = sorted(countries)
    told = precise(kinds)
    if not told or not 0 < len(codes) <= SCENES:
        return ()
    bits = [n for n in range(told.bit_length() - 1, -1, -1) if told >> n & 1]
    return tuple(_SCENE | crc32(f"{bit} {code}".encode()) for bit in bits for code in codes)[:SCENES]


def says_where(word: str) -> bool:
    """Whether a normalised word names a country, its people or its capital, or is the word for a part of it."""
    return word in _REGION or word in _country_words()


def _read(part: str, towns: set[str], regions: set[str], names: set[str]) -> None:
    for run in _RUN.finditer(part):
        words = [phrase(word) for word in run[0].replace("-", " ").split()]
        kept = [w for w in words if len(w) >= _NAME_MIN and not (w in _PLAIN or w in _REGION or w in _passed_over())]
        if not kept:
            continue
        before = part[max(0, run.start() - _BEFORE_CHARS) : run.start()]
        region = not _REGION.isdisjoint(words)
        placed = region or _BEFORE.search(before) is not None
        if not placed and (after := _COMMA.match(part, run.end())):
            placed = phrase(after[1]) in _country_words()
        if region or (placed and _us_states().issuperset(kept)):
            regions.update(kept)
        elif placed and _VENUE.isdisjoint(words):
            towns.update(kept)
        if not region and (len(words) > 1 or (before and not _SENTENCE.search(before))):
            names.update(kept)  # a single word that begins a sentence may be any


def _headed(title: str) -> Iterable[str]:
    """The countries that a headline names, their peoples and leaders among it, by code."""
    written = _WORD.findall(title)
    words = [phrase(word) for word in written]
    known = _codes()
    at = 0
    while at < len(words):
        if written[at][0].isupper():
            for length in (3, 2, 1):
                if code := known.get(" ".join(words[at : at + length])):
                    yield code
                    at += length - 1
                    break
        at += 1


def _title_case(title: str) -> bool:
    """Whether capitals say nothing, as American headlines have them."""
    words = [w for w in title.split()[1:] if len(w) > _NAME_MIN and w[0].isalpha()]
    return len(words) > 1 and sum(w[0].isupper() for w in words) > TITLE_CASE * len(words)


def _bits(words: Iterable[str]) -> int:
    bits = 0
    for word in words:
        bits |= 1 << (crc32(word.encode("utf-8", "surrogatepass")) & 63)
    return bits


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for table, columns in (
        ("leaders.tsv", ("names",)),
        ("metonyms.tsv", ("names",)),
        ("demonyms.tsv", ("words",)),
        ("countries.tsv", ("name", "aliases", "exact")),
    ):
        for row in read_table(table):
            for column in columns:
                codes.update((phrase(name), row["code"]) for name in split_names(row[column]))
    return codes


def _words_of(table: str, *columns: str) -> Iterable[str]:
    for row in read_table(table):
        for column in columns:
            for name in split_names(row[column]):
                yield from phrase(name).split()


@lru_cache(maxsize=1)
def _country_words() -> frozenset[str]:
    return frozenset(
        [
            *_words_of("countries.tsv", "name", "aliases", "exact"),
            *_words_of("demonyms.tsv", "words"),
            *_words_of("capitals.tsv", "names"),
            *_words_of("metonyms.tsv", "names"),
        ]
    ) - {"and", "of", "the"}


@lru_cache(maxsize=1)
def _passed_over() -> frozenset[str]:
    return _country_words() | set(_words_of("leaders.tsv", "names")) | set(_words_of("groups.tsv", "names", "exact"))


@lru_cache(maxsize=1)
def _us_states() -> frozenset[str]:
    return frozenset(_words_of("us_states.tsv", "name"))
