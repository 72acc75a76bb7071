"""Charts without holding anybody up: each is drawn by :mod:`bot.summary.draw`, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import bot
from bot.channels.base import File
from bot.errors import WirewatchError
from bot.log import Log
from bot.store.codec import encode
from bot.summary.chart import MISSING, available
from bot.summary.post import ChartPost

WITHIN_S = 60.0  # for one chart; a second or two on an idle machine
NICE = 5  # steps below ours: answers go first where processors are short, and charts come all the same
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "MPLCONFIGDIR", "SYSTEMROOT")  # no tokens

_log = Log("charts")


class ChartError(WirewatchError):
    """A chart that cannot be drawn; the sentence says why."""


async def file_of(post: ChartPost) -> File:
    """The chart as a picture to be posted. Raises :class:`ChartError` where it cannot be drawn."""
    return File(post.key, post.title, post.alt, await drawn(post))


async def drawn(post: ChartPost) -> bytes:
    """The PNG. Raises :class:`ChartError` where it cannot be drawn."""
    if not available():
        raise ChartError(MISSING)
    root = str(Path(bot.__file__).parents[1])
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"PYTHONPATH": root}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.summary.draw",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        with suppress(OSError, AttributeError):  # no such priority here: then it is drawn at ours
            os.setpriority(os.PRIO_PROCESS, child.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
        async with asyncio.timeout(WITHIN_S):
            picture, errors = await child.communicate(encode(ChartPost, post).encode())
    except TimeoutError:
        raise ChartError(f"the chart was not drawn within {WITHIN_S:g} s") from None
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        said = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
        _log.error("chart not drawn", status=child.returncode, said=said[:300])
        raise ChartError("the chart could not be drawn; the log says why")
    return picture
