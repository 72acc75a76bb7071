"""What the rule language means, written down as plainly as possible: slow, and sharing no code with the engine.

It reads the rule as Python data (what the YAML holds), cuts texts letter by letter, and tries every combination of
spans. Sentences and paragraphs are handed in; countries are plain names.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from typing import Any

Span = tuple[int, int]
Found = tuple[int, int, str, str]
"""Start, end, condition as written, entity."""
Marked = tuple[int, int, frozenset[Found]]

APOSTROPHES = "'’‘"
QUOTES = '"“”«»'
HYPHENS = "-‐–"
JOINING = "-‐"
ELIDED = ("c", "d", "j", "l", "m", "n", "s", "t", "qu", "dell")
INVISIBLE = "\u00ad"


def fold(ch: str) -> str:
    """Lower case without accents."""
    low = ch.lower()
    base = unicodedata.normalize("NFD", low)[0]
    return base if unicodedata.name(base, "").startswith(("LATIN", "GREEK")) else low


@dataclass(frozen=True)
class Token:
    """A word of a text: folded, as typed, its span, and what stands between it and the next."""

    word: str
    typed: str
    start: int
    end: int
    gap: str = ""

    @property
    def runs_on(self) -> bool:
        """Whether a phrase may go on across the gap."""
        seen = [c for c in self.gap if c not in QUOTES + APOSTROPHES + INVISIBLE]
        if all(c.isspace() or c == "\u200b" for c in seen):
            return seen.count("\n") < 2
        return len(seen) == 1 and seen[0] not in "—…"

    @property
    def hyphened(self) -> bool:
        return len(self.gap) == 1 and self.gap in JOINING


def tokens(text: str, offset: int = 0) -> list[Token]:
    """The words of a text, one letter after the other."""
    found: list[Token] = []
    i = 0
    gap_from = 0

    def char(at: int) -> str:
        return text[at] if 0 <= at < len(text) else " "

    def ends(at: int) -> bool:
        """Whether a word is over here, but for quotation marks."""
        while char(at) in APOSTROPHES:
            at += 1
        return not char(at).isalnum()

    def add(letters: list[int]) -> None:
        nonlocal gap_from
        if found:
            last = found.pop()
            found.append(Token(last.word, last.typed, last.start, last.end, text[gap_from : letters[0]]))
        word = "".join(fold(text[k]) for k in letters)
        typed = "".join(text[k] for k in letters)
        found.append(Token(word, typed, letters[0] + offset, letters[-1] + 1 + offset))
        gap_from = letters[-1] + 1

    while i < len(text):
        if not char(i).isalnum():
            i += 1
            continue
        acronym = [i]
        while char(acronym[-1]).isalpha() and char(acronym[-1] + 1) == "." and char(acronym[-1] + 2).isalpha():
            acronym.append(acronym[-1] + 2)
        while len(acronym) > 1 and char(acronym[-1] + 1).isalnum():
            acronym.pop()  # the letter begins a longer word
        if len(acronym) > 1:
            add(acronym)
            i = acronym[-1] + 1
            if char(i) == "." and not char(i + 1).isalnum():
                i += 1
                gap_from = i
            if char(i) in APOSTROPHES and char(i + 1) in "sS" and not char(i + 2).isalnum():
                gap_from = i = i + 2
            continue
        letters = [i]
        i += 1
        while True:
            if char(i).isalnum():
                letters.append(i)
            elif char(i) in INVISIBLE and char(i + 1).isalnum():
                pass
            elif char(i) in APOSTROPHES and char(i + 1).isalnum():
                word = "".join(fold(text[k]) for k in letters)
                if char(i + 1) in "sS" and ends(i + 2):
                    break
                if word in ELIDED and char(i + 1).isalpha() and char(i + 2).isalpha():
                    break
                letters.append(i)
            else:
                break
            i += 1
        add(letters)
        if char(i) in APOSTROPHES:
            if char(i + 1).isalnum() and not (char(i + 1) in "sS" and ends(i + 2)):
                gap_from = i = i + 1
                # An elision parts two words as a space does.
                last = found.pop()
                found.append(Token(last.word, last.typed, last.start, last.end, " "))
                elided = found[-1]
                rest = tokens(text[i:], offset + i)
                return [*found[:-1], Token(elided.word, elided.typed, elided.start, elided.end, " "), *rest]
            if char(i + 1) in "sS" and not char(i + 2).isalnum():
                gap_from = i = i + 2
    return found


@dataclass
class Reference:
    """One article. ``forms`` gives the forms of a word as typed; ``countries`` the code of each name."""

    title: str
    text: str
    sentences: Sequence[Span]
    paragraphs: Sequence[Span]
    forms: Callable[[str], tuple[str, ...]]
    countries: Mapping[str, str]
    defines: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.text_start = len(self.title) + 1 if self.title else 0
        self.parts = [tokens(self.title), tokens(self.text, self.text_start)]
        self.words = [*self.parts[0], *self.parts[1]]
        lead = self.parts[1][:60]
        self.lead = (self.text_start, lead[-1].end if lead else self.text_start)

    # -- terms -----------------------------------------------------------------------------------------------------
    def phrase(self, text: str, inflect: bool, prefix: bool = False) -> set[Span]:
        """Where a phrase stands, its hyphens and those of the text read in every way."""
        cuts = [i for i, c in enumerate(text) if c in JOINING]
        found: set[Span] = set()
        for joints in product((" ", ""), repeat=len(cuts)):
            spelled = "".join(joints[cuts.index(i)] if i in cuts else c for i, c in enumerate(text))
            wanted = [
                [w.lower() for w in self.forms(t.typed)] if inflect and t.typed == t.word else [t.word]
                for t in tokens(spelled)
            ]
            for part in self.parts:
                for at in range(len(part)):
                    found.update((part[at].start, end) for end in self._run(part, at, wanted, prefix))
        return found

    def _run(self, part: list[Token], at: int, wanted: list[list[str]], prefix: bool) -> list[int]:
        """The ends of all ways in which the words from ``at`` on are the wanted ones."""
        ends: list[int] = []
        joined = ""
        for k in range(at, min(at + 6, len(part))):
            if k > at and not part[k - 1].hyphened:
                break
            before, joined = joined, joined + part[k].word
            if prefix and len(wanted) == 1:
                fits = joined.startswith(wanted[0][0]) and not before.startswith(wanted[0][0])
            else:
                fits = joined in wanted[0]
            if not fits:
                continue
            if len(wanted) == 1:
                ends.append(part[k].end)
            elif k + 1 < len(part) and part[k].runs_on:
                ends.extend(self._run(part, k + 1, wanted[1:], prefix))
        return ends

    def term(self, written: str) -> set[Found]:
        if written.startswith("="):
            spans = self.phrase(written[1:], False)
            letters = [c for t in tokens(written[1:]) for c in t.typed]
            spans = {s for s in spans if self._letters(s) == letters}
        elif written.endswith("*"):
            spans = self.phrase(written[:-1], False, prefix=True)
        else:
            spans = self.phrase(written, True)
        return {(s, e, written, "") for s, e in spans}

    def _letters(self, span: Span) -> list[str]:
        inside = [t for t in self.words if span[0] <= t.start and t.end <= span[1]]
        return [c for t in inside for c in t.typed]

    # -- conditions ------------------------------------------------------------------------------------------------
    def leaves(self, condition: Any, region: str) -> set[Found]:
        """The spans of a leaf."""
        if isinstance(condition, str):
            found = self.term(condition)
        elif "exact" in condition:
            found = {(s, e, f"exact: {condition['exact']}", "") for s, e in self.phrase(condition["exact"], False)}
        else:
            codes = condition["country"]
            found = {
                (s, e, f"country: {', '.join(codes)}", code)
                for name, code in self.countries.items()
                if code in codes
                for s, e in self.names(name)
            }
        return {f for f in found if self.inside(f[0], f[1], region)}

    def names(self, name: str) -> set[Span]:
        """A name joins nothing over hyphens."""
        words = [t.word for t in tokens(name)]
        found = set()
        for part in self.parts:
            for i in range(len(part) - len(words) + 1):
                run = part[i : i + len(words)]
                if [t.word for t in run] == words and all(t.runs_on for t in run[:-1]):
                    found.add((run[0].start, run[-1].end))
        return found

    def inside(self, start: int, end: int, region: str) -> bool:
        match region:
            case "":
                return True
            case "title":
                return bool(self.title) and end <= len(self.title)
            case _:
                return self.lead[0] <= start and end <= self.lead[1]

    def holds(self, condition: Any, region: str = "") -> set[Found] | None:
        """The evidence, or ``None``."""
        if isinstance(condition, str) or "exact" in condition or "country" in condition:
            return self.leaves(condition, region) or None
        ((key, value),) = condition.items()
        match key:
            case "use":
                return self.holds(self.defines[value], region)
            case "title" | "lead":
                return self.holds(value, key)
            case "near" | "count":
                marked = self.near(value, region) if key == "near" else self.count(value, region)
                return {f for _, _, found in marked for f in found} if marked else None
        parts = [self.holds(c, region) for c in (value["of"] if key == "at_least" else value)]
        held = [p for p in parts if p is not None]
        match key:
            case "all":
                good = len(held) == len(parts)
            case "any":
                good = bool(held)
            case "none":
                good = not held
            case _:
                good = len(held) >= value["n"]
        return set().union(*held) if good else None

    def marked(self, condition: Any, region: str) -> list[Marked]:
        """The spans that a condition marks."""
        if isinstance(condition, dict):
            ((key, value),) = condition.items()
            if key == "any":
                return [m for member in value for m in self.marked(member, region)]
            if key == "near":
                return self.near(value, region)
            if key == "use":
                return self.marked(self.defines[value], region)
        return [(f[0], f[1], frozenset({f})) for f in self.leaves(condition, region)]

    def count(self, value: Any, region: str) -> list[Marked]:
        """The spans that stand in a set of ``min`` spans apart from one another."""
        spans = self.marked(value["of"], region)
        good: set[Marked] = set()
        for chosen in combinations(spans, value["min"]):
            if all(a[1] <= b[0] or b[1] <= a[0] for a, b in combinations(chosen, 2)):
                good.update(chosen)
        return list(good)

    def near(self, value: Any, region: str) -> list[Marked]:
        """Every way to choose one span of each member so that they are close enough: its window, and its leaves."""
        members = [self.marked(m, region) for m in value["of"]]
        windows: list[Marked] = []
        for way in product(*members):
            chain = sorted(way)
            if any(a[1] > b[0] for a, b in pairwise(chain)):
                continue
            if value.get("ordered") and chain != list(way):
                continue
            start, end = chain[0][0], chain[-1][1]
            if self.together(chain, start, end, value["within"]):
                windows.append((start, end, frozenset(f for _, _, found in way for f in found)))
        return windows

    def together(self, chain: list[Marked], start: int, end: int, within: str) -> bool:
        if within == "sentence":
            return any(s <= start and end <= e for s, e in self.sentences)
        if within == "paragraph":
            return any(s <= start and end <= e for s, e in self.paragraphs)
        if start < self.text_start < end:
            return False
        between = [t for t in self.words if t.end > start and t.start < end]
        outside = [t for t in between if not any(t.end > s and t.start < e for s, e, _ in chain)]
        return len(outside) <= int(within.split()[0])

    def evidence(self, when: Any, unless: Any = None) -> list[Found] | None:
        """What the engine must say: the evidence in order, the first 50, or ``None``."""
        found = self.holds(when)
        if found is None or (unless is not None and self.holds(unless) is not None):
            return None
        return sorted(found)[:50]
