"""Summaries at set times: once for each, through crashes, restarts and times that passed unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from bot.cron import parse
from bot.errors import StoreError
from bot.live.rulebook import Rulebook, load
from bot.message import DeliveryKind, DeliveryState
from bot.rules.model import RuleSet
from bot.store.base import Store
from bot.store.outbox_port import Delivery
from bot.store.sql import SqlStore
from bot.summary import announce
from bot.summary.announce import Announcer
from bot.summary.ask import Ask
from bot.summary.model import Filters
from bot.summary.post import ChartPost, SummaryPost
from bot.summary.schedule import Schedule
from bot.summary.service import Material
from tests.summary.samples import NOW, sources

T = TypeVar("T")
DUE = NOW + timedelta(hours=1)  # 13:00; the archive's newest alerts are of 10:00 and 11:00


class Direct:
    """The store without its thread. ``dies``: the process ends right before or after that write, counted from 1."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.dies = 0
        self.before = False
        self._writes = 0

    async def read(self, op: Callable[[Store], T]) -> T:
        return op(self.store)

    async def run(self, op: Callable[[Store], T]) -> T:
        self._writes += 1
        if self._writes == self.dies and self.before:
            raise KeyboardInterrupt
        done = op(self.store)
        if self._writes == self.dies:
            raise KeyboardInterrupt
        return done


BOOK = Rulebook(RuleSet((), {}, {}), load([]).engine, {source.id: source for source in sources("wire", "outlet0")}, ())


def schedule(**changes: object) -> Schedule:
    fields = {"name": "noon", "channel": "desk", "cron": parse("0 13 * * *"), "zone": ZoneInfo("UTC"), **changes}
    return Schedule(**fields)  # type: ignore[arg-type]


class Desk:
    """An announcer that can be started again on the same store, and a clock."""

    def __init__(self, store: SqlStore, *schedules: Schedule, files: bool = True) -> None:
        self.store, self.schedules, self.files = store, schedules or (schedule(),), files
        self.now = NOW
        self.notified: list[str] = []
        self.start()

    def start(self) -> None:
        self.access = Direct(self.store)
        self._announcer = Announcer(
            self.access, self.schedules, lambda: BOOK, {}, clock=lambda: self.now, takes_files=lambda name: self.files,
            notify=self.notified.append,
        )  # fmt: skip

    async def tick(self, at: datetime) -> int:
        self.now = at
        return await self._announcer.tick()

    def posts(self) -> list[Delivery]:
        return list(self.store.deliveries((DeliveryState.WAITING,), 99))


async def test_it_goes_out_at_its_time_with_the_chart_behind_it(archive: SqlStore) -> None:
    desk = Desk(archive)
    assert await desk.tick(NOW) == 0
    assert await desk.tick(DUE) == 1
    assert await desk.tick(DUE + timedelta(seconds=5)) == 0
    text, chart = desk.posts()
    assert (text.kind, text.payload.key) == (DeliveryKind.SUMMARY, "summary:noon:desk:20260304T1300Z")
    assert (chart.kind, chart.follows) == (DeliveryKind.CHART, text.payload.key)
    assert isinstance(text.payload, SummaryPost)
    assert isinstance(chart.payload, ChartPost)
    assert [story.story_id for story in text.payload.summary.stories] == ["coup", "quake"]
    assert (text.payload.summary.since, text.payload.summary.until) == (DUE - timedelta(days=1), DUE)
    assert "2 sources" in text.payload.summary.coverage
    assert text.payload.summary.note == ""
    assert desk.notified == ["desk"]


