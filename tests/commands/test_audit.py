"""What is noted of each change, word for word, whichever platform it came from; and nothing of what changed nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.team import Team, feed, team
from tests.commands.test_everywhere import Member, OnDiscord, OnSlack
from tests.fakes.feeds import Answer

Row = tuple[str, str, str, str]
PLATFORMS = pytest.mark.parametrize("on", [OnSlack, OnDiscord], ids=["slack", "discord"])
Make = Callable[..., Member]


async def rows(one: Team) -> list[Row]:
    """(who, where, verb, what), oldest first."""
    return [(e.who, e.where, e.verb, e.what) for e in reversed(await one.audit())]


@PLATFORMS
async def test_a_watch_of_a_channel_and_its_end(tmp_path: Path, on: Make) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        member = on(one)
        chosen = {"term": "choir", "country": "Iran", "where": "channel"}
        await member.asks("watch", "choir Iran channel", chosen, "Watching “choir”")
        await member.asks("watch", "choir Iran channel", chosen, "It was watched before")
        (watch,) = await one.watches()
        await member.asks("unwatch", str(watch.id), {"number": watch.id}, "No longer watching")
        await member.asks("unwatch", str(watch.id), {"number": watch.id}, "Neither you nor this channel")
        about = f"“choir” with Iran for {member.where} ({watch.rule_id})"
        place = f"#{member.where}"
        assert await rows(one) == [(member.who, place, "watch", about), (member.who, place, "unwatch", about)]


@PLATFORMS
async def test_a_watch_of_a_person_says_for_whom(tmp_path: Path, on: Make) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        member = on(one)
        await member.asks("watch", "choir", {"term": "choir"}, "You get a direct message")
        (watch,) = await one.watches()
        assert watch.channel == f"dm:{member.who.partition(' ')[0]}"
        assert await rows(one) == [
            (member.who, f"#{member.where}", "watch", f"“choir” for {watch.channel} ({watch.rule_id})")
        ]


@PLATFORMS
async def test_a_source_that_is_added(tmp_path: Path, on: Make) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        member = on(one)
        one.news.answers["/second"] = Answer(feed((), "https://second.example"))
        address = one.news.url("/second")
        await member.asks("add", address, {"url": address}, "Added River Post")
        await member.asks("add", address, {"url": address}, "is read already")
        await member.asks("add", "ftp://x", {"url": "ftp://x"}, "is no web address")
        assert await rows(one) == [
            (member.who, f"#{member.where}", "sources add", f"river-post-2: {address}, every: auto")
        ]


@PLATFORMS
async def test_whoever_may_not_change_anything_leaves_no_row(tmp_path: Path, on: Make) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        bob = on(one, "U0BOB" if on is OnSlack else "bob", admin=False)
        address = one.news.url("/feed")
        await bob.asks("watch", "choir channel", {"term": "choir", "where": "channel"}, "Sorry, watch is not open")
        await bob.asks("unwatch", "1", {"number": 1}, "Sorry, unwatch is not open")
        await bob.asks("add", address, {"url": address}, "Sorry, add is not open")
        assert await rows(one) == []
        assert await one.watches() == ()
