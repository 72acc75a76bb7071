"""Why a rule fired, or what kept it from firing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import event, given, settings

from bot.model import Source
from bot.rules import selftest
from bot.rules.evaluate import Subject
from bot.rules.explain import Failure, Step, explain, first_failure
from bot.rules.steps import closeness, near_misses, outline
from tests.properties import examples
from tests.rules import test_reference as random_rules
from tests.rules.setup import engine_of, rule


def reason(when: Any, text: str, unless: Any = None, define: Any = None) -> str:
    engine = engine_of(rule(when, unless, define))
    return explain(engine.analyse(Subject("", text)), engine.rules[0]).reason


NEAR = {"near": {"of": ["arms", {"country": "IR"}], "within": "3 words"}}


@pytest.mark.parametrize(
    ("when", "text", "expected"),
    [
        ("arms", "Arms and arms", "fired on 'Arms', 'arms'"),
        ({"none": ["x"]}, "arms", "fired"),
        ("arms", "x", "not found: arms"),
        ({"all": ["arms", "deal"]}, "arms", "not found: deal"),
        ({"any": ["a", "b"]}, "x", "any: none of a, b"),
        ({"any": list("abcdefgh")}, "x", "any: none of a, b, c, d, e, f and 2 more"),
        ({"at_least": {"n": 2, "of": ["a", "b", "c"]}}, "b", "at_least 2: 1 of 2 held"),
        ({"count": {"of": "arms", "min": 3}}, "arms arms", "count >= 3: only 2 found"),
        ({"count": {"of": "arms", "min": 3}}, "x", "not found: arms"),
        ({"none": ["arms"]}, "arms", "none: must not be there: arms"),
        (NEAR, "arms a b c d Iran", "near (within 3 words): all of it is in the text, but not within 3 words"),
        (NEAR, "arms", "country: IR: the text names no country"),
        (NEAR, "arms of Russia", "country: IR: the text names RU"),
        ({"title": "arms"}, "arms", "not found: arms"),
        ({"source": "bbc"}, "x", "not found: source: bbc"),
    ],
)
def test_reasons(when: Any, text: str, expected: str) -> None:
    assert reason(when, text) == expected


def test_a_suppressed_match_says_by_what() -> None:
    assert reason("arms", "arms film", unless="film") == "kept silent by “film” (unless)"
    assert reason("arms", "arms", unless={"none": ["film"]}) == "kept silent by its unless"


def test_the_tree_has_a_verdict_at_each_condition() -> None:
    engine = engine_of(rule({"all": [{"use": "w"}, {"title": "deal"}]}, "film", {"w": {"any": ["arms", "guns"]}}))
    found = explain(engine.analyse(Subject("x", "Arms")), engine.rules[0])

    def lines(step: Any, depth: int = 0) -> list[str]:
        words = "".join(f" {e.text}@{e.start}" for e in step.evidence)
        here = f"{' ' * depth}{'+' if step.holds else '-'} {step.label}{words}"
        return [here, *(line for child in step.children for line in lines(child, depth + 1))]

    assert lines(found.when) == [
        "- all",
        " + use: w Arms@2",
        "  + any Arms@2",
        "   + arms Arms@2",
        "   - guns",
        " - title",
        "  - deal",
    ]
    assert found.unless is not None
    assert (found.match, found.unless.holds, found.suppressed) == (None, False, False)
    assert [step.label for step in found.when.failing()] == ["deal"]


TESTED = """
rules:
  - id: arms
    severity: high
    when: {all: [arms, {any: [{tag: wire}, {lang: fr}, {none: [{source: bbc}]}]}]}
    tests:
      - match: "Arms."
      - ignore: "Peace."
      - match: {title: Arms, text: x}
      - match: {text: arms, source: bbc}
      - ignore: {text: arms, source: bbc, lang: de}
      - ignore: "An arms race."
      - match: "Peace."
