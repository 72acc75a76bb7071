"""Why a rule fired on a text, or what kept it from firing: the tree of its conditions, each with its verdict.

Nothing is evaluated here that the engine does not evaluate itself; the tree asks the same :class:`Evaluation` for
every condition, without stopping at the first that fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.model import Evidence, Match
from bot.rules.match import Analysis
from bot.rules.model import AtLeast, Condition, Count, Country, Group, Near, Rule, Use, Within


@dataclass(frozen=True, slots=True)
class Step:
    """One condition: whether it holds, by which spans, and in words why not where that can be said."""

    label: str
    holds: bool
    evidence: tuple[Evidence, ...]
    children: tuple[Step, ...]
    note: str = ""

    def failing(self) -> Iterator[Step]:
        """The innermost conditions that keep this one from holding."""
        if self.holds:
            return
        broken = [c for c in self.children if not c.holds]
        if self.note or not broken:
            yield self
            return
        for child in broken:
            yield from child.failing()


@dataclass(frozen=True, slots=True)
class Explanation:
    """``match`` is what the engine says. ``suppressed`` holds the tree of ``unless`` where it held."""

    rule: Rule
    match: Match | None
    when: Step
    unless: Step | None
    suppressed: bool

    @property
    def reason(self) -> str:
        """One sentence."""
        if self.match is not None:
            words = dict.fromkeys(e.text for e in self.match.evidence)
            return f"fired on {', '.join(repr(w) for w in list(words)[:6])}" if words else "fired"
        if self.suppressed and self.unless is not None:
            words = dict.fromkeys(e.text for e in self.unless.evidence)
            return f"suppressed by unless: {', '.join(repr(w) for w in list(words)[:6]) or self.unless.label}"
        first = next(self.when.failing(), self.when)
        return f"{first.label}: {first.note}" if first.note else f"not found: {first.label}"


def explain(analysis: Analysis, rule: Rule) -> Explanation:
    """The whole tree for one rule on one text."""
    when = _step(analysis, rule.when, "")
    unless = _step(analysis, rule.unless, "") if rule.unless is not None else None
    suppressed = when.holds and unless is not None and unless.holds
    return Explanation(rule, analysis.match(rule), when, unless, suppressed)


def _step(analysis: Analysis, condition: Condition, region: str) -> Step:
    leaves = analysis.evaluation.holds(condition, region)
    inner = region
    children: tuple[Condition, ...] = ()
    match condition:
        case Group() | AtLeast() | Near():
            children = condition.of
        case Use(of=of) | Count(of=of):
            children = (of,)
        case Within():
            children = (condition.of,)
            inner = condition.region if region in ("", condition.region) else "nowhere"
    steps = tuple(_step(analysis, c, inner) for c in children)
    return Step(
        label=condition.label,
        holds=leaves is not None,
        evidence=analysis.evidence(leaves or ()),
        children=steps,
        note="" if leaves is not None else _note(analysis, condition, steps, inner),
    )


def _note(analysis: Analysis, condition: Condition, steps: tuple[Step, ...], region: str) -> str:
    """What can be said of a condition that failed although its parts held, or that nearly held."""
    match condition:
        case Near() if all(s.holds for s in steps):
            return f"every member is in the text, but not {condition.label.removeprefix('near ').strip('()')}"
        case AtLeast():
            return f"{sum(s.holds for s in steps)} of {condition.n} held"
        case Group(op="any"):
            labels = [s.label for s in steps]
            more = f" and {len(labels) - 6} more" if len(labels) > 6 else ""
            return f"none of {', '.join(labels[:6])}{more}"
        case Group(op="none"):
            return "found: " + ", ".join(s.label for s in steps if s.holds)
        case Count() if steps[0].holds:
            return f"only {len(analysis.evaluation.spans(condition.of, region))} found"
        case Country():
            named = analysis.countries
            return f"the text names {', '.join(named)}" if named else "the text names no country"
        case _:
            return ""
