"""What an edit changed, in words that fit into a thread. Pure.

An edit is material where it changes what is claimed: the headline's words, a number, a name, a negation, or much of the
lead. Spelling, punctuation, bylines and paragraphs further down are not: outlets touch their pages all day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.follow.numbers import numbers, same
from bot.model import Article
from bot.stopwords import STOPWORDS
from bot.text import phrase

LEAD_WORDS = 120  # that are compared; an edit of the facts reaches them
SHOWN_MAX = 3  # changes that are shown
CONTEXT = 2  # words shown on either side of a change
LONG = 16  # words of one side that are shown
MUCH = 0.25  # of the lead's words that an edit without new numbers or names must change

_NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nobody",
        "denied",
        "denies",
        "deny",
        "without",
        "false",
        "wrong",
        "neither",
        "nor",
        "isn't",
        "wasn't",
    ]
)

_NAME = re.compile(r"(?<=[^\s.!?:;“\"] )[A-ZÀ-Þ][\w’'-]{2,}")


@dataclass(frozen=True, slots=True)
class Difference:
    """``shown`` are the changes worth showing, each ``“old words” → “new words”``."""

    material: bool
    shown: tuple[str, ...]


def difference(before: Article, after: Article) -> Difference:
    """What was changed between two versions."""
    titles = _changes(before.title, after.title)
    leads = _changes(_lead(before.text), _lead(after.text))
    changes = [*titles, *leads]
    if not changes:
        return Difference(False, ())
    material = any(_matters(old, new) for old, new, _ in changes) or _much(leads, before.text)
    if titles and not material:
        material = any(_weighty(old) != _weighty(new) for old, new, _ in titles)
    return Difference(material, tuple(shown for _, _, shown in changes)[:SHOWN_MAX])


def _changes(old: str, new: str) -> list[tuple[str, str, str]]:
    """Old words, new words, and both as shown, of each change that is more than spelling."""
    one, two = old.split(), new.split()
    plain_one, plain_two = [phrase(w) for w in one], [phrase(w) for w in two]
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, plain_one, plain_two, autojunk=False).get_opcodes():
        was, now = " ".join(one[a:b]), " ".join(two[c:d])
        if kind == "equal" or phrase(was) == phrase(now):
            continue
        begin = max(0, a - CONTEXT)
        end = min(len(one), b + CONTEXT)
        last = min(len(two), d + CONTEXT)
        shown_old = _cut(one[begin:end])
        shown_new = _cut(two[max(0, c - CONTEXT) : last])
        found.append((was, now, f"“{shown_old}” → “{shown_new}”"))
    return found


def _matters(old: str, new: str) -> bool:
    """Whether a change touches a number, a name or a negation."""
    was, now = numbers(old), numbers(new)
    if any(not any(same(n, o) for o in was) for n in now) or any(not any(same(o, n) for n in now) for o in was):
        return True
    if re.findall(r"\d+", old) != re.findall(r"\d+", new):
        return True
    words = set(phrase(old).split()) ^ set(phrase(new).split())
    if not words.isdisjoint(_NEGATIONS):
        return True
    replaced = bool(old and new)
    return _names(old, replaced) != _names(new, replaced)


def _names(text: str, replaced: bool) -> frozenset[str]:
    """Words with a capital, but for those that begin a sentence. What takes the place of something else may begin one
    and be a name all the same ("Roe said" → "Li said")."""
    return frozenset(w.lower() for w in _NAME.findall(f"x {text}" if replaced else text))


def _weighty(text: str) -> frozenset[str]:
    return frozenset(w for w in phrase(text).split() if w not in STOPWORDS and len(w) > 2)


def _much(changes: Sequence[tuple[str, str, str]], text: str) -> bool:
    replaced = sum(len(old.split()) for old, new, _ in changes if old and new)
    return replaced > MUCH * max(len(_lead(text).split()), 20)


def _lead(text: str) -> str:
    return " ".join(text.split()[:LEAD_WORDS])


def _cut(words: Sequence[str]) -> str:
    if len(words) <= LONG:
        return " ".join(words)
    return f"{' '.join(words[: LONG // 2])} … {' '.join(words[-LONG // 2 :])}"
