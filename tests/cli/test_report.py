"""``wirewatch report`` over a stored archive."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.message import Receipt
from bot.people import Feedback, Opinion
from bot.store.base import Batch
from bot.store.sources_port import Poll
from bot.store.sql import SqlStore
from tests.cli.conftest import Run
from tests.databases import open_store
from tests.samples import alert, article, match
from tests.store.samples import alert_delivery, source

NOW = datetime.now(UTC)


@pytest.fixture
def archive(room: Path) -> SqlStore:
    """Six alerts of a rule, all sent; four are noise, one of a week ago is useful."""
    store = open_store(room / "own.db")
    store.sync_sources([source()], NOW, {})
    for number in range(6):
        at = NOW - timedelta(days=8 if number == 5 else 1)
        one = article(
            f"a{number}", title=f"River {number}" if number > 3 else f"Flood of gamers {number}", fetched_at=at
        )
        raised = replace(alert(one, [match("flood")]), created_at=at)
        sent = alert_delivery(f"post{number}", "console", (raised.id,))
        store.commit(Batch(Poll("wire", at, at, "ok"), (one,), {}, (raised,), (sent,)))
        (waiting,) = store.pending("console", 1)
        store.mark_sent(waiting.id, Receipt("console", waiting.payload.key, "1", at))
        verdict = Opinion.NOISE if number < 4 else Opinion.USEFUL
        if number != 4:
            store.vote(Feedback(raised.id, ("flood",), "wire", "slack.default:U1 (ada)", verdict, at))
    return store


def test_rules_and_sources_are_shown_with_their_precision(archive: SqlStore, run: Run) -> None:
    ran = run("report")
    assert (ran.status, ran.err) == (0, "")
    assert "6 alerts; 5 votes by 1 person; 1 alert without a vote. Precision 20% (4 to 62; 1 of 5)." in ran.out
    rows = [line.split() for line in ran.out.splitlines() if line.startswith(("flood ", "wire "))]
    assert [row[:6] for row in rows] == [["flood", "6", "0", "5", "1", "4"], ["wire", "6", "0", "5", "1", "4"]]


def test_a_period_is_held_against_the_one_before(archive: SqlStore, run: Run) -> None:
    out = run("report", "--since", "7d").out
    assert "5 alerts (1 in the period before); 4 votes" in out
    assert "flood: 0% (0 to 49; 0 of 4) useful, surely below 50%" in out
    assert "Louder than before\n  flood: 5 alerts, 1 in the period before" in out


def test_the_json_holds_all_figures(archive: SqlStore, run: Run) -> None:
    told = json.loads(run("report", "--format", "json").out)
    assert told["rules"][0]["share"]["noise"] == 4
    assert told["rules"][0]["name"] == "Flood warning"
    assert told["unvoted"] == 1


def test_an_empty_archive_says_what_is_missing(room: Path, run: Run) -> None:
    SqlStore(f"sqlite:///{room / 'own.db'}").upgrade()
    ran = run("report")
    assert (ran.status, ran.err) == (0, "")
    assert "0 alerts; no votes." in ran.out
    assert "Nobody voted" in ran.out
    assert run("report", "--since", "soon").status == 1
