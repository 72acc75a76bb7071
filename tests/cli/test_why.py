"""``wirewatch why`` over a stored archive."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import pipeline
from bot.articles.extract import to_article
from bot.assembly import routing
from bot.live import rulebook
from bot.message import Receipt
from bot.model import Item, Source
from bot.noise import Context, Policy
from bot.store.base import Batch
from bot.store.sources_port import Poll
from bot.store.sql import SqlStore
from bot.story import Stories
from tests.cli.conftest import Run
from tests.databases import open_store

NOW = datetime.now(UTC)
WIRE = Source("wire", "https://wire.example/feed", title="The Wire")
ITEMS = (
    Item("g1", "https://wire.example/flood?utm_source=rss", "Flood warning for the lower valley", "It stands."),
    Item("g2", "https://wire.example/garden", "Gardens open to visitors", "Roses in Denmark are out."),
)


@pytest.fixture
def archive(room: Path) -> SqlStore:
    """Two articles as the bot would have stored them, one of them alerted."""
    (room / "rules" / "sources.yaml").write_text(f"sources:\n  - {{id: wire, url: '{WIRE.url}', title: The Wire}}\n")
    engine = rulebook.load([room / "rules"]).engine
    articles = [a for item in ITEMS if (a := to_article(item, WIRE, NOW)) is not None]
    judged = pipeline.judge(articles, engine)
    arrived = pipeline.place(judged, Stories(), NOW)
    made = pipeline.assemble(
        arrived, pipeline.Ledger({}, {}), routing(lambda matches: ("console",)), Context(Policy()), NOW
    )
    store = open_store(room / "own.db")
    store.sync_sources([WIRE], NOW, {})
    poll = Poll("wire", NOW, NOW + timedelta(minutes=10), "ok")
    store.commit(Batch(poll, made.articles, made.stories, made.alerts, made.deliveries))
    (waiting,) = store.pending("console", 9)
    store.mark_sent(waiting.id, Receipt("console", waiting.payload.key, "1", NOW))
    return store


@pytest.mark.parametrize("name", ["http://www.wire.example/flood/?utm_medium=x", "wire.example/flood", "g1"])
def test_an_alerted_article_is_explained_by_any_of_its_names(archive: SqlStore, run: Run, name: str) -> None:
    ran = run("why", name)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("Flood warning for the lower valley\nThe Wire  https://wire.example/flood")
    assert "Alerted on console at " in ran.out
    assert "flood (high) fired on 'Flood warning'" in ran.out
    assert "the source now: wire (The Wire): ok, last read " in ran.out


def test_one_that_did_not_alert_is_explained_by_its_rules(archive: SqlStore, run: Run) -> None:
    assert "No alert: none of 2 rules fires" in run("why", "wire.example/garden").out
    every = run("why", "wire.example/garden", "--all").out
    assert "✘ flood (high): " in every
    assert "✘ clash (medium): " in every
    tree = run("why", "wire.example/garden", "--rule", "clash").out
    assert "✘ clash  Clash at a border · medium" in tree
    assert "Denmark (DK)" in tree


def test_the_json_holds_every_stage_and_every_rule(archive: SqlStore, run: Run) -> None:
    told = json.loads(run("why", "g2", "--json").out)
    assert told["found"] is True
    assert {s["name"] for s in told["stages"]} >= {"fetched", "text", "language", "entities", "rules", "story", "sent"}
    assert {r["rule_id"] for r in told["rules"]} == {"flood", "clash"}


def test_one_that_was_never_read_is_exit_status_1_with_what_to_check(archive: SqlStore, run: Run) -> None:
    ran = run("why", "https://wire.example/flood-2")
    assert (ran.status, ran.err) == (1, "")
    assert "Never read" in ran.out
    assert "wire (The Wire): ok, last read " in ran.out
    assert "https://wire.example/flood?utm_source=rss  “Flood warning for the lower valley”" in ran.out


def test_one_that_was_deleted_is_told_as_such(archive: SqlStore, run: Run) -> None:
    archive.purge(NOW + timedelta(days=1))
    assert "older than the retention (90 days) and has been deleted" in run("why", "wire.example/flood").out


def test_a_mistyped_rule_is_one_sentence(archive: SqlStore, run: Run) -> None:
    ran = run("why", "g1", "--rule", "flod")
    assert (ran.status, ran.out) == (1, "")
    assert "no rule 'flod'; did you mean 'flood'?" in ran.err
