"""Rules may name what stands in no file: sources that people added with a command."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from bot.config import load_config
from bot.errors import ConfigError, Level
from bot.live.live_rules import load_rules
from bot.model import Source
from bot.rules.evaluate import Subject
from bot.store.sql import SqlStore
from tests.databases import open_store
from tests.samples import NOW

RULES = """\
rules:
  - {id: river, title: Of the river, severity: low, when: {all: [flood, {source: river-post}]}}
  - {id: tagged, title: Of the coast, severity: low, when: {all: [flood, {tag: coast}]}}
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES, encoding="utf-8")
    file = tmp_path / "wirewatch.yaml"
    channels = "channels: {console: {kind: console}}\nroutes: [{to: [console]}]\n"
    file.write_text(f"rules: [rules/]\nstore: sqlite:///{tmp_path}/river.db\n{channels}", encoding="utf-8")
    return file


def test_a_rule_may_name_a_source_and_a_tag_that_a_command_added(config_file: Path, tmp_path: Path) -> None:
    store = open_store(tmp_path / "river.db")
    store.add_source(Source("river-post", "https://river.example/feed", tags=("coast",), origin="chat"), NOW)
    store.close()
    book = load_rules(load_config(config_file, {}))
    assert "river-post" not in book.sources  # whoever polls adds it, as long as it is there
    fired = book.engine.analyse(Subject("Flood in the north", "", "river-post", ("coast",))).matches
    assert {m.rule_id for m in fired} == {"river", "tagged"}
    assert book.engine.analyse(Subject("Flood in the north", "", "other")).matches == ()


def test_a_source_that_nobody_added_stays_an_error(config_file: Path, tmp_path: Path) -> None:
    config = load_config(config_file, {})
    with pytest.raises(ConfigError, match="no source 'river-post'"):
        load_rules(config)
    assert not (tmp_path / "river.db").exists()
    store = SqlStore(f"sqlite:///{tmp_path}/river.db")
    store.upgrade()
    with pytest.raises(ConfigError, match="no source 'river-post'"):
        load_rules(config)


def test_a_channel_without_a_route_and_a_tag_without_a_rule_are_warned_of(config_file: Path) -> None:
    """Each would be silent for ever. What has something to say without a route is passed over."""
    (config_file.parent / "rules" / "rules.yaml").write_text(
        "rules: [{id: flood, title: Flood, severity: low, tags: [floods], channels: [named], when: {any: [flood]}}]",
        encoding="utf-8",
    )
    text = """\
        rules: [rules/]
        channels:
          console: {kind: console}
          desk: {kind: console}
          named: {kind: console}
          notices: {kind: console}
          weekly: {kind: console}
        ops: notices
        summaries: {week: {to: [weekly], cron: "0 9 * * mon"}}
        """
    routes = "routes: [{tags: [floods, flods], to: [console]}]\n"
    config_file.write_text(dedent(text) + routes, encoding="utf-8")
    warnings = load_rules(load_config(config_file, {})).warnings
    assert [(w.level, w.line, w.column, w.code, w.text) for w in warnings] == [
        (Level.WARNING, 10, 26, "unknown-tag", "no rule has the tag 'flods'; did you mean 'floods'?"),
        (
            Level.WARNING,
            4,
            3,
            "channel-unrouted",
            "channel 'desk': no route leads here; add it to a `to:` under `routes:`",
        ),
    ]
    config_file.write_text(dedent(text), encoding="utf-8")  # without routes everything goes everywhere
    assert load_rules(load_config(config_file, {})).warnings == ()


@pytest.mark.parametrize(("installed", "chart"), [(False, True), (True, True), (False, False)])
def test_a_summary_whose_chart_nobody_can_draw_is_warned_of(
    config_file: Path, monkeypatch: pytest.MonkeyPatch, installed: bool, chart: bool
) -> None:
    (config_file.parent / "rules" / "rules.yaml").write_text("rules: [{id: a, severity: low, when: flood}]\n")
    text = config_file.read_text().replace("{console: ", '{desk: {kind: discord, channel: "#desk"}, console: ')
    summaries = f'summaries: {{day: {{to: [desk], cron: "0 7 * * *", chart: {str(chart).lower()}}}}}\n'
    config_file.write_text(text + summaries, encoding="utf-8")
    monkeypatch.setattr("bot.live.live_rules.find_spec", lambda name: object() if installed else None)
    book = load_rules(load_config(config_file, {"DISCORD_TOKEN": "x"}))
    told = [str(p) for p in book.warnings if p.code == "missing-extra"]
    assert len(told) == (not installed and chart)
    assert all("summaries.day: no chart can follow it, since charts need matplotlib; add the extra" in t for t in told)
