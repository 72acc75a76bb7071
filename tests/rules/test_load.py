"""Folders of rules: what belongs to them, what a later one replaces, and files that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import Level
from bot.rules.load import Loaded, load_rules, rule_files
from tests.rules.setup import CODES

RULE = "{id: %s, severity: high, when: %s}"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def load(*folders: Path, **known: Any) -> Loaded:
    return load_rules(folders, is_country=CODES.__contains__, shown=lambda p: Path(p.name), **known)


def told(loaded: Loaded) -> list[str]:
    return [f"{p.level.value} {p}" for p in loaded.problems]


def test_files_of_a_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        dict.fromkeys(
            ["b.yaml", "a.yml", "deep/c.yaml", "lists/x.yaml", "sources.yaml", ".hidden/d.yaml", ".e.yaml", "f.txt"], ""
        ),
    )
    rules, lists = rule_files(tmp_path)
    assert [p.name for p in rules] == ["a.yml", "b.yaml", "c.yaml"]
    assert [p.name for p in lists] == ["x.yaml"]


def test_files_are_merged_and_defines_are_shared(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.yaml": f"rules: [{RULE % ('one', '{use: words}')}]",
            "b.yaml": "define: {words: {any: [x, {country: '@bad'}, {list: gangs}]}}",
            "lists/bad.yaml": "{list: bad, source: s, as_of: 2026-01-01, countries: [KP]}",
            "lists/gangs.yaml": "{list: gangs, source: s, as_of: 2026-01-01, names: [Black Hand]}",
            "empty.yaml": "",
        },
    )
    loaded = load(tmp_path)
    assert told(loaded) == []
    assert [r.id for r in loaded.ruleset.rules] == ["one"]
    assert set(loaded.ruleset.lists) == {"bad", "gangs"}


def test_a_later_folder_replaces_by_id_and_name(tmp_path: Path) -> None:
    shipped = write(
        tmp_path / "shipped",
        {
            "base.yaml": f"define: {{words: x, more: y}}\nrules: [{RULE % ('one', '{use: words}')}, {RULE % ('two', 'b')}]",  # noqa: E501
            "lists/l.yaml": "{list: l, source: s, as_of: 2026-01-01, countries: [KP]}",
        },
    )
    own = write(
        tmp_path / "own",
        {
            "a.yaml": "define: {words: z}\nrules: [" + RULE % ("two", "{country: '@l'}") + "]",
            "lists/l.yaml": "{list: l, source: s, as_of: 2026-01-01, countries: [IR]}",
        },
    )
    loaded = load(shipped, own)
    one, two = loaded.ruleset.rules
    assert told(loaded) == []  # `more` is unused, but it is not in the folder that one edits
    assert one.when.of.label == "z"
    assert two.when.codes == {"IR"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"a.yaml": f"rules: [{RULE % ('one', 'a')}]", "b.yaml": f"rules: [{RULE % ('one', 'b')}]"},
            ["error b.yaml:1:9: the id 'one' is taken by a.yaml:1; rename one of the two"],
        ),
        (
            {"a.yaml": "define: {x: a}\nrules: [{id: r, severity: low, when: {use: x}}]", "b.yaml": "define: {x: b}"},
            ["error b.yaml:1:10: 'x' is defined already in a.yaml:1; rename one of the two"],
        ),
        (
            {"a.yaml": "define: {x: a}"},
            ["warning a.yaml:1:10: nothing uses the define 'x'; delete it, or use it with {use: x}"],
        ),
        ({"a.yaml": "rule: []"}, ["error a.yaml:1:1: a rule file has no key 'rule'; did you mean 'rules'?"]),
        (
            {"a.yaml": "[a]"},
            [
                "error a.yaml:1:1: a rule file has rules: and define: at its top; write rules: in a line of its own "
                "above this"
            ],
        ),
        ({"a.yaml": "rules: {}"}, ["error a.yaml:1:8: rules: takes a list, each rule beginning with '- id:'"]),
        (
            {"a.yaml": "rules: [a: b: c]", "b.yaml": "x: 1"},
            [
                "error a.yaml:1:13: not valid YAML (did not find expected ',' or ']'); quote the value if it "
                "holds any of : # [ ] { } , & * ! | > ' \" % @ `",
                "error b.yaml:1:1: a rule file has no key 'x'; known: define, rules",
            ],
        ),
        (
            {f"lists/{n}.yaml": "{list: l, source: s, as_of: 2026-01-01, countries: [KP]}" for n in "ab"},
            ["error b.yaml:1:1: the list 'l' stands in a.yaml already; rename one of the two"],
        ),
    ],
)
def test_problems_of_a_folder(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    loaded = load(write(tmp_path, files))
    assert told(loaded) == expected
    assert [p for p in loaded.problems if p.level is Level.ERROR] == list(loaded.errors)


def test_a_name_may_be_replaced_once_in_a_later_folder(tmp_path: Path) -> None:
    first = write(tmp_path / "1", {"a.yaml": "define: {x: a}\nrules: [{id: r, severity: low, when: {use: x}}]"})
    later = write(tmp_path / "2", {"b.yaml": "define: {x: b}", "c.yaml": "define: {x: c}"})
    assert told(load(first, later)) == ["error c.yaml:1:10: 'x' is defined already in b.yaml:1; rename one of the two"]


def test_a_problem_in_a_later_folder_is_told_with_its_place(tmp_path: Path) -> None:
    first = write(tmp_path / "1", {"a.yaml": f"rules: [{RULE % ('one', 'a')}]"})
    later = write(tmp_path / "2", {"b.yaml": f"rules: [{RULE % ('one', 'a|b')}]"})
    loaded = load(first, later, channels=["desk"])
    assert told(loaded) == ["error b.yaml:1:41: '|' does not mean 'or' inside a term; write {any: [a, b]}"]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    loaded = load(tmp_path / "none")
    assert told(loaded) == ["error none: no such folder; mend rules: in wirewatch.yaml"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[a]", "1:1: a list file has list:, source:, as_of: and countries: or names:"),
        ("{list: l, source: s, as_of: x}", "1:1: a list has either countries: or names:"),
        ("{list: L x, source: s, as_of: x, names: [a]}", "1:1: the name 'L x' may hold a-z, 0-9, '_' and '-' only"),
        ("{list: l, as_of: x, names: [a]}", "1:1: source: is missing; add it"),
        ("{list: l, source: s, as_of: x, country: [KP]}", "1:32: a list file has no key 'country'; did you mean 'countries'?"),  # noqa: E501
        (
            "{list: l, source: s, as_of: x, countries: [kp]}",
            "1:44: no country 'kp'; write it in capitals: KP",
        ),
        ("{list: l, source: s, as_of: x, countries: []}", "1:43: countries: takes a list with at least one entry"),
        ("{list: l, source: s, as_of: x, countries: [{code: KP, acts: y}]}", "1:55: a listed country has no key 'acts'; did you mean 'act'?"),  # noqa: E501
        ("{list: l, source: s, as_of: x, names: ['!']}", "1:40: the name '!' holds no letter or digit; delete it"),
        ("{list: l, source: s, as_of: x, names: [{name: a, kind: ship}]}", "1:56: kind: takes person, org, place, any, not 'ship'"),  # noqa: E501
        ("{list: l, source: s, as_of: x, names: [{name: a, country: XX}]}", "1:59: no country 'XX'; use the two letters of ISO 3166, as in KP"),  # noqa: E501
        ("{list: l, source: s, as_of: x, names: [{name: a, aliases: [[b]]}]}", "1:60: aliases: takes texts"),
    ],
)  # fmt: skip
def test_problems_of_a_list(tmp_path: Path, text: str, complaint: str) -> None:
    loaded = load(write(tmp_path, {"lists/l.yaml": text}))
    assert f"error l.yaml:{complaint}" in told(loaded)


def test_a_listed_entry_keeps_what_the_file_says(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "lists/c.yaml": "{list: c, title: T, source: s, as_of: 2026-01-01, countries: [{code: KP, act: A, date: 2020-01-02}]}",  # noqa: E501
            "lists/n.yaml": "{list: n, source: s, as_of: x, names: [{name: Black Hand, aliases: [BH], kind: org, country: IR}]}",  # noqa: E501
        },
    )
    lists = load(tmp_path).ruleset.lists
    assert [(c.code, c.act, c.date) for c in lists["c"].countries] == [("KP", "A", "2020-01-02")]
    (name,) = lists["n"].names
    assert (name.id, name.name, name.aliases, name.kind, name.country) == (
        "n:black-hand", "Black Hand", ("BH",), "org", "IR",
    )  # fmt: skip
    assert (lists["c"].title, lists["c"].as_of, lists["n"].title) == ("T", "2026-01-01", "n")


def test_a_list_file_beside_the_rules_is_sent_to_its_folder(tmp_path: Path) -> None:
    folder = write(tmp_path, {"mine.yaml": "list: mine\nsource: me\nas_of: today\nnames: [a]\n"})
    (said,) = told(load(folder))
    assert said.endswith("this is a list file, which belongs into the folder lists/ beside the rules; move it there")
