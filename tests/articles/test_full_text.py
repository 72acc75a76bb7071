"""Sources with ``full_text: true``: rules see the pages of new items, read with good manners, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web

from bot.articles.full_text import PAGES_MAX, FullText
from bot.message import Message
from bot.model import Article, Source, TextFrom
from bot.polling.turns import LEASE
from bot.rules.match import Engine
from bot.web.fetch import Fetcher
from tests.articles.test_page import PARAGRAPHS, html
from tests.databases import article_at
from tests.fakes.feeds import Answer, FeedServer
from tests.polling.test_poller import EVERY, START, Desk, Entry, engine, open_desk

__all__ = ["engine"]  # a fixture

HEADLINE = "Northern docks closed by the harbour authority"
WARNING = "Below the closed docks the flood warning stands until the end of the week, the authority said on Tuesday."


def page(*extra: str, title: str = HEADLINE, head: str = "") -> Answer:
    body = "".join(f"<p>{p}</p>" for p in (*PARAGRAPHS, *extra))
    return Answer(html(body, head, title), content_type="text/html; charset=utf-8")


class Wire:
    """A source whose rule words stand on its pages only."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.server = desk.server
        self.server.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /private/\n", content_type="text/plain")

    def entry(self, path: str, title: str = HEADLINE, text: str = "Docks closed.", age_m: int = 5) -> Entry:
        return Entry(title, text, path, self.server.url(path), timedelta(minutes=age_m))

    async def start(self) -> None:
        self.desk.serves("/feed", Entry("A quiet day", link=self.server.url("/quiet")))
        await self.desk.sources("/feed", full_text=True)
        await self.desk.poll(timedelta(0))
        self.server.seen.clear()

    async def poll(self, *entries: Entry) -> None:
        self.desk.serves("/feed", *entries)
        await self.desk.poll()

    async def stored(self, path: str) -> Article:
        found = await self.desk.thread.read(lambda s: article_at(s, self.server.url(path)))
        assert found is not None
        return found

    def asked(self) -> list[str]:
        return [seen.path for seen in self.server.seen if seen.path not in ("/feed", "/robots.txt")]


@pytest.fixture
async def wire(tmp_path: Path, engine: Engine) -> AsyncIterator[Wire]:
    async with open_desk(tmp_path, engine) as desk:
        one = Wire(desk)
        await one.start()
        yield one


async def test_a_rule_fires_on_words_that_stand_on_the_page_only_and_the_alert_says_so(wire: Wire) -> None:
    wire.server.answers["/docks"] = page(WARNING)
    await wire.poll(wire.entry("/docks"))
    (delivery,) = await wire.desk.deliveries()
    assert isinstance(delivery.payload, Message)
    assert delivery.payload.read == "full text"
    assert "flood warning" in "".join(s.text for s in delivery.payload.passage)
    found = await wire.stored("/docks")
    assert found.text_from is TextFrom.PAGE
    assert WARNING in found.text
    asked = wire.server.seen[-1]
    assert asked.headers["Accept"].startswith("text/html")
    assert asked.headers["User-Agent"].startswith("Wirewatch/")


async def test_a_source_that_does_not_ask_for_it_is_read_by_its_feed_alone(wire: Wire) -> None:
    await wire.desk.sources("/feed")
    wire.server.answers["/docks"] = page(WARNING)
    await wire.poll(wire.entry("/docks"))
    assert (await wire.desk.alerts(), wire.asked()) == ([], [])
    assert (await wire.stored("/docks")).text_from is TextFrom.FEED


async def test_only_new_items_are_fetched_and_each_once(wire: Wire) -> None:
    wire.server.answers["/docks"] = page(WARNING)
    wire.server.answers["/more"] = page(title="More about the docks of the north")
    await wire.poll(wire.entry("/docks"))
    await wire.poll(wire.entry("/docks"), wire.entry("/more", "More about the docks of the north"))
    await wire.poll(wire.entry("/docks"), wire.entry("/more", "More about the docks of the north"))
    assert wire.asked() == ["/docks", "/more"]
    assert len(await wire.desk.alerts()) == 1


