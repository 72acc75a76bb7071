"""The bot as its users run it: a folder with a config and rules, and ``python -m bot`` as a process of its own, or a
fork that does the same (:mod:`tests.forks`)."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from tests import forks

RULES = """\
rules:
  - id: flood
    title: Flood warning
    severity: high
    tags: [weather]
    when: {any: [flood warning, river rises]}
"""

WAIT_S = 60.0  # far above what anything takes here; only a failing test waits so long


Process = asyncio.subprocess.Process | forks.Forked


class Room:
    """A deployment in a temporary folder. ``channels`` is the YAML below ``channels:``."""

    forks = False  # whether processes are forked, as they are in tests

    def __init__(self, folder: Path, channels: str, *, extra: str = "") -> None:
        self.folder = folder
        self.config = folder / "wirewatch.yaml"
        self.rules = folder / "rules"
        self.rules.mkdir()
        (self.rules / "rules.yaml").write_text(RULES, encoding="utf-8")
        self.config.write_text(
            f'rules: [rules/]\nstore: "sqlite:///wirewatch.db"\nallow_private: ["127.0.0.1"]\n{extra}'
            f"channels:\n{channels}",
            encoding="utf-8",
        )

    def sources(self, *urls: str) -> None:
        listed = "".join(f"  - {{id: source-{n}, url: {url!r}, every: 1m}}\n" for n, url in enumerate(urls))
        (self.rules / "sources.yaml").write_text(f"sources:\n{listed}" if urls else "sources: []\n", encoding="utf-8")

    async def start(self, *arguments: str, **environment: str) -> Process:
        """``wirewatch ARGUMENTS`` in the folder; its outputs are piped."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "DISCORD_", "WIREWATCH_"))}
        own = {**inherited, "PYTHONPATH": str(Path(__file__).parent.parent), **environment}
        if self.forks:
            return await forks.start(arguments, self.folder, own)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            cwd=self.folder,
            env=own,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status and both outputs."""
        process = await self.start(*arguments)
        out, err = await asyncio.wait_for(process.communicate(), WAIT_S)
        return process.returncode or 0, out.decode(), err.decode()


async def until(condition: Callable[[], object], within_s: float = WAIT_S) -> None:
    """Wait for something that another process does. Raises ``TimeoutError``."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(0.01)


async def line_of(stream: asyncio.StreamReader | None, holding: str) -> str:
    """The first line of a process that holds some words. Raises ``EOFError`` if it ends without one."""
    assert stream is not None
    seen = []
    async with asyncio.timeout(WAIT_S):
        while line := (await stream.readline()).decode():
            seen.append(line)
            if holding in line:
                return line
    raise EOFError("".join(seen))


def rss(titles: Iterable[str], name: str = "River Post") -> bytes:
    """A feed with these items, a minute apart, the last one published now."""
    listed = list(titles)
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{title}</title><guid isPermaLink='false'>{title}</guid>"
        f"<link>https://river.example/{title.replace(' ', '-')}</link>"
        f"<description>Report number {n}: the flood warning for the lower valley stands.</description>"
        f"<pubDate>{format_datetime(now - timedelta(minutes=len(listed) - n))}</pubDate></item>"
        for n, title in enumerate(listed)
    )
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
