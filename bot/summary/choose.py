"""Which sentences tell a story, and which headline stands above them. Pure.

A story is about the words that its outlets share: each word weighs by how rare it is in the news, times the part of the
outlets that use it, headlines more than texts. A sentence is worth the words that it brings, for its length, its place
and how well it stands alone; words that the headline, the sentences before it and the stories above have said already
count less (maximal marginal relevance). The numbers stand in :mod:`bot.summary.weights`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt

from bot.model import Article
from bot.stopwords import PRIOR
from bot.summary import weights
from bot.summary.sentences import ARTICLES_KEPT, Sentence, opening, quotable, stems

Idf = Callable[[str], float]
"""Stem → how rare it is: 0 for what stands in every article."""

_PRIOR_ARTICLES = 50  # the weight of the shares that are shipped, as in bot.story.thresholds


def rarity(documents: Iterable[Article]) -> Idf:
    """How rare words are among these articles, with the shipped shares as if 50 more had been read."""
    counts: Counter[str] = Counter()
    number = _PRIOR_ARTICLES
    for article in documents:
        counts.update(_words(article))
        number += 1
    prior = _prior()

    def idf(term: str) -> float:
        return max(0.0, log((number + 1) / (counts[term] + prior.get(term, 0.0) * _PRIOR_ARTICLES + 0.5)))

    return idf


@lru_cache(ARTICLES_KEPT)
def _words(article: Article) -> frozenset[str]:
    return frozenset((*stems(article.title), *stems(article.text[: weights.RARITY_TEXT])))


@lru_cache(maxsize=1)
def _prior() -> Mapping[str, float]:
    found: dict[str, float] = {}
    for word, share in PRIOR.items():
        for term in stems(word):
            found[term] = max(found.get(term, 0.0), share)
    return found


@dataclass(frozen=True, slots=True)
class Bundle:
    """A story's documents made ready. ``about`` says what the story is about: stem → its part of the whole, the sum
    being 1; ``sentences`` what can be quoted, document by document."""

    documents: tuple[Article, ...]
    about: Mapping[str, float]
    sentences: tuple[Sentence, ...]


def bundle(documents: Sequence[Article], idf: Idf) -> Bundle:
    """``documents`` in the order in which they came."""
    quoted = [quotable(article) for article in documents]
    headings = [frozenset(stems(article.title)) for article in documents]
    shares: dict[str, float] = defaultdict(float)
    names: set[str] = set()
    for heading, sentences in zip(headings, quoted, strict=True):
        for term in heading:
            shares[term] += weights.TITLE_WEIGHT
        for term in frozenset(term for sentence in sentences for term in sentence.terms):
            shares[term] += 1.0
        names.update(term for sentence in sentences for term in sentence.names)
    plain = {t: share * idf(t) * (weights.NAME_WEIGHT if t in names else 1.0) for t, share in shares.items()}
    about = _parts(plain)
    for heading in headings:
        # Each outlet's headline has the same say, however many words it has.
        for term, part in _parts({term: plain[term] for term in heading}).items():
            about[term] += weights.HEADLINES * part / len(headings)
    return Bundle(tuple(documents), _parts(about), tuple(s for sentences in quoted for s in sentences))


def _parts(weighed: Mapping[str, float]) -> dict[str, float]:
    whole = sum(weighed.values()) or 1.0
    return {term: weight / whole for term, weight in weighed.items()}


def headline(story: Bundle, among: Sequence[Article]) -> Article:
    """The article whose headline says most of what the story is about; the earlier one among equals."""

    def worth(article: Article) -> float:
        terms = frozenset(stems(article.title))
        return sum(story.about.get(term, 0.0) for term in terms) / sqrt(len(terms) + 4)

    return max(among, key=worth)


def choose(story: Bundle, lead: Article, said: Iterable[Sentence] = ()) -> tuple[Sentence, ...]:
    """At most two sentences, the weightiest first. ``said`` are those of the stories above."""
    above = tuple(sentence.terms for sentence in said)
    candidates = story.sentences or tuple(
        one for a in story.documents if a.key != lead.key and (one := opening(a)) is not None
    )
    chosen: list[Sentence] = []
    told: frozenset[str] = frozenset()
    least = 0.0
    while len(chosen) < weights.SENTENCES_MAX:
        value, best = max(
            ((_worth(one, story.about, told, above), -n) for n, one in enumerate(candidates)), default=(0.0, 0)
        )
        if value <= least:
            break
        least = value * weights.SECOND_MIN
        chosen.append(candidates[-best])
        told |= chosen[-1].terms
    return tuple(chosen)


def _worth(
    sentence: Sentence, about: Mapping[str, float], told: frozenset[str], above: Sequence[frozenset[str]]
) -> float:
    if not sentence.terms:
        return 0.0
    fresh = sum(about.get(term, 0.0) for term in sentence.terms - told)
    again = 1 - fresh / (sum(about.get(term, 0.0) for term in sentence.terms) or 1.0) if told else 0.0
    before = max((len(sentence.terms & other) for other in above), default=0) / len(sentence.terms)
    if again > weights.OVERLAP_MAX or before > weights.OVERLAP_MAX:
        return 0.0
    value: float = (
        fresh
        * (1 - weights.STORY_OVERLAP * again)
        * (1 - weights.SUMMARY_OVERLAP * before)
        * (1 - sentence.cost)
        / (1 + weights.LEAD_DECAY * sentence.place)
        / sentence.size**weights.LENGTH_POWER
    )
    return value
