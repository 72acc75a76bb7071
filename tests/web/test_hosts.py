"""Manners towards a host as a whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.web.hosts import CROWD, CROWDED, REST, REST_MAX, Hosts
from tests.fakes.virtual_time import eventually

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


async def test_a_host_takes_few_requests_at_a_time_and_other_hosts_go_on() -> None:
    hosts = Hosts(2)
    inside: list[str] = []
    leave = asyncio.Event()

    async def ask(host: str) -> None:
        async with hosts.hold(host):
            inside.append(host)
            await leave.wait()

    tasks = [asyncio.create_task(ask(host)) for host in ("a", "a", "a", "b")]
    await eventually(lambda: len(inside) == 3)
    assert sorted(inside) == ["a", "a", "b"]
    leave.set()
    await asyncio.gather(*tasks)
    assert sorted(inside) == ["a", "a", "a", "b"]


async def test_a_slot_is_given_back_after_an_error_and_idle_hosts_are_forgotten() -> None:
    hosts = Hosts(1)
    with pytest.raises(RuntimeError):
        async with hosts.hold("a"), hosts.hold("b"):
            raise RuntimeError
    async with asyncio.timeout(1), hosts.hold("a"):
        pass
    assert hosts._slots == {}


async def test_requests_of_one_poll_keep_the_gap_of_their_host() -> None:
    hosts = Hosts(4, {"slow.example": 0.05})
    clock = asyncio.get_running_loop().time
    begun: list[float] = []

    async def ask(host: str) -> None:
        async with hosts.hold(host):
            begun.append(clock())

    before = clock()
    await asyncio.gather(*(ask("slow.example") for _ in range(4)))
    assert all(at - before >= n * 0.05 - 0.001 for n, at in enumerate(begun))
    before = clock()
    await asyncio.gather(*(ask("fast.example") for _ in range(40)))
    assert clock() - before < 1.9  # 39 gaps would be longer


def test_the_sources_of_a_host_with_a_gap_take_turns_and_each_keeps_its_own() -> None:
    hosts = Hosts(4, {"reddit.example": 60.0})
    turns = [hosts.turn("reddit.example", f"s{n}", NOW) for n in range(4)]
    assert turns == [NOW, NOW + seconds(60), NOW + seconds(120), NOW + seconds(180)]
    assert hosts.turn("reddit.example", "s2", NOW + seconds(30)) == NOW + seconds(120)
    assert hosts.turn("reddit.example", "s1", NOW + seconds(60)) == NOW + seconds(60)
    assert hosts.turn("reddit.example", "s4", NOW + seconds(60)) == NOW + seconds(240)
    assert hosts.turn("other.example", "s5", NOW) == NOW
    why = "its host reddit.example takes one request in 60 s, and others have theirs first"
    assert hosts.why("reddit.example", NOW) == why


def test_a_source_that_went_away_does_not_hold_up_the_others_for_ever() -> None:
    hosts = Hosts(4, {"reddit.example": 60.0})
    for n in range(4):
        hosts.turn("reddit.example", f"s{n}", NOW)
    later = NOW + timedelta(hours=1)
    assert hosts.turn("reddit.example", "s9", later) == later


@pytest.mark.parametrize(
    ("refusals", "retry_after_s", "rest"),
    [
        (1, None, REST),
        (2, None, 2 * REST),
        (3, None, 4 * REST),
        (50, None, REST_MAX),
        (1, 30.0, seconds(30)),
        (50, 30.0, seconds(30)),
        (1, 1e9, timedelta(hours=24)),
    ],
)
def test_a_host_that_had_enough_rests_as_long_as_it_asks_or_longer_each_time(
    refusals: int, retry_after_s: float | None, rest: timedelta
) -> None:
    hosts, now = Hosts(4), NOW
    until = now
    for _ in range(refusals):
        now = until
        until = hosts.refused("a.example", now, retry_after_s)
    assert until - now == rest
    assert hosts.turn("a.example", "anybody", now) == until
    assert hosts.why("a.example", now) == "its host a.example asked to be left alone"
    assert hosts.turn("b.example", "anybody", now) == now
    assert hosts.turn("a.example", "anybody", until) == until


def test_refusals_of_requests_that_were_under_way_together_count_as_one() -> None:
    hosts = Hosts(4)
    assert {hosts.refused("a.example", NOW, None) for _ in range(9)} == {NOW + REST}


def test_a_shorter_wish_does_not_end_a_rest_early() -> None:
    hosts = Hosts(4)
    hosts.refused("a.example", NOW, 600)
    assert hosts.refused("a.example", NOW, 5) == NOW + seconds(600)


def test_a_welcome_makes_the_next_rest_a_short_one() -> None:
    hosts = Hosts(4)
    until = hosts.refused("a.example", NOW, None)
    hosts.welcomed("a.example")
    assert hosts.refused("a.example", until, None) == until + REST


async def test_a_slow_host_does_not_take_all_the_room() -> None:
    hosts = Hosts(1)
    leave = asyncio.Event()

    async def ask() -> None:
        async with hosts.hold("slow.example"):
            await leave.wait()

    tasks = [asyncio.create_task(ask()) for _ in range(CROWD)]
    await asyncio.sleep(0)
    assert hosts.turn("slow.example", "one more", NOW) == NOW + CROWDED
    why = "its host slow.example is slow: others wait for it, and it gets 1 at a time"
    assert hosts.why("slow.example", NOW) == why
    leave.set()
    await asyncio.gather(*tasks)
    assert hosts.turn("slow.example", "one more", NOW) == NOW
