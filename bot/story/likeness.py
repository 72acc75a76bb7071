"""How much an article is like those that came before: words weighed by how rare they are now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from bot.story.features import Features
from bot.story.index import Index, Rows
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
    """The heaviest words of an article, by number. ``inside`` is how much each matters in the article, ``weight`` that
    times its rarity; ``norm`` makes cosines of products."""

    terms: npt.NDArray[np.uint32]
    inside: Floats
    idf: Floats
    weight: Floats
    norm: float
    all_terms: npt.NDArray[np.uint32]


def profile(found: Features, weights: Weights) -> Profile:
    """What an article is compared by, with the words of the article itself counted."""
    count = len(found.terms)
    terms = np.fromiter(found.terms.keys(), dtype=np.uint32, count=count)
    inside = np.fromiter(found.terms.values(), dtype=np.float32, count=count)
    idf = weights.idf(terms, extra=1)
    weight = inside * idf
    kept = np.lexsort((terms, -weight))[:TERMS]
    kept = kept[np.argsort(terms[kept])]
    norm = float(np.sqrt(np.square(weight[kept]).sum()))
    return Profile(terms[kept], inside[kept], idf[kept], weight[kept], norm, terms)


def candidates(one: Profile, index: Index) -> list[int]:
    """Rows worth comparing: those that share most of what is rare."""
    order = np.lexsort((one.terms, -one.idf))
    worth = one.weight * one.idf
    rows, value = index.having(one.terms[order].tolist(), worth[order].tolist())
    if len(rows) > NEAREST:
        rows = rows[np.lexsort((-rows, -value))[:NEAREST]]
    found: list[int] = rows.tolist()
    return found


def likeness(one: Profile, rows: Sequence[int], index: Index, weights: Weights, told: float) -> tuple[Floats, Floats]:
    """The cosine with each row, less for the time between their publication, ``told`` being that of the article; and
    how many words they share."""
    at: Rows = np.array(rows, dtype=np.int64)
    if not len(at) or not one.norm:
        nothing = np.zeros(len(at), dtype=np.float32)
        return nothing, nothing
    terms, inside = index.vectors(at)
    weight = inside * weights.idf(terms)
    position = np.searchsorted(one.terms, terms)
    position[position == len(one.terms)] = 0
    same = (one.terms[position] == terms) & (inside > 0)
    # The rarity of a shared word is that of the profile, which counts the article itself.
    weight = np.where(same, inside * one.idf[position], weight)
    dot = (weight * one.weight[position] * same).sum(axis=1)
    norm = np.sqrt(np.square(weight).sum(axis=1))
    cosine = dot / np.maximum(norm * one.norm, 1e-9)
    days = np.abs(told - np.frombuffer(index.told, dtype=np.float64)[at]) / _DAY
    aged: Floats = (cosine * np.maximum(0.0, 1 - AGE_PER_DAY * days)).astype(np.float32)
    return aged, same.sum(axis=1).astype(np.float32)


@cache
def threshold(words: int) -> float:
    """The likeness from which two articles tell one story; ``words`` are the different ones of the shorter."""
    return float(np.interp(words, [at for at, _ in LIKE], [like for _, like in LIKE]))


def besides(one: Profile, row: int, index: Index, where: Collection[int]) -> float:
    """Which part of the likeness of an article and a row rests on other words than these, from 0 to 1."""
    terms, inside = index.vectors(np.array([row], dtype=np.int64))
    position = np.searchsorted(one.terms, terms[0])
    position[position == len(one.terms)] = 0
    same = (one.terms[position] == terms[0]) & (inside[0] > 0)
    weight = inside[0] * one.idf[position] * one.weight[position] * same
    other = np.fromiter((term not in where for term in terms[0].tolist()), dtype=bool, count=len(terms[0]))
    whole = float(weight.sum())
    return float((weight * other).sum()) / whole if whole else 0.0


def shared(one: Profile, row: int, index: Index, limit: int) -> list[int]:
    """The words that weigh most of those an article shares with a row."""
    terms, inside = index.vectors(np.array([row], dtype=np.int64))
    other = dict(zip(terms[0].tolist(), inside[0].tolist(), strict=True))
    weight = dict(zip(one.terms.tolist(), (one.weight * one.idf).tolist(), strict=True))
    common = [term for term in weight if other.get(term, 0.0) > 0]
    return sorted(common, key=lambda term: (-weight[term] * other[term], term))[:limit]
