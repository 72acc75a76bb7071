"""Whatever a server sends, a source ends with items or with a reason that a person can read: no exception, no hang.

The seeds are our own samples of every format, and the real feeds beside the repository where those are there.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import pipeline
from bot.errors import FetchReason, ParseError
from bot.model import Fetched, ParsedFeed, Source
from bot.roster.state import SourceState
from bot.rules.match import Engine
from bot.sources import kind
from tests.fakes.feeds import Answer
from tests.polling.test_poller import Desk, engine, open_desk
from tests.sources.samples import NOW

__all__ = ["engine"]  # a fixture

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "feeds"
OWN = [p for d in ("feeds", "sources") for p in sorted((ROOT / "tests" / "data" / d).iterdir()) if p.is_file()]
REAL = [p for p in sorted(SHARED.glob("*")) if p.suffix != ".tsv"] if SHARED.is_dir() else []
SEEDS = [path.read_bytes() for path in OWN]

URL = "https://wire.example/feed"
KINDS: dict[str, Mapping[str, object]] = {
    "feed": {},
    "sitemap": {},
    "page": {"items": "//item | //article | //tr", "title": ".//title | .//h2", "link": ".//a/@href"},
    "json": {"items": "items || articles || hits || @", "fields": {"title": "title", "text": "text", "date": "date"}},
}
TIME_MAX_S = 20.0  # far above what anything takes, on a busy machine too


def read(name: str, content: bytes, content_type: str = "") -> ParsedFeed | ParseError:
    """What a kind makes of an answer; anything but items and a :class:`ParseError` fails the test."""
    source = Source("wire", URL, kind=name, options=KINDS[name])
    began = time.monotonic()
    try:
        parsed = kind(name).parse(Fetched("wire", URL, 200, {"content-type": content_type}, content, NOW), source)
    except ParseError as error:
        is_readable(error)
        return error
    finally:
        assert time.monotonic() - began < TIME_MAX_S
    are_usable(parsed, source)
    return parsed


def is_readable(error: ParseError) -> None:
    """One sentence for a person: printable, of bearable length, with the address and a reason of the closed set."""
    assert error.reason in FetchReason
    assert error.source_id == "wire"
    assert error.text.isprintable()
    assert URL in error.text
    assert 30 < len(error.text) < 400
    assert "Traceback" not in error.text
    assert "Error(" not in error.text


def are_usable(parsed: ParsedFeed, source: Source) -> None:
    """Items become articles that can be stored, matched and shown."""
    assert parsed.note.isprintable()
    for article in pipeline.articles_of(parsed, source, NOW):
        assert article.title or article.text
        assert article.key
        assert article.content_hash
        assert article.published <= NOW
        assert article.published.tzinfo is not None
        assert not article.url or article.url.startswith(("http://", "https://"))
        article.body.encode()


# -- the corpus ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not REAL, reason="the real feeds are not beside the repository (../shared/feeds)")
@pytest.mark.parametrize("path", REAL, ids=lambda p: p.name)
def test_every_kind_ends_well_on_every_real_feed(path: Path) -> None:
    content = path.read_bytes()
    parsed = read("feed", content)
    assert isinstance(parsed, ParsedFeed)
    assert parsed.items
    for name in KINDS:
        read(name, content)
        read(name, content[: len(content) // 2])


@pytest.mark.skipif(not REAL, reason="the real feeds are not beside the repository (../shared/feeds)")
def test_an_item_with_nothing_in_it_is_left_out_and_counted() -> None:
    parsed = read("feed", (SHARED / "le-cercle-psy.rss").read_bytes())
    assert isinstance(parsed, ParsedFeed)
    assert len(parsed.items) == 9
    assert parsed.note == "1 entry has neither title, link nor text"


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.name)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_ends_well_on_every_sample_of_another(path: Path, name: str) -> None:
    read(name, path.read_bytes())


def test_an_entry_without_title_link_and_text_is_left_out_and_counted() -> None:
    items = "<item><title>A</title></item><item><title></title><link></link></item><item><guid>g</guid></item>"
    parsed = read("feed", f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    assert isinstance(parsed, ParsedFeed)
    assert [item.title for item in parsed.items] == ["A"]
    assert parsed.note == "2 entries have neither title, link nor text"


# -- mutations -------------------------------------------------------------------------------------------------------

PIECES = (
    b"<", b">", b"&", b"&#0;", b"&x;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?", b'"', b"\0", b"\xff\xfe",
    b"\xef\xbb\xbf", b"<item>", b"</item>", b"<title>", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"{", b"}", b"[[[[",
    b'"items":', b"\\ud800", "\u202e\u200f\ud7ff".encode(), b"<a " + b"x='1' " * 50, b"<b>" * 300, b"9" * 400, b"1e999",
    b"-0001-13-45T99:99:99Z",
)  # fmt: skip

EDITS = st.lists(
    st.tuples(
        st.floats(0, 1),  # where
        st.integers(0, 400),  # how many bytes go
        st.sampled_from(PIECES) | st.binary(max_size=40),  # what comes
        st.integers(1, 3),  # how often
    ),
    min_size=1,
    max_size=8,
)
BUSY = settings(max_examples=60)
TYPES = st.sampled_from(
    ["", "text/xml; charset=utf-16", "application/json", "text/html; charset=koi8-r", "x; charset=?"]
)


def edited(seed: bytes, edits: list[tuple[float, int, bytes, int]]) -> bytes:
    for where, gone, come, often in edits:
        at = int(where * len(seed))
        seed = seed[:at] + come * often + seed[at + gone :]
    return seed


@BUSY
@given(seed=st.sampled_from(SEEDS), edits=EDITS, name=st.sampled_from(sorted(KINDS)), content_type=TYPES)
def test_mutated_answers_end_with_items_or_a_readable_reason(
    seed: bytes, edits: list[tuple[float, int, bytes, int]], name: str, content_type: str
) -> None:
    read(name, edited(seed, edits), content_type)


@BUSY
@given(content=st.binary(max_size=600), name=st.sampled_from(sorted(KINDS)), content_type=TYPES)
def test_random_bytes_end_with_items_or_a_readable_reason(content: bytes, name: str, content_type: str) -> None:
    read(name, content, content_type)


@pytest.mark.skipif(not REAL, reason="the real feeds are not beside the repository (../shared/feeds)")
@settings(max_examples=25)
@given(path=st.sampled_from(REAL or [ROOT]), edits=EDITS)
def test_mutated_real_feeds_end_with_items_or_a_readable_reason(
    path: Path, edits: list[tuple[float, int, bytes, int]]
) -> None:
    read("feed", edited(path.read_bytes(), edits))


# -- as recorded -----------------------------------------------------------------------------------------------------


def answers() -> Iterator[bytes]:
    """Whole answers, worse than most: seeded, so that a failure can be looked into."""
    chance = random.Random(4711)
    for seed in SEEDS:
        edits = [
            (chance.random(), chance.randrange(300), chance.choice(PIECES), 1 + chance.randrange(3)) for _ in range(4)
        ]
        yield edited(seed, edits)
        yield seed[: chance.randrange(len(seed))]
        yield chance.randbytes(300)


@pytest.fixture
async def desk(tmp_path: Path, engine: Engine) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, engine) as one:
        yield one


async def test_each_source_that_sends_rubbish_is_recorded_with_its_reason_and_the_others_go_on(desk: Desk) -> None:
    bodies = {f"/s{n}": body for n, body in enumerate(answers())}
    desk.server.answers |= {path: Answer(body) for path, body in bodies.items()}
    desk.serves("/good")
    await desk.sources(*bodies, "/good")
    names = sorted(KINDS)
    kinds = {f"s{n}": names[n % len(names)] for n in range(len(bodies))}
    sources = {
        s.id: replace(s, kind=kinds[s.id], options=KINDS[kinds[s.id]]) if s.id in kinds else s
        for s in desk.poller.rulebook.sources.values()
    }
    desk.poller.rulebook = replace(desk.poller.rulebook, sources=sources)
    await desk.thread.run(lambda s: s.sync_sources(sources.values(), desk.now, {}))
    await desk.poller.poll_all()
    statuses = {s.source_id: s for s in await desk.thread.read(lambda s: s.source_statuses())}
    assert statuses["good"].state is SourceState.OK
    assert len(statuses) == len(bodies) + 1
    for one in statuses.values():
        assert one.last_poll is not None, one
        assert one.next_poll_at is not None
        assert "internal error" not in one.error
        assert bool(one.error) == (one.failures > 0)
        assert one.error.isprintable()
