"""``except_entities:`` of a rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.errors import Level
from bot.rules.evaluate import Subject
from bot.rules.exemptions import Exemption, expired, in_force, read_exemptions
from bot.rules.explain import explain
from bot.rules.steps import passed_over
from bot.yaml_nodes import Place, load_file
from tests.rules.setup import engine_of, names_list, reader_of


def read(folder: Path, text: str) -> tuple[tuple[Exemption, ...], list[str]]:
    path = folder / "e.yaml"
    path.write_text(text)
    node = load_file(path, Path("e.yaml"))
    assert node is not None
    found, problems = read_exemptions(node)
    return found, [str(p) for p in problems]


def test_an_exception_has_an_author_and_a_last_day(tmp_path: Path) -> None:
    found, problems = read(
        tmp_path,
        '- {id: "ofac_sdn:1", author: jane@example.org, until: 2027-03-31, note: the tennis player}\n'
        '- {id: "un_sc:KPi.9", author: jo}\n',
    )
    assert problems == []
    first, second = found
    assert first == Exemption(
        "ofac_sdn:1", "jane@example.org", date(2027, 3, 31), "the tennis player", Place(Path("e.yaml"), 1, 3)
    )
    assert second.until is None
    assert in_force(found, date(2027, 3, 31)) == {"ofac_sdn:1", "un_sc:KPi.9"}
    assert in_force(found, date(2027, 4, 1)) == {"un_sc:KPi.9"}
    assert expired(found, date(2027, 3, 31)) == ()
    (warning,) = expired(found, date(2027, 4, 1))
    assert warning.text == ("the exception for ofac_sdn:1 by jane@example.org ended on 2027-03-31; renew or delete it")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x", "1:1: except_entities: takes a list of {id: ..., author: ..., until: ..., note: ...}"),
        ("- x", '1:3: an exception is {id: "list:entry", author: ..., until: ..., note: ...}'),
        ('- {id: "a:1"}', "1:3: the key 'author' is missing; add author: ..."),
        ("- {author: jo}", "1:3: the key 'id' is missing; add id: ..."),
        ('- {id: "a:1", author: jo, until: soon}', "1:34: until: takes a day such as 2027-03-31"),
        ('- {id: "a:1", autor: jo, author: jo}', "1:15: an exception has no key 'autor'; its keys are id, author"),
        ('- {id: "a:1", author: []}', "1:23: author: takes a text"),
        ('- {id: "a:1", author: jo}\n- {id: "a:1", author: jo}', "2:3: a:1 stands here twice; delete one"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, says: str, tmp_path: Path) -> None:
    _, (problem,) = read(tmp_path, text)
    assert problem.startswith(f"e.yaml:{says}")


# -- in the engine --------------------------------------------------------------------------------------------------

PEOPLE = """
list: ofac_sdn
title: OFAC SDN
source: us
as_of: 2026-11-20
names:
  - {name: Ivan Petrov, id: "ofac_sdn:1", kind: person}
  - {name: Ivan Petrov, id: "ofac_sdn:2", kind: person}
  - {name: Acme Arms, id: "ofac_sdn:3", kind: org}
"""
RULE = """
rules:
  - id: listed
    severity: high
    when: {all: [{any: [{use: someone}, {list: ofac_sdn}]}, {none: [{org: "@ofac_sdn"}]}]}
    except_entities:
      - {id: "ofac_sdn:1", author: jane, until: 2027-03-31, note: the tennis player}
  - {id: other, severity: low, when: {use: someone}}
define: {someone: {person: "@ofac_sdn"}}
"""


def entities(rules: str, text: str, day: date | None = None) -> dict[str, list[str | None]]:
    engine = engine_of(rules, [names_list(PEOPLE)])
    return {m.rule_id: [e.entity for e in m.evidence] for m in engine.match(Subject("", text, day=day))}


def test_a_rule_passes_over_an_entry_and_the_others_do_not() -> None:
    only_one = RULE.replace(
        '      - {id: "ofac_sdn:1"', '      - {id: "ofac_sdn:2", author: jo}\n      - {id: "ofac_sdn:1"'
    )
    assert entities(only_one, "Ivan Petrov won.") == {"other": ["ofac_sdn:1"]}
    # Another of the same name is still meant.
    assert entities(RULE, "Ivan Petrov won.") == {"listed": ["ofac_sdn:2", "ofac_sdn:2"], "other": ["ofac_sdn:1"]}


def test_an_exception_ends_after_its_last_day() -> None:
    assert entities(RULE, "Ivan Petrov", date(2027, 3, 31))["listed"][0] == "ofac_sdn:2"
    assert entities(RULE, "Ivan Petrov", date(2027, 4, 1))["listed"][0] == "ofac_sdn:1"


def test_what_must_not_be_found_is_passed_over_as_well() -> None:
    excepted = RULE.replace("ofac_sdn:1", "ofac_sdn:3")
    text = "Ivan Petrov of Acme Arms"
    assert "listed" not in entities(RULE, text)
    assert "listed" in entities(excepted, text)


def test_explain_shows_what_was_passed_over_and_who_said_so() -> None:
    rules = RULE.replace(
        '      - {id: "ofac_sdn:1"', '      - {id: "ofac_sdn:2", author: jo}\n      - {id: "ofac_sdn:1"'
    )
    engine = engine_of(rules, [names_list(PEOPLE)])
    found = explain(engine.analyse(Subject("", "Ivan Petrov won.")), engine.rules[0])
    assert found.match is None
    assert passed_over(found) == (
        "passed over: Ivan Petrov (ofac_sdn:1, by jane until 2027-03-31: the tennis player)",
    )  # fmt: skip
    assert found.remedy == "the text lacks one of a person of ofac_sdn, a name of ofac_sdn"


def test_evidence_says_on_which_list_of_what_day_a_name_stands() -> None:
    (match,) = engine_of(RULE, [names_list(PEOPLE)]).match(Subject("", "Acme Arms, Ivan Petrov"))
    assert (match.rule_id, match.evidence[0].listed) == ("other", "OFAC SDN, 2026-11-20")


@pytest.mark.parametrize(
    ("edit", "code", "text"),
    [
        (("ofac_sdn:1", "ofac_sdn:9"), "unknown-entity", "no entry 'ofac_sdn:9' on ofac_sdn; did you mean 'ofac_sdn:"),
        (("when: {all", "when: x #"), "no-effect", "except_entities: does nothing in a rule without list:, person:,"),
    ],
)
def test_an_exception_that_excepts_nothing_is_told(edit: tuple[str, str], code: str, text: str) -> None:
    reader, rules = reader_of(RULE.replace(*edit), [names_list(PEOPLE)])
    (problem,) = reader.problems
    assert (problem.code, problem.text[: len(text)]) == (code, text)
    assert (len(rules) == 2) == (problem.level is Level.WARNING)  # what a publisher took off its list stops no rule
