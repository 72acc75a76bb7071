"""How common words are in the news, roughly: a table graded by hand, for rules that would fire all day.

``data/common_words.tsv`` gives words in their base form by the share of news articles that they are found in. The
shares are guesses of one significant digit; what they are used for needs no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bot.rules.model import Term, TermKind


@cache
def shares() -> Mapping[str, float]:
    """Word → the share of news articles (0 to 1) with any form of it."""
    table: dict[str, float] = {}
    for line in (files("bot.rules") / "data" / "common_words.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            share, words = line.split("\t")
            table.update(dict.fromkeys(words.split(), float(share)))
    return table


def share(term: Term, texts: tuple[str, ...]) -> float:
    """The share of articles that a term of one word is found in by the table. Longer phrases, expressions and
    case-sensitive terms count as rare: 0. ``texts`` are the term's forms, in lower case."""
    table = shares()
    if term.kind in (TermKind.REGEX, TermKind.CASED):
        return 0.0
    if term.kind is TermKind.PREFIX:
        beginning = term.text.casefold()
        return max((known for word, known in table.items() if word.startswith(beginning)), default=0.0)
    return max((table.get(text.strip(), 0.0) for text in texts), default=0.0)
