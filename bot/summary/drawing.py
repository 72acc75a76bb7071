"""Charts without holding anybody up: :mod:`bot.summary.draw` draws them, in a process of its own.

That process begins with the first chart and is kept, since importing matplotlib takes ten times as long as drawing. It
ends after some minutes without work, and with the bot: when what it reads from is closed, however the bot ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import bot
from bot.channels.base import File
from bot.errors import WirewatchError
from bot.log import Log
from bot.store.codec import encode
from bot.summary.chart import MISSING, available
from bot.summary.draw import ANSWER, REQUEST
from bot.summary.post import ChartPost

WITHIN_S = 60.0  # for one chart; a tenth of a second on an idle machine, and one second for the first
IDLE_S = 300.0  # without a chart, after which the process ends: it holds some 100 MB
NICE = 10  # steps below ours: answers go first where processors are short, and charts come all the same
KEPT = 16  # pictures, of some 60 kB each: the same summary is asked for by several people, and for several channels
END_S = 2.0  # for the process to end by itself
LAST_WORDS = 4096  # bytes of what it said that are kept
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "MPLCONFIGDIR", "SYSTEMROOT")  # no tokens

_log = Log("charts")


class ChartError(WirewatchError):
    """A chart that cannot be drawn; the sentence says why."""


class _EndedError(Exception):
    """The process ended before it answered."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """``content``: the PNG, or what kept it from being ``drawn``. ``memory``: the most bytes that the process held."""

    drawn: bool
    content: bytes
    memory: int


class Charts:
    """Draws one chart at a time; the same one once, however many ask for it. Needs :meth:`stop`.

    ``on_memory`` is told the most bytes that the process has held, after each chart, and 0 when it ended.
    """

    def __init__(
        self,
        *,
        idle_s: float = IDLE_S,
        within_s: float = WITHIN_S,
        on_memory: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._idle_s, self._within_s, self._on_memory = idle_s, within_s, on_memory
        self._turn = asyncio.Lock()
        self._process: _Process | None = None
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Task[bytes]] = {}
        self._resting: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    async def file_of(self, post: ChartPost) -> File:
        """The chart as a picture to be posted. Raises :class:`ChartError` where it cannot be drawn."""
        return File(post.key, post.title, post.alt, await self.draw(post))

    async def draw(self, post: ChartPost) -> bytes:
        """The PNG. Raises :class:`ChartError` where it cannot be drawn."""
        if not available():
            raise ChartError(MISSING)
        request = encode(ChartPost, replace(post, key="", alt="")).encode()  # whatever it is for, it looks the same
        name = hashlib.sha256(request).digest()
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        task = self._under_way.get(name)
        if task is None:
            task = self._under_way[name] = asyncio.create_task(self._drawn(name, request), name="draw a chart")
            task.add_done_callback(lambda done: self._over(name, done))
        try:
            return await asyncio.shield(task)  # others may wait for it
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            raise ChartError("the chart was not drawn: Wirewatch is stopping") from None

    async def stop(self) -> None:
        """End the process. A chart in hand is given up."""
        tasks = [task for task in (*self._under_way.values(), self._resting) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    def _over(self, name: bytes, done: asyncio.Task[bytes]) -> None:
        del self._under_way[name]
        if not done.cancelled():
            done.exception()  # nobody may wait for it any more

    async def _drawn(self, name: bytes, request: bytes) -> bytes:
        async with self._turn:
            if self._resting is not None:
                self._resting.cancel()
            try:
                async with asyncio.timeout(self._within_s):
                    answer = await self._ask(request)
            except TimeoutError:
                raise ChartError(f"the chart was not drawn within {self._within_s:g} s") from None
            except _EndedError as error:
                _log.error("chart not drawn", said=str(error))
                raise ChartError("the chart could not be drawn; the log says why") from None
        self._on_memory(answer.memory)
        self._resting = asyncio.create_task(self._rest(), name="end what draws charts")
        if not answer.drawn:
            _log.error("chart not drawn", said=answer.content.decode("utf-8", "replace"))
            raise ChartError("the chart could not be drawn; the log says why")
        self._kept[name] = answer.content
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return answer.content

    async def _ask(self, request: bytes) -> _Answer:
        """Of the process that is there; of a new one where that has ended meanwhile, killed for its memory perhaps."""
        try:
            if self._process is not None:
                with suppress(_EndedError):
                    return await self._process.ask(request)
                _log.warning("what draws charts has ended; started again")
                await self._end()
            self._process = await _Process.begin()
            return await self._process.ask(request)
        except BaseException:  # what it would still answer is nobody's any more
            await self._end(at_once=True)
            raise

    async def _rest(self) -> None:
        await asyncio.sleep(self._idle_s)
        async with self._turn:
            await self._end()

    async def _end(self, *, at_once: bool = False) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._on_memory(0)
            await process.end(0.0 if at_once else END_S)


class _Process:
    """One process that draws."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._last_words = b""
        self._listening = asyncio.create_task(self._listen(), name="listen to what draws charts")

    @classmethod
    async def begin(cls) -> _Process:
        root = str(Path(bot.__file__).parents[1])
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # another folder `bot` where the bot was started is none of ours
            "-m",
            "bot.summary.draw",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"PYTHONPATH": root},
        )
        with suppress(OSError, AttributeError):  # no such priority here: then it is drawn at ours
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, request: bytes) -> _Answer:
        """Raises :class:`_EndedError` with its last words."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(REQUEST.pack(len(request)) + request)
            await stdin.drain()
            drawn, size, memory = ANSWER.unpack(await stdout.readexactly(ANSWER.size))
            return _Answer(drawn, await stdout.readexactly(size), memory)
        except (OSError, asyncio.IncompleteReadError):
            await self.end(END_S)
            said = self._last_words.decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
            raise _EndedError(f"status {self._process.returncode}{f': {said}' if said else ''}") from None

    async def end(self, within_s: float) -> None:
        """Once there is nothing to read any more it ends by itself, unless it is drawing."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(within_s):
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
            await self._listening

    async def _listen(self) -> None:
        """What it says is read, so that it never waits for that; of a trace, the last line says what happened."""
        assert self._process.stderr is not None
        while words := await self._process.stderr.read(LAST_WORDS):
            self._last_words = (self._last_words + words)[-LAST_WORDS:]
