"""The two sweeps of ``near`` against every combination, on spans alone."""

from __future__ import annotations

from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.near import INFINITE, Leaf, Placed, hulls, participants
from tests.properties import examples


def placed(start: int, length: int) -> Placed:
    """Words are three characters long; spans begin and end anywhere in them."""
    end = start + length
    return Placed(start, end, (Leaf(start, end, "x"),), start // 3, (end - 1) // 3)


spans = st.builds(placed, st.integers(0, 40), st.integers(1, 8))
members = st.lists(
    st.lists(spans, max_size=5, unique_by=lambda s: (s.start, s.end)), min_size=1, max_size=4
)  # fmt: skip


def ways(found: list[list[Placed]], limit: int, ordered: bool) -> list[tuple[Placed, ...]]:
    good = []
    for way in product(*found):
        chain = sorted(way, key=lambda s: s.start)
        if any(a.end > b.start for a, b in pairwise(chain)) or (ordered and chain != list(way)):
            continue
        covered = {w for s in chain for w in range(s.first, s.last + 1)}
        if len(set(range(chain[0].first, chain[-1].last + 1)) - covered) <= limit:
            good.append(way)
    return good


@given(members, st.sampled_from([0, 1, 3, INFINITE - 1]), st.booleans())
@settings(max_examples=examples(1_000))
def test_a_span_takes_part_if_some_combination_holds_it(found: list[list[Placed]], limit: int, ordered: bool) -> None:
    good = ways(found, limit, ordered)
    expected = [[s for s in one if any(way[i] == s for way in good)] for i, one in enumerate(found)]
    assert participants(found, limit, ordered) == expected


@given(members, st.sampled_from([0, 1, 3, INFINITE - 1]), st.booleans())
@settings(max_examples=examples(1_000))
def test_hulls_are_the_windows_of_all_combinations(found: list[list[Placed]], limit: int, ordered: bool) -> None:
    expected: dict[tuple[int, int], set[Leaf]] = {}
    for way in ways(found, limit, ordered):
        window = min(s.start for s in way), max(s.end for s in way)
        expected.setdefault(window, set()).update(leaf for s in way for leaf in s.leaves)
    got = hulls(found, limit, ordered)
    assert {(h.start, h.end): set(h.leaves) for h in got} == expected
    assert all((h.first, h.last) == (h.start // 3, (h.end - 1) // 3) for h in got)
