"""Whether one condition says no more than another: wherever the first holds, the second does, whatever the text.

:meth:`Subsumption.implies` is sound, not complete: what it affirms is so for every article; what it does not affirm may
still be so. It goes by the structure: ``any`` into ``any``, ``all`` out of ``all``, a tighter ``near`` into a looser
one, fewer countries into more, ``title`` and ``lead`` into the whole, and terms by all their forms.

A comparison of two conditions visits each pair of their nodes once (shared defines once for all rules): its time is the
product of their sizes at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.rules import terms
from bot.rules.compile import Need
from bot.rules.model import (
    AtLeast,
    Condition,
    Count,
    Country,
    EntityLabel,
    Group,
    Names,
    Near,
    Origin,
    Term,
    TermKind,
    Unit,
    Use,
    Within,
)

Forms = Callable[[str], tuple[str, ...]]
"""The forms of a word as typed in a term, itself first: :meth:`bot.rules.inflect.Inflector.forms`."""


class Subsumption:
    """``needs`` are those of the compiled program, ``forms`` the inflector's."""

    def __init__(self, needs: Mapping[Term | Names, Need], forms: Forms) -> None:
        self._needs = needs
        self._forms = forms
        self._texts: dict[Term, tuple[str, ...]] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._shapes: dict[int, int] = {}
        self._kept: list[Condition] = []  # so that no id is used twice
        self._implied: dict[tuple[int, str, int, str], bool] = {}
        self._covered: dict[tuple[int, int, bool], bool] = {}

    # -- the same condition ----------------------------------------------------------------------------------------
    def shape(self, condition: Condition) -> int:
        """A number for what a condition asks: two conditions with the same number are the same, whatever the order
        of their parts and the names of their defines."""
        known = self._shapes.get(id(condition))
        if known is None:
            known = self._numbers.setdefault(self._key(condition), len(self._numbers))
            self._shapes[id(condition)] = known
            self._kept.append(condition)
        return known

    def _key(self, condition: Condition) -> tuple[object, ...]:
        match condition:
            case Use(of=of):
                return ("use", self.shape(of))
            case Group(op=op, of=members):
                return (op, *sorted({self.shape(_bare(m)) for m in members}))
            case AtLeast(n=n, of=members):
                return ("at_least", n, *sorted(self.shape(_bare(m)) for m in members))
            case Count(of=of, min=least):
                return ("count", least, self.shape(_bare(of)))
            case Near(of=members):
                shapes = [self.shape(_bare(m)) for m in members]
                if not condition.ordered:
                    shapes.sort()
                return ("near", condition.unit, condition.words, condition.ordered, *shapes)
            case Within(region=region, of=of):
                return ("within", region, self.shape(_bare(of)))
            case Country():
                return ("country", condition.codes, condition.min_mentions, condition.main)
            case Origin():
                return ("origin", condition.key, *sorted(condition.values))
            case _:
                return ("leaf", condition)

    # -- implication -----------------------------------------------------------------------------------------------
    def implies(self, one: Condition, other: Condition, in_one: str = "", in_other: str = "") -> bool:
        """Whether ``other`` holds (in the region ``in_other``) wherever ``one`` holds (in ``in_one``)."""
        one, in_one = _unwrapped(one, in_one)
        other, in_other = _unwrapped(other, in_other)
        if "nowhere" in (in_one, in_other):
            return in_one == "nowhere" and _positive(one)  # what cannot hold implies anything
        key = (self.shape(one), in_one, self.shape(other), in_other)
        known = self._implied.get(key)
        if known is None:
            known = self._implied[key] = self._implies(one, other, in_one, in_other)
        return known

    def _implies(self, one: Condition, other: Condition, a: str, b: str) -> bool:
        if self.shape(one) == self.shape(other) and (a == b or (not b and _positive(one))):
            return True
        # Splitting what must hold for sure loses nothing; splitting a choice is tried last.
        if isinstance(one, Group) and one.op == "any":
            return all(self.implies(m, other, a, b) for m in one.of)
        if isinstance(other, Group) and other.op == "all":
            return all(self.implies(one, m, a, b) for m in other.of)
        if isinstance(other, Group) and other.op == "none":
            return self._implies_none(one, other, a, b)
        if isinstance(other, Group) and any(self.implies(one, m, a, b) for m in other.of):
            return True
        if isinstance(other, AtLeast) and self._implies_at_least(one, other, a, b):
            return True
        match one:
            case Group(op="all", of=members):
                return any(self.implies(m, other, a, b) for m in members)
            case AtLeast(n=n, of=members):
                # n of m hold, so one of any m - n + 1 does
                return sum(self.implies(m, other, a, b) for m in members) >= len(members) - n + 1
            case Group():
                return False
            case Near():
                if isinstance(other, Near) and b in ("", a) and self._near(one, other):
                    return True
                return any(self.implies(m, other, a, b) for m in one.of)
            case Count(of=of, min=least):
                if isinstance(other, Count) and b in ("", a) and least >= other.min:
                    return self.covers(of, other.of, exactly=True)
                return self.implies(of, other, a, b)
            case Origin():
                return isinstance(other, Origin) and one.key == other.key and set(one.values) <= set(other.values)
            case _:
                if isinstance(other, Count):
                    return other.min == 1 and self.implies(one, other.of, a, b)
                return b in ("", a) and self.covers(one, other, exactly=False)

    def _implies_none(self, one: Condition, other: Group, a: str, b: str) -> bool:
        """By the contrary: what ``other`` forbids would be something that ``one`` forbids."""
        if isinstance(one, Group) and one.op == "none":
            return all(any(self.implies(x, y, b, a) for y in one.of) for x in other.of)
        return isinstance(one, Group) and one.op == "all" and any(self.implies(m, other, a, b) for m in one.of)

    def _implies_at_least(self, one: Condition, other: AtLeast, a: str, b: str) -> bool:
        if isinstance(one, AtLeast) and one.n >= other.n:
            pairs = [[j for j, y in enumerate(other.of) if self.implies(x, y, a, b)] for x in one.of]
            if _assigned(pairs) is not None:
                return True
        return sum(self.implies(one, m, a, b) for m in other.of) >= other.n

    def _near(self, one: Near, other: Near) -> bool:
        """Each member of ``other`` must be marked by a member of its own of ``one``, and as close together.

        A near by words lets sentences end inside, so it is only ever looser or tighter than one by words; there the
        spans must be the same and none may be left out, as the words between are counted outside the members.
        """
        by_words = one.unit is Unit.WORDS
        if by_words != (other.unit is Unit.WORDS) or (one.unit is Unit.PARAGRAPH and other.unit is Unit.SENTENCE):
            return False
        if by_words and (one.words > other.words or len(one.of) != len(other.of)):
            return False
        if other.ordered and not one.ordered:
            return False
        # Inside one sentence a part of a span will do; in a paragraph it might leave the sentence that a dateline is
        # allowed to speak for.
        exactly = one.unit is not Unit.SENTENCE
        pairs = [[i for i, x in enumerate(one.of) if self.covers(x, y, exactly=exactly)] for y in other.of]
        if not other.ordered:
            return _assigned(pairs) is not None
        at = -1
        for choices in pairs:
            later = [i for i in choices if i > at]
            if not later:
                return False
            at = later[0]
        return True

    # -- spans -----------------------------------------------------------------------------------------------------
    def covers(self, one: Condition, other: Condition, *, exactly: bool) -> bool:
        """Whether every span that ``one`` marks is marked by ``other`` too (``exactly``), or holds a span that is."""
        one, other = _bare(one), _bare(other)
        key = (self.shape(one), self.shape(other), exactly)
        known = self._covered.get(key)
        if known is None:
            known = self._covered[key] = self._covers(one, other, exactly)
        return known

    def _covers(self, one: Condition, other: Condition, exactly: bool) -> bool:
        if self.shape(one) == self.shape(other):
            return True
        if isinstance(one, Group) and one.op == "any":
            return all(self.covers(m, other, exactly=exactly) for m in one.of)
        if isinstance(other, Group):
            return other.op == "any" and (
                any(self.covers(one, m, exactly=exactly) for m in other.of)
                or (isinstance(one, Term) and self._covers_together(one, other))
            )
        match one, other:
            case (Term() | Names(), Term() | Names()):
                return self._covers_leaf(one, other, exactly)
            case Country(), Country():
                fewer = other.codes is None or (one.codes is not None and one.codes <= other.codes)
                return fewer and one.min_mentions >= other.min_mentions and (one.main or not other.main)
            case EntityLabel(), EntityLabel():
                return one.entity_label == other.entity_label and (
                    not other.text or one.text.casefold() == other.text.casefold()
                )
            case Near(), _:
                return not exactly and any(self.covers(m, other, exactly=False) for m in one.of)
        return False

    def _covers_together(self, one: Term, other: Group) -> bool:
        """Whether the forms of a term stand under several terms of an ``any``."""
        members = [m for m in map(_bare, other.of) if isinstance(m, Term) and self._unfiltered(m)]
        patterns = self._needs[one].patterns
        return bool(patterns) and patterns <= frozenset().union(*(self._needs[m].patterns for m in members))

    def _unfiltered(self, term: Term) -> bool:
        need = self._needs[term]
        return term.kind is not TermKind.REGEX and not need.cased and need.symbols is None

    def _covers_leaf(self, one: Term | Names, other: Term | Names, exactly: bool) -> bool:
        if isinstance(other, Names):
            return False  # other than the same list: what a list asks of capitals differs name by name
        if not self._unfiltered(other) or self._is_regex(one):
            mine, theirs = self._needs[one], self._needs[other]
            same = bool(mine.patterns) and mine.patterns <= theirs.patterns
            return same and mine.cased == theirs.cased and mine.symbols == theirs.symbols
        mine = self._needs[one]
        if not mine.patterns:
            return False
        if mine.patterns <= self._needs[other].patterns:
            return True
        if isinstance(one, Names):
            return False
        wanted = self.texts(other)
        return all(any(_marks(text, w, exactly) for w in wanted) for text in self.texts(one))

    @staticmethod
    def _is_regex(leaf: Term | Names) -> bool:
        return isinstance(leaf, Term) and leaf.kind is TermKind.REGEX

    def texts(self, term: Term) -> tuple[str, ...]:
        """All phrases of a term as the scanner looks for them: a space on either side, none behind a prefix."""
        known = self._texts.get(term)
        if known is None:
            end = "" if term.kind is TermKind.PREFIX else " "
            try:
                found = () if term.kind is TermKind.REGEX else terms.phrases(term, self._forms)
            except terms.TermError:
                found = ()  # told by compile.build
            known = self._texts[term] = tuple(f" {text}{end}" for text in found)
        return known


