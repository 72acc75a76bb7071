"""Deliveries that change or answer an earlier post, against a scripted channel on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.base import Capabilities
from bot.delivery.queue_worker import BATCH, LOOK_AGAIN_S
from bot.delivery.verdicts import FOLD_AFTER, Footing, Verdict, footing, lag, verdict
from bot.message import DeliveryKind, DeliveryState, Message, Receipt
from bot.store.outbox_port import Delivery, Followed
from tests.fakes.channel import FakeChannel, Step
from tests.fakes.delivering import Bench, follow, message
from tests.fakes.virtual_time import START
from tests.properties import examples

UPDATE, REPLY, RAISE = DeliveryKind.UPDATE, DeliveryKind.REPLY, DeliveryKind.RAISE
WAITING, SENT, PARKED, DROPPED = (
    DeliveryState.WAITING,
    DeliveryState.SENT,
    DeliveryState.PARKED,
    DeliveryState.DROPPED,
)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    if made.running:
        await made.kill()


def headlines(desk: FakeChannel) -> list[str]:
    return [post.payload.headline for post in desk.history if isinstance(post.payload, Message)]


def done(bench: Bench) -> bool:
    return not {WAITING, DeliveryState.SENDING} & set(bench.outbox.states())


# -- decisions ------------------------------------------------------------------------------------------------------

PROOF = Receipt("desk", "desk-1", "0", START)
CAN = Capabilities(readable=True, edits=True, replies=True)
PLAIN = Capabilities()


@pytest.mark.parametrize(
    ("kind", "post", "can", "expected"),
    [
        (UPDATE, Followed(SENT, PROOF), CAN, Footing.THERE),
        (UPDATE, Followed(SENT, PROOF), PLAIN, Footing.UNCHANGEABLE),
        (UPDATE, Followed(SENT, PROOF, folded=True), CAN, Footing.FOLDED),
        (UPDATE, Followed(WAITING, None, folded=True), CAN, Footing.FOLDED),
        (UPDATE, Followed(WAITING, None), CAN, Footing.NOT_YET),
        (UPDATE, Followed(PARKED, None), CAN, Footing.PARKED),
        (UPDATE, Followed(DROPPED, None), CAN, Footing.GONE),
        (UPDATE, None, CAN, Footing.GONE),
        (REPLY, Followed(SENT, PROOF), CAN, Footing.THERE),
        (RAISE, Followed(SENT, PROOF), PLAIN, Footing.THERE),
        (REPLY, Followed(SENT, PROOF, folded=True), CAN, Footing.THERE),
        (REPLY, Followed(WAITING, None, folded=True), CAN, Footing.NOT_YET),
        (RAISE, Followed(DeliveryState.SENDING, None), CAN, Footing.NOT_YET),
        (RAISE, Followed(PARKED, None), CAN, Footing.PARKED),
        (REPLY, None, CAN, Footing.ALONE),
    ],
)
def test_what_it_stands_on(kind: DeliveryKind, post: Followed | None, can: Capabilities, expected: Footing) -> None:
    delivery = Delivery(2, "desk", kind, message(2), WAITING, 0, None, START, follows="desk-1")
    assert footing(delivery, post, can) is expected
    assert expected.drops == (expected in (Footing.UNCHANGEABLE, Footing.FOLDED, Footing.GONE))


def test_an_uncertain_update_is_made_again_and_an_uncertain_reply_looked_up() -> None:
    update = Delivery(2, "desk", UPDATE, message(2), DeliveryState.SENDING, 1, None, START, follows="desk-1")
    reply = Delivery(2, "desk", REPLY, message(2), DeliveryState.SENDING, 1, None, START, follows="desk-1")
    assert verdict(update, readable=True, refused=False) is Verdict.REWRITE
    assert verdict(reply, readable=True, refused=False) is Verdict.LOOK_UP


def test_only_alerts_count_for_the_time_from_published_to_delivered() -> None:
    update = Delivery(2, "desk", UPDATE, message(2), SENT, 1, None, START, follows="desk-1")
    assert lag(update, PROOF) is None


# -- the ordinary way -----------------------------------------------------------------------------------------------


async def test_updates_change_the_post_and_answers_stand_under_it(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(1)
    bench.outbox.add(follow(10, UPDATE, 1, headline="Now with a second source"))
    bench.outbox.add(follow(11, REPLY, 1))
    bench.outbox.add(follow(12, RAISE, 1))
    bench.put(2)
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert [(p.key, p.under, p.aloud) for p in desk.history] == [
        ("desk-1", "", False),
        ("desk-11", "desk-1", False),
        ("desk-12", "desk-1", True),
        ("desk-2", "", False),
    ]
    assert headlines(desk)[0] == "Now with a second source"
    assert bench.outbox.receipts["desk-10"].ref == "0"
    assert bench.value("wirewatch_deliveries_total", channel="desk", outcome="sent") == 5


async def test_the_last_of_the_updates_that_wait_is_the_one_that_is_made(bench: Bench) -> None:
    desk = bench.channel(Step.LIMITED)
    bench.put(1)
    await bench.start()
    for n in (10, 11, 12):
        bench.outbox.add(follow(n, UPDATE, 1, headline=f"Version {n}"))
    await bench.time.until(bench.all_sent)
    assert desk.edits == ["desk-12"]
    assert headlines(desk) == ["Version 12"]


async def test_votes_that_are_given_while_a_post_is_rewritten_are_on_it(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(1)
    await bench.start()
    await bench.time.until(bench.all_sent)
    counts = iter([(1, 0), (1, 1)])
    desk.while_editing = lambda: bench.outbox.votes.update({"desk-1": next(counts, (1, 1))})
    bench.outbox.add(follow(10, UPDATE, 1, headline="Version 10"))
    assert bench.running is not None
    bench.running.notify()
    await bench.time.until(bench.all_sent)
    shown = desk.history[0].payload
    assert isinstance(shown, Message)
    assert (shown.headline, shown.useful, shown.noise) == ("Version 10", 1, 1)
    assert bench.outbox.receipts["desk-10"].ref == "0"


async def test_an_update_whose_place_is_taken_after_the_queue_was_read_holds_up_nothing(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(1)
    await bench.start()
    await bench.time.until(bench.all_sent)
    bench.outbox.add(follow(10, UPDATE, 1, headline="Version 10"))
    bench.put(2)
    bench.access.after_read = lambda: bench.outbox.add(follow(11, UPDATE, 1, headline="Version 11"))
    assert bench.running is not None
    bench.running.notify()
    began = bench.time.now
    await bench.time.until(bench.all_sent)
    assert desk.edits == ["desk-11"]
    assert (bench.time.now - began).total_seconds() < 1


async def test_an_update_of_a_deleted_post_is_dropped_with_its_reason(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(1)
    await bench.start()
    desk.deleted.add("desk-1")
    bench.outbox.add(follow(10, UPDATE, 1))
    bench.put(2)
    await bench.time.until(lambda: done(bench))
    assert bench.outbox.states() == [SENT, DROPPED, SENT]
    assert "deleted" in bench.outbox.rows[2].last_error
    assert bench.notices == []
    assert bench.value("wirewatch_deliveries_total", channel="desk", outcome="dropped") == 1


async def test_where_posts_cannot_be_changed_updates_are_dropped_without_a_try(bench: Bench) -> None:
    desk = bench.channels["desk"] = FakeChannel("desk", bench.time.clock, readable=False, edits=False)
    bench.put(1)
    bench.outbox.add(follow(10, UPDATE, 1))
    bench.outbox.add(follow(11, REPLY, 1))
    await bench.start()
    await bench.time.until(lambda: done(bench))
    assert bench.outbox.states() == [SENT, DROPPED, SENT]
    assert [key for _, key in desk.attempts] == ["desk-1", "desk-11"]


async def test_news_about_a_post_that_nobody_knows_any_more_is_posted_by_itself(bench: Bench) -> None:
    desk = bench.channel()
    bench.outbox.add(follow(10, UPDATE, 99))
    bench.outbox.add(follow(11, REPLY, 99))
    await bench.start()
    await bench.time.until(lambda: done(bench))
    assert bench.outbox.states() == [DROPPED, SENT]
    assert [(p.key, p.under) for p in desk.history] == [("desk-11", "")]


async def test_what_follows_a_parked_post_is_parked_with_it_and_told_once(bench: Bench) -> None:
    desk = bench.channel(Step.REFUSED)
    bench.put(1)
    for n, kind in ((10, UPDATE), (11, REPLY)):
        bench.outbox.add(follow(n, kind, 1))
    await bench.start()
    await bench.time.until(lambda: done(bench))
    assert bench.outbox.states() == [PARKED] * 3
    assert len(bench.notices) == 1
    assert len(desk.attempts) == 1
    bench.outbox.unpark()
    await bench.time.until(bench.all_sent)
    assert [(p.key, p.under) for p in desk.history] == [("desk-1", ""), ("desk-11", "desk-1")]


@pytest.mark.parametrize(
    ("step", "wait_s"), [(Step.LIMITED, 7), (Step.LOST, None), (Step.LOST_REPLY, None), (Step.BUG, None)]
)
@pytest.mark.parametrize("kind", [UPDATE, REPLY])
async def test_failures_are_waited_out_as_for_posts(
    bench: Bench, kind: DeliveryKind, step: Step, wait_s: float | None
) -> None:
    desk = bench.channel(Step.OK, step)
    bench.put(1)
    bench.outbox.add(follow(10, kind, 1))
    bench.put(2)
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == (["desk-1", "desk-2"] if kind is UPDATE else ["desk-1", "desk-10", "desk-2"])
    assert bench.time.now > START
    if wait_s is not None:
        assert bench.time.now == START + timedelta(seconds=wait_s)
    if kind is REPLY and step is not Step.LIMITED:
        assert desk.looked_under == ["desk-1"]


async def test_a_refused_reply_is_parked_and_the_rest_goes_on(bench: Bench) -> None:
    desk = bench.channel(Step.OK, Step.REFUSED)
    bench.put(1)
    bench.outbox.add(follow(10, REPLY, 1))
    bench.put(2)
    await bench.start()
    await bench.time.until(lambda: done(bench))
    assert bench.outbox.states() == [SENT, PARKED, SENT]
    assert desk.keys == ["desk-1", "desk-2"]
    assert len(bench.notices) == 1


# -- digests --------------------------------------------------------------------------------------------------------


async def test_after_an_outage_answers_go_under_the_digest_that_their_alert_went_into(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(*range(1, 31), at=START - 2 * FOLD_AFTER)
    bench.outbox.add(follow(100, UPDATE, 7))
    bench.outbox.add(follow(101, REPLY, 7))
    bench.outbox.add(follow(102, REPLY, 1))
    await bench.start()
    await bench.time.until(lambda: done(bench))
    assert [(p.key, p.under) for p in desk.history] == [
        ("desk-1", ""),
        ("desk-102", "desk-1"),
        ("digest-2", ""),
        ("desk-101", "digest-2"),
    ]
    assert "desk-100" not in desk.edits


async def test_many_answers_before_their_digest_do_not_hide_it(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(*range(1, 31), at=START - 2 * FOLD_AFTER)
    count = 3 * BATCH
    for n in range(count):
        bench.outbox.add(follow(1000 + n, REPLY, 2 + n % 28))
    await bench.start()
    await bench.time.until(lambda: done(bench))
    assert desk.keys[:2] == ["desk-1", "digest-2"]
    assert desk.keys[2:] == [f"desk-{1000 + n}" for n in range(count)]
    assert bench.time.now == START


async def test_what_waits_for_a_post_of_another_channel_is_not_asked_for_busily(bench: Bench) -> None:
    """Nothing makes such a delivery; if it is there, it does no harm."""
    bench.channel()
    bench.put(1, channel="off")
    bench.outbox.add(replace(follow(10, REPLY, 1), follows="off-1"))
    await bench.start()
    await bench.time.advance(300)
    assert len(bench.time.slept) <= 300 / LOOK_AGAIN_S + 1


# -- crashes --------------------------------------------------------------------------------------------------------

CALLS = st.lists(st.sampled_from([s for s in Step if s is not Step.REFUSED]), max_size=25)
FINDS = st.lists(st.sampled_from([Step.OK, Step.LOST, Step.LIMITED, Step.BUG, Step.HANG]), max_size=6)
FREEZES = st.lists(st.tuples(st.integers(1, 14), st.booleans()), max_size=6)
FOLLOWS = st.lists(st.tuples(st.sampled_from([UPDATE, REPLY, RAISE]), st.integers(1, 3)), min_size=1, max_size=6)


@settings(max_examples=examples(100))
@given(calls=CALLS, finds=FINDS, freezes=FREEZES, follows=FOLLOWS)
def test_whatever_fails_or_crashes_each_answer_is_there_once_and_each_post_shows_its_last_update(
    calls: list[Step], finds: list[Step], freezes: list[tuple[int, bool]], follows: list[tuple[DeliveryKind, int]]
) -> None:
    async def run() -> FakeChannel:
        bench = Bench()
        desk = bench.channel(*calls, finds=finds)
        bench.put(1, 2, 3)
        for n, (kind, of) in enumerate(follows):
            bench.outbox.add(follow(100 + n, kind, of, headline=f"Version {n}"))
        plan = list(freezes)
        while not bench.all_sent():
            if plan:
                bench.access.freeze_at, bench.access.freeze_after = plan.pop()
            await bench.start()
            ended = False
            while not ended:
                before = (len(desk.attempts), len(desk.looked_up))
                await bench.time.advance(301)
                ended = bench.all_sent() or bench.access.frozen or (len(desk.attempts), len(desk.looked_up)) == before
            await bench.kill()
        return desk

    desk = asyncio.run(run())
    answers = [(f"desk-{100 + n}", f"desk-{of}") for n, (kind, of) in enumerate(follows) if kind is not UPDATE]
    assert [(p.key, p.under) for p in desk.history if p.under] == answers
    assert [p.key for p in desk.history if not p.under] == ["desk-1", "desk-2", "desk-3"]
    for post in desk.history[:3]:
        updates = [n for n, (kind, of) in enumerate(follows) if kind is UPDATE and f"desk-{of}" == post.key]
        assert isinstance(post.payload, Message)
        assert post.payload.headline == (f"Version {updates[-1]}" if updates else f"Headline {post.key[5:]}")
