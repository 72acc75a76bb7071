"""Why a rule fired on a text, or what kept it from firing: the tree of its conditions, each with its verdict.

Nothing is evaluated here that the engine does not evaluate itself; the tree asks the same
:class:`~bot.rules.evaluate.Evaluation` for every condition, without stopping at the first that fails.
:func:`first_failure` does stop there, and is cheap enough to be asked for every rule of a set. What would have made a
rule fire: :mod:`bot.rules.nearly`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.model import Evidence, Match
from bot.rules.exemptions import Exemption, in_force
from bot.rules.match import Analysis
from bot.rules.model import AtLeast, Condition, Count, Country, Group, Near, Rule, Unit, Use, Within, names_in
from bot.rules.nearly import Changes, kept_silent, sentence, smallest_change
from bot.rules.nearly_words import few, within


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
    if rule.unless is None or held(rule.unless) is None:
        return None
    return Failure(rule.id, "unless", kept_silent(analysis, rule.unless), suppressed=True)


class Step:
    """One condition: whether it holds, by which spans, and in words why not where that can be said. All but the verdict
    is worked out when it is looked at: most trees are only weighed."""

    def __init__(self, analysis: Analysis, condition: Condition, region: str = "") -> None:
        self._analysis, self._condition, self._region = analysis, condition, region
        self._leaves = analysis.evaluation.holds(condition, region)
        self.label = condition.label

    @property
    def holds(self) -> bool:
        return self._leaves is not None

    @property
    def found_nothing(self) -> bool:
        """Whether nothing that it asks for is in the text at all; then neither is anything of its children."""
        return self._leaves is None and not self._analysis.evaluation.touches(self._condition)

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        return self._analysis.evidence(self._leaves or ())

    @cached_property
    def children(self) -> tuple[Step, ...]:
        below: tuple[Condition, ...] = ()
        region = self._region
        match self._condition:
            case Group(of=members) | AtLeast(of=members) | Near(of=members):
                below = members
            case Use(of=of) | Count(of=of):
                below = (of,)
            case Within(of=of):
                below = (of,)
                region = _inner(self._condition, region)
        return tuple(Step(self._analysis, one, region) for one in below)

    @cached_property
    def note(self) -> str:
        return "" if self.holds else _note(self._analysis, self._condition, self._region)

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


class Explanation:
    """What the engine says of a rule on a text: ``match``. The rest is worked out when it is looked at, by whoever
    looks: of a thousand rules that did not fire, a few are shown."""

    def __init__(self, analysis: Analysis, rule: Rule) -> None:
        self.rule = rule
        self._whole = analysis.remembering
        self._analysis = self._whole.seen_by(rule)
        self.match: Match | None = self._analysis.match(rule)

    @cached_property
    def when(self) -> Step:
        return Step(self._analysis, self.rule.when)

    @cached_property
    def unless(self) -> Step | None:
        return Step(self._analysis, self.rule.unless) if self.rule.unless is not None else None

    @cached_property
    def failure(self) -> Failure | None:
        """For a miss, the first condition that failed."""
        return first_failure(self._analysis, self.rule) if self.match is None else None

    @cached_property
    def changes(self) -> Changes:
        """For a miss, the smallest change that would have matched."""
        return smallest_change(self._analysis, self.rule) if self.match is None else ()

    @cached_property
    def passed_over(self) -> tuple[tuple[Evidence, Exemption], ...]:
        """Names in the text, and what excepts them."""
        return _passed_over(self._whole, self.rule)

    @property
    def suppressed(self) -> bool:
        """Whether only ``unless`` kept the rule from firing."""
        return self.match is None and self.when.holds

    @property
    def reason(self) -> str:
        """One sentence."""
        if self.failure is not None:
            return self.failure.text
        words = dict.fromkeys(e.text for e in self.match.evidence) if self.match else {}
        return f"fired on {', '.join(repr(w) for w in list(words)[:6])}" if words else "fired"

    @property
    def remedy(self) -> str:
        """``the text lacks “border”``: what a text or the rule would have to be otherwise; empty for a match."""
        return sentence(self.changes)


def explain(analysis: Analysis, rule: Rule) -> Explanation:
    """One rule on one text. ``analysis`` is ``engine.analyse(subject)``, one for all rules."""
    return Explanation(analysis, rule)


def _passed_over(analysis: Analysis, rule: Rule) -> tuple[tuple[Evidence, Exemption], ...]:
    """What the rule would have seen but for ``except_entities``."""
    holding = in_force(rule.exemptions, analysis.subject.day)
    by_id = {e.id: e for e in rule.exemptions if e.id in holding}
    if not by_id:
        return ()
    conditions = {n for c in (rule.when, rule.unless) if c is not None for n in names_in(c)}
    spans = analysis.evidence(leaf for n in conditions for leaf in analysis.find(n))
    return tuple((e, by_id[e.entity]) for e in spans if e.entity in by_id)


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
            ordered = ", in this order" if condition.ordered else ""
            where = f"within {within(condition)}" if condition.unit is Unit.WORDS else f"in one {within(condition)}"
            return f"all of it is in the text, but not {where}{ordered}"
        case AtLeast(n=n, of=members):
            return f"{sum(held(m, region) is not None for m in members)} of {n} held"
        case Group(op="any", of=members):
            return f"none of {few([m.label for m in members])}"
        case Group(op="none", of=members):
            return "must not be there: " + ", ".join(m.label for m in members if held(m, region) is not None)
        case Count(of=of) if held(of, region) is not None:
            return f"only {len(analysis.evaluation.spans(of, region))} found"
        case Country():
            named = analysis.countries
            return f"the text names {', '.join(named)}" if named else "the text names no country"
        case _:
            return ""
