"""One item is one article whatever a feed does to it, and an edit is seen once."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import pipeline
from bot.articles.identity import (
    EDIT_PAUSE,
    EDITS_AT_ONCE,
    Brought,
    Kept,
    Sorted,
    content_hash,
    edit_of,
    same_item,
    sort_out,
)
from bot.model import Article, Item, ParsedFeed, Source, TextFrom
from bot.store.articles_port import VERSIONS_MAX
from bot.store.base import Batch
from bot.store.sources_port import Poll
from bot.store.sql import SqlStore
from tests.databases import open_store

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SOURCE = Source("river", "https://river.example/feed.xml")
STORY = "Officials in the valley said on Monday that the flood warning stands until noon at the earliest"


def item(title: str, text: str = "", guid: str = "", url: str = "", age: int | None = 1) -> Item:
    """``age`` in hours; ``None``: undated."""
    return Item(guid, url, title, text, None if age is None else NOW - timedelta(hours=age))


class Reader:
    """Reads answers of one source into a real store, as a poll does."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.now = NOW

    def poll(self, *items: Item, later: timedelta = timedelta(minutes=10), source: Source = SOURCE) -> Sorted:
        self.now += later
        articles = pipeline.articles_of(ParsedFeed(items), source, self.now)
        (found,) = sort_out(self.store, [Brought(source.id, articles)], self.now)
        self.store.commit(Batch(Poll(source.id, self.now, self.now, "ok"), articles=found.new, revisions=found.revised))
        return found

    def titles(self) -> list[str]:
        return sorted(one.article.title for one in self.store.archive(NOW - timedelta(days=9), 0, 999))


@cache
def empty_store() -> bytes:
    """The file of a store that knows the sources and nothing else: a copy of it takes no time."""
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder, "river.db"))
        store.sync_sources([SOURCE, replace(SOURCE, id="other")], NOW, {})
        store.close()
        return Path(folder, "river.db").read_bytes()


@contextmanager
def reading() -> Iterator[Reader]:
    with TemporaryDirectory() as folder:
        Path(folder, "river.db").write_bytes(empty_store())
        store = SqlStore(f"sqlite:///{folder}/river.db")
        store.open()
        yield Reader(store)
        store.close()


@pytest.fixture
def reader() -> Iterator[Reader]:
    with reading() as one:
        yield one


# -- what is the same item ------------------------------------------------------------------------------------------

A = item("Flood warning in the north", STORY, "1", "https://river.example/2026/north")
OTHER_URL = "https://river.example/2026/north-and-east"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(A, replace(A, guid="977"), id="the guid churns"),
        pytest.param(A, replace(A, url="http://www.river.example/2026/north/"), id="http, www and a trailing slash"),
        pytest.param(A, replace(A, url=A.url + "?utm_source=rss&fbclid=1#top"), id="tracking parameters"),
        pytest.param(A, replace(A, url=OTHER_URL), id="another address under the same guid"),
        pytest.param(A, replace(A, guid="977", url=OTHER_URL), id="another guid and address, the same words and date"),
        pytest.param(
            A,
            replace(A, guid="977", url=OTHER_URL, published=NOW - timedelta(hours=30)),
            id="another guid, address and date, the same long text",
        ),
        pytest.param(
            replace(A, guid="", url=""), replace(A, guid="x", url=""), id="a guid where there was nothing but words"
        ),
        pytest.param(A, replace(A, title="FLOOD WARNING:  in the North!"), id="letter case, punctuation, white space"),
    ],
)
def test_the_same_item_in_other_clothes_is_neither_new_nor_an_edit(reader: Reader, before: Item, after: Item) -> None:
    assert len(reader.poll(before).new) == 1
    assert reader.poll(after) == Sorted()
    assert reader.poll(before, after) == Sorted()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            item("Market report", "", "1", "https://river.example/market/1", 26),
            item("Market report", "", "2", "https://river.example/market/2", 2),
            id="the same short title every day",
        ),
        pytest.param(
            A, item("Mayor resigns over bridge", "", "1", "https://river.example/mayor"), id="a guid that is used again"
        ),
        pytest.param(
            item("A quiet day", STORY, "", "https://river.example/"),
            item("Mayor resigns", "Over a bridge.", "", "https://river.example/"),
            id="the home page as the link of every item",
        ),
    ],
)
def test_another_item_is_new_whatever_it_shares(reader: Reader, before: Item, after: Item) -> None:
    reader.poll(before)
    found = reader.poll(after)
    assert ([a.title for a in found.new], found.revised) == ([after.title], ())


