"""Polls of feeds are done where there is room: in the bot, and where there is load, in a process beside it.

Python lets one thread of a process compute at a time. While dozens of feeds a second bring something, more than half of
a poll's work is taken over by a second process: it asks for the feed and reads the answer, and the bot's own threads
judge and write meanwhile. Where little is polled there is no such process, and none where there is but one processor.
It begins when the load does, and ends some minutes after it. What it gives is what the bot would have come to: that
does whatever the process could not, because it died, or because something was wrong with an answer. The bot keeps
the manners (:mod:`bot.web.hosts`), follows redirects and decides what an answer means; the process knows no tokens but
those of the sources it asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import bot
from bot.errors import FetchError
from bot.log import Log
from bot.model import Fetched, Source
from bot.polling.errand import Found, Refused, Task
from bot.polling.groups import AT_ONCE, Press
from bot.polling.line import Line
from bot.polling.reading import Read, read
from bot.sources.delta import Seen
from bot.web.exchange import Asked, Hop, Setting

BUSY = 40  # answers that were read within BUSY_S and make it worth while: then a processor is half taken
BUSY_S = 2.0
IDLE_S = 300.0  # without an answer to read, after which the process ends: it holds some 80 MB
AGAIN_S = 60.0  # before another is begun in the place of one that died
BEGIN_S = 60.0  # for a process to begin, on a slow machine
WITHIN_S = 60.0  # beyond the time that an exchange may take
STUCK_S = 20.0  # without a sign of life; the largest answer that it reads takes a quarter of a second
LOOK_S = 5.0  # seconds between looks whether it is idle or stuck, each of which asks for a sign of life
END_S = 2.0  # for the process to end by itself
_BUFFER = 1024 * 1024  # bytes of the socket: what goes through is never waited for piece by piece
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")  # no tokens

_log = Log("errands")

_Answer = Found | Refused | None


class Errands:
    """``press`` is what reads in the bot itself; ``setting`` is of the exchanges that may be made elsewhere, ``None``
    where none may. Needs :meth:`stop`. ``busy`` answers within two seconds are load; ``None``: nothing is."""

    def __init__(
        self,
        press: Press,
        setting: Setting | None,
        *,
        busy: int | None = BUSY,
        processors: int | None = None,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._press = press
        self._setting = setting
        self._busy = busy
        self._idle_s = idle_s
        self._clock = clock
        self._alone = setting is None or busy is None or (processors or _processors()) < 2
        self._recent: deque[float] = deque(maxlen=busy)
        self._process: _Process | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._begun_at = -AGAIN_S
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    def errand(self, source: Source, now: datetime, held: Seen) -> Errand | None:
        """A way to fetch a feed that is read where it is fetched; ``None`` while there is no process."""
        process = self._process
        if process is not None and process.ended:
            process = self._process = None
        return Errand(process, source, now, held) if process is not None and not process.closing else None

    async def read(self, fetched: Fetched, source: Source, errand: Errand | None = None) -> Read:
        """See :func:`bot.polling.reading.read`: what the errand brought, or read in the bot. Raises ``SourceError``."""
        self._count()
        if errand is not None and errand.read is not None:
            return errand.read
        return await self._press.run(read, fetched, source)

    async def stop(self) -> None:
        """End the process; what it has in hand is done here."""
        self._stopped = True
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.gather(self._beginning, return_exceptions=True)
        if self._process is not None:
            await self._process.end()

    def _count(self) -> None:
        """An answer is to be read. Where that makes it many, a process begins."""
        if self._alone:
            return
        now = self._clock()
        self._recent.append(now)
        if len(self._recent) < self._recent.maxlen or now - self._recent[0] > BUSY_S:  # type: ignore[operator]
            return
        if self._process is not None and not self._process.ended:
            self._process.wanted()
        elif self._beginning is None and now - self._begun_at >= AGAIN_S and not self._stopped:
            self._begun_at = now
            self._beginning = asyncio.create_task(self._begin(), name="begin a process beside the bot")

    async def _begin(self) -> None:
        assert self._setting is not None
        try:
            self._process = await _Process.begin(self._setting, self._clock, self._idle_s)
            _log.info("a process beside the bot fetches and reads feeds", pid=self._process.pid)
        except (OSError, TimeoutError) as error:
            _log.warning("no process beside the bot", error=str(error) or type(error).__name__)
        finally:
            self._beginning = None


class Errand:
    """The way of one poll. Once an exchange was made, ``body`` is the fingerprint of what its answer held (empty where
    that is not known), and ``read`` what was read of it, if it was; the answer is without content then."""

    __slots__ = ("_held", "_now", "_process", "_source", "body", "read")

    def __init__(self, process: _Process, source: Source, now: datetime, held: Seen) -> None:
        self.body = b""
        self.read: Read | None = None
        self._process = process
        self._source, self._now, self._held = source, now, held

    async def __call__(self, asked: Asked) -> Hop | None:
        """The answer to a request; ``None`` where the process gives none. Raises ``FetchError``."""
        self.body, self.read = b"", None
        found = await self._process.do(Task.of(self._source, self._now, self._held, asked))
        if found is None:
            return None
        if isinstance(found, Refused):
            raise FetchError(
                asked.source_id, found.reason, found.text, status=found.status, retry_after_s=found.retry_after_s
            )  # fmt: skip
        self.body, self.read = found.body, found.read
        return found.hop


class _Process:
    """One process. ``closing`` once it takes nothing new, ``ended`` once it does nothing any more."""

    def __init__(
        self, process: asyncio.subprocess.Process, setting: Setting, clock: Callable[[], float], idle_s: float
    ) -> None:
        self.closing = self.ended = False
        self._line = Line(self._came, self._lost)
        self._process = process
        self._within_s = setting.limits.total_s + WITHIN_S
        self._clock, self._idle_s = clock, idle_s
        self._wanted_at = clock()
        self._asked_at: float | None = None  # for a sign of life that has not come yet
        self._last = 0  # number of a task
        self._under_way: dict[int, tuple[float, asyncio.Future[_Answer]]] = {}
        self._waiting: list[tuple[int, Task]] = []
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    @classmethod
    async def begin(cls, setting: Setting, clock: Callable[[], float], idle_s: float) -> _Process:
        """Once it can take something. Raises ``OSError`` and ``TimeoutError``."""
        ours, its = socket.socketpair()
        try:
            made = cls(await cls._started(ours, its), setting, clock, idle_s)
        except BaseException:
            ours.close()  # upon which it ends
            raise
        try:
            await asyncio.get_running_loop().create_connection(lambda: made._line, sock=ours)
            made._line.send(setting)
            async with asyncio.timeout(BEGIN_S):
                await made._ready.wait()
            if made.ended:
                raise OSError("it ended at once")
        except BaseException:
            made._give_up()
            await made._look_after()
            raise
        made._wanted_at = clock()
        made._looking = asyncio.create_task(made._look_after(), name="look after the process beside the bot")
        return made

    @staticmethod
    async def _started(ours: socket.socket, its: socket.socket) -> asyncio.subprocess.Process:
        with its:
            for end in (ours, its):
                for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                    end.setsockopt(socket.SOL_SOCKET, buffer, _BUFFER)
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # another folder `bot` where the bot was started is none of ours
                "-m",
                "bot.polling.errand_process",
                stdin=its.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}
                | {"PYTHONPATH": str(Path(bot.__file__).parents[1])},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    async def do(self, task: Task) -> _Answer:
        """``None`` where it gives no result."""
        if self.ended:
            return None
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answer] = loop.create_future()
        self._last += 1
        self._under_way[self._last] = self._clock(), future
        if not self._waiting:  # it is sent once all have asked that are about to
            loop.call_soon(self._send)
        self._waiting.append((self._last, task))
        return await future

    def wanted(self) -> None:
        """There is load."""
        self._wanted_at, self.closing = self._clock(), False

    async def end(self) -> None:
        """Whoever waits gets nothing."""
        self._give_up()
        if self._looking is not None:
            await self._looking

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._line.send(waiting)

    def _came(self, answers: Sequence[tuple[int, _Answer]]) -> None:
        self._ready.set()
        self._asked_at = None
        if len(answers) > AT_ONCE:
            asyncio.get_running_loop().call_soon(self._came, answers[AT_ONCE:])
        for number, answer in answers[:AT_ONCE]:
            _, future = self._under_way.pop(number, (0.0, None))
            if future is not None and not future.done():
                future.set_result(answer)

    def _lost(self) -> None:
        if not self.ended:
            _log.warning("the process beside the bot has ended; the bot does its work", under_way=len(self._under_way))
        self._give_up()

    async def _look_after(self) -> None:
        """End it where it is idle or stuck, and see it off."""
        while not self.ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_S, self._idle_s)):
                    await self._over.wait()
            now = self._clock()
            oldest = next(iter(self._under_way.values()), (now, None))
            silent = self._asked_at is not None and now - self._asked_at > STUCK_S
            if silent or now - oldest[0] > self._within_s:
                _log.error("the process beside the bot was stuck and is ended; the bot does its work")
                self._kill()
                self._give_up()
                break
            if self._asked_at is None:
                self._asked_at = now
                self._line.send(())
            if now - self._wanted_at > self._idle_s:
                self.closing = True
                if not self._under_way:
                    _log.info("the process beside the bot ends: there is no more load", pid=self.pid)
                    self._give_up()
        self._line.close()
        try:
            async with asyncio.timeout(END_S):
                await self._process.wait()
        except TimeoutError:
            self._kill()
            await self._process.wait()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def _give_up(self) -> None:
        self.closing = self.ended = True
        self._ready.set()
        self._over.set()
        under_way, self._under_way = self._under_way, {}
        self._waiting.clear()
        for _, future in under_way.values():
            if not future.done():
                future.set_result(None)


def _processors() -> int:
    """Those that we may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1
