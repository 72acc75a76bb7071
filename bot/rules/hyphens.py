"""Hyphenated words written as one: ``cease-fire`` in a text is also ``ceasefire``.

In ``norm`` a hyphen is a space, so the automaton has seen ``cease fire``. Here the neighbourhood of each compound that
some pattern knows as one word is scanned once more with the compound joined, and so with any further compound near it,
in every combination.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from bot.rules.compile import Joinable
from bot.scan import Hit, Scanner
from bot.text import JOINING_HYPHENS, Text, phrase

Span = tuple[int, int]
"""Half-open, in offsets of the body."""

PARTS_MAX = 6  # of a compound; longer ones are not words
LINES_MAX = 32  # ways to read what follows a joined compound: five more of them in a row, each joined or not
JOINED_MAX = 2_000  # compounds of one text that are read in all these ways; a text of 50 MB may hold millions

_COMPOUND = re.compile(rf"(?<![^\W_])[^\W_]{{1,40}}(?:[{JOINING_HYPHENS}][^\W_]{{1,40}})+")
_PART = re.compile(r"[^\W_]+")


def joined_hits(text: Text, scanner: Scanner, joinable: Joinable) -> list[Hit]:
    """The hits in which at least one compound is joined; unlike those of the scanner their spans are of the body."""
    body = text.body
    if "-" not in body and "‐" not in body and "‑" not in body:
        return []
    edges = _edges(text, joinable)
    if not edges:
        return []
    found: list[Hit] = []
    joined = 0
    for first in sorted(edges):
        for word, after in edges[first]:
            joined += 1
            further = edges if joined <= JOINED_MAX else {}  # beyond, each is joined by itself
            found.extend(_hits(text, scanner, further, first, word, after, joinable.longest))
    return found


def _edges(text: Text, joinable: Joinable) -> dict[int, list[tuple[str, int]]]:
    """By the number of its first word: what a compound is when joined, and the number of the word behind it."""
    edges: dict[int, list[tuple[str, int]]] = {}
    body = text.body
    for compound in _COMPOUND.finditer(body):
        parts = [m.span() for m in _PART.finditer(body, *compound.span())]
        for i in range(len(parts) - 1):
            for j in range(i + 1, min(i + PARTS_MAX, len(parts))):
                written = "".join([body[s:e] for s, e in parts[i : j + 1]])
                joined = written.lower() if written.isascii() else phrase(written)
                if not joinable.knows(joined, parts[j][1] - parts[j][0]):
                    continue
                first, last = text.words_in(parts[i][0], parts[j][1])
                # Part of a longer word ("don't-know"), or letters that are words of their own: nothing to join.
                if last - first != j - i or text.word_span(first)[0] != parts[i][0]:
                    continue
                words = [text.word(k) for k in range(first, last + 1)]
                if joinable.knows("".join(words), len(words[-1])):
                    edges.setdefault(first, []).append(("".join(words), last + 1))
    return edges


def _hits(
    text: Text,
    scanner: Scanner,
    edges: dict[int, list[tuple[str, int]]],
    first: int,
    word: str,
    after: int,
    longest: int,
) -> Iterator[Hit]:
    """The hits in which the compound from word ``first`` up to word ``after`` is the leftmost that is joined."""
    begin = max(first - longest + 1, 0)
    head = _split(text, begin, first)
    middle = len(head)
    seen: set[Hit] = set()
    for tail in _readings(text, edges, after, longest - 1):
        line = [*head, (word, first, after), *tail]
        norm, starts = _line(text, line)
        for number, s, e in scanner.scan(norm):
            one = bisect_left(starts, s)
            last = bisect_left(starts, e) - 1
            if one <= middle <= last:
                hit = (number, text.word_span(line[one][1])[0], text.word_span(line[last][2] - 1)[1])
                if hit not in seen:
                    seen.add(hit)
                    yield hit


Word = tuple[str, int, int]
"""As it is read, the number of its first word in the text, and of the word behind it."""


def _split(text: Text, begin: int, end: int) -> list[Word]:
    return [(text.word(i), i, i + 1) for i in range(begin, end)]


def _readings(text: Text, edges: dict[int, list[tuple[str, int]]], begin: int, words: int) -> Iterator[list[Word]]:
    """Every way to read the next ``words`` words, ``LINES_MAX`` at most; the first joins nothing."""
    count = len(text.word_starts)
    waiting: list[tuple[list[Word], int]] = [([], begin)]
    given = 0
    while waiting and given < LINES_MAX:
        line, at = waiting.pop()
        while len(line) < words and at < count:
            for joined, after in edges.get(at, ()):
                waiting.insert(0, ([*line, (joined, at, after)], after))
            line = [*line, (text.word(at), at, at + 1)]
            at += 1
        given += 1
        yield line


def _line(text: Text, line: list[Word]) -> tuple[str, list[int]]:
    """The words as they would stand in ``norm``, breaks between them kept, and where each begins there."""
    norm = " "
    starts: list[int] = []
    for k, (word, first, _) in enumerate(line):
        if k:
            norm += " " * (text.word_starts[first] - _end(text, line[k - 1][2] - 1))
        starts.append(len(norm))
        norm += word
    return norm + " ", starts


def _end(text: Text, number: int) -> int:
    """Where a word ends in ``norm``."""
    return text.word_starts[number] + len(text.word(number))
