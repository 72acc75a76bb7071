"""``corroboration:``, wherever a rule has it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.live import rulebook
from bot.noise.policy import Demand


def load(tmp_path: Path, text: str) -> rulebook.Rulebook:
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    return rulebook.load([tmp_path])


@pytest.mark.parametrize(
    ("rule", "demand"),
    [
        ("when: {all: [blast, {corroboration: {independent: 2}}]}", Demand(2, timedelta(hours=24))),
        ("when: blast\n    corroboration: {independent: 3, within: 6h}", Demand(3, timedelta(hours=6))),
        ("when: blast", None),
    ],
)
def test_a_rule_says_how_many_sources_it_wants(tmp_path: Path, rule: str, demand: Demand | None) -> None:
    book = load(tmp_path, f"rules:\n  - id: blast\n    severity: high\n    {rule}\n    tests: [{{match: A blast.}}]\n")
    (made,) = book.ruleset.rules
    assert made.demand == demand


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("when: {all: [{corroboration: {independent: 2}}]}", "alone says nothing of a text"),
        ("when: {any: [blast, {corroboration: {independent: 2}}]}", "stands in the all: at the top of when:"),
        ("when: blast\n    corroboration: {independent: 1}", "independent: takes a whole number from 2 to 20"),
        ("when: blast\n    corroboration: {independent: 2, within: 5d}", "within: takes 1m to 72h"),
        ("when: blast\n    corroboration: {sources: 2}", "corroboration has no option 'sources'"),
        (
            "when: {all: [blast, {corroboration: {independent: 2}}]}\n    corroboration: {independent: 3}",
            "is said twice",
        ),
    ],
)
def test_a_mistake_is_told_in_its_place(tmp_path: Path, rule: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"rules:\n  - id: blast\n    severity: high\n    {rule}\n")
    (problem,) = caught.value.problems
    assert said in problem.text
    assert problem.line >= 4
