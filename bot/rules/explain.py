"""Why a rule fired on a text, or what kept it from firing: the tree of its conditions, each with its verdict.

Nothing is evaluated here that the engine does not evaluate itself; the tree asks the same :class:`Evaluation` for
every condition, without stopping at the first that fails. :func:`first_failure` does stop there, and is cheap enough
to be asked for every rule of a set. What would have made a rule fire: :mod:`bot.rules.nearly`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.model import Evidence, Match
from bot.rules.exemptions import Exemption, in_force
from bot.rules.match import Analysis
from bot.rules.model import AtLeast, Condition, Count, Country, Group, Near, Rule, Use, Within, names_in
from bot.rules.nearly import Changes, few, sentence, smallest_change, within


@dataclass(frozen=True, slots=True)
class Failure:
    """What kept a rule from firing: the first of its conditions that does not hold, as it is named in the rule, and in
    a few words why. ``suppressed`` where all of ``when`` holds and ``unless`` does, too."""

    rule_id: str
    condition: str
    text: str
    suppressed: bool = False


def first_failure(analysis: Analysis, rule: Rule) -> Failure | None:
    """The first condition that fails, in the order of the rule; ``None`` where the rule fires.

    Some microseconds for a rule of which nothing is in the text. ``analysis`` is ``engine.analyse(subject)``, one for
    all rules.
    """
    analysis = analysis.seen_by(rule)
    held = analysis.evaluation.holds
    if held(rule.when) is None:
        condition, region = _first(analysis, rule.when, "")
        note = _note(analysis, condition, region)
        text = f"{condition.label}: {note}" if note else f"not found: {condition.label}"
        return Failure(rule.id, condition.label, text)
    if rule.unless is None or (leaves := held(rule.unless)) is None:
        return None
    words = dict.fromkeys(e.text for e in analysis.evidence(leaves))
    by = few([repr(w) for w in words]) or rule.unless.label
    return Failure(rule.id, "unless", f"suppressed by unless: {by}", suppressed=True)


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
    """``match`` is what the engine says. ``suppressed`` holds the tree of ``unless`` where it held. For a miss,
    ``failure`` is the first condition that failed and ``changes`` the smallest change that would have matched."""

    rule: Rule
    match: Match | None
    when: Step
    unless: Step | None
    failure: Failure | None
    changes: Changes = ()
    passed_over: tuple[tuple[Evidence, Exemption], ...] = ()  # names in the text, and what excepts them

    @property
    def suppressed(self) -> bool:
        """Whether only ``unless`` kept the rule from firing."""
        return self.failure is not None and self.failure.suppressed

    @property
    def reason(self) -> str:
        """One sentence."""
        if self.failure is not None:
            return self.failure.text
        words = dict.fromkeys(e.text for e in self.match.evidence) if self.match else {}
        return f"fired on {', '.join(repr(w) for w in list(words)[:6])}" if words else "fired"

    @property
    def remedy(self) -> str:
        """``it would match if the text said border``; empty for a match."""
        return sentence(self.changes)


def explain(analysis: Analysis, rule: Rule) -> Explanation:
    """The whole tree for one rule on one text."""
    whole, analysis = analysis, analysis.seen_by(rule)
    match = analysis.match(rule)
    return Explanation(
        rule,
        match,
        when=_step(analysis, rule.when, ""),
        unless=_step(analysis, rule.unless, "") if rule.unless is not None else None,
        failure=first_failure(analysis, rule) if match is None else None,
        changes=smallest_change(analysis, rule) if match is None else (),
        passed_over=_passed_over(whole, rule),
    )


def _passed_over(analysis: Analysis, rule: Rule) -> tuple[tuple[Evidence, Exemption], ...]:
    """What the rule would have seen but for ``except_entities``."""
    holding = in_force(rule.exemptions, analysis.subject.day)
    by_id = {e.id: e for e in rule.exemptions if e.id in holding}
    if not by_id:
        return ()
    conditions = {n for c in (rule.when, rule.unless) if c is not None for n in names_in(c)}
    spans = analysis.evidence(leaf for n in conditions for leaf in analysis.find(n))
    return tuple((e, by_id[e.entity]) for e in spans if e.entity in by_id)


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
            inner = _inner(condition, region)
    return Step(
        label=condition.label,
        holds=leaves is not None,
        evidence=analysis.evidence(leaves or ()),
        children=tuple(_step(analysis, c, inner) for c in children),
        note="" if leaves is not None else _note(analysis, condition, region),
    )


def _inner(condition: Within, region: str) -> str:
    return condition.region if region in ("", condition.region) else "nowhere"


def _first(analysis: Analysis, condition: Condition, region: str) -> tuple[Condition, str]:
    """The innermost condition to blame for one that does not hold, and the region that it was looked for in."""
    held = analysis.evaluation.holds
    match condition:
        case Group(op="all", of=members) | Near(of=members):
            failing = next((m for m in members if held(m, region) is None), None)
            return _first(analysis, failing, region) if failing is not None else (condition, region)
        case Use(of=of):
            return _first(analysis, of, region)
        case Count(of=of):
            return (condition, region) if held(of, region) is not None else _first(analysis, of, region)
        case Within(of=of):
            return _first(analysis, of, _inner(condition, region))
        case _:
            return condition, region


def _note(analysis: Analysis, condition: Condition, region: str) -> str:
    """What can be said of a condition that failed although its parts held, or that nearly held."""
    held = analysis.evaluation.holds
    match condition:
        case Near(of=members) if all(held(m, region) is not None for m in members):
            ordered = ", ordered" if condition.ordered else ""
            return f"every member is in the text, but not within {within(condition)}{ordered}"
        case AtLeast(n=n, of=members):
            return f"{sum(held(m, region) is not None for m in members)} of {n} held"
        case Group(op="any", of=members):
            return f"none of {few([m.label for m in members])}"
        case Group(op="none", of=members):
            return "found: " + ", ".join(m.label for m in members if held(m, region) is not None)
        case Count(of=of) if held(of, region) is not None:
            return f"only {len(analysis.evaluation.spans(of, region))} found"
        case Country():
            named = analysis.countries
            return f"the text names {', '.join(named)}" if named else "the text names no country"
        case _:
            return ""
