"""What is new in an answer, in few lines: what begins with the same words stands behind them once. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.text import clean

_TOGETHER = {"New number": "New numbers", "New name": "New names", "New": "New"}
"""How :mod:`bot.follow.novelty` begins its sentences, and what stands before several of a kind."""


def news_lines(news: Sequence[str]) -> list[str]:
    """``New number: 7 dead``, ``New number: 40 hurt`` → ``New numbers: 7 dead; 40 hurt``; other sentences as they are.
    In the order in which they come first; empty ones are left out."""
    found: dict[str, list[str]] = {}
    for sentence in filter(None, map(clean, news)):
        kind, colon, rest = sentence.partition(": ")
        if colon and kind in _TOGETHER:
            found.setdefault(kind, []).append(rest)
        else:
            found[sentence] = []
    return [_line(begin, rest) for begin, rest in found.items()]


def _line(begin: str, rest: Sequence[str]) -> str:
    if not rest:
        return begin
    return f"{begin if len(rest) == 1 else _TOGETHER[begin]}: {'; '.join(rest)}"
