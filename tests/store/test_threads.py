"""What is known of stories, in every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.follow.novelty import Facts
from bot.follow.numbers import Number
from bot.follow.thread import Marks, Thread
from bot.message import DeliveryKind, Digest, Message
from bot.model import HoldReason, Severity, Story
from bot.store.base import Batch
from bot.store.noise_port import NewHold
from bot.store.outbox_port import NewDelivery
from bot.store.sql import SqlStore
from tests.store.samples import T0, alert, alert_delivery, article, digest, follow_delivery, minutes, poll, source

STORY = "story \ud800 of two"
KNOWN = "story � of two"
DEAD = Facts((Number(12.0, "dead"),), frozenset({"KP"}), frozenset({"dorum"}))
HURT = Facts((Number(30.0, "hurt", True),), frozenset(), frozenset({"roe"}))


@pytest.fixture
def wire(store: SqlStore) -> SqlStore:
    store.sync_sources([source()], T0, {})
    return store


def of_story(*deliveries: NewDelivery, holds: tuple[NewHold, ...] = ()) -> Batch:
    """Two reports of one story, of which the first is alerted with a grave rule and one of no weight."""
    one, other = article("1"), article("2", source_name="")
    fired = replace(alert(one), story=Story(STORY, True, "new"))
    return Batch(
        poll=poll(),
        articles=(one, other),
        stories={one.key: (STORY, "new"), other.key: (STORY, "alike")},
        alerts=(fired,),
        deliveries=deliveries,
        holds=holds,
        marks={one.key: Marks("agency", False, DEAD, ("KP",)), other.key: Marks("", True, HURT)},
    )


def shown(key: str, severity: Severity, story_id: str = KNOWN) -> NewDelivery:
    made = digest(key, ("alert-key-1",))
    (line,) = made.lines
    listed: Digest = replace(made, lines=(replace(line, severity=severity, story_id=story_id),))
    return NewDelivery("desk", DeliveryKind.DIGEST, listed, T0, ("alert-key-1",))


def test_reports_facts_and_rules_of_a_story(wire: SqlStore) -> None:
    wire.commit(of_story())
    found = wire.threads([KNOWN, "unheard of"])
    assert found["unheard of"] == Thread("unheard of")
    thread = found[KNOWN]
    assert [(r.key, r.source_id, r.source_name, r.credit, r.copied) for r in thread.reports] == [
        ("key-1", "wire", "The Wire", "agency", False),
        ("key-2", "wire", "", "", True),
    ]
    assert thread.facts == DEAD | HURT
    assert thread.fired == {"arms-deal": T0, "shipments": T0}
    assert (thread.told, thread.held, thread.live) == ({}, (), False)


def test_a_post_stands_as_its_last_update_left_it(wire: SqlStore) -> None:
    alerted = alert_delivery("post", alert_ids=("alert-key-1",))
    follow = {"follows": "post", "alert_ids": ("alert-key-1",)}
    update = follow_delivery("up", DeliveryKind.UPDATE, headline="As it is now", severity=Severity.LOW, **follow)  # type: ignore[arg-type]
    answer = follow_delivery("re", DeliveryKind.REPLY, **follow)  # type: ignore[arg-type]
    wire.commit(of_story(alerted, update, answer))
    told = wire.threads([KNOWN])[KNOWN].told["desk"]
    assert (told.key, told.alert_id, told.article_key, told.following) == ("post", "alert-key-1", "key-1", 2)
    assert isinstance(told.message, Message)
    assert (told.message.headline, told.severity) == ("As it is now", Severity.LOW)


@pytest.mark.parametrize("severity", [Severity.LOW, Severity.CRITICAL])
def test_a_story_is_as_grave_as_the_digest_shows_it(wire: SqlStore, severity: Severity) -> None:
    wire.commit(of_story(shown("digest", severity)))
    told = wire.threads([KNOWN])[KNOWN].told["desk"]
    assert (told.key, told.message, told.severity) == ("digest", None, severity)
    follow = {"follows": "digest", "alert_ids": ("alert-key-1",), "severity": Severity.CRITICAL}
    wire.enqueue([follow_delivery("re", DeliveryKind.RAISE, **follow)])  # type: ignore[arg-type]
    assert wire.threads([KNOWN])[KNOWN].told["desk"].severity is Severity.CRITICAL


def test_a_digest_that_does_not_list_a_story_leaves_it_as_grave_as_its_alert(wire: SqlStore) -> None:
    wire.commit(of_story(shown("digest", Severity.LOW, "another")))
    assert wire.threads([KNOWN])[KNOWN].told["desk"].severity is Severity.HIGH


def test_what_waits_for_other_sources_comes_with_its_alert(wire: SqlStore) -> None:
    holds = tuple(
        NewHold("alert-key-1", channel, reason, "by", T0, minutes(9), adds)
        for channel, reason, adds in (
            ("desk", HoldReason.CORROBORATION, ()),
            ("intel", HoldReason.MUTED, ("New number: 12 killed",)),
        )
    )
    wire.commit(of_story(holds=holds))
    thread = wire.threads([KNOWN])[KNOWN]
    assert [(h.channel, h.reason, h.adds) for h in thread.held] == [
        ("desk", HoldReason.CORROBORATION, ()),
        ("intel", HoldReason.MUTED, ("New number: 12 killed",)),
    ]
    assert [(a.id, a.story.id) for a in thread.waiting] == [("alert-key-1", KNOWN)]
    assert thread.live
