"""Many phrases in one pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import scan
from bot.scan import Scanner


def test_hits_overlap_and_come_in_the_order_of_their_ends() -> None:
    scanner = Scanner([" arms deal ", " deal ", " deal with ", " arms dea"])
    assert scanner.scan(" arms deal with ") == [(3, 0, 9), (0, 0, 11), (1, 5, 11), (2, 5, 16)]
    assert scanner.size == 4


def test_equal_patterns_each_hit_under_their_own_number() -> None:
    assert sorted(Scanner([" a ", " a "]).scan(" a ")) == [(0, 0, 3), (1, 0, 3)]


def test_no_patterns_hit_nothing() -> None:
    assert Scanner([]).scan(" a ") == []


def test_positions_count_characters_not_bytes() -> None:
    assert Scanner([" 北 京 "]).scan(" é 北 京 ") == [(0, 2, 7)]


@given(
    st.lists(st.text("ab ", min_size=1, max_size=4), min_size=1, max_size=5), st.text("ab ", max_size=30), st.booleans()
)
def test_hits_are_those_of_a_plain_search(patterns: list[str], norm: str, large: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:  # both automata: the small and fast, and the one for 100,000 names
        patch.setattr(scan, "_DFA_PATTERNS_MAX", 0 if large else 1_000)
        found = Scanner(patterns).scan(norm)
    expected = [
        (number, at, at + len(p))
        for number, p in enumerate(patterns)
        for at in range(len(norm))
        if norm.startswith(p, at)
    ]
    assert sorted(found) == sorted(expected)
