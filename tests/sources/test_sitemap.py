"""Sitemaps: news and plain ones, indexes in steps, gzip files, bounds, and everything that is no sitemap."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import FetchError, FetchReason, ParseError, SourceError
from bot.model import Fetched, HttpState, Item, NotModified, ParsedFeed, Source
from bot.sources import sitemap
from bot.sources.base import Request
from bot.sources.collect import Collected, collect
from bot.web.fetch import Fetcher
from tests.fakes.feeds import Answer, FeedServer
from tests.properties import examples
from tests.sources.samples import DATA, NOW, Desk, check_sentence, fetched, in_thread, utc

SOURCE = Source("s", "https://gazette.example/sitemap.xml", kind="sitemap")
HOST = "https://gazette.example"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def options(**values: object) -> Source:
    return Source("s", SOURCE.url, kind="sitemap", options=values)


def urlset(*entries: str) -> bytes:
    return f'<?xml version="1.0"?><urlset {NS}>{"".join(entries)}</urlset>'.encode()


def entry(name: str, modified: str = "") -> str:
    date = f"<lastmod>{modified}</lastmod>" if modified else ""
    return f"<url><loc>https://gazette.example/{name}</loc>{date}</url>"


def index(**children: str) -> bytes:
    parts = "".join(
        f"<sitemap><loc>{HOST}/{name}.xml</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>"
        for name, date in children.items()
    )
    return f"<sitemapindex {NS}>{parts}</sitemapindex>".encode()


def refused(content: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        sitemap.parse(fetched(content), SOURCE)
    return caught.value


# -- golden files ---------------------------------------------------------------------------------------------------


def test_a_news_sitemap_gives_titles_dates_languages_keywords_and_pictures() -> None:
    assert sitemap.parse(fetched((DATA / "news_sitemap.xml").read_bytes()), SOURCE) == ParsedFeed(
        (
            Item(
                "https://gazette.example/2026/03/02/tankers-leave-port",
                "https://gazette.example/2026/03/02/tankers-leave-port",
                "Tankers leave port under escort & insurers wait",
                published=utc(2026, 3, 2, 8, 15),
                lang="en",
                categories=("shipping", "insurance"),
                image="https://gazette.example/i/tanker.jpg",
            ),
            Item(
                "https://gazette.example/2026/03/02/grain-talks",
                "https://gazette.example/2026/03/02/grain-talks",
                "Grain talks resume",
                published=utc(2026, 3, 2),
                lang="en",
            ),
        ),
        format="news sitemap",
        note="the sitemap declares entities of its own, which are never expanded",
    )


def test_a_plain_sitemap_gives_the_words_of_the_address_the_newest_first() -> None:
    parsed = sitemap.parse(fetched((DATA / "sitemap.xml").read_bytes()), SOURCE)
    assert [(item.title, item.updated, item.published) for item in parsed.items] == [
        ("", utc(2026, 3, 2), None),
        ("arms embargo extended by a year", utc(2026, 3, 1, 18), None),
        ("", utc(2024, 1, 1), None),
        ("café owners protest", None, None),
    ]
    assert parsed.items[3].url == "https://gazette.example/news/caf%C3%A9-owners_protest"
    assert (parsed.format, parsed.note) == ("sitemap", "")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://a.example/2026/03/02/grain-talks-resume-41872.html", "grain talks resume"),
        ("https://a.example/story/Navy_escorts_tankers/", "Navy escorts tankers"),
        ("https://a.example/election-2026", ""),  # one word says too little, and a year is none
        ("https://a.example/covid-19-vaccine-trial", "covid 19 vaccine trial"),
        ("https://a.example/grain-talks/418723", "grain talks"),
        ("https://a.example/world/a81f3c9d20", ""),
        ("https://a.example/?p=1", ""),
        ("https://[broken", ""),
    ],
)
def test_words_of_an_address(address: str, words: str) -> None:
    assert sitemap.slug_words(address) == words


def test_only_takes_addresses_by_path() -> None:
    content = urlset(entry("news/two-ships"), entry("shop/red-hats"), entry("news/ten-ports"))
    parsed = sitemap.parse(fetched(content), options(only=["/news/*"]))
    assert [item.title for item in parsed.items] == ["ten ports", "two ships"]


def test_a_text_sitemap_is_read() -> None:
    parsed = sitemap.parse(fetched(b"https://a.example/one-two\nhttps://a.example/three-four\n"), SOURCE)
    assert [item.title for item in parsed.items] == ["three four", "one two"]
    assert parsed.format == "sitemap text"


# -- size and safety ------------------------------------------------------------------------------------------------


def test_a_gzip_file_is_unpacked_once() -> None:
    content = urlset(entry("a-b"))
    assert len(sitemap.parse(fetched(gzip.compress(content), "application/octet-stream"), SOURCE).items) == 1
    assert refused(gzip.compress(gzip.compress(content))).text.endswith(
        "answered with a gzip file instead of a sitemap; check the address"
    )


def test_a_gzip_bomb_and_a_damaged_file_are_refused() -> None:
    bomb = refused(gzip.compress(b"<urlset>" + b" " * (sitemap.MAX_BYTES + 1)))
    assert (bomb.reason, "unpacked more than 50 MiB" in bomb.text) == (FetchReason.TOO_LARGE, True)
    assert refused(gzip.compress(b"x" * 1000)[:20]).reason is FetchReason.BROKEN


def test_of_fifty_thousand_addresses_the_newest_are_taken() -> None:
    entries = [entry(f"story-number/{i}", f"2026-02-{i % 28 + 1:02d}T{i % 24:02d}:00:00Z") for i in range(50_001)]
    parsed = sitemap.parse(fetched(urlset(*entries)), SOURCE, max_items=100)
    assert len(parsed.items) == 100
    assert {item.updated.day for item in parsed.items if item.updated} == {28}
    assert "only the first 50,000 entries were read" in parsed.note
    assert "49,900 of 50,000 entries, the older ones, were left out" in parsed.note


def test_entities_are_never_expanded() -> None:
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 30))
    content = b'<!DOCTYPE urlset [<!ENTITY l0 "ha"><!ENTITY f SYSTEM "file:///etc/hostname">' + laughs + b"]>"
    body = f"<urlset {NS}><url><loc>https://a.example/one-two</loc><lastmod>&l29;&f;</lastmod></url></urlset>"
    parsed = sitemap.parse(fetched(content + body.encode()), SOURCE)
    assert [(item.title, item.updated) for item in parsed.items] == [("one two", None)]
    assert refused(b"<!DOCTYPE urlset [" + b"<!ENTITY a 'b'>" * 9999).reason is FetchReason.BROKEN


def test_an_empty_sitemap_is_no_failure() -> None:
    for content in (urlset(), f"<urlset {NS}/>".encode()):
        assert sitemap.parse(fetched(content), SOURCE) == ParsedFeed((), format="sitemap")


def test_a_damaged_sitemap_is_read_as_far_as_it_goes() -> None:
    parsed = sitemap.parse(fetched(urlset(entry("one-two"), entry("three-four"))[:-30]), SOURCE)
    assert "one two" in [item.title for item in parsed.items]
    assert parsed.note == "the sitemap ends in the middle"
    assert refused(urlset(entry("one-two"))[:60]).reason is FetchReason.BROKEN


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", FetchReason.EMPTY, "answered with an empty body"),
        (b"<html><title>Sign in</title></html>", FetchReason.HTML, "a web page titled “Sign in” instead of a sitemap"),
        (b'<rss version="2.0"><channel/></rss>', FetchReason.NOT_A_FEED, "a feed (rss 2.0); write kind: feed"),
        (b"%PDF-1.7", FetchReason.NOT_A_FEED, "a PDF document instead of a sitemap"),
        (b'{"a": 1}', FetchReason.NOT_A_FEED, "instead of a sitemap"),
    ],
)
def test_what_is_no_sitemap_is_named(content: bytes, reason: FetchReason, words: str) -> None:
    error = refused(content)
    assert error.reason is reason
    assert words in error.text


PIECES = [
    b"<urlset>",
    b"<url>",
    b"<loc>",
    b"https://a.example/x-y",
    b"</loc>",
    b"</url>",
    b"<sitemapindex>",
    b"<sitemap>",
    b"<lastmod>2026-03-01",
    b"</lastmod>",
    b"&amp;",
    b"&x;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"\0",
    b"\xff",
    b"<a b='",
]


@settings(max_examples=examples(300))
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=30))
def test_any_bytes_end_in_items_or_in_one_clear_sentence(pieces: list[bytes]) -> None:
    for content in (b"".join(pieces), b"<urlset>" + b"".join(pieces), b"<sitemapindex>" + b"".join(pieces)):
        try:
            sitemap.parse(fetched(content), SOURCE)
        except ParseError as error:
            check_sentence(error)


# -- indexes --------------------------------------------------------------------------------------------------------


async def test_the_newest_sitemaps_of_an_index_are_read_and_merged() -> None:
    desk = Desk(
        {
            SOURCE.url: index(old="2020-01-01", undated="", new="2026-03-02", mid="2026-02-01"),
            f"{HOST}/new.xml": urlset(entry("new-one", "2026-03-02"), entry("both-have-it", "2026-03-01")),
            f"{HOST}/mid.xml": urlset(entry("both-have-it", "2026-03-01"), entry("mid-one", "2026-02-01")),
        }
    )
    got = await desk.poll(options(children=2))
    assert [r.url.rpartition("/")[2] for r in desk.asked] == ["sitemap.xml", "new.xml", "mid.xml"]
    assert [item.title for item in got.parsed.items] == ["new one", "both have it", "mid one"]
    assert (got.parsed.format, got.parsed.note) == ("sitemap index", "2 of 4 sitemaps read")


async def test_sitemaps_are_chosen_by_path() -> None:
    desk = Desk({SOURCE.url: index(shop="2026-03-02", news=""), f"{HOST}/news.xml": urlset(entry("two-ships"))})
    assert [item.title for item in (await desk.poll(options(sitemaps=["*/news*"]))).parsed.items] == ["two ships"]
    with pytest.raises(ParseError, match=r"lists none of the sitemaps wanted; correct sitemaps: \*/sport\*"):
        await desk.poll(options(sitemaps=["*/sport*"]))


async def test_a_sitemap_that_fails_is_noted_and_if_all_fail_the_poll_fails() -> None:
    answers: dict[str, bytes | FetchError] = {
        SOURCE.url: index(a="2026-03-02", b="2026-03-01", c=""),
        "https://gazette.example/b.xml": urlset(entry("it-works")),
        "https://gazette.example/c.xml": index(d=""),
    }
    got = await Desk(answers).poll(SOURCE)
    assert [item.title for item in got.parsed.items] == ["it works"]
    assert "a.xml answered 404" in got.parsed.note
    assert "c.xml is an index inside an index, which is not followed" in got.parsed.note
    del answers["https://gazette.example/b.xml"]
    with pytest.raises(FetchError, match="answered 404"):
        await Desk(answers).poll(SOURCE)


async def test_validators_are_kept_for_a_single_sitemap_and_not_for_an_index() -> None:
    """An index whose own text did not change may well list sitemaps that did."""
    single = await Desk({SOURCE.url: urlset(entry("a-b"))}, '"x"').poll(SOURCE)
    assert (single.state, single.first.moved_to) == (HttpState('"x"'), "https://moved.example/")
    desk = Desk({SOURCE.url: index(a=""), "https://gazette.example/a.xml": urlset(entry("a-b"))}, '"x"')
    several = await desk.poll(SOURCE, HttpState('"y"'))
    assert several.state == HttpState()
    assert desk.states == [HttpState('"y"'), HttpState()]


async def test_gzip_files_of_an_index_come_through_the_real_fetcher() -> None:
    async with FeedServer() as server, Fetcher(allow_private=True) as fetcher:
        child = f"<sitemapindex {NS}><sitemap><loc>{server.url('/news.xml.gz')}</loc></sitemap></sitemapindex>"
        server.answers["/index.xml"] = Answer(child.encode(), content_type="application/xml")
        packed = gzip.compress(urlset(entry("two-ships")))
        server.answers["/news.xml.gz"] = Answer(packed, content_type="application/octet-stream")
        source = Source("s", server.url("/index.xml"), kind="sitemap")

        async def fetch(request: Request, state: HttpState) -> Fetched | NotModified:
            return await fetcher.fetch(source, state, NOW, request=request)

        got = await collect(source, HttpState(), NOW, fetch, in_thread)
        assert isinstance(got, Collected)
        assert [item.title for item in got.parsed.items] == ["two ships"]


def test_without_steps_an_index_says_what_it_is() -> None:
    assert sitemap.parse(fetched(index(a="", b="")), SOURCE).note == "an index of 2 sitemaps, none of them read"


async def test_a_broken_option_is_one_sentence() -> None:
    with pytest.raises(SourceError) as caught:
        await Desk({}).poll(options(children=99))
    assert caught.value.reason is FetchReason.CONFIG
    assert caught.value.text == "the option children cannot be used: input should be less than or equal to 20"
