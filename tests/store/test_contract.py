"""What every store does, whatever database it is on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from sqlalchemy import Engine, event

from bot.errors import StoreBusyError, StoreError
from bot.message import Call, DeliveryKind, DeliveryState
from bot.model import HttpState
from bot.polling.rhythm import Rhythm
from bot.roster.news import News, SourceNotice
from bot.roster.state import LastRead, Memory, Move, Outage, SourceState, Standing
from bot.store.base import Batch
from bot.store.outbox_port import Delivery, NewDelivery
from bot.store.sources_port import NEVER, Lease
from bot.store.sql import SqlStore
from tests.databases import article_at
from tests.store.conftest import MakeStore
from tests.store.samples import (
    T0,
    alert,
    alert_delivery,
    article,
    batch,
    digest_delivery,
    message,
    minutes,
    notice_delivery,
    poll,
    receipt,
    source,
)

ALL_STATES = tuple(DeliveryState)


def keys(deliveries: tuple[Delivery, ...]) -> list[str]:
    return [d.payload.key for d in deliveries]


def leased(store: SqlStore, at: datetime = T0, limit: int = 10) -> list[str]:
    return [lease.source_id for lease in store.lease_due(at, limit, at + timedelta(minutes=2))]


@pytest.fixture
def wire(store: SqlStore) -> SqlStore:
    """A store that knows the source ``wire``."""
    store.sync_sources([source()], T0, {})
    return store


class TestLife:
    def test_upgrade_tells_the_revisions_and_does_nothing_the_second_time(self, make_store: MakeStore) -> None:
        store = make_store()
        before, after = store.upgrade()
        assert before == after != ""

    def test_a_closed_store_says_so(self, store: SqlStore) -> None:
        store.close()
        with pytest.raises(StoreError, match="is not open"):
            store.next_due()

    def test_only_one_store_at_a_time_is_acquired(self, make_store: MakeStore) -> None:
        first, second = make_store(), make_store()
        first.acquire()
        first.acquire()
        with pytest.raises(StoreBusyError, match=r"another Wirewatch \(.* \d+\) is running"):
            second.acquire()
        first.close()
        second.acquire()

    def test_check_passes_on_a_store_that_can_be_written(self, store: SqlStore) -> None:
        store.check()


class TestSources:
    def test_new_sources_are_due_after_their_spread(self, store: SqlStore) -> None:
        store.sync_sources([source("a"), source("b"), source("c", enabled=False)], T0, {"b": 60.0})
        assert store.next_due() == T0
        assert leased(store, T0) == ["a"]
        assert leased(store, minutes(1)) == ["b"]

    def test_a_lease_tells_what_is_known_of_a_source_nobody_polled(self, wire: SqlStore) -> None:
        (lease,) = wire.lease_due(T0, 1, minutes(2))
        assert lease == Lease("wire", HttpState(), first=True, failures=0, last_success=None)

    def test_longest_overdue_comes_first_within_the_limit(self, store: SqlStore) -> None:
        store.sync_sources([source("a"), source("b"), source("c")], T0, {"a": 3.0, "b": 1.0, "c": 2.0})
        assert leased(store, minutes(1), limit=2) == ["b", "c"]

    def test_a_leased_source_is_free_when_the_lease_runs_out(self, wire: SqlStore) -> None:
        assert leased(wire) == ["wire"]
        assert wire.next_due() == minutes(2)
        assert leased(wire, minutes(1)) == []
        assert leased(wire, minutes(2)) == ["wire"]

    def test_workers_that_lease_at_the_same_moment_never_share_a_source(self, make_store: MakeStore) -> None:
        workers = [make_store() for _ in range(4)]
        workers[0].sync_sources([source(f"s{n}") for n in range(200)], T0, {})

        def lease_all(worker: SqlStore) -> list[str]:
            mine: list[str] = []
            while found := leased(worker, limit=7):
                mine += found
            return mine

        with ThreadPoolExecutor(len(workers)) as pool:
            taken = [source_id for mine in pool.map(lease_all, workers) for source_id in mine]
        assert len(taken) == len(set(taken))
        assert set(taken) | set(leased(workers[0], limit=200)) == {f"s{n}" for n in range(200)}

    def test_leases_of_a_killed_process_can_be_released(self, wire: SqlStore) -> None:
        leased(wire)
        assert wire.release_leases() == 1
        assert leased(wire) == ["wire"]

    def test_a_poll_ends_the_lease_and_keeps_the_http_state_byte_for_byte(self, wire: SqlStore) -> None:
        state = HttpState('W/"a\udce9\0"', "Tue, 01 Sep 2026 06:30:00 GMT")
        leased(wire)
        wire.commit(replace(batch(), poll=poll(state=state)))
        assert leased(wire, minutes(9)) == []
        (lease,) = wire.lease_due(minutes(10), 1, minutes(12))
        assert lease == Lease(
            "wire", state, first=False, failures=0, last_success=T0, standing=Standing(SourceState.OK), since=T0
        )

    def test_a_poll_without_http_state_keeps_the_old_one(self, wire: SqlStore) -> None:
        wire.commit(replace(batch(), poll=poll(state=HttpState('"1"'))))
        wire.commit(replace(batch(), poll=poll(outcome="not_modified")))
        assert wire.lease_due(minutes(10), 1, minutes(12))[0].state == HttpState('"1"')

    def test_failures_count_up_until_a_poll_succeeds(self, wire: SqlStore) -> None:
        for n in (1, 2):
            wire.commit(replace(batch(), poll=poll(outcome="timeout", error="took too long", finished_at=minutes(n))))
        (status,) = wire.source_statuses()
        assert (status.state, status.failures, status.error) == ("failing", 2, "took too long")
        assert (status.last_poll, status.last_success) == (minutes(2), None)
        assert wire.lease_due(minutes(10), 1, minutes(12))[0].first
        wire.commit(replace(batch(), poll=poll(outcome="not_modified", finished_at=minutes(3))))
        (status,) = wire.source_statuses()
        assert (status.state, status.failures, status.error, status.last_success) == ("ok", 0, "", minutes(3))

    def test_statuses_show_every_source(self, store: SqlStore) -> None:
        store.sync_sources([source("a"), source("b"), source("c", enabled=False)], T0, {})
        store.commit(batch("1", "2", source_id="a"))
        assert [(s.source_id, s.state, s.items_total) for s in store.source_statuses()] == [
            ("a", "ok", 2),
            ("b", "new", 0),
            ("c", "off", 0),
        ]

    def test_a_source_that_went_is_off_and_keeps_its_history(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        wire.sync_sources([], T0, {})
        assert wire.next_due() is None
        assert leased(wire, minutes(60)) == []
        assert [s.state for s in wire.source_statuses()] == ["off"]
        assert wire.known_articles(["key-1"], []) == ({"key-1"}, set())

    def test_a_source_that_comes_back_is_due_at_once(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        wire.sync_sources([], T0, {})
        wire.sync_sources([source()], minutes(1), {"wire": 30.0})
        assert wire.next_due() == minutes(1.5)

    def test_synchronising_again_changes_nothing(self, wire: SqlStore) -> None:
        wire.commit(replace(batch(), poll=poll(state=HttpState('"1"'))))
        before = wire.source_statuses()
        wire.sync_sources([source()], minutes(5), {"wire": 1.0})
        assert wire.source_statuses() == before

    def test_a_new_address_forgets_what_the_old_server_said(self, wire: SqlStore) -> None:
        wire.commit(replace(batch(), poll=poll(state=HttpState('"1"'))))
        wire.sync_sources([source(url="https://elsewhere.example/")], minutes(1), {})
        (lease,) = wire.lease_due(minutes(1), 1, minutes(2))
        assert (lease.state, lease.first) == (HttpState(), False)

    def test_a_shorter_interval_holds_from_now(self, wire: SqlStore) -> None:
        wire.commit(replace(batch(), poll=poll(next_poll_at=minutes(60 * 24))))
        wire.sync_sources([source(every=timedelta(minutes=2))], minutes(1), {})
        assert wire.next_due() == minutes(3)


class TestTogether:
    """Outcomes of several polls in one transaction."""

    def test_each_gets_the_keys_that_it_brought_first(self, wire: SqlStore) -> None:
        wire.sync_sources([source(), source("other")], T0, {})
        one = batch("1", "2")
        other = replace(
            batch(source_id="other"), articles=(article("2", "other", title="Later"), article("3", "other"))
        )
        assert wire.commit_together([one, other]) == (("key-1", "key-2"), ("key-3",))
        assert wire.commit_together([one, other]) == ((), ())
        kept = article_at(wire, "https://wire.example/2")
        assert kept is not None
        assert (kept.source_id, kept.title) == ("wire", article("2").title)
        assert [s.last_poll for s in wire.source_statuses()] == [one.poll.finished_at] * 2

    def test_all_of_them_are_written_or_none(self, wire: SqlStore) -> None:
        naive = replace(batch(), articles=(article("2", published=datetime(2026, 9, 1)),))
        with pytest.raises(Exception, match="time without zone"):
            wire.commit_together([batch("1"), naive])
        assert wire.counts()["articles"] == 0
        assert wire.source_statuses()[0].last_poll is None


class TestArticles:
    def test_an_article_comes_back_as_it_went_in(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        assert article_at(wire, "https://wire.example/1") == article("1")
        assert article_at(wire, "https://wire.example/1?utm_source=rss") == article("1")
        assert article_at(wire, "https://wire.example/2") is None

    def test_times_come_back_in_utc_wherever_they_were_written(self, wire: SqlStore) -> None:
        tokyo = T0.astimezone(timezone(timedelta(hours=9)))
        early = datetime.fromisoformat("1931-02-03T04:05:06.000007+00:00")
        wire.commit(replace(batch(), articles=(article("1", published=tokyo), article("2", published=early))))
        found = article_at(wire, "https://wire.example/1")
        assert found is not None
        assert found.published == T0
        assert found.published.utcoffset() == timedelta(0)
        old = article_at(wire, "https://wire.example/2")
        assert old is not None
        assert old.published == early

    def test_a_time_without_zone_is_refused_and_nothing_is_written(self, wire: SqlStore) -> None:
        naive = article("2", published=datetime(2026, 9, 1))
        with pytest.raises(Exception, match="time without zone"):
            wire.commit(replace(batch("1"), articles=(article("1"), naive)))
        assert wire.counts()["articles"] == 0

    def test_text_that_no_database_takes_is_replaced(self, wire: SqlStore) -> None:
        odd = article("1", title="broken \ud83c surrogate", text="a\0b 🇰🇵 \udfffc", guid="g\ud800")
        assert wire.commit(replace(batch(), articles=(odd,))) == ("key-1",)
        found = article_at(wire, "https://wire.example/1")
        assert found is not None
        assert (found.title, found.text) == ("broken \ufffd surrogate", "a\ufffdb 🇰🇵 \ufffdc")
        assert wire.known_articles([], [("wire", "g\ud800")]) == (set(), {("wire", "g\ud800")})

    def test_keys_are_known_everywhere_and_guids_within_their_source(self, wire: SqlStore) -> None:
        wire.sync_sources([source(), source("other")], T0, {})
        wire.commit(batch("1", "2"))
        asked = [(name, guid) for name in ("wire", "other") for guid in ("guid-2", "guid-9", "")]
        assert wire.known_articles(["key-1", "key-9", ""], asked) == ({"key-1"}, {("wire", "guid-2")})

    def test_names_of_many_sources_are_told_apart(self, wire: SqlStore) -> None:
        """Asked for together, each guid, address and hash counts in its own source only."""
        names = [f"s{n}" for n in range(70)]
        wire.sync_sources([source(name) for name in names], T0, {})
        for name in names:
            found = article(name, name, guid=f"g{name}", canonical_url=f"https://{name}.example/", content_hash="same")
            wire.commit(replace(batch(source_id=name), articles=(found,)))
        right = [(name, f"g{name}") for name in names]
        wrong = [(name, f"g{other}") for name, other in pairwise(names)]
        assert wire.known_articles([], [*right, *wrong])[1] == set(right)
        assert [a.source_id for a in wire.namesakes(right, [], [])] == names[::-1]
        assert wire.namesakes(wrong, [], []) == ()
        assert [a.key for a in wire.namesakes([], [("s3", "https://s3.example/")], [])] == ["key-s3"]
        assert [a.key for a in wire.namesakes([], [], [("s4", "same"), ("s9", "other")])] == ["key-s4"]

    def test_questions_of_a_snapshot_share_a_transaction(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        begun: list[str] = []

        def note(connection: object) -> None:
            begun.append(threading.current_thread().name)

        event.listen(Engine, "begin", note)
        try:
            with suppress(ZeroDivisionError), wire.snapshot():
                known = wire.known_articles(["key-1"], [])
                assert (set(wire.content_hashes(["key-1"])), known[0]) == ({"key-1"}, {"key-1"})
                other = threading.Thread(target=wire.counts, name="other")
                other.start()
                other.join()
                raise ZeroDivisionError
            wire.content_hashes(["key-1"])
        finally:
            event.remove(Engine, "begin", note)
        me = threading.current_thread().name
        assert begun == [me, "other", me]

    def test_thousands_of_keys_can_be_asked_for(self, wire: SqlStore) -> None:
        names = [str(n) for n in range(2500)]
        wire.commit(batch(*names, alerts=False))
        asked = [f"key-{n}" for n in range(5000)]
        assert wire.known_articles(asked, [("wire", key) for key in asked])[0] == {f"key-{n}" for n in names}

    def test_recent_stories_come_in_the_order_in_which_they_were_fetched(self, wire: SqlStore) -> None:
        found = [article(name, fetched_at=minutes(n)) for name, n in (("d", -9), ("b", 1), ("a", 3), ("c", 3))]
        wire.commit(replace(batch(), articles=found, stories={f"key-{n}": (f"story-{n}", "because") for n in "abd"}))
        recent = wire.recent_stories(T0)
        assert [(s.story_id, s.article_key) for s in recent] == [("story-b", "key-b"), ("story-a", "key-a")]
        assert recent[0].fetched_at == minutes(1)
        assert (recent[0].title, recent[0].content_hash, recent[0].canonical_url, recent[0].source_id) == (
            "Title of b",
            "hash-b",
            "https://wire.example/b",
            "wire",
        )

    def test_a_recent_story_names_the_channels_that_heard_of_it(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        wire.commit(batch("2", alerts=False))
        told = {s.article_key: s.channels for s in wire.recent_stories(T0 - timedelta(days=1))}
        assert told == {"key-1": frozenset({"desk"}), "key-2": frozenset()}

    def test_made_due_every_enabled_source_has_its_turn(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        assert wire.lease_due(minutes(1), 10, minutes(6)) == ()
        wire.make_due(minutes(1))
        assert [lease.source_id for lease in wire.lease_due(minutes(1), 10, minutes(6))] == ["wire"]


class TestStates:
    def test_a_state_is_kept_with_its_reason_and_since_when(self, wire: SqlStore) -> None:
        moved = Standing(SourceState.MOVED, "https://new.example/feed")
        wire.commit(Batch(poll(standing=moved, url_in_use="https://new.example/feed")))
        wire.commit(Batch(poll(finished_at=minutes(10), standing=replace(moved, reason="as before"))))
        (status,) = wire.source_statuses()
        assert (status.state, status.reason, status.since) == (SourceState.MOVED, "as before", T0)
        assert status.url_in_use == "https://new.example/feed"
        (lease,) = wire.lease_due(minutes(10), 1, minutes(15))
        assert (lease.standing, lease.since) == (replace(moved, reason="as before"), T0)
        assert lease.url_in_use == "https://new.example/feed"

    def test_what_a_poll_does_not_say_is_kept(self, wire: SqlStore) -> None:
        rhythm = Rhythm(7.5, 100.0, 60.0, minutes(-99), minutes(-1))
        memory = Memory(rhythm, move=Move("https://n.example/", T0))
        first = poll(
            memory=memory, interval=timedelta(minutes=7), interval_reason="a post every 20 min", seen=b"\0\xff"
        )
        wire.commit(Batch(first))
        wire.commit(Batch(poll(outcome="timeout", error="too late")))
        (status,) = wire.source_statuses()
        assert (status.interval, status.interval_reason) == (timedelta(minutes=7), "a post every 20 min")
        assert status.latest_item == minutes(-1)
        (lease,) = wire.lease_due(minutes(10), 1, minutes(15))
        assert (lease.memory, lease.seen) == (memory, b"\0\xff")

    @pytest.mark.parametrize(
        ("change", "kept"),
        [
            ({"tags": ("new",), "every": timedelta(minutes=99)}, True),
            ({"options": {"items": "//div"}}, False),
            ({"kind": "sitemap"}, False),
            ({"url": "https://elsewhere.example/"}, False),
        ],
    )
    def test_what_the_last_answer_held_counts_while_it_is_read_the_same_way(
        self, wire: SqlStore, change: dict[str, object], kept: bool
    ) -> None:
        wire.commit(Batch(poll(seen=b"marks", state=HttpState('"1"'))))
        wire.sync_sources([source(**change)], T0, {})
        (lease,) = wire.lease_due(minutes(999), 1, minutes(1000))
        assert (lease.seen, lease.state) == ((b"marks", HttpState('"1"')) if kept else (b"", HttpState()))

    def test_outages_are_those_that_touch_the_time_asked_for(self, wire: SqlStore) -> None:
        wire.sync_sources([source(), source("other"), source("third")], T0, {})
        for at, source_id, state in (
            (0, "wire", SourceState.OK),
            (10, "wire", SourceState.FAILING),
            (20, "other", SourceState.SILENT),
            (25, "third", SourceState.MOVED),
            (30, "wire", SourceState.BLOCKED),
            (40, "wire", SourceState.OK),
        ):
            wire.commit(Batch(poll(source_id, finished_at=minutes(at), standing=Standing(state, f"since {at}"))))
        failing = Outage("wire", SourceState.FAILING, "since 10", minutes(10), minutes(30))
        silent = Outage("other", SourceState.SILENT, "since 20", minutes(20), None)
        blocked = Outage("wire", SourceState.BLOCKED, "since 30", minutes(30), minutes(40))
        assert wire.outages(T0, minutes(60)) == (failing, silent, blocked)
        assert wire.outages(minutes(30), minutes(31)) == (silent, blocked)
        assert wire.outages(T0, minutes(20)) == (failing,)
        assert wire.outages(minutes(50), minutes(60)) == (silent,)

    def test_the_last_success_of_a_source_is_kept_through_failures(self, wire: SqlStore) -> None:
        wire.sync_sources([source(), source("other")], T0, {})
        wire.commit(Batch(poll(interval=minutes(5) - T0)))
        wire.commit(Batch(poll(finished_at=minutes(9), outcome="dns", standing=Standing(SourceState.FAILING, "down"))))
        wire.commit(Batch(poll("other", outcome="dns", standing=Standing(SourceState.FAILING, "down"))))
        assert wire.last_reads() == {"wire": LastRead(T0, minutes(5) - T0)}

    def test_polls_of_one_transaction_are_taken_in_order(self, wire: SqlStore) -> None:
        down, up = Standing(SourceState.FAILING, "500"), Standing(SourceState.OK)
        wire.commit_all([Batch(poll(standing=down)), Batch(poll(finished_at=minutes(5), standing=up))])
        assert wire.source_statuses()[0].state is SourceState.OK
        assert wire.outages(T0, minutes(60)) == (Outage("wire", SourceState.FAILING, "500", T0, minutes(5)),)

    def test_an_outage_ends_when_its_source_is_switched_off_or_given_a_new_address(self, wire: SqlStore) -> None:
        down = Standing(SourceState.FAILING, "500")
        wire.sync_sources([source(), source("other")], T0, {})
        wire.commit_all([Batch(poll(standing=down)), Batch(poll("other", standing=down))])
        wire.sync_sources([source("other", url="https://new.example/feed")], minutes(5), {})
        assert [(o.source_id, o.end) for o in wire.outages(T0, minutes(9))] == [
            ("wire", minutes(5)),
            ("other", minutes(5)),
        ]
        assert wire.state_counts() == {SourceState.OFF: 1, SourceState.NEW: 1}

    def test_what_ended_before_the_retention_is_purged(self, wire: SqlStore) -> None:
        wire.commit(Batch(poll(standing=Standing(SourceState.FAILING, "500"))))
        wire.commit(Batch(poll(finished_at=minutes(5))))
        wire.commit(Batch(poll(finished_at=minutes(6), standing=Standing(SourceState.SILENT))))
        wire.purge(minutes(60))
        assert [o.state for o in wire.outages(T0, minutes(90))] == [SourceState.SILENT]

    def test_a_source_that_is_gone_is_not_polled_until_it_is_switched_off_and_on(self, wire: SqlStore) -> None:
        gone = Standing(SourceState.GONE, "410")
        wire.commit(Batch(poll(outcome="gone", next_poll_at=NEVER, standing=gone)))
        wire.make_due(minutes(1))
        wire.put_off("wire.example", minutes(2), 0)
        wire.sync_sources([source(title="renamed")], minutes(2), {})
        assert wire.lease_due(minutes(99), 9, minutes(99)) == ()
        assert wire.next_due() is None
        assert (wire.source_statuses()[0].state, wire.source_statuses()[0].next_poll_at) == (SourceState.GONE, None)
        wire.sync_sources([source(enabled=False)], minutes(3), {})
        wire.sync_sources([source()], minutes(4), {})
        assert [lease.standing.state for lease in wire.lease_due(minutes(4), 9, minutes(9))] == [SourceState.NEW]

    def test_all_sources_of_a_host_are_put_off_one_after_another(self, wire: SqlStore) -> None:
        same = [source(f"s{n}", url=f"https://API.example/{n}") for n in range(4)]
        wire.sync_sources([source(), *same], T0, {"s3": 7200})
        assert wire.put_off("api.example", minutes(30), 60.0) == 3
        due = {s.source_id: s.next_poll_at for s in wire.source_statuses()}
        assert due == {
            "wire": T0,
            "s0": minutes(30),
            "s1": minutes(30) + timedelta(seconds=20),
            "s2": minutes(30) + timedelta(seconds=40),
            "s3": minutes(120),
        }
        reasons = {s.source_id: s.reason for s in wire.source_statuses()}
        assert reasons["s0"] == "not polled yet: its host api.example asked to be left alone"
        assert (reasons["wire"], reasons["s3"]) == ("", "")
        intervals = {s.source_id: s.interval_reason for s in wire.source_statuses()}
        assert intervals["s0"] == "put off: its host api.example asked to be left alone"
        assert (intervals["wire"], intervals["s3"]) == ("", "")

    def test_a_turn_put_off_has_its_reason_until_the_next_poll(self, wire: SqlStore) -> None:
        wire.sync_sources([source(), source("new", url="https://new.example/")], T0, {})
        wire.commit(Batch(poll(interval=timedelta(minutes=10), interval_reason="as configured")))
        wire.lease_due(minutes(99), 9, minutes(120))
        wire.postpone({"wire": minutes(5), "new": minutes(6)}, {"wire": "its host is slow", "new": "its host is slow"})
        found = {s.source_id: (s.next_poll_at, s.reason, s.interval_reason) for s in wire.source_statuses()}
        assert found == {
            "wire": (minutes(5), "", "put off: its host is slow"),
            "new": (minutes(6), "not polled yet: its host is slow", "put off: its host is slow"),
        }
        assert len(wire.lease_due(minutes(6), 9, minutes(20))) == 2  # both were given back
        wire.postpone({"wire": minutes(6)})
        assert {s.interval_reason for s in wire.source_statuses()} == {"put off: its host is slow"}
        wire.commit(Batch(poll(finished_at=minutes(7), interval_reason="as configured")))
        wire.commit(Batch(poll("new", finished_at=minutes(7), interval_reason="as configured")))
        assert {(s.reason, s.interval_reason) for s in wire.source_statuses()} == {("", "as configured")}

    def test_words_on_sources_wait_until_they_are_told(self, wire: SqlStore) -> None:
        first = SourceNotice(News.FAILING, "wire", "The Wire failed 5 times in a row.", T0)
        second = SourceNotice(News.BACK, "wire", "The Wire works again.", minutes(9))
        wire.commit(Batch(poll(outcome="status", notices=(first,))))
        wire.commit_all([Batch(poll(finished_at=minutes(9), notices=(second,)))])
        assert wire.untold() == (first, second)
        wire.sync_sources([], minutes(10), {})  # a source that goes takes nothing along
        post = notice_delivery("n1")
        wire.tell((post,), (first,))
        assert wire.untold() == (second,)
        assert [d.payload.key for d in wire.pending("ops", 9)] == ["n1"]
        wire.tell((), (first, second))
        assert wire.untold() == ()

    def test_a_source_that_moved_counts_with_the_host_that_it_moved_to(self, wire: SqlStore) -> None:
        wire.commit(Batch(poll(url_in_use="https://cdn.example/feed")))
        assert wire.put_off("wire.example", minutes(30), 0) == 0
        assert wire.put_off("cdn.example", minutes(30), 0) == 1


class TestArchive:
    def test_the_archive_is_read_page_by_page_in_the_order_of_its_growth(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2", "3", alerts=False))
        since = T0 - timedelta(days=1)
        first = wire.archive(since, 0, 2)
        rest = wire.archive(since, first[-1].number, 2)
        assert [a.article.key for a in (*first, *rest)] == ["key-1", "key-2", "key-3"]
        assert wire.archive(since, rest[-1].number, 2) == ()
        assert wire.archive_size(since) == 3
        assert wire.archive_size(T0 + timedelta(days=9)) == 0

    def test_an_archived_article_is_what_was_stored(self, wire: SqlStore) -> None:
        one = article("1", source_tags=("wire", "uk"), lang="en")
        wire.commit(replace(batch(), articles=[one]))
        assert wire.archive(T0 - timedelta(days=1), 0, 9)[0].article == one

    def test_hits_are_counted_by_rule_and_day_and_shadow_hits_apart(self, wire: SqlStore) -> None:
        made = batch("1", "2")
        on_trial = replace(made.alerts[0].matches[0], rule_id="on-trial")
        wire.commit(replace(made, shadow={"key-1": (on_trial,)}))
        hits = wire.rule_hits(T0 - timedelta(days=1))
        rules = {m.rule_id for m in made.alerts[0].matches}
        assert {h.rule_id for h in hits if not h.shadow} == rules
        assert all(h.count == 2 for h in hits if not h.shadow)
        assert [(h.rule_id, h.count, h.day) for h in hits if h.shadow] == [
            ("on-trial", 1, made.poll.finished_at.date())
        ]
        assert wire.rule_hits(T0 + timedelta(days=9)) == ()

    def test_samples_of_a_rule_are_the_newest_articles_with_their_evidence(self, wire: SqlStore) -> None:
        made = batch("1", "2")
        live = made.alerts[0].matches[0]
        wire.commit(replace(made, shadow={"key-2": (replace(live, rule_id="on-trial"),)}))
        assert {s.article.key for s in wire.samples(live.rule_id, 5)} == {"key-1", "key-2"}
        assert len(wire.samples(live.rule_id, 1)) == 1
        assert [(s.article.key, s.evidence) for s in wire.samples("on-trial", 5)] == [("key-2", live.evidence)]

    def test_shadow_matches_go_with_their_article(self, wire: SqlStore) -> None:
        made = batch("1", alerts=False)
        wire.commit(replace(made, shadow={"key-1": (batch("9").alerts[0].matches[0],)}))
        assert wire.purge(T0 + timedelta(days=9)) == 1
        assert wire.counts()["shadow_matches"] == 0


class TestCommit:
    def test_a_batch_is_written_with_all_that_hangs_on_it(self, wire: SqlStore) -> None:
        assert wire.commit(batch("1", "2")) == ("key-1", "key-2")
        counts = wire.counts()
        rows = {t: counts[t] for t in ("articles", "story_articles", "alerts", "matches", "deliveries")}
        assert rows == {"articles": 2, "story_articles": 2, "alerts": 2, "matches": 4, "deliveries": 2}
        assert counts["deliveries.waiting"] == 2

    def test_the_same_batch_twice_adds_nothing(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2"))
        before = wire.counts()
        assert wire.commit(batch("1", "2")) == ()
        assert wire.counts() == before

    def test_an_article_given_twice_in_a_batch_is_written_once(self, wire: SqlStore) -> None:
        assert wire.commit(replace(batch(), articles=(article("1"), article("1")))) == ("key-1",)

    def test_one_article_from_two_sources_at_the_same_moment_alerts_once(self, wire: SqlStore) -> None:
        wire.sync_sources([source(), source("other")], T0, {})
        twin = article("1", "other")
        other = replace(
            batch("1", source_id="other"),
            alerts=(alert(twin, id="another-id"),),
            deliveries=(alert_delivery("another-post", alert_ids=("another-id",)),),
        )
        assert wire.commit_all([batch("1"), other]) == (("key-1",), ())
        assert keys(wire.pending("desk", 10)) == ["post-1"]

    def test_a_bad_batch_leaves_no_trace_and_the_others_alone(self, wire: SqlStore) -> None:
        unknown = batch("2", source_id="nobody")
        stray = replace(batch("3"), alerts=(alert(article("never-stored")),))
        first, second, third, fourth = wire.commit_all([batch("1"), unknown, stray, batch("4")])
        assert (first, fourth) == (("key-1",), ("key-4",))
        assert isinstance(second, Exception)
        assert isinstance(third, ValueError)
        assert keys(wire.pending("desk", 10)) == ["post-1", "post-4"]
        assert wire.known_articles(["key-2", "key-3"], []) == (set(), set())

    def test_a_bad_poll_among_many_is_told_apart(self, wire: SqlStore) -> None:
        naive = poll(finished_at=datetime(2026, 9, 1))
        good = replace(batch(), poll=poll(outcome="not_modified"))
        results = wire.commit_all([good, replace(batch(), poll=naive), good])
        assert [isinstance(result, Exception) for result in results] == [False, True, False]
        assert wire.source_statuses()[0].last_poll == T0

    def test_polls_of_one_source_are_recorded_in_their_order(self, wire: SqlStore) -> None:
        bare = replace(batch(), poll=poll(outcome="timeout", error="slow", finished_at=minutes(1)))
        wire.commit_all([batch("1"), bare, bare, batch("2")])
        assert (wire.source_statuses()[0].state, wire.source_statuses()[0].items_total) == ("ok", 2)

    def test_no_batches_are_no_work(self, wire: SqlStore) -> None:
        assert wire.commit_all([]) == ()


class TestOutbox:
    def test_deliveries_come_in_the_order_they_were_added_each_channel_apart(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        assert wire.enqueue([notice_delivery("n1"), digest_delivery("d1"), notice_delivery("n2")]) == 3
        wire.commit(batch("2"))
        assert keys(wire.pending("desk", 10)) == ["post-1", "d1", "post-2"]
        assert keys(wire.pending("ops", 10)) == ["n1", "n2"]
        assert keys(wire.pending("desk", 2)) == ["post-1", "d1"]
        assert (wire.pending_count("desk"), wire.pending_count("ops"), wire.pending_count("none")) == (3, 2, 0)

    @pytest.mark.parametrize("new", [alert_delivery("k"), digest_delivery("k"), notice_delivery("k")])
    def test_a_delivery_comes_back_as_it_went_in(self, store: SqlStore, new: NewDelivery) -> None:
        store.enqueue([new])
        (found,) = store.pending(new.channel, 10)
        assert (found.channel, found.kind, found.payload) == (new.channel, new.kind, new.payload)
        assert (found.state, found.attempts, found.not_before) == (DeliveryState.WAITING, 0, None)
        assert (found.created_at, found.last_error) == (T0, "")

    def test_a_known_key_is_skipped(self, store: SqlStore) -> None:
        assert store.enqueue([notice_delivery("n1"), notice_delivery("n1")]) == 1
        assert store.enqueue([notice_delivery("n1", "elsewhere"), notice_delivery("n2")]) == 1
        assert keys(store.deliveries(ALL_STATES, 10)) == ["n1", "n2"]

    def test_a_payload_of_the_wrong_kind_is_refused(self, store: SqlStore) -> None:
        with pytest.raises(TypeError, match="holds a Digest, not a Message"):
            store.enqueue([NewDelivery("desk", DeliveryKind.DIGEST, message("k"), T0)])

    def test_a_delivery_goes_from_waiting_to_sent(self, store: SqlStore) -> None:
        store.enqueue([alert_delivery("k")])
        (waiting,) = store.pending("desk", 1)
        store.mark_sending(waiting.id, minutes(1))
        (sending,) = store.pending("desk", 1)
        assert (sending.state, sending.attempts) == (DeliveryState.SENDING, 1)
        assert store.receipt("k") is None
        store.mark_sent(waiting.id, receipt("k"))
        assert store.pending("desk", 1) == ()
        assert store.receipt("k") == receipt("k")
        assert keys(store.deliveries([DeliveryState.SENT], 5)) == ["k"]

    def test_the_latest_call_of_each_channel_outlives_its_delivery(self, make_store: MakeStore) -> None:
        store = make_store()
        store.enqueue([notice_delivery(key, "desk") for key in ("k1", "k2", "k3")])
        for d, called, later in zip(store.pending("desk", 10), (True, True, False), range(3), strict=True):
            store.mark_sent(d.id, replace(receipt(d.payload.key), called=called, sent_at=minutes(later)))
        store.purge(minutes(10_000))
        assert store.deliveries(ALL_STATES, 10) == ()
        assert make_store().last_call("desk") == Call("k2", minutes(1))
        assert store.last_call("intel") is None

    def test_what_was_being_sent_is_still_so_after_a_restart(self, make_store: MakeStore) -> None:
        store = make_store()
        store.enqueue([alert_delivery("k1"), alert_delivery("k2")])
        store.mark_sending(store.pending("desk", 1)[0].id, T0)
        store.close()
        again = make_store()
        assert [d.state for d in again.pending("desk", 9)] == [DeliveryState.SENDING, DeliveryState.WAITING]

    def test_a_failed_attempt_waits_with_its_error(self, store: SqlStore) -> None:
        store.enqueue([alert_delivery("k")])
        (d,) = store.pending("desk", 1)
        store.mark_sending(d.id, T0)
        store.mark_waiting(d.id, minutes(5), "channel desk: busy")
        (d,) = store.pending("desk", 1)
        assert (d.state, d.attempts, d.not_before) == (DeliveryState.WAITING, 1, minutes(5))
        assert d.last_error == "channel desk: busy"

    def test_a_parked_delivery_waits_for_a_person(self, store: SqlStore) -> None:
        store.enqueue([alert_delivery("k1"), alert_delivery("k2"), notice_delivery("n")])
        for d in store.deliveries(ALL_STATES, 9):
            store.mark_sending(d.id, T0)
            store.mark_parked(d.id, "no such channel")
        assert store.pending("desk", 9) == ()
        assert [d.last_error for d in store.deliveries([DeliveryState.PARKED], 9)] == ["no such channel"] * 3
        assert store.unpark("desk", minutes(3)) == 2
        assert [(d.attempts, d.not_before) for d in store.pending("desk", 9)] == [(1, minutes(3))] * 2
        assert store.unpark(None, minutes(3)) == 1

    def test_a_sent_delivery_is_never_opened_again(self, store: SqlStore) -> None:
        store.enqueue([alert_delivery("k")])
        (d,) = store.pending("desk", 1)
        store.mark_sending(d.id, T0)
        store.mark_sent(d.id, receipt("k"))
        marks: list[Callable[[], None]] = [
            lambda: store.mark_sending(d.id, T0),
            lambda: store.mark_sent(d.id, receipt("k")),
            lambda: store.mark_waiting(d.id, None, ""),
            lambda: store.mark_parked(d.id, ""),
        ]
        for again in marks:
            with pytest.raises(StoreError, match=f"delivery {d.id} is sent already"):
                again()
        with pytest.raises(StoreError, match="delivery 999 does not exist"):
            store.mark_sending(999, T0)


class TestDigests:
    def test_waiting_alerts_are_folded_into_a_digest(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2", "3"))
        first, second, third = wire.pending("desk", 9)
        wire.replace_with_digest("desk", [first.id, third.id], digest_delivery("d"))
        assert keys(wire.pending("desk", 9)) == ["post-2", "d"]
        assert keys(wire.deliveries(ALL_STATES, 9)) == ["post-2", "d"]
        assert second.id == wire.pending("desk", 1)[0].id

    def test_a_folded_alert_is_proven_by_the_digest_and_never_comes_again(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2"))
        wire.replace_with_digest("desk", [d.id for d in wire.pending("desk", 9)], digest_delivery("d"))
        assert wire.receipt("post-1") is None
        (d,) = wire.pending("desk", 9)
        wire.mark_sending(d.id, T0)
        wire.mark_sent(d.id, receipt("d"))
        assert wire.receipt("post-1") == wire.receipt("post-2") == receipt("d")
        assert wire.enqueue([alert_delivery("post-1")]) == 0
        assert wire.unpark(None, T0) == 0

    def test_nothing_is_folded_if_one_does_not_wait(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2"))
        first, second = wire.pending("desk", 9)
        wire.mark_sending(second.id, T0)
        with pytest.raises(StoreError, match="none was folded"):
            wire.replace_with_digest("desk", [first.id, second.id], digest_delivery("d"))
        assert keys(wire.pending("desk", 9)) == ["post-1", "post-2"]

    def test_folding_again_with_the_same_digest_changes_nothing(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2"))
        ids = [d.id for d in wire.pending("desk", 9)]
        wire.replace_with_digest("desk", ids, digest_delivery("d"))
        wire.replace_with_digest("desk", ids, digest_delivery("d"))
        assert keys(wire.pending("desk", 9)) == ["d"]


class TestRetention:
    def finish(self, store: SqlStore) -> None:
        for d in store.deliveries([DeliveryState.WAITING], 99):
            store.mark_sending(d.id, T0)
            store.mark_sent(d.id, receipt(d.payload.key))

    def test_old_articles_go_with_all_that_hangs_on_them(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2"))
        self.finish(wire)
        assert wire.purge(T0) == 0
        assert wire.purge(minutes(1)) == 2
        counts = wire.counts()
        tables = ("articles", "story_articles", "alerts", "matches", "deliveries", "delivery_alerts")
        assert {counts[table] for table in tables} == {0}

    def test_what_was_purged_stays_known(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        self.finish(wire)
        wire.purge(minutes(1))
        assert wire.known_articles(["key-1", "key-2"], [("wire", "guid-1")]) == ({"key-1"}, {("wire", "guid-1")})
        assert wire.known_articles([], [("other", "guid-1")]) == (set(), set())
        assert wire.commit(batch("1")) == ()
        assert wire.pending_count("desk") == 0

    def test_what_is_not_delivered_stays(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2", "3", "4"))
        one, two, three, _ = wire.pending("desk", 9)
        wire.mark_sending(one.id, T0)
        wire.mark_sending(two.id, T0)
        wire.mark_parked(two.id, "refused")
        wire.mark_sending(three.id, T0)
        wire.mark_sent(three.id, receipt("post-3"))
        assert wire.purge(minutes(1)) == 1
        assert keys(wire.deliveries(ALL_STATES, 9)) == ["post-1", "post-2", "post-4"]
        assert [article_at(wire, f"https://wire.example/{n}") is None for n in "1234"] == [
            False,
            False,
            True,
            False,
        ]

    def test_alerts_of_a_digest_that_waits_stay(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2"))
        wire.replace_with_digest("desk", [d.id for d in wire.pending("desk", 9)], digest_delivery("d"))
        assert wire.purge(minutes(1)) == 0
        self.finish(wire)
        assert wire.purge(minutes(1)) == 2
        assert wire.counts()["deliveries"] == 0

    def test_a_purge_takes_no_more_than_its_limit(self, wire: SqlStore) -> None:
        wire.commit(batch("1", "2", "3", alerts=False))
        assert [wire.purge(minutes(1), 2) for _ in range(3)] == [2, 1, 0]

    def test_old_notices_go_when_they_were_sent(self, store: SqlStore) -> None:
        store.enqueue([notice_delivery("n1"), notice_delivery("n2")])
        store.mark_sent(store.pending("ops", 1)[0].id, receipt("n1", "ops"))
        store.purge(minutes(1))
        assert keys(store.deliveries(ALL_STATES, 9)) == ["n2"]
