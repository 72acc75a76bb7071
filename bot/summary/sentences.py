"""The sentences of an article that a summary could quote, and the words they weigh by. Pure.

Sentences are taken whole and as written; only what is no part of them (a dateline, a byline, the headline repeated at
the top, white space) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.entities.sentences import sentences
from bot.model import Article
from bot.stopwords import STOPWORDS
from bot.story.stem import stem
from bot.summary.weights import OPENING_COST, QUESTION_COST, QUOTE_COST, SENTENCES_READ, SIZE_MAX, SIZE_MIN
from bot.text import Text, phrase

TEXT_MAX = 6_000  # characters that are read: far behind the tenth sentence
ARTICLES_KEPT = 256  # of which what can be quoted is remembered, some 15 kB each: the same stories lead for days

# "PARIS, June 19 (Reuters) - ", "SEOUL (AP) — ": capitals or an agency, then a dash.
_DATELINE = re.compile(
    r"\A(?:[A-ZÀ-Þ][A-ZÀ-Þ.'’ /-]{2,40}(?:, ?[A-Z][\w.]{1,20}){0,2}(?:,? ?[A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?)?"
    r"(?: ?\([^()\n]{2,40}\))?|[A-Z][\w .,'’-]{2,50} ?\((?:Reuters|AP|AFP|UPI|dpa|Xinhua|TASS|ANSA|Kyodo|Yonhap)\))"
    r" ?[-–—]{1,2} +"
)
_BYLINE = re.compile(
    r"\A(?:By|Von|Par) [A-ZÀ-Þ][\w.'’-]+(?: [A-ZÀ-Þ][\w.'’-]+){1,3}(?:,? (?:and|und|et) [^\n]{3,40})?\Z"
)
_FURNITURE = re.compile(
    r"\b(?:click here|read more|sign up|subscribe|newsletter|follow us|all rights reserved|copyright|cookies?|"
    r"advertisement|getty images|file photo|photo(?:graph)? by|image credit|this (?:story|article) (?:was|has been)|"
    r"(?:reporting|editing|writing|additional reporting) by|download the app|share this|more to come|"
    r"continue reading|the post .{3,120} appeared first|contact us|terms of use|breaking news alerts)\b",
    re.IGNORECASE,
)
_CUT = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\s*\Z")  # a feed's summary that stops in the middle
_CLOSED = re.compile(r"[.!?。！？۔।][\"'”’»)\]]*\Z")
_LEANS = re.compile(
    r"(?:[\"“‘«„]?)(?:he|she|it|they|this|that|these|those|his|her|their|its|but|and|so|also|however|meanwhile|instead|"
    r"still|yet|then|there|such|both|another|others|what|here|we|i|our|my|you)\b",
    re.IGNORECASE,
)
_SPACELESS = "\u2e80"  # from here on: Han, Kana, Hangul
_NAME = re.compile(r"(?<=[\w,;’'”“\"(] )[A-ZÀ-Þ][\w’'-]+|\b\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """``terms`` are the stems of the words that mean something, ``names`` those of them that are names or numbers;
    ``place`` counts from 0 in its article; ``size`` is in characters of a script that sets spaces; ``cost`` is the part
    of its worth (0 to 1) that it loses because it does not stand alone."""

    text: str
    article: Article
    place: int
    size: int
    terms: frozenset[str]
    names: frozenset[str]
    cost: float = 0.0


def stems(words: str) -> tuple[str, ...]:
    """The stems of the words that mean something, in order."""
    return _stems(phrase(words))


def _stems(plain: str) -> tuple[str, ...]:
    return tuple([term for word in plain.split() if (term := _stem(word))])


@lru_cache(1 << 15)  # the words of some hundred articles are mostly the same
def _stem(word: str) -> str:
    """Nothing of a word that means nothing."""
    return "" if len(word) < 2 or word in STOPWORDS else stem(word)


@lru_cache(ARTICLES_KEPT)
def quotable(article: Article) -> tuple[Sentence, ...]:
    """The first sentences of an article that can stand in a summary, in order."""
    found: list[Sentence] = []
    heading = phrase(article.title)
    for place, words in enumerate(_written(article.text[:TEXT_MAX], 2 * SENTENCES_READ)):
        if len(found) == SENTENCES_READ:
            break
        size = _size(words)
        if not SIZE_MIN <= size <= SIZE_MAX or _CUT.search(words) or not _CLOSED.search(words) or not _balanced(words):
            continue
        if _FURNITURE.search(words) or (plain := phrase(words)) == heading:
            continue
        found.append(_sentence(words, plain, article, place, size))
    return tuple(found)


def opening(article: Article) -> Sentence | None:
    """The headline as a sentence, for an article that has nothing else to quote."""
    words = " ".join(article.title.split())
    return _sentence(words, phrase(words), article, 0, _size(words)) if words else None


def _sentence(words: str, plain: str, article: Article, place: int, size: int) -> Sentence:
    """``plain`` are the words as :func:`bot.text.phrase` has them."""
    terms = frozenset(_stems(plain))
    names = frozenset(stem(w) for name in _NAME.findall(words) for w in phrase(name).split()) & terms
    cost = 0.0
    if _LEANS.match(words):
        cost += OPENING_COST
    if words.rstrip("\"'”’").endswith("?"):
        cost += QUESTION_COST
    if words[0] in '"“‘«„':
        cost += QUOTE_COST
    return Sentence(words, article, place, size, terms, names, min(cost, 0.9))


def _written(text: str, most: int) -> Iterator[str]:
    lines = (line.strip() for line in text.splitlines())
    kept = [line for line in lines if line and not _BYLINE.match(line)]
    if not kept:
        return
    kept[0] = _DATELINE.sub("", kept[0])
    body = "\n\n".join(kept)
    for start, end in sentences(Text("", body), most):
        yield " ".join(body[start:end].split())


def _size(words: str) -> int:
    """Characters; one of a script without spaces says as much as three."""
    return len(words) if words.isascii() else sum(3 if ch >= _SPACELESS else 1 for ch in words)


def _balanced(words: str) -> bool:
    """No half of a quotation or of a bracket."""
    return words.count('"') % 2 == 0 and all(words.count(a) == words.count(b) for a, b in ("“”", "()", "[]", "«»"))
