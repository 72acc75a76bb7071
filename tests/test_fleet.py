"""A small fleet of sources that misbehave, for a quarter of an hour of our time; ``bench/fleet.py`` is the big one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.fleet_world import KINDS, RULES, World, shares
from bot.app import Options, open_app
from bot.config import load_config
from bot.message import Message
from tests.bot_process import free_port
from tests.fakes.channel import FakeChannel
from tests.fakes.hub import Hub

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SOURCES = 60
ROUND = timedelta(seconds=150)
ROUNDS = 6


@pytest.mark.timeout(180)  # some of its seconds are waits for servers that hang, beside whatever else runs
async def test_a_fleet_that_misbehaves_costs_no_article_and_each_source_is_in_its_right_state(tmp_path: Path) -> None:
    now = START
    port = free_port()
    async with (
        World(shares(SOURCES, long=False), clock=lambda: now, flood=200, bomb_mib=8) as world,
        Hub(clock=lambda: now) as hub,
    ):
        pushing = [site for site in world.sites if site.name == "push"]
        world.links = lambda site: (
            {"Link": f'<{hub.url()}>; rel="hub", <{world.url(site)}>; rel="self"'} if site.name == "push" else {}
        )
        (tmp_path / "rules").mkdir()
        (tmp_path / "rules" / "rules.yaml").write_text(RULES, "utf-8")
        (tmp_path / "rules" / "sources.yaml").write_text(world.sources_yaml(), "utf-8")
        (tmp_path / "wirewatch.yaml").write_text(
            f"rules: [rules/]\nstore: 'sqlite:///wirewatch.db'\nallow_private: {[*world.hosts, '127.0.0.1']}\n"
            f"http: {{listen: '127.0.0.1:{port}'}}\nwebsub: {{public_url: 'http://127.0.0.1:{port}'}}\n"
            "poll: {timeout: 2s, concurrency: 100, body_max: 500KB}\nchannels: {desk: {kind: console}}\n",
            "utf-8",
        )
        config = load_config(tmp_path / "wirewatch.yaml", {})
        desk = FakeChannel("desk", lambda: now)
        options = Options(watch=False, clock=lambda: now)
        async with open_app(config, options=options, channels={"desk": desk}) as app:
            for _ in range(ROUNDS):
                await app.poller.poll_all()
                await app.websub.tick()
                await hub.settled()
                if hub.live:
                    for site in pushing:
                        await hub.publish(world.url(site), world.publish(site))
                now += ROUND
            await app.poller.poll_all()
            assert await app.deliverer.drain(10)
            statuses = await app.poller._store.read(lambda s: s.source_statuses())
            await asyncio.sleep(0)
    headlines = [post.payload.headline for post in desk.history if isinstance(post.payload, Message)]
    assert world.alerts(headlines) == ([], [])
    assert len(headlines) > 40
    states = {s.source_id: (s.state, f"{s.reason} {s.error}") for s in statuses}
    verdicts = world.verdicts(states)
    assert [v for v in verdicts if v.right != v.total] == []
    assert {v.name for v in verdicts} == {name for name, kind in KINDS.items() if not kind.long}
