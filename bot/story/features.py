"""What of an article tells its story: signs of a copy, and its words with how much they matter in it. Pure."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.follow.numbers import CONCEPTS, numbers
from bot.model import Article
from bot.stopwords import STOPWORDS
from bot.story.setting import Setting, scenes, setting
from bot.story.sides import NOTHING, Sides, places
from bot.story.stem import hashed, stem
from bot.story.thresholds import (
    HEADLINE_WORDS_MIN,
    LEAD_WORDS,
    NAME_WEIGHT,
    SHINGLE_WORDS,
    SKETCH_EACH,
    TEXT_MAX,
    TEXT_WORDS_MIN,
    TITLE_WEIGHT,
)
from bot.text import HANGUL_START, phrase

# "NORTHPORT, Examplia, March 4 (Reuters) - ", "By Jane Doe, Associated Press"
_DATELINE = re.compile(
    r"\A\s*(?:By [^\n]{3,80}\n\s*)?"
    r"(?:[A-Z][A-Za-z .'/-]{2,40}(?:, ?[A-Z][A-Za-z.]{2,20})?(?:,? [A-Z][a-z]{2,8}\.? \d{1,2})?"
    r"(?: ?\([A-Za-z/ ]{2,30}\))? ?[-–—]+ )"
)
_NAME = re.compile(r"(?<=[a-z,;’'] )(?:[A-Z][\w’']+|\d[\d.,]*)(?: (?:[A-Z][\w’']+|\d[\d.,]*))*")
_PRIME = 0x01000193  # FNV's: spreads the words of a shingle
_SPACELESS = 0x0E00  # code points from which a letter may be a word of its own (bot.text)
# A number in a headline that counts something: "down 27 per cent", "12 hospitals", "claims 9".
_COUNTED = re.compile(
    r"\d ?(?:%|per ?cent)|\b(?:kill|claim|injur|wound|leav|tak|seiz|arrest)\w* \d"
    r"|\d (?!(?:and|at|for|from|in|of|on|to|with)\b)[a-z]"
)
_WORDS_KEPT = 1 << 15  # whose stem and number are kept; the words of some hundred articles are mostly the same
_LOGS = tuple(1 + log(max(count, 1)) for count in range(256))  # how much a word matters that stands so often
_MIX = 0x9E3779B1
_BITS32 = 0xFFFFFFFF
_LEAVES = pow(_PRIME, SHINGLE_WORDS, 1 << 32)  # by how much a word counts when its row has moved on
_FEW_WORDS = 60  # in a text, up to which Python is sooner done than numpy has begun
_SORTED_MAX = 150  # shingles that Python sorts sooner than numpy finds the smallest
WEIGHT_UNIT = 32  # steps of a stored weight to one; eight bits reach 7.9, a name that stands 140 times
_FEW = 16  # shingles of which the smallest are taken without sorting all

Words32 = npt.NDArray[np.uint32]


class Features(NamedTuple):
    """``signs`` are 64-bit numbers for link, text and headline (0: none). ``sketch`` holds up to six shingles.
    ``series`` stands for the outlet and its headline without numbers and single letters (0: of no series), ``headline``
    for the whole of it. ``terms`` are the hashes of the stems, ascending, 32 bits each; ``inside`` is how much each
    matters in the article, in floats of 32 bits, ``coarse`` the same in eight, as it is remembered; ``words`` holds a
    word for each, in that order. As bytes and one text they cost the process that takes them over a fifth of what
    tables of them do."""

    signs: tuple[int, int, int]
    series: int
    headline: int
    sketch: tuple[int, ...]
    terms: bytes
    inside: bytes
    coarse: bytes
    words: str
    setting: Setting

    @property
    def length(self) -> int:
        """How many different words there are."""
        return len(self.terms) // 4

    def word_of(self) -> dict[int, str]:
        """A word for each of ``terms``."""
        return dict(zip(array("I", self.terms), self.words.split(" "), strict=True)) if self.terms else {}


@dataclass(frozen=True, slots=True)
class Reading:
    """An article as it is put into a story: besides its words what it may be told apart by, and by which kinds of event
    in which countries it is found (:func:`bot.story.setting.scenes`). ``told`` is when it was published, in seconds."""

    article: Article
    features: Features
    told: float
    sides: Sides = NOTHING
    scenes: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        return self.article.key


def read(article: Article, countries: Iterable[str] = (), known: Features | None = None) -> Reading:
    """Read an article; ``countries`` are the codes of those that it names, ``known`` its features where they are. Pure:
    may run in any thread."""
    found = known or features(article.source_id, article.canonical_url, article.title, article.text)
    return Reading(article, found, article.published.timestamp(), *scene(found, countries))


def scene(found: Features, countries: Iterable[str]) -> tuple[Sides, tuple[int, ...]]:
    """What happened where: an article's sides and scenes, with the countries that it names."""
    codes = tuple(countries)
    told = found.setting
    sides = Sides(places(codes), told.kinds, told.towns, told.regions, told.names, told.figures, told.heads)
    return sides, scenes(told.main, codes)


def features(source_id: str, canonical_url: str, title: str, text: str) -> Features:
    """What tells the story of an article."""
    text = text[:TEXT_MAX]
    headline = phrase(title).split()
    undated = _DATELINE.sub("", text)
    body = phrase(undated).split()
    names = set(phrase(" ".join(_NAME.findall(text))).split()) if text else set()
    terms, inside, words = _terms(headline, body, names)
    signs = (
        _sign("u", canonical_url) if canonical_url else 0,
        _sign("t", " ".join(body)) if len(body) >= TEXT_WORDS_MIN else 0,
        _sign("h", " ".join(headline)) if len(headline) >= HEADLINE_WORDS_MIN else 0,
    )
    return Features(
        signs,
        _series(source_id, title, headline),
        hashed(" ".join(headline)),
        _sketch(body),
        terms,
        inside,
        _coarse(inside),
        words,
        setting(title, undated),
    )


