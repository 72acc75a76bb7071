"""The engine holds against the slow evaluator of ``reference.py`` on random rules and random texts."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from bot.entities.sentences import paragraphs, sentences
from bot.rules.evaluate import Subject
from bot.text import Text
from tests.rules.reference import Reference
from tests.rules.setup import COUNTRIES, Forms, engine_of, rule

WORDS = [
    "arms",
    "deal",
    "deals",
    "weapon",
    "weapons",
    "supply",
    "supplied",
    "cease",
    "fire",
    "ceasefire",
    "ceasefires",
    "law",
    "maker",
    "lawmaker",
    "said",
    "the",
    "Iran",
    "North",
    "Korea",
    "Moscow",
    "U.S.",
    "US",
    "us",
    "café",
    "Café",
    "CAFE",
    "anti",
    "government",
    "antigovernment",
    "o'brien",
    "l'Iran",
    "x",
]
PHRASES = ["arms deal", "weapon supply", "cease-fire", "law-maker", "anti-government", "North Korea", "US deal"]
GAPS = [" "] * 14 + ["-"] * 4 + ["‐", "–", "  ", "\n", "\n\n", ", ", ". ", "; ", "'s ", "’s ", ' "', '" ', " “", "” "]
GAPS += [" « ", " » ", " '", "' ", "/", " — ", "…", ",", " \n \n ", "\u200b", "s' "]
TERMS = [
    "arms",
    "deal",
    "weapon",
    "ceasefire",
    "cease-fire",
    "lawmaker",
    "law-maker",
    "=US",
    "US",
    "U.S.",
    "=Café",
    "café",
    "weap*",
    "antigov*",
    "anti-gov*",
    "Iran",
    "arms-deal",
    "o'brien",
    "l'Iran",
]
TERMS += ["arms deal", "weapon supply", "ceasefire deal", "cease-fire law-maker", "ceasefire lawmaker", "said the"]
TERMS += ["=US deal", "the ceasef*", "law maker", "Iran's deal", "cease fire"]

words = st.sampled_from([*WORDS, *PHRASES, *PHRASES])
gaps = st.sampled_from(GAPS)
texts = st.lists(st.tuples(words, gaps), max_size=14).map(lambda parts: "".join(w + g for w, g in parts))
terms: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(TERMS),
    st.sampled_from(["arms deals", "weapon", "cease-fire"]).map(lambda t: {"exact": t}),
    st.sampled_from([["IR"], ["KP", "RU"]]).map(lambda c: {"country": c}),
)


def nears(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda of, within, ordered: {"near": {"of": of, "within": within, "ordered": ordered}},
        st.lists(members, min_size=2, max_size=3),
        st.sampled_from(["0 words", "1 word", "2 words", "5 words", "sentence", "paragraph"]),
        st.booleans(),
    )


anys = st.lists(terms, min_size=1, max_size=3).map(lambda c: {"any": c})
inner = st.one_of(terms, terms, anys, nears(st.one_of(terms, anys)))
spanning = st.one_of(inner, nears(inner), st.just({"use": "named"}))


def wider(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(conditions, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda op, of: {op: of}, st.sampled_from(["all", "any", "none"]), several),
        several.flatmap(lambda of: st.integers(1, len(of)).map(lambda n: {"at_least": {"n": n, "of": of}})),
        st.builds(lambda region, of: {region: of}, st.sampled_from(["title", "lead"]), spanning),
        st.builds(lambda of, least: {"count": {"of": of, "min": least}}, inner, st.integers(1, 3)),
    )


conditions = st.recursive(spanning, wider, max_leaves=5)
slow = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(when: Any, title: str, text: str, unless: Any = None, define: Any = None) -> None:
    engine = engine_of(rule(when, unless, define))
    normal = Text(title, text)
    reference = Reference(
        title, text, sentences(normal), paragraphs(normal), Forms().forms, COUNTRIES, define or {}
    )  # fmt: skip
    expected = reference.evidence(when, unless)
    note(f"norm: {normal.norm!r}")
    analysis = engine.analyse(Subject(title, text))
    matches = analysis.matches
    got = [(e.start, e.end, e.condition, e.entity or "") for e in matches[0].evidence] if matches else None
    event("fires" if got is not None else "does not")
    assert got == expected
    # Around the index: it may never keep back a rule that holds.
    assert (analysis.match(engine.rules[0]) is not None) == bool(matches)


@given(st.sampled_from(TERMS), texts, texts)
@slow
def test_terms_are_found_where_the_reference_finds_them(term: str, title: str, text: str) -> None:
    check(term, title, text)


@given(nears(inner), texts, texts)
@slow
def test_near_finds_every_way_and_no_other(near: Any, title: str, text: str) -> None:
    check(near, title, text)


@given(conditions, texts, texts, st.one_of(st.none(), spanning), inner)
@slow
def test_any_rule_gives_the_same_verdict_and_evidence(
    when: Any, title: str, text: str, unless: Any, named: Any
) -> None:
    check(when, title, text, unless, {"named": named})


@given(inner, inner, texts)
@slow
def test_words_of_a_rule_put_side_by_side_are_found(one: Any, other: Any, text: str) -> None:
    """Random words rarely meet a rule of two parts; the reference must agree on a dense text, too."""
    check({"near": {"of": [one, other], "within": "3 words"}}, "", f"{text} arms deal Iran weapon {text}")
