"""What happened so far, counted for the summary of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.noise import Verdict
from bot.store.noise_port import DecisionRow

_REPEATS = frozenset({Verdict.UPDATE, Verdict.REPLY, Verdict.RAISE, Verdict.TOLD})


@dataclass
class Tally:
    """``alerts``, ``held``, ``repeats`` and ``old`` count alerts by what became of them on any channel."""

    polls: int = 0
    failed: int = 0
    items: int = 0
    new: int = 0
    revised: int = 0
    matched: int = 0
    alerts: int = 0
    held: int = 0
    repeats: int = 0
    put_off: int = 0
    old: int = 0

    def decided(self, decisions: Iterable[DecisionRow]) -> None:
        """Count what was decided about the articles of a poll."""
        verdicts: dict[str, set[str]] = {}
        for decision in decisions:
            if decision.alert_id:
                verdicts.setdefault(decision.alert_id, set()).add(decision.verdict)
        for given in verdicts.values():
            self.alerts += Verdict.SEND in given
            self.held += Verdict.HOLD in given and Verdict.SEND not in given
            self.repeats += not given.isdisjoint(_REPEATS) and given.isdisjoint((Verdict.SEND, Verdict.HOLD))
            self.old += given == {Verdict.OLD}
