"""robots.txt, fetched from a real server by the real fetcher."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Source
from bot.web.exchange import Limits
from bot.web.fetch import Fetcher
from bot.web.robots import FRESH, RETRY, Permission, Robots, parse
from tests.fakes.feeds import Answer, FeedServer, endless

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SOURCE = Source("river", "https://river.example/feed.xml")


class Site:
    """A site, and what a robot knows of it."""

    def __init__(self, server: FeedServer, fetcher: Fetcher, core: ThreadPoolExecutor) -> None:
        self.server = server
        self.now = NOW
        self.fetcher, self.core = fetcher, core
        self.robots = Robots(fetcher, core, lambda: self.now)

    def says(self, text: str, status: int = 200) -> None:
        self.server.answers["/robots.txt"] = Answer(text.encode(), status, content_type="text/plain")

    async def ask(self, path: str) -> Permission:
        return await self.robots.permission(SOURCE, self.server.url(path))

    def asked(self) -> int:
        return [seen.path for seen in self.server.seen].count("/robots.txt")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    with ThreadPoolExecutor(1) as core:
        async with FeedServer() as server, Fetcher(allow_private=True) as fetcher:
            yield Site(server, fetcher, core)


async def test_what_a_site_forbids_is_not_allowed(site: Site) -> None:
    site.says("User-agent: *\nDisallow: /private/\nAllow: /private/open$\n")
    assert await site.ask("/news/1") == Permission(True)
    assert await site.ask("/private/1") == Permission(False, "robots.txt does not allow it")
    assert (await site.ask("/private/open")).allowed


async def test_rules_for_us_by_name_hold_in_place_of_those_for_all(site: Site) -> None:
    site.says("User-agent: *\nDisallow: /\n\nUser-agent: wirewatch\nDisallow: /slow/\nCrawl-delay: 4\n")
    assert await site.ask("/news/1") == Permission(True, delay_s=4.0)
    assert not (await site.ask("/slow/1")).allowed
    assert site.server.seen[0].headers["User-Agent"].startswith("Wirewatch/")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
async def test_a_site_without_rules_allows_all(site: Site, status: int) -> None:
    site.says("", status)
    assert (await site.ask("/news/1")).allowed


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_site_that_fails_allows_nothing_for_an_hour(site: Site, status: int) -> None:
    site.says("", status)
    refused = await site.ask("/news/1")
    assert not refused.allowed
    assert refused.reason.startswith("robots.txt cannot be had (")
    site.says("User-agent: *\nAllow: /\n")
    assert not (await site.ask("/news/2")).allowed
    site.now += RETRY
    assert (await site.ask("/news/2")).allowed


async def test_a_site_that_cannot_be_reached_allows_nothing(site: Site) -> None:
    async with FeedServer() as gone:
        url = gone.url("/news/1")
    refused = await site.robots.permission(SOURCE, url)
    assert refused == Permission(False, "robots.txt cannot be had (connect)")


@pytest.mark.parametrize(
    ("pause_s", "limits", "reason"),
    [(0.0, Limits(wire_bytes=1_000_000), "too_large"), (0.05, Limits(total_s=0.3), "timeout")],
)
async def test_a_file_without_end_is_given_up(site: Site, pause_s: float, limits: Limits, reason: str) -> None:
    site.server.answers["/robots.txt"] = endless(b"Disallow: /x\n" * 4000, pause_s)
    async with Fetcher(allow_private=True, limits=limits) as fetcher:
        site.robots = Robots(fetcher, site.core, lambda: site.now)
        assert await site.ask("/news/1") == Permission(False, f"robots.txt cannot be had ({reason})")


async def test_the_rules_are_asked_for_once_a_day(site: Site) -> None:
    site.says("User-agent: *\nDisallow: /private/\n")
    for n in range(3):
        await site.ask(f"/news/{n}")
    await asyncio.gather(*(site.ask(f"/more/{n}") for n in range(9)))
    assert site.asked() == 1
    site.now += FRESH
    site.says("User-agent: *\nDisallow: /\n")
    assert not (await site.ask("/news/1")).allowed
    assert site.asked() == 2


async def test_pages_that_wait_for_the_same_rules_ask_once(site: Site) -> None:
    site.says("User-agent: *\nDisallow: /private/\n")
    found = await asyncio.gather(*(site.ask(f"/{where}/{n}") for n in range(9) for where in ("news", "private")))
    assert [one.allowed for one in found] == [True, False] * 9
    assert site.asked() == 1


async def test_rules_that_were_had_hold_on_while_the_site_fails(site: Site) -> None:
    site.says("User-agent: *\nDisallow: /private/\n")
    await site.ask("/news/1")
    site.now += FRESH
    site.says("", 503)
    assert (await site.ask("/news/1")).allowed
    assert not (await site.ask("/private/1")).allowed


async def test_a_redirect_is_followed(site: Site) -> None:
    site.server.answers["/robots.txt"] = Answer(status=301, headers={"Location": "/other.txt"})
    site.server.answers["/other.txt"] = Answer(b"User-agent: *\nDisallow: /\n", content_type="text/plain")
    assert not (await site.ask("/news/1")).allowed


async def test_the_site_that_was_asked_about_longest_ago_is_forgotten_first(site: Site) -> None:
    site.says("User-agent: *\nDisallow: /private/\n")

    async def asked_for(host: str) -> int:
        before = site.asked()
        await site.robots.permission(SOURCE, site.server.url("/news/1", host))
        return site.asked() - before

    assert [await asked_for(h) for h in ("127.0.0.1", "localhost", "127.0.0.1")] == [1, 1, 0]
    site.robots = Robots(site.fetcher, site.core, lambda: site.now, sites_max=1)
    assert [await asked_for(h) for h in ("127.0.0.1", "localhost", "127.0.0.1")] == [1, 1, 1]


@given(st.binary(max_size=400))
def test_rules_of_any_bytes_can_be_asked(content: bytes) -> None:
    rules = parse(b"User-agent: *\n" + content)
    assert rules.can_fetch("https://river.example/news/1", "Wirewatch") in (True, False)
    rules.crawl_delay("Wirewatch")