async def test_what_robots_txt_forbids_is_not_fetched_and_the_feed_speaks(wire: Wire) -> None:
    wire.server.answers["/private/docks"] = page(WARNING)
    await wire.poll(wire.entry("/private/docks", text="The flood warning stands."))
    assert wire.asked() == []
    (delivery,) = await wire.desk.deliveries()
    assert isinstance(delivery.payload, Message)
    assert delivery.payload.read == "feed text (page not read: robots.txt does not allow it)"


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (Answer(status=404), "it cannot be had (404)"),
        (Answer(status=410), "the page is gone (410)"),
        (Answer(status=500), "it cannot be had (500)"),
        (Answer(status=402), "the server refuses programs or wants a subscription (402)"),
        (Answer(status=403), "the server refuses programs or wants a subscription (403)"),
        (Answer(status=429), "its server asks for fewer requests"),
        (
            Answer(status=503, headers={"cf-mitigated": "challenge"}),
            "the server refuses programs or wants a subscription (503)",
        ),
        (Answer(b"%PDF-1.7", content_type="application/pdf"), "the page is not HTML but application/pdf"),
        (Answer(b"a" * 2_000_000, content_type="text/html"), "the page is larger than 1.5 MB"),
        (
            Answer(html("<p>Subscribe now.</p>", '<meta property="article:content_tier" content="locked">', HEADLINE)),
            "the page is behind a paywall",
        ),
    ],
)
async def test_a_page_that_cannot_be_read_leaves_the_text_of_the_feed_with_the_reason(
    wire: Wire, answer: Answer, note: str
) -> None:
    if answer.content_type == "application/rss+xml":
        answer = replace(answer, content_type="text/html")
    wire.server.answers["/docks"] = answer
    await wire.poll(wire.entry("/docks", text="The flood warning stands."))
    found = await wire.stored("/docks")
    assert (found.text, found.text_from, found.text_note) == (
        "The flood warning stands.",
        TextFrom.FEED,
        f"page not read: {note}",
    )
    assert await wire.desk.alerts() == [HEADLINE]
    assert (await wire.desk.status("feed")).error == ""  # the source itself is well


async def test_of_a_flood_only_so_many_pages_are_read_the_newest(wire: Wire) -> None:
    paths = [f"/docks-{n}" for n in range(PAGES_MAX + 5)]
    titles = {path: f"Docks of the north, report {n} of the harbour" for n, path in enumerate(paths)}
    for path in paths:
        wire.server.answers[path] = page(title=titles[path])
    await wire.poll(*(wire.entry(path, titles[path], age_m=n + 1) for n, path in enumerate(paths)))
    assert sorted(wire.asked()) == sorted(paths[:PAGES_MAX])
    last = await wire.stored(paths[-1])
    assert last.text_note == f"page not read: more than {PAGES_MAX} articles came at once"
    assert len(await wire.desk.thread.read(lambda s: s.archive(START - timedelta(days=1), 0, 99))) == PAGES_MAX + 6


async def test_pages_of_old_items_are_not_read(wire: Wire) -> None:
    wire.server.answers["/docks"] = page(WARNING)
    await wire.poll(wire.entry("/docks", age_m=60 * 25))
    assert wire.asked() == []
    assert (await wire.stored("/docks")).text_note == ""


async def test_an_edited_item_is_read_again(wire: Wire) -> None:
    wire.server.answers["/docks"] = page()
    await wire.poll(wire.entry("/docks"))
    assert await wire.desk.alerts() == []
    edited = f"{HEADLINE} after the night"
    wire.server.answers["/docks"] = page(WARNING, title=edited)
    await wire.poll(wire.entry("/docks", edited))
    assert await wire.desk.alerts() == [edited]
    assert wire.asked() == ["/docks", "/docks"]
    found = await wire.stored("/docks")
    assert (found.title, found.text_from) == (edited, TextFrom.PAGE)
    assert WARNING in found.text


async def test_an_edit_whose_page_fails_keeps_the_text_that_was_read_before(wire: Wire) -> None:
    wire.server.answers["/docks"] = page()
    await wire.poll(wire.entry("/docks"))
    wire.server.answers["/docks"] = Answer(status=500)
    await wire.poll(wire.entry("/docks", f"{HEADLINE} again"))
    found = await wire.stored("/docks")
    assert (found.title, found.text_from) == (f"{HEADLINE} again", TextFrom.PAGE)
    assert found.text_note == "page not read again: it cannot be had (500)"
    assert PARAGRAPHS[0] in found.text


