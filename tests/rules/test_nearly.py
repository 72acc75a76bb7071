"""The smallest change with which a rule would have fired."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given, settings

from bot.rules.compile import build
from bot.rules.evaluate import Subject
from bot.rules.explain import explain
from bot.rules.match import Engine
from bot.rules.model import Condition, Rule, RuleSet
from bot.rules.nearly import relaxed, sentence, smallest_change
from tests.properties import examples
from tests.rules import test_reference as random_rules
from tests.rules.setup import Forms, Names, engine_of, rule


def remedy(when: Any, text: str, title: str = "", unless: Any = None, define: Any = None) -> str:
    engine = engine_of(rule(when, unless, define))
    return explain(engine.analyse(Subject(title, text)), engine.rules[0]).remedy


def near(of: list[Any], within: str, **more: Any) -> dict[str, Any]:
    return {"near": {"of": of, "within": within, **more}}


ARMS = {"any": ["arms", "weapon"]}


@pytest.mark.parametrize(
    ("when", "text", "expected"),
    [
        pytest.param("arms", "arms", "", id="it did"),
        pytest.param("arms", "x", "the text lacks “arms”", id="a word"),
        pytest.param(ARMS, "x", "the text lacks one of “arms”, “weapon”", id="one of several words"),
        pytest.param({"all": ["arms", "deal", "x"]}, "deal", "the text lacks “arms” and “x”", id="two words"),
        pytest.param({"all": [ARMS, "deal"]}, "arms", "the text lacks “deal”", id="what is there counts"),
        pytest.param(
            near(["arms", "deal"], "2 words"),
            "arms a b c d deal of one, two, three, four, five: arms a b c deal",
            "“arms” and “deal” are 3 words apart where the rule allows 2; within: 3 words would allow that",
            id="the narrowest window that would do",
        ),
        pytest.param(
            near(["arms", "deal"], "sentence"),
            "Arms here. A deal there.",
            "“Arms” and “deal” stand in one paragraph, but not in one sentence; within: paragraph would allow that",
            id="a paragraph in place of a sentence",
        ),
        pytest.param(
            near(["arms", "deal"], "paragraph"),
            "Arms here.\n\nA deal there.",
            "“Arms” and “deal” stand in different paragraphs, 2 words apart; within: 2 words would allow that",
            id="words where no paragraph holds them",
        ),
        pytest.param(
            near(["arms", "deal"], "3 words", ordered=True),
            "deal of arms",
            "“arms” and “deal” come in another order than in the rule; leaving ordered: out would allow that",
            id="order",
        ),
        pytest.param(
            near(["arms", "deal", "x"], "1 word"),
            "arms a b deal",
            "the text lacks “x”; “arms” and “deal” are 2 words apart where the rule allows 1 (within: 2 words would "
            "allow it)",
            id="a missing member, and the others too far apart",
        ),
        pytest.param(
            {"any": [near(["arms", "deal"], "sentence"), "weapon"]},
            "Arms. Deal.",
            "“Arms” and “Deal” stand in one paragraph, but not in one sentence; within: paragraph would allow that",
            id="what nearly holds goes before what is missing",
        ),
        pytest.param(
            {"title": "arms"},
            "arms",
            "“arms” stands in the text, but not in the title; leaving title: out would allow that",
            id="elsewhere",
        ),
        pytest.param({"title": "arms"}, "x", "the title lacks “arms”", id="nowhere"),
        pytest.param({"none": ["arms", "x"]}, "Arms", "“Arms” is there, and must not be (none:)", id="a word too many"),
        pytest.param(
            {"at_least": {"n": 3, "of": ["arms", "deal", "x", {"title": "weapon"}]}},
            "arms, weapon",
            "“weapon” stands in the text, but not in the title (leaving title: out would allow it); the text lacks "
            "“deal”",
            id="the cheapest of several",
        ),
        pytest.param(
            {"count": {"of": "arms", "min": 3}},
            "arms arms",
            "“arms” found twice where the rule asks for 3; min: 2 would allow that",
            id="more",
        ),
        pytest.param({"count": {"of": "arms", "min": 3}}, "x", "the text lacks “arms” (3 times)", id="any at all"),
        pytest.param(
            {"country": ["IR", "KP"]}, "Russia", "the text lacks a country of IR, KP (it names RU)", id="a country"
        ),
        pytest.param({"country": "IR"}, "x", "the text lacks Iran", id="one country"),
        pytest.param(
            {"country": {"of": "IR", "min_mentions": 3}},
            "Iran, Iran",
            "Iran is named twice where the rule asks for 3; min_mentions: 2 would allow that",
            id="mentions",
        ),
        pytest.param(
            {"country": {"of": "IR", "salience": "main"}},
            "Russia, Russia, Russia, Russia, Russia, Russia, Iran",
            "Iran is named, but not what the text is mainly about (salience 0.38 of 0.50); leaving "
            "salience: main out would allow that",
            id="salience",
        ),
        pytest.param({"source": "bbc"}, "x", "the source is not known, and the rule asks for bbc", id="source"),
        pytest.param({"use": "w"}, "x", "the text lacks one of “arms”, “weapon” (w)", id="a define has a name"),
    ],
)
def test_the_smallest_change_is_said_in_words(when: Any, text: str, expected: str) -> None:
    assert remedy(when, text, define={"w": ARMS}) == expected


def test_a_near_that_would_have_to_reach_out_of_the_title_says_so() -> None:
    said = remedy(near(["arms", "deal"], "sentence"), "a deal", "arms")
    assert said == "“arms” and “deal” stand partly in the title and partly in the text, and near: does not reach across"


def test_a_dateline_beside_another_country_is_not_enough() -> None:
    said = remedy(near(["arms", {"country": "IR"}], "sentence"), "IRAN - Arms from Russia.")
    assert said == "“IRAN” stands in the dateline only, and the words beside it name another country"


def test_unless_is_the_last_of_the_changes() -> None:
    assert remedy("arms", "x film", unless="film") == "the text lacks “arms”; kept silent by “film” (unless)"
    assert remedy("arms", "arms", unless={"none": ["film"]}) == "kept silent by its unless"


@pytest.mark.parametrize(
    ("when", "text", "expected"),
    [
        pytest.param(
            near(["arms", "deal"], "1 word", ordered=True),
            "deal of the arms",
            "“arms” and “deal” are 2 words apart where the rule allows 1, and come in another order than in the rule; "
            "within: 2 words without ordered: would allow that",
            id="too far apart and the other way round",
        ),
        pytest.param(
            near(["arms deal", "deal"], "sentence"),
            "arms deal",
            "“arms deal” and “deal” overlap, and each part of near: needs words of its own",
            id="the same words",
        ),
        pytest.param(
            near([ARMS, "deal"], "1 word"),
            "A weapon of the many years without a deal. It is arms for the deal.",
            "“arms” and “deal” are 2 words apart where the rule allows 1; within: 2 words would allow that",
            id="of several pairs the closest",
        ),
        pytest.param({"lang": "de"}, "x", "the language is not known, and the rule asks for de", id="a language"),
        pytest.param(
            {"any": ["=GTA", "missil*", {"regex": "a.c"}, {"exact": "deals"}]},
            "x",
            "the text lacks one of “GTA”, “missil…”, a match of a.c, “deals”",
            id="each kind of term",
        ),
        pytest.param(
            {"all": ["a1", "b1", "c1", "d1", "e1"]},
            "x",
            "the text lacks “a1”, “b1”, “c1” and “d1”; and 1 more",
            id="many",
        ),
    ],
)
def test_what_is_told_names_the_words_of_the_text_and_those_of_the_rule(when: Any, text: str, expected: str) -> None:
    assert remedy(when, text) == expected


# -- that it is true ------------------------------------------------------------------------------------------------


def holds(old: Rule, when: Condition | None, unless: Condition | None, subject: Subject) -> bool:
    if when is None:
        return True
    changed = replace(old, when=when, unless=unless)
    lists = {one.name: one for one in random_rules.LISTS}
    program, _ = build(RuleSet((changed,), {}, lists), Names(), Forms())  # type: ignore[arg-type]
    return bool(Engine(program, labeller=random_rules.labelled, detect=lambda body: "de").match(subject))


@given(random_rules.conditions, random_rules.texts, random_rules.texts, random_rules.inner)
@settings(max_examples=examples(200))
def test_with_the_change_the_engine_says_that_it_matches(when: Any, title: str, text: str, named: Any) -> None:
    engine = engine_of(
        rule(when, None, {"named": named}),
        random_rules.LISTS,
        has_model=True,
        labeller=random_rules.labelled,
        detect=lambda body: "de",
    )
    subject = Subject(title, text)
    analysis = engine.analyse(subject)
    one = engine.rules[0]
    changes = smallest_change(analysis, one)
    assert bool(changes) == (analysis.match(one) is None)
    event(f"{min(len(changes), 3)} changes")
    assert bool(sentence(changes)) == bool(changes)
    if changes:
        assert holds(one, relaxed(one.when, changes), None, subject)
        written = json.dumps([when, named])
        # The change of a near takes those of its members along; what is used twice is met twice by one change.
        if "near" not in written and written.count('"use"') < 2:
            for i in range(len(changes)):
                assert not holds(one, relaxed(one.when, (*changes[:i], *changes[i + 1 :])), None, subject)
