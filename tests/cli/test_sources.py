"""``sources list`` and ``sources check``, and the summary of ``run --once``."""

from __future__ import annotations

import asyncio
import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from aiohttp import web

from bot.cli.bot import _by_text
from bot.cli.sources import look_at
from bot.config import load_config
from bot.roster.sources_file import load_sources
from bot.sources import pace
from tests.bot_process import Room, rss
from tests.cli.conftest import Run
from tests.fakes.feeds import Answer, FeedServer


def room_of(folder: Path) -> Room:
    return Room(folder, "  console: {kind: console}\n")


async def test_check_says_of_each_source_whether_it_lives_and_stores_nothing(tmp_path: Path) -> None:
    room = room_of(tmp_path)
    pages = {
        "/ok": Answer(rss(["Flood warning one", "A quiet day"])),
        "/html": Answer(b"<!doctype html><title>Log in</title>"),
        "/500": Answer(status=500),
        "/moved": Answer(status=301, headers={"Location": "/ok"}),
    }
    async with FeedServer(pages) as server:
        room.sources(*(server.url(path) for path in pages))
        status, out, err = await room.run("sources", "check")
        assert (status, err) == (1, "")
        lines = dict(line.split(": ", 1) for line in sorted(out.splitlines()) if ": " in line)
        assert lines["ok    source-0"].startswith("rss 2.0, 2 items, newest ")
        assert "web page" in lines["FAIL  source-1"]
        assert "500" in lines["FAIL  source-2"]
        assert lines["ok    source-3"].endswith(f"moved to {server.url('/ok')}")
        assert out.endswith("4 sources, 2 failed\n")
        assert not (tmp_path / "wirewatch.db").exists()
        status, out, _ = await room.run("sources", "check", "source-0")
        assert (status, len(out.splitlines())) == (0, 2)
    status, out, err = await room.run("sources", "check", "source-9x")
    assert (status, out) == (1, "")
    assert err.startswith("wirewatch: no source 'source-9x'; did you mean 'source-")


async def test_check_leaves_a_host_alone_that_had_enough(tmp_path: Path) -> None:
    room = room_of(tmp_path)
    room.config.write_text(room.config.read_text("utf-8") + "poll: {per_host: 1}\n", "utf-8")
    async with FeedServer({f"/{n}": Answer(status=429, headers={"Retry-After": "60"}) for n in range(5)}) as server:
        room.sources(*(server.url(f"/{n}") for n in range(5)))
        status, out, _ = await room.run("sources", "check")
    assert len(server.seen) <= 2  # the second may be on its way
    assert status == 1
    assert out.count("asks for fewer requests (429)") == len(server.seen)
    assert out.count("its host asked to be left alone for a while") == 5 - len(server.seen)


async def test_check_keeps_the_gap_that_a_service_documents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And says beforehand that it takes a while."""
    monkeypatch.setitem(pace.KNOWN, "127.0.0.1", 1.0)
    begun: list[float] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        begun.append(asyncio.get_running_loop().time())
        return web.Response(body=rss(["A quiet day"]), content_type="application/rss+xml")

    room = room_of(tmp_path)
    async with FeedServer({"/a": answer, "/b": answer, "/c": answer}) as server:
        room.sources(*(server.url(path) for path in ("/a", "/b", "/c")))
        config = load_config(room.config, {})
        sources = load_sources(config.folders.sources)
        began = asyncio.get_running_loop().time()
        with redirect_stdout(io.StringIO()) as out:
            await look_at(config, sources, show=True)
    first, *lines = out.getvalue().splitlines()
    assert first == "wait  127.0.0.1 takes one request in 1 s: its 3 sources take 2 s"
    assert len(lines) == 3
    assert begun[2] - began >= 2


async def test_the_list_shows_the_state_of_each_source(tmp_path: Path) -> None:
    room = room_of(tmp_path)
    async with FeedServer({"/ok": Answer(rss(["Flood warning one"])), "/500": Answer(status=500)}) as server:
        room.sources(server.url("/ok"), server.url("/500"))
        _, out, _ = await room.run("sources", "list")
        assert out.endswith("2 sources: 2 new\n")
        assert out.count("new") == 3
        status, out, err = await room.run("run", "--once")
        assert status == 1
        assert "polled 2 sources (1 failed), 1 item, 1 new, 1 matched, 0 alerted, 1 told in digests" in err
        assert "  source-1: " in err
        assert "Flood warning one" in out
        status, out, _ = await room.run("sources", "list")
    assert status == 0
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert rows["source-0"].split()[1] == "ok"
    assert " 1m " in rows["source-0"]
    assert "failing" in rows["source-1"]
    assert "500" in out
    assert out.endswith("2 sources: 1 failing, 1 ok\n")


async def test_a_reason_is_one_line_in_a_pipe(tmp_path: Path) -> None:
    room = room_of(tmp_path)
    async with FeedServer({"/feed": Answer(status=500)}) as server:
        room.sources(server.url("/feed"))
        await room.run("run", "--once")
        _, out, _ = await room.run("sources", "list")
    (line,) = [line for line in out.splitlines() if "failing" in line and "source-0" in line]
    assert line.rstrip().endswith("failed on the server's side (500 Internal Server Error)")


def test_the_same_word_on_many_sources_is_one_line() -> None:
    said = {f"s{n}": "the disk is full" for n in range(5)} | {"t": "answered with a web page"}
    assert _by_text(said) == ["s0, s1, s2 and 2 more: the disk is full", "t: answered with a web page"]


async def test_without_a_network_one_sentence_says_so_and_the_doctor_names_the_state(tmp_path: Path) -> None:
    room = room_of(tmp_path)
    room.sources("http://one.invalid/feed", "http://two.invalid/feed")
    status, _, err = await room.run("run", "--once")
    assert status == 1
    assert "  none of the 2 hosts could be looked up: this machine has no DNS or no network; check its" in err
    assert "  source-0, source-1: " not in err
    _, out, _ = await room.run("doctor")
    assert "warn  sources: 2 of 2 bring no news (2 failing); `wirewatch sources list` says why" in out


def test_a_store_that_cannot_be_used_is_told_and_not_taken_for_none(room: Path, run: Run) -> None:
    """Without its store every source would look as if it had never been polled."""
    assert run("sources", "list").status == 0  # there is none yet
    (room / "own.db").write_bytes(b"no database at all, and longer than a header of one hundred bytes " * 9)
    for command in (("sources", "list"), ("sources", "show", "x"), ("sources", "export")):
        ran = run(*command)
        assert (ran.status, ran.out) == (1, "")
        assert "own.db" in ran.err
        assert "Traceback" not in ran.err


def test_the_doctor_warns_of_a_store_that_others_can_read(room: Path, run: Run) -> None:
    assert run("db", "upgrade").status == 0
    assert "can be read by others" not in run("doctor").out
    (room / "own.db").chmod(0o644)
    (line,) = [line for line in run("doctor").out.splitlines() if "can be read by others" in line]
    assert line == f"warn  store: {room / 'own.db'} can be read by others on this machine; chmod 600 keeps it to you"