"""


def test_in_rule_tests_say_what_failed_and_why() -> None:
    outcomes = selftest.run(engine_of(TESTED))
    assert [o.passed for o in outcomes] == [True, True, True, False, True, False, False]
    assert [f"{o.problem.line}:{o.problem.column}: {o.problem.text}" for o in outcomes if not o.passed] == [
        "10:9: rule 'arms': this test must match, but did not (any: none of tag: wire, lang: fr, none); "
        "mend the rule or the test",
        "12:9: rule 'arms': this test must be ignored, but matched (fired on 'arms'); mend the rule or the test",
        "13:9: rule 'arms': this test must match, but did not (not found: arms); mend the rule or the test",
    ]


def test_a_test_with_a_source_has_its_tags_and_its_language() -> None:
    engine = engine_of(TESTED)
    tagged = selftest.run(engine, {"bbc": Source("bbc", "https://example.org/", tags=("wire",))})
    french = selftest.run(engine, {"bbc": Source("bbc", "https://example.org/", lang="fr")})
    assert [o.passed for o in tagged][3:5] == [True, False]
    assert [o.passed for o in french][3:5] == [True, True]  # the second says that it is German


def test_an_explanation_has_a_plain_outline() -> None:
    engine = engine_of(rule({"all": [{"use": "w"}, {"title": "deal"}]}, "film", {"w": {"any": ["arms", "guns"]}}))
    miss = explain(engine.analyse(Subject("x", "Arms")), engine.rules[0])
    assert outline(miss) == (
        "✘ r: r (high)",
        "  ✘ all",
        "    ✔ w: Arms",
        "    ✘ title: deal",
        "  unless: does not hold",
        "  found “Arms”; the title lacks “deal”",
    )
    hit = explain(engine.analyse(Subject("Deal", "Arms")), engine.rules[0])
    assert outline(hit)[0] == "✔ r: r (high)"
    gone = explain(engine.analyse(Subject("Deal", "Arms on film")), engine.rules[0])
    assert outline(gone)[-2:] == ("  unless: suppresses the match", "    ✔ film")


@pytest.mark.parametrize(
    ("when", "text", "condition", "said"),
    [
        ("arms", "arms", None, None),
        ({"all": ["arms", {"use": "w"}, "x"]}, "arms", "any", "any: none of deal, guns"),
        ({"title": "arms"}, "arms", "arms", "not found: arms"),
        (NEAR, "Iran, France, a b c d, and arms", "near (within 3 words)", "near (within 3 words): all of it is in"),
        ({"all": ["arms", {"none": ["deal"]}]}, "arms deal", "none", "none: must not be there: deal"),
        ({"count": {"of": "arms", "min": 2}}, "arms", "count >= 2", "count >= 2: only 1 found"),
    ],
)
def test_the_first_condition_that_fails_is_told(when: Any, text: str, condition: str | None, said: str | None) -> None:
    engine = engine_of(rule(when, "film", {"w": {"any": ["deal", "guns"]}}))
    failure = first_failure(engine.analyse(Subject("", text)), engine.rules[0])
    assert (failure and failure.condition) == condition
    assert failure is None or (failure.rule_id, failure.suppressed) == ("r", False)
    assert said is None or (failure is not None and failure.text.startswith(said))


def test_the_first_failure_of_a_suppressed_rule_is_its_unless() -> None:
    engine = engine_of(rule("arms", "film"))
    failure = first_failure(engine.analyse(Subject("", "arms film")), engine.rules[0])
    assert failure == Failure("r", "unless", "kept silent by “film” (unless)", suppressed=True)


# -- what is not worked out -----------------------------------------------------------------------------------------


def test_a_rule_of_which_nothing_is_in_the_text_is_weighed_without_its_tree() -> None:
    engine = engine_of(rule({"all": [{"any": ["deal", "guns"]}, near(["arms", {"country": "IR"}], "3 words")]}, "film"))
    found = explain(engine.analyse(Subject("", "Rain in Russia.")), engine.rules[0])
    assert near_misses([found], 4) == []
    assert not {"children", "evidence", "note"} & vars(found.when).keys()
    assert not {"unless", "failure", "changes"} & vars(found).keys()
    assert outline(found)[1:3] == ("  ✘ all", "    ✘ none of deal, guns")


def near(of: list[Any], within: str) -> dict[str, Any]:
    return {"near": {"of": of, "within": within}}


@given(random_rules.conditions, random_rules.texts, random_rules.texts, random_rules.inner)
@settings(max_examples=examples(150))
def test_what_is_left_out_would_have_told_nothing(when: Any, title: str, text: str, named: Any) -> None:
    engine = engine_of(
        rule(when, None, {"named": named}),
        random_rules.LISTS,
        has_model=True,
        labeller=random_rules.labelled,
        detect=lambda body: "de",
    )
    analysis = engine.analyse(Subject(title, text))
    plain, kept = analysis.evaluation, analysis.remembering.evaluation

    def look(step: Step, region: str) -> None:
        condition = step._condition
        assert kept.holds(condition, region) == plain.holds(condition, region)
        assert kept.spans(condition, region) == plain.spans(condition, region)
        if step.found_nothing:
            event("found nothing")
            assert all(child.found_nothing for child in step.children)
            assert (step.holds, step.evidence, closeness(step)) == (False, (), 0.0)
        for child in step.children:
            look(child, child._region)

    look(explain(analysis, engine.rules[0]).when, "")
