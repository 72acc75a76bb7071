"""What other people watch, taken out of what an audience is told of a period. A watch is seen where it is heard."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Severity
from bot.people import is_others
from bot.store.summary_port import AlertLine, FiredCount, FiredLine, SummaryStore


@dataclass(frozen=True, slots=True)
class Others:
    """``rules``: watches that the audience is not told of; ``severities``: of the alerts on which they fired, what is
    left without them, ``None`` for those on which nothing else did."""

    rules: frozenset[str] = frozenset()
    severities: Mapping[str, Severity | None] = field(default_factory=dict)

    def lines(self, found: Iterable[AlertLine]) -> list[AlertLine]:
        """Alerts without them."""
        if not self.rules:
            return list(found)
        seen = []
        for one in found:
            severity = self.severities.get(one.alert_id, one.severity)
            if severity is not None:
                seen.append(one._replace(severity=severity, rules=self._seen(one.rules)))
        return seen

    def fired(self, found: Mapping[str, tuple[FiredLine, ...]]) -> Mapping[str, tuple[FiredLine, ...]]:
        """The rules of alerts without them."""
        return {alert: self._seen(rules) for alert, rules in found.items()} if self.rules else found

    def counts(self, found: Iterable[FiredCount]) -> tuple[FiredCount, ...]:
        """How often rules fired, without them."""
        return tuple(one for one in found if one.rule_id not in self.rules)

    def _seen(self, rules: Sequence[FiredLine]) -> tuple[FiredLine, ...]:
        return tuple(rule for rule in rules if rule.rule_id not in self.rules)


def others(store: SummaryStore, since: datetime, until: datetime, audience: Collection[str] | None) -> Others:
    """What an audience, named by its delivery channels, is not told of; ``None`` is told of everything."""
    if audience is None:
        return Others()
    found = [one for one in store.watched(since, until) if is_others(one.rule_id, one.channels, audience)]
    if not found:
        return Others()
    rules = frozenset(one.rule_id for one in found)
    fired = store.fired_lines(sorted({one.alert_id for one in found}))
    left = {alert: [line.severity for line in lines if line.rule_id not in rules] for alert, lines in fired.items()}
    return Others(rules, {alert: max(severities, default=None) for alert, severities in left.items()})
