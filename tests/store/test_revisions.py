"""Edits of articles, and sources that people add, as both stores keep them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import create_engine, insert

from bot.model import Article, Revised, Revision, TextFrom
from bot.store import migrations
from bot.store.articles_port import VERSIONS_MAX
from bot.store.base import Batch
from bot.store.schema import articles, sources
from bot.store.sql import SqlStore
from tests.databases import article_at
from tests.store.samples import T0, article, batch, minutes, poll, source

FIRST = article("1")
URL = "https://wire.example/1"


@pytest.fixture
def wire(store: SqlStore) -> SqlStore:
    """One source and one article of it."""
    store.sync_sources([source()], T0, {})
    store.commit(batch("1"))
    return store


def edit(number: int, before: Article = FIRST, **changes: object) -> Revised:
    """The edit that made version ``number`` of an article."""
    fields = {"title": f"Title {number}", "content_hash": f"hash-1.{number}", "fetched_at": minutes(number), **changes}
    return Revised(before, replace(before, **fields))  # type: ignore[arg-type]


def commit(store: SqlStore, *edits: Revised) -> None:
    store.commit(Batch(poll(), revisions=edits))


def stored(store: SqlStore) -> Article:
    found = article_at(store, URL)
    assert found is not None
    return found


def test_an_article_that_was_never_edited_has_no_revisions(wire: SqlStore) -> None:
    assert wire.revisions(FIRST.key) == ()
    assert wire.revisions("key-9") == ()


def test_an_edit_changes_the_words_and_keeps_the_first_version(wire: SqlStore) -> None:
    two = edit(2, text="New text.", author="B. Writer", lang="fr", guid="guid-new", image="")
    commit(wire, two)
    assert wire.revisions(FIRST.key) == (
        Revision(FIRST.key, 1, T0, FIRST.title, FIRST.text, FIRST.content_hash),
        Revision(FIRST.key, 2, minutes(2), "Title 2", "New text.", "hash-1.2"),
    )
    assert stored(wire) == replace(two.after, fetched_at=FIRST.fetched_at)
    assert wire.known_articles([], [("wire", "guid-new")])[1] == {("wire", "guid-new")}


def test_an_edit_keeps_story_alert_and_deliveries(wire: SqlStore) -> None:
    before = wire.counts()
    commit(wire, edit(2))
    after = wire.counts()
    assert {name for name in after if after[name] != before[name]} == {"revisions"}
    assert len(wire.archive(minutes(-60), 0, 9)) == 1


def test_an_edit_written_twice_is_one_revision(wire: SqlStore) -> None:
    commit(wire, edit(2))
    commit(wire, edit(2), edit(2))
    assert [r.number for r in wire.revisions(FIRST.key)] == [1, 2]


def test_an_edit_of_an_article_that_is_not_there_changes_nothing(wire: SqlStore) -> None:
    commit(wire, edit(2, article("9")))
    assert wire.revisions("key-9") == ()
    assert wire.counts()["articles"] == 1


def test_an_edit_in_the_poll_that_failed_to_write_is_undone(wire: SqlStore) -> None:
    broken = replace(article("3"), source_id="nobody")
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        wire.commit(Batch(poll(), articles=[broken], revisions=[edit(2)]))
    assert wire.revisions(FIRST.key) == ()
    assert stored(wire) == FIRST


def test_of_many_versions_the_first_and_the_newest_are_kept(wire: SqlStore) -> None:
    last = VERSIONS_MAX + 30
    for number in range(2, last + 1):
        commit(wire, edit(number))
    kept = [r.number for r in wire.revisions(FIRST.key)]
    assert kept == [1, *range(last - VERSIONS_MAX + 2, last + 1)]
    assert len(kept) == VERSIONS_MAX
    assert stored(wire).title == f"Title {last}"


def test_revisions_go_with_their_article(wire: SqlStore) -> None:
    wire.commit(batch("2", alerts=False))
    commit(wire, edit(2, article("2")))
    assert wire.purge(minutes(1)) == 1
    assert wire.counts()["revisions"] == 0


def test_where_a_text_was_read_comes_back(wire: SqlStore) -> None:
    one = article("2", text_from=TextFrom.PAGE, text_note="behind a paywall: only its beginning")
    wire.commit(Batch(poll(), articles=[one]))
    found = article_at(wire, "https://wire.example/2")
    assert found == one
    assert found is not None
    assert isinstance(found.text_from, TextFrom)


def test_articles_of_an_older_database_have_the_text_of_their_feed(empty_url: str) -> None:
    engine = create_engine(empty_url)
    old_columns = [c.name for c in articles.c if c.name not in ("text_from", "text_note")]
    with engine.begin() as connection:
        migrations.upgrade(connection, "r0002")
        connection.execute(
            insert(sources),
            {c.name: "" for c in sources.c if c.name in ("url", "definition", "last_outcome", "last_error")}
            | {"id": "wire", "enabled": True, "next_poll_at": T0, "failures": 0, "last_elapsed_s": 0, "items_total": 0},
        )
        row = {name: getattr(FIRST, name) for name in old_columns if name not in ("id", "source_tags")}
        connection.execute(insert(articles), row | {"source_tags": '["wire","uk"]'})
    engine.dispose()
    store = SqlStore(empty_url)
    store.upgrade()
    store.open()
    try:
        assert stored(store) == FIRST
    finally:
        store.close()


# -- sources that people add ----------------------------------------------------------------------------------------


def test_added_sources_come_back_in_the_order_of_their_coming(store: SqlStore) -> None:
    assert store.chat_sources() == ()
    added = [source(name, origin="chat", tags=("a", "b")) for name in ("zebra", "ant")]
    assert [store.add_source(one, T0, "slack.default:U1 (Ann)") for one in added] == [True, True]
    assert store.chat_sources() == tuple(added)


def test_an_id_is_added_once(store: SqlStore) -> None:
    store.add_source(source("ant", origin="chat"), T0)
    assert not store.add_source(source("ant", url="https://other.example/"), T0)
    assert [s.url for s in store.chat_sources()] == ["https://ant.example/feed.xml"]


def test_a_removed_source_can_be_added_again(store: SqlStore) -> None:
    store.add_source(source("ant", origin="chat"), T0)
    assert store.remove_source("ant")
    assert not store.remove_source("ant")
    assert store.chat_sources() == ()
    assert store.add_source(source("ant", origin="chat"), T0)


def test_options_of_an_added_source_come_back(store: SqlStore) -> None:
    one = source("ant", kind="page", origin="chat", options={"items": "article", "title": "h2"})
    store.add_source(one, T0)
    assert store.chat_sources() == (one,)


def test_what_was_read_from_a_removed_source_stays(wire: SqlStore) -> None:
    wire.add_source(source(origin="chat"), T0)
    wire.remove_source("wire")
    assert stored(wire) == FIRST
