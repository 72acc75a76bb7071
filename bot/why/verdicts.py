"""What each rule says of an article now, beside what it said when the article came."""

from __future__ import annotations

from collections.abc import Collection

from bot.record import Record
from bot.rules.explain import Explanation, explain
from bot.rules.match import Analysis
from bot.rules.model import Rule
from bot.rules.steps import closeness
from bot.why.report import Outcome, RuleVerdict

SUPPRESSED = 0.1  # distance of a rule that only its ``unless`` kept from firing


def verdicts(analysis: Analysis, record: Record, skip: Collection[str] = ()) -> tuple[RuleVerdict, ...]:
    """Every rule but those in ``skip``: those that fire, most severe first, then the others, nearest first."""
    then = {m.rule_id for m in record.alert.matches} if record.alert else set()
    then.update(record.shadow)
    found = [_verdict(analysis, rule, rule.id in then) for rule in analysis.engine.rules if rule.id not in skip]
    order = {m.rule_id: n for n, m in enumerate(analysis.matches)}
    return tuple(sorted(found, key=lambda v: (v.distance, order.get(v.rule_id, 0))))


def _verdict(analysis: Analysis, rule: Rule, then: bool) -> RuleVerdict:
    one = explain(analysis, rule)
    outcome = Outcome.FIRED if one.match else Outcome.SUPPRESSED if one.suppressed else Outcome.MISSED
    return RuleVerdict(
        rule_id=rule.id,
        title=rule.title,
        severity=rule.severity.word,
        outcome=outcome,
        reason=one.reason,
        remedy=one.remedy if outcome is Outcome.MISSED else "",
        then=then,
        trial=rule.shadow,
        distance=_distance(one),
    )


def _distance(one: Explanation) -> float:
    """From 0 to 1: the part of what a rule asks for that is not there."""
    if one.match is not None:
        return 0.0
    return SUPPRESSED if one.suppressed else max(SUPPRESSED, 1.0 - closeness(one.when))
