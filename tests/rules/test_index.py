"""The index offers every rule that can hold, and few others."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.live import rulebook
from bot.rules import index as index_module
from bot.rules.evaluate import Subject
from bot.rules.index import COUNTRY, REGEX, WAYS_MAX, Clause, Requirement, build_index, may_hold, one_of
from tests.properties import examples

patterns = st.frozensets(st.sampled_from([COUNTRY, REGEX, *range(6)]), max_size=3)
leaves: st.SearchStrategy[Requirement] = st.one_of(st.just(()), patterns.map(lambda p: (Clause(p, ()),)))
requirements = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: tuple(c for part in parts for c in part)),
        st.lists(inner, min_size=1, max_size=3).map(one_of),
    ),
    max_leaves=12,
)


@given(
    st.lists(requirements, max_size=8),
    st.sets(st.sampled_from([COUNTRY, REGEX, *range(6)])),
    st.sampled_from([1, 2, 16]),
    st.sampled_from([0, 1, 100]),
)
@settings(max_examples=examples(1_000))
def test_candidates_are_the_rules_whose_requirement_is_met(
    made: list[Requirement], found: set[int], ways_max: int, shared_max: int
) -> None:
    before = index_module.WAYS_MAX, index_module.SECOND_SHARED_MAX
    try:  # whatever the limits, they cost speed only
        index_module.WAYS_MAX, index_module.SECOND_SHARED_MAX = ways_max, shared_max
        index = build_index(made, cost=lambda pattern: 1.0 + abs(pattern))
    finally:
        index_module.WAYS_MAX, index_module.SECOND_SHARED_MAX = before
    assert index.candidates(found) == [n for n, one in enumerate(made) if may_hold(one, found)]


def test_a_rule_with_one_of_its_two_words_is_not_even_looked_up() -> None:
    index = build_index([(Clause(frozenset({1}), ()), Clause(frozenset({2}), ()))], cost=float)
    assert (dict(index.alone), dict(index.first), dict(index.second)) == ({}, {1: (0,)}, {2: (0,)})
    assert index.candidates({1}) == index.candidates({2}) == []
    assert index.candidates({1, 2}) == [0]


def test_a_rule_with_too_many_ways_is_looked_up_by_what_it_cannot_do_without() -> None:
    many = one_of([(Clause(frozenset({n}), ()), Clause(frozenset({n + 100}), ())) for n in range(WAYS_MAX + 1)])
    index = build_index([many, (*many, Clause(frozenset({COUNTRY}), ()))], cost=lambda pattern: 1.0 + abs(pattern))
    assert index.always == frozenset()
    assert sorted(index.alone) == [COUNTRY, *range(WAYS_MAX + 1)], "of each alternative the cheaper half, or a country"
    assert index.candidates({3, 104}) == []
    assert index.candidates({3, 103}) == [0]
    assert index.candidates({3, 103, COUNTRY}) == [0, 1]


def test_the_shipped_rules_fire_with_the_index_as_without_it() -> None:
    book = rulebook.load([Path(__file__).parents[2] / "rules"])
    for rule in book.engine.rules:
        for test in rule.tests:
            analysis = book.engine.analyse(Subject(test.title, test.text, test.source, lang=test.lang))
            every = {r.id for r in book.engine.rules if analysis.match(r) is not None}
            assert {m.rule_id for m in analysis.matches} == every
