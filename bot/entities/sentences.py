"""Sentences and paragraphs, without a model: one pass over the places where a sentence may end.

The title is a sentence and a paragraph of its own; a blank line ends both. Time is linear in the text whatever it
holds: every expression starts at the first mark of a run only and gives nothing back.
"""

from __future__ import annotations

import re

from bot.entities.tables import english_words
from bot.text import Text

Span = tuple[int, int]
"""Half-open, in offsets of the body."""

_CLOSERS = "\"'”’»›)\\]」』】）"
_END = re.compile(
    rf"(?<![.!?…])[.!?…]++[{_CLOSERS}]*+(?=\s|\Z)"  # with white space behind: Latin, Cyrillic, Greek, Hangul ...
    rf"|(?<![。！？｡؟۔।॥။។])[。！？｡؟۔।॥။។]++[{_CLOSERS}]*+"  # these marks end a sentence wherever they stand
    r"|\n[^\S\n]*+\n\s*+"  # a blank line
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*+\n\s*+")
_SPACE = re.compile(r"\s*+")
_OPENERS = "\"'“‘«‹([„「『"

_WORD = re.compile(r"[^\s\"'“”‘’«»()\[\]]+")


def paragraphs(text: Text) -> tuple[Span, ...]:
    """The title if there is one, then what blank lines part. Empty paragraphs are left out."""
    body = text.body
    spans: list[Span] = []
    begin = 0
    if text.title:
        _append(spans, body, 0, len(text.title))
        begin = len(text.title) + 1
    for match in _PARAGRAPH.finditer(body, begin):
        _append(spans, body, begin, match.start())
        begin = match.end()
    _append(spans, body, begin, len(body))
    return tuple(spans)


def sentences(text: Text, most: int | None = None) -> tuple[Span, ...]:
    """Sentences in order, without the white space around them; together they hold every word of the body. ``most``:
    the first so many, for whoever needs no more."""
    body = text.body
    spans: list[Span] = []
    begin = 0
    if text.title:
        _append(spans, body, 0, len(text.title))
        begin = len(text.title) + 1
    for match in _END.finditer(body, begin):
        if len(spans) == most:
            return tuple(spans)
        mark = body[match.start()]
        if mark == "\n":
            _append(spans, body, begin, match.start())
        elif mark in ".!?…" and not _ends(body, match, begin):
            continue
        else:
            _append(spans, body, begin, match.end())
        begin = match.end()
    _append(spans, body, begin, len(body))
    return tuple(spans[:most])


def _append(spans: list[Span], body: str, start: int, end: int) -> None:
    while start < end and body[start].isspace():
        start += 1
    while end > start and body[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


def _ends(body: str, match: re.Match[str], begin: int) -> bool:
    """Whether the sentence that began at ``begin`` ends with this run of marks."""
    gap = _SPACE.match(body, match.end())
    after = gap.end() if gap else match.end()
    if after >= len(body):
        return True
    blank = "\n" in body[match.end() : after] and _PARAGRAPH.search(body, match.end(), after) is not None
    if blank:
        return True
    following = body[after]
    opened = following in _OPENERS
    first = body[after + 1] if opened and after + 1 < len(body) else following
    if first.islower():
        return False
    marks = match[0]
    if marks != ".":
        return True
    # One full stop, nothing closed behind it: an abbreviation?
    dot = match.start()
    start = dot
    floor = max(begin, dot - 24)  # no abbreviation is longer
    while start > floor and not body[start - 1].isspace() and body[start - 1] not in "([\"'“‘«—–-/":
        start -= 1
    word = body[start:dot]
    low = word.lower()
    if low in english_words("name"):
        return False
    if first.isdigit() and low in english_words("number"):
        return False
    initial = len(word) == 1 and word.isalpha() and word.isupper()
    if initial or low in english_words("either") or _is_acronym(word):
        next_word = _WORD.match(body, after + 1 if opened else after)
        return next_word is not None and next_word[0].lower().rstrip(".,") in english_words("starter")
    return True


def _is_acronym(word: str) -> bool:
    """``U.S``, ``J.D``: single letters with dots between."""
    return 3 <= len(word) <= 9 and word[1::2] == "." * (len(word) // 2) and word[::2].isalpha()
