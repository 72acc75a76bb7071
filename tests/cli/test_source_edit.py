"""``sources show``, ``add``, ``remove``, ``import-opml``, ``export-opml`` and ``export``, as they are typed."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import Options, open_app
from bot.cli import main
from bot.config import load_config
from bot.roster.opml import read_opml
from bot.roster.sources_file import load_sources
from bot.store.sql import SqlStore
from tests.cli.conftest import Ran
from tests.fakes.feeds import Answer, FeedServer, rss

Command = Callable[..., "asyncio.Future[Ran]"]


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


class Desk:
    """A folder, a site, and the command line; commands run in a thread, as the site lives in this loop."""

    def __init__(self, folder: Path, server: FeedServer, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.server, self.capsys = folder, server, capsys
        config = folder / "wirewatch.yaml"
        config.write_text(config.read_text("utf-8") + 'allow_private: ["127.0.0.1"]\n', "utf-8")

    async def run(self, *arguments: str, typed: str | None = None) -> Ran:
        before, sys.stdin = sys.stdin, Terminal(typed) if typed is not None else io.StringIO()
        try:
            status = await asyncio.to_thread(main, ["sources", *arguments])
        finally:
            sys.stdin = before
        return Ran(status, *self.capsys.readouterr())

    def store(self) -> SqlStore:
        store = SqlStore(f"sqlite:///{self.folder}/own.db")
        store.open()
        return store


@pytest.fixture
async def desk(room: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Desk]:
    async with FeedServer() as server:
        yield Desk(room, server, capsys)


def page(*feeds: str) -> Answer:
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{href}">' for href in feeds)
    return Answer(f"<!doctype html><title>Harbour</title>{links}".encode(), content_type="text/html")


def named(feed: bytes, name: str) -> Answer:
    return Answer(feed.replace(b"Harbour Post", name.encode()))


async def test_add_finds_the_feeds_of_a_page_and_keeps_the_one_that_is_chosen(desk: Desk) -> None:
    desk.server.answers |= {
        "/": page("/world", "/ports"),
        "/world": named(rss(3), "World"),
        "/ports": named(rss(2), "Ports"),
    }
    ran = await desk.run("add", desk.server.url("/"), "--every", "30m", "--tag", "sea", "--tag", "trade", typed="2\n")
    assert (ran.status, ran.err) == (0, "")
    assert f"1  World: {desk.server.url('/world')}\n   rss 2.0, 3 items, newest " in ran.out
    assert "2  Ports: " in ran.out
    assert "the page names it" in ran.out
    assert ran.out.endswith("added ports; a running bot polls it within a few seconds, else the next run does\n")
    store = desk.store()
    (source,) = store.chat_sources()
    (entry,) = store.audit(datetime.now(UTC) - timedelta(hours=1), 9)
    store.close()
    assert (source.url, source.tags, source.every) == (
        desk.server.url("/ports"),
        ("sea", "trade"),
        timedelta(minutes=30),
    )
    assert (entry.who, entry.verb) == ("command line", "sources add")
    ran = await desk.run("list")
    assert "ports" in ran.out
    assert ran.out.endswith("1 source: 1 new\n")


@pytest.mark.parametrize("typed", ["", "0\n", "9\n", "n\n", "-1\n"])
async def test_add_keeps_nothing_unless_one_is_chosen(desk: Desk, typed: str) -> None:
    desk.server.answers |= {"/": page("/a", "/b"), "/a": Answer(rss(3)), "/b": Answer(rss(2))}
    ran = await desk.run("add", desk.server.url("/"), typed=typed or "\n")
    assert (ran.status, ran.out.splitlines()[-1].rpartition("] ")[2]) == (1, "nothing added")
    assert not (desk.folder / "own.db").exists()


async def test_add_asks_nobody_who_is_not_there(desk: Desk) -> None:
    desk.server.answers["/feed"] = Answer(rss(3))
    ran = await desk.run("add", desk.server.url("/feed"))
    assert (ran.status, "add --yes to take the first" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=404), "does not exist (404 Not Found)"),
        (page(), "nothing to poll was found on http://127.0.0.1"),
        (Answer(status=500), "failed on the server's side"),
    ],
)
async def test_add_says_why_there_is_nothing(desk: Desk, answer: Answer, said: str) -> None:
    desk.server.answers["/x"] = answer
    ran = await desk.run("add", desk.server.url("/x"), "--yes")
    assert (ran.status, ran.out) == (1, "")
    assert said in ran.err
    assert ran.err.startswith("wirewatch: ")


async def test_add_refuses_what_is_read_already_and_what_is_wrong(desk: Desk) -> None:
    desk.server.answers["/feed"] = Answer(rss(3))
    url = desk.server.url("/feed")
    assert (await desk.run("add", url, "--yes", "--id", "mine", "--title", "My Post")).status == 0
    ran = await desk.run("add", url, "--yes")
    assert (ran.status, ran.err) == (1, f"wirewatch: {url} is read already, as mine\n")
    ran = await desk.run("add", "nonsense", "--yes")
    assert ran.err == "wirewatch: 'nonsense' is no web address; write it like https://example.org\n"
    desk.server.answers["/other"] = Answer(rss(3))
    ran = await desk.run("add", desk.server.url("/other"), "--yes", "--every", "1s")
    assert ran.err == "wirewatch: every: must be at least 1m\n"


async def test_what_was_added_is_polled_after_a_restart_and_shown_with_all_that_is_known(desk: Desk) -> None:
    desk.server.answers |= {"/feed": Answer(rss(3), etag='"v1"'), "/gone": Answer(status=404)}
    url = desk.server.url("/feed")
    assert (await desk.run("add", url, "--yes", "--full-text", "--tag", "sea")).status == 0
    before = await desk.run("show", "harbour-post")
    assert re.search(r"state +new\b", before.out)
    assert re.search(r"full text +on$", before.out.rstrip())
    async with open_app(load_config(Path("wirewatch.yaml"), os.environ), options=Options(spread=False)) as app:
        await app.poll_now()
        await app.poller.poll_all()
        desk.server.answers["/feed"] = Answer(status=503)
        await app.poll_now()
        await app.poller.poll_all()
    desk.capsys.readouterr()
    ran = await desk.run("show", "harbour-post")
    assert (ran.status, ran.err) == (0, "")
    shown = dict(re.split(r"  +", line.strip(), maxsplit=1) for line in ran.out.splitlines())
    assert shown["source"] == "Harbour Post (harbour-post)"
    assert shown["address"] == url
    assert shown["from"] == "added by a command"
    assert shown["tags"] == "sea"
    assert re.fullmatch(r"failing for \d+ s: .*503.*", shown["state"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d \w+", shown["since"])
    assert "error" not in shown  # the state says it
    assert "auto, " in shown["interval"]
    assert shown["items"] == "3 new in 7 days (0.4 a day), 3 in all"
    assert shown["asks with"] == "ETag"
    assert shown["full text"].startswith("on: 0 of 3 pages read in 7 days")
    assert re.fullmatch(r"failing from .* still", shown["outage"])  # for the same reason
    ran = await desk.run("show", "harbor-post")
    assert ran.err == "wirewatch: no source 'harbor-post'; did you mean 'harbour-post'?\n"


async def test_remove_drops_what_was_added_and_nothing_else(desk: Desk) -> None:
    desk.server.answers["/feed"] = Answer(rss(3))
    await desk.run("add", desk.server.url("/feed"), "--yes", "--id", "mine")
    ran = await desk.run("remove", "mine")
    assert (ran.status, ran.out) == (0, f"removed mine ({desk.server.url('/feed')}); what was read from it stays\n")
    ran = await desk.run("remove", "mine")
    assert (ran.status, ran.err) == (1, "wirewatch: no source 'mine'; see sources list\n")


OPML = """<opml version="2.0"><body>
<outline text="World News">
<outline text="One" xmlUrl="{0}/one"/>
<outline text="One again" xmlUrl="{0}/one?utm_source=opml"/>
</outline>
<outline text="Two" xmlUrl="{0}/two" category="ports"/>
<outline text="No address" xmlUrl="nowhere"/>
<outline text="Dead" xmlUrl="{0}/dead"/>
</body></opml>"""


async def test_a_list_is_imported_with_its_folders_and_what_is_left_out_is_told(desk: Desk) -> None:
    desk.server.answers |= {"/one": Answer(rss(3)), "/two": Answer(rss(2))}
    (desk.folder / "list.opml").write_text(OPML.format(desk.server.url("")), "utf-8")
    ran = await desk.run("import-opml", "list.opml", "--tag", "imported", "--every", "20m", "--check")
    assert ran.status == 1
    assert ran.out.splitlines() == [
        "left out  line 7: No address has no http address",
        f"twice     line 4: {desk.server.url('')}/one?utm_source=opml is read already, as one",
        "added     one  One  [world-news, imported]",
        "added     two  Two  [ports, imported]",
        f"dead      dead: {desk.server.url('/dead')} does not exist (404 Not Found); check the address",
        "2 added, 1 read already, 2 left out",
    ]
    again = await desk.run("import-opml", "list.opml")
    assert "1 added, 3 read already, 1 left out" in again.out
    ran = await desk.run("export")
    (desk.folder / "sources.yaml").write_text(ran.out, "utf-8")
    assert [(s.id, s.tags) for s in load_sources([desk.folder / "sources.yaml"])] == [
        ("one", ("world-news", "imported")),
        ("two", ("ports", "imported")),
        ("dead", ()),
    ]


async def test_a_list_is_exported_without_passwords_and_reads_back(desk: Desk) -> None:
    listed = (
        '{id: a, url: "https://ann:s3cret@a.example/rss", title: A, tags: [x, y]}',
        '{id: b, url: "https://b.example/rss", enabled: false}',
        "{id: c, kind: hackernews}",
    )
    (desk.folder / "rules" / "sources.yaml").write_text(
        "sources:\n" + "".join(f"  - {one}\n" for one in listed), "utf-8"
    )
    ran = await desk.run("export-opml", "out.opml")
    assert (ran.status, ran.out) == (0, "1 feed written to out.opml\n")
    assert ran.err == "1 source of other kinds than feed has no place in OPML\n"
    (entry,) = read_opml((desk.folder / "out.opml").read_bytes()).entries
    assert (entry.url, entry.title, entry.tags) == ("https://a.example/rss", "A", ("x", "y"))
    to_stdout = await desk.run("export-opml")
    assert len(read_opml(to_stdout.out.encode()).entries) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"<html></html>", "not an OPML list of feeds"), (b"", "not XML"), (None, "cannot be read")],
)
async def test_a_file_that_is_no_list_is_refused(desk: Desk, content: bytes | None, said: str) -> None:
    if content is not None:
        (desk.folder / "list.opml").write_bytes(content)
    ran = await desk.run("import-opml", "list.opml")
    assert (ran.status, said in ran.err, ran.out) == (1, True, "")
