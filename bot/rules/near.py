"""Which spans take part in a ``near``: exact, and linear in the number of spans.

A chain is one span of each member, none overlapping another. Its cost is the number of words between its spans, that
is, the words of the smallest window that are outside the members. A sweep over the spans from left to right keeps, for
each set of members already placed, the cheapest chain that has ended; a second sweep from the right does the same, and
a span takes part if the two halves around it cost no more than the limit. With ``k`` members that is ``2^k`` steps a
span, whatever the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

INFINITE = 1 << 60
TUPLES_MAX = 4_000  # ways of one inner near in one region; beyond that its hulls are those of the first ones


@dataclass(frozen=True, slots=True)
class Placed:
    """A span with its words: ``first`` to ``last`` inclusive, and the leaves (evidence) that it stands for."""

    start: int
    end: int
    first: int
    last: int
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One span of one leaf of a rule."""

    start: int
    end: int
    label: str
    entity: str | None = None
    dateline: bool = False


def participants(members: Sequence[Sequence[Placed]], limit: int, ordered: bool) -> list[list[Placed]]:
    """For each member the spans that stand in at least one chain of cost ``limit`` or less (any cost: ``INFINITE``)."""
    if any(not spans for spans in members):
        return [[] for _ in members]
    left = _sweep(members, ordered, backward=False)
    right = _sweep(members, ordered, backward=True)
    full = (1 << len(members)) - 1
    out: list[list[Placed]] = []
    for i, spans in enumerate(members):
        bit = 1 << i
        kept: list[Placed] = []
        for span, before, after in zip(spans, left[i], right[i], strict=True):
            best = INFINITE
            for mask, cost in before.items():
                rest = after.get((full ^ mask) | bit)
                if rest is not None and cost + rest < best:
                    best = cost + rest
            if best <= limit and best < INFINITE:
                kept.append(span)
        out.append(kept)
    return out


def _sweep(members: Sequence[Sequence[Placed]], ordered: bool, backward: bool) -> list[list[dict[int, int]]]:
    """For each span: by the set of members in the chain that it ends (its own included), the least cost."""
    costs: list[list[dict[int, int]]] = [[{} for _ in spans] for spans in members]
    # Ends before starts at the same word boundary; a span that ends where another begins does not overlap it.
    events: list[tuple[int, int, int, int]] = []
    for i, spans in enumerate(members):
        for j, span in enumerate(spans):
            enter, leave = (-span.end, -span.start) if backward else (span.start, span.end)
            events.append((enter, 1, i, j))
            events.append((leave, 0, i, j))
    events.sort()
    count = len(members)
    ended: dict[int, int] = {}
    for _, kind, i, j in events:
        span = members[i][j]
        bit = 1 << i
        mine = costs[i][j]
        if kind:
            if not ordered or i == (count - 1 if backward else 0):
                mine[bit] = 0
            at = -span.last if backward else span.first
            for mask, cost in ended.items():
                if mask & bit:
                    continue
                if ordered and mask != _ordered_prefix(i, count, backward):
                    continue
                total = cost + at - 1
                total = max(total, 0)
                if total < mine.get(mask | bit, INFINITE):
                    mine[mask | bit] = total
        else:
            at = -span.first if backward else span.last
            for mask, cost in mine.items():
                if cost - at < ended.get(mask, INFINITE):
                    ended[mask] = cost - at
    return costs


def _ordered_prefix(i: int, count: int, backward: bool) -> int:
    """The members that must have been placed before member ``i``."""
    return ((1 << count) - 1) ^ ((1 << (i + 1)) - 1) if backward else (1 << i) - 1


def hulls(members: Sequence[Sequence[Placed]], limit: int, ordered: bool) -> list[Placed]:
    """All windows of an inner ``near``, each with the leaves of every way that makes it."""
    kept = participants(members, limit, ordered)
    found: dict[tuple[int, int], tuple[int, int, dict[Leaf, None]]] = {}
    for number, way in enumerate(product(*kept)):
        if number >= TUPLES_MAX:
            break
        chain = sorted(way, key=lambda s: (s.start, s.end))
        if any(a.end > b.start for a, b in zip(chain, chain[1:], strict=False)):
            continue
        if ordered and chain != list(way):
            continue
        gap = sum(max(b.first - a.last - 1, 0) for a, b in zip(chain, chain[1:], strict=False))
        if gap > limit:
            continue
        key = (chain[0].start, max(s.end for s in chain))
        leaves = found.setdefault(key, (chain[0].first, max(s.last for s in chain), {}))[2]
        for span in chain:
            leaves.update(dict.fromkeys(span.leaves))
    return [Placed(s, e, first, last, tuple(leaves)) for (s, e), (first, last, leaves) in sorted(found.items())]
