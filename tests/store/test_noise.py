"""Decisions, mutes and holds, in every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import StoreError
from bot.message import DeliveryState
from bot.model import HoldReason, Mute, MuteKind
from bot.store.noise_port import DecisionRow, NewHold, NewMute
from bot.store.sql import SqlStore
from tests.store.conftest import MakeStore
from tests.store.samples import T0, alert, article, batch, digest_delivery, minutes, receipt, source


@pytest.fixture
def wire(store: SqlStore) -> SqlStore:
    """A store that knows the source ``wire``."""
    store.sync_sources([source()], T0, {})
    return store


def hold(name: str, channel: str = "desk", **changes: object) -> NewHold:
    fields: dict[str, object] = {"reason": HoldReason.QUIET, "by": "night", "held_at": T0, "release_at": minutes(60)}
    return NewHold(f"alert-key-{name}", channel, **{**fields, **changes})  # type: ignore[arg-type]


def mute(**changes: object) -> NewMute:
    fields: dict[str, object] = {
        "kind": MuteKind.RULE,
        "value": "arms-deal",
        "channel": "desk",
        "created_at": T0,
        "expires_at": minutes(60),
        "author": "slack.default:U1 (ann)",
        "comment": "an exercise",
    }
    return NewMute(**{**fields, **changes})  # type: ignore[arg-type]


class TestDecisions:
    def test_an_article_has_its_decisions_in_order(self, wire: SqlStore) -> None:
        made = (
            DecisionRow("alert-key-1", "key-1", "desk", "hold", "quiet hours", T0),
            DecisionRow("alert-key-1", "key-1", "intel", "send", "a new story here", T0),
            DecisionRow("alert-key-1", "key-1", "desk", "released", "in the digest at 07:00", minutes(60)),
        )
        wire.commit(replace(batch("1", "2"), decisions=made))
        assert wire.decisions("key-1") == made
        assert wire.decisions("key-2") == ()

    def test_the_same_batch_twice_decides_once(self, wire: SqlStore) -> None:
        one = replace(batch("1"), decisions=(DecisionRow("", "key-1", "desk", "send", "new", T0),))
        wire.commit(one)
        wire.commit(one)
        assert len(wire.decisions("key-1")) == 1

    def test_a_decision_on_an_article_that_is_not_stored_is_passed_over(self, wire: SqlStore) -> None:
        wire.commit(replace(batch("1"), decisions=(DecisionRow("", "key-9", "desk", "send", "new", T0),)))
        assert wire.decisions("key-9") == ()


class TestAlerts:
    def test_an_alert_comes_back_as_it_was_made(self, wire: SqlStore) -> None:
        made = batch("1", "2")
        wire.commit(made)
        found = wire.alerts(["alert-key-2", "alert-key-1", "alert-key-9"])
        assert [a.id for a in found] == ["alert-key-1", "alert-key-2"]
        assert found[0].article == made.alerts[0].article
        assert found[0].matches == made.alerts[0].matches
        assert found[0].story.id == made.alerts[0].story.id
        assert found[0].countries == made.alerts[0].countries


class TestMutes:
    def test_a_mute_is_in_force_until_it_expires(self, store: SqlStore) -> None:
        made = store.add_mute(mute())
        assert made == Mute(
            made.id,
            MuteKind.RULE,
            "arms-deal",
            "desk",
            T0,
            minutes(60),
            "slack.default:U1 (ann)",
            "an exercise",
        )
        assert store.mutes(minutes(59)) == (made,)
        assert store.mutes(minutes(60)) == ()
        assert store.mutes(minutes(60), include_expired=True) == (made,)

    def test_a_mute_without_an_end_is_in_force_until_it_is_removed(self, store: SqlStore) -> None:
        made = store.add_mute(mute(expires_at=None, channel=None))
        assert store.mutes(minutes(10**6)) == (made,)
        assert store.remove_mute(made.id, minutes(5), "discord.default:7 (bob)")
        assert store.mutes(minutes(5)) == ()
        assert store.mutes(minutes(5), include_expired=True) == (replace(made, expires_at=minutes(5)),)

    def test_what_has_ended_cannot_be_removed(self, store: SqlStore) -> None:
        made = store.add_mute(mute())
        assert not store.remove_mute(made.id, minutes(60), "ann")
        assert not store.remove_mute(made.id + 1, T0, "ann")

    def test_mutes_survive_a_restart(self, make_store: MakeStore) -> None:
        made = make_store().add_mute(mute())
        assert make_store().mutes(T0) == (made,)


class TestHolds:
    def test_a_batch_holds_alerts(self, wire: SqlStore) -> None:
        wire.commit(replace(batch("1", "2"), holds=(hold("1"), hold("2", "intel", release_at=None))))
        one, two = wire.held()
        assert (one.alert_id, one.channel, one.reason, one.by) == ("alert-key-1", "desk", HoldReason.QUIET, "night")
        assert (one.held_at, one.release_at) == (T0, minutes(60))
        assert (two.channel, two.release_at) == ("intel", None)
        assert wire.held("intel") == (two,)

    def test_the_same_batch_twice_holds_once(self, wire: SqlStore) -> None:
        one = replace(batch("1"), holds=(hold("1"),))
        wire.commit(one)
        before = wire.held()
        wire.commit(one)
        assert wire.held() == before

    def test_an_alert_that_lost_to_another_poll_is_not_held(self, wire: SqlStore) -> None:
        wire.commit(batch("1"))
        late = replace(batch("1"), alerts=(alert(article("1"), "late"),), holds=(replace(hold("1"), alert_id="late"),))
        wire.commit(late)
        assert wire.held() == ()

    def test_a_later_hold_replaces_the_reason(self, wire: SqlStore) -> None:
        wire.commit(replace(batch("1"), holds=(hold("1", reason=HoldReason.CORROBORATION, by="arms-deal"),)))
        wire.commit(replace(batch("2"), holds=(hold("1", by="22:00 to 07:00"),)))
        (found,) = wire.held()
        assert (found.reason, found.by) == (HoldReason.QUIET, "22:00 to 07:00")

    def test_what_was_released_is_held_again_only_for_what_an_edit_adds(self, wire: SqlStore) -> None:
        first = replace(batch("1"), deliveries=(), holds=(hold("1"),))
        wire.commit(first)
        wire.release([h.id for h in wire.held()], None, ())
        wire.commit(replace(first, holds=(hold("1", held_at=minutes(5)),)))
        assert wire.held() == ()
        again = replace(first, holds=(hold("1", held_at=minutes(5), adds=("Edited by Wire",)),))
        wire.commit(again)
        (found,) = wire.held()
        assert (found.held_at, found.adds) == (minutes(5), ("Edited by Wire",))
        wire.release([found.id], None, ())
        wire.commit(again)  # the same batch twice
        assert wire.held() == ()

    def test_a_release_enqueues_what_they_come_in(self, wire: SqlStore) -> None:
        wire.commit(replace(batch("1", "2", alerts=True), deliveries=(), holds=(hold("1"), hold("2"))))
        ids = [h.id for h in wire.held()]
        row = DecisionRow("alert-key-1", "key-1", "desk", "released", "in a digest", minutes(60))
        digest = digest_delivery("d", alert_ids=("alert-key-1", "alert-key-2"))
        wire.release(ids, digest, (row,))
        assert wire.held() == ()
        assert [d.payload.key for d in wire.pending("desk", 9)] == ["d"]
        assert wire.decisions("key-1") == (row,)

    def test_a_release_happens_once(self, wire: SqlStore) -> None:
        wire.commit(replace(batch("1", "2"), deliveries=(), holds=(hold("1"), hold("2"))))
        one, two = wire.held()
        wire.release([one.id], digest_delivery("d", alert_ids=("alert-key-1",)), ())
        with pytest.raises(StoreError, match="held any more"):
            wire.release([one.id, two.id], digest_delivery("e", alert_ids=("alert-key-2",)), ())
        assert wire.held() == (two,)
        assert [d.payload.key for d in wire.pending("desk", 9)] == ["d"]

    def test_what_was_released_is_not_held_again(self, wire: SqlStore) -> None:
        one = replace(batch("1"), deliveries=(), holds=(hold("1"),))
        wire.commit(one)
        wire.release([h.id for h in wire.held()], None, ())
        wire.commit(one)
        assert wire.held() == ()

    def test_what_is_held_outlives_the_retention(self, wire: SqlStore) -> None:
        wire.commit(replace(batch("1", "2"), holds=(hold("1"),)))
        for delivery in wire.deliveries([DeliveryState.WAITING], 9):
            wire.mark_sent(delivery.id, receipt(delivery.payload.key))
        assert wire.purge(minutes(1)) == 1
        assert len(wire.held()) == 1
        wire.release([h.id for h in wire.held()], None, ())
        assert wire.purge(minutes(1)) == 1
