"""Folders in, one complete set out, or every problem of every file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError, Problem
from bot.live import rulebook
from bot.rules.evaluate import Subject


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def problems(*folders: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        rulebook.load(folders)
    found = caught.value.problems
    assert list(found) == sorted(found)
    return [str(p) for p in found]


def test_a_later_folder_replaces_rules_and_sources_by_id(tmp_path: Path) -> None:
    shipped = write(
        tmp_path / "shipped",
        rules="rules:\n  - {id: flood, title: Flood, severity: low, when: flood}\n"
        "  - {id: storm, title: Storm, severity: low, when: storm}\n",
        sources="sources:\n  - {id: a, url: 'https://a.example/feed'}\n  - {id: b, url: 'https://b.example/feed'}\n",
    )
    own = write(
        tmp_path / "own",
        rules="rules:\n  - {id: flood, title: High water, severity: high, when: high water}\n",
        sources="sources:\n  - {id: a, enabled: false}\n",
    )
    book = rulebook.load([shipped, own])
    assert {r.id: r.title for r in book.ruleset.rules} == {"flood": "High water", "storm": "Storm"}
    assert {s.id: s.enabled for s in book.sources.values()} == {"a": False, "b": True}
    assert [m.rule_id for m in book.engine.match(Subject("", "The flood and the high water."))] == ["flood"]
    assert book.engine.match(Subject("", "The flood.")) == ()


def test_problems_of_all_files_come_together_in_the_order_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path / "rules",
        a="rules:\n  - {id: x, title: X, severity: low, wehn: flood}\n",
        b="rules:\n  - {id: y, title: Y, severity: low, when: {country: XX}}\n"
        "  - {id: z, severity: low, when: {list: nil}}\n",
        c="rules: [\n",
        d="rules:\n  - {id: w, title: W, severity: low, when: {regex: '(?=x)'}}\n",
        sources="sources:\n  - {id: s, url: 'ftp://x.example'}\n",
    )
    monkeypatch.chdir(tmp_path)
    found = problems(tmp_path / "rules")
    for place, words in {
        "rules/a.yaml:2:38: ": "did you mean 'when'",
        "rules/b.yaml:2:": "'XX'",
        "rules/b.yaml:3:": "'nil'",
        "rules/c.yaml:": "",
        "rules/d.yaml:2:": "",
        "rules/sources.yaml:2:": "http",
    }.items():
        assert any(p.startswith(place) and words in p for p in found), (place, found)


def test_a_broken_sources_file_does_not_bring_false_alarms_about_sources_in_rules(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "rules",
        a="rules:\n  - {id: x, title: X, severity: low, when: {all: [flood, {source: known}]}}\n",
        sources="sources: 5\n",
    )
    (only,) = problems(folder)
    assert "sources.yaml" in only


def test_a_rule_that_names_a_source_or_a_channel_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "rules",
        a="rules:\n  - {id: x, title: X, severity: low, channels: [dsek], when: {all: [flood, {source: bcc}]}}\n",
        sources="sources:\n  - {id: bbc, url: 'https://a.example/feed'}\n",
    )
    with pytest.raises(ConfigError) as caught:
        rulebook.load([folder], channels=["desk"])
    text = str(caught.value)
    assert "did you mean 'desk'" in text
    assert "did you mean 'bbc'" in text


def test_warnings_do_not_stand_in_the_way(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", a="define: {spare: {any: [a flood, a storm]}}\nrules: []\n")
    book = rulebook.load([folder])
    assert [p.code for p in book.warnings] == ["unused-define"]


def test_a_bad_term_in_a_rule_that_is_switched_off_is_told_too(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "rules",
        a="rules:\n  - {id: x, title: X, severity: low, enabled: false, when: {any: [flood, 'mi*']}}\n",
    )
    (only,) = problems(folder)
    assert "a.yaml:2:" in only


def test_one_line_names_the_first_problem_and_counts_the_rest(tmp_path: Path) -> None:
    one = Problem(tmp_path / "a.yaml", 1, 2, "what and what to do")
    assert rulebook.one_line((one,)) == str(one)
    assert rulebook.one_line((one, one, one)).startswith(str(one))
    assert "2 more" in rulebook.one_line((one, one, one))


def test_one_line_names_the_rules_with_errors_and_tells_no_warning_first(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "rules",
        a="define: {spare: {any: [a, b]}}\nrules:\n  - {id: x, severity: lo, when: a}\n  - {id: y, severity: low}\n"
        "  - {id: z, severity: low, when: a}\n  - {id: z, severity: low, when: b}\n",
    )
    with pytest.raises(ConfigError) as caught:
        rulebook.load([folder])
    line = rulebook.one_line(caught.value.problems)
    assert "a.yaml:3:23: no severity 'lo'" in line
    assert line.endswith("(and 2 more, in the rules x, y, z)")


def test_paths_are_shown_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert rulebook.shown(tmp_path / "rules" / "a.yaml") == Path("rules/a.yaml")
    assert rulebook.shown(Path("/elsewhere/a.yaml")) == Path("/elsewhere/a.yaml")
