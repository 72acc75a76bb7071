"""``wirewatch lists`` as a person types it, against a local server."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import main
from tests.fakes.feeds import Answer, FeedServer

from .lists import sdn


@pytest.fixture
def server() -> Iterator[FeedServer]:
    """A server in a thread of its own, since a command brings its own event loop."""
    running = FeedServer({"/sdn.xml": Answer(sdn(range(40)), etag='"1"')})
    started, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running:
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(10)
    yield running
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def folder(server: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rules" / "lists").mkdir(parents=True)
    (tmp_path / "rules" / "lists" / "own.yaml").write_text(
        "list: own\ntitle: Our own\nsource: The desk\nas_of: 2026-09-01\nnames: [{name: Qarnawi, aliases: [Karnawi]}]\n"
    )
    (tmp_path / "wirewatch.yaml").write_text(
        "rules: [rules/]\nchannels: {console: {kind: console}}\nallow_private: [127.0.0.1]\n"
        f"watchlists:\n  ofac_sdn: {{url: '{server.url('/sdn.xml')}'}}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["lists", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_lists_are_refreshed_and_shown(folder: Path, server: FeedServer, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = typed(capsys, "show")
    assert status == 1
    assert "not downloaded yet; run `wirewatch lists refresh`" in out
    assert typed(capsys, "refresh") == (0, "updated    ofac_sdn: 40 entries as of 2026-10-01\n", "")
    assert (folder / "var" / "watchlists" / "ofac_sdn.jsonl").exists()
    assert typed(capsys, "refresh", "ofac_sdn") == (0, "unchanged  ofac_sdn: 40 entries, nothing new\n", "")
    status, out, _ = typed(capsys, "show")
    assert status == 0
    rows = [re.split(r"  +", line.strip()) for line in out.splitlines()]
    assert rows[0][:5] == ["name", "entries", "as of", "age", "source"]
    assert rows[1][:3] == ["ofac_sdn", "40", "2026-10-01"]
    assert [rows[2][0], rows[2][1], rows[2][2], rows[2][4]] == ["own", "1", "2026-09-01", "The desk"]


def test_one_list_is_shown_with_what_became_of_its_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed(capsys, "refresh")
    status, out, _ = typed(capsys, "show", "ofac_sdn")
    assert status == 0
    assert out.startswith("ofac_sdn: OFAC SDN list\n")
    assert "  entries    40, of which 0 are found under no name\n  names      40 in use, as 40 phrases\n" in out
    status, out, _ = typed(capsys, "show", "own")
    assert (status, out.splitlines()[-1]) == (0, "  Qarnawi (Karnawi)")


def test_a_refused_list_is_told_by_refresh_and_by_show(
    folder: Path, server: FeedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(capsys, "refresh")
    server.answers["/sdn.xml"] = Answer(sdn(range(5)))
    status, out, _ = typed(capsys, "refresh")
    assert status == 1
    assert re.fullmatch(r"refused    ofac_sdn: \S+: it has shrunk from 40 entries to 5; .* --accept ofac_sdn`\n", out)
    status, out, _ = typed(capsys, "show", "ofac_sdn")
    assert status == 1
    assert "  problem    http://127.0.0.1" in out
    assert typed(capsys, "refresh", "--accept", "ofac_sdn")[0] == 0
    assert typed(capsys, "show")[0] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("refresh", "ofac_sdm"), "wirewatch: watchlists: has no 'ofac_sdm'; did you mean 'ofac_sdn'?"),
        (("show", "ownn"), "wirewatch: no list 'ownn'; did you mean 'own'?"),
    ],
)
def test_a_name_that_is_none_is_told_with_the_nearest(
    words: tuple[str, ...], says: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = typed(capsys, *words)
    assert status == 1
    assert err.startswith(says)


def test_without_watch_lists_refresh_says_how_to_add_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wirewatch.yaml").write_text("rules: [rules/]\nchannels: {console: {kind: console}}\n")
    status, _, err = typed(capsys, "refresh")
    assert (status, "has no watchlists:; add one" in err) == (1, True)
