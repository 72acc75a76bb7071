"""Which spans take part in a ``near``: exact, and linear in the number of spans.

A chain is one span of each member, none overlapping another. Its cost is the number of words between its spans, that
is, the words of the smallest window that are outside the members. A sweep over the spans from left to right keeps, for
each set of members already placed, the cheapest chain that has ended; a second sweep from the right does the same, and
a span takes part if the two halves around it cost no more than the limit. With ``k`` members that is ``2^k`` steps a
span, whatever the text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

INFINITE = 1 << 60
STEPS_MAX = 50_000  # of the search for the windows of one inner near in one region; the first ones are found


@dataclass(frozen=True, slots=True)
class Placed:
    """A span with the leaves (evidence) that it stands for, and its words: ``first`` to ``last`` inclusive, 0 where
    words do not matter. Of a span that touches no word, ``last`` is the word before it and ``first`` the one behind."""

    start: int
    end: int
    leaves: tuple[Leaf, ...]
    first: int = 0
    last: int = 0


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


def least_cost(members: Sequence[Sequence[Placed]], ordered: bool) -> int | None:
    """The cost of the cheapest chain: the fewest words outside the members of any window. ``None`` where the spans
    allow none."""
    if any(not spans for spans in members):
        return None
    full = (1 << len(members)) - 1
    ends = [found[full] for spans in _sweep(members, ordered, backward=False) for found in spans if full in found]
    return max(min(ends), 0) if ends else None


def _sweep(members: Sequence[Sequence[Placed]], ordered: bool, backward: bool) -> list[list[dict[int, int]]]:
    """For each span: by the set of members in the chain that it ends (its own included), the least cost."""
    costs: list[list[dict[int, int]]] = [[{} for _ in spans] for spans in members]
    # Ends before starts at the same offset: a span that ends where another begins does not overlap it.
    events: list[tuple[int, int, int, int]] = []
    for i, spans in enumerate(members):
        for j, span in enumerate(spans):
            enter, leave = (-span.end, -span.start) if backward else (span.start, span.end)
            events.append((enter, 1, i, j))
            events.append((leave, 0, i, j))
    events.sort()
    count = len(members)
    ended: dict[int, int] = {}  # least (cost - last word) of the chains that ended before the word `word`
    recent: dict[int, int] = {}  # least cost of those that ended in it: a span in the same word costs nothing more
    word = -INFINITE
    for _, enters, i, j in events:
        span = members[i][j]
        first, last = (-span.last, -span.first) if backward else (span.first, span.last)
        mine = costs[i][j]
        bit = 1 << i
        if recent and (first if enters else last) > word:
            for mask, cost in recent.items():
                if cost - word < ended.get(mask, INFINITE):
                    ended[mask] = cost - word
            recent.clear()
        if not enters:
            word = max(word, last)
            for mask, cost in mine.items():
                if cost < recent.get(mask, INFINITE):
                    recent[mask] = cost
            continue
        if not ordered or i == (count - 1 if backward else 0):
            mine[bit] = 0
        for chains, more in ((ended, first - 1), (recent, 0)):
            for mask, cost in chains.items():
                if mask & bit or (ordered and mask != _ordered_prefix(i, count, backward)):
                    continue
                if cost + more < mine.get(mask | bit, INFINITE):
                    mine[mask | bit] = cost + more
    return costs


def _ordered_prefix(i: int, count: int, backward: bool) -> int:
    """The members that must have been placed before member ``i``."""
    return ((1 << count) - 1) ^ ((1 << (i + 1)) - 1) if backward else (1 << i) - 1


def hulls(members: Sequence[Sequence[Placed]], limit: int, ordered: bool) -> list[Placed]:
    """All windows of an inner ``near``, each with the leaves of every way that makes it."""
    kept = participants(members, limit, ordered)
    spans = sorted(
        ((span, i) for i, found in enumerate(kept) for span in found), key=lambda s: (s[0].start, s[0].end, s[1])
    )
    starts = [span.start for span, _ in spans]
    full = (1 << len(members)) - 1
    found: dict[tuple[int, int], tuple[int, int, dict[Leaf, None]]] = {}
    steps = 0

    def extend(chain: list[Placed], mask: int, left: int) -> None:
        nonlocal steps
        if mask == full:
            key = (chain[0].start, chain[-1].end)
            leaves = found.setdefault(key, (chain[0].first, chain[-1].last, {}))[2]
            for span in chain:
                leaves.update(dict.fromkeys(span.leaves))
            return
        for at in range(bisect_left(starts, chain[-1].end) if chain else 0, len(spans)):
            steps += 1
            if steps > STEPS_MAX:
                return
            span, i = spans[at]
            gap = max(span.first - chain[-1].last - 1, 0) if chain else 0
            if gap > left:
                return
            if not mask >> i & 1 and (not ordered or i == len(chain)):
                chain.append(span)
                extend(chain, mask | 1 << i, left - gap)
                chain.pop()

    extend([], 0, limit)
    return [
        Placed(s, e, leaves=tuple(by), first=first, last=last) for (s, e), (first, last, by) in sorted(found.items())
    ]
