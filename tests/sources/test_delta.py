"""Only what is new in a feed is read; what comes of it is the same as if all had been read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Fetched, ParsedFeed
from bot.sources.delta import trim
from bot.sources.feed import parse_feed
from tests.properties import examples
from tests.sources.test_feed import fetched


def rss(*items: str, head: str = "<title>Post</title>") -> bytes:
    return f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>".encode()


def item(name: str, title: str = "", link: str = "", extra: str = "") -> str:
    return (
        f"<item><title>{title or name}</title><link>{link or f'https://p.example/story-{name}.html'}</link>"
        f"<guid isPermaLink='false'>id-{name}</guid><description>Text of {name}</description>{extra}</item>"
    )


def read(content: bytes, before: ParsedFeed | None = None) -> ParsedFeed:
    answer = fetched(content)
    known = before.marks if before else b""
    return parse_feed(Fetched("s", answer.url, 200, answer.headers, content, answer.fetched_at, known=known))


ONE, TWICE = "https://p.example/story-one.html", "https://p.example/live"
OLD = [item(name) for name in ("one", "two", "three", "four")]


def test_what_an_earlier_answer_had_is_left_out() -> None:
    first = read(rss(*OLD))
    second = read(rss(item("new"), *OLD[:3]), first)
    assert [i.title for i in first.items] == ["one", "two", "three", "four"]
    assert [i.title for i in second.items] == ["new"]
    assert (first.skipped, second.skipped) == (0, 3)
    assert second.items[0] == read(rss(item("new"), *OLD[:3])).items[0]


def test_an_unchanged_feed_brings_nothing() -> None:
    first = read(rss(*OLD))
    again = read(
        rss(*OLD, head="<title>Post</title><lastBuildDate>Tue, 03 Mar 2026 10:00:00 GMT</lastBuildDate>"), first
    )
    assert (again.items, again.skipped) == ((), 4)
    assert again.marks == first.marks


def test_an_edited_item_is_read_again() -> None:
    first = read(rss(*OLD))
    edited = read(rss(item("one", "One, corrected"), *OLD[1:]), first)
    assert [(i.guid, i.title) for i in edited.items] == [("id-one", "One, corrected")]


def test_what_the_feed_says_of_itself_is_read_every_time() -> None:
    first = read(rss(*OLD))
    assert read(rss(*OLD, head="<title>Post</title><ttl>60</ttl>"), first).cadence.every_s == 3600


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(rss(item("new", link=ONE), *OLD), id="an address of another item"),
        pytest.param(rss(item("new", link=f"{ONE}?utm_source=x"), *OLD), id="in other clothes"),
        pytest.param(rss(item("one", "Another", "https://p.example/x"), *OLD), id="a guid of another item"),
        pytest.param(rss(item("a", link=TWICE), item("b", link=TWICE), *OLD), id="two alike"),
        pytest.param(rss(*OLD, head="<title>Post</title><language>fr</language>"), id="another head"),
        pytest.param(rss(item("new"), "<title>between</title>", *OLD), id="something between the items"),
        pytest.param(rss(item("new", extra="<x><![CDATA[<item>]]></x>"), *OLD), id="an item in a text"),
        pytest.param(rss(item("new", "a </item> b <item> c"), *OLD), id="items that do not nest"),
        pytest.param(rss(item("new"), *OLD)[:-40], id="cut off"),
        pytest.param(b"<!DOCTYPE rss [<!ENTITY e 'x'>]>" + rss(item("new"), *OLD), id="a document type"),
    ],
)
def test_where_one_item_may_bear_on_another_the_whole_feed_is_read(second: bytes) -> None:
    assert read(second, read(rss(*OLD))) == read(second)


def test_a_feed_whose_items_share_a_name_is_always_read_whole() -> None:
    live = [item(name, link="https://p.example/live") for name in ("one", "two", "three", "four")]
    first = read(rss(*live))
    assert first.marks == b""
    assert len(read(rss(item("new", link="https://p.example/live"), *live), first).items) == 5


def test_a_feed_that_only_the_lenient_parser_reads_is_always_read_whole() -> None:
    broken = rss(item("a & b <c"), *OLD)
    assert read(broken).marks == b""


@pytest.mark.parametrize("bad", [b"", b"<rss/>", b"<item>" * 50_000, b"</item><item>" * 500, b"<item></item>" * 500])
def test_hostile_documents_are_told_apart_quickly_or_not_at_all(bad: bytes) -> None:
    trim(bad * 20, b"x" * 16, 1000)


ENTRIES = st.lists(st.sampled_from([item(str(n), f"Story {n}") for n in range(100, 130)]), max_size=12, unique=True)


@settings(max_examples=examples(150))
@given(ENTRIES, ENTRIES, st.randoms())
def test_two_answers_together_hold_what_both_held(first: list[str], second: list[str], rng: random.Random) -> None:
    """Whatever comes, goes and changes places: nothing is missed that was not there before."""
    before = read(rss(*first)) if first else None
    after = read(rss(*second), before) if second else None
    if after is None:
        return
    whole = read(rss(*second))
    known = set(before.items) if before else set()
    assert set(after.items) | known >= set(whole.items)
    assert set(after.items) <= set(whole.items)
    assert len(after.items) + after.skipped == len(whole.items)
