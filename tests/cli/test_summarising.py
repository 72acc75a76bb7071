"""``wirewatch summary`` over a stored archive."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.model import Severity, Source
from tests.cli.conftest import Run
from tests.databases import open_store
from tests.samples import article
from tests.summary.samples import store_alert


@pytest.fixture
def archive(room: Path) -> Path:
    """A flood of today, a clash of ten days ago."""
    now = datetime.now(UTC)
    store = open_store(room / "own.db")
    store.sync_sources([Source("wire", "https://wire.example/feed")], now, {})
    flood = article("f", title="River [bold]rises[/bold]", text="The river rose by two metres in the valley on Monday.")
    store_alert(store, flood, "flood", now - timedelta(hours=2), rule="flood", countries=("DE",))
    clash = article("c", title="Border clash", text="Troops exchanged fire at the border between the two countries.")
    store_alert(store, clash, "clash", now - timedelta(days=10), rule="clash", severity=Severity.LOW, countries=())
    store.close()
    return room


def test_the_last_day_is_told(archive: Path, run: Run) -> None:
    ran = run("summary")
    assert (ran.status, ran.err) == (0, "")
    assert "1 alert in 1 story, from 1 article" in ran.out
    assert "high · 1 source" in ran.out
    assert "River [bold]rises[/bold]" in ran.out
    assert "The river rose by two metres in the valley on Monday." in ran.out
    assert "https://wire.example/f" in ran.out
    assert "Germany 1" in ran.out
    assert "Border clash" not in ran.out


def test_period_and_filters_choose(archive: Path, run: Run) -> None:
    assert "Border clash" in run("summary", "--since", "30d").out
    assert "Border clash" not in run("summary", "--since", "30d", "--severity", "high").out
    assert "River" not in run("summary", "--since", "30d", "--rule", "clash").out
    assert "about Germany" in run("summary", "--country", "germany").out
    assert "and 1 more story" in run("summary", "--since", "30d", "--stories", "1").out


def test_severity_and_sources_stand_apart(archive: Path, run: Run) -> None:
    assert "high · 1 source · " in run("summary").out


def test_other_formats(archive: Path, run: Run) -> None:
    assert json.loads(run("summary", "--format", "json").out)["stories"][0]["url"] == "https://wire.example/f"
    assert run("summary", "--format", "markdown").out.startswith("# News summary\n")


def test_the_chart_is_written_where_it_is_wanted(archive: Path, run: Run) -> None:
    pytest.importorskip("matplotlib", reason="charts need the extra charts")
    assert run("summary", "--chart", "chart.png").status == 0
    assert (archive / "chart.png").read_bytes().startswith(b"\x89PNG")
    ran = run("summary", "--chart", "chart.gif")
    assert (ran.status, "name it so, such as chart.png" in ran.err) == (1, True)


def test_a_wrong_name_is_met_with_the_nearest(archive: Path, run: Run) -> None:
    ran = run("summary", "--rule", "floot")
    assert (ran.status, ran.err) == (1, "wirewatch: no rule 'floot'; did you mean 'flood'?\n")
