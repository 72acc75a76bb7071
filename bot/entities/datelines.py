"""Where a piece was written: ``PARIS, June 19 (Reuters) -``, ``SEOUL (AP) —``, ``BEIRUT, Lebanon —``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.entities.evidence import Found
from bot.text import Text

_WINDOW = 300  # characters of the text in which a dateline begins; a byline or a repeated title may stand before it

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]*\.?"
_DATE = rf"(?:,?\s(?:{_MONTH}\s\d{{1,2}}|\d{{1,2}}\s{_MONTH}|{_MONTH})(?:,?\s\d{{4}})?)?"
_AGENCY = r"(?:\s?\([^()\n]{2,40}\))"
_DASH = r"\s?(?:--?|–|—|:)\s"
_SHOUTED = (
    r"[A-ZÀ-Þ][A-ZÀ-Þ.'’-]+(?:[ /][A-ZÀ-Þ][A-ZÀ-Þ.'’-]*){0,3}(?:,\s[A-ZÀ-Þ][\w.'’]*(?:\s[A-ZÀ-Þ][\w.'’]*){0,2}){0,2}"
)
_SPOKEN = r"[A-ZÀ-Þ][\w.'’-]+(?:[ /][A-ZÀ-Þ][\w.'’-]+){0,2}(?:,\s[A-ZÀ-Þ][\w.'’]*(?:\s[A-ZÀ-Þ][\w.'’]*){0,2})?"
_BEGIN = r"(?:(?<=[.!?:)\]”\"’'*]\s)|(?<=\s\s)|(?<=\n)|(?<=\A))"

# Capitals, or an agency in brackets, or at the very beginning with a long dash: each alone tells a dateline.
_DATELINE = re.compile(
    rf"(?:{_BEGIN}(?P<a>{_SHOUTED}){_DATE}{_AGENCY}?{_DASH})|(?:{_BEGIN}(?P<b>{_SPOKEN}){_DATE}{_AGENCY}{_DASH})"
)
_PLAIN = re.compile(rf"\s*(?P<place>{_SPOKEN}){_DATE}\s?(?:--|–|—)\s")


def dateline_span(text: Text, found: Sequence[Found]) -> tuple[int, int] | None:
    """The span of the places of the dateline, or ``None``. Looks only if a name stands near the beginning."""
    begin = len(text.title) + 1 if text.title else 0
    stop = begin + _WINDOW
    near = False
    for one in found:
        if one.start >= begin:
            near = one.start < stop
            break
    if not near:
        return None
    body = text.body
    match = _PLAIN.match(body, begin, stop)
    if match:
        return match.span("place")
    for one in found:
        if one.start >= stop:
            break
        if one.start >= begin:
            match = _DATELINE.match(body, one.start, stop + 100)
            if match:
                return match.span("a" if match["a"] else "b")
    return None
