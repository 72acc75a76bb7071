"""``wirewatch search`` over a stored archive."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.model import Source
from bot.store.base import Batch
from bot.store.sources_port import Poll
from tests.cli.conftest import Run
from tests.databases import open_store
from tests.samples import article

NOW = datetime.now(UTC)


@pytest.fixture
def archive(room: Path) -> Path:
    """Three articles of two sources."""
    store = open_store(room / "own.db")
    store.sync_sources([Source(name, f"https://{name}.example/feed") for name in ("wire", "local")], NOW, {})
    written = (
        ("a", "wire", "Flood warning for the valley", "The river rose\nby two [red]metres[/red].", 0),
        ("b", "wire", "Valley gardens open", "No flood was seen.", 40),
        ("c", "local", "Match report", "A game of football.", 0),
    )
    for key, source_id, title, text, age in written:
        at = NOW - timedelta(days=age)
        one = article(key, title=title, text=text, published=at, fetched_at=at, source_id=source_id)
        store.commit(Batch(Poll(source_id, NOW, NOW, "ok"), [one]))
    store.close()
    return room


def test_answers_come_with_day_source_and_passage(archive: Path, run: Run) -> None:
    ran = run("search", "flood", "river")
    assert (ran.status, ran.err) == (0, "")
    assert "Flood warning for the valley" in ran.out
    assert "The river rose by two [red]metres[/red]." in ran.out
    assert f"{NOW:%Y-%m-%d}" in ran.out


def test_filters_narrow_the_search(archive: Path, run: Run) -> None:
    assert "gardens" in run("search", "valley").out
    assert "gardens" not in run("search", "valley", "--since", "30d").out
    assert run("search", "valley", "--source", "local").status == 1
    assert "football" not in run("search", "flood", "-n", "1").out
    assert "gardens" not in run("search", "--", "valley", "-gardens").out


def test_a_word_to_leave_out_is_no_option(archive: Path, run: Run) -> None:
    assert "Flood" in run("search", "valley").out
    for words in (("river", "-flood"), ("-flood", "river"), ("river", "-flood", "-n5"), ("river", "-ncrd", "-flood")):
        ran = run("search", *words)
        assert (ran.status, ran.err) == (1, "")
        assert "nothing found" in ran.out
    assert "gardens" in run("search", "valley", "-warning", "-n", "1").out
    assert "gardens" in run("search", "valley", '-"flood warning"').out
    ran = run("search", "- *")
    assert ran.status == 1
    assert ran.err.startswith("wirewatch: ")
    assert 'write words, "a phrase", -without, begin*' in ran.err


def test_json_is_for_programs(archive: Path, run: Run) -> None:
    (hit,) = json.loads(run("search", "rivers", "--format", "json").out)
    assert hit["title"] == "Flood warning for the valley"
    assert hit["found"] == ["river"]
    assert hit["source"] == "wire"
    assert hit["severity"] is None


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("search", "quantum"), 1, "nothing found for quantum"),
        (("search", "…"), 1, 'the search is empty; write words, "a phrase", -without, begin*'),
        (("search", "flood", "--since", "soon"), 1, "--since 'soon': 'soon' is not a length of time"),
        (("search", "flood", "--source", "wyre"), 1, "no source 'wyre'; did you mean 'wire'?"),
    ],
)
def test_what_cannot_be_answered_says_why(
    archive: Path, run: Run, arguments: tuple[str, ...], status: int, words: str
) -> None:
    ran = run(*arguments)
    assert ran.status == status
    assert words in ran.out + ran.err
