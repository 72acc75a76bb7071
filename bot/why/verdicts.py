"""What each rule says of an article now, beside what it said when the article came."""

from __future__ import annotations

from collections.abc import Iterator

from bot.record import Record
from bot.rules.explain import Explanation, Step, explain
from bot.rules.match import Analysis
from bot.rules.model import Rule
from bot.why.report import Outcome, RuleVerdict

SUPPRESSED = 0.1  # distance of a rule that only its ``unless`` kept from firing


def verdicts(analysis: Analysis, record: Record) -> tuple[RuleVerdict, ...]:
    """Every rule: those that fire, most severe first, then the others, nearest first."""
    then = {m.rule_id for m in record.alert.matches} if record.alert else set()
    then.update(record.shadow)
    found = [_verdict(analysis, rule, rule.id in then) for rule in analysis.engine.rules]
    order = {m.rule_id: n for n, m in enumerate(analysis.matches)}
    return tuple(sorted(found, key=lambda v: (v.distance, order.get(v.rule_id, 0))))


def _verdict(analysis: Analysis, rule: Rule, then: bool) -> RuleVerdict:
    one = explain(analysis, rule)
    outcome = Outcome.FIRED if one.match else Outcome.SUPPRESSED if one.suppressed else Outcome.MISSED
    reason = "; ".join(filter(None, (one.reason, one.remedy)))
    return RuleVerdict(rule.id, rule.title, rule.severity.word, outcome, reason, then, rule.shadow, _distance(one))


def _distance(one: Explanation) -> float:
    """From 0 to 1: the part of what a rule asks for of which nothing is there."""
    if one.match is not None:
        return 0.0
    if one.suppressed:
        return SUPPRESSED
    leaves = list(_leaves(one.when))
    return max(SUPPRESSED, sum(not leaf.holds for leaf in leaves) / len(leaves))


def _leaves(step: Step) -> Iterator[Step]:
    """The innermost conditions; of alternatives the nearest stands for all."""
    if not step.children:
        yield step
    elif step.label == "any":
        ways = [list(_leaves(child)) for child in step.children]
        yield from min(ways, key=lambda way: sum(not leaf.holds for leaf in way) / len(way))
    else:
        for child in step.children:
            yield from _leaves(child)
