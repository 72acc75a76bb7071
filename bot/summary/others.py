"""What other people watch, taken out of what an audience is told of a period. A watch is seen where it is heard."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.people import is_others
from bot.store.summary_port import AlertLine, FiredCount, FiredLine, SummaryStore


@dataclass(frozen=True, slots=True)
class Others:
    """``rules``: watches that the audience is not told of; ``alerts``: those on which nothing else fired."""

    rules: frozenset[str] = frozenset()
    alerts: frozenset[str] = frozenset()

    def lines(self, found: Iterable[AlertLine]) -> list[AlertLine]:
        """Alerts without them."""
        if not self.rules:
            return list(found)
        return [one._replace(rules=self._seen(one.rules)) for one in found if one.alert_id not in self.alerts]

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
    alone = (alert for alert, lines in fired.items() if all(line.rule_id in rules for line in lines))
    return Others(rules, frozenset(alone))