def _marks(text: str, wanted: str, exactly: bool) -> bool:
    """Whether where ``text`` stands ``wanted`` does, on the same words if ``exactly``."""
    if not exactly:
        return wanted in text
    if wanted.endswith(" "):
        return wanted == text
    return text.startswith(wanted) and " " not in text[len(wanted) :].rstrip(" ")


def _bare(condition: Condition) -> Condition:
    while isinstance(condition, Use):
        condition = condition.of
    return condition


def _unwrapped(condition: Condition, region: str) -> tuple[Condition, str]:
    """Without ``use``, ``title`` and ``lead`` around it, and the region that these leave."""
    while isinstance(condition, (Use, Within)):
        if isinstance(condition, Within):
            region = condition.region if region in ("", condition.region) else "nowhere"
        condition = condition.of
    return condition, region


def _positive(condition: Condition) -> bool:
    """Whether a condition that holds in a region holds in the whole article: nothing in it is forbidden, and it looks
    at words at all."""
    match condition:
        case Group(op=op, of=members):
            return op != "none" and all(map(_positive, members))
        case AtLeast(of=members):
            return all(map(_positive, members))
        case Count(of=of) | Within(of=of) | Use(of=of):
            return _positive(of)
        case Origin():
            return False
    return True


def _assigned(choices: Sequence[Sequence[int]]) -> dict[int, int] | None:
    """One choice for each, no choice twice (augmenting paths), as choice → index; ``None`` if there is no way."""
    taken: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        for choice in choices[i]:
            if choice in tried:
                continue
            tried.add(choice)
            if choice not in taken or place(taken[choice], tried):
                taken[choice] = i
                return True
        return False

    return taken if all(place(i, set()) for i in range(len(choices))) else None
