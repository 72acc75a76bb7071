"""How late the event loop comes to what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bot.chores.pulse import LOOK_S, watch
from bot.health import STALL_WINDOW_S, Metrics


class Held:
    """A clock whose sleeps take longer than they should, by these seconds; then it is over."""

    def __init__(self, *late: float) -> None:
        self.now = 100.0
        self._late: Iterator[float] = iter(late)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        try:
            self.now += seconds + next(self._late)
        except StopIteration:
            raise asyncio.CancelledError from None


async def delays(*late: float) -> list[float]:
    held, told = Held(*late), list[float]()
    with pytest.raises(asyncio.CancelledError):
        await watch(told.append, clock=held.clock, sleep=held.sleep)
    return [round(one, 6) for one in told]


async def test_each_look_tells_how_late_it_came() -> None:
    assert await delays(0.0, 0.25, 0.003, 0.0) == [0.0, 0.25, 0.003, 0.0]


async def test_a_clock_that_goes_back_is_no_delay() -> None:
    assert await delays(-LOOK_S * 2) == [0.0]


def test_the_metrics_show_how_often_and_the_longest_of_late() -> None:
    now = 0.0
    metrics = Metrics(monotonic=lambda: now)
    for late in (0.0, 0.004, 0.12, 0.003):
        metrics.loop_late(late)

    def sample(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"wirewatch_event_loop_delay_{name}", labels)

    assert sample("seconds_count") == 4
    assert sample("seconds_bucket", le="0.005") == 3
    assert sample("seconds_bucket", le="0.1") == 3
    assert sample("seconds_bucket", le="0.25") == 4
    assert sample("max_seconds") == 0.12
    now = STALL_WINDOW_S
    metrics.loop_late(0.002)
    assert sample("max_seconds") == 0.12  # a scrape each minute misses nothing
    now = 2 * STALL_WINDOW_S
    metrics.loop_late(0.001)
    assert sample("max_seconds") == 0.002
    now = 5 * STALL_WINDOW_S
    assert sample("max_seconds") == 0.0
