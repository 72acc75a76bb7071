"""Which reports of a story no longer stand, since whoever wrote them withdrew or corrected them. Pure.

For what is told anew of a story: digests and summaries. What was told before is struck through or answered by
:mod:`bot.follow.decide`, which knows owners and every report of the story.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.follow.numbers import numbers
from bot.follow.wire import corrected, credit, withdrawn
from bot.model import Article


@dataclass(frozen=True, slots=True)
class Fallen:
    """``withdrawn`` says why in a few words; empty for a report in whose place a correction stands. ``notice``: the
    report itself is what says so."""

    withdrawn: str
    notice: bool = False


def fallen(reports: Sequence[Article]) -> Mapping[int, Fallen]:
    """Place in ``reports`` → why that one does not stand; they come in the order in which they were read. A notice or a
    correction takes with it what its outlet wrote before, and the copy of the same agency; later reports and those of
    others stand."""
    found: dict[int, Fallen] = {}
    for n, one in enumerate(reports):
        why = withdrawn(one.title, one.text)
        if not why and not corrected(one.title, one.text):
            continue
        if why:
            found[n] = Fallen(why, True)
        before = reports[:n]
        agencies = {_agency(other) for other in (*before, one) if other.source_id == one.source_id} - {""}
        for at, other in enumerate(before):
            same = other.source_id == one.source_id or _agency(other) in agencies
            if same and (at not in found or (why and not found[at].notice)):
                found[at] = Fallen(why)
    return found


def outgrown(reports: Sequence[Article]) -> frozenset[int]:
    """Places in ``reports`` whose headline tells a number of dead that the headline of a later one exceeds: they stand,
    and are no headline any more."""
    found = []
    most = 0.0
    for n in range(len(reports) - 1, -1, -1):
        dead = max((one.value for one in numbers(reports[n].title) if one.kind == "dead"), default=0.0)
        if 0 < dead < most:
            found.append(n)
        most = max(most, dead)
    return frozenset(found)


def _agency(one: Article) -> str:
    return credit(one.author, one.text)
