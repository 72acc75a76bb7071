"""What lint says of rules, and that it never says of two conditions what a text could prove wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bot.errors import Level, Problem
from bot.rules import common
from bot.rules.compile import build
from bot.rules.evaluate import Subject
from bot.rules.lint import COMPARED_MAX, FLOOD_SHARE, lint
from bot.rules.match import Engine
from bot.rules.model import RuleSet
from bot.rules.subsume import Subsumption
from tests.properties import examples
from tests.rules.setup import Forms, Names, names_list, reader_of
from tests.rules.test_reference import LISTS, conditions, labelled, nears, terms, texts

LIST = names_list("list: makers\nsource: s\nas_of: 2026-01-01\nnames: [Arms Deal, Northwind]\n")


def rare(phrase: str) -> float:
    """An archive in which no phrase is common."""
    return 0.0


def linted(*rules: dict[str, Any], define: Any = None, frequencies: Any = rare) -> list[Problem]:
    made = [{"id": f"r{i}", "severity": "high", **one} for i, one in enumerate(rules)]
    document = {"rules": made, **({"define": define} if define else {})}
    reader, found = reader_of(json.dumps(document, ensure_ascii=False), [LIST])
    assert not reader.problems, reader.problems
    ruleset = RuleSet(found, reader.defines, {LIST.name: LIST})
    program, problems = build(ruleset, Names(), Forms())  # type: ignore[arg-type]
    assert not problems, problems
    return list(lint(ruleset, program, frequencies, forms=Forms().forms))


def codes(problems: Sequence[Problem]) -> list[str]:
    return [p.code for p in problems]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({"all": ["ceasefire", {"none": ["cease-fire"]}]}, "none: forbids it"),
        ({"all": ["arms deal", {"none": ["deal"]}]}, "none: forbids it"),
        ({"all": [{"title": "ceasefire"}, {"none": ["ceasefire"]}]}, "none: forbids it"),
        ({"all": [{"country": "IR"}, {"none": [{"country": ["IR", "KP"]}]}]}, "none: forbids it"),
        ({"all": [{"source": "bbc"}, {"source": "cnn"}]}, "one source"),
        ({"all": [{"lang": "de"}, {"lang": ["en", "fr"]}]}, "one lang"),
        ({"lead": {"use": "headline"}}, "no word stands in both"),
        ({"lead": {"count": {"of": "ceasefire", "min": 61}}}, "60 words of the lead"),
        ({"at_least": {"n": 2, "of": ["ceasefire", {"lead": {"use": "headline"}}]}}, "only 1 can hold"),
    ],
)
def test_a_rule_that_can_never_match_is_an_error(when: Any, reason: str) -> None:
    found = linted({"when": when}, define={"headline": {"title": "weapon"}})
    assert [(p.code, p.level) for p in found] == [("never-matches", Level.ERROR)]
    assert reason in found[0].text
    assert "mend it, or delete the rule" in found[0].text
    assert found[0].line == 1
    assert found[0].column > 1


@pytest.mark.parametrize(
    "when",
    [
        {"all": ["deal", {"none": ["arms deal"]}]},
        {"all": ["ceasefire", {"none": [{"title": "ceasefire"}]}]},
        {"all": [{"country": ["IR", "KP"]}, {"none": [{"country": "IR"}]}]},
        {"all": [{"tag": "wire"}, {"tag": "uk"}]},
        {"lead": {"count": {"of": "ceasefire", "min": 60}}},
        {"all": ["us", {"none": ["=US"]}]},
        {"all": [{"exact": "deals"}, {"none": [{"exact": "deal"}]}]},
    ],
)
def test_a_rule_that_some_text_satisfies_is_left_alone(when: Any) -> None:
    assert linted({"when": when}) == []


def test_a_rule_whose_unless_suppresses_every_match_is_an_error() -> None:
    found = linted({"when": {"all": ["arms deal", "weapon"]}, "unless": {"any": ["law", "deal"]}})
    assert [(p.code, p.level) for p in found] == [("contradiction", Level.ERROR)]
    assert "whatever satisfies its when: satisfies its unless: too" in found[0].text
    assert linted({"when": "deal", "unless": {"any": ["law", "arms deal"]}}) == []


def test_a_dead_part_of_a_choice_is_a_warning_at_that_part() -> None:
    found = linted({"when": {"any": ["ceasefire", {"all": ["weapon", {"none": ["weapon"]}]}]}})
    assert [(p.code, p.level) for p in found] == [("never-matches", Level.WARNING)]
    assert "this part of any: can never hold" in found[0].text


def test_a_part_that_is_dead_in_one_place_only_is_left_alone() -> None:
    define = {"headline": {"any": ["ceasefire", {"title": "weapon"}]}}
    found = linted({"when": {"lead": {"use": "headline"}}}, {"when": {"use": "headline"}}, define=define)
    assert codes(found) == ["subsumed-rule"]
    assert codes(linted({"when": {"lead": {"use": "headline"}}}, define=define)) == ["never-matches"]


@pytest.mark.parametrize(
    ("members", "gone"),
    [
        (["arms deal", "deal"], "arms deal"),
        (["deal", "deals"], "deals"),
        (["supply", {"exact": "supplied"}], "exact: supplied"),
        (["weap*", "weapon"], "weapon"),
        (["weapons maker", "weap*"], "weapons maker"),
        (["ceasefire", "cease-fire", "cease fire"], None),
        (["US", "=US"], "=US"),
        (["ceasefire", "ceasefire"], "ceasefire"),
    ],
)
def test_a_term_that_another_of_the_same_any_finds_is_redundant(members: list[Any], gone: str | None) -> None:
    found = linted({"when": {"all": ["law", {"any": members}]}})
    if gone is None:
        assert {p.text.split("'")[1] for p in found} == {"ceasefire", "cease fire"}
    else:
        assert codes(found) == ["redundant-term"]
        assert f"the term {gone!r}" in found[0].text
        assert "delete one of the two" in found[0].text


@pytest.mark.parametrize(
    "members",
    [
        ["arms deal", "arm", "deal maker"],
        ["deal", {"exact": "dealing"}],
        ["=US", "US deal"],
        ["C++", "C#"],
        [{"exact": "supplied"}, {"exact": "supplying"}],
    ],
)
def test_terms_that_find_something_of_their_own_stay(members: list[Any]) -> None:
    assert linted({"when": {"all": ["law", {"any": members}]}}) == []


def test_a_longer_term_is_kept_where_its_length_counts() -> None:
    near = {"near": {"of": ["law", {"any": ["arms deal", "deal"]}], "within": "2 words"}}
    assert linted({"when": near}) == []
    near["near"]["within"] = "sentence"
    assert codes(linted({"when": near})) == ["redundant-term"]
    define = {"deals": {"any": ["arms deal", "deal"]}}
    of_define = {"near": {"of": ["law", {"use": "deals"}], "within": "2 words"}}
    assert linted({"when": of_define}, {"when": {"all": ["weapon", {"use": "deals"}]}}, define=define) == []


@pytest.mark.parametrize(
    ("narrow", "broad"),
    [
        ("arms deal", "deal"),
        ({"any": ["arms deal", "law"]}, {"any": ["law", "weapon", "deal"]}),
        ({"all": ["law", "weapon"]}, "weapon"),
        ({"near": {"of": ["law", "deal"], "within": "3 words"}}, {"all": ["deal", "law"]}),
        (
            {"near": {"of": ["law", "deal"], "within": "3 words", "ordered": True}},
            {"near": {"of": ["deal", "law"], "within": "5 words"}},
        ),
        (
            {"near": {"of": ["law", "arms deal", {"country": "IR"}], "within": "sentence"}},
            {"near": {"of": ["deal", {"country": ["IR", "KP"]}], "within": "paragraph"}},
        ),
        ({"title": "ceasefire"}, "ceasefire"),
        ({"country": {"of": "IR", "min_mentions": 3, "salience": "main"}}, {"country": ["IR", "RU"]}),
        ({"at_least": {"n": 2, "of": ["law", "weapon", "deal"]}}, {"any": ["law", "weapon"]}),
        ({"at_least": {"n": 2, "of": ["law", "weapon"]}}, {"at_least": {"n": 1, "of": ["weapon", "maker", "law"]}}),
        ({"count": {"of": "weapon", "min": 3}}, {"count": {"of": "weapon", "min": 2}}),
        ({"all": ["law", {"none": ["deal"]}]}, {"all": ["law", {"none": ["arms deal"]}]}),
        ({"list": "makers"}, {"any": [{"list": "makers"}, "weapon"]}),
        ({"regex": "cve-[0-9]+"}, {"any": [{"regex": "cve-[0-9]+"}, "weapon"]}),
        ({"all": [{"source": "bbc"}, "law"]}, {"all": [{"source": ["bbc", "cnn"]}, "law"]}),
        ({"use": "broad"}, {"any": ["maker", {"any": ["law", "arms"]}]}),
    ],
)
def test_a_rule_that_another_covers_is_subsumed_and_not_the_other_way_round(narrow: Any, broad: Any) -> None:
    define = {"broad": {"any": ["law", "arms"]}}
    found = linted({"when": narrow}, {"when": broad}, define=define)
    assert [(p.code, p.text.split("'")[1]) for p in found if p.code == "subsumed-rule"] == [("subsumed-rule", "r0")]
    again = linted({"when": broad}, {"when": narrow}, define=define)
    assert [p.text.split("'")[1] for p in again if p.code == "subsumed-rule"] == ["r1"]


def test_of_two_rules_that_say_the_same_in_other_words_the_second_is_told() -> None:
    same = {"any": ["law", {"all": ["law", "arms"]}]}
    for first, second in (("law", same), (same, "law")):
        found = linted({"when": first}, {"when": second})
        assert [p.text.split("'")[1] for p in found if p.code == "subsumed-rule"] == ["r1"]


@pytest.mark.parametrize(
    ("narrow", "broad"),
    [
        (
            {"near": {"of": ["law", "deal"], "within": "3 words"}},
            {"near": {"of": ["law", "deal"], "within": "2 words"}},
        ),
        (
            {"near": {"of": ["law", "deal"], "within": "3 words"}},
            {"near": {"of": ["law", "deal"], "within": "sentence"}},
        ),
        (  # the word left out would count as one between
            {"near": {"of": ["law", "weapon", "deal"], "within": "3 words"}},
            {"near": {"of": ["law", "deal"], "within": "3 words"}},
        ),
        ({"all": ["law", "deal"]}, {"near": {"of": ["law", "deal"], "within": "paragraph"}}),
        ({"near": {"of": ["deal", "law"], "within": "sentence"}}, {"count": {"of": "deal", "min": 2}}),
        ("ceasefire", {"title": "ceasefire"}),
        ("US", "=US"),
        ("deal", {"exact": "deal"}),
        ({"all": ["law", {"title": {"any": ["weapon"]}}]}, {"all": ["law", {"none": ["weapon"]}]}),
        ({"country": ["IR", "KP"]}, {"country": "IR"}),
    ],
)
def test_rules_that_only_overlap_are_left_alone(narrow: Any, broad: Any) -> None:
    found = linted({"when": narrow}, {"when": broad})
    assert "r0" not in [p.text.split("'")[1] for p in found]


def test_a_narrower_rule_that_reaches_more_or_is_less_suppressed_is_left_alone() -> None:
    broad = {"when": "deal", "severity": "medium", "tags": ["arms"]}
    assert codes(linted({"when": "arms deal", "severity": "low", "tags": ["arms"]}, broad)) == ["subsumed-rule"]
    for more in (
        {"severity": "high"},
        {"severity": "low", "tags": ["sanctions"]},
        {"severity": "low", "channels": ["x"]},
    ):
        assert linted({"when": "arms deal", **more}, broad) == []
    assert linted({"when": "arms deal"}, {"when": "deal", "unless": "law"}) == []
    assert codes(linted({"when": "arms deal", "unless": {"any": ["law", "x"]}}, {"when": "deal", "unless": "law"})) == [
        "subsumed-rule"
    ]


def test_two_rules_that_ask_for_the_same_are_told_once_however_they_are_written() -> None:
    found = linted(
        {"when": {"any": ["law", {"near": {"of": ["arms", "maker"], "within": "sentence"}}]}},
        {"when": {"any": [{"use": "makers"}, "law"]}, "severity": "low"},
        define={"makers": {"near": {"of": ["maker", "arms"], "within": "sentence"}}},
    )
    assert codes(found) == ["duplicate-rule"]
    found = linted({"when": {"any": ["law", "weapon"]}}, {"when": {"any": ["weapon", "law"]}, "severity": "low"})
    assert codes(found) == ["duplicate-rule"]
    assert "rule 'r1' asks for just what 'r0' asks for (rules.yaml:1)" in found[0].text


def test_a_single_common_word_is_too_common_and_the_same_word_beside_others_is_not() -> None:
    found = linted({"when": {"any": ["government", "ceasefire"]}}, frequencies=None)
    assert codes(found) == ["too-common"]
    assert "'government', which stands in about 50% of all articles" in found[0].text
    assert linted({"when": {"all": ["government", "ceasefire"]}}, frequencies=None) == []
    assert linted({"when": {"near": {"of": ["government", "ceasefire"], "within": "sentence"}}}, frequencies=None) == []
    assert linted({"when": {"title": "government"}}, frequencies=None) == []
    assert codes(linted({"when": {"country": "any"}}, frequencies=None)) == ["too-common"]
    assert linted({"when": {"country": "IR"}}, frequencies=None) == []


def test_a_word_that_is_a_month_too_is_told_wherever_it_stands() -> None:
    when = {"near": {"of": ["march", "weapon"], "within": "sentence"}}
    (found,) = linted({"when": when})
    assert (found.code, found.level) == ("also-a-month", Level.WARNING)
    assert 'write "=march"' in found.text
    for term in ("=march", {"exact": "marched"}, "protest march", "March"):
        assert linted({"when": {"near": {"of": [term, "weapon"], "within": "sentence"}}}) == []


def test_the_archive_knows_better_than_the_table_how_common_a_word_is() -> None:
    assert linted({"when": "government"}, frequencies=lambda phrase: 0.0) == []
    found = linted(
        {"when": "northwind deal"}, frequencies={"northwind deal": 0.04, "northwind deals": 0.02}.__getitem__
    )
    assert codes(found) == ["too-common"]
    assert "6%" in found[0].text


def test_the_table_of_common_words_is_in_order() -> None:
    table = common.shares()
    assert len(table) > 1_000
    assert all(FLOOD_SHARE <= share <= 1 for share in table.values())
    assert all(word == word.lower() and word.isalpha() for word in table)
    assert table["said"] > table["government"] > table["football"]
    assert "missile" not in table


PATIENT = settings(
    max_examples=examples(150),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(st.lists(conditions, min_size=2, max_size=3), st.lists(st.tuples(texts, texts), min_size=6, max_size=10))
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_text_contradicts_an_implication(whens: list[Any], articles: list[tuple[str, str]]) -> None:
    pool = [*whens, {"any": whens}, {"all": whens}, {"title": whens[0]} if _plain(whens[0]) else whens[0]]
    _hold_together(pool, articles)


@given(nears(terms), nears(terms), st.lists(st.tuples(texts, texts), min_size=8, max_size=12))
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_text_contradicts_an_implication_between_nears(
    one: Any, other: Any, articles: list[tuple[str, str]]
) -> None:
    of = one["near"]["of"]
    looser = {"near": {**one["near"], "within": other["near"]["within"], "ordered": False}}
    fewer = {"near": {**one["near"], "of": of[:2], "within": "paragraph"}}
    wider = {"near": {**one["near"], "of": [{"any": [m, other["near"]["of"][0]]} for m in of]}}
    _hold_together([one, other, looser, fewer, wider, {"all": of}, of[0]], articles)


def _plain(when: Any) -> bool:
    return "title" not in json.dumps(when) and "lead" not in json.dumps(when)


def _hold_together(pool: list[Any], articles: list[tuple[str, str]]) -> None:
    rules = [{"id": f"r{i}", "severity": "high", "when": when} for i, when in enumerate(pool)]
    document = {"rules": rules, "define": {"named": {"any": ["deal", "Iran"]}}}
    reader, found = reader_of(json.dumps(document, ensure_ascii=False), LISTS, has_model=True)
    if reader.problems:  # a title: inside a lead:
        return
    ruleset = RuleSet(found, reader.defines, {one.name: one for one in LISTS})
    program, _ = build(ruleset, Names(), Forms())  # type: ignore[arg-type]
    about = Subsumption(program.needs, Forms().forms)
    engine = Engine(program, labeller=labelled, detect=lambda text: "de")
    analyses = [engine.analyse(Subject(title, text)) for title, text in articles]
    fires = {r.id: [a.match(r) is not None for a in analyses] for r in found}
    for one in found:
        for other in found:
            if one is other or not about.implies(one.when, other.when):
                continue
            event("implied, and seen" if any(fires[one.id]) else "implied")
            assert all(after or not before for before, after in zip(fires[one.id], fires[other.id], strict=True))


def test_rules_that_share_all_their_words_are_not_compared_each_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    implies = Subsumption.implies

    def counted(self: Subsumption, *conditions: Any) -> bool:
        nonlocal asked
        asked += 1
        return implies(self, *conditions)

    monkeypatch.setattr(Subsumption, "implies", counted)
    count = 600
    rules = [{"when": {"all": ["arms deal", {"none": [f"name{i}"]}]}} for i in range(count)]
    assert linted(*rules) == []
    assert count < asked < 8 * count * COMPARED_MAX < 2 * count * count * 8
