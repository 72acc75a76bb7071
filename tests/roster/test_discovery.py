"""From a page to its feeds, on a local site."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import FetchReason, SourceError
from bot.roster.discovery import REQUESTS_MAX, Candidate, Found, address, discover, links_of
from bot.web.fetch import Fetcher
from tests.fakes.feeds import Answer, FeedServer, endless, rss

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
BASE = "https://river.example/news/"
SITEMAP = (
    b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    b"<url><loc>https://river.example/2026/grain-talks-resume</loc><lastmod>2026-03-01</lastmod></url></urlset>"
)


def page(head: str = "", body: str = "") -> Answer:
    return Answer(f"<!doctype html><title>River Post</title>{head}{body}".encode(), content_type="text/html")


def alternate(href: str, kind: str = "application/rss+xml", title: str = "") -> str:
    return f'<link rel="alternate" type="{kind}" href="{href}" title="{title}">'


class Site:
    """A site, and what is found on it."""

    def __init__(self, server: FeedServer, fetcher: Fetcher) -> None:
        self.server, self.fetcher = server, fetcher

    def has(self, answers: Mapping[str, Answer]) -> None:
        self.server.answers.update(answers)

    async def find(self, path: str = "/") -> tuple[Found, ...]:
        return await discover(self.server.url(path), self.fetcher, NOW)

    async def paths(self, path: str = "/") -> list[str]:
        return [one.url.removeprefix(self.server.url("")) for one in await self.find(path)]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with FeedServer() as server, Fetcher(allow_private=True) as fetcher:
        yield Site(server, fetcher)


async def test_a_feed_is_found_by_its_own_address(site: Site) -> None:
    site.has({"/feed": Answer(rss(5))})
    (one,) = await site.find("/feed")
    assert (one.kind, one.title, one.items, one.format, one.lang) == ("feed", "Harbour Post", 5, "rss 2.0", "en")
    assert one.how == "the address itself"
    assert one.newest == datetime(2026, 3, 2, 10, 4, tzinfo=UTC)
    assert len(site.server.seen) == 1


async def test_the_feeds_that_a_page_names_are_found_comments_last(site: Site) -> None:
    site.has(
        {
            "/": page(alternate("/comments.rss", title="Comments") + alternate("world.rss") + alternate("/gone.rss")),
            "/comments.rss": Answer(rss(9).replace(b"Harbour Post", b"Comments on Harbour Post")),
            "/world.rss": Answer(rss(3)),
        }
    )
    assert await site.paths() == ["/world.rss", "/comments.rss"]
    assert {one.how for one in await site.find()} == {"the page names it"}


async def test_links_that_look_like_feeds_are_followed_too(site: Site) -> None:
    site.has(
        {"/about": page(body='<a href="/world/rss/">RSS</a><a href="/world/">World</a>'), "/world/rss/": Answer(rss(3))}
    )
    assert await site.paths("/about") == ["/world/rss/"]
    assert "/world/" not in [seen.path for seen in site.server.seen]


@pytest.mark.parametrize("path", ["/feed", "/rss.xml", "/atom.xml", "/index.xml"])
async def test_the_usual_places_are_tried_where_the_page_names_nothing(site: Site, path: str) -> None:
    site.has({"/": page(), path: Answer(rss(3))})
    (one,) = await site.find()
    assert (one.url, one.how) == (site.server.url(path), "a usual place for feeds")


async def test_the_usual_places_are_left_alone_where_the_page_names_a_feed(site: Site) -> None:
    site.has({"/": page(alternate("/a.rss")), "/a.rss": Answer(rss(3)), "/feed": Answer(rss(4))})
    assert await site.paths() == ["/a.rss"]
    assert [seen.path for seen in site.server.seen] == ["/", "/a.rss"]


async def test_a_news_sitemap_of_robots_txt_is_the_last_resort(site: Site) -> None:
    robots = f"Sitemap: {site.server.url('/all.xml')}\nSitemap: {site.server.url('/news-map.xml')}\n"
    site.has(
        {
            "/": page(),
            "/robots.txt": Answer(robots.encode(), content_type="text/plain"),
            "/all.xml": Answer(SITEMAP),
            "/news-map.xml": Answer(SITEMAP),
        }
    )
    (one,) = await site.find()
    assert (one.url, one.kind, one.items) == (site.server.url("/news-map.xml"), "sitemap", 1)
    assert one.how == "a sitemap that robots.txt names"


async def test_a_sitemap_in_a_usual_place_is_found_without_robots_txt(site: Site) -> None:
    site.has({"/": page(), "/sitemap.xml": Answer(SITEMAP)})
    assert await site.paths() == ["/sitemap.xml"]


async def test_two_names_of_one_feed_are_one(site: Site) -> None:
    site.has({"/": page(alternate("/a.rss") + alternate("/a.rss?utm_source=page")), "/a.rss": Answer(rss(3))})
    assert await site.paths() == ["/a.rss"]


async def test_a_permanent_redirect_gives_the_new_address(site: Site) -> None:
    site.has({"/old": Answer(status=301, headers={"Location": "/new"}), "/new": Answer(rss(2))})
    assert await site.paths("/old") == ["/new"]


async def test_a_site_without_any_is_found_empty_within_bounds(site: Site) -> None:
    site.has({"/": page("".join(alternate(f"/{n}.rss") for n in range(99)))})
    assert await site.find() == ()
    assert len(site.server.seen) <= REQUESTS_MAX


async def test_an_address_that_cannot_be_fetched_says_why(site: Site) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        await site.find("/nothing")
    site.has({"/wall": Answer(status=403, headers={"cf-mitigated": "challenge"})})
    with pytest.raises(SourceError, match="bot wall"):
        await site.find("/wall")


async def test_a_page_cannot_lead_inside() -> None:
    async with FeedServer({"/": page(alternate("http://127.0.0.2:9/feed"))}) as server:
        async with Fetcher(allow_private=frozenset({"127.0.0.1"})) as fetcher:
            assert await discover(server.url("/"), fetcher, NOW) == ()
        async with Fetcher() as guarded:
            with pytest.raises(SourceError) as raised:
                await discover(server.url("/"), guarded, NOW)
    assert raised.value.reason is FetchReason.ADDRESS


async def test_a_candidate_without_end_does_not_hold_up_the_others(site: Site) -> None:
    site.server.answers["/endless.rss"] = endless(b"<item/>" * 100_000)
    site.has({"/": page(alternate("/endless.rss") + alternate("/a.rss")), "/a.rss": Answer(rss(3))})
    assert await site.paths() == ["/a.rss"]


# -- the parts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("river.example", "https://river.example"),
        (" https://river.example/news ", "https://river.example/news"),
        ("<https://river.example>", "https://river.example"),
        ("http://river.example:8080/x?y=1", "http://river.example:8080/x?y=1"),
    ],
)
def test_what_people_type_is_an_address(typed: str, expected: str) -> None:
    assert address(typed) == expected


@pytest.mark.parametrize(
    "typed", ["", "river", "ftp://river.example/", "javascript:alert(1)", "http://", "a b c", "file:///etc"]
)
def test_what_is_no_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(ValueError, match=r"is no web address; write it like https://example\.org"):
        address(typed)


def test_what_a_page_names_comes_before_what_it_links_to() -> None:
    content = (
        b"<base href=/x/><a href=all.rss>all</a>"
        b'<link rel="Alternate nofollow" type="application/atom+xml; charset=utf-8" href=a>'
    )
    assert links_of(content, BASE) == (
        Candidate("https://river.example/x/a", "feed", "the page names it"),
        Candidate("https://river.example/x/all.rss", "feed", "the page links to it"),
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0",
        b"<",
        b"<link rel=alternate type=application/rss+xml>",
        b"<a href='http://[/rss'>x</a>",
        b"\xff\xfe<",
    ],
)
def test_a_page_that_is_none_names_nothing(content: bytes) -> None:
    assert links_of(content, BASE) == ()


@given(st.binary(max_size=500))
def test_any_page_can_be_looked_through(content: bytes) -> None:
    for candidate in links_of(b"<link rel=alternate type=application/rss+xml href=/a>" + content, BASE):
        assert candidate.url.startswith("http")
