"""Reads answers where there is room: on the worker thread, and where there is load, in a process beside the bot.

Python lets one thread of a process compute at a time. While dozens of feeds a second bring something, half of a poll's
work is taken over by a second process, and the bot's own thread judges and writes meanwhile. Where little is polled
there is no such process, and none where there is but one processor. It begins when the load does, and ends some minutes
after it. What it gives is what the worker thread would give: that reads whatever the process could not, because it
died, or because something was wrong with an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import bot
from bot.log import Log
from bot.model import Fetched, Source
from bot.polling.groups import AT_ONCE, Press
from bot.polling.reading import LENGTH, Read, Work, packed, read

BUSY = 40  # answers that were read within BUSY_S and make it worth while: then a processor is half taken
BUSY_S = 2.0
IDLE_S = 300.0  # without an answer to read, after which the process ends: it holds some 50 MB
AGAIN_S = 60.0  # before another is begun in the place of one that died
WITHIN_S = 60.0  # for a group; ordinary ones take some milliseconds
LOOK_S = 5.0  # seconds between looks whether it is idle or stuck
GROUP_MAX = AT_ONCE  # answers in one message
UNDER_WAY = 3  # messages at a time: one is read, one waits there, one is on its way back
BODY_MAX = 256 * 1024  # bytes; the thousand articles of a larger answer take as long to hand over as to read
END_S = 2.0  # for the process to end by itself
_BUFFER = 1024 * 1024  # bytes of the socket: a group and its answer are never waited for piece by piece
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")  # no tokens

_log = Log("reading")

_Job = tuple["asyncio.Future[Read | None]", Work]


class Readers:
    """``press`` is what reads in the bot itself. Needs :meth:`stop`. ``busy`` answers within two seconds are load;
    ``None``: nothing is."""

    def __init__(
        self,
        press: Press,
        *,
        busy: int | None = BUSY,
        processors: int | None = None,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._press = press
        self._busy = busy
        self._idle_s = idle_s
        self._clock = clock
        self._alone = busy is None or (processors or _processors()) < 2
        self._recent: deque[float] = deque(maxlen=busy)
        self._process: _Process | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._begun_at = -AGAIN_S
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    async def read(self, fetched: Fetched, source: Source) -> Read:
        """See :func:`bot.polling.reading.read`. Raises ``SourceError``."""
        process = self._process_for(fetched)
        found = await process.read((fetched, source)) if process is not None else None
        return found if found is not None else await self._press.run(read, fetched, source)

    async def stop(self) -> None:
        """End the process; what it has in hand is read here."""
        self._stopped = True
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.gather(self._beginning, return_exceptions=True)
        if self._process is not None:
            await self._process.end()

    def _process_for(self, fetched: Fetched) -> _Process | None:
        now = self._clock()
        self._recent.append(now)
        load = len(self._recent) == self._busy and now - self._recent[0] <= BUSY_S
        if self._alone or not load or len(fetched.content) > BODY_MAX:
            return None
        if self._process is not None and self._process.ended:
            self._process = None
        if self._process is None and self._beginning is None and now - self._begun_at >= AGAIN_S and not self._stopped:
            self._begun_at = now
            self._beginning = asyncio.create_task(self._begin(), name="begin a process that reads")
        return self._process

    async def _begin(self) -> None:
        try:
            self._process = await _Process.begin(self._clock, self._idle_s)
        except OSError as error:
            _log.warning("no process that reads", error=str(error))
        finally:
            self._beginning = None


class _Process:
    """One process that reads. ``ended`` once it takes nothing any more."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        incoming: asyncio.StreamReader,
        outgoing: asyncio.StreamWriter,
        clock: Callable[[], float],
        idle_s: float,
    ) -> None:
        self.ended = False
        self._process = process
        self._incoming, self._outgoing = incoming, outgoing
        self._clock, self._idle_s = clock, idle_s
        self._used_at = clock()
        self._waiting: deque[_Job] = deque()
        self._under_way: deque[tuple[float, Sequence[_Job]]] = deque()
        self._sending = False  # soon
        self._over = asyncio.Event()
        self._tasks = (
            asyncio.create_task(self._listen(), name="listen to what reads"),
            asyncio.create_task(self._look_after(), name="look after what reads"),
        )

    @classmethod
    async def begin(cls, clock: Callable[[], float], idle_s: float) -> _Process:
        """Raises ``OSError``."""
        ours, its = socket.socketpair()
        try:
            process = await cls._started(ours, its)
            incoming, outgoing = await asyncio.open_connection(sock=ours, limit=_BUFFER)
        except BaseException:
            ours.close()  # upon which it ends
            raise
        return cls(process, incoming, outgoing, clock, idle_s)

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
                "bot.polling.reading_process",
                stdin=its.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}
                | {"PYTHONPATH": str(Path(bot.__file__).parents[1])},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    async def read(self, work: Work) -> Read | None:
        """``None`` where it gives no result."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Read | None] = loop.create_future()
        self._waiting.append((future, work))
        if not self._sending:  # once all have asked that are about to
            self._sending = True
            loop.call_soon(self._send)
        return await future

    async def end(self) -> None:
        """Whoever waits gets nothing."""
        self._give_up()
        await asyncio.gather(*self._tasks)

    def _send(self) -> None:
        self._sending = False
        if self.ended:
            self._give_up()
            return
        while self._waiting and len(self._under_way) < UNDER_WAY:
            group = [self._waiting.popleft() for _ in range(min(GROUP_MAX, len(self._waiting)))]
            group = [job for job in group if not job[0].done()]
            if group:
                self._used_at = self._clock()
                self._under_way.append((self._used_at, group))
                self._outgoing.write(packed([work for _, work in group]))

    async def _listen(self) -> None:
        try:
            while True:
                (size,) = LENGTH.unpack(await self._incoming.readexactly(LENGTH.size))
                found: list[Read | None] = pickle.loads(await self._incoming.readexactly(size))
                if self.ended:
                    return
                _, group = self._under_way.popleft()
                self._send()
                for (future, _), one in zip(group, found, strict=True):
                    if not future.done():
                        future.set_result(one)
        except (asyncio.IncompleteReadError, OSError):
            if not self.ended:
                _log.warning("what reads feeds has ended; they are read here", under_way=len(self._under_way))
        finally:
            self._give_up()

    async def _look_after(self) -> None:
        """End it where it is idle or stuck, and see it off."""
        while not self.ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_S, self._idle_s)):
                    await self._over.wait()
            now = self._clock()
            if self._under_way and now - self._under_way[0][0] > WITHIN_S:
                _log.error("what reads feeds was stuck and is ended; they are read here")
                self._kill()
                self._give_up()
            elif not self._under_way and now - self._used_at > self._idle_s:
                self._give_up()
        self._outgoing.close()
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
        self.ended = True
        self._over.set()
        jobs = [*(job for _, group in self._under_way for job in group), *self._waiting]
        self._under_way.clear()
        self._waiting.clear()
        for future, _ in jobs:
            if not future.done():
                future.set_result(None)


def _processors() -> int:
    """Those that we may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1