def test_entries_of_a_live_blog_are_items_of_their_own(reader: Reader) -> None:
    page = "https://river.example/live/flood"
    entries = [item(f"Minute {word}", f"It is {word}.", f"post-{word}", f"{page}#{word}") for word in ("one", "two")]
    first = reader.poll(*entries)
    assert sorted(a.title for a in first.new) == ["Minute one", "Minute two"]
    assert {a.canonical_url for a in first.new} == {""}  # else they would be one story, and told once
    third = item("Minute three", "It is three.", "post-three", f"{page}#three")
    assert [a.title for a in reader.poll(third, *entries).new] == ["Minute three"]


def test_a_guid_that_all_items_of_an_answer_bear_names_none_of_them(reader: Reader) -> None:
    brought = [item(f"Title {w}", w * 9, "river.example", f"https://river.example/{w}") for w in ("ab", "cd", "ef")]
    assert len(reader.poll(*brought).new) == 3
    without_links = [replace(one, url="", title=f"{one.title} again") for one in brought]
    assert len(reader.poll(*without_links).new) == 3


def test_an_item_that_stands_twice_in_an_answer_is_one_article(reader: Reader) -> None:
    again = replace(A, url=A.url + "?at_medium=rss", guid="977")
    assert len(reader.poll(A, again, replace(A, url=OTHER_URL), replace(A, guid="5", url=OTHER_URL)).new) == 1


def test_an_article_of_another_source_is_known_and_not_edited(reader: Reader) -> None:
    reader.poll(A)
    other = replace(SOURCE, id="other")
    found = reader.poll(replace(A, title="What the neighbours make of it"), source=other)
    assert (found.new, found.revised, len(found.elsewhere)) == ((), (), 1)
    assert reader.titles() == [A.title]


def test_what_was_purged_is_not_new_again(reader: Reader) -> None:
    reader.poll(A)
    reader.store.purge(NOW + timedelta(days=1))
    assert reader.titles() == []
    assert reader.poll(A) == Sorted()
    assert reader.poll(replace(A, url=OTHER_URL)) == Sorted()


# -- what is an edit ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Grain talks resume", "GRAIN  talks\n resume"),
        ("“Grain talks” resume – at last…", '"Grain talks" resume - at last...'),
        ("Talks resume\n\n12 comments", "Talks resume\n\n1,413 comments"),
        ("Talks resume | 5 min read | 301 views", "Talks resume | 6 min read | 455 views"),
        ("Talks resume (updated 15:42)", "Talks resume (updated 16:02)"),
        ("Last updated: 4 March 2026, 15:42 GMT\nTalks resume", "Last updated: 5 March 2026, 09:01 GMT\nTalks resume"),
        ("Talks resume\nvor 3 Stunden", "Talks resume\nvor 5 Stunden"),
        ("Talks resume\nStand: 4. März 2026, 15.42 Uhr", "Talks resume\nStand: 5. April 2026, 15.42 Uhr"),
        ("Talks resume\nPublié le 4 août 2026 à 15h42", "Talks resume\nPublié le 5 août 2026 à 9h02"),
        ("Talks resume\nОбновлено 3 часа назад", "Talks resume\nОбновлено 4 часа назад"),
        ("Article URL: x\n\nPoints: 50\n\n# Comments: 12", "Article URL: x\n\nPoints: 73\n\n# Comments: 40"),
        ("Ｔａｌｋｓ resume", "Talks resume"),
    ],
)
def test_case_white_space_punctuation_counters_and_times_are_no_edit(one: str, other: str) -> None:
    assert one != other
    assert content_hash("t", one) == content_hash("t", other)
    assert content_hash(one, "") == content_hash(other, "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 dead in the flood", "13 dead in the flood"),
        ("Bank cuts rate by 5%", "Bank cuts rate by 5"),
        ("A fine of $5 million", "A fine of €5 million"),
        ("Party wins by 500 votes", "Party wins by 700 votes"),
        ("Stocks fall 300 points after talks", "Stocks fall 500 points after talks"),
        ("The court will sit on 4 March 2026", "The court will sit on 5 March 2026"),
        ("12 comments", "13 comments"),  # there is nothing else
        ("Talks resume", "Talks do not resume"),
    ],
)
def test_a_word_or_a_figure_in_the_news_is_an_edit(one: str, other: str) -> None:
    assert content_hash("t", one) != content_hash("t", other)
    assert content_hash(one, "") != content_hash(other, "")


