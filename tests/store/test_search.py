"""Search over the archive: what is found, in which order, and that the index follows the table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.message import Segment
from bot.model import Article, Revised, Severity
from bot.search import SearchError
from bot.store import migrations
from bot.store.base import Batch
from bot.store.migrations.versions import r0007_search
from bot.store.schema import PAIRS_TABLE, VERSION_TABLE
from bot.store.sql import SqlStore
from bot.store.summary_port import Hit
from tests.store.samples import T0, article, batch, minutes, poll, source

TEXTS = {
    "deal": ("Arms deal signed in Pyongyang", "North Korea will supply ammunition, officials said."),
    "truce": ("Cease-fire holds", "The U.S. envoy met Mr. Erdoğan in Ankara; no ammunition was fired."),
    "game": ("The best shooting games", "Ammunition is scarce in this game about North Korea."),
    "korea": ("Korea north of the river", "A travel guide for the north of Korea."),
}


def stored(name: str, **changes: object) -> Article:
    title, words = TEXTS[name]
    return article(name, title=title, text=words, **changes)


def fill(store: SqlStore, *articles: Article, revised: tuple[Revised, ...] = ()) -> None:
    store.commit(Batch(poll(), articles, revisions=revised))


@pytest.fixture
def library(store: SqlStore) -> SqlStore:
    store.sync_sources([source(), source("other")], T0, {})
    fill(store, *(stored(name) for name in TEXTS))
    return store


def found(store: SqlStore, query: str, **filters: object) -> set[str]:
    return {hit.article.key.removeprefix("key-") for hit in store.search(query, **filters)}  # type: ignore[arg-type]


def strong(passage: tuple[Segment, ...]) -> list[str]:
    return [part.text for part in passage if part.strong]


def plain(passage: tuple[Segment, ...]) -> str:
    return "".join(part.text for part in passage)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("ammunition", {"deal", "truce", "game"}),
        ("AMMUNITION korea", {"deal", "game"}),
        ('"north korea"', {"deal", "game"}),
        ("north korea", {"deal", "game", "korea"}),
        ("“north korea”", {"deal", "game"}),
        ("ammunition -game", {"deal", "truce"}),
        ('korea -"north korea"', {"korea"}),
        ("ammunition -game -truce -cease-fire", {"deal"}),
        ("ammun*", {"deal", "truce", "game"}),
        ('"north kor*"', {"deal", "game"}),
        ("supplies", {"deal"}),  # the stem
        ("signing deals", {"deal"}),
        ("cease fire", {"truce"}),
        ("cease-fire", {"truce"}),
        ("ceasefires", set()),
        ("u.s. envoys", {"truce"}),
        ("erdogan", {"truce"}),
        ("Erdoğan", {"truce"}),
        ("the", {"truce", "game", "korea"}),
        ("pyongyang!!! (deal)", {"deal"}),
        ("quantum", set()),
    ],
)
def test_what_a_query_finds(library: SqlStore, query: str, names: set[str]) -> None:
    assert found(library, query) == names


@pytest.mark.parametrize(
    "query",
    [
        *('deal "', '"deal', "north\0deal", "title:deal", "NEAR(deal b)", "deal AND", "OR deal", "NOT deal", "deal^2"),
        *(
            "{deal}:*",
            "deal'); --",
            "deal' | 'x",
            "&!deal",
            "deal:*",
            "deal <->",
            "\\deal",
            "北京 deal",
            "e\u0301 deal",
        ),
        *("\ud800deal", "deal --", "deal *", "deal**", "deal -", '-"" deal', "ａｂｃ deal", "½ deal", "deal 'n'"),
    ],
)
def test_no_query_is_a_syntax_error(library: SqlStore, query: str) -> None:
    assert found(library, query) <= {"deal"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "the search is empty; write words"),
        ("  … — ", "the search is empty"),
        ("-game", "write what to find as well"),
        ("x" * 401, "401 characters; 400 are read"),
        (" ".join(f"word{n}" for n in range(25)), "25 terms; at most 24"),
    ],
)
def test_a_search_that_asks_for_nothing_says_what_to_write(library: SqlStore, query: str, words: str) -> None:
    with pytest.raises(SearchError, match=words.replace(".", r"\.")):
        library.search(query)


def test_what_was_found_is_marked_in_headline_and_passage(library: SqlStore) -> None:
    (hit,) = library.search("arms supplying ammunition")
    assert plain(hit.title) == "Arms deal signed in Pyongyang"
    assert strong(hit.title) == ["Arms"]
    assert plain(hit.snippet) == "North Korea will supply ammunition, officials said."
    assert strong(hit.snippet)[0].startswith("supply")


def test_a_long_text_gives_the_passage_around_what_was_found(library: SqlStore) -> None:
    words = " ".join(f"filler{n}" for n in range(400))
    fill(library, article("long", title="Long\nread", text=f"{words}\n\n  a  zeppelin\tlanded {words}"))
    (hit,) = library.search("zeppelin")
    assert strong(hit.snippet) == ["zeppelin"]
    assert 10 <= len(plain(hit.snippet).split()) <= 40
    assert "a zeppelin landed" in plain(hit.snippet)
    assert plain(hit.title) == "Long read"


def test_hits_tell_story_and_alert(library: SqlStore) -> None:
    library.commit(batch("alerted"))
    (hit,) = library.search("alerted")
    assert [*hit.fired.items()] == [("arms-deal", Severity.HIGH), ("shipments", Severity.LOW)]
    assert hit.story_id == "story-key-alerted"
    assert hit.article == article("alerted")
    (quiet,) = library.search("travel guide")
    assert (quiet.fired, quiet.story_id) == ({}, "")


def test_period_and_source_narrow_the_search(library: SqlStore) -> None:
    old, new = T0 - timedelta(days=9), T0 - timedelta(days=2)
    fill(library, article("old", text="zeppelin", published=old), article("new", text="zeppelin", published=new))
    library.commit(Batch(poll("other"), [article("there", "other", text="zeppelin", published=new)]))
    assert found(library, "zeppelin") == {"old", "new", "there"}
    assert found(library, "zeppelin", since=new) == {"new", "there"}
    assert found(library, "zeppelin", until=new) == {"old"}
    assert found(library, "zeppelin", source="other") == {"there"}
    assert found(library, "zeppelin", source="other", until=new) == set()
    assert found(library, "zeppelin", since=minutes(60 * 24 * 30)) == set()


def test_the_headline_counts_more_than_the_text_and_new_more_than_old(library: SqlStore) -> None:
    def one(name: str, title: str, days: float, words: str) -> Article:
        return article(name, title=title, text=words, published=T0 - timedelta(days=days))

    fill(
        library,
        one("text", "Other news of the day", 0, "A zeppelin was seen, among many other things in the sky."),
        one("head", "Zeppelin seen", 0, "There were many things in the sky."),
        one("last-month", "Zeppelin sighted", 30, "There were many things in the sky."),
    )
    assert [hit.article.guid for hit in library.search("zeppelin", limit=1)] == ["guid-head"]
    old = [hit.article.guid for hit in library.search("zeppelin")].index("guid-last-month")
    assert old > 0


def test_a_text_that_holds_the_marks_is_no_trouble(library: SqlStore) -> None:
    fill(library, article("odd", title="\ue001\ue000zeppelin\ue000", text="\ue000\ue001 zeppelin \ue001"))
    (hit,) = library.search("zeppelin")
    assert "zeppelin" in plain(hit.title)
    assert not set(plain(hit.title) + plain(hit.snippet)) & {"\ue000", "\ue001"}


class TestTheIndexFollows:
    def test_what_was_purged_is_not_found(self, library: SqlStore) -> None:
        assert library.purge(minutes(1)) == len(TEXTS)
        assert found(library, "ammunition") == set()

    def test_a_batch_that_failed_leaves_nothing_behind(self, library: SqlStore) -> None:
        broken = batch("zeppelin")
        broken = replace(broken, articles=(*broken.articles, article("stray", "nobody", text="zeppelin")))
        (result,) = library.commit_all([broken])
        assert isinstance(result, Exception)
        assert found(library, "zeppelin") == set()

    def test_an_edited_article_is_found_by_its_new_words(self, library: SqlStore, store_url: str) -> None:
        engine = create_engine(store_url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE articles SET text = 'a zeppelin' WHERE key = 'key-deal'"))
        engine.dispose()
        assert found(library, "zeppelin") == {"deal"}
        assert found(library, "supply") == set()

    def test_an_article_that_comes_twice_is_found_once(self, library: SqlStore) -> None:
        fill(library, stored("deal"))
        hits: tuple[Hit, ...] = library.search("pyongyang deal")
        assert len(hits) == 1

    def test_sqlite_finds_the_index_sound(self, sqlite_store: SqlStore, file: Path) -> None:
        sqlite_store.sync_sources([source()], T0, {})
        for n in range(5):
            fill(sqlite_store, *(article(f"{n}-{m}") for m in range(50)))
        sqlite_store.purge(minutes(1), 100)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(
                "INSERT INTO article_search (article_search, rank) VALUES ('integrity-check', 1)"
            )  # raises where the index and the table differ


def test_an_upgrade_indexes_what_is_there(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        migrations.upgrade(connection, r0007_search.down_revision)
        connection.execute(
            text(
                "INSERT INTO sources (id, url, definition, enabled, next_poll_at, failures, last_outcome, last_error, "
                "last_elapsed_s, items_total) VALUES ('wire', '', '{}', TRUE, 0, 0, '', '', 0, 0)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO articles (key, source_id, guid, url, canonical_url, content_hash, title, text, published, "
                "fetched_at, dated, author, image, source_name, source_tags) VALUES ('k', 'wire', 'g', 'u', 'u', 'h', "
                "'Zeppelin', 'landed', 0, 0, TRUE, '', '', '', '[]')"
            )
        )
    engine.dispose()
    store = SqlStore(empty_url)
    store.upgrade()
    store.open()
    try:
        assert [hit.article.key for hit in store.search("zeppelins")] == ["k"]
    finally:
        store.close()


EAST = {
    "zh": ("中国宣布新的制裁措施", "外交部发言人周二在北京表示，对三家军火公司实施制裁。"),
    "ja": ("北朝鮮がミサイルを発射", "防衛省は、弾道ミサイル二発が日本海に落下したと発表した。"),
    "th": ("แผ่นดินไหวในเมียนมา", "เกิดแผ่นดินไหวขนาด 6.4 ใกล้ชายแดน มีผู้บาดเจ็บหลายสิบคน"),
    "mixed": ("Beijing 制裁 explained", "What the word means, and why the ministry in Beijing used it this week."),
}


@pytest.fixture
def eastern(library: SqlStore) -> SqlStore:
    fill(library, *(article(name, title=title, text=words) for name, (title, words) in EAST.items()))
    return library


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("制裁", {"zh", "mixed"}),
        ("制裁措施", {"zh"}),
        ("军火公司", {"zh"}),
        ("北京 制裁", {"zh"}),
        ('"北京" -制裁', set()),
        ("ミサイル", {"ja"}),
        ("弾道ミサイル 日本海", {"ja"}),
        ("แผ่นดินไหว", {"th"}),
        ("เมียนมา 6.4", {"th"}),
        ("制裁 ministry", {"mixed"}),
        ("制裁 -ministry", {"zh"}),
        ("ministry -制裁", set()),
        ("ammunition -制裁", {"deal", "truce", "game"}),
        ("裁", {"zh"}),
        ("置", set()),
        ("施", {"zh"}),
        ("司実", set()),
        ("外交部发言人周二在北京表示", {"zh"}),
        ("北京 外交部 公司", {"zh"}),
        ("北京'); DROP TABLE articles; --", set()),
    ],
)
def test_scripts_without_spaces_are_found_inside_their_runs(eastern: SqlStore, query: str, wanted: set[str]) -> None:
    assert found(eastern, query) == wanted


def test_what_was_found_in_such_a_script_is_marked(eastern: SqlStore) -> None:
    (hit,) = eastern.search("弾道ミサイル")
    assert strong(hit.snippet) == ["弾道ミサイル"]
    assert plain(hit.snippet).startswith("防衛省は、")
    first, second = eastern.search("制裁")
    assert {strong(first.title)[0], strong(second.title)[0]} == {"制裁"}
    (hit,) = eastern.search("制裁 ministry")
    assert strong(hit.title) + strong(hit.snippet) == ["制裁", "ministry"]


def test_such_a_search_is_narrowed_like_others(eastern: SqlStore) -> None:
    old = T0 - timedelta(days=9)
    fill(eastern, article("old", title="旧い制裁", text="制裁のニュース", published=old))
    assert found(eastern, "制裁") == {"zh", "mixed", "old"}
    assert found(eastern, "制裁", since=T0 - timedelta(days=1)) == {"zh", "mixed"}
    assert found(eastern, "制裁", until=T0 - timedelta(days=1)) == {"old"}
    assert found(eastern, "制裁", source="other") == set()


def test_pairs_that_stand_apart_are_no_word(library: SqlStore) -> None:
    fill(library, article("apart", title="中国与国际", text="国人说人民"), article("row", title="中国人民", text="说"))
    assert found(library, "中国人民") == {"row"}, "the other has 中国, 国人 and 人民, too"


def pairs_found(file: Path, pair: str) -> list[int]:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"INSERT INTO {PAIRS_TABLE} ({PAIRS_TABLE}) VALUES ('integrity-check')")  # raises
        asked = f"SELECT rowid FROM {PAIRS_TABLE} WHERE {PAIRS_TABLE} MATCH ?"
        return [row for (row,) in connection.execute(asked, (f'"{pair}"',))]


def test_the_pairs_of_an_article_change_and_go_with_it(sqlite_store: SqlStore, file: Path) -> None:
    sqlite_store.sync_sources([source()], T0, {})
    one, other = (article(name, title="新的制裁", text="对三家公司实施制裁。") for name in ("one", "other"))
    plain = article("plain", title="Café in “quotes” — Москва", text="Nothing of that script but 制裁.")
    fill(sqlite_store, one, other, plain)
    assert len(pairs_found(file, "制裁")) == 2, "of an article in another script nothing is kept"
    after = replace(one, text="Only a headline is left in that script, and all the rest of it is English by now.")
    fill(sqlite_store, revised=(Revised(one, after),))
    assert len(pairs_found(file, "制裁")) == 1
    fill(sqlite_store, revised=(Revised(after, one),))
    assert len(pairs_found(file, "制裁")) == 2
    assert sqlite_store.purge(minutes(1), 100) == 3
    assert pairs_found(file, "制裁") == pairs_found(file, "新的") == []


def test_an_upgrade_makes_the_pairs_of_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    store = SqlStore(url)
    store.upgrade()
    store.open()
    store.sync_sources([source()], T0, {})
    fill(store, *(article(name, title=title, text=words) for name, (title, words) in EAST.items()))
    store.close()
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection, connection:
        connection.execute(f"DROP TABLE {PAIRS_TABLE}")
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = 'r0017'")
    store = SqlStore(url)
    store.upgrade()
    store.open()
    try:
        assert found(store, "军火公司") == {"zh"}
        assert found(store, "弾道ミサイル") == {"ja"}
    finally:
        store.close()
