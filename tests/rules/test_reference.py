"""The engine holds against the slow evaluator of ``reference.py`` on random rules and random texts: the whole language,
same verdict and same evidence."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from bot.entities.sentences import paragraphs, sentences
from bot.model import Mention
from bot.rules.evaluate import LabelledSpan, Subject
from bot.text import Text
from tests.properties import examples
from tests.rules.reference import Entry, Reference, World
from tests.rules.setup import COUNTRIES, Forms, engine_of, names_list

TODAY = date(2026, 6, 1)
PEOPLE = [
    Entry("bh", "org", ["Black Hand", "Crna Ruka", "BH"]),
    Entry("petrov", "person", ["Ivan Petrov"]),
    Entry("other", "person", ["Ivan Petrov", "Petrov Ivan"]),
    Entry("fort", "place", ["Red Fort"]),
    Entry("shams", "any", ["al-Shams"]),
    Entry("alshams", "org", ["Alshams", "arms deal"]),
]
COUNTRY_LISTS = {"axis": ["IR", "KP"], "un": ["KP"], "us": ["RU", "IR"], "arms_embargo_un": ["IR"], "far": ["NO"]}
LISTS = [
    names_list(
        "{list: people, source: s, as_of: d, names: "
        + json.dumps([{"name": e.names[0], "aliases": e.names[1:], "kind": e.kind, "id": e.id} for e in PEOPLE])
        + "}"
    ),
    *(
        names_list(f"{{list: {name}, source: s, as_of: d, countries: {json.dumps(codes)}}}")
        for name, codes in COUNTRY_LISTS.items()
    ),
]
LABELS = {"Iran": "GPE", "Petrov": "PERSON", "Black": "ORG", "deal": "ORG", "US": "GPE"}
SOURCES, TAGS = ("a", "b"), ("wire", "uk")

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
    "C++",
    "#metoo",
    "metoo",
    "R&D",
    "санкции",
    "Москва",
    "سلاح",
    "制裁",
    "对伊朗制裁",
    "제재",
    "대북제재를",
    "2022",
]
PHRASES = ["arms deal", "weapon supply", "cease-fire", "law-maker", "anti-government", "North Korea", "US deal"]
NAMES = [
    "Black Hand",
    "Crna Ruka",
    "crna ruka",
    "BH",
    "bh",
    "Ivan Petrov",
    "Red Fort",
    "al-Shams",
    "al Shams",
    "Alshams",
]
PLACES = ["Iran", "Iranian", "North Korea", "Russia", "Moscow", "France", "MOSCOW", "IRAN", "FRANCE"]
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
SCRIPTS = ["C++", "#metoo", "=R&D", "санкции", "=Москва", "سلاح", "制裁", "伊朗制裁", "제재", "대북", "2022"]
REGEXES = {"arms?": "arm", "deals?": "deals", r"c(ea)?se.fire": "case/fire", "[,;]": ", x", r"\d{4}": "2022"}
REGEXES |= {"w[a-z]+n": "weapon", " the": "of the"}
LONG = "so " * 58


words = st.sampled_from([*WORDS, LONG, *PHRASES, *PHRASES, *NAMES, *PLACES, *PLACES])
gaps = st.sampled_from(GAPS)


def written_of(*words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(st.one_of(words), gaps), max_size=14).map(lambda parts: "".join(w + g for w, g in parts))


texts = written_of(words)


def words_of(rule: Any) -> list[str]:
    """What is written in texts where parts of a rule hold."""
    if isinstance(rule, str):
        return [rule.strip("=*")]
    if isinstance(rule, list):
        return [word for one in rule for word in words_of(one)]
    found: list[str] = []
    for key, value in rule.items():
        match key:
            case "regex":
                found.append(REGEXES[value])
            case "country":
                found.extend(PLACES)
            case "list" | "person" | "org" | "place":
                found.extend(NAMES)
            case "entity":
                found.extend(LABELS)
            case "within" | "ordered" | "source" | "tag" | "lang" | "n" | "min" | "use":
                pass
            case _:
                found.extend(words_of(value))
    return found


@st.composite
def with_texts(draw: st.DrawFn, rules: st.SearchStrategy[Any]) -> tuple[Any, str, str]:
    """A rule, and a title and a text in which its words are common; random words rarely meet a rule of two parts."""
    rule = draw(rules)
    own = words_of(rule)
    dense = written_of(st.sampled_from(own), st.sampled_from(own), words) if own else texts
    return rule, draw(dense), draw(dense)


codes: st.SearchStrategy[Any] = st.sampled_from(
    [
        "any",
        "IR",
        ["IR"],
        ["KP", "RU"],
        "@axis",
        ["FR", "@axis"],
        {"sanctioned_by": ["un", "us"]},
        {"arms_embargo": "un"},
    ]
)
countries: st.SearchStrategy[Any] = st.one_of(
    codes,
    codes,
    st.builds(
        lambda of, least, salience: {"of": of, **least, **salience},
        codes,
        st.sampled_from([{}, {"min_mentions": 1}, {"min_mentions": 2}, {"min_mentions": 3}]),
        st.sampled_from([{}, {"salience": "main"}, {"salience": "any"}]),
    ),
)
terms: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(TERMS),
    st.sampled_from(TERMS),
    st.sampled_from(SCRIPTS),
    st.sampled_from(["arms deals", "weapon", "cease-fire", "C++"]).map(lambda t: {"exact": t}),
    st.sampled_from(sorted(REGEXES)).map(lambda r: {"regex": r}),
    countries.map(lambda c: {"country": c}),
    countries.map(lambda c: {"country": c}),
    st.sampled_from(["list", "person", "org", "place"]).map(lambda k: {k: "people" if k == "list" else "@people"}),
    st.sampled_from(["GPE", "ORG", {"label": "GPE", "text": "iran"}, {"label": "PERSON"}]).map(lambda e: {"entity": e}),
)
origins = st.sampled_from(
    [
        {"source": "a"},
        {"source": ["b", "c"]},
        {"tag": "wire"},
        {"tag": ["uk", "us"]},
        {"lang": "de"},
        {"lang": ["en", "fr"]},
    ]
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
        st.builds(lambda region, of: {region: of}, st.sampled_from(["title", "lead"]), flat),
        st.builds(
            lambda of, least: {"count": {"of": of, "min": least}},
            st.one_of(inner, st.lists(terms, min_size=1, max_size=2)),
            st.integers(1, 3),
        ),
    )


# What may stand in a title: or a lead:; either holds in the other never, which the reader refuses.
flat = st.one_of(spanning, st.lists(spanning, min_size=1, max_size=2).map(lambda of: {"all": of}))
conditions = st.recursive(st.one_of(spanning, spanning, spanning, origins), wider, max_leaves=6)
slow = settings(max_examples=examples(300))
exceptions = st.lists(
    st.tuples(st.sampled_from(["bh", "petrov", "other", "alshams"]), st.sampled_from(["", "2026-06-01", "2026-05-31"])),
    max_size=2,
    unique_by=lambda e: e[0],
)
origin = st.fixed_dictionaries(
    {
        "source_id": st.sampled_from(["", *SOURCES]),
        "source_tags": st.sets(st.sampled_from(TAGS)).map(lambda t: tuple(sorted(t))),
        "lang": st.sampled_from([None, "en", "de-AT", "fr"]),
    }
)


def labelled(text: Text, mentions: tuple[Mention, ...]) -> list[LabelledSpan]:
    """A model that labels some words."""
    return [
        LabelledSpan(at, at + len(word), label)
        for word, label in LABELS.items()
        for at in range(len(text.body))
        if text.body.startswith(word, at)
    ]


def check(
    when: Any,
    title: str,
    text: str,
    unless: Any = None,
    define: Any = None,
    excepted: Any = (),
    about: Any = None,
) -> None:
    """The engine and the reference say the same."""
    about = about or {}
    written = json.dumps([when, unless])
    if "people" not in written + json.dumps(define) * ('"use"' in written):
        excepted = ()  # which the reader refuses in a rule without a list
    made: dict[str, Any] = {"id": "r", "severity": "high", "when": when}
    if unless is not None:
        made["unless"] = unless
    if excepted:
        made["except_entities"] = [
            {"id": id_, "author": "jo", **({"until": until} if until else {})} for id_, until in excepted
        ]
    document = {"rules": [made], **({"define": define} if define else {})}
    source = json.dumps(document, ensure_ascii=False)
    engine = engine_of(source, LISTS, has_model=True, labeller=labelled, detect=lambda body: "de")
    normal = Text(title, text)
    world = World(
        Forms().forms,
        COUNTRIES,
        {"people": PEOPLE},
        COUNTRY_LISTS,
        define or {},
        [(s.start, s.end, s.label) for s in labelled(normal, ())],
        about.get("source_id", ""),
        about.get("source_tags", ()),
        about.get("lang") or "de",
        [id_ for id_, until in excepted if not until or date.fromisoformat(until) >= TODAY],
    )
    expected = Reference(title, text, sentences(normal), paragraphs(normal), world).evidence(when, unless)
    note(f"norm: {normal.norm!r}")
    analysis = engine.analyse(Subject(title, text, day=TODAY, **about))
    matches = analysis.matches
    got = [(e.start, e.end, e.condition, e.entity or "") for e in matches[0].evidence] if matches else None
    event("fires" if got is not None else "does not")
    assert got == expected
    # Around the index: it may never keep back a rule that holds.
    assert (analysis.match(engine.rules[0]) is not None) == bool(matches)


@given(with_texts(st.sampled_from([*TERMS, *SCRIPTS])))
@slow
def test_terms_are_found_where_the_reference_finds_them(made: Any) -> None:
    check(*made)


@given(with_texts(terms), exceptions)
@slow
def test_so_are_names_countries_regexes_and_labels(made: Any, excepted: Any) -> None:
    check(*made, excepted=excepted)


@given(with_texts(countries.map(lambda c: {"country": c})))
@slow
def test_countries_that_an_article_is_about(made: Any) -> None:
    check(*made)


@given(with_texts(nears(inner)))
@slow
def test_near_finds_every_way_and_no_other(made: Any) -> None:
    check(*made)


@given(with_texts(nears(st.one_of(terms, countries.map(lambda c: {"country": c})))), st.sampled_from(PLACES[-3:]))
@slow
def test_near_beside_a_dateline(made: Any, dateline: str) -> None:
    near, title, text = made
    check(near, title, f"{dateline} — {text}")


@given(with_texts(conditions), st.one_of(st.none(), st.none(), spanning), inner, exceptions, origin)
@slow
def test_any_rule_gives_the_same_verdict_and_evidence(
    made: Any, unless: Any, named: Any, excepted: Any, about: Any
) -> None:
    check(*made, unless, {"named": named}, excepted, about)
