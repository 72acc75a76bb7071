"""Rules made ready to run: what is looked for in one automaton, and the index from what is found to the rules.

:func:`build` expands every term, puts all phrases, the names of lists and of the gazetteer into one
:class:`~bot.scan.Scanner`, and says for each rule what must be found for it to hold (see :mod:`bot.rules.index`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.collector import without_collector
from bot.entities.gazetteer import Gazetteer
from bot.errors import Problem
from bot.rules import terms
from bot.rules.index import COUNTRY, REGEX, Clause, Index, Requirement, build_index, one_of
from bot.rules.inflect import Inflector
from bot.rules.kept import Kept, Spelling
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

ACRONYM_MAX = 3  # letters; a listed name in capitals that is no longer is found in capitals only (IS, ELN)
_SPECIAL_COST = 400.0  # of a country or a regex, beside _commonness: any article may hold one


@dataclass(frozen=True, slots=True)
class Need:
    """Something that is looked for: a term, or the names of a list.

    ``entities`` gives the ids by pattern: those of all entries that bear the name. ``cased``: the letters as typed, for
    ``=TERM``. ``capitalised`` and ``shouted`` are patterns of names that must not stand all in lower case, or must
    stand all in capitals.
    """

    condition: Term | Names
    patterns: frozenset[int]
    entities: Mapping[int, tuple[str, ...]]
    cased: str = ""
    symbols: terms.Symbols | None = None
    capitalised: frozenset[int] = frozenset()
    shouted: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Joinable:
    """What a hyphenated word may be when it is written as one: the words of all patterns, the beginnings of words of
    prefix patterns by their lengths, and the words of the longest pattern."""

    words: frozenset[str]
    beginnings: Mapping[int, frozenset[str]]
    longest: int

    def knows(self, word: str, last: int) -> bool:
        """Whether some pattern has this word, or begins it and reaches into its ``last`` letters."""
        return word in self.words or any(
            n > len(word) - last and word[:n] in known for n, known in self.beginnings.items()
        )


@dataclass(frozen=True, slots=True)
class Program:
    """All rules, ready to run. The tuples by pattern have one entry for each pattern of the rules; the gazetteer's
    patterns follow in the scanner."""

    rules: tuple[Rule, ...]
    scanner: Scanner
    pattern_count: int
    needs: Mapping[Term | Names, Need]
    index: Index
    wanted_by: tuple[tuple[Term | Names, ...], ...]  # the terms and lists that it is a form of
    regexes: Mapping[Term, int]  # the number that stands for it in the index
    joinable: Joinable
    editions: Mapping[str, str]  # by the label of a condition on a list: which list, of what day
    gazetteer: Gazetteer


def build(
    ruleset: RuleSet, gazetteer: Gazetteer, inflector: Inflector, kept: Kept | None = None
) -> tuple[Program, tuple[Problem, ...]]:
    """The program of all enabled rules, and the problems that only expanding the terms brings to light. ``kept``: what
    the last build left."""
    with without_collector():
        return _build(ruleset, gazetteer, inflector, kept or Kept())


def _build(
    ruleset: RuleSet, gazetteer: Gazetteer, inflector: Inflector, kept: Kept
) -> tuple[Program, tuple[Problem, ...]]:
    builder = _Builder(ruleset.lists, inflector, kept)
    rules = tuple(r for r in ruleset.rules if r.enabled)
    for rule in rules:
        builder.collect(rule.when)
        if rule.unless is not None:
            builder.collect(rule.unless)
    used = len(builder.patterns)
    for rule in ruleset.rules:  # so that a bad term in a rule that is switched off is told, too
        builder.collect(rule.when)
        if rule.unless is not None:
            builder.collect(rule.unless)
    for condition in ruleset.defines.values():
        builder.collect(condition)
    inflector.save()
    kept.keep_phrases(builder.phrases)
    patterns = list(builder.patterns)[:used]
    wanted_by: list[list[Term | Names]] = [[] for _ in patterns]
    for condition, need in builder.needs.items():
        for pattern in need.patterns:
            if pattern < used:
                wanted_by[pattern].append(condition)
    program = Program(
        rules=rules,
        scanner=Scanner([*patterns, *gazetteer.patterns]),
        pattern_count=used,
        needs=builder.needs,
        index=build_index([builder.requirement(rule.when) for rule in rules], builder.cost),
        wanted_by=tuple(map(tuple, wanted_by)),
        regexes=builder.regexes,
        joinable=_joinable(patterns),
        editions={n.label: ruleset.lists[n.list_name].edition for n in builder.needs if isinstance(n, Names)},
        gazetteer=gazetteer,
    )
    return program, tuple(builder.problems)


def _joinable(patterns: Iterable[str]) -> Joinable:
    words: set[str] = set()
    beginnings: dict[int, set[str]] = {}
    longest = 1
    for pattern in patterns:
        parts = pattern.split()
        longest = max(longest, len(parts))
        if not pattern.endswith(" "):
            beginning = parts.pop()
            beginnings.setdefault(len(beginning), set()).add(beginning)
        words.update(parts)
    return Joinable(frozenset(words), {n: frozenset(found) for n, found in beginnings.items()}, longest)


class _Builder:
    def __init__(self, lists: Mapping[str, NameList], inflector: Inflector, kept: Kept) -> None:
        self.patterns: dict[str, int] = {}
        self.regexes: dict[Term, int] = {}
        self._costs: list[float] = []  # by pattern
        self.needs: dict[Term | Names, Need] = {}
        self.problems: list[Problem] = []
        self._lists = lists
        self._inflector = inflector
        self._kept = kept
        self.phrases: dict[tuple[TermKind, str], tuple[str, ...]] = {}
        self._seen: set[int] = set()
        self._requirements: dict[int, Requirement] = {}

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
        return self._number(f" {words}" if open_end else f" {words} ")

    def _number(self, pattern: str) -> int:
        number = self.patterns.setdefault(pattern, len(self.patterns))
        if number == len(self._costs):
            self._costs.append(_commonness(pattern))
        return number

    def _term(self, term: Term) -> None:
        if term.kind is TermKind.REGEX:
            self.needs[term] = Need(term, frozenset(), {})
            self.regexes[term] = REGEX - len(self.regexes)
            return
        try:
            found = self._kept.phrases(term) or terms.phrases(term, self._inflector.forms)
        except terms.TermError as error:
            self.problems.append(term.place.problem(str(error), error.code))
            self.needs[term] = Need(term, frozenset(), {})
            return
        self.phrases[term.kind, term.text] = found
        numbers = frozenset(self._pattern(p, term.kind is TermKind.PREFIX) for p in found)
        self.needs[term] = Need(
            condition=term,
            patterns=numbers,
            entities={},
            cased=terms.cased(term.text) if term.kind is TermKind.CASED else "",
            symbols=terms.symbols(term.text),
        )

    def _names(self, names: Names) -> None:
        entities: dict[int, tuple[str, ...]] = {}
        capitalised: set[int] = set()
        shouted: set[int] = set()
        for pattern, entity, text in self._spellings(names):
            number = self._number(pattern)
            known = entities.get(number, ())
            if entity not in known:
                entities[number] = (*known, entity)
            if len(text) <= ACRONYM_MAX and text.isupper():
                shouted.add(number)
            elif text != text.lower():
                capitalised.add(number)
        self.needs[names] = Need(
            names, frozenset(entities), entities, capitalised=frozenset(capitalised), shouted=frozenset(shouted)
        )

    def _spellings(self, names: Names) -> tuple[Spelling, ...]:
        listed = self._lists[names.list_name]
        known = self._kept.spellings(names, listed)
        if known is None:
            known = tuple(
                (f" {spelling} ", entry.id, text)
                for entry in listed.names
                if names.key in ("list", entry.kind) or entry.kind == "any"
                for text in (entry.name, *entry.aliases)
                for spelling in terms.phrases(Term(TermKind.EXACT, text, names.place), lambda w: (w,))
            )
            self._kept.keep_spellings(names, listed, known)
        return known

    # -- requirements ----------------------------------------------------------------------------------------------
    def requirement(self, condition: Condition) -> Requirement:
        """What must be found for the condition to hold."""
        known = self._requirements.get(id(condition))
        if known is None:
            known = self._requirements[id(condition)] = self._require(condition)
        return known

    def _require(self, condition: Condition) -> Requirement:
        match condition:
            case Term() | Names():
                regex = self.regexes.get(condition) if isinstance(condition, Term) else None
                found = self.needs[condition].patterns if regex is None else frozenset({regex})
                return (Clause(found, ()),)
            case Country():
                return (Clause(frozenset({COUNTRY}), ()),)
            case Group(op="none") | Origin() | EntityLabel():
                return ()
            case Group(op="all", of=members) | Near(of=members):
                return tuple(dict.fromkeys(clause for m in members for clause in self.requirement(m)))
            case Group(of=members) | AtLeast(of=members):
                return one_of([self.requirement(m) for m in members])
            case Count(of=of) | Within(of=of) | Use(of=of):
                return self.requirement(of)
        raise AssertionError(condition)

    def cost(self, pattern: int) -> float:
        """How often a pattern is expected in texts."""
        return self._costs[pattern] if pattern >= 0 else _SPECIAL_COST


def _commonness(pattern: str) -> float:
    """A rough order of how often a phrase occurs: short single words are common, phrases are rare."""
    words = pattern.count(" ") - (1 if pattern.endswith(" ") else 0)
    if words > 1:
        return 1.0 / words
    return float(60.0 / max(len(pattern) - 2, 1) ** 1.5)
