"""``wirewatch rules`` and ``backtest`` over a stored archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import pipeline
from bot.assembly import routing
from bot.cli.history import spark
from bot.live import rulebook
from bot.model import Source
from bot.noise import Context, Policy
from bot.store.base import Batch
from bot.store.sources_port import Poll
from bot.story import Stories
from tests.cli.conftest import Run
from tests.databases import open_store
from tests.samples import article

NOW = datetime.now(UTC)
TEXTS = {
    "a": ("Flood warning for the lower valley", 0),
    "b": ("River rises above the quay", 1),
    "c": ("Flood warning in a video game", 1),
    "d": ("Gardens open to visitors", 2),
}


@pytest.fixture
def archive(room: Path) -> Path:
    """Four articles of three days, as the bot would have stored them."""
    engine = rulebook.load([room / "rules"]).engine
    articles = [
        article(key, title=title, text=title, published=NOW - timedelta(days=age), fetched_at=NOW - timedelta(days=age))
        for key, (title, age) in TEXTS.items()
    ]
    judged = pipeline.judge(articles, engine)
    arrived = pipeline.place(judged, Stories(), NOW)
    context = Context(Policy())
    made = pipeline.assemble(arrived, pipeline.Ledger({}, {}), routing(lambda matches: ("console",)), context, NOW)
    store = open_store(room / "own.db")
    store.sync_sources([Source("wire", "https://wire.example/feed")], NOW, {})
    poll = Poll("wire", NOW, NOW, "ok")
    shadow = {one.article.key: one.shadow for one in judged if one.shadow}
    store.commit(Batch(poll, made.articles, made.stories, made.alerts, made.deliveries, shadow=shadow))
    store.close()
    return room


def test_a_rule_is_replayed_over_the_archive(archive: Path, run: Run) -> None:
    ran = run("backtest", "flood", "--since", "30d")
    assert (ran.status, ran.err) == (0, "")
    assert "4 articles of the last 30d" in ran.out
    assert "flood  2 hits" in ran.out
    assert "River rises above the quay" in ran.out
    assert "video game" not in ran.out


def test_a_draft_is_held_against_the_live_rule(archive: Path, run: Run) -> None:
    draft = archive / "draft.yaml"
    draft.write_text("rules:\n  - {id: flood, severity: high, when: {any: [flood warning, gardens]}}\n", "utf-8")
    ran = run("backtest", "draft.yaml", "--against", "live")
    assert (ran.status, ran.err) == (0, "")
    assert "flood  3 hits" in ran.out
    assert "flood against the live rule: 1 as before, 2 gained, 1 lost" in ran.out
    assert "- " in ran.out.partition("against the live rule")[2]


def test_a_draft_may_name_a_watch_list(archive: Path, run: Run) -> None:
    config = archive / "wirewatch.yaml"
    config.write_text(config.read_text("utf-8") + "watchlists: {un_sc: {}}\n", "utf-8")
    draft = archive / "draft.yaml"
    draft.write_text("rules:\n  - {id: own, severity: low, when: {any: [{list: un_sc}, flood warning]}}\n", "utf-8")
    ran = run("backtest", "draft.yaml")
    assert (ran.status, ran.err) == (0, "")
    assert "own  2 hits" in ran.out


def test_the_hits_of_each_rule_are_shown_by_day(archive: Path, run: Run) -> None:
    ran = run("rules")
    assert (ran.status, ran.err) == (0, "")
    row = next(line for line in ran.out.splitlines() if line.startswith("flood"))
    assert row.split()[1:4] == ["high", "live", "2"]
    assert "never" in next(line for line in ran.out.splitlines() if line.startswith("clash"))
    assert "River rises above the quay" in run("rules", "flood").out


def test_a_rule_on_trial_counts_and_keeps_samples(room: Path, request: pytest.FixtureRequest, run: Run) -> None:
    rules = room / "rules" / "own.yaml"
    rules.write_text(rules.read_text().replace("severity: high", "severity: high\n    mode: shadow"))
    request.getfixturevalue("archive")
    row = next(line for line in run("rules").out.splitlines() if line.startswith("flood"))
    assert row.split()[1:4] == ["high", "shadow", "2"]
    assert "River rises above the quay" in run("rules", "flood").out
    assert run("deliveries", "list").out == "0 waiting, 0 parked\n"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("backtest", "flod"), "no rule 'flod'; did you mean 'flood'?"),
        (("backtest", "none.yaml"), "none.yaml: no such file"),
        (("backtest", "flood", "--since", "soon"), "'soon' is not a length of time"),
        (("backtest", "flood", "--since", "1s"), "no article was stored in the last 1s"),
        (("rules", "flod"), "no rule 'flod'; did you mean 'flood'?"),
    ],
)
def test_a_mistake_is_one_sentence(archive: Path, run: Run, command: tuple[str, ...], says: str) -> None:
    ran = run(*command)
    assert (ran.status, ran.out) == (1, "")
    assert says in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_against_takes_live_only(archive: Path, run: Run) -> None:
    assert run("backtest", "flood", "--against", "dead").status == 2


@pytest.mark.parametrize(("series", "line"), [([0, 0], "··"), ([1, 8], "▁█"), ([0, 4, 4], "·██"), ([], "")])
def test_a_spark_is_as_high_as_its_number(series: list[int], line: str) -> None:
    assert spark(series) == line


@pytest.mark.parametrize("command", [["backtest", "flood"], ["rules"], ["report"], ["audit"], ["search", "flood"]])
def test_a_period_longer_than_any_archive_is_refused_in_one_sentence(
    archive: Path, run: Run, command: list[str]
) -> None:
    ran = run(*command, "--since", "99999999d")
    assert (ran.status, ran.out) == (1, "")
    assert "99999999d is longer than 100 years; write less" in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("wirewatch.yaml", "rules: [rules/]\nchannels: {console: {kind: console}}\nretention: 99999999d\n"),
        ("rules/sources.yaml", "sources: [{id: a, url: https://a.example/feed, every: 99999999d}]\n"),
    ],
)
def test_a_file_with_such_a_length_does_not_pass_check(room: Path, run: Run, file: str, text: str) -> None:
    (room / file).write_text(text, encoding="utf-8")
    ran = run("check")
    assert ran.status == 1
    assert f"{file}:" in ran.out
    assert "99999999d is longer than 100 years" in ran.out