async def test_what_could_not_be_stored_after_its_page_was_read_comes_again(wire: Wire) -> None:
    wire.server.answers["/docks"] = page(WARNING)
    wire.desk.store.full = True
    await wire.poll(wire.entry("/docks"))
    assert await wire.desk.alerts() == []
    wire.desk.store.full = False
    await wire.desk.poll(LEASE)
    assert await wire.desk.alerts() == [HEADLINE]


async def test_a_canonical_address_that_a_site_gives_every_page_does_not_make_them_one_story(wire: Wire) -> None:
    head = '<link rel="canonical" href="https://river.example/app/index">'
    budget = "Parliament votes on the budget of the regions"
    votes = (
        "Members of parliament approved more money for roads and schools in a late session on Wednesday evening.",
        "The opposition called the spending plan reckless and asked for a second reading before the summer break.",
        "Villages wait for the flood warning to end before the works on the first of the new bridges can begin.",
    )
    wire.server.answers["/a"] = page(WARNING, head=head)
    wire.server.answers["/b"] = Answer(
        html("".join(f"<p>{p}</p>" for p in votes), head, budget), content_type="text/html"
    )
    await wire.poll(wire.entry("/a"))
    await wire.poll(wire.entry("/a"), wire.entry("/b", budget))
    assert (await wire.stored("/a")).canonical_url == "https://river.example/app/index"
    assert (await wire.stored("/b")).canonical_url == wire.server.url("/b").replace("http:", "https:")
    assert await wire.desk.alerts() == [HEADLINE, budget]


# -- manners, by the clock of the loop --------------------------------------------------------------------------------


async def test_pages_of_a_host_are_read_one_by_one_with_a_gap(tmp_path: Path) -> None:
    begun: list[float] = []
    loop = asyncio.get_running_loop()

    async def slow(request: web.Request) -> web.StreamResponse:
        begun.append(loop.time())
        await asyncio.sleep(0.02)
        return page().to(request)

    async with FeedServer() as server, Fetcher(allow_private=True) as fetcher:
        server.answers |= {f"/{n}": slow for n in range(4)}
        with ThreadPoolExecutor(1) as core:
            reader = FullText(fetcher, core, lambda: START, gap_s=0.1)
            source = Source("river", server.url("/feed"), every=EVERY, full_text=True)
            articles = [_article(server, n) for n in range(4)]
            read = await reader.read(source, articles)
    assert [a.text_from for a in read] == [TextFrom.PAGE] * 4
    assert [a.key for a in read] == [a.key for a in articles]
    gaps = [later - before for before, later in pairwise(begun)]
    assert all(gap >= 0.119 for gap in gaps), gaps
    assert server.most_busy == 1


async def test_a_crawl_delay_is_kept_and_one_too_long_leaves_the_pages_alone() -> None:
    async with FeedServer() as server, Fetcher(allow_private=True) as fetcher:
        server.answers |= {"/0": page(), "/1": page()}
        source = Source("river", server.url("/feed"), every=EVERY, full_text=True)
        articles = [_article(server, n) for n in range(2)]
        with ThreadPoolExecutor(1) as core:
            server.answers["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 0.2\n", content_type="text/plain")
            began = asyncio.get_running_loop().time()
            await FullText(fetcher, core, lambda: START, gap_s=0.0).read(source, articles)
            assert asyncio.get_running_loop().time() - began >= 0.2
            server.answers["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 60\n", content_type="text/plain")
            read = await FullText(fetcher, core, lambda: START, gap_s=0.0).read(source, articles)
    assert {a.text_note for a in read} == {"page not read: robots.txt asks for 60 s between two pages"}


async def test_an_address_that_leads_inside_is_refused_for_pages_as_for_feeds() -> None:
    async with FeedServer({"/0": page()}) as server, Fetcher() as fetcher:
        source = Source("river", server.url("/feed"), every=EVERY, full_text=True)
        with ThreadPoolExecutor(1) as core:
            (read,) = await FullText(fetcher, core, lambda: START).read(source, [_article(server, 0)])
        assert server.seen == []
    assert read.text_note == "page not read: robots.txt cannot be had (address)"


def _article(server: FeedServer, number: int) -> Article:
    return Article(
        key=f"k{number}",
        source_id="river",
        guid="",
        url=server.url(f"/{number}"),
        title=HEADLINE,
        text="Docks closed.",
        published=START,
        fetched_at=START,
    )
