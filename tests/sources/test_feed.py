"""Reading feeds: golden files of each format, the shared corpus, and everything that is no feed."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import FetchReason, ParseError
from bot.model import Fetched, Item, ParsedFeed, Source
from bot.polling.cadence import Cadence
from bot.sources import KINDS, kind
from bot.sources.feed import parse_feed

DATA = Path(__file__).parent.parent / "data" / "feeds"
SHARED = Path(__file__).parents[2].parent / "shared" / "feeds"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def fetched(
    content: bytes, content_type: str = "application/xml", url: str = "https://site.example/feed.xml"
) -> Fetched:
    return Fetched("s", url, 200, {"content-type": content_type}, content, NOW)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def refused(content: bytes, content_type: str = "application/xml") -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse_feed(fetched(content, content_type))
    assert caught.value.source_id == "s"
    assert "https://site.example/feed.xml" in str(caught.value)
    return caught.value


def rss(items: str, head: str = "", prologue: str = '<?xml version="1.0"?>') -> bytes:
    return f'{prologue}<rss version="2.0"><channel><title>T</title>{head}{items}</channel></rss>'.encode()


# -- golden files ---------------------------------------------------------------------------------------------------

GOLDEN: dict[str, ParsedFeed] = {
    "rss20.xml": ParsedFeed(
        (
            Item(
                "wire-1",
                "https://site.example/2026/03/tankers?utm_source=rss",
                "Navy escorts tankers — insurers raise rates",
                "Three frigates left port on Sunday.\n\nPremiums doubled at AT&T Marine & Co.",
                published=utc(2026, 3, 2, 9),
                author="M. Okafor",
                lang="en-GB",
                categories=("Shipping", "Defence"),
                image="https://wire.example/p.jpg",
            ),
            Item(
                "10",
                "https://wire.example/2026/03/grain",
                "Talks on grain resume",
                "No date was given for this one.",
                lang="en-GB",
            ),
            Item(
                "https://wire.example/notes/3",
                "https://wire.example/notes/3",
                "",
                "An item without a title, as short posts are.",
                published=utc(2026, 3, 2, 11, 30),
                lang="en-GB",
            ),
            Item("wire-5", "", "A link that is no web address", lang="en-GB"),
        ),
        title="Strait & Gulf Wire",
        lang="en-GB",
        format="rss 2.0",
        note="1 entry has neither title, link nor text",
        cadence=Cadence(900.0, "ttl"),
    ),
    "rss091.xml": ParsedFeed(
        (
            Item(
                "https://cafe.example/a?x=1&y=2",
                "https://cafe.example/a?x=1&y=2",
                "Grève à Orléans: R&D en pause",
                "Le dépôt reste fermé.",
                lang="fr",
            ),
        ),
        title="Café Politique",
        lang="fr",
        format="rss 0.91",
    ),
    "rss10.rdf": ParsedFeed(
        (
            Item(
                "https://amt.example/1",
                "https://amt.example/1",
                "Ausfuhrverbot für Drohnenteile",
                "Die Verordnung gilt ab Mai.",
                published=utc(2026, 3, 2, 8),
                author="Referat 3",
                lang="de",
            ),
        ),
        title="Amtsblatt",
        lang="de",
        format="rss 1.0",
    ),
    "rss090.rdf": ParsedFeed(
        (Item("https://old.example/bridge", "https://old.example/bridge", "Bridge reopens"),),
        title="Old Post",
        format="rss 0.90",
        note="damaged XML, read by the lenient parser",
    ),
    "atom10.xml": ParsedFeed(
        (
            Item(
                "urn:lab:1",
                "https://lab.example/news/one.html",
                "Launch scrubbed again",
                "A valve froze.\n\nNext try: Friday",
                published=utc(2026, 3, 1, 12),
                updated=utc(2026, 3, 2, 8),
                author="R. Lindqvist",
                lang="en-US",
                categories=("space",),
            ),
            Item(
                "urn:lab:2",
                "https://lab.example/two",
                "Budget passes 5 < 6",
                "The vote was close.",
                published=utc(2026, 3, 2, 6),
                updated=utc(2026, 3, 2, 6),
                lang="en-US",
            ),
        ),
        title="Orbit Lab",
        lang="en-US",
        format="atom 1.0",
    ),
    "atom_xhtml.xml": ParsedFeed(
        (
            Item(
                "urn:m:1",
                "https://m.example/1",
                "Port of Aden closed",
                "First.\n\nSecond.",
                updated=utc(2026, 3, 2, 6),
            ),
        ),
        title="Marked Up",
        format="atom 1.0",
        note="markup inside of titles or texts, read by the lenient parser",
    ),
    "atom03.xml": ParsedFeed(
        (
            Item(
                "tag:diario.example,2004:1",
                "https://diario.example/1",
                "El puerto abre",
                "Tras dos semanas.",
                published=utc(2004, 5, 6, 7, 8, 9),
                updated=utc(2004, 5, 7, 7, 8, 9),
                lang="es",
            ),
        ),
        title="Diario Viejo",
        lang="es",
        format="atom 0.3",
    ),
    "json11.json": ParsedFeed(
        (
            Item(
                "7",
                "https://site.example/seven",
                "Dam <level> & flow",
                "Up 2 m.\n\nStill rising.",
                published=utc(2026, 3, 2, 9),
                updated=utc(2026, 3, 2, 11),
                author="A. Roy, B. Li",
                lang="en-CA",
                categories=("water",),
                image="https://delta.example/7.png",
            ),
            Item(
                "8",
                "https://else.example/8",
                "",
                "Plain text with <b> in it.\n\nAnd a second paragraph.",
                lang="en-CA",
            ),
        ),
        title="Delta Desk",
        lang="en-CA",
        format="json feed 1.1",
    ),
    "json10.json": ParsedFeed(
        (Item("a", "https://one.example/a", "", "Short.", author="Solo"),), title="One", format="json feed 1"
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_file_gives_the_expected_items(name: str) -> None:
    assert parse_feed(fetched((DATA / name).read_bytes())) == GOLDEN[name]


def test_every_golden_file_is_tested() -> None:
    assert {path.name for path in DATA.iterdir()} == set(GOLDEN)


# -- the shared corpus ----------------------------------------------------------------------------------------------

# Items of the corpus that have no title, link or text, and so do not count.
BLANK = {"le-cercle-psy.rss": 1}


def corpus() -> list[dict[str, str]]:
    if not SHARED.is_dir():
        return []
    with (SHARED / "INDEX.tsv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder ../shared/feeds is absent")
@pytest.mark.parametrize("row", corpus(), ids=lambda row: row["file"])
def test_a_real_feed_has_the_items_of_the_index(row: dict[str, str]) -> None:
    feed = parse_feed(fetched((SHARED / row["file"]).read_bytes(), "text/xml"))
    assert len(feed.items) == int(row["items"]) - BLANK.get(row["file"], 0)
    if row["newest_item"] != "-":
        assert f"{max(i.published for i in feed.items if i.published):%Y-%m-%d}" == row["newest_item"]
    else:
        assert all(i.published is None for i in feed.items)
    if row["language"] != "-":
        assert feed.lang == row["language"]
    for item in feed.items:
        assert "\ufffd" not in item.title + item.text
        assert not item.url or item.url.startswith("http")


# -- what is no feed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"  \n\t ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_nothing_is_empty(content: bytes) -> None:
    assert refused(content).reason is FetchReason.EMPTY


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"<!DOCTYPE html><html><head><title>Please sign in</title></head></html>", "titled “Please sign in”"),
        (b"<html><body>hi</body></html>", "a web page"),
        (b"\n<!-- x --><HTML lang=en>", "a web page"),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x"><html/>', "a web page"),
        (b"<p>Service unavailable", "a web page"),
        (b"Error: <html><title>Oops</title>", "titled “Oops”"),
    ],
)
def test_a_web_page_is_named_as_one(content: bytes, seen: str) -> None:
    error = refused(content, "text/html")
    assert error.reason is FetchReason.HTML
    assert seen in str(error)


@pytest.mark.parametrize(
    ("link", "named"),
    [
        (b'<link rel="alternate" type="application/rss+xml" href="/news.xml">', "https://site.example/news.xml"),
        (b"<LINK href=https://x.example/a?b=1&amp;c=2 type='application/atom+xml' rel='alternate'/>",
         "https://x.example/a?b=1&c=2"),
        (b'<link rel="alternate" type="text/html" hreflang="de" href="/de">', ""),
        (b'<link rel="stylesheet" href="/feed.xml">', ""),
        (b'<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">', ""),
    ],
)  # fmt: skip
def test_the_feed_that_a_web_page_names_is_told(link: bytes, named: str) -> None:
    text = str(refused(b"<!doctype html><head><title>Gazette</title>" + link, "text/html"))
    wanted = f"the page names its feed: {named}" if named else "check the address, or whether the site keeps bots out"
    assert text.endswith(wanted)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b'<?xml version="1.0"?><urlset xmlns="x"/>', "a sitemap"),
        (b"<opml version='2.0'/>", "OPML"),
        (b"<foo/>", "<foo>"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"All systems operational", "plain text that begins “All systems"),
        (b"\x00\x01\x02\xff\xfe" * 20, "no text"),
        (b'{"error": "no such feed"}', "JSON that is no JSON Feed"),
        (b"[1, 2]", "JSON that is no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": 5}', "JSON that is no JSON Feed"),
    ],
)
def test_other_things_are_named(content: bytes, seen: str) -> None:
    error = refused(content)
    assert error.reason is FetchReason.NOT_A_FEED
    assert seen in str(error)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"<rss", "damaged"),
        (b"<rss version='2.0'><channel><title>x", "damaged"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'><title>x</ti", "damaged"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [', "JSON that is damaged"),
        (b"[" * 100_000, "nested too deep"),
        (b"<!DOCTYPE rss [<!ENTITY a 'b'><rss/>", "does not end"),
        (rss("<item>" + "<a>" * 6000 + "</a>" * 6000 + "</item>"), "nested more than 256"),
        (rss("<a/>" * 300_001), "more than 300,000 elements"),
        (rss("<item " + " ".join(f'a{i}="1"' for i in range(3000)) + "/>"), "more than 500 attributes"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_what_cannot_be_read_is_broken(content: bytes, seen: str) -> None:
    error = refused(content)
    assert error.reason is FetchReason.BROKEN
    assert seen in str(error)


def test_a_feed_without_items_is_a_feed() -> None:
    assert parse_feed(fetched(rss(""))).items == ()


def test_secrets_of_the_url_stay_out_of_the_error() -> None:
    with pytest.raises(ParseError) as caught:
        parse_feed(fetched(b"", url="https://joe:pw123@site.example/?token=abcdef"))
    assert "pw123" not in str(caught.value)
    assert "abcdef" not in str(caught.value)


# -- damage that is survived ----------------------------------------------------------------------------------------

ITEM = "<item><title>Première à Łódź — ok</title><link>https://a.example/1</link></item>"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (rss(ITEM, prologue='<?xml version="1.0" encoding="utf-8"?>'), "application/xml"),
        (rss(ITEM, prologue='<?xml version="1.0" encoding="iso-8859-1"?>'), "application/xml; charset=iso-8859-1"),
        (rss(ITEM, prologue=""), "text/xml; charset=nonsense"),
        (rss(ITEM, prologue='<?xml version="1.0" encoding="utf-16"?>'), "text/xml"),
        (b"\xef\xbb\xbf" + rss(ITEM), "text/xml"),
        (rss(ITEM, prologue='<?xml version="1.0" encoding="utf-16"?>').decode().encode("utf-16"), "text/xml"),
        (rss(ITEM, prologue="").decode().encode("utf-16-be"), "text/xml"),
        (rss(ITEM, prologue="").decode().encode("utf-32"), "text/xml"),
        (rss(ITEM, prologue='<?xml version="1.0" encoding="gb18030"?>').decode().encode("gb18030"), "text/xml"),
    ],
)
def test_the_encoding_is_found(content: bytes, content_type: str) -> None:
    assert parse_feed(fetched(content, content_type)).items[0].title == "Première à Łódź — ok"


@pytest.mark.parametrize(
    ("codec", "prologue", "content_type", "title"),
    [
        ("windows-1251", '<?xml version="1.0" encoding="windows-1251"?>', "text/xml", "Привет, мир"),
        ("windows-1251", "", "text/xml; charset=windows-1251", "Привет, мир"),
        ("koi8-r", '<?xml version="1.0" encoding="KOI8-R"?>', "text/xml; charset=utf-8", "Привет, мир"),
        ("cp1252", "", "text/xml", "Été – “déjà”"),
        ("cp1252", '<?xml version="1.0" encoding="iso-8859-1"?>', "text/xml", "Été – “déjà”"),
        ("cp1252", '<?xml version="1.0" encoding="utf-8"?>', "text/xml; charset=utf-8", "Été – “déjà”"),
        ("cp1252", '<?xml version="1.0" encoding="zlib_codec"?>', "text/xml", "Été – “déjà”"),
        ("shift_jis", '<?xml version="1.0" encoding="Shift_JIS"?>', "text/xml", "日本語の題"),
        ("iso2022_jp", '<?xml version="1.0" encoding="iso-2022-jp"?>', "text/xml", "日本語の題"),
        ("euc_kr", '<?xml version="1.0" encoding="euc-kr"?>', "text/xml", "한국어 제목"),
    ],
)
def test_other_encodings_are_read(codec: str, prologue: str, content_type: str, title: str) -> None:
    content = rss(f"<item><title>{title}</title></item>", prologue=prologue).decode().encode(codec)
    assert parse_feed(fetched(content, content_type)).items[0].title == title


def test_a_few_bad_bytes_do_not_spoil_utf8() -> None:
    content = rss(f"<item><title>{'żółć ' * 20}</title></item>").replace(b"</title></item>", b"\xff</title></item>")
    assert parse_feed(fetched(content)).items[0].title.startswith("żółć żółć")


def test_entities_are_never_expanded_and_the_feed_is_read() -> None:
    bomb = "<!DOCTYPE rss [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(9)
    )
    outside = "<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    feed = parse_feed(fetched(rss("<item><title>News &j; &x;</title></item>", prologue=bomb + outside)))
    assert feed.items[0].title == "News &j; &x;"
    assert "never expanded" in feed.note


@pytest.mark.parametrize(
    ("items", "title"),
    [
        ("<item><title>AT&T & Co</title></item>", "AT&T & Co"),
        ("<item><title>caf&eacute;&nbsp;noir</title></item>", "café noir"),
        ("<item><title>Fish &amp;amp; chips</title></item>", "Fish & chips"),
        ("<item><title>&lt;b&gt;Bold&lt;/b&gt; move</title></item>", "Bold move"),
        ("<item><title>a\x0bb\x00c</title></item>", "abc"),
        ("<item><title>Bare <i>markup</i> here</title></item>", "Bare markup here"),
        ("<item><title>unclosed</title><description>x</item>", "unclosed"),
        ("<item><title><![CDATA[5 < 6 & <b>7</b>]]></title></item>", "5 < 6 & 7"),
        ("<item><title>\n  spread\n  out </title></item>", "spread out"),
    ],
)
def test_common_mistakes_are_read_as_meant(items: str, title: str) -> None:
    assert parse_feed(fetched(rss(items))).items[0].title == title


def test_text_before_the_feed_is_skipped_with_a_note() -> None:
    feed = parse_feed(fetched(b"<br />\n<b>Warning</b>: mysql is tired\n" + rss(ITEM)))
    assert len(feed.items) == 1
    assert "skipped" in feed.note


def test_a_feed_cut_off_in_the_middle_keeps_its_whole_items() -> None:
    feed = parse_feed(fetched(rss(ITEM * 3)[:-60]))
    assert len(feed.items) >= 2
    assert "ends in the middle" in feed.note


def test_items_beyond_the_limit_are_counted() -> None:
    feed = parse_feed(fetched(rss(ITEM * 12)), max_items=10)
    assert len(feed.items) == 10
    assert "2 of 12 entries were left out" in feed.note


@pytest.mark.parametrize("guid", ["10", "20260228", "Monday", "12:30", "http", "2026-01-01"])
@pytest.mark.parametrize("date", ["", "<pubDate>soon</pubDate>", "<pubDate>Mon, 31 Feb 2026 10:00:00 GMT</pubDate>"])
def test_a_date_is_never_guessed_from_the_guid_or_the_clock(guid: str, date: str) -> None:
    feed = parse_feed(fetched(rss(f"<item><title>t</title><guid>{guid}</guid>{date}</item>")))
    assert feed.items[0].published is None
    assert feed.items[0].guid == guid


# -- nothing but ParseError -----------------------------------------------------------------------------------------

SEEDS = tuple(sorted((DATA / name).read_bytes() for name in GOLDEN))
PIECES = (
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?xml", b"<!DOCTYPE x [", b"</item>", b"<item>",
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"&#x0;", b"&#99999999;", b"&a;", b'"', b"xmlns=", b"<p>", b"{", b"[",
    b"<rss>", b"<entry>", b"encoding='utf-7'", b"\xed\xa0\x80", b"<pubDate>", b"<title type='xhtml'>", b"http://[",
    b"//\xc2\xa0:x@",
)  # fmt: skip


READABLE = {
    FetchReason.HTML,
    FetchReason.BLOCKED,  # the page of a bot wall
    FetchReason.EMPTY,
    FetchReason.NOT_A_FEED,
    FetchReason.BROKEN,
}


def survives(content: bytes, content_type: str = "application/xml") -> None:
    try:
        feed = parse_feed(fetched(content, content_type))
    except ParseError as error:
        if error.reason not in READABLE:
            raise
        return
    for item in feed.items:
        assert item.title or item.text or item.url
        (item.title + item.text + item.url + item.guid + item.author).encode()
        for moment in (item.published, item.updated):
            assert moment is None or moment.utcoffset() == timedelta(0)


@example(b"<title/_fs-ch-", "")
@given(st.binary(max_size=400), st.sampled_from(["", "text/xml; charset=utf-16", "text/html", "a/b; charset=idna"]))
def test_random_bytes_raise_nothing_but_parse_errors(content: bytes, content_type: str) -> None:
    survives(content, content_type)


@given(
    st.sampled_from([b"<rss version='2.0'><channel>", b"<feed xmlns='http://www.w3.org/2005/Atom'>", b'{"version":"']),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=5), max_size=30),
)
def test_random_pieces_of_feeds_raise_nothing_but_parse_errors(head: bytes, pieces: list[bytes]) -> None:
    survives(head + b"".join(pieces))


@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=6)), max_size=6
    ),
)
def test_mutated_feeds_raise_nothing_but_parse_errors(seed: bytes, cuts: list[tuple[float, int, bytes]]) -> None:
    for place, gone, put in cuts:
        at = int(place * len(seed))
        seed = seed[:at] + put + seed[at + gone :]
    survives(seed)


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE x " + b"<!--" * 500_000,
        b"<!DOCTYPE x [" + b'"' * 2_000_000,
        b"<?a " * 500_000,
        b" " * 2_000_000 + b"<rss>",
        rss("&<![CDATA[" * 250_000),
        rss("<rss " * 250_000),
        rss("<language " * 250_000),
        rss("<date " + " " * 2_000_000 + ">"),
        rss("&" * 400_000),
        rss("".join(f"<item><guid>post no {n} moon</guid><title>x</title></item>" for n in range(20_000))),
        b"[" * 2_000_000,
    ],
    ids=range(11),
)
def test_no_repetition_costs_more_than_its_length(content: bytes) -> None:
    survives(content)  # the suite's timeout ends a run that grows with the square


# -- the registry ---------------------------------------------------------------------------------------------------


def test_every_kind_has_the_two_functions_of_the_port() -> None:
    for name in KINDS:
        assert callable(kind(name).request)
        assert callable(kind(name).parse)


def test_the_feed_kind_asks_for_the_sources_url_and_parses() -> None:
    source = Source("s", "https://site.example/feed.xml")
    assert kind("feed").request(source).url == source.url
    assert len(kind("feed").parse(fetched(rss(ITEM * 3)), source, max_items=2).items) == 2


def test_parsers_are_imported_late() -> None:
    code = (
        "import sys, bot.sources, bot.sources.base, bot.articles.extract;"
        "early = {'feedparser', 'trafilatura', 'fastfeedparser', 'dateparser', 'lxml'} & set(sys.modules);"
        "import bot.sources.feed;"
        "late = {'feedparser', 'trafilatura', 'dateparser'} & set(sys.modules);"
        "sys.exit(f'{early} {late}' if early or late else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