@pytest.mark.parametrize("before", [True, False], ids=["before it is durable", "after"])
@pytest.mark.parametrize("write", [2, 3], ids=["into the outbox", "remembered"])
async def test_a_crash_at_any_write_posts_it_once(archive: SqlStore, write: int, before: bool) -> None:
    desk = Desk(archive)
    desk.access.dies, desk.access.before = write, before
    await desk.tick(NOW)  # the first write: where it begins
    with pytest.raises(KeyboardInterrupt):
        await desk.tick(DUE)
    desk.start()
    await desk.tick(DUE + timedelta(minutes=20))
    await desk.tick(DUE + timedelta(minutes=21))
    assert [one.payload.key for one in desk.posts() if one.kind is DeliveryKind.SUMMARY] == [
        "summary:noon:desk:20260304T1300Z"
    ]
    assert [one.kind for one in desk.posts()] == [DeliveryKind.SUMMARY, DeliveryKind.CHART]


async def test_what_was_missed_comes_once_and_says_so(archive: SqlStore) -> None:
    desk = Desk(archive)
    await desk.tick(NOW)
    desk.start()
    assert await desk.tick(DUE + timedelta(days=2, hours=3)) == 1
    text = desk.posts()[0].payload
    assert isinstance(text, SummaryPost)
    assert text.key.endswith("20260306T1300Z")
    assert "stands for the 2 due before" in text.summary.note
    assert text.summary.since == NOW - timedelta(hours=23), "back to the time that was dealt with last"
    desk.start()
    assert await desk.tick(DUE + timedelta(days=2, hours=4)) == 0


async def test_a_new_summary_begins_with_its_next_time(archive: SqlStore) -> None:
    desk = Desk(archive)
    assert await desk.tick(DUE + timedelta(hours=2)) == 0
    assert desk.posts() == []


async def test_each_channel_has_its_own_filters_and_times(archive: SqlStore) -> None:
    late = schedule(name="late", channel="intel", cron=parse("30 13 * * *"), filters=Filters(countries=("JP",)))
    desk = Desk(archive, schedule(), late)
    await desk.tick(NOW)
    assert await desk.tick(DUE) == 1
    assert await desk.tick(DUE + timedelta(minutes=30)) == 1
    payload = next(one.payload for one in desk.posts() if one.channel == "intel")
    assert isinstance(payload, SummaryPost)
    assert [story.story_id for story in payload.summary.stories] == ["quake"]
    assert payload.summary.about == "about Japan"


@pytest.mark.parametrize(
    ("files", "chart", "filters"),
    [(False, True, Filters()), (True, False, Filters()), (True, True, Filters(countries=("AQ",)))],
    ids=["the channel takes none", "none is wanted", "nothing to show"],
)
async def test_the_text_goes_alone_where_no_chart_can_follow(
    archive: SqlStore, files: bool, chart: bool, filters: Filters
) -> None:
    desk = Desk(archive, schedule(chart=chart, filters=filters), files=files)
    await desk.tick(NOW)
    await desk.tick(DUE)
    assert [one.kind for one in desk.posts()] == [DeliveryKind.SUMMARY]


async def test_a_store_that_refuses_is_tried_again(archive: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(archive)
    await desk.tick(NOW)
    with monkeypatch.context() as patch:

        def full(*_: object) -> int:
            raise StoreError("the disk is full")

        patch.setattr(archive, "enqueue", full)
        assert await desk.tick(DUE) == 0
    assert await desk.tick(DUE + timedelta(seconds=5)) == 1
    assert len(desk.posts()) == 2


async def test_a_bug_with_one_summary_costs_no_other_its_own(
    archive: SqlStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(archive, schedule(filters=Filters(countries=("JP",))), schedule(name="other", channel="intel"))
    await desk.tick(NOW)
    real = announce.summarise

    def broken(store: object, ask: Ask, *rest: object, **more: object) -> Material:
        if ask.filters.countries:
            raise ZeroDivisionError
        return real(store, ask, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(announce, "summarise", broken)
    assert await desk.tick(DUE) == 1
    assert {one.channel for one in desk.posts()} == {"intel"}
    assert "bug in a summary" in capsys.readouterr().err
    monkeypatch.setattr(announce, "summarise", real)
    assert await desk.tick(DUE + timedelta(minutes=1)) == 1, "tried again"
    assert {one.channel for one in desk.posts()} == {"intel", "desk"}
