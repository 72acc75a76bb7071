"""Rules made fast: what is looked for in one automaton, and an index from what is found to the rules worth a look.

:func:`build` expands every term, puts all phrases, the names of lists and of the gazetteer into one
:class:`~bot.scan.Scanner`, and chooses for each rule its *anchor*: a set of terms, as rare as can be had, of which one
must be in the text for the rule to hold. Only rules with an anchor in the text are evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.entities.gazetteer import Gazetteer
from bot.errors import Problem
from bot.rules import terms
from bot.rules.inflect import Inflector
from bot.rules.model import (
    AtLeast,
    Condition,
    Count,
    Country,
    EntityLabel,
    Group,
    NameList,
    Names,
    Near,
    Origin,
    Rule,
    RuleSet,
    Term,
    TermKind,
    Use,
    Within,
)
from bot.scan import Scanner
from bot.text import phrase

ALWAYS = -1  # anchor of a rule that no term can rule out
COUNTRY = -2  # anchor of a rule that needs some name of the gazetteer
REGEX = -3  # anchor of a rule that needs a regex to match


@dataclass(frozen=True, slots=True)
class Need:
    """Something that is looked for: a term, or the names of a list. ``entities`` gives the id by pattern."""

    condition: Term | Names
    patterns: tuple[int, ...]
    entities: Mapping[int, str]
    cased: str = ""  # the words as typed, for =TERM
    symbols: str = ""
    capitalised: frozenset[int] = frozenset()  # patterns of names that must not be all in lower case


@dataclass(frozen=True, slots=True)
class Program:
    """All rules, ready to run."""

    rules: tuple[Rule, ...]
    scanner: Scanner
    pattern_count: int  # of the rules; the gazetteer's follow
    needs: Mapping[Term | Names, Need]
    by_pattern: tuple[tuple[int, ...], ...]  # pattern -> rules anchored on it
    always: tuple[int, ...]
    by_country: tuple[int, ...]
    by_regex: tuple[int, ...]
    vocabulary: frozenset[str]  # all words of all patterns
    longest: int  # words in the longest pattern
    gazetteer: Gazetteer


def build(ruleset: RuleSet, gazetteer: Gazetteer, inflector: Inflector) -> tuple[Program, tuple[Problem, ...]]:
    """The program of all enabled rules, and the problems that only expanding the terms brings to light."""
    builder = _Builder(ruleset.lists, inflector)
    rules = tuple(r for r in ruleset.rules if r.enabled)
    for rule in rules:
        builder.collect(rule.when)
        if rule.unless is not None:
            builder.collect(rule.unless)
    for condition in ruleset.defines.values():  # so that a bad term in an unused define is told, too
        builder.collect(condition)
    by_pattern: list[list[int]] = [[] for _ in builder.patterns]
    special: dict[int, list[int]] = {ALWAYS: [], COUNTRY: [], REGEX: []}
    for number, rule in enumerate(rules):
        for anchor in builder.anchors(rule.when):
            (by_pattern[anchor] if anchor >= 0 else special[anchor]).append(number)
    inflector.save()
    vocabulary = {word for p in builder.patterns for word in p.split()}
    # Names of the gazetteer are joined over hyphens only where they are written without one themselves.
    program = Program(
        rules=rules,
        scanner=Scanner([*builder.patterns, *gazetteer.patterns]),
        pattern_count=len(builder.patterns),
        needs=builder.needs,
        by_pattern=tuple(tuple(r) for r in by_pattern),
        always=tuple(special[ALWAYS]),
        by_country=tuple(special[COUNTRY]),
        by_regex=tuple(special[REGEX]),
        vocabulary=frozenset(vocabulary),
        longest=max((p.count(" ") for p in builder.patterns), default=1),
        gazetteer=gazetteer,
    )
    return program, tuple(builder.problems)


class _Builder:
    def __init__(self, lists: Mapping[str, NameList], inflector: Inflector) -> None:
        self.patterns: dict[str, int] = {}
        self.needs: dict[Term | Names, Need] = {}
        self.problems: list[Problem] = []
        self._lists = lists
        self._inflector = inflector
        self._seen: set[int] = set()
        self._anchors: dict[int, tuple[float, frozenset[int]]] = {}

    def collect(self, condition: Condition) -> None:
        """Take in every term below a condition."""
        if id(condition) in self._seen:
            return
        self._seen.add(id(condition))
        match condition:
            case Term():
                if condition not in self.needs:
                    self._term(condition)
            case Names():
                if condition not in self.needs:
                    self._names(condition)
            case Group() | AtLeast() | Near():
                for member in condition.of:
                    self.collect(member)
            case Count() | Within() | Use():
                self.collect(condition.of)
            case Country() | EntityLabel() | Origin():
                pass

    def _pattern(self, words: str, open_end: bool = False) -> int:
        return self.patterns.setdefault(f" {words}" if open_end else f" {words} ", len(self.patterns))

    def _term(self, term: Term) -> None:
        if term.kind is TermKind.REGEX:
            self.needs[term] = Need(term, (), {})
            return
        try:
            found = terms.phrases(term, self._inflector.forms)
        except terms.TermError as error:
            self.problems.append(term.place.problem(str(error), error.code))
            self.needs[term] = Need(term, (), {})
            return
        numbers = tuple(self._pattern(p, term.kind is TermKind.PREFIX) for p in found)
        self.needs[term] = Need(
            condition=term,
            patterns=numbers,
            entities={},
            cased=terms.cased(term.text) if term.kind is TermKind.CASED else "",
            symbols=terms.symbols(term.text),
        )

    def _names(self, names: Names) -> None:
        entities: dict[int, str] = {}
        capitalised: set[int] = set()
        for entry in self._lists[names.list_name].names:
            if names.key not in ("list", entry.kind) and entry.kind != "any":
                continue
            for text in (entry.name, *entry.aliases):
                for spelling in terms.phrases(Term(TermKind.EXACT, text, names.place), lambda w: (w,)):
                    number = self._pattern(spelling)
                    entities.setdefault(number, entry.id)
                    if text != text.lower():
                        capitalised.add(number)
        self.needs[names] = Need(names, tuple(entities), entities, capitalised=frozenset(capitalised))

    # -- anchors ---------------------------------------------------------------------------------------------------
    def anchors(self, condition: Condition) -> frozenset[int]:
        """Patterns (or special anchors) of which at least one must be found for the condition to hold."""
        return self._anchor(condition)[1]

    def _anchor(self, condition: Condition) -> tuple[float, frozenset[int]]:
        """How often the anchor is expected to be found (in no unit: only the order counts), and the anchor."""
        known = self._anchors.get(id(condition))
        if known is None:
            known = self._anchors[id(condition)] = self._choose(condition)
        return known

    def _choose(self, condition: Condition) -> tuple[float, frozenset[int]]:
        match condition:
            case Term() | Names():
                need = self.needs[condition]
                if isinstance(condition, Term) and condition.kind is TermKind.REGEX:
                    return 500.0, frozenset({REGEX})
                return sum(map(_commonness, self._texts(need.patterns))), frozenset(need.patterns)
            case Country():
                return 400.0, frozenset({COUNTRY})
            case Group(op="none") | Origin() | EntityLabel():
                return 1e9, frozenset({ALWAYS})
            case Group(op="any", of=members):
                return self._either(self._anchor(m) for m in members)
            case Group(of=members) | Near(of=members):
                return min((self._anchor(m) for m in members), key=lambda a: a[0])
            case AtLeast(n=n, of=members):
                # Of m conditions n must hold, so one of any m - n + 1 does.
                return self._either(
                    sorted((self._anchor(m) for m in members), key=lambda a: a[0])[: len(members) - n + 1]
                )
            case Count(of=of) | Within(of=of) | Use(of=of):
                return self._anchor(of)
        raise AssertionError(condition)

    @staticmethod
    def _either(anchors: Iterable[tuple[float, frozenset[int]]]) -> tuple[float, frozenset[int]]:
        cost, found = 0.0, set()
        for one, patterns in anchors:
            cost += one
            found |= patterns
        if ALWAYS in found:
            return 1e9, frozenset({ALWAYS})
        return cost, frozenset(found)

    def _texts(self, numbers: tuple[int, ...]) -> list[str]:
        if len(self._by_number) != len(self.patterns):
            self._by_number = list(self.patterns)
        return [self._by_number[n] for n in numbers]

    _by_number: list[str] = []


def _commonness(pattern: str) -> float:
    """A rough order of how often a phrase occurs: short single words are common, phrases are rare."""
    words = pattern.count(" ") - (1 if pattern.endswith(" ") else 0)
    if words > 1:
        return 1.0 / words
    return 60.0 / max(len(pattern) - 2, 1) ** 1.5


def words_of(text: str) -> tuple[str, ...]:
    """The normalised words of a text."""
    return tuple(phrase(text).split(" "))
