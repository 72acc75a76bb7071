"""The alerts that reached a channel, for reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.store.sql import SqlStore
from tests.store.samples import T0, alert, alert_delivery, article, batch, digest_delivery, minutes, receipt, source


@pytest.fixture
def wire(store: SqlStore) -> SqlStore:
    store.sync_sources([source()], T0, {})
    store.commit(batch("sent", "waits", "folded"))
    sent, _, folded = store.pending("desk", 9)
    store.mark_sent(sent.id, receipt("post-sent"))
    store.replace_with_digest("desk", [folded.id], digest_delivery("fold", "desk", ("alert-key-folded",)))
    return store


def test_what_was_posted_or_folded_into_a_digest_was_told(wire: SqlStore) -> None:
    told = wire.told(T0, minutes(1))
    assert [one.alert_id for one in told] == ["alert-key-folded", "alert-key-sent"]
    assert told[1].title == "Title of sent"
    assert told[1].lead == "Text of sent: Pyongyang ships ammunition. 🇰🇵"
    assert (told[1].source_id, told[1].rule_ids, told[1].at) == ("wire", ("arms-deal", "shipments"), T0)


def test_the_end_of_a_period_belongs_to_the_next_one(wire: SqlStore) -> None:
    assert wire.told(minutes(-10), T0) == ()
    assert len(wire.told(T0, minutes(1))) == 2


def test_alerts_are_found_by_id_whatever_became_of_them(wire: SqlStore) -> None:
    found = wire.told_of(["alert-key-waits", "alert-key-sent", "none"])
    assert [one.alert_id for one in found] == ["alert-key-sent", "alert-key-waits"]


def test_the_lead_of_a_long_text_is_enough(wire: SqlStore) -> None:
    long = article("long", text="word " * 1_000)
    made = replace(batch(), articles=(long,), alerts=(alert(long),))
    wire.commit(replace(made, deliveries=(alert_delivery("post-long", alert_ids=("alert-key-long",)),)))
    assert len(wire.told_of(["alert-key-long"])[0].lead) == 600
