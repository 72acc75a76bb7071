"""Subscriptions, and what goes on between polls: on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.polling.rhythm import Rhythm
from bot.roster.state import Memory, SourceState, Standing
from bot.store.base import Batch
from bot.store.sources_port import NEVER
from bot.store.sql import SqlStore
from bot.store.websub_port import Push
from bot.websub import subscription as life
from bot.websub.offer import Offer
from bot.websub.subscription import Subscription
from tests.store.samples import T0, alert, article, batch, minutes, poll, source

OFFER = Offer(("https://hub.example/", "https://other.example/"), "https://wire.example/feed.xml")


def begun(source_id: str = "wire") -> Subscription:
    return life.begin(source_id, OFFER, "https://bot.example/websub", T0, trusted=False)


def test_subscriptions_come_back_as_they_went_in(store: SqlStore) -> None:
    first, other = begun(), begun("other")
    live = life.pushed(life.confirmed(life.asked(first, T0), 3600, minutes(1)), minutes(2))
    denied = life.denied(life.asked(other, T0), "no \ud800\0 thanks", minutes(3))
    store.keep_subscriptions([first, other])
    store.keep_subscriptions([live, denied])
    found = {one.source_id: one for one in store.subscriptions()}
    assert found["wire"] == live
    assert found["other"].secret == other.secret
    assert found["other"].reason.startswith("no ")


def test_what_is_gone_is_forgotten_and_the_rest_stays(store: SqlStore) -> None:
    first, second = begun(), begun()
    store.keep_subscriptions([first])
    store.keep_subscriptions([second], [first.token, "unknown"])
    assert store.subscriptions() == (second,)
    store.keep_subscriptions([], [second.token])
    assert store.subscriptions() == ()


def test_a_look_shows_what_a_lease_would_hold_and_leases_nothing(store: SqlStore) -> None:
    store.sync_sources([source(), source("off", enabled=False)], T0, {})
    memory = Memory(Rhythm(7.5, 100.0, 60.0, minutes(-99), minutes(-1)))
    standing = Standing(SourceState.SLOW, "late")
    store.commit(Batch(poll(memory=memory, standing=standing, next_poll_at=minutes(5))))
    seen = store.look("wire")
    assert seen is not None
    assert (seen.memory, seen.standing, seen.first) == (memory, standing, False)
    assert store.lease_due(minutes(5), 1, minutes(9)) == (seen,)
    assert store.look("off") is None
    assert store.look("unknown") is None


def test_sources_are_hastened_and_never_put_off(store: SqlStore) -> None:
    store.sync_sources([source(), source("late"), source("gone")], T0, {})
    for name, due in (("wire", minutes(5)), ("late", minutes(60)), ("gone", NEVER)):
        store.commit(Batch(poll(source_id=name, next_poll_at=due)))
    store.hasten(dict.fromkeys(("wire", "late", "gone", "unknown"), minutes(30)))
    due_at = {s.source_id: s.next_poll_at for s in store.source_statuses()}
    assert due_at == {"wire": minutes(5), "late": minutes(30), "gone": None}


def test_a_push_is_no_poll(store: SqlStore) -> None:
    """It brings articles and counts them; when and how the source is polled stays as it was."""
    store.sync_sources([source()], T0, {})
    store.commit(Batch(poll(outcome="timeout", error="late", next_poll_at=minutes(40))))
    (before,) = store.source_statuses()
    memory = Memory(Rhythm(2.0, 10.0, 5.0, minutes(-9), minutes(3)))
    news = article("pushed")
    push = Push("wire", minutes(3), 1, memory)
    pushed = replace(batch(), poll=push, articles=(news,), stories={news.key: ("s", "new")}, alerts=(alert(news),))
    assert store.commit(pushed) == (news.key,)
    assert store.commit(pushed) == ()
    (after,) = store.source_statuses()
    assert after == replace(before, items_total=before.items_total + 2, latest_item=minutes(3))
    seen = store.look("wire")
    assert seen is not None
    assert (seen.memory, seen.failures) == (memory, 1)


def test_a_push_of_a_source_that_went_meanwhile_is_passed_over(store: SqlStore) -> None:
    assert store.commit(Batch(Push("unknown", T0, 0, Memory()))) == ()


@pytest.mark.parametrize("lease_s", [1, 3600, 10**9])
def test_a_lease_is_bounded_and_renewed_before_its_end(lease_s: int) -> None:
    live = life.confirmed(life.asked(begun(), T0), lease_s, T0)
    assert live.lease_until is not None
    assert timedelta(minutes=1) <= live.lease_until - T0 <= life.LEASE_MAX
    assert T0 < live.due < live.lease_until