def test_title_and_text_do_not_run_into_each_other() -> None:
    assert content_hash("a b", "c") != content_hash("a", "b c")


def test_an_edit_is_handed_on_once_with_both_versions(reader: Reader) -> None:
    reader.poll(A)
    edited = replace(A, title="Flood warning in the north lifted", updated=NOW, guid="2")
    (revised,) = reader.poll(edited).revised
    assert (revised.before.title, revised.after.title) == (A.title, edited.title)
    assert revised.before.key == revised.after.key
    assert revised.before.published == revised.after.published
    assert revised.after.fetched_at == reader.now
    assert reader.poll(edited) == Sorted()
    assert [r.title for r in reader.store.revisions(revised.before.key)] == [A.title, edited.title]


def test_an_edit_that_changes_the_address_too_is_of_the_same_article(reader: Reader) -> None:
    reader.poll(A)
    edited = replace(A, title="Flood warning in the north and east", url=OTHER_URL)
    (revised,) = reader.poll(edited).revised
    assert revised.after.url == OTHER_URL
    assert reader.poll(edited) == Sorted()
    assert reader.poll(replace(edited, guid="churn")) == Sorted()


def test_an_edit_that_is_taken_back_is_not_another_one(reader: Reader) -> None:
    trial = replace(A, title="You will not believe what the river did in the north")
    reader.poll(A)
    assert len(reader.poll(trial).revised) == 1
    for shown in (A, trial) * 20:
        assert reader.poll(shown) == Sorted()


@pytest.mark.parametrize("text", ["", STORY[:60] + "…"])
def test_a_text_that_is_only_cut_shorter_is_kept_whole(reader: Reader, text: str) -> None:
    reader.poll(A)
    assert reader.poll(replace(A, text=text)) == Sorted()
    (revised,) = reader.poll(replace(A, title="Flood warning lifted in the north", text=text)).revised
    assert revised.after.text == STORY


def test_a_page_that_changes_with_every_look_slows_down_and_is_kept_within_bounds(reader: Reader) -> None:
    reader.poll(A)
    taken = sum(
        len(reader.poll(replace(A, text=f"{STORY} {word}")).revised)
        for word in (f"{a}{b}" for a in string.ascii_letters for b in "xyz")
    )
    hours = reader.now - NOW
    assert EDITS_AT_ONCE < taken <= EDITS_AT_ONCE + hours / EDIT_PAUSE
    (key,) = (one.article.key for one in reader.store.archive(NOW - timedelta(days=9), 0, 9))
    assert len(reader.store.revisions(key)) == VERSIONS_MAX


def test_an_article_hashed_by_an_older_version_is_not_edited_by_the_upgrade() -> None:
    stored = article(A, content_hash="of another algorithm")
    assert edit_of(Kept(stored, frozenset({stored.content_hash})), article(A)) is None


def test_the_text_of_a_page_is_not_compared_with_that_of_the_feed() -> None:
    from_page = article(A, text="The whole report, much longer.", text_from=TextFrom.PAGE)
    assert edit_of(Kept(from_page, frozenset({from_page.content_hash})), article(A)) is None
    edited = article(replace(A, title="Flood warning lifted"))
    revised = edit_of(Kept(from_page, frozenset({from_page.content_hash})), edited)
    assert revised is not None
    assert revised.before.text == "The whole report, much longer."


