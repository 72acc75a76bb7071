"""Deliveries that change or answer an earlier post, in every store."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from bot.errors import StoreError
from bot.message import DeliveryKind, DeliveryState, Message
from bot.store import migrations
from bot.store.outbox_port import Followed, NewDelivery
from bot.store.sql import SqlStore
from bot.summary.chart import chart_post
from tests.channels.contract import summary_post
from tests.store.samples import (
    T0,
    alert_delivery,
    batch,
    digest,
    digest_delivery,
    follow_delivery,
    message,
    minutes,
    notice_delivery,
    receipt,
    source,
)

UPDATE, REPLY, RAISE = DeliveryKind.UPDATE, DeliveryKind.REPLY, DeliveryKind.RAISE


@pytest.fixture
def wire(store: SqlStore) -> SqlStore:
    """A store with one alert in the outbox, ``post-1``."""
    store.sync_sources([source()], T0, {})
    store.commit(batch("1"))
    return store


def send(store: SqlStore, key: str) -> None:
    (row,) = (d for d in store.pending("desk", 99) if d.payload.key == key)
    store.mark_sending(row.id, T0)
    store.mark_sent(row.id, receipt(key))


def keys(store: SqlStore, *states: DeliveryState) -> list[str]:
    return [d.payload.key for d in store.deliveries(states, 99)]


@pytest.mark.parametrize("kind", [UPDATE, REPLY, RAISE])
def test_it_comes_back_with_what_it_follows(wire: SqlStore, kind: DeliveryKind) -> None:
    new = follow_delivery("f", kind, "post-1", news=("a third outlet",), sources=3)
    assert wire.enqueue([new]) == 1
    found = wire.pending("desk", 9)[-1]
    assert (found.kind, found.follows, found.payload) == (kind, "post-1", new.payload)


def test_it_is_written_with_a_poll(wire: SqlStore) -> None:
    later = batch("2")
    wire.commit(
        later.__class__(
            later.poll, later.articles, later.stories, later.alerts, (follow_delivery("f", REPLY, "post-1"),)
        )
    )
    assert keys(wire, DeliveryState.WAITING) == ["post-1", "f"]


@pytest.mark.parametrize("kind", list(DeliveryKind))
def test_follows_is_for_those_kinds_that_need_it(store: SqlStore, kind: DeliveryKind) -> None:
    summary = summary_post()
    payload = {
        DeliveryKind.DIGEST: digest("k"),
        DeliveryKind.NOTICE: notice_delivery("k").payload,
        DeliveryKind.SUMMARY: summary,
        DeliveryKind.CHART: chart_post(summary.summary, ZoneInfo("UTC"), "k"),
    }
    new = NewDelivery("desk", kind, payload.get(kind, message("k")), T0, follows="" if kind.follows else "post-1")
    with pytest.raises(ValueError, match="follows"):
        store.enqueue([new])


class TestWhatBecameOfThePost:
    def test_unknown(self, store: SqlStore) -> None:
        assert store.followed("nobody") is None

    def test_it_waits_then_is_sent(self, wire: SqlStore) -> None:
        assert wire.followed("post-1") == Followed(DeliveryState.WAITING, None)
        send(wire, "post-1")
        assert wire.followed("post-1") == Followed(DeliveryState.SENT, receipt("post-1"))

    def test_in_a_digest_it_is_the_digest_that_counts(self, wire: SqlStore) -> None:
        wire.replace_with_digest("desk", [d.id for d in wire.pending("desk", 9)], digest_delivery("d"))
        assert wire.followed("post-1") == Followed(DeliveryState.WAITING, None, folded=True)
        send(wire, "d")
        assert wire.followed("post-1") == Followed(DeliveryState.SENT, receipt("d"), folded=True)


class TestUpdates:
    def test_a_later_one_takes_the_place_of_one_that_waits(self, wire: SqlStore) -> None:
        wire.enqueue([follow_delivery("u1", UPDATE, "post-1"), follow_delivery("r1", REPLY, "post-1")])
        wire.enqueue([follow_delivery("other", UPDATE, "post-9"), follow_delivery("u2", UPDATE, "post-1")])
        assert keys(wire, DeliveryState.WAITING) == ["post-1", "r1", "other", "u2"]
        assert wire.enqueue([follow_delivery("u1", UPDATE, "post-1")]) == 0
        assert keys(wire, DeliveryState.WAITING) == ["post-1", "r1", "other", "u2"]

    def test_one_that_is_being_sent_or_was_sent_is_left_alone(self, wire: SqlStore) -> None:
        wire.enqueue([follow_delivery("u1", UPDATE, "post-1")])
        wire.mark_sending(wire.pending("desk", 9)[-1].id, T0)
        wire.enqueue([follow_delivery("u2", UPDATE, "post-1")])
        assert keys(wire, DeliveryState.SENDING, DeliveryState.WAITING) == ["post-1", "u1", "u2"]

    def test_they_go_into_the_digest_with_their_alert_and_answers_stay(self, wire: SqlStore) -> None:
        (alert,) = wire.pending("desk", 9)
        wire.enqueue([follow_delivery("u1", UPDATE, "post-1"), follow_delivery("r1", REPLY, "post-1")])
        wire.replace_with_digest("desk", [alert.id], digest_delivery("d"))
        assert keys(wire, DeliveryState.WAITING) == ["r1", "d"]

    def test_one_with_nothing_left_to_change_is_dropped_for_good(self, wire: SqlStore) -> None:
        wire.enqueue([follow_delivery("u1", UPDATE, "post-1")])
        update = wire.pending("desk", 9)[-1]
        wire.mark_dropped(update.id, "the post was deleted")
        (found,) = wire.deliveries([DeliveryState.DROPPED], 9)
        assert (found.payload.key, found.last_error) == ("u1", "the post was deleted")
        assert wire.unpark(None, T0) == 0
        assert wire.counts()["deliveries.dropped"] == 1
        with pytest.raises(StoreError, match="is dropped already"):
            wire.mark_sending(update.id, T0)


class TestWhatStandsBehindAPost:
    def test_unknown(self, store: SqlStore) -> None:
        assert store.alert_of_delivery("nobody") is None

    def test_the_message_and_its_alerts(self, wire: SqlStore) -> None:
        found = wire.alert_of_delivery("post-1")
        assert found is not None
        assert (found.key, found.channel, found.kind) == ("post-1", "desk", DeliveryKind.ALERT)
        assert (found.payload, found.alert_ids) == (message("post-1"), ("alert-key-1",))

    def test_what_it_shows_now(self, wire: SqlStore) -> None:
        """After an update that was sent; one that waits does not show."""
        wire.enqueue([follow_delivery("u1", UPDATE, "post-1", sources=2)])
        send(wire, "post-1")
        send(wire, "u1")
        wire.enqueue([follow_delivery("u2", UPDATE, "post-1", sources=5)])
        found = wire.alert_of_delivery("post-1")
        assert found is not None
        assert isinstance(found.payload, Message)
        assert (found.payload.sources, found.alert_ids) == (2, ("alert-key-1",))

    def test_a_digest_stands_for_all_its_alerts(self, wire: SqlStore) -> None:
        wire.commit(batch("2"))
        wire.replace_with_digest("desk", [d.id for d in wire.pending("desk", 9)], digest_delivery("d"))
        found = wire.alert_of_delivery("d")
        assert found is not None
        assert (found.payload, found.alert_ids) == (digest("d"), ("alert-key-1", "alert-key-2"))
        folded = wire.alert_of_delivery("post-2")
        assert folded is not None
        assert folded.alert_ids == ("alert-key-2",)


def test_retention_takes_what_was_dropped_or_replaced(wire: SqlStore) -> None:
    wire.enqueue([follow_delivery(f"u{n}", UPDATE, "post-1", alert_ids=("alert-key-1",)) for n in (1, 2, 3)])
    send(wire, "post-1")
    wire.mark_dropped(wire.pending("desk", 9)[-1].id, "the post was deleted")
    assert wire.purge(minutes(60 * 24 * 200)) == 1
    assert wire.counts()["deliveries"] == 0


def test_an_outbox_of_an_earlier_version_is_read_as_it_was_meant(file: Path) -> None:
    """Its messages know nothing of stories and answers, and follow nothing."""
    url = f"sqlite:///{file}"
    engine = create_engine(url)
    with engine.begin() as connection:
        migrations.upgrade(connection, "r0002")
        connection.execute(
            text(
                "INSERT INTO deliveries (key, channel, kind, payload, state, attempts, created_at, last_error) VALUES"
                " ('k', 'desk', 'alert', :payload, 'waiting', 0, 1, '')"
            ),
            {
                "payload": '{"key":"k","alert_id":"a","severity":4,"headline":"H","url":"","source":"S",'
                '"published":"2026-09-01T06:30:00Z","dated":true,"passage":[],"countries":[],"rules":[],"fallback":"F"}'
            },
        )
    engine.dispose()
    store = SqlStore(url)
    store.upgrade()
    store.open()
    try:
        (found,) = store.pending("desk", 9)
    finally:
        store.close()
    assert (found.follows, found.payload.key) == ("", "k")
    assert isinstance(found.payload, Message)
    assert (found.payload.also, found.payload.sources, found.payload.retracted) == ((), 1, "")


def test_the_channels_that_something_waits_for_are_known(wire: SqlStore) -> None:
    wire.enqueue([alert_delivery("k1", "dm:slack.default:U0ANNA0001"), notice_delivery("n1")])
    assert wire.pending_channels() == ("desk", "dm:slack.default:U0ANNA0001", "ops")
    send(wire, "post-1")
    assert wire.pending_channels() == ("dm:slack.default:U0ANNA0001", "ops")
