"""Rules that stand in no file: a term, near a country if one is named."""

from __future__ import annotations

import pytest

from bot.live import rulebook
from bot.rules.adhoc import watch_rule
from bot.rules.evaluate import Subject
from bot.rules.explain import first_failure
from bot.rules.terms import TermError


def fires(term: str, country: str | None, text: str) -> bool:
    engine = rulebook.load([], extra_rules=[watch_rule("watch-1", term, country)]).engine
    return bool(engine.match(Subject("", text)))


@pytest.mark.parametrize(
    ("term", "country", "text", "expected"),
    [
        ("arms deal", None, "Two arms deals were signed.", True),
        ("=GTA", None, "GTA is out.", True),
        ("=GTA", None, "gta is out.", False),
        ("missil*", "KP", "Pyongyang fired missiles.", True),
        ("missil*", "KP", "Missiles were fired. North Korea denied it.", False),
        ("missil*", "KP", "Missiles were fired from Iran.", False),
    ],
)
def test_a_term_is_found_near_its_country(term: str, country: str | None, text: str, expected: bool) -> None:
    assert fires(term, country, text) is expected


def test_what_is_no_term_is_refused_in_words_for_people() -> None:
    with pytest.raises(TermError, match=r"write \{any: \[coup, junta\]\}"):
        watch_rule("watch-1", "coup OR junta")


def test_an_engine_of_one_rule_explains_like_any_other() -> None:
    rule = watch_rule("watch-1", "shelling", "UA")
    engine = rulebook.load([], extra_rules=[rule]).engine
    failure = first_failure(engine.analyse(Subject("", "Shelling in Chad.")), rule)
    assert failure is not None
    assert (failure.rule_id, failure.condition) == ("watch-1", "country: UA")
    assert failure.text == "country: UA: the text names TD"
    assert first_failure(engine.analyse(Subject("", "Shelling in Kharkiv.")), rule) is None
