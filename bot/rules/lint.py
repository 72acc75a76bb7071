"""What is allowed but surely not meant: conditions that can never hold, rules and terms that add nothing, floods.

:func:`lint` is pure. Its findings are errors where something can never match, warnings elsewhere; each says what to do.
What it says of conditions rests on :class:`~bot.rules.subsume.Subsumption`, so there is no false alarm about rules
that can never match or that another one covers; some that are so are not found.

Time: linear in the size of the rules, and at most ``COMPARED_MAX`` comparisons for each rule. Which rules may cover a
rule is asked of the engine's own index with one text that would satisfy it, so nearly all rules are never compared.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field

from bot.errors import Level, Problem
from bot.rules import common
from bot.rules.compile import Program
from bot.rules.index import COUNTRY, may_hold
from bot.rules.model import (
    AtLeast,
    Condition,
    Count,
    Country,
    Group,
    Names,
    Near,
    Origin,
    Rule,
    RuleSet,
    Term,
    TermKind,
    Unit,
    Use,
    Within,
)
from bot.rules.subsume import Forms, Subsumption
from bot.yaml_nodes import Place

COMPARED_MAX = 100  # other rules that one rule is compared with, the nearest in the files first
FLOOD_SHARE = 0.05  # of all articles; of the 500 that a modest set of sources brings each day, 25
LEAD_WORDS = 60  # DESIGN, "Conditions"
_MONTHS = frozenset({"march", "may"})

Frequencies = Callable[[str], float]
"""The share of articles (0 to 1) in which a phrase is found, as the archive counts them."""


def lint(
    ruleset: RuleSet, program: Program, frequencies: Frequencies | None = None, *, forms: Forms
) -> tuple[Problem, ...]:
    """Everything worth a word, in the order of the files.

    ``forms`` is that of the inflector that the program was built with. Without ``frequencies`` the shipped table of
    common words speaks for the archive.
    """
    linter = _Linter(program, frequencies, forms)
    for rule in program.rules:
        linter.rule(rule)
    for condition in ruleset.defines.values():
        linter.walk_unused(condition)
    linter.months()
    linter.choices()
    linter.compare()
    return tuple(sorted(set(linter.problems), key=lambda p: (str(p.file), p.line, p.column, p.text)))


_REGIONS = ("", "title", "lead", "nowhere")


@dataclass(slots=True)
class _Any:
    """An ``any`` and where it is used."""

    group: Group
    regions: set[str] = field(default_factory=set)
    by_words: bool = False


class _Linter:
    def __init__(self, program: Program, frequencies: Frequencies | None, forms: Forms) -> None:
        self.problems: list[Problem] = []
        self._program = program
        self._frequencies = frequencies
        self._about = Subsumption(program.needs, forms)
        self._impossible: dict[tuple[int, str], str] = {}
        self._seen: set[tuple[int, str, bool]] = set()
        self._anys: dict[int, _Any] = {}
        self._dead: set[str] = set()

    def _say(self, place: Place, text: str, code: str, level: Level = Level.WARNING) -> None:
        self.problems.append(Problem(place.file, place.line, place.column, text, code, level))

    # -- one rule --------------------------------------------------------------------------------------------------
    def rule(self, rule: Rule) -> None:
        """What is wrong with a rule by itself."""
        reason = self.impossible(rule.when)
        if reason:
            self._dead.add(rule.id)
            text = f"rule {rule.id!r} can never match: {reason}; mend it, or delete the rule"
            self._say(rule.place, text, "never-matches", Level.ERROR)
            return
        self._walk(rule.when)
        if rule.unless is not None:
            self._walk(rule.unless)
            if self._about.implies(rule.when, rule.unless):
                self._dead.add(rule.id)
                text = (
                    f"rule {rule.id!r} can never match: whatever satisfies its when: satisfies its unless: too; "
                    "narrow unless:, or delete the rule"
                )
                self._say(rule.unless.place, text, "contradiction", Level.ERROR)
        self._floods(rule)

    def _floods(self, rule: Rule) -> None:
        for leaf in _sufficient(rule.when):
            if isinstance(leaf, Country):
                if leaf.codes is None and leaf.min_mentions == 1:
                    text = (
                        f"rule {rule.id!r} fires on every article that names any country; join it with what happened "
                        "there: near: {of: [..., {country: any}], within: sentence}"
                    )
                    self._say(leaf.place, text, "too-common")
                continue
            share = self._share(leaf)
            if share >= FLOOD_SHARE:
                text = (
                    f"rule {rule.id!r} asks for nothing but {leaf.label!r}, which stands in about {share:.0%} of all "
                    "articles; join it with other words by near: or all:"
                )
                self._say(leaf.place, text, "too-common")

    def _share(self, term: Term) -> float:
        texts = self._about.texts(term)
        if self._frequencies is None:
            return common.share(term, texts)
        return min(1.0, sum(self._frequencies(text.strip()) for text in texts))

    def months(self) -> None:
        """Words that are months, too: every date would hold them."""
        for term in self._program.needs:
            if isinstance(term, Term) and term.kind in (TermKind.WORDS, TermKind.EXACT) and term.text in _MONTHS:
                text = (
                    f'{term.label!r} is also the month, which stands in every other dateline; write "={term.text}" '
                    "for the word in small letters, and its other forms beside it"
                )
                self._say(term.place, text, "also-a-month")

    # -- never -----------------------------------------------------------------------------------------------------
    def impossible(self, condition: Condition, region: str = "") -> str:
        """Why a condition can never hold in a region; empty if it may."""
        key = (id(condition), region)
        known = self._impossible.get(key)
        if known is None:
            known = self._impossible[key] = self._why_impossible(condition, region)
        return known

    def _why_impossible(self, condition: Condition, region: str) -> str:
        match condition:
            case Use(of=of):
                return self.impossible(of, region)
            case Within(region=inner, of=of):
                if region == "nowhere":
                    return "title: and lead: stand inside one another, and no word stands in both"
                if region not in ("", inner):
                    return f"{inner}: stands inside {region}:, and no word stands in both"
                return self.impossible(of, inner)
            case Term() | Names():
                empty = not self._program.needs[condition].patterns
                regex = isinstance(condition, Term) and condition.kind is TermKind.REGEX
                return f"nothing is looked for by {condition.label!r}" if empty and not regex else ""
            case Country(codes=codes):
                return f"the countries of {condition.label!r} are none" if codes is not None and not codes else ""
            case Group(op="any", of=members):
                reasons = [self.impossible(m, region) for m in members]
                return reasons[0] if all(reasons) else ""
            case Group(op="all", of=members):
                reason = next(filter(None, (self.impossible(m, region) for m in members)), "")
                return reason or self._contradiction(condition, region)
            case Near(of=members):
                return next(filter(None, (self.impossible(m, region) for m in members)), "")
            case AtLeast(n=n, of=members):
                reasons = [r for m in members if (r := self.impossible(m, region))]
                left = len(members) - len(reasons)
                return f"at_least {n}, but only {left} can hold ({reasons[0]})" if left < n else ""
            case Count(of=of, min=least):
                if region == "lead" and least > LEAD_WORDS:
                    return f"{least} places are asked for in the {LEAD_WORDS} words of the lead"
                return self.impossible(of, region)
        return ""

    def _contradiction(self, group: Group, region: str) -> str:
        """Two members of an ``all`` that cannot hold together."""
        wanted = [m for m in group.of if not (isinstance(m, Group) and m.op == "none")]
        for forbidden in (m for m in group.of if isinstance(m, Group) and m.op == "none"):
            for one in forbidden.of:
                for other in wanted:
                    if self._about.implies(other, one, region, region):
                        return f"all: asks for {other.label!r}, and none: forbids it"
        origins = [m for m in group.of if isinstance(m, Origin) and m.key != "tag"]
        for i, first in enumerate(origins):
            for second in origins[:i]:
                if first.key == second.key and not set(first.values) & set(second.values):
                    return f"an article has one {first.key}, not {second.label!r} and {first.label!r} at once"
        return ""

    # -- parts that add nothing ------------------------------------------------------------------------------------
    def _walk(self, condition: Condition, region: str = "", by_words: bool = False) -> None:
        """Take down every ``any`` with the places that it is used in. ``by_words``: inside a ``near`` by words or a
        ``count``, where it matters how long a span is."""
        key = (id(condition), region, by_words)
        if key in self._seen:
            return
        self._seen.add(key)
        match condition:
            case Group(op=op, of=members):
                if op == "any":
                    used = self._anys.setdefault(id(condition), _Any(condition))
                    used.regions.add(region)
                    used.by_words |= by_words
                for member in members:
                    self._walk(member, region, by_words)
            case AtLeast(of=members):
                for member in members:
                    self._walk(member, region, by_words)
            case Near(of=members, unit=unit):
                for member in members:
                    self._walk(member, region, by_words or unit is not Unit.SENTENCE)
            case Count(of=of):
                self._walk(of, region, True)
            case Within(region=inner, of=of):
                self._walk(of, inner if region in ("", inner) else "nowhere", by_words)
            case Use(of=of):
                self._walk(of, region, by_words)

    def walk_unused(self, condition: Condition) -> None:
        """The same for a define, which some rule may come to use in any place, unless rules use it already."""
        if not any((id(condition), region, flag) in self._seen for region in _REGIONS for flag in (False, True)):
            self._walk(condition, by_words=True)

    def choices(self) -> None:
        """What is wrong inside each ``any``, wherever it is used."""
        for used in self._anys.values():
            self._impossible_choices(used)
            self._redundant(used.group, used.by_words)

    def _impossible_choices(self, used: _Any) -> None:
        """Parts that cannot hold in any of the places; where all parts cannot, the whole has been told."""
        reasons = {
            id(m): next((r for region in used.regions if (r := self.impossible(m, region))), "")
            for m in used.group.of
            if all(self.impossible(m, region) for region in used.regions)
        }
        if len(reasons) == len(used.group.of):
            return
        for member in used.group.of:
            if id(member) in reasons:
                text = f"this part of any: can never hold: {reasons[id(member)]}; mend it, or delete it"
                self._say(member.place, text, "never-matches")

    def _redundant(self, group: Group, by_words: bool) -> None:
        """Terms whose every form is found by other terms of the same ``any``.

        By a table of all phrases, so that an ``any`` of thousands of terms takes a time in proportion.
        """
        members = [m for m in group.of if isinstance(m, Term) and m.kind is not TermKind.REGEX]
        whole: dict[str, list[int]] = {}
        begun: dict[str, list[int]] = {}
        for i, term in enumerate(members):
            for text in self._about.texts(term):
                (whole if text.endswith(" ") else begun).setdefault(text, []).append(i)
        lengths = {text.count(" ") - 1 for text in whole}
        gone: set[int] = set()
        for i in range(len(members) - 1, -1, -1):  # of two that are the same the later one goes
            term = members[i]
            near_by = {
                j
                for text in self._about.texts(term)
                for known, parts in ((whole, _parts(text, lengths)), (begun, _beginnings(text) if begun else ()))
                for part in parts
                for j in known.get(part, ())
            }
            for j in sorted(near_by - {i} - gone):
                if self._about.covers(term, members[j], exactly=by_words):
                    gone.add(i)
                    other = members[j]
                    again = "stands here twice" if term == other else f"is found by {other.label!r} anyway"
                    text = f"the term {term.label!r} {again} (line {other.place.line}); delete one of the two"
                    self._say(term.place, text, "redundant-term")
                    break

    # -- rules against rules ---------------------------------------------------------------------------------------
    def compare(self) -> None:
        """Rules that say the same as another, or less, and reach nobody else."""
        rules = [r for r in self._program.rules if r.id not in self._dead]
        first: dict[tuple[object, ...], Rule] = {}
        distinct: list[tuple[int, Rule]] = []
        numbers = {rule.id: number for number, rule in enumerate(self._program.rules)}
        for rule in rules:
            unless = self._about.shape(rule.unless) if rule.unless is not None else -1
            passed_over = frozenset((e.id, e.until) for e in rule.exemptions)
            same = first.setdefault((self._about.shape(rule.when), unless, passed_over), rule)
            if same is rule:
                distinct.append((numbers[rule.id], rule))
                continue
            text = (
                f"rule {rule.id!r} asks for just what {same.id!r} asks for ({same.place.file}:{same.place.line}); "
                "delete one, and give the other the tags and channels of both"
            )
            self._say(rule.place, text, "duplicate-rule")
        kept = {number for number, _ in distinct}
        for number, rule in distinct:
            subsuming = (b for b in self._candidates(number, rule, kept) if self._subsumed(rule, b))
            # Of two that say the same in other words, the second is told: who deleted both would have neither.
            broader = next((b for b in subsuming if numbers[b.id] < number or not self._twins(rule, b)), None)
            if broader is not None:
                text = (
                    f"rule {rule.id!r} adds nothing: {broader.id!r} ({broader.place.file}:{broader.place.line}) "
                    "matches wherever it does, is as severe and has its tags and channels; delete it, or tell them "
                    "apart by severity or tags"
                )
                self._say(rule.place, text, "subsumed-rule")

    def _twins(self, rule: Rule, broader: Rule) -> bool:
        return _reaches(broader, rule) and self._subsumed(broader, rule)

    def _subsumed(self, rule: Rule, broader: Rule) -> bool:
        passed_over = {(e.id, e.until) for e in rule.exemptions}
        if not {(e.id, e.until) for e in broader.exemptions} <= passed_over:
            return False
        if not self._about.implies(rule.when, broader.when):
            return False
        if broader.unless is None:
            return True
        return rule.unless is not None and self._about.implies(broader.unless, rule.unless)

    def _candidates(self, number: int, rule: Rule, kept: set[int]) -> list[Rule]:
        """Rules that reach whom this one reaches and that the engine would look at, given a text that satisfies it."""
        program = self._program
        index = program.index
        found = self._found(rule)
        near: set[int] = set(_around(sorted(index.always), number))
        for one in found:
            near.update(_around(index.alone.get(one, ()), number))
            near.update(_around([index.rule_of[way] for way in index.first.get(one, ())], number))
        broader = [
            program.rules[n]
            for n in sorted(near & kept - {number}, key=lambda n: abs(n - number))
            if _reaches(rule, program.rules[n]) and may_hold(index.requirements[n], found)
        ]
        return broader[:COMPARED_MAX]

    def _found(self, rule: Rule) -> set[int]:
        """What the engine would find in a text that satisfies a rule, in the numbers of its index."""
        program = self._program
        found: set[int] = set()
        for leaf in _witness(rule.when):
            if isinstance(leaf, Country):
                found.add(COUNTRY)
            elif isinstance(leaf, Names):
                found.update(sorted(program.needs[leaf].patterns)[:1])
            elif leaf.kind is TermKind.REGEX:
                found.add(program.regexes[leaf])
            else:
                hits = (number for text in self._about.texts(leaf)[:1] for number, _, _ in program.scanner.scan(text))
                found.update(number for number in hits if number < program.pattern_count)
        return found


def _around(numbers: Sequence[int], number: int) -> Sequence[int]:
    """The entries next to a number in a sorted list."""
    at = bisect_left(numbers, number)
    return numbers[max(at - COMPARED_MAX, 0) : at + COMPARED_MAX]


def _reaches(rule: Rule, broader: Rule) -> bool:
    """Whether every route and channel that takes the one takes the other."""
    return (
        broader.severity >= rule.severity
        and set(broader.tags) >= set(rule.tags)
        and set(broader.channels) >= set(rule.channels)
    )


def _parts(text: str, lengths: Set[int]) -> Iterator[str]:
    """Every run of whole words of a phrase, of one of these lengths, a space on either side."""
    if not text.endswith(" "):
        return
    words = text.split()
    for length in lengths:
        if length == len(words):
            yield text
        for i in range(len(words) - length + 1 if length < len(words) else 0):
            yield f" {' '.join(words[i : i + length])} "


def _beginnings(text: str) -> Iterator[str]:
    """Everything that a prefix pattern found in a phrase may be."""
    starts = [i for i, ch in enumerate(text) if ch == " " and i + 1 < len(text)]
    for start in starts:
        for end in range(start + 2, len(text) + 1):
            yield text[start:end]


def _sufficient(condition: Condition) -> Iterator[Term | Country]:
    """Terms and countries that make the condition hold all by themselves, anywhere in the text."""
    match condition:
        case Term() | Country():
            yield condition
        case Use(of=of):
            yield from _sufficient(of)
        case Count(of=of, min=1):
            yield from _sufficient(of)
        case Group(op="any", of=members) | AtLeast(n=1, of=members):
            for member in members:
                yield from _sufficient(member)
        case Group(op="all", of=members) if len(members) == 1:
            yield from _sufficient(members[0])


def _witness(condition: Condition) -> Iterator[Term | Names | Country]:
    """Leaves that together satisfy a condition, as far as presence goes: of every choice the first."""
    match condition:
        case Term() | Names() | Country():
            yield condition
        case Use(of=of) | Count(of=of) | Within(of=of):
            yield from _witness(of)
        case Group(op="any", of=members):
            yield from _witness(members[0])
        case Group(op="all", of=members) | Near(of=members):
            for member in members:
                yield from _witness(member)
        case AtLeast(n=n, of=members):
            for member in members[:n]:
                yield from _witness(member)
