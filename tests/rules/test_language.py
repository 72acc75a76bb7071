"""Each mistake in a rule file: one small file, the exact complaint with its line and column."""

from __future__ import annotations

import pytest

from bot.rules.conditions import NEAR_MEMBERS_MAX
from tests.rules.setup import names_list, reader_of

HEAD = "rules:\n  - id: r\n    severity: high\n    when: "
LISTS = (
    names_list("{list: embargo, source: us, as_of: 2026-01-01, countries: [KP, IR]}"),
    names_list("{list: un, source: us, as_of: 2026-01-01, countries: [KP]}"),
    names_list("{list: gangs, source: us, as_of: 2026-01-01, names: [{name: Black Hand, kind: org}]}"),
)
KNOWN = {
    "channels": frozenset({"desk", "intel"}),
    "sources": frozenset({"bbc-world"}),
    "source_tags": frozenset({"wire"}),
}


def complaints(source: str, **known: object) -> list[str]:
    reader, _ = reader_of(source, LISTS, **{**KNOWN, **known})  # type: ignore[arg-type]
    return [f"{p.line}:{p.column}: {p.text}" for p in reader.problems]


@pytest.mark.parametrize(
    ("when", "complaint"),
    [
        # terms
        ("a|b", "4:11: '|' does not mean 'or' inside a term; write {any: [a, b]}"),
        ("arms OR weapons", "4:11: OR is not an operator inside a term; write {any: [arms, weapons]}"),
        ("arms AND Iran", "4:11: AND is not an operator inside a term; write {all: [arms, Iran]}"),
        ("NOT a film", "4:11: NOT is not an operator inside a term; write {none: [a film]}"),
        (
            "arms NEAR/5 Iran",
            "4:11: NEAR is not an operator inside a term; write {near: {of: [arms, Iran], within: sentence}}",
        ),
        (
            "arms (Iran)",
            "4:11: parentheses have no meaning inside a term; write {any: [...]} or {all: [...]}, or use {regex: '...'}",  # noqa: E501
        ),
        ("mis*", "4:11: '*' needs at least 4 letters before it, as in missil*"),
        ("'*'", "4:11: '*' needs at least 4 letters before it, as in missil*"),
        ("miss*le", "4:11: '*' may stand at the end of a term only, as in missil*"),
        ("miss**", "4:11: '*' may stand at the end of a term only, as in missil*"),
        ("'=USA*'", "4:11: '=' and '*' cannot be joined; write the forms that you mean under any:"),
        ("'='", "4:11: the term '' holds no letter or digit and can never match; use {regex: '...'}"),
        ("'!?'", "4:11: the term '!?' holds no letter or digit and can never match; use {regex: '...'}"),
        ("", "4:10: an empty value; write a term, or delete the line"),
        ("''", "4:11: an empty term; write a word, or delete the line"),
        ("' '", "4:11: an empty term; write a word, or delete the line"),
        ("x" * 301, "4:11: a term of 301 characters; the limit is 300"),
        ("a-b-c-d-e-f", "4:11: more than 4 hyphens in a term; write the spaces that you mean"),
        ("named", "4:11: 'named' is the name of a define; write {use: named}, or quote it if the word is meant"),
        ("{exact: a|b}", "4:19: '|' does not mean 'or' inside a term; write {any: [a, b]}"),
        ("{exact: =US}", "4:19: '=' and '*' have no meaning inside exact:; write the term '=US' by itself"),
        ("{exact: [a]}", "4:19: exact: takes one text"),
        ("{exact: }", "4:19: exact: takes one text"),
        # regexes
        ("{regex: 'a('}", "4:19: RE2 refuses this regex: missing ): a(; mend it"),
        (
            "{regex: 'a(?=b)'}",
            "4:19: RE2 refuses this regex: invalid perl operator: (?= (RE2 has no look-around and no back-references); "
            "mend it",
        ),
        ("{regex: 'a*'}", "4:19: this regex matches the empty text and so every article; ask for at least one character"),  # noqa: E501
        (
            r"{regex: 'é\b'}",
            r"4:19: \b and \w know ASCII letters only (RE2), so beside other letters they never match as meant; use \pL "  # noqa: E501
            r"for a letter, and [^\pL] or the plain term for a word boundary",
        ),
        ("{regex: ''}", "4:19: an empty regex; write one, or delete the line"),
        # the shape of conditions
        ("[a, b]", "4:11: a list alone does not say how: write {any: [...]} or {all: [...]}"),
        ("{any: [a], all: [b]}", "4:11: a condition has one key, this has 2 (any, all); join them with all: [{...}, {...}]"),  # noqa: E501
        ("{}", "4:11: a condition has one key, this has 0 (none); join them with all: [{...}, {...}]"),
        ("{anny: [a]}", "4:12: no condition 'anny'; did you mean 'any'?"),
        (
            "{any: [breaking: war]}",
            "4:18: no condition 'breaking'; known: all, any, none, at_least, count, near, country, person, org, place, "
            "list, entity and 9 more; a term with a colon in it wants quotes",
        ),
        ("{any: a}", "4:17: any: takes a list, as in any: [one, two]"),
        ("{any: []}", "4:17: any: has nothing in it; write what it asks for, as in any: [one, two]"),
        ("{any: [a, '']}", "4:21: an empty term; write a word, or delete the line"),
        ("{at_least: {n: 3, of: [a, b]}}", "4:26: at_least 3 of 2 can never hold; lower n or add conditions"),
        ("{at_least: {n: 0, of: [a]}}", "4:26: n: takes a whole number from 1 to 10000"),
        ("{at_least: {n: two, of: [a]}}", "4:26: n: takes a whole number from 1 to 10000"),
        ("{at_least: {of: [a]}}", "4:22: at_least needs n:, as in at_least: {n: 2, of: [troops, tanks, convoy]}"),
        ("{at_least: [a]}", "4:22: at_least: takes n, of, as in at_least: {n: 2, of: [troops, tanks, convoy]}"),
        ("{count: {of: a, min: 2, max: 3}}", "4:35: count has no option 'max'; known: of, min"),
        ("{count: {of: {all: [a, b]}, min: 2}}", "4:24: count: cannot count 'all', which marks no words"),
        ("{near: {of: [a], within: sentence}}", "4:23: near: takes 2 to 8 members, this has 1"),
        (
            "{near: {of: [a, {all: [b, c]}], within: sentence}}",
            "4:28: 'all' marks no words and cannot stand inside near; members are terms, any, near, use, country, "
            "person, org, place, list and entity",
        ),
        ("{near: {of: [a, b], within: 5}}", "4:39: within: takes 'N words', sentence or paragraph; write 5 words"),
        ("{near: {of: [a, b], within: sentences}}", "4:39: within: takes 'N words', sentence or paragraph"),
        ("{near: {of: [a, b]}}", "4:18: near needs within:, as in near: {of: [arms, deal], within: sentence}"),
        (
            "{near: [a, b]}",
            "4:18: near: takes of, within, ordered, as in near: {of: [arms, deal], within: sentence}",
        ),
        ("{near: {of: [a, b], within: sentence, ordered: maybe}}", "4:58: ordered: takes true or false"),
        ("{near: {of: [a, b], withn: sentence}}", "4:31: near has no option 'withn'; did you mean 'within'?"),
        (
            "{title: {lead: a}}",
            "4:20: lead: inside title: can never hold, as no word stands in both; join them with all:",
        ),
        # countries, names, labels
        ("{country: kp}", "4:21: no country 'kp'; write it in capitals: KP"),
        ("{country: Iran}", "4:21: no country 'Iran'; write its code: IR"),
        ("{country: [KP, russian federation]}", "4:26: no country 'russian federation'; write its code: RU"),
        (
            "{country: Korea}",
            "4:21: no country 'Korea'; use the two letters of ISO 3166, as in KP, or a list, as in \"@sanctioned\"",
        ),
        ("{country: []}", "4:21: country: has nothing in it"),
        ("{country: [any, KP]}", "4:22: any stands alone: country: any"),
        ("{country: '@embrgo'}", "4:21: no list 'embrgo'; did you mean 'embargo'?"),
        ("{country: '@gangs'}", "4:21: the list 'gangs' holds names, not countries; use list: gangs"),
        ("{country: {of: KP, salience: most}}", "4:40: salience: takes main or any"),
        ("{country: {of: KP, min_mentions: 0}}", "4:44: min_mentions: takes a whole number from 1 to 1000"),
        ("{country: {min_mentions: 2}}", "4:21: country needs of:"),
        ("{country: {of: {sanctioned: un}}}", "4:27: country takes no 'sanctioned' here; did you mean 'sanctioned_by'?"),  # noqa: E501
        ("{country: {sanctioned_by: un, salience: main}}", "4:41: country takes no 'salience' here; put it beside of:"),
        ("{country: {sanctioned_by: nato}}", "4:37: no list 'nato'; known: embargo, gangs, un"),
        ("{country: {arms_embargo: un}}", "4:36: no list 'arms_embargo_un'; did you mean 'embargo'?"),
        ("{list: embargo}", "4:18: the list 'embargo' holds countries, not names; use country: \"@embargo\""),
        (
            "{person: Black Hand}",
            "4:20: person: takes a list, as in person: \"@gangs\"; for one name write the name as a term",
        ),
        ("{person: '@gangs'}", "4:20: the list 'gangs' holds no name of the kind person; use list: gangs"),
        (
            "{entity: ORG}",
            "4:12: entity: needs a statistical model; set ner_model: in wirewatch.yaml to one that is installed",
        ),
        # origins
        ("{source: bbc-wrld}", "4:20: no source 'bbc-wrld'; did you mean 'bbc-world'?"),
        ("{tag: wires}", "4:17: no source tag 'wires'; did you mean 'wire'?"),
        ("{lang: english}", "4:18: lang: takes the two letters of a language, as in en, not 'english'"),
        ("{lang: []}", "4:12: lang: takes a word or a list of words"),
        # defines
        ("{use: namd}", "4:17: no define 'namd'; did you mean 'named'?"),
        ("{use: zzzzzz}", "4:17: no define 'zzzzzz'; add it under define:"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_meant(when: str, complaint: str) -> None:
    assert complaints(f"{HEAD}{when}\ndefine: {{named: x}}\n") == [complaint]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("- {severity: high, when: a}", "2:5: the rule has no id: add one"),
        (
            "- {id: Bad Id, severity: high, when: a}",
            "2:10: the id 'Bad Id' may hold a-z, 0-9, '.', '_' and '-' only; write bad-id",
        ),
        ("- {id: r, when: a}", "2:5: the rule has no severity: add one of info, low, medium, high, critical"),
        ("- {id: r, severity: hgh, when: a}", "2:23: no severity 'hgh'; did you mean 'high'?"),
        ("- {id: r, severity: High, when: a}", "2:23: no severity 'High'; did you mean 'high'?"),
        ("- {id: r, severity: high}", "2:5: the rule 'r' has no when: and would never match"),
        ("- {id: r, severity: high, wen: a, when: b}", "2:29: a rule has no key 'wen'; did you mean 'when'?"),
        ("- {id: r, severety: high, when: a}", "2:13: a rule has no key 'severety'; did you mean 'severity'?"),
        ("- {id: r, severity: high, wehn: a}", "2:29: a rule has no key 'wehn'; did you mean 'when'?"),
        ("- text", "2:5: a rule begins with '- id: some-name' and has its keys below"),
        (
            "- {id: r, severity: high, when: a, channels: [dsk]}",
            "2:49: no channel 'dsk' in wirewatch.yaml; did you mean 'desk'?",
        ),
        ("- {id: r, severity: high, when: a, tags: [[b]]}", "2:45: tags: takes words, as in tags: [one, two]"),
        ("- {id: r, severity: high, when: a, enabled: yes}", "2:47: enabled: takes true or false"),
        ("- {id: r, severity: high, when: a, mode: shadw}", "2:44: no mode 'shadw'; did you mean 'shadow'?"),
        ("- {id: r, severity: high, when: a, title: [b]}", "2:45: title: takes a text"),
        (
            "- {id: r, severity: high, when: a, tests: b}",
            "2:45: tests: takes a list of '- match: text' and '- ignore: text'",
        ),
        (
            "- {id: r, severity: high, when: a, tests: [{matches: b}]}",
            "2:46: a test is '- match: text' or '- ignore: text'",
        ),
        (
            "- {id: r, severity: high, when: a, tests: [{match: {txt: b}}]}",
            "2:55: a test has no key 'txt'; did you mean 'text'?",
        ),
        ("- {id: r, severity: high, when: a, tests: [{match: ''}]}", "2:54: this test has no text"),
        (
            "- {id: r, severity: high, when: a, tests: [{match: {text: b, source: bbc}}]}",
            "2:72: no source 'bbc'; known: bbc-world",
        ),
        (
            "- {id: r, severity: high, when: a, tests: [{match: {text: b, lang: english}}]}",
            "2:70: lang: takes the two letters of a language, as in en, not 'english'",
        ),
    ],
)
def test_a_rule_that_cannot_be_meant(lines: str, complaint: str) -> None:
    found = complaints(f"rules:\n  {lines}\n")
    assert found[0] == complaint
    assert len(found) <= 2  # a test without text: its unknown key, and that it has no text


@pytest.mark.parametrize(
    ("define", "expected"),
    [
        ("[a]", ["1:9: define: takes names with conditions, one to a line"]),
        ("{a-b: x}", ["1:10: the name 'a-b' may hold letters, digits and _ only, a letter first"]),
        ("{a: {use: a}}", ["1:19: a define that uses itself: a uses a; take one of the uses out"]),
        (
            "{a: {use: b}, b: {any: [x, {use: c}]}, c: {use: a}}",
            ["1:57: a define that uses itself: a uses b uses c uses a; take one of the uses out"],
        ),
    ],
)
def test_a_define_that_cannot_be_meant(define: str, expected: list[str]) -> None:
    assert complaints(f"define: {define}\nrules: []\n") == expected


def test_a_chain_of_a_thousand_uses_is_one_complaint() -> None:
    down = "define:\n" + "".join(f"  a{i}: {{use: a{i + 1}}}\n" for i in range(1_000)) + "  a1000: x\n"
    up = "define:\n  a0: x\n" + "".join(f"  a{i + 1}: {{use: a{i}}}\n" for i in range(1_000))
    for source in (down, up):
        (complaint,) = {c.split(": ", 1)[1] for c in complaints(source)}
        assert complaint in (
            "a chain of more than 64 defines that use one another; use fewer levels",
            "nested deeper than 64 conditions, what it uses included; use fewer levels",
        )


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    source = f"{HEAD}{{all: [a|b, {{country: XX}}, {{anny: [c]}}]}}\n    severty: x\n    tags: [[]]\n"
    assert [c.split(": ")[0] for c in complaints(source)] == ["5:5", "6:12", "4:18", "4:33", "4:39"]


@pytest.mark.parametrize(
    "term", ["007", "2022-02-24", "true", "null", "22:30", "NO", "1.5", "'named'", "NEAR protocol"]
)
def test_the_text_of_a_scalar_is_a_term_as_written(term: str) -> None:
    reader, (rule,) = reader_of(f"{HEAD}{term}\ndefine: {{named: x}}\n")
    assert not reader.problems
    assert rule.when.label == term.strip("'")


def test_a_rule_has_what_the_file_says() -> None:
    source = (
        "rules:\n- {id: r.1, title: A rule, severity: low, tags: [a, b], channels: desk, when: {lang: [EN, fr]}, "
        "unless: x, enabled: false, note: why, tests: [{match: {title: t, text: x, source: bbc-world, lang: FR}}, "
        "{ignore: y}]}\n"
    )
    reader, (rule,) = reader_of(source, **KNOWN)  # type: ignore[arg-type]
    assert not reader.problems
    assert (rule.id, rule.title, rule.severity.word, rule.tags, rule.channels) == (
        "r.1", "A rule", "low", ("a", "b"), ("desk",),
    )  # fmt: skip
    assert (rule.enabled, rule.when.label, rule.unless.label) == (False, "lang: en, fr", "x")
    assert [(t.match, t.title, t.text, t.source, t.lang) for t in rule.tests] == [
        (True, "t", "x", "bbc-world", "fr"), (False, "", "y", "", None),
    ]  # fmt: skip


def test_names_that_are_not_known_are_not_checked() -> None:
    source = f"{HEAD}{{all: [{{source: x}}, {{tag: y}}]}}\n    channels: [z]\n"
    assert complaints(source, channels=None, sources=None, source_tags=None) == []


def test_near_takes_its_most_members() -> None:
    members = ", ".join(f"t{i}" for i in range(NEAR_MEMBERS_MAX))
    assert complaints(f"{HEAD}{{near: {{of: [{members}], within: 1 word}}}}\n") == []


def test_a_key_that_is_misspelt_is_told_once() -> None:
    found = complaints("rules:\n  - id: a\n    severety: high\n    when: a\n")
    assert found == ["3:5: a rule has no key 'severety'; did you mean 'severity'?"]
