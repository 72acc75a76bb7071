"""Refreshing a list from a server that behaves and misbehaves: what is on the shelf is always whole and believable."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.watchlists.changes import What
from bot.watchlists.refresh import Outcome, Result, due, refresh, refresh_due
from bot.watchlists.settings import ListSource
from bot.watchlists.store import Shelf
from bot.web.exchange import Limits
from bot.web.fetch import Fetcher
from tests.fakes.feeds import Answer, FeedServer, broken_off

from .lists import sdn, source
from .test_formats import DATA

NOW = datetime(2026, 10, 2, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
SMALL = Limits(connect_s=5, read_s=5, total_s=20, wire_bytes=100_000, body_bytes=200_000)


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer({"/sdn.xml": Answer(sdn(range(100)), etag='"one"', content_type="text/xml")}) as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(allow_private=True, limits=SMALL) as ready:
        yield ready


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "var" / "watchlists")


@pytest.fixture
def wanted(server: FeedServer) -> ListSource:
    return source(server.url("/sdn.xml?token=geheim"))


async def once(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher, now: datetime = NOW, *, accept: bool = False
) -> Outcome:
    (outcome,) = await refresh([wanted], shelf, fetcher, now, accept=accept)
    return outcome


def left_over(shelf: Shelf) -> set[str]:
    return {p.name for p in shelf.folder.iterdir()}


async def test_the_first_download_is_kept_with_its_version_date_and_hash(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher
) -> None:
    outcome = await once(wanted, shelf, fetcher)
    assert (outcome.result, outcome.text) == (Result.UPDATED, "100 entries as of 2026-10-01")
    assert not outcome.difference  # there was nothing to differ from
    stored = shelf.load("ofac_sdn")
    assert stored is not None
    assert (stored.version, stored.as_of, stored.fetched_at) == ("10/01/2026", date(2026, 10, 1), NOW)
    assert [e.id for e in stored.entries] == [str(n) for n in range(100)]
    meta = shelf.meta("ofac_sdn")
    assert meta is not None
    assert (meta.count, len(meta.sha256), meta.states["main"].etag) == (100, 64, '"one"')
    assert "geheim" not in "".join(p.read_text() for p in shelf.folder.iterdir())
    assert left_over(shelf) == {"ofac_sdn.jsonl", "ofac_sdn.names.jsonl", "ofac_sdn.status.json"}


async def test_a_list_that_has_not_changed_is_not_sent_again(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher, server: FeedServer
) -> None:
    await once(wanted, shelf, fetcher)
    before = shelf.meta("ofac_sdn")
    outcome = await once(wanted, shelf, fetcher, LATER)
    assert (outcome.result, outcome.text) == (Result.UNCHANGED, "100 entries, nothing new")
    assert server.seen[1].headers["If-None-Match"] == '"one"'
    assert shelf.meta("ofac_sdn") == before
    status = shelf.status("ofac_sdn")
    assert status is not None
    assert (status.checked_at, status.problem) == (LATER, "")


async def test_the_same_content_from_a_server_without_marks_is_no_change(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher, server: FeedServer
) -> None:
    server.answers["/sdn.xml"] = Answer(sdn(range(100)))
    await once(wanted, shelf, fetcher)
    assert (await once(wanted, shelf, fetcher, LATER)).result is Result.UNCHANGED


async def test_a_new_version_replaces_the_old_and_says_what_came_and_went(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher, server: FeedServer
) -> None:
    await once(wanted, shelf, fetcher)
    server.answers["/sdn.xml"] = Answer(sdn([*range(2, 100), 200, 201, 202], day="10/02/2026"), etag='"two"')
    outcome = await once(wanted, shelf, fetcher, LATER)
    assert outcome.text == "101 entries as of 2026-10-02; 3 added, 2 removed"
    assert outcome.difference is not None
    assert [(c.what, c.entry.id) for c in outcome.difference.changes] == [
        (What.REMOVED, "0"),
        (What.REMOVED, "1"),
        (What.ADDED, "200"),
        (What.ADDED, "201"),
        (What.ADDED, "202"),
    ]
    assert outcome.difference.changes[0].entry.name.text == "Nakhlqar Dhow 0"
    server.answers["/sdn.xml"] = Answer(sdn([*range(2, 100), 200, 201, 202], day="10/03/2026", programme="IFSR"))
    outcome = await once(wanted, shelf, fetcher, LATER)
    assert outcome.text == "101 entries as of 2026-10-03; 101 changed"


HALF_GZIP = gzip.compress(sdn(range(100)))[:-200]


@pytest.mark.parametrize(
    ("answer", "result", "says"),
    [
        (Answer(sdn(range(49))), Result.REFUSED, "has shrunk from 100 entries to 49; the list before it stays"),
        (Answer(sdn([])), Result.REFUSED, "holds no entry"),
        (Answer(sdn(range(60), declared=100)), Result.REFUSED, "announces 100 entries and holds 60"),
        (Answer(sdn(range(100))[:-40]), Result.REFUSED, "broken XML in line 1"),
        (Answer(b"<html><body>Maintenance</body></html>"), Result.REFUSED, "begins with <html>"),
        (Answer(b"\x00\x01\x02garbage"), Result.REFUSED, "broken XML"),
        (Answer(b""), Result.REFUSED, "broken XML"),
        (Answer(b"oops", status=500), Result.FAILED, "500"),
        (Answer(b"", status=404), Result.FAILED, "404"),
        (Answer(b"x" * 100_001), Result.FAILED, "announced more than 100 KB"),
        (Answer(HALF_GZIP, headers={"Content-Encoding": "gzip"}), Result.FAILED, "cannot be read"),
        (
            Answer(gzip.compress(b" " * 300_000), headers={"Content-Encoding": "gzip"}),
            Result.FAILED,
            "unpacked more than 200 KB",
        ),
        (broken_off(sdn(range(100))), Result.FAILED, "broke off"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
async def test_what_cannot_be_believed_leaves_the_old_list_and_is_told(
    answer: Answer, result: Result, says: str, wanted: ListSource, shelf: Shelf, fetcher: Fetcher, server: FeedServer
) -> None:
    await once(wanted, shelf, fetcher)
    before = shelf.load("ofac_sdn")
    server.answers["/sdn.xml"] = answer
    outcome = await once(wanted, shelf, fetcher, LATER)
    assert outcome.result is result
    assert says in outcome.text
    assert "\n" not in outcome.text
    assert "geheim" not in outcome.text
    assert shelf.load("ofac_sdn") == before
    status = shelf.status("ofac_sdn")
    assert status is not None
    assert status.problem == outcome.text
    assert left_over(shelf) == {"ofac_sdn.jsonl", "ofac_sdn.names.jsonl", "ofac_sdn.status.json"}


async def test_a_person_can_accept_a_list_that_has_shrunk(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher, server: FeedServer
) -> None:
    await once(wanted, shelf, fetcher)
    server.answers["/sdn.xml"] = Answer(sdn(range(10)))
    assert "--accept ofac_sdn" in (await once(wanted, shelf, fetcher, LATER)).text
    assert (await once(wanted, shelf, fetcher, LATER, accept=True)).text == "10 entries as of 2026-10-01; 90 removed"


async def test_a_list_of_several_files_is_taken_as_one(shelf: Shelf, fetcher: Fetcher) -> None:
    parts = {"main": "sdn.csv", "alt": "alt.csv", "add": "add.csv"}
    answers = {f"/{f}": Answer((DATA / f).read_bytes(), etag=f'"{p}"') for p, f in parts.items()}
    async with FeedServer(answers) as server:
        wanted = source(server.url("/sdn.csv"), kind="ofac_csv", alt=server.url("/alt.csv"), add=server.url("/add.csv"))
        assert (await once(wanted, shelf, fetcher)).text == "4 entries"
        assert (await once(wanted, shelf, fetcher, LATER)).result is Result.UNCHANGED
        more = (DATA / "alt.csv").read_bytes().replace(b"\x1a", b'90002,80009,"aka","QARNADHOW",-0- \r\n')
        server.answers["/alt.csv"] = Answer(more, etag='"new"')
        outcome = await once(wanted, shelf, fetcher, LATER)
        assert outcome.text == "4 entries; 1 changed"
        server.answers["/add.csv"] = Answer(b"", status=500)
        assert (await once(wanted, shelf, fetcher, LATER)).result is Result.FAILED
        (changed,) = (e for e in shelf.entries("ofac_sdn") if e.id == "90002")
        assert [n.text for n in changed.aliases] == ["NAKHLTRADE", "QARNADHOW"]


async def test_another_address_is_asked_without_the_old_marks(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher, server: FeedServer
) -> None:
    await once(wanted, shelf, fetcher)
    server.answers["/mirror.xml"] = Answer(sdn(range(101)), etag='"one"')
    outcome = await once(source(server.url("/mirror.xml")), shelf, fetcher, LATER)
    assert outcome.text == "101 entries as of 2026-10-01; 1 added"


async def test_a_damaged_list_on_the_shelf_is_replaced(wanted: ListSource, shelf: Shelf, fetcher: Fetcher) -> None:
    shelf.folder.mkdir(parents=True)
    shelf.path("ofac_sdn", ".jsonl").write_text("half a li")
    assert (await once(wanted, shelf, fetcher)).result is Result.UPDATED
    whole = shelf.path("ofac_sdn", ".jsonl").read_text()
    shelf.path("ofac_sdn", ".jsonl").write_text(whole[: len(whole) // 2])  # the head is whole, an entry is not
    assert (await once(wanted, shelf, fetcher, LATER)).text == "100 entries as of 2026-10-01"
    assert shelf.path("ofac_sdn", ".jsonl").read_text().count("\n") == whole.count("\n")
    shelf.path("ofac_sdn", ".jsonl").write_text("".join(whole.splitlines(keepends=True)[:50]))  # cut between entries
    assert (await once(wanted, shelf, fetcher, LATER)).result is Result.UPDATED


async def test_lists_are_looked_for_when_their_time_has_come(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher, server: FeedServer
) -> None:
    assert due([wanted], shelf, NOW) == (wanted,)
    assert [o.result for o in await refresh_due([wanted], shelf, fetcher, NOW)] == [Result.UPDATED]
    assert due([wanted], shelf, NOW + timedelta(hours=23)) == ()
    assert await refresh_due([wanted], shelf, fetcher, NOW + timedelta(hours=23)) == ()
    server.answers["/sdn.xml"] = Answer(b"", status=503)
    assert [o.result for o in await refresh_due([wanted], shelf, fetcher, LATER)] == [Result.FAILED]
    assert due([wanted], shelf, LATER + timedelta(minutes=59)) == ()
    assert due([wanted], shelf, LATER + timedelta(hours=1)) == (wanted,)  # sooner than ordinarily


async def test_one_list_that_fails_does_not_keep_the_others(shelf: Shelf, fetcher: Fetcher, server: FeedServer) -> None:
    lists = [source(server.url("/none.xml"), "first"), source(server.url("/sdn.xml"), "second")]
    outcomes = await refresh(lists, shelf, fetcher, NOW)
    assert [(o.name, o.result) for o in outcomes] == [("first", Result.FAILED), ("second", Result.UPDATED)]


async def test_an_unfinished_download_is_never_read(
    wanted: ListSource, shelf: Shelf, fetcher: Fetcher, server: FeedServer
) -> None:
    """While a new version is on its way, the shelf has the old one."""
    await once(wanted, shelf, fetcher)
    counts = []

    async def watching(request: web.Request) -> web.StreamResponse:
        counts.append(sum(1 for _ in shelf.entries("ofac_sdn")))
        return web.Response(body=sdn(range(150)))

    server.answers["/sdn.xml"] = watching
    assert (await once(wanted, shelf, fetcher, LATER)).result is Result.UPDATED
    assert counts == [100]
    assert sum(1 for _ in shelf.entries("ofac_sdn")) == 150
