"""The answer as values, for every place that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """The verdict of a stage in one word: it let the article through, stopped it, keeps it for later, or only tells."""

    PASSED = "passed"
    STOPPED = "stopped"
    WAITS = "waits"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its verdict as a sentence without a full stop, then what supports it, a line each. ``link`` leads to a
    post."""

    name: str
    mark: Mark
    verdict: str
    details: tuple[str, ...] = ()
    link: str = ""


class Outcome(StrEnum):
    """What a rule says of the article now."""

    FIRED = "fired"
    SUPPRESSED = "suppressed"  # by its ``unless``
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One rule. ``reason``: the words that it fired on, or the first condition that failed; ``remedy``: the smallest
    change of text or rule with which it would have fired. ``then``: it fired when the article came; ``trial``: nothing
    of it is posted. ``distance``: how far it is from firing, 0 where it fires."""

    rule_id: str
    title: str
    severity: str
    outcome: Outcome
    reason: str
    remedy: str
    then: bool
    trial: bool
    distance: float

    @property
    def gist(self) -> str:
        """What to say of it in one line."""
        return self.remedy or self.reason


@dataclass(frozen=True, slots=True)
class WhyReport:
    """The whole answer. ``answer`` is one sentence; ``rules`` are in the order: fired, then nearest first."""

    asked: str
    found: bool
    answer: str
    headline: str = ""
    url: str = ""
    source: str = ""
    stages: tuple[Stage, ...] = ()
    rules: tuple[RuleVerdict, ...] = ()
