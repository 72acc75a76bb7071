"""The few words of an article that show why a rule fired.

Pure. Offsets of evidence count in :attr:`bot.model.Article.body`; the passage is taken from its text only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.channels.text import clean_segments, graphemes
from bot.message import Segment
from bot.model import Article, Evidence, Match

PASSAGE_MAX = 320  # characters: three lines of a card, what Slack shows without "see more"
_SHORT = 100  # characters: a passage below this takes the next sentence along

# A full stop ends a sentence when white space and something other than a small letter follow, and no abbreviation
# or initial stands before; CJK stops need no space. A line break always ends one.
# Possessive and anchored by the look-behind: linear time on any text.
_STOP = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s++[^\sa-z])|[。！？]+[」』”]*|\n\s*")
_NO_STOP = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Lt|Col|Maj|Capt|Cmdr|Adm|Sgt|Sen|Rep|Gov|Pres|St|Rev|Hon|Jr|Sr|No|Nos|vs|Inc|Ltd|Co"
    r"|Corp|Jan|Feb|Aug|Sept?|Oct|Nov|Dec|a\.m|p\.m|e\.g|i\.e|approx)|\b[A-Z](?:\.[A-Z])*)\.$"
)


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of the text that speaks for a rule; ``leaf`` tells apart what it says, ``weight`` how much that is."""

    start: int
    end: int
    leaf: tuple[str, ...]
    weight: float


def passage(article: Article, matches: Sequence[Match], limit: int = PASSAGE_MAX) -> tuple[Segment, ...]:
    """The sentence or two of the text that say most about why the rules fired, their evidence strong.

    At most about ``limit`` characters; an ellipsis marks where a sentence is cut. The title is a headline already, so
    where all evidence stands in it this is the lead of the text, and nothing where there is no text.
    """
    offset = len(article.title) + 1 if article.title else 0
    text = article.text
    spans = [s for m in matches for s in _spans(m, offset, text)]
    if not spans:
        sentences = _sentences(text[: limit * 4])
        return _quote(text, *_lead(sentences, limit), limit, ()) if sentences else ()
    start, end = _best_window(_sentences(text), spans, limit)
    return _quote(text, start, end, limit, spans)


def _spans(match: Match, offset: int, text: str) -> Iterator[_Span]:
    """The evidence within the text. What a condition says counts in full; each other wording adds a little."""
    for e in match.evidence:
        start, end = e.start - offset, e.end - offset
        if 0 <= start < end <= len(text) and (words := text[start:end].lstrip()):
            start = end - len(words)
            yield _Span(start, end, (match.rule_id, e.condition), float(match.severity))
            yield _Span(start, end, ("wording", _wording(e)), 0.25)


def _wording(evidence: Evidence) -> str:
    return evidence.entity or evidence.text.casefold()


def _sentences(text: str) -> list[tuple[int, int]]:
    """Half-open spans of the sentences, without white space around."""
    found = []
    start = 0
    for stop in [*_STOP.finditer(text), None]:
        end = stop.end() if stop else len(text)
        if stop and "\n" not in stop[0] and _NO_STOP.search(text, max(start, end - 12), end):
            continue
        part = text[start:end]
        if stripped := part.strip():
            left = start + len(part) - len(part.lstrip())
            found.append((left, left + len(stripped)))
        start = end
    return found


def _lead(sentences: Sequence[tuple[int, int]], limit: int) -> tuple[int, int]:
    start, end = sentences[0]
    for _, later in sentences[1:2]:
        if later - start <= limit:
            end = later
    return start, end


