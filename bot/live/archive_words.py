"""How often phrases stand in the stored articles: what lint asks before it calls a term too common."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.model import Article
from bot.text import Text

ARTICLES_MIN = 500  # fewer say less than the shipped table of common words
ARTICLES_MAX = 2_000  # the newest; a share of five in a hundred needs no more


def frequencies(articles: Iterable[Article]) -> Callable[[str], float] | None:
    """The share (0 to 1) of the articles that hold a normalised phrase; ``None`` where they are too few to tell."""
    texts = [Text(a.title, a.text).norm for a in articles]
    if len(texts) < ARTICLES_MIN:
        return None
    return lambda phrase: sum(f" {phrase} " in text for text in texts) / len(texts)
