"""What is new is judged where it was found, as by whoever would be asked later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import pipeline
from bot.articles.identity import Brought
from bot.live import rulebook
from bot.model import Article, Source
from bot.polling.reading import features_of
from bot.polling.sift import CHARS_MAX, JUDGED_MAX, Sifted, _Asked, sift
from bot.rules.evaluate import Subject
from bot.rules.match import Analysis, Engine
from bot.store.base import Batch
from bot.store.sources_port import Poll
from bot.store.sql import SqlStore
from tests.databases import open_store
from tests.store.samples import article

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
RULES = "rules:\n  - {id: flood, title: Flood warning, severity: high, when: flood warning}\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store(tmp_path / "wirewatch.db")
    store.sync_sources([Source("wire", "https://wire.example/")], NOW, {})
    yield store
    store.close()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "flood.yaml").write_text(RULES)
    return rulebook.load([folder]).engine


def item(name: str, text: str = "") -> Article:
    return article(name, title=f"Flood warning {name}", text=text, guid=f"guid-{name}", content_hash=f"hash-{name}")


def asked(*articles: Article, judge: bool = True) -> _Asked:
    ahead = {one.key: (one, features_of(one)) for one in articles}
    return _Asked(Brought("wire", articles), ahead, judge)


def fired(sifted: Sifted, engine: Engine) -> list[list[str]] | None:
    found = sifted.verdicts(sifted.sorted.new, engine)
    return None if found is None else [[match.rule_id for match in one.matches] for one in found]


def test_what_is_new_is_judged_and_nothing_else(store: SqlStore, engine: Engine) -> None:
    known, new = item("1"), item("2")
    store.commit(Batch(Poll("wire", NOW, NOW, "ok"), articles=(known,)))
    only_known, both = sift(store, [asked(known), asked(known, new)], engine, NOW)
    assert (only_known.sorted.new, fired(only_known, engine)) == ((), [])
    assert (both.sorted.new, fired(both, engine)) == ((new,), [["flood"]])


def test_the_verdict_is_that_of_later(store: SqlStore, engine: Engine) -> None:
    new = item("1", "The river rises after a week of rain.")
    (sifted,) = sift(store, [one := asked(new)], engine, NOW)
    (now,), (later,) = sifted.judged or (), pipeline.judge([new], engine, one.ahead)
    assert now.reading.features is one.ahead[new.key][1]
    assert replace(now, said=later.said) == later


def test_it_counts_for_these_articles_and_these_rules_only(store: SqlStore, engine: Engine, tmp_path: Path) -> None:
    (sifted,) = sift(store, [asked(item("1"), item("2"))], engine, NOW)
    first, second = sifted.sorted.new
    assert sifted.verdicts((first, second), engine) == sifted.judged
    assert sifted.verdicts((first,), engine) is None
    assert sifted.verdicts((first, replace(second, text="of its page")), engine) is None
    assert sifted.verdicts((first, second), rulebook.load([tmp_path / "rules"]).engine) is None


@pytest.mark.parametrize(
    "much",
    [[item("long", "x" * CHARS_MAX)], [item(str(n)) for n in range(JUDGED_MAX + 1)]],
    ids=["a long one", "many"],
)
def test_what_takes_long_is_left_to_others(store: SqlStore, engine: Engine, much: list[Article]) -> None:
    small, large, asked_not = sift(
        store, [asked(item("small")), asked(*much), asked(item("page"), judge=False)], engine, NOW
    )
    assert fired(small, engine) == [["flood"]]
    assert (len(large.sorted.new), fired(large, engine)) == (len(much), None)
    assert (len(asked_not.sorted.new), fired(asked_not, engine)) == (1, None)


def test_a_fault_in_one_article_is_not_the_others(
    store: SqlStore, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse = Engine.analyse

    def faulty(self: Engine, subject: Subject) -> Analysis:
        return analyse(self, subject) if "bad" not in subject.title else 1 / 0  # type: ignore[return-value]

    monkeypatch.setattr(Engine, "analyse", faulty)
    good, bad, other = sift(store, [asked(item("1")), asked(item("bad")), asked(item("3"))], engine, NOW)
    assert [fired(one, engine) for one in (good, bad, other)] == [[["flood"]], None, [["flood"]]]
    assert len(bad.sorted.new) == 1