def _best_window(sentences: Sequence[tuple[int, int]], spans: Sequence[_Span], limit: int) -> tuple[int, int]:
    """One sentence, or two that follow each other, whichever says most; of equals the shorter, then the earlier."""
    candidates = list(sentences)
    candidates += [(a, d) for (a, _), (_, d) in pairwise(sentences) if d - a <= limit]
    starts = sorted(spans, key=lambda s: s.start)
    best: tuple[float, int, int] | None = None
    window = (0, 0)
    for start, end in candidates:
        inside = [s for s in starts if start <= s.start < end]
        if not inside:
            continue
        if end - start > limit:
            start, end = _densest(inside, start, end, limit)
            inside = [s for s in inside if start <= s.start and s.end <= end]
        rank = (_score(inside), -(end - start), -start)
        if best is None or rank > best:
            best, window = rank, (start, end)
    start, end = window
    if end - start < _SHORT:
        end = next((d for c, d in sentences if c >= end and d - start <= limit), end)
    return start, end


def _score(spans: Iterable[_Span]) -> float:
    return sum({s.leaf: s.weight for s in spans}.values())


def _densest(spans: Sequence[_Span], start: int, end: int, limit: int) -> tuple[int, int]:
    """The ``limit`` characters of a long sentence that hold most evidence, with some of the words before it."""
    lead_in = limit // 4
    tries = {min(max(start, s.start - lead_in), max(start, end - limit)) for s in spans}
    left = max(sorted(tries), key=lambda a: _score(s for s in spans if a <= s.start and s.end <= a + limit))
    return left, min(left + limit, end)


def _quote(text: str, start: int, end: int, limit: int, spans: Sequence[_Span]) -> tuple[Segment, ...]:
    """``text[start:end]`` with the evidence strong; its ends drawn in to whole words and marked where they cut."""
    sentence_start = start == 0 or text[start - 1].isspace() or text[start - 1] in "。！？」』”"
    if not sentence_start:
        start = _next_word(text, start, min(end, min((s.start for s in spans if s.start >= start), default=end)))
    before = "" if _begins_sentence(text, start) else "…"
    cut_end = _whole(text, start, min(end, start + limit))
    after = "" if _ends_sentence(text, cut_end) else "…"
    segments = [Segment(before)]
    at = start
    for left, right in _merged(spans, start, cut_end):
        segments += [Segment(text[at:left]), Segment(text[left:right], strong=True)]
        at = right
    segments += [Segment(text[at:cut_end].rstrip(" \n\t,;:–—-") if after else text[at:cut_end]), Segment(after)]
    return clean_segments(segments)


def _begins_sentence(text: str, at: int) -> bool:
    head = text[max(0, at - 400) : at].rstrip()
    if not head:
        return True
    gap = text[max(0, at - 400) + len(head) : at]
    return "\n" in gap or bool(re.search(r"[.!?…。！？][\"'”’»)\]」』]*$", head))


def _ends_sentence(text: str, at: int) -> bool:
    rest = text[at:].lstrip(" \t")
    return not rest or rest[0] in "\r\n" or bool(re.search(r"[.!?…。！？][\"'”’»)\]」』]*$", text[max(0, at - 8) : at]))


def _next_word(text: str, at: int, before: int) -> int:
    """The first start of a word from ``at`` on that is not after ``before``; else ``before``."""
    found = re.compile(r"\s+").search(text, at, before + 1)
    return found.end() if found and found.end() <= before else before


def _whole(text: str, start: int, end: int) -> int:
    """``end``, or the end of the word before it (in one endless word: of the character before it)."""
    if end >= len(text) or text[end].isspace() or text[end - 1] in "。！？」』”":
        return end
    gap = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
    if gap > start + (end - start) // 2:
        return gap
    at = start
    for cluster in graphemes(text[start : end + 16]):
        if at + len(cluster) > end:
            break
        at += len(cluster)
    return at


def _merged(spans: Iterable[_Span], start: int, end: int) -> list[tuple[int, int]]:
    """The spans within, overlapping and touching ones as one."""
    merged: list[tuple[int, int]] = []
    for left, right in sorted(
        {(max(s.start, start), min(s.end, end)) for s in spans if s.start < end and s.end > start}
    ):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        else:
            merged.append((left, right))
    return merged
