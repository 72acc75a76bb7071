"""A new kind of source is one file and one line: here both are added to a copy of the package, which then knows its
keys everywhere, and polls it with every manner and guard."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

from tests.bot_process import Room
from tests.fakes.feeds import Answer, FeedServer, Handler

ROOT = Path(__file__).parents[2]
LINE = '    "tide": "tests_tide",\n'
FILE = '''
"""Tide gauges: one line a warning, ``GAUGE TEXT``."""

from bot.errors import FetchReason, ParseError
from bot.model import Item, ParsedFeed
from bot.sources.base import Request
from bot.sources.options import Options, read_options
from bot.yaml_models import Text
from pydantic import Field


class OPTIONS(Options):
    """The keys of a source of kind tide."""

    gauge: Text = Field(description="Which gauge.")


def request(source):
    return Request(source.url, accept="text/plain")


def parse(fetched, source, *, max_items=1000):
    gauge = read_options(OPTIONS, source).gauge
    lines = fetched.content.decode("utf-8", "replace").splitlines()
    if not lines:
        raise ParseError(source.id, FetchReason.EMPTY, f"{fetched.url} has no gauges")
    mine = [line.partition(" ")[2] for line in lines if line.startswith(f"{gauge} ")]
    return ParsedFeed(tuple(Item(guid=text, title=text) for text in mine[:max_items]), format="tides")
'''


async def run(room: Room, copy: Path, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments,
        cwd=room.folder,
        env={**os.environ, "PYTHONPATH": str(copy), "XDG_CACHE_HOME": str(room.folder / "cache")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_kind_is_one_file_and_one_line(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "bot", copy / "bot")
    (copy / "tests_tide.py").write_text(FILE, "utf-8")
    registry = copy / "bot" / "sources" / "__init__.py"
    lines = registry.read_text("utf-8").splitlines(keepends=True)
    lines.insert(lines.index("_MODULES = {\n") + 1, LINE)
    registry.write_text("".join(lines), "utf-8")

    answers: dict[str, Answer | Handler] = {
        "/tides": Answer(b"north Flood warning at the pier\nsouth Calm\nnorth Calm again\n", content_type="text/plain"),
        "/none": Answer(b"", content_type="text/plain"),
        "/inside": Answer(status=302, headers={"Location": "http://169.254.169.254/"}),
    }
    async with FeedServer(answers) as server:
        (tmp_path / "desk").mkdir()
        room = Room(tmp_path / "desk", "  desk: {kind: console}\n")
        wrong = f"sources:\n  - {{id: a, kind: tide, url: '{server.url('/tides')}', gauges: north}}\n"
        (room.rules / "sources.yaml").write_text(wrong, "utf-8")
        status, out, _ = await run(room, copy, "check")
        assert status == 1
        assert "unknown key 'gauges'; did you mean 'gauge'?" in out
        assert "the key 'gauge' is missing" in out

        names = ("tides", "none", "inside")
        entries = "".join(f"  - {{id: {n}, kind: tide, url: '{server.url(f'/{n}')}', gauge: north}}\n" for n in names)
        (room.rules / "sources.yaml").write_text(f"sources:\n{entries}", "utf-8")
        _, schema, _ = await run(room, copy, "schema", "sources")
        assert "Which gauge." in json.dumps(json.loads(schema))
        _, out, _ = await run(room, copy, "sources", "check")
        assert "ok    tides: tides, 2 items, no dates" in out.splitlines()
        assert f"FAIL  none: {server.url('/none')} has no gauges" in out.splitlines()
        assert "FAIL  inside: http://169.254.169.254/ leads to 169.254.169.254, a link-local address" in out
