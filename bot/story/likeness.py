"""How much an article is like those that came before: words weighed by how rare they are now. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from bot.story.chains import Rows
from bot.story.features import Features
from bot.story.index import Index
from bot.story.thresholds import (
    AGE_PER_DAY,
    LIKE,
    NEAREST,
    TERMS,
)
from bot.story.weights import Weights

_DAY = 86_400.0  # seconds
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Profile:
    """The heaviest words of an article, ascending by number. ``coarse`` is how much each matters in the article, as it
    is remembered, ``weight`` the same exactly times its rarity."""

    terms: npt.NDArray[np.uint32]
    coarse: bytes
    idf: Floats
    weight: Floats
    all_terms: npt.NDArray[np.uint32]


def profile(found: Features, weights: Weights) -> Profile:
    """What an article is compared by, with the words of the article itself counted."""
    words = terms = np.frombuffer(found.terms, dtype=np.uint32)
    inside = np.frombuffer(found.inside, dtype=np.float32)
    coarse = found.coarse
    idf = weights.idf(terms, extra=1)
    weight = inside * idf
    if len(terms) > TERMS:
        kept = (-weight).argsort(kind="stable")[:TERMS]
        kept.sort()
        terms, idf, weight = terms.take(kept), idf.take(kept), weight.take(kept)
        coarse = np.frombuffer(coarse, dtype=np.uint8).take(kept).tobytes()
    return Profile(terms, coarse, idf, weight, words)


def candidates(one: Profile, index: Index) -> list[int]:
    """Rows worth comparing: those that share most of what is rare, the latest of equals."""
    order = (-one.idf).argsort(kind="stable")
    rows = index.terms.having(one.terms.take(order).tolist(), (one.weight * one.idf).take(order).tolist())
    if len(rows) <= NEAREST:
        return list(rows)
    least = sorted(rows.values(), reverse=True)[NEAREST - 1]
    above = [row for row, worth in rows.items() if worth > least]
    level = sorted((row for row, worth in rows.items() if worth == least), reverse=True)
    return above + level[: NEAREST - len(above)]


def in_common(one: Profile, rows: Sequence[int], index: Index) -> list[int]:
    """How many words an article shares with each row. Most of what is worth comparing fails here, at a fraction of
    the cost of :func:`likeness`."""
    _, same = _shared(one, index.words(np.array(rows, dtype=np.int64)))
    counts: list[int] = np.add.reduce(same.view(np.uint8), axis=1, dtype=np.uint8).tolist()
    return counts


def likeness(one: Profile, rows: Sequence[int], index: Index, weights: Weights, told: float) -> list[float]:
    """The cosine with each row, less for the time between their publication, ``told`` being that of the article. In
    steps of 32 bits."""
    own = float(np.sqrt(np.add.reduce(one.weight * one.weight)))
    if not rows or not own:
        return [0.0] * len(rows)
    terms, inside = index.vectors(np.array(rows, dtype=np.int64))
    position, same = _shared(one, terms)
    # The rarity of a shared word is that of the profile, which counts the article itself.
    weight = inside * np.where(same, one.idf.take(position, mode="clip"), weights.idf(terms))
    dot = np.add.reduce(weight * one.weight.take(position, mode="clip") * same, axis=1)
    norm = np.sqrt(np.add.reduce(weight * weight, axis=1))
    cosine = (dot / np.maximum(norm * own, 1e-9)).tolist()
    late = index.told
    days = (abs(told - late[row]) / _DAY for row in rows)
    return array("f", (each * max(0.0, 1 - AGE_PER_DAY * age) for each, age in zip(cosine, days, strict=True))).tolist()


def _shared(one: Profile, terms: npt.NDArray[np.uint32]) -> tuple[Rows, npt.NDArray[np.bool_]]:
    """Where in the profile the words of rows are, as far as they are there: one past its end is clipped by whoever
    looks. 0, which fills rows up, is no word."""
    position = one.terms.searchsorted(terms)
    return position, one.terms.take(position, mode="clip") == terms


@cache
def threshold(words: int) -> float:
    """The likeness from which two articles tell one story; ``words`` are the different ones of the shorter."""
    return float(np.interp(words, [at for at, _ in LIKE], [like for _, like in LIKE]))


def besides(one: Profile, row: int, index: Index, where: Collection[int]) -> float:
    """Which part of the likeness of an article and a row rests on other words than these, from 0 to 1."""
    terms, inside = index.vectors(np.array([row], dtype=np.int64))
    position, same = _shared(one, terms[0])
    weight = inside[0] * one.idf.take(position, mode="clip") * one.weight.take(position, mode="clip") * same
    other = np.fromiter((term not in where for term in terms[0].tolist()), dtype=bool, count=len(terms[0]))
    whole = float(weight.sum())
    return float((weight * other).sum()) / whole if whole else 0.0


def shared(one: Profile, row: int, index: Index, limit: int) -> list[int]:
    """The words that weigh most of those an article shares with a row."""
    terms, inside = index.vectors(np.array([row], dtype=np.int64))
    other = dict(zip(terms[0].tolist(), inside[0].tolist(), strict=True))
    weight = zip(one.terms.tolist(), (one.weight * one.idf).tolist(), strict=True)
    common = {term: each * other[term] for term, each in weight if term in other}
    return sorted(common, key=lambda term: (-common[term], term))[:limit]
