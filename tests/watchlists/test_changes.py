"""What came and went, as items that run through the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import shipped_rules
from bot.errors import ParseError, SourceError
from bot.live import rulebook
from bot.model import Fetched, HttpState, NotModified, Source
from bot.rules.evaluate import Subject
from bot.sources import list_change
from bot.sources.feed import parse_feed
from bot.watchlists.base import EntryKind, Quality, WatchEntry, WatchListError, WatchName
from bot.watchlists.changes import KEPT, Change, Difference, What, compare, read_log, record, to_item
from bot.watchlists.store import Shelf, digest
from bot.web.fetch import Fetcher
from tests.fakes.feeds import Answer, FeedServer, rss

from .lists import source
from .test_index import put

NOW = datetime(2026, 10, 2, 3, 0, tzinfo=UTC)
GLEB = WatchEntry(
    "EU 1/2",
    WatchName("Gleb SOLOVEYKIN", "SOLOVEYKIN"),
    EntryKind.PERSON,
    (WatchName("Глеб Соловейкин"), WatchName("Pilot", quality=Quality.WEAK)),
    ("UKR", "BLR"),
    ("RU", "CY"),
    ("1968",),
)
DHOW = WatchEntry("2", WatchName("BLUE DHOW"), EntryKind.ORG)


def difference(*changes: Change, mark: str = "abc") -> Difference:
    url = "https://sanctions.example.org/entry/{id}"
    return Difference("eu_fsf", "EU list", mark, date(2026, 10, 1), NOW, changes, url)


def test_a_new_version_is_one_article_that_says_who_came_and_went() -> None:
    item = to_item(difference(Change(What.ADDED, GLEB), Change(What.REMOVED, DHOW)))
    assert item.title == "EU list: added Gleb SOLOVEYKIN; removed BLUE DHOW"
    assert item.text == (
        "Added to the list “EU list” as of 2026-10-01: 1 entry.\n\n"
        "Gleb SOLOVEYKIN (person, Russia, Cyprus). Also known as Глеб Соловейкин. Programmes: UKR; BLR. Born: 1968. "
        "Entry EU 1/2.\n\n"
        "Removed from the list “EU list” as of 2026-10-01: 1 entry.\n\n"
        "BLUE DHOW (org). Entry 2."
    )
    assert (item.published, item.lang, item.url) == (NOW, "en", "")
    assert item.categories == ("added", "removed", "person", "org", "UKR", "BLR")
    alone = to_item(difference(Change(What.ADDED, GLEB)))
    assert alone.url == "https://sanctions.example.org/entry/EU%201%2F2"


def test_a_big_change_names_the_first_and_counts_the_rest() -> None:
    added = to_item(difference(*(Change(What.ADDED, entry(n, "A")) for n in range(250))))
    assert added.title == "EU list: added Dhow 0, Dhow 1, Dhow 2 and 247 more"
    assert added.text.startswith("Added to the list “EU list” as of 2026-10-01: 250 entries.\n\nDhow 0 (org).")
    assert added.text.endswith("Dhow 99 (org). Programmes: A. Entry 99.\n\nAnd 150 more.")


def test_a_difference_says_how_much_has_changed() -> None:
    assert str(difference(Change(What.ADDED, GLEB), Change(What.REMOVED, DHOW))) == "1 added, 1 removed"
    assert str(difference()) == "no entry changed"
    assert not difference()


def entry(number: int, programme: str) -> WatchEntry:
    return WatchEntry(str(number), WatchName(f"Dhow {number}"), EntryKind.ORG, programmes=(programme,))


versions = st.dictionaries(st.integers(0, 12), st.sampled_from(["A", "B"]), min_size=1)


@given(old=versions, new=versions)
def test_applying_a_difference_to_the_old_list_gives_the_new_one(
    old: dict[int, str], new: dict[int, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    before = {str(n): entry(n, p) for n, p in old.items()}
    after = {str(n): entry(n, p) for n, p in new.items()}
    put(shelf, tuple(before.values()))
    for change in compare(shelf, "ofac_sdn", {i: digest(e) for i, e in after.items()}, after.values()):
        if change.what is What.REMOVED:
            assert before.pop(change.entry.id) == change.entry
        else:
            assert (change.entry.id in before) is (change.what is What.CHANGED)
            before[change.entry.id] = change.entry
    assert before == after


def test_the_order_of_aliases_and_programmes_is_no_change() -> None:
    names = (WatchName("One Dhow"), WatchName("Two Dhow"))
    one = WatchEntry("1", WatchName("Dhow"), EntryKind.ORG, names, ("A", "B"))
    assert digest(one) == digest(WatchEntry("1", WatchName("Dhow"), EntryKind.ORG, names[::-1], ("B", "A")))
    assert digest(one) != digest(WatchEntry("1", WatchName("Dhow"), EntryKind.ORG, names[:1], ("A", "B")))


# -- the source -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    found = Shelf(tmp_path / "watchlists")
    found.folder.mkdir()
    return found


LISTED = source("https://lists.example.org/eu.xml", "eu_fsf")
SOURCE = list_change.source_of(LISTED)


def test_the_log_keeps_the_newest_first_and_is_bounded(shelf: Shelf) -> None:
    record(shelf, difference(*(Change(What.ADDED, entry(n, "A")) for n in range(KEPT - 1)), mark="one"))
    record(shelf, difference(Change(What.REMOVED, GLEB), Change(What.ADDED, DHOW), mark="two"))
    two, one = read_log(shelf.path("eu_fsf", ".changes.jsonl").read_bytes())
    assert (two.mark, one.mark) == ("two", "one")
    assert two.changes == (Change(What.REMOVED, GLEB), Change(What.ADDED, DHOW))
    assert two.as_of == date(2026, 10, 1)
    assert len(one.changes) == KEPT - 2  # the last one fell off
    assert one.count(What.ADDED) == KEPT - 1


def test_what_a_crash_recorded_twice_is_one_article(shelf: Shelf) -> None:
    once = difference(Change(What.REMOVED, DHOW), Change(What.ADDED, GLEB))
    record(shelf, once)
    record(shelf, once)
    (read,) = read_log(shelf.path("eu_fsf", ".changes.jsonl").read_bytes())
    assert to_item(read) == to_item(once)


def test_a_list_that_goes_back_to_an_earlier_version_is_news_again() -> None:
    first = to_item(difference(Change(What.ADDED, DHOW)))
    again = to_item(replace(difference(Change(What.ADDED, DHOW)), at=NOW + timedelta(days=3)))
    assert first.guid != again.guid


async def test_changes_are_polled_like_any_source_and_become_articles(shelf: Shelf) -> None:
    async with Fetcher(allow_private=True) as fetcher:
        lists = list_change.WithLists(fetcher, shelf)
        request = list_change.request(SOURCE)
        empty = await lists.fetch(SOURCE, HttpState(), NOW, request=request)
        assert isinstance(empty, Fetched)
        assert list_change.parse(empty, SOURCE).items == ()
        record(shelf, difference(Change(What.ADDED, GLEB)))
        answer = await lists.fetch(SOURCE, empty.state, NOW, request=request)
        assert isinstance(answer, Fetched)
        parsed = list_change.parse(answer, SOURCE)
        assert [i.title for i in parsed.items] == ["EU list: added Gleb SOLOVEYKIN"]
        assert isinstance(await lists.fetch(SOURCE, answer.state, NOW, request=request), NotModified)


async def test_other_sources_go_to_the_real_fetcher(shelf: Shelf) -> None:
    async with FeedServer({"/feed": Answer(rss(2))}) as server, Fetcher(allow_private=True) as fetcher:
        feed = Source("f", server.url("/feed"))
        answer = await list_change.WithLists(fetcher, shelf).fetch(feed, HttpState(), NOW)
        assert isinstance(answer, Fetched)
        assert len(parse_feed(answer).items) == 2


def test_a_source_of_this_kind_cannot_be_written_by_hand() -> None:
    with pytest.raises(SourceError, match="add it under watchlists:"):
        list_change.request(Source("x", "https://example.org/feed", kind="list_change"))


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"list": "x"}', b"\xff"])
def test_a_damaged_log_is_said(line: bytes) -> None:
    with pytest.raises(WatchListError, match="line 1 of the log of changes is damaged"):
        read_log(line)
    with pytest.raises(ParseError):
        list_change.parse(Fetched("x", "watchlist:x", 200, {}, line, NOW), SOURCE)


def test_the_shipped_rule_makes_it_an_alert() -> None:
    item = to_item(difference(Change(What.ADDED, GLEB), Change(What.REMOVED, DHOW)))
    engine = rulebook.load([shipped_rules()]).engine
    fired = engine.match(Subject(item.title, item.text, SOURCE.id, SOURCE.tags, item.lang))
    assert "watch-list-changed" in [m.rule_id for m in fired]


def test_rules_can_tell_the_source_by_id_and_tag() -> None:
    assert (SOURCE.id, SOURCE.tags, SOURCE.url) == ("eu_fsf-changes", ("list_change",), "watchlist:eu_fsf")
    assert list_change.sources_of([LISTED]) == {"eu_fsf-changes": SOURCE}
