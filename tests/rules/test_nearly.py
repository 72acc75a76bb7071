"""The smallest change with which a rule would have fired."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings

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
        pytest.param("arms", "x", "the text said arms", id="a word"),
        pytest.param(ARMS, "x", "the text said one of arms, weapon", id="one of several words"),
        pytest.param({"all": ["arms", "deal", "x"]}, "deal", "the text said arms and the text said x", id="two words"),
        pytest.param({"all": [ARMS, "deal"]}, "arms", "the text said deal", id="what is there counts"),
        pytest.param(
            near(["arms", "deal"], "2 words"),
            "arms a b c d deal of one, two, three, four, five: arms a b c deal",
            "its words stood within 2 words (they are 3 words apart)",
            id="the narrowest window that would do",
        ),
        pytest.param(
            near(["arms", "deal"], "sentence"),
            "Arms here. A deal there.",
            "its words stood in one sentence (they share a paragraph)",
            id="a paragraph in place of a sentence",
        ),
        pytest.param(
            near(["arms", "deal"], "paragraph"),
            "Arms here.\n\nA deal there.",
            "its words stood in one paragraph (they are 2 words apart)",
            id="words where no paragraph holds them",
        ),
        pytest.param(
            near(["arms", "deal"], "3 words", ordered=True),
            "deal of arms",
            "its words stood in the order of the rule",
            id="order",
        ),
        pytest.param(
            near(["arms", "deal", "x"], "1 word"),
            "arms a b deal",
            "the text said x and its words stood within 1 word (they are 2 words apart)",
            id="a missing member, and the others too far apart",
        ),
        pytest.param(
            {"any": [near(["arms", "deal"], "sentence"), "weapon"]},
            "Arms. Deal.",
            "its words stood in one sentence (they share a paragraph)",
            id="what nearly holds goes before what is missing",
        ),
        pytest.param({"title": "arms"}, "arms", "'arms' stood in the title", id="elsewhere"),
        pytest.param({"title": "arms"}, "x", "the title said arms", id="nowhere"),
        pytest.param({"none": ["arms", "x"]}, "Arms", "the text did not say 'Arms'", id="a word too many"),
        pytest.param(
            {"at_least": {"n": 3, "of": ["arms", "deal", "x", {"title": "weapon"}]}},
            "arms, weapon",
            "'weapon' stood in the title and the text said deal",
            id="the cheapest of several",
        ),
        pytest.param({"count": {"of": "arms", "min": 3}}, "arms arms", "the text said arms 3 times, not 2", id="more"),
        pytest.param({"count": {"of": "arms", "min": 3}}, "x", "the text said arms 3 times", id="any at all"),
        pytest.param(
            {"country": ["IR", "KP"]}, "Russia", "the text named a country of IR, KP (it names RU)", id="a country"
        ),
        pytest.param({"country": "IR"}, "x", "the text named Iran", id="one country"),
        pytest.param(
            {"country": {"of": "IR", "min_mentions": 3}}, "Iran, Iran", "it named Iran 3 times, not 2", id="mentions"
        ),
        pytest.param(
            {"country": {"of": "IR", "salience": "main"}},
            "Russia, Russia, Russia, Russia, Russia, Russia, Iran",
            "it were mainly about Iran (salience 0.38; 0.50 is asked for)",
            id="salience",
        ),
        pytest.param({"source": "bbc"}, "x", "the source were bbc (it is not known)", id="source"),
        pytest.param({"use": "w"}, "x", "the text said one of arms, weapon (w)", id="a define has a name"),
    ],
)
def test_the_smallest_change_is_said_in_words(when: Any, text: str, expected: str) -> None:
    assert remedy(when, text, define={"w": ARMS}) == (f"it would match if {expected}" if expected else "")


def test_a_near_that_would_have_to_reach_out_of_the_title_says_so() -> None:
    said = remedy(near(["arms", "deal"], "sentence"), "a deal", "arms")
    assert said == "it would match if its words stood together, not some in the title and some in the text"


def test_a_dateline_beside_another_country_is_not_enough() -> None:
    said = remedy(near(["arms", {"country": "IR"}], "sentence"), "IRAN - Arms from Russia.")
    assert said == "it would match if country: IR were named beside it, not in the dateline only"


def test_unless_is_the_last_of_the_changes() -> None:
    assert remedy("arms", "x film", unless="film") == (
        "it would match if the text said arms and the text did not say 'film' (unless)"
    )


# -- that it is true ------------------------------------------------------------------------------------------------


def holds(old: Rule, when: Condition | None, unless: Condition | None, subject: Subject) -> bool:
    if when is None:
        return True
    changed = replace(old, when=when, unless=unless)
    lists = {one.name: one for one in random_rules.LISTS}
    program, _ = build(RuleSet((changed,), {}, lists), Names(), Forms())  # type: ignore[arg-type]
    return bool(Engine(program, labeller=random_rules.labelled, detect=lambda body: "de").match(subject))


@given(random_rules.conditions, random_rules.texts, random_rules.texts, random_rules.inner)
@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
    assert sentence(changes).startswith("it would match if ") or not changes
    if changes:
        assert holds(one, relaxed(one.when, changes), None, subject)
        written = json.dumps([when, named])
        # The change of a near takes those of its members along; what is used twice is met twice by one change.
        if "near" not in written and written.count('"use"') < 2:
            for i in range(len(changes)):
                assert not holds(one, relaxed(one.when, (*changes[:i], *changes[i + 1 :])), None, subject)
