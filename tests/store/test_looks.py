"""Looks at the pages of alerts, in every store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.message import DeliveryKind, DeliveryState
from bot.store.looks_port import Look
from bot.store.noise_port import DecisionRow
from bot.store.sql import SqlStore
from tests.store.samples import T0, batch, follow_delivery, minutes, receipt, source

HOUR = timedelta(hours=1)
AFTER = (HOUR, 6 * HOUR)


@pytest.fixture
def wire(store: SqlStore) -> SqlStore:
    """A store with two alerts, of which the first was sent."""
    store.sync_sources([source()], T0, {})
    store.commit(batch("1", "2"))
    first = store.deliveries([DeliveryState.WAITING], 10)[0]
    store.mark_sending(first.id, T0)
    store.mark_sent(first.id, receipt(first.payload.key))
    return store


def due(store: SqlStore, at_minutes: float) -> list[str]:
    return [look.alert_id for look in store.looks_due(minutes(at_minutes), AFTER, HOUR, 10)]


def test_what_was_sent_is_due_at_its_times_each_once(wire: SqlStore) -> None:
    (alert,) = wire.alerts(["alert-key-1"])
    made = (alert.created_at - T0) / timedelta(minutes=1)
    assert due(wire, made + 59) == []
    (look,) = wire.looks_due(minutes(made + 60), AFTER, HOUR, 10)
    assert look == Look("alert-key-1", "wire", alert.article.url, alert.created_at, None)
    wire.looked("alert-key-1", 1, minutes(made + 60), None)
    assert due(wire, made + 359) == []
    assert due(wire, made + 360) == ["alert-key-1"]
    wire.looked("alert-key-1", 2, minutes(made + 360), None)
    assert due(wire, made + 1_000) == []


def test_a_page_that_was_not_found_is_due_again_before_its_time(wire: SqlStore) -> None:
    wire.looked("alert-key-1", 1, minutes(60), minutes(60))
    assert due(wire, 119) == []
    assert due(wire, 120) == ["alert-key-1"]
    (look,) = wire.looks_due(minutes(120), AFTER, HOUR, 10)
    assert look.missing_since == minutes(60)
    wire.looked("alert-key-1", 1, minutes(120), None)  # it was a slip
    assert due(wire, 180) == []


def test_what_is_gone_is_noted_with_its_answers_and_never_due_again(wire: SqlStore) -> None:
    row = DecisionRow("alert-key-1", "key-1", "desk", "reply", "gone", minutes(60))
    post = wire.deliveries([DeliveryState.SENT], 10)[0]
    answer = follow_delivery("gone-1", DeliveryKind.REPLY, post.payload.key)
    wire.take_down("alert-key-1", "taken down", minutes(60), (answer,), (row,))
    assert due(wire, 120) == due(wire, 360) == []
    assert [d.payload.key for d in wire.deliveries([DeliveryState.WAITING], 10)][-1] == "gone-1"
    assert wire.decisions("key-1")[-1] == row


def test_old_alerts_and_purged_ones_are_left_alone(wire: SqlStore) -> None:
    assert due(wire, 60 * 24 * 30) == []
    wire.purge(minutes(60 * 24 * 30))
    wire.looked("alert-key-1", 1, minutes(60), None)
    wire.take_down("alert-key-1", "taken down", minutes(60), (), ())
    assert due(wire, 60) == []
