"""The tests that stand inside rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import Problem
from bot.model import Source
from bot.rules.evaluate import Subject
from bot.rules.explain import explain
from bot.rules.match import Engine
from bot.rules.model import Rule, RuleTest


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test ended; ``reason`` says in words why the rule fired or not."""

    rule: Rule
    test: RuleTest
    passed: bool
    reason: str

    @property
    def problem(self) -> Problem:
        """The failure as a finding in the file."""
        wanted = "must match, but did not" if self.test.match else "must be ignored, but matched"
        text = f"rule {self.rule.id!r}: this test {wanted} ({self.reason}); mend the rule or the test"
        return self.test.place.problem(text, "failing-test")


def run(engine: Engine, sources: Mapping[str, Source] | None = None) -> tuple[Outcome, ...]:
    """Run every test of every enabled rule, in the order of the files. A test that names one of ``sources`` has that
    source's tags, name and language, unless it gives a language itself."""
    outcomes: list[Outcome] = []
    for rule in engine.rules:
        for test in rule.tests:
            analysis = engine.analyse(_subject(test, sources or {}))
            # Through the index, not around it: a rule that the index never offers must fail its tests.
            fired = any(m.rule_id == rule.id for m in analysis.matches)
            passed = fired == test.match
            reason = "" if passed else explain(analysis, rule).reason
            outcomes.append(Outcome(rule, test, passed, reason))
    return tuple(outcomes)


def _subject(test: RuleTest, sources: Mapping[str, Source]) -> Subject:
    source = sources.get(test.source)
    if source is None:
        return Subject(test.title, test.text, test.source, test.tags, test.lang)
    tags = (*source.tags, *test.tags)
    return Subject(test.title, test.text, source.id, tags, test.lang or source.lang, source.name)
