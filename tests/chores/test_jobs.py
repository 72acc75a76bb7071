"""The scheduler: turns, refusals of the store, and the end of it."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import pytest

from bot.chores.jobs import Every, Job, Jobs, Nightly
from bot.errors import StoreError

WITHIN_S = 5.0


class Work:
    """Counts its turns, and how many run at once; ``done`` is set after three."""

    def __init__(self, *, lasts_s: float = 0.0, refuses: bool = False) -> None:
        self.turns = self.running = self.most = 0
        self.begun, self.done = asyncio.Event(), asyncio.Event()
        self.cancelled = False
        self._lasts_s, self._refuses = lasts_s, refuses

    async def __call__(self) -> None:
        self.turns += 1
        self.running += 1
        self.most = max(self.most, self.running)
        self.begun.set()
        try:
            await asyncio.sleep(self._lasts_s)
            if self._refuses:
                raise StoreError("the disk is full")
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.running -= 1
            if self.turns == 3:
                self.done.set()


async def test_a_job_has_its_first_turn_at_once_if_it_wants_and_comes_again() -> None:
    soon, later = Work(), Work()
    jobs = Jobs()
    jobs.start([Job("look", Every(0.02, at_once=True), soon), Job("wait", Every(60), later)])
    await asyncio.wait_for(soon.done.wait(), WITHIN_S)
    jobs.stop()
    assert (soon.most, later.turns) == (1, 0)


async def test_a_turn_that_lasts_is_never_joined_by_the_next() -> None:
    work = Work(lasts_s=0.05)
    jobs = Jobs()
    jobs.start([Job("look", Every(0.01, at_once=True), work)])
    await asyncio.wait_for(work.done.wait(), WITHIN_S)
    jobs.stop()
    assert work.most == 1


async def test_a_store_that_refuses_costs_a_turn_and_is_told_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    work = Work(refuses=True)
    jobs = Jobs()
    jobs.start([Job("look for news", Every(0.02, at_once=True), work)])
    await asyncio.wait_for(work.done.wait(), WITHIN_S)
    jobs.stop()
    told = "".join(capsys.readouterr())
    assert "cannot look for news" in told
    assert "the disk is full" in told


async def test_a_stop_cancels_the_turn_under_way_and_makes_no_error_of_it(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(lasts_s=60)
    jobs = Jobs()
    jobs.start([Job("look", Every(0.02, at_once=True), work), Job("tidy", Nightly(3, 17, ZoneInfo("UTC")), Work())])
    await asyncio.wait_for(work.begun.wait(), WITHIN_S)
    jobs.stop()
    async with asyncio.timeout(WITHIN_S):
        while not work.cancelled:  # noqa: ASYNC110 - the scheduler cancels without saying when
            await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []
