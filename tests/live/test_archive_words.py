"""How common phrases are in the archive."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.live.archive_words import ARTICLES_MIN, frequencies
from bot.model import Article

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def article(n: int, text: str) -> Article:
    return Article(f"k{n}", "s", f"g{n}", "", "A title", text, NOW, NOW)


def test_the_share_of_articles_that_hold_a_phrase() -> None:
    texts = ["The drone flew." if n % 4 == 0 else "Drone-like." if n % 4 == 1 else "x" for n in range(ARTICLES_MIN)]
    share = frequencies(article(n, text) for n, text in enumerate(texts))
    assert share is not None
    assert (share("drone"), share("drone flew"), share("ron"), share("a title")) == (0.5, 0.25, 0.0, 1.0)


def test_few_articles_say_nothing() -> None:
    assert frequencies(article(n, "x") for n in range(ARTICLES_MIN - 1)) is None