def article(one: Item, **changes: object) -> Article:
    (made,) = pipeline.articles_of(ParsedFeed((one,)), SOURCE, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


# -- properties -----------------------------------------------------------------------------------------------------

WORDS = st.text(string.ascii_lowercase, min_size=2, max_size=9)
TITLES = st.lists(WORDS, min_size=4, max_size=9, unique=True).map(" ".join)
NOISE = st.sampled_from(["", "?utm_source=rss", "?utm_medium=a&utm_campaign=b", "?fbclid=XYZ", "#comments", "/", "?"])
SCHEMES = st.sampled_from(["http://", "https://", "https://www.", "HTTPS://", "http://www."])


@dataclass(frozen=True)
class Clothes:
    """What a feed may do to an item without changing it."""

    scheme: str
    noise: str
    guid: str | None  # None: the guid of the first time
    upper: bool
    comments: int

    def put_on(self, one: Item) -> Item:
        rest = one.url.removeprefix("https://")
        title = one.title.upper() if self.upper else one.title
        text = f"{one.text}\n\n{self.comments} comments\n\nUpdated {self.comments} minutes ago"
        guid = one.guid if self.guid is None else self.guid
        return replace(one, url=f"{self.scheme}{rest}{self.noise}", guid=guid, title=title, text=text)


CLOTHES = st.builds(
    Clothes, SCHEMES, NOISE, st.none() | st.uuids().map(str), st.booleans(), st.integers(min_value=0, max_value=9999)
)
FEW = settings(max_examples=25)


@FEW
@given(titles=st.lists(TITLES, min_size=1, max_size=5, unique=True), polls=st.lists(CLOTHES, min_size=1, max_size=6))
def test_whatever_clothes_items_wear_each_is_one_article_and_never_edited(
    titles: Sequence[str], polls: Sequence[Clothes]
) -> None:
    items = [item(t, STORY, f"guid-{n}", f"https://river.example/{n}/story") for n, t in enumerate(titles)]
    with reading() as reader:
        brought = [reader.poll(*items)]
        for number, clothes in enumerate(polls):
            worn = [replace(clothes, guid=clothes.guid and f"{clothes.guid}-{number}-{n}") for n in range(len(items))]
            brought.append(reader.poll(*(one.put_on(each) for one, each in zip(worn, items, strict=True))))
        assert [len(found.new) for found in brought] == [len(items)] + [0] * len(polls)
        assert all(not found.revised for found in brought)


@FEW
@given(
    versions=st.lists(TITLES, min_size=2, max_size=4, unique_by=lambda t: t.split()[0]),
    shown=st.lists(st.integers(min_value=0, max_value=3), min_size=1, max_size=12),
    clothes=CLOTHES,
)
def test_each_version_of_an_item_is_handed_on_once_in_the_order_of_its_coming(
    versions: Sequence[str], shown: Sequence[int], clothes: Clothes
) -> None:
    first = item("The first of all versions stands", STORY, "guid", "https://river.example/story")
    seen: list[str] = [first.title]
    with reading() as reader:
        (new,) = reader.poll(first).new
        for number in shown:
            title = versions[number % len(versions)]
            found = reader.poll(replace(clothes, upper=False, guid=None).put_on(replace(first, title=title)))
            assert found.new == ()
            assert [r.after.title for r in found.revised] == ([] if title in seen else [title])
            seen.append(title)
        expected = list(dict.fromkeys(seen))
        assert [r.title for r in reader.store.revisions(new.key)] == expected
        assert reader.titles() == [expected[-1]]


@given(text=st.text(max_size=400), other=st.text(max_size=400))
def test_any_text_has_a_hash_that_white_space_does_not_change(text: str, other: str) -> None:
    assert content_hash(text, other) == content_hash(f" {text}\t", f"\r{other} ")


def test_the_order_of_the_rules_does_not_depend_on_the_side() -> None:
    one, two = article(A), article(replace(A, guid="2", url=OTHER_URL))
    assert same_item(one, two)
    assert same_item(two, one)
