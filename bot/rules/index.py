"""From what was found in a text to the few rules worth a look.

A rule's *requirement* says, in terms of patterns alone, what it cannot do without. It is turned into *ways*: sets of
patterns of which each must be hit. The index looks at the two rarest sets of each way, so that a rule whose one word
stands in a text, but not the other, costs a look-up and no more (Lucene's Monitor picks one term; with 10,000 rules
most articles hold one word of a hundred of them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

COUNTRY = -1  # stands for "some name of the gazetteer was found"
REGEX = -2  # and below: "this regex matched", one number for each regex

WAYS_MAX = 16  # of one rule; a clause that makes more is left out of them, and looked at when the rule is tried
SECOND_SHARED_MAX = 100  # ways that share a pattern as their second one; above that it tells them apart no more


class Clause(NamedTuple):
    """Holds if one of the patterns was found, or all clauses of one of the alternatives hold."""

    patterns: frozenset[int]
    alternatives: tuple[Requirement, ...]


Requirement = tuple[Clause, ...]
"""What must be found in a text for a rule to hold: every clause. Not all that it asks for, so that it is quick."""


def one_of(options: Sequence[Requirement]) -> Requirement:
    """What is required where one of several requirements must hold."""
    if () in options:
        return ()
    plain = [o[0].patterns for o in options if len(o) == 1 and not o[0].alternatives]
    others = tuple(o for o in options if len(o) > 1 or o[0].alternatives)
    return (Clause(frozenset().union(*plain), others),)


def may_hold(requirement: Requirement, found: Set[int]) -> bool:
    """Whether a text in which these patterns were found has what is required."""
    for patterns, alternatives in requirement:
        if patterns.isdisjoint(found):
            for one in alternatives:  # any() takes twice as long, and this runs dozens of times for an article
                if may_hold(one, found):
                    break
            else:
                return False
    return True


@dataclass(frozen=True, slots=True)
class Index:
    """``alone`` gives rules by a pattern that is enough to try them; ``first`` and ``second`` give ways, of which both
    must be found; ``rule_of`` gives the rule of a way; ``always`` holds the rules that need no pattern."""

    requirements: tuple[Requirement, ...]
    always: frozenset[int]
    alone: Mapping[int, tuple[int, ...]]
    first: Mapping[int, tuple[int, ...]]
    second: Mapping[int, tuple[int, ...]]
    rule_of: tuple[int, ...]

    def candidates(self, found: Set[int]) -> list[int]:
        """The rules that may hold, in their order."""
        rules = set(self.always)
        first: set[int] = set()
        second: set[int] = set()
        for pattern in found:
            rules.update(self.alone.get(pattern, ()))
            first.update(self.first.get(pattern, ()))
            second.update(self.second.get(pattern, ()))
        rule_of = self.rule_of
        rules.update([rule_of[way] for way in first & second])
        requirements = self.requirements
        return sorted(rule for rule in rules if may_hold(requirements[rule], found))


def build_index(requirements: Sequence[Requirement], cost: Callable[[int], float]) -> Index:
    """``cost`` tells how often a pattern is expected in texts, in no unit: only the order counts."""
    always: set[int] = set()
    alone: dict[int, list[int]] = {}
    pairs: list[tuple[frozenset[int], frozenset[int], int]] = []
    shared: dict[int, int] = {}

    def put(patterns: Iterable[int], rule: int) -> None:
        for pattern in patterns:
            rules = alone.setdefault(pattern, [])
            if not rules or rules[-1] != rule:
                rules.append(rule)

    for rule, requirement in enumerate(requirements):
        for way in _ways(requirement):
            rarest = sorted(way, key=lambda patterns: sum(map(cost, patterns)))
            telling = [p for p in rarest[1:2] if COUNTRY not in p]
            if not rarest:
                needed = _needed(requirement, cost)
                if needed is None:
                    always.add(rule)
                else:
                    put(needed, rule)
            elif telling:
                pairs.append((rarest[0], telling[0], rule))
                for pattern in telling[0]:
                    shared[pattern] = shared.get(pattern, 0) + 1
            else:
                put(rarest[0], rule)
    first: dict[int, list[int]] = {}
    second: dict[int, list[int]] = {}
    rule_of: list[int] = []
    for one, other, rule in pairs:
        if any(shared[p] > SECOND_SHARED_MAX for p in other):
            put(one, rule)
            continue
        for postings, patterns in ((first, one), (second, other)):
            for pattern in patterns:
                postings.setdefault(pattern, []).append(len(rule_of))
        rule_of.append(rule)
    return Index(
        requirements=tuple(requirements),
        always=frozenset(always),
        alone=_frozen(alone),
        first=_frozen(first),
        second=_frozen(second),
        rule_of=tuple(rule_of),
    )


def _needed(requirement: Requirement, cost: Callable[[int], float]) -> frozenset[int] | None:
    """Patterns of which a text that meets the requirement holds at least one, as rare as can be; ``None`` where it may
    hold none. For rules with too many ways."""
    options = [patterns for clause in requirement if (patterns := _needed_by(clause, cost)) is not None]
    return min(options, key=lambda patterns: sum(map(cost, patterns)), default=None)


def _needed_by(clause: Clause, cost: Callable[[int], float]) -> frozenset[int] | None:
    found = set(clause.patterns)
    for alternative in clause.alternatives:
        needed = _needed(alternative, cost)
        if needed is None:
            return None
        found |= needed
    return frozenset(found)


def _frozen(postings: Mapping[int, list[int]]) -> dict[int, tuple[int, ...]]:
    return {pattern: tuple(found) for pattern, found in postings.items()}


def _ways(requirement: Requirement) -> list[tuple[frozenset[int], ...]]:
    """The ways to meet a requirement, ``WAYS_MAX`` at most: a text that meets it holds all sets of one of them."""
    ways: list[tuple[frozenset[int], ...]] = [()]
    for clause in requirement:
        options: list[tuple[frozenset[int], ...]] = []
        if clause.patterns or not clause.alternatives:
            options.append((clause.patterns,))
        for alternative in clause.alternatives:
            options.extend(_ways(alternative))
        if len(ways) * len(options) <= WAYS_MAX:
            ways = [(*way, *option) for way in ways for option in options]
    return ways
