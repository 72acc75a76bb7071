"""Delivering, against a scripted channel on a virtual clock. No test waits for real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery import queue_worker
from bot.delivery.deliver import Deliverer
from bot.delivery.queue_worker import LOOK_AGAIN_S
from bot.delivery.verdicts import FOLD_AFTER, Verdict, to_fold, verdict
from bot.errors import StoreError
from bot.health import Metrics
from bot.message import DeliveryKind, DeliveryState, Digest, Notice
from bot.store.outbox_port import Delivery, NewDelivery
from bot.store.sql import SqlStore
from bot.store.writer import StoreThread
from tests.databases import put_store
from tests.fakes.channel import REFUSAL, RETRY_AFTER_S, FakeChannel, Step
from tests.fakes.delivering import Bench, alert, digest_of, message
from tests.fakes.virtual_time import START, VirtualTime, eventually
from tests.properties import examples

FULL_DISK = StoreError("store wirewatch.db: the disk is full; make room")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    if made.running:
        await made.kill()


# -- the ordinary way -----------------------------------------------------------------------------------------------


async def test_what_waits_is_sent_in_order_and_recorded(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(*range(120))
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == [f"desk-{n}" for n in range(120)]
    assert [bench.outbox.receipts[key].ref for key in desk.keys] == [str(n) for n in range(120)]
    assert desk.looked_up == []
    assert bench.time.now == START


async def test_a_commit_wakes_its_channel_at_once(bench: Bench) -> None:
    desk = bench.channel()
    deliverer = await bench.start()
    bench.put(1)
    deliverer.notify("desk")
    await bench.time.settle()
    assert desk.keys == ["desk-1"]
    assert bench.time.now == START


async def test_what_another_process_set_free_is_seen_within_half_a_minute(bench: Bench) -> None:
    desk = bench.channel()
    await bench.start()
    bench.put(1)
    await bench.time.advance(LOOK_AGAIN_S)
    assert desk.keys == ["desk-1"]


async def test_an_idle_channel_does_not_poll_busily(bench: Bench) -> None:
    bench.channel()
    await bench.start()
    await bench.time.advance(300)
    assert len(bench.time.slept) <= 300 / LOOK_AGAIN_S + 1


async def test_each_kind_of_payload_goes_through_its_own_method(bench: Bench) -> None:
    desk = bench.channel()
    notice = Notice("n1", "A source is dead", "It answered 410")
    bench.outbox.add(NewDelivery("desk", DeliveryKind.NOTICE, notice, START))
    bench.outbox.add(replace(digest_of([bench.outbox.rows[1]], START), payload=Digest("d1", "t", "r", (), 0, START)))
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert [type(post.payload) for post in desk.history] == [Notice, Digest]


async def test_the_lag_is_measured_where_the_publisher_gave_a_date(bench: Bench) -> None:
    bench.channel()
    bench.put(1)
    bench.outbox.add(NewDelivery("desk", DeliveryKind.ALERT, message(2, dated=False), START))
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert bench.value("wirewatch_lag_seconds_count", channel="desk") == 1
    assert bench.value("wirewatch_lag_seconds_sum", channel="desk") == 90
    assert bench.value("wirewatch_deliveries_total", channel="desk", outcome="sent") == 2
    assert bench.value("wirewatch_queue_depth", channel="desk") == 0


async def test_the_queue_depth_counts_more_than_one_batch(bench: Bench) -> None:
    bench.channel().down = Step.LOST
    bench.put(*range(130))
    await bench.start()
    await bench.time.advance(2)
    assert bench.value("wirewatch_queue_depth", channel="desk") == 130


# -- failures that pass ---------------------------------------------------------------------------------------------


async def test_a_rate_limit_is_waited_out_exactly_and_needs_no_look_up(bench: Bench) -> None:
    desk = bench.channel(Step.OK, Step.LIMITED)
    bench.put(1, 2, 3)
    await bench.start()
    await bench.time.until(bench.all_sent)
    limited = START + timedelta(seconds=RETRY_AFTER_S)
    assert desk.attempts == [(START, "desk-1"), (START, "desk-2"), (limited, "desk-2"), (limited, "desk-3")]
    assert desk.looked_up == []
    assert bench.value("wirewatch_deliveries_total", channel="desk", outcome="rate_limited") == 1


async def test_posts_keep_the_distance_that_the_platform_wants_and_the_first_does_not_wait(bench: Bench) -> None:
    desk, other = bench.channel(Step.OK, Step.LOST, pace_s=1.5), bench.channel(name="other")
    bench.put(1, 2, 3)
    bench.put(1, 2, 3, channel="other")
    deliverer = await bench.start()
    deliverer.notify()  # being woken does not shorten it
    await bench.time.until(bench.all_sent)
    times = [at for at, _ in desk.attempts]
    assert times[0] == START
    assert all(later - at >= timedelta(seconds=1.5) for at, later in pairwise(times))
    assert [at for at, _ in other.attempts] == [START] * 3


async def test_a_look_up_reads_no_further_back_than_the_delivery(bench: Bench) -> None:
    desk = bench.channel(Step.LOST_REPLY)
    bench.put(1, at=START - timedelta(hours=2))
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.looked_back == [START - timedelta(hours=2)]
    assert desk.keys == ["desk-1"]


async def test_a_rate_limit_holds_the_whole_channel_even_for_what_comes_first(bench: Bench) -> None:
    desk = bench.channel(Step.REFUSED, Step.LIMITED)
    bench.put(1, 2)
    deliverer = await bench.start()
    bench.outbox.unpark()  # number 1 is first in line again, and must wait all the same
    deliverer.notify()
    await bench.time.advance(RETRY_AFTER_S - 1)
    assert desk.keys == []
    await bench.time.advance(2)
    assert desk.keys == ["desk-1", "desk-2"]


async def test_a_channel_that_is_down_holds_up_no_other(bench: Bench) -> None:
    desk, other = bench.channel(), bench.channel(name="other")
    desk.down = Step.LOST
    bench.put(1, 2)
    bench.put(1, 2, channel="other")
    await bench.start()
    assert other.keys == ["other-1", "other-2"]
    assert desk.keys == []
    desk.down = None
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1", "desk-2"]


async def test_new_alerts_do_not_shorten_the_backoff(bench: Bench) -> None:
    desk = bench.channel()
    desk.down = Step.LOST
    bench.put(1)
    deliverer = await bench.start()
    for number in range(2, 50):
        bench.put(number)
        deliverer.notify("desk")
        await bench.time.settle()
    assert len(desk.attempts) == 1


async def test_waits_grow_up_to_five_minutes_and_never_end(bench: Bench) -> None:
    desk = bench.channel()
    desk.down = Step.LOST
    bench.put(1)
    await bench.start()
    await bench.time.advance(86_400)
    assert 86_400 / 300 < len(desk.looked_up) < 86_400 / 150 + 20
    assert bench.outbox.states() == [DeliveryState.WAITING]
    assert bench.outbox.rows[1].last_error == "the connection broke"


async def test_a_lost_answer_is_looked_up_and_not_posted_again(bench: Bench) -> None:
    desk = bench.channel(Step.LOST_REPLY)
    bench.put(1, 2)
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1", "desk-2"]
    assert desk.looked_up == ["desk-1"]
    assert bench.outbox.receipts["desk-1"].ref == "0"
    assert bench.value("wirewatch_deliveries_total", channel="desk", outcome="found") == 1


async def test_a_lost_answer_repeats_the_post_where_the_channel_cannot_be_read(bench: Bench) -> None:
    hook = bench.channel(Step.LOST_REPLY, readable=False)
    bench.put(1, 2)
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert hook.keys == ["desk-1", "desk-1", "desk-2"]
    assert hook.looked_up == []


async def test_a_failing_look_up_is_tried_again_before_anything_is_posted(bench: Bench) -> None:
    desk = bench.channel(Step.LOST_REPLY, finds=[Step.LIMITED, Step.LOST, Step.OK])
    bench.put(1)
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1"]
    assert len(desk.looked_up) == 3


async def test_a_bug_in_a_channel_is_retried_and_ends_nothing(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    desk = bench.channel(Step.BUG, Step.BUG_AFTER)
    bench.put(1, 2)
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1", "desk-2"]
    assert bench.value("wirewatch_deliveries_total", channel="desk", outcome="bug") == 2
    assert "a bug in the channel" in capsys.readouterr().err


async def test_a_channel_that_never_answers_is_given_up_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_worker, "POST_DEADLINE_S", 0.001)
    desk = bench.channel(Step.HANG_AFTER)
    bench.put(1)
    await bench.start()
    await eventually(lambda: bench.outbox.rows[1].state is DeliveryState.WAITING)
    assert "no end of the post" in bench.outbox.rows[1].last_error
    monkeypatch.undo()
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1"]


# -- starting a channel ---------------------------------------------------------------------------------------------


async def test_a_channel_that_cannot_start_is_tried_again_before_anything_is_sent(bench: Bench) -> None:
    desk = bench.channel(starts=[Step.LOST, Step.BUG, Step.LIMITED])
    other = bench.channel(name="other")
    bench.put(1)
    bench.put(1, channel="other")
    await bench.start()
    assert (desk.started, desk.attempts, other.keys) == (0, [], ["other-1"])
    await bench.time.until(bench.all_sent)
    assert (desk.started, desk.keys) == (1, ["desk-1"])


async def test_a_refused_start_is_told_once_and_parks_nothing(bench: Bench) -> None:
    bench.channel(starts=[Step.REFUSED] * 5)
    bench.put(1)
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert bench.notices == [("desk", f"{REFUSAL}; invite the bot again")]


# -- refusals -------------------------------------------------------------------------------------------------------


async def test_a_permanent_refusal_parks_one_and_goes_on(bench: Bench) -> None:
    desk = bench.channel(Step.REFUSED)
    bench.put(1, 2)
    await bench.start()
    assert bench.outbox.states() == [DeliveryState.PARKED, DeliveryState.SENT]
    assert bench.outbox.rows[1].last_error == f"{REFUSAL}; invite the bot again"
    assert desk.keys == ["desk-2"]
    assert bench.time.now == START


async def test_the_operators_hear_of_a_reason_once_until_the_channel_works_again(bench: Bench) -> None:
    bench.channel(Step.REFUSED, Step.REFUSED, Step.REFUSED, Step.OK, Step.REFUSED)
    bench.put(1, 2, 3, 4, 5)
    await bench.start()
    await bench.time.advance(60)
    assert bench.notices == [("desk", f"{REFUSAL}; invite the bot again")] * 2


async def test_refusals_in_a_row_come_ever_more_slowly(bench: Bench) -> None:
    desk = bench.channel()
    desk.down = Step.REFUSED
    bench.put(*range(1_000))
    await bench.start()
    await bench.time.advance(600)
    assert 5 < len(desk.attempts) < 20
    desk.down = None
    await bench.time.advance(301)
    assert DeliveryState.SENT in bench.outbox.states()


async def test_a_parked_delivery_that_is_set_free_is_looked_up_first(bench: Bench) -> None:
    desk = bench.channel(Step.REFUSED)
    bench.put(1)
    deliverer = await bench.start()
    bench.outbox.unpark()
    deliverer.notify()
    await bench.time.until(bench.all_sent)
    assert (desk.keys, desk.looked_up) == (["desk-1"], ["desk-1"])


async def test_operators_that_cannot_be_told_stop_nothing(bench: Bench) -> None:
    desk = bench.channel(Step.REFUSED)
    bench.put(1, 2)

    async def fails(channel: str, text: str) -> None:
        raise StoreError("store: locked")

    bench.running = Deliverer(
        bench.channels, bench.access, bench.metrics,
        clock=bench.time.clock, sleep=bench.time.sleep, digest_of=digest_of, on_parked=fails,
    )  # fmt: skip
    bench.running.start()
    await bench.time.until(lambda: desk.keys == ["desk-2"])


# -- the store ------------------------------------------------------------------------------------------------------


async def test_a_receipt_that_cannot_be_recorded_is_recorded_later_and_nothing_is_posted_twice(bench: Bench) -> None:
    hook = bench.channel(readable=False)
    bench.put(1, 2)
    bench.access.failures.extend([None, FULL_DISK, FULL_DISK, FULL_DISK])
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert hook.keys == ["desk-1", "desk-2"]


async def test_nothing_is_posted_that_could_not_be_marked_before(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(1)
    bench.access.failures.extend([FULL_DISK] * 3)
    await bench.start()
    assert desk.attempts == []
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1"]


async def test_a_store_that_cannot_be_read_for_a_while_ends_nothing(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(1)
    bench.access.read_failures.extend([FULL_DISK] * 3)
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1"]


async def test_a_failure_that_cannot_be_recorded_still_holds_the_channel(bench: Bench) -> None:
    desk = bench.channel(Step.LIMITED)
    bench.put(1)
    bench.access.failures.extend([None, FULL_DISK])
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert [at for at, _ in desk.attempts] == [START, START + timedelta(seconds=RETRY_AFTER_S)]


# -- folding after an outage ----------------------------------------------------------------------------------------


def waiting(*ages_s: float, kind: DeliveryKind = DeliveryKind.ALERT, attempts: int = 0) -> tuple[Delivery, ...]:
    return tuple(
        Delivery(i, "desk", kind, message(i), DeliveryState.WAITING, attempts, None, START - timedelta(seconds=age))
        for i, age in enumerate(ages_s)
    )


OLD, FRESH = 600.0, 10.0


@pytest.mark.parametrize(
    ("queue", "quiet_s", "limit", "folded"),
    [
        (waiting(*[OLD] * 20), 600, 20, 20),
        (waiting(*[OLD] * 19), 600, 20, 0),
        (waiting(*[OLD] * 20), None, 20, 20),
        (waiting(*[OLD] * 20), 60, 20, 0),
        (waiting(*[FRESH] * 50), 600, 20, 0),
        (waiting(OLD, *[FRESH] * 30), 600, 20, 31),
        (waiting(*[OLD] * 50), 600, None, 0),
        (waiting(*[OLD] * 50, kind=DeliveryKind.DIGEST), 600, 20, 0),
        (waiting(*[OLD] * 50, attempts=1), 600, 20, 0),
        (waiting(OLD), 600, 0, 0),
    ],
    ids=[
        "with the one that got through that is more than 20",
        "exactly 20",
        "left by an earlier run",
        "a burst that is being sent",
        "a burst after a quiet time",
        "fresh ones go with the old",
        "the demo lifts it",
        "digests stay",
        "what was tried may be there already",
        "one alert makes no digest",
    ],
)
def test_what_is_folded(queue: tuple[Delivery, ...], quiet_s: float | None, limit: int | None, folded: int) -> None:
    quiet_since = None if quiet_s is None else START - timedelta(seconds=quiet_s)
    assert len(to_fold(queue, START, quiet_since, limit)) == folded


async def test_after_an_outage_the_first_goes_alone_and_the_rest_as_one_digest(bench: Bench) -> None:
    desk = bench.channel()
    bench.put(0)
    deliverer = await bench.start()
    desk.down = Step.LOST
    for minute in range(30):
        await bench.time.advance(60)
        bench.put(minute + 1)
        deliverer.notify("desk")
    desk.down = None
    await bench.time.until(bench.all_sent)
    assert desk.keys[:2] == ["desk-0", "desk-1"]
    assert [type(post.payload) for post in desk.history[2:]] == [Digest]
    digest = desk.history[2].payload
    assert isinstance(digest, Digest)
    assert [line.alert_id for line in digest.lines] == [f"a{n}" for n in range(2, 31)]
    assert digest.coverage == "looked at 28 minutes"  # since the first that it holds


async def test_a_refusal_does_not_prove_that_the_channel_is_back(bench: Bench) -> None:
    desk = bench.channel(Step.REFUSED)
    bench.put(*range(30), at=START - timedelta(hours=1))
    await bench.start()
    await bench.time.advance(10)
    assert bench.outbox.states().count(DeliveryState.PARKED) == 1
    assert desk.keys[0] == "desk-1"
    assert len(desk.keys) == 2


async def test_a_short_outage_folds_nothing(bench: Bench) -> None:
    desk = bench.channel()
    desk.down = Step.LOST
    bench.put(*range(40))
    await bench.start()
    await bench.time.advance(30)
    desk.down = None
    await bench.time.until(bench.all_sent)
    assert desk.keys == [f"desk-{n}" for n in range(40)]


async def test_a_long_burst_under_rate_limits_is_never_folded(bench: Bench) -> None:
    desk = bench.channel(*[Step.LIMITED, Step.OK] * 200)
    bench.put(*range(200))
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert bench.time.now - START > 2 * FOLD_AFTER
    assert desk.keys == [f"desk-{n}" for n in range(200)]


async def test_the_demo_sends_everything_one_by_one(bench: Bench) -> None:
    bench.fold_limit = None
    desk = bench.channel()
    bench.put(*range(40), at=START - timedelta(hours=2))
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert len(desk.keys) == 40


# -- draining and stopping ------------------------------------------------------------------------------------------


async def test_drain_returns_when_everything_is_delivered(bench: Bench) -> None:
    desk = bench.channel(Step.LIMITED)
    deliverer = await bench.start()
    bench.put(1, 2)
    draining = asyncio.create_task(deliverer.drain(60))
    await bench.time.until(draining.done)
    assert await draining is True
    assert desk.keys == ["desk-1", "desk-2"]
    assert bench.time.now == START + timedelta(seconds=RETRY_AFTER_S)


async def test_drain_sees_what_is_committed_while_a_queue_is_being_read(bench: Bench) -> None:
    desk = bench.channel()
    deliverer = await bench.start()

    def commit() -> None:
        bench.put(1)
        deliverer.notify("desk")

    async def drained() -> tuple[bool, list[str]]:
        return await deliverer.drain(60), list(desk.keys)

    bench.access.after_read, bench.access.read_turns = commit, 6
    draining = asyncio.create_task(drained())
    await bench.time.until(draining.done)
    assert await draining == (True, ["desk-1"])


async def test_drain_does_not_wait_for_a_try_that_lies_beyond_its_time(bench: Bench) -> None:
    bench.channel().down = Step.LIMITED
    deliverer = await bench.start()
    bench.put(1)
    draining = asyncio.create_task(deliverer.drain(5))
    await bench.time.until(draining.done)
    assert await draining is False
    assert bench.time.now == START


async def test_drain_gives_up_when_its_time_is_over(bench: Bench) -> None:
    bench.channel(Step.HANG)
    bench.put(1)
    deliverer = await bench.start()
    draining = asyncio.create_task(deliverer.drain(20))
    await bench.time.until(draining.done)
    assert await draining is False
    assert bench.time.now == START + timedelta(seconds=20)


async def test_stop_closes_the_channels_and_sends_nothing_more(bench: Bench) -> None:
    desk = bench.channel()
    deliverer = await bench.start()
    stopping = asyncio.create_task(deliverer.stop(10))
    await bench.time.until(stopping.done)
    bench.put(1)
    deliverer.notify()
    await bench.time.advance(60)
    assert (desk.started, desk.stopped, desk.keys) == (1, 1, [])


async def test_stop_does_not_wait_for_a_backoff(bench: Bench) -> None:
    desk = bench.channel()
    desk.down = Step.LIMITED
    bench.put(1)
    deliverer = await bench.start()
    stopping = asyncio.create_task(deliverer.stop(10))
    await bench.time.until(stopping.done)
    assert (bench.time.now, desk.stopped) == (START, 1)


async def test_stop_cuts_off_a_post_that_takes_too_long_and_the_next_start_looks_it_up(bench: Bench) -> None:
    desk = bench.channel(Step.HANG_AFTER)
    bench.put(1, 2)
    deliverer = await bench.start()
    stopping = asyncio.create_task(deliverer.stop(10))
    await bench.time.until(stopping.done)
    assert bench.time.now == START + timedelta(seconds=10)
    assert bench.outbox.states() == [DeliveryState.SENDING, DeliveryState.WAITING]
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1", "desk-2"]


# -- crashes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "attempts", "readable", "refused", "expected"),
    [
        (DeliveryState.WAITING, 0, True, False, Verdict.SEND),
        (DeliveryState.WAITING, 0, False, False, Verdict.SEND),
        (DeliveryState.SENDING, 1, True, False, Verdict.LOOK_UP),
        (DeliveryState.SENDING, 1, False, False, Verdict.SEND_BLIND),
        (DeliveryState.WAITING, 1, True, False, Verdict.LOOK_UP),
        (DeliveryState.WAITING, 1, True, True, Verdict.SEND_AFTER_REFUSAL),
        (DeliveryState.WAITING, 1, False, False, Verdict.SEND_BLIND),
    ],
)
def test_verdicts(state: DeliveryState, attempts: int, readable: bool, refused: bool, expected: Verdict) -> None:
    delivery = Delivery(1, "desk", DeliveryKind.ALERT, message(1), state, attempts, None, START)
    assert verdict(delivery, readable=readable, refused=refused) is expected


@pytest.mark.parametrize("posted", [Step.HANG, Step.HANG_AFTER])
async def test_a_crash_between_post_and_record_leaves_each_alert_once(bench: Bench, posted: Step) -> None:
    desk = bench.channel(posted)
    bench.put(1, 2)
    await bench.start()
    await bench.kill()
    assert bench.outbox.rows[1].state is DeliveryState.SENDING
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1", "desk-2"]


async def test_a_crash_after_a_lost_answer_was_noted_leaves_each_alert_once(bench: Bench) -> None:
    desk = bench.channel(Step.LOST_REPLY)
    bench.put(1)
    await bench.start()
    assert bench.outbox.states() == [DeliveryState.WAITING]
    await bench.kill()
    await bench.start()
    await bench.time.until(bench.all_sent)
    assert desk.keys == ["desk-1"]


CALLS = st.lists(st.sampled_from([s for s in Step if s is not Step.REFUSED]), max_size=25)
FINDS = st.lists(st.sampled_from([Step.OK, Step.LOST, Step.LIMITED, Step.BUG, Step.HANG]), max_size=6)
FREEZES = st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=6)


@settings(max_examples=examples(150))
@given(calls=CALLS, finds=FINDS, freezes=FREEZES, alerts=st.integers(1, 6), readable=st.booleans())
def test_whatever_fails_or_crashes_nothing_is_lost_and_a_readable_channel_has_each_alert_once_in_order(
    calls: list[Step], finds: list[Step], freezes: list[tuple[int, bool]], alerts: int, readable: bool
) -> None:
    """Crashes happen before or after any write to the store, and in the middle of a post or a look-up."""

    async def run() -> list[str]:
        bench = Bench()
        desk = bench.channel(*calls, readable=readable, finds=finds)
        bench.put(*range(alerts))
        plan = list(freezes)
        while not bench.all_sent():
            if plan:
                bench.access.freeze_at, bench.access.freeze_after = plan.pop()
            await bench.start()
            ended = False
            while not ended:
                access = bench.access
                before = (len(desk.attempts), len(desk.looked_up), bench.time.now)
                await bench.time.advance(301)
                hung = (len(desk.attempts), len(desk.looked_up)) == before[:2]
                ended = bench.all_sent() or access.frozen or hung
            await bench.kill()
        return desk.keys

    keys = asyncio.run(run())
    wanted = [f"desk-{n}" for n in range(alerts)]
    if readable:
        assert keys == wanted
    else:
        assert list(dict.fromkeys(keys)) == wanted


async def test_on_the_real_store_a_killed_delivery_is_finished_by_the_next_process(tmp_path: Path) -> None:
    time = VirtualTime()
    desk = FakeChannel("desk", time.clock, script=[Step.OK, Step.HANG_AFTER])
    url = put_store(tmp_path / "wirewatch.db")

    async def told(channel: str, text: str) -> None:
        raise AssertionError("nothing is parked here")

    async def process(*, until: int) -> None:
        store = SqlStore(url)
        store.open()
        thread = StoreThread(store)
        if until == 2:
            await thread.run(lambda s: s.enqueue([replace(alert(n), alert_ids=()) for n in (1, 2, 3)]))
        deliverer = Deliverer(
            {"desk": desk}, thread, Metrics(),
            clock=time.clock, sleep=time.sleep, digest_of=digest_of, on_parked=told,
        )  # fmt: skip
        deliverer.start()
        await eventually(lambda: len(desk.keys) >= until)
        if until == 3:
            assert await deliverer.drain(20)
            receipts = await thread.read(lambda s: [s.receipt(key) for key in desk.keys])
            assert [receipt and receipt.ref for receipt in receipts] == ["0", "1", "2"]
        tasks = deliverer._tasks or []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await thread.close()
        store.close()

    await process(until=2)
    await process(until=3)
    assert desk.keys == ["desk-1", "desk-2", "desk-3"]


# -- channels of no config ------------------------------------------------------------------------------------------


async def test_a_channel_is_built_when_something_is_to_be_sent_there_first(bench: Bench) -> None:
    made: list[FakeChannel] = []

    def build(name: str) -> FakeChannel | None:
        if not name.startswith("dm:"):
            return None
        made.append(FakeChannel(name, bench.time.clock))
        return made[-1]

    bench.build = build
    bench.channel()
    deliverer = await bench.start()
    for name in ("dm:anna", "nobody", "desk"):
        bench.put(1, channel=name)
        deliverer.notify(name)
    await bench.time.settle()
    bench.put(2, channel="dm:anna")
    deliverer.notify("dm:anna")
    await bench.time.settle()
    assert [channel.keys for channel in made] == [["dm:anna-1", "dm:anna-2"]]
    assert bench.channels["desk"].keys == ["desk-1"]
    await deliverer.stop(3)
    deliverer.notify("dm:bert")
    assert [channel.stopped for channel in made] == [1]