def _series(source_id: str, title: str, headline: Sequence[str]) -> int:
    """Bulletins of an outlet differ by a number ("Flood warning 16"). So do reports of one event as it grows ("kills
    9", then 12), but there the number counts something: such a headline is of no series."""
    if not headline or _COUNTED.search(title) or any(number.kind in CONCEPTS for number in numbers(title)):
        return 0
    plain = ("0" if len(word) == 1 or not word.isalpha() else word for word in headline)
    return hashed(f"{source_id}\0{' '.join(plain)}")


@lru_cache(_WORDS_KEPT)
def _root(word: str) -> int:
    """The number of a word's stem; 0 for a word that tells nothing."""
    return 0 if len(word) < 2 or word in STOPWORDS else hashed(stem(word))


_number = lru_cache(_WORDS_KEPT)(hashed)


def _terms(headline: Sequence[str], body: Sequence[str], names: set[str]) -> tuple[bytes, bytes, str]:
    counts = Counter(_parted(body))
    for word in _parted(headline):
        counts[word] += TITLE_WEIGHT
    often: dict[int, int] = {}
    words: dict[int, str] = {}
    named = set()
    for word, count in counts.items():
        if root := _root(word):
            if root in often:
                often[root] += count
            else:
                often[root] = count
                words[root] = word
            if word in names:
                named.add(root)
    terms = {root: _LOGS[count] if count < len(_LOGS) else 1 + log(count) for root, count in often.items()}
    for root in named:
        terms[root] *= NAME_WEIGHT
    roots = sorted(terms)
    inside = array("f", [terms[root] for root in roots])
    return array("I", roots).tobytes(), inside.tobytes(), " ".join([words[root] for root in roots])


def _coarse(inside: bytes) -> bytes:
    """Weights in steps of one :data:`WEIGHT_UNIT`-th."""
    steps = np.rint(np.frombuffer(inside, dtype=np.float32) * np.float32(WEIGHT_UNIT))
    coarse: bytes = np.minimum(steps, 255).astype(np.uint8).tobytes()
    return coarse


def _parted(words: Sequence[str]) -> Sequence[str]:
    """Words; where the script sets no spaces, pairs of neighbours instead of letters."""
    if "".join(words).isascii():
        return words
    if any((len(w) < 3 and w[0] >= chr(_SPACELESS)) or w[0] == HANGUL_START for w in words):
        plain = [w for w in words if not _alone(w)]
        return plain + [(a + b).replace(HANGUL_START, "") for a, b in pairwise(words) if _alone(a) and _alone(b)]
    return words


def _alone(word: str) -> bool:
    return word[0] == HANGUL_START or (len(word) == 1 and ord(word) >= _SPACELESS)


def _sketch(body: Sequence[str]) -> tuple[int, ...]:
    """The smallest shingles of the lead and of the whole: two copies share most of them whatever was cut or added."""
    if len(body) < TEXT_WORDS_MIN:
        return ()
    shingles = _few_shingles(body) if len(body) <= _FEW_WORDS else _shingles(body)
    lead = _smallest(shingles[: LEAD_WORDS - SHINGLE_WORDS + 1])
    return tuple(sorted({*lead, *_smallest(shingles)} - {0}))


def _shingles(body: Sequence[str]) -> Words32:
    """A number for each row of :data:`SHINGLE_WORDS` words."""
    numbers = np.fromiter(map(_number, body), dtype=np.uint32, count=len(body))
    length = len(body) - SHINGLE_WORDS + 1
    rolled = np.zeros(length, dtype=np.uint32)
    for at in range(SHINGLE_WORDS):
        rolled = rolled * np.uint32(_PRIME) + numbers[at : at + length]
    rolled ^= rolled >> np.uint32(15)
    rolled *= np.uint32(_MIX)
    rolled ^= rolled >> np.uint32(13)
    return rolled


def _few_shingles(body: Sequence[str]) -> list[int]:
    """The same of a summary, for which an array is not worth its while: what leaves the row is taken off again."""
    numbers = [*map(_number, body)]
    rolled = 0
    for number in numbers[: SHINGLE_WORDS - 1]:
        rolled = rolled * _PRIME + number
    found = []
    for number, gone in zip(numbers[SHINGLE_WORDS - 1 :], (0, *numbers), strict=False):
        rolled = (rolled * _PRIME + number - gone * _LEAVES) & _BITS32
        mixed = ((rolled ^ rolled >> 15) * _MIX) & _BITS32
        found.append(mixed ^ mixed >> 13)
    return found


def _smallest(shingles: Words32 | list[int]) -> list[int]:
    """The smallest that differ."""
    if isinstance(shingles, list):
        return sorted(set(shingles))[:SKETCH_EACH]
    if len(shingles) <= _SORTED_MAX:
        return sorted(set(shingles.tolist()))[:SKETCH_EACH]
    few = np.partition(shingles, _FEW)[:_FEW] if len(shingles) > _FEW else shingles
    found: list[int] = np.unique(few)[:SKETCH_EACH].tolist()
    return found if len(found) == SKETCH_EACH or few is shingles else np.unique(shingles)[:SKETCH_EACH].tolist()


def _sign(kind: str, text: str) -> int:
    digest = hashlib.blake2b(f"{kind}{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
