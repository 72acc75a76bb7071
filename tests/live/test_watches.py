"""Watches as rules: merged, routed to their own channel, hidden from others, written as YAML."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import load_config
from bot.live import rulebook, watches
from bot.model import Match, Severity
from bot.people import Watch, is_watch
from bot.render import render_message
from bot.rules.evaluate import Subject
from tests.samples import alert, match

RULES = """\
rules:
  - {id: flood, title: Flood, severity: high, when: {any: [flood]}}
"""


def watch(number: int, term: str, country: str = "", channel: str = "dm:slack.default:U1") -> Watch:
    return Watch(number, "slack.default:U1 (ada)", channel, term, country, datetime(2026, 11, 25, tzinfo=UTC))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> rulebook.Rulebook:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rules.yaml").write_text(RULES, "utf-8")
    return rulebook.load([folder])


def fired(book: rulebook.Rulebook, text: str) -> list[str]:
    return [m.rule_id for m in book.engine.match(Subject("", text))]


def test_watches_fire_beside_the_rules_of_the_files_and_go_when_they_end(book: rulebook.Rulebook) -> None:
    both = watches.merged(book, [watch(1, "drone strike"), watch(2, "drone", "SD")])
    assert fired(both, "A drone strike and a flood.") == ["flood", "watch-1"]
    assert fired(both, "Drones over Khartoum, the army said.") == ["watch-2"]
    assert fired(both, "Drones were sold. The buyer is in Sudan.") == [], "not in one sentence"
    assert watches.merged(both, [watch(1, "drone strike"), watch(2, "drone", "SD")]) is both
    assert fired(watches.merged(both, []), "A drone strike and a flood.") == ["flood"]


def test_what_no_rule_could_look_for_is_refused_in_words_and_left_out_of_the_rules(book: rulebook.Rulebook) -> None:
    assert watches.complaint("drone strike", "SD") == ""
    refused = "'|' does not mean 'or' inside a term; a watch is one term, and what needs more is a rule"
    assert watches.complaint("drone|strike", "") == refused
    for letter in ("x", "中", "=X"):
        assert "in the news all day" in watches.complaint(letter, "")
    assert watches.complaint("x", "SD") == ""
    assert "in the news all day" in watches.complaint("government", "")
    assert watches.complaint("government", "SD") == ""
    assert watches.merged(book, [watch(1, "a|b")]) is book


def test_a_watch_goes_to_its_channel_whatever_the_routes(tmp_path: Path) -> None:
    file = tmp_path / "wirewatch.yaml"
    file.write_text(
        "rules: [shipped]\nchannels: {c: {kind: console}, d: {kind: console}}\nroutes: [{to: [c]}]\n", "utf-8"
    )
    config = load_config(file, {})
    mine = Match("watch-1", "Watch", Severity.MEDIUM, ("watch",), (), ("dm:slack.default:U1",))
    here = replace(mine, rule_id="watch-2", channels=("d",))
    rule = Match("flood", "Flood", Severity.HIGH, (), (), ("gone",))
    assert config.channels_for([mine]) == ("dm:slack.default:U1",)
    assert config.channels_for([here, rule, mine]) == ("c", "d", "dm:slack.default:U1")


def test_what_one_watches_is_not_named_to_others() -> None:
    one = alert(matches=(match("flood"),))
    mine = Match("watch-1", "Watch: secret", Severity.CRITICAL, ("watch",), (), ("dm:a:1",))
    both = replace(one, matches=(*one.matches, mine))
    assert "Watch: secret" not in str(render_message(both, "desk"))
    assert render_message(both, "desk").severity is one.severity
    assert "Watch: secret" in str(render_message(both, "dm:a:1"))


def test_an_editor_goes_on_with_them_as_rules(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    made = [watch(1, "drone strike", "SD"), watch(2, "NO", channel="desk"), watch(3, "drone strike", "SD", "x"),
            watch(4, "missil*"), watch(5, "=GTA: 'x'")]  # fmt: skip
    text = watches.rule_yaml(made, ["desk"])
    (folder / "watched.yaml").write_text(text, "utf-8")
    book = rulebook.load([folder], channels=["desk"])
    rules = {r.id: r for r in book.ruleset.rules}
    assert list(rules) == ["drone-strike-sd", "no", "drone-strike-sd-3", "missil", "gta-x"]
    assert not any(map(is_watch, rules))
    assert rules["no"].channels == ("desk",)
    assert fired(book, "Missiles hit; a drone strike in Sudan followed.") == [
        "drone-strike-sd",
        "drone-strike-sd-3",
        "missil",
    ]
    assert "watched by slack.default:U1 (ada) since 2026-11-25" in text
