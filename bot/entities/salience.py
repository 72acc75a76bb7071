"""Which countries a piece is about, as against those that it mentions in passing.

A country gets 3 points if the title names it, 2 if the lead does (the first 60 words of the text), and 1 for each
mention up to 6. Its salience is its share of the points of the country that has most: between 0 and 1. A country is a
*main* one from 0.5, if it is named in the title or the lead or at least twice. Datelines never count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.model import Mention, MentionKind
from bot.text import Text

TITLE_POINTS = 3
LEAD_POINTS = 2
COUNTED_MENTIONS = 6
LEAD_WORDS = 60
"""Words; as the rule language's ``lead`` condition."""

MAIN = 0.5
"""The cut for ``salience: main``."""


def countries_of(mentions: Sequence[Mention]) -> tuple[str, ...]:
    """The codes, most mentioned first, earlier first among equals; those in datelines only come last."""
    counts: dict[str, int] = {}
    for mention in mentions:
        counts[mention.entity] = counts.get(mention.entity, 0) + (mention.kind is not MentionKind.DATELINE)
    return tuple(sorted(counts, key=lambda code: -counts[code]))


def salience(mentions: Sequence[Mention], text: Text) -> Mapping[str, float]:
    """Country → between 0 and 1. Countries in datelines only are left out."""
    title_end = len(text.title)
    lead_end = _lead_end(text)
    counts: dict[str, int] = {}
    titled: set[str] = set()
    led: set[str] = set()
    for mention in mentions:
        if mention.kind is MentionKind.DATELINE:
            continue
        code = mention.entity
        counts[code] = counts.get(code, 0) + 1
        if mention.start < title_end:
            titled.add(code)
        elif mention.start < lead_end:
            led.add(code)
    points = {
        code: TITLE_POINTS * (code in titled) + LEAD_POINTS * (code in led) + min(count, COUNTED_MENTIONS)
        for code, count in counts.items()
    }
    most = max(points.values(), default=1)
    return {code: points[code] / most for code in sorted(points, key=lambda code: -points[code])}


def main_countries(mentions: Sequence[Mention], text: Text) -> tuple[str, ...]:
    """The countries that the piece is about, the most salient first."""
    if not mentions:
        return ()
    early = max(len(text.title), _lead_end(text))
    firm: dict[str, int] = {}
    for mention in mentions:
        if mention.kind is not MentionKind.DATELINE:
            firm[mention.entity] = firm.get(mention.entity, 0) + (2 if mention.start < early else 1)
    return tuple(code for code, share in salience(mentions, text).items() if share >= MAIN and firm[code] >= 2)


def _lead_end(text: Text) -> int:
    """The offset in the body at which the lead ends."""
    starts = text.word_starts
    last = text.title_words + LEAD_WORDS
    return text.origin(starts[last]) if last < len(starts) else len(text.body)
