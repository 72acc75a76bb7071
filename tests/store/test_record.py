"""One article with all that belongs to it, found by any of its names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.message import DeliveryKind
from bot.model import Match, Severity
from bot.record import MEMBERS_MAX, POSTS_MAX, Address, Fired, Found
from bot.store.noise_port import DecisionRow
from bot.store.sql import SqlStore
from bot.why import address_of
from tests.store.samples import (
    T0,
    alert,
    article,
    batch,
    digest_delivery,
    follow_delivery,
    minutes,
    poll,
    receipt,
    source,
)


@pytest.fixture
def wire(store: SqlStore) -> SqlStore:
    store.sync_sources([source(), source("herald")], T0, {})
    return store


def find(store: SqlStore, given: str) -> Found:
    return store.find_article(address_of(given))


@pytest.mark.parametrize(
    "given",
    [
        "https://wire.example/a/b?utm_source=rss",  # as published
        "https://wire.example/a/b",
        "http://www.wire.example/a/b/?fbclid=9&utm_medium=x#top",
        "wire.example/a/b",
        "  https://wire.example/a/b  ",
        "guid-a/b",
        "key-a/b",
    ],
)
def test_an_article_is_found_by_each_of_its_names(wire: SqlStore, given: str) -> None:
    wire.commit(batch("a/b", "c"))
    assert find(wire, given).keys == ("key-a/b",)


def test_the_newest_comes_first_where_two_share_a_name(wire: SqlStore) -> None:
    both = [replace(article(name), guid="same", fetched_at=minutes(n)) for n, name in enumerate(("old", "new"))]
    wire.commit(replace(batch(), articles=both))
    assert find(wire, "same").keys == ("key-new", "key-old")


def test_what_is_not_there_has_its_neighbours(wire: SqlStore) -> None:
    wire.commit(batch("news/flood-1", "news/flood-2", "sport/final"))
    wire.commit(batch("news/flood-3", source_id="herald"))
    found = find(wire, "https://wire.example/news/flood-9")
    assert (found.keys, found.purged) == ((), False)
    assert {n.title for n in found.nearest[:2]} == {"Title of news/flood-1", "Title of news/flood-2"}
    assert not any("herald" in n.url for n in found.nearest)
    assert find(wire, "no-such-guid") == Found(())


def test_what_was_purged_is_remembered_by_address_and_by_guid(wire: SqlStore) -> None:
    gone = replace(article("gone"), key=address_of("https://wire.example/gone").key)
    wire.commit(replace(batch(), articles=(gone,)))
    assert wire.purge(minutes(1)) == 1
    assert find(wire, "http://wire.example/gone?utm_source=x").purged
    assert find(wire, "guid-gone").purged
    assert not find(wire, "https://wire.example/never").purged


def test_a_record_holds_the_article_its_alert_its_story_and_their_posts(wire: SqlStore) -> None:
    first, second = article("first"), replace(article("second"), source_name="")
    story = {"key-first": ("s1", "no earlier article like it"), "key-second": ("s1", "alike 0.50: ammunition")}
    raised = [replace(alert(a), story=replace(alert(a).story, id="s1")) for a in (first, second)]
    trial = {"key-second": (Match("trial", "Trial", Severity.LOW, (), (), shadow=True),)}
    made = batch("first")
    wire.commit(replace(made, articles=(first, second), stories=story, alerts=raised, shadow=trial))
    wire.mark_sent(wire.pending("desk", 1)[0].id, receipt("post-first"))
    wire.enqueue([digest_delivery("post-digest", "intel", ("alert-key-second",))])
    found = wire.record("key-second")
    assert found is not None
    assert (found.article, found.story_id, found.story_reason) == (second, "s1", "alike 0.50: ammunition")
    assert found.alert is not None
    assert found.alert.matches == second_matches(raised[1].matches)
    assert found.shadow == ("trial",)
    fired = (Fired("arms-deal", ("desk",)), Fired("shipments", ()))
    assert [(m.key, m.source, m.fired) for m in found.members] == [("key-first", "The Wire", fired)]
    assert [(p.article_key, p.channel, p.state, p.url) for p in found.posts] == [
        ("key-first", "desk", "sent", "https://chat.example/p1"),
        ("key-second", "intel", "waiting", ""),
    ]
    assert [(p.kind, p.title) for p in found.own_posts] == [("digest", "While you were away")]
    assert wire.record("key-none") is None


def second_matches(matches: tuple[Match, ...]) -> tuple[Match, ...]:
    """As stored: whether a rule was on trial is kept apart."""
    return tuple(sorted(matches, key=lambda m: (-m.severity, m.rule_id)))


def test_a_folded_alert_has_the_receipt_of_its_digest(wire: SqlStore) -> None:
    wire.commit(batch("a", "b"))
    waiting = wire.pending("desk", 9)
    wire.replace_with_digest("desk", [d.id for d in waiting], digest_delivery("fold", "desk", ("alert-key-a",)))
    wire.mark_sent(wire.pending("desk", 1)[0].id, receipt("fold"))
    record = wire.record("key-a")
    assert record is not None
    assert {(p.kind, p.state, p.title, p.url) for p in record.own_posts} == {
        ("alert", "folded", "While you were away", "https://chat.example/p1"),
        ("digest", "sent", "While you were away", "https://chat.example/p1"),
    }


def test_a_large_story_is_listed_in_part_and_counted_in_full(wire: SqlStore) -> None:
    names = [f"n{n}" for n in range(MEMBERS_MAX + 5)]
    stories = {f"key-{name}": ("s1", "") for name in names}
    wire.commit(replace(batch(*names, alerts=False), stories=stories, poll=poll()))
    record = wire.record("key-n0")
    assert record is not None
    assert (len(record.members), record.members_total) == (MEMBERS_MAX, MEMBERS_MAX + 4)
    assert record.members[0].key == "key-n1"


def test_the_answer_that_tells_of_an_article_is_found_among_however_many_posts(wire: SqlStore) -> None:
    stories = {"key-first": ("s1", ""), "key-late": ("s1", "alike 0.50: ammunition")}
    first = article("first")
    raised = replace(alert(first), story=replace(alert(first).story, id="s1"))
    wire.commit(replace(batch("first"), stories=stories, alerts=(raised,)))
    told = ("alert-key-first",)
    for n in range(POSTS_MAX + 5):
        wire.enqueue([follow_delivery(f"u{n}", DeliveryKind.REPLY, "post-first", alert_ids=told, url=f"https://x/{n}")])
    late = article("late", fetched_at=minutes(9))
    answer = follow_delivery("r", DeliveryKind.REPLY, "post-first", alert_ids=told, url=late.url)
    row = DecisionRow("", "key-late", "desk", "reply", "New number: 40", minutes(9))
    wire.commit(
        replace(
            batch(),
            articles=(late,),
            stories=stories,
            deliveries=(replace(answer, created_at=minutes(9)),),
            decisions=(row,),
        )
    )
    record = wire.record("key-late")
    assert record is not None
    assert (record.alert, record.own_posts) == (None, ())
    assert [(p.key, p.kind, p.about) for p in record.answers] == [("r", "reply", late.url)]


def test_an_article_without_a_story_is_a_record_too(wire: SqlStore) -> None:
    wire.commit(replace(batch("a", alerts=False), stories={}))
    record = wire.record("key-a")
    assert record is not None
    assert (record.story_id, record.members, record.alert, record.posts) == ("", (), None, ())


def test_an_address_that_is_none_is_a_guid() -> None:
    assert address_of("tag:wire.example,2026:1") == Address("tag:wire.example,2026:1", "", "")
