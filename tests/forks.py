"""Processes of the bot that do not begin with a second of imports: each is forked from one that has them behind it.

They are processes like any other, with arguments, environment, folder, streams and signals of their own, and they run
what ``python -m bot`` runs. What is about the start itself is tested with processes that start from nothing
(tests/cli/test_start.py and others).
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What takes long to import, and what imports it where it is used.
READY = (
    *("bot.app", "bot.channels.slack", "bot.channels.discord", "bot.commands.slack", "bot.commands.discord"),
    *(
        "bot.cli.bot",
        "bot.cli.commands",
        "bot.cli.deliveries",
        "bot.cli.doctor",
        "bot.cli.explaining",
        "bot.cli.sources",
    ),
    *(
        "bot.store.migrations",
        "alembic.config",
        "bot.channels.console",
        "bot.summary.page",
        "structlog",
        "rich.columns",
    ),
)

_NUMBER = struct.Struct("i")


class Forked:
    """As :class:`asyncio.subprocess.Process`, for a process whose parent is another."""

    def __init__(
        self, pid: int, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader, ended: asyncio.StreamReader
    ) -> None:
        self.pid, self.stdout, self.stderr = pid, stdout, stderr
        self.returncode: int | None = None
        self._ended = asyncio.ensure_future(self._wait(ended))

    async def _wait(self, ended: asyncio.StreamReader) -> int:
        (self.returncode,) = _NUMBER.unpack(await ended.readexactly(_NUMBER.size))
        return self.returncode

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def communicate(self) -> tuple[bytes, bytes]:
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return out, err

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def start(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Forked:
    """``wirewatch ARGUMENTS`` in ``folder``, with this environment and no other; it reads nothing."""
    request = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
    ours, theirs = zip(*(os.pipe() for _ in range(3)), strict=True)
    try:
        socket.send_fds(_server(), [json.dumps(request).encode()], list(theirs))
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    stdout, stderr, ended = [await _reader(descriptor) for descriptor in ours]
    (pid,) = _NUMBER.unpack(await ended.readexactly(_NUMBER.size))
    return Forked(pid, stdout, stderr, ended)


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The same to its end, for tests without an event loop."""

    async def through() -> tuple[int, bytes, bytes]:
        process = await start(arguments, folder, environment)
        out, err = await process.communicate()
        return await process.wait(), out, err

    status, out, err = asyncio.run(through())
    return subprocess.CompletedProcess(list(arguments), status, out.decode(), err.decode())


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


@cache
def _server() -> socket.socket:
    """One for this process; it ends when this end of its socket is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.forks", str(theirs.fileno())],
        cwd=ROOT,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    theirs.close()

    def end() -> None:
        ours.close()
        server.wait()

    atexit.register(end)
    return ours


# -- on the other side ----------------------------------------------------------------------------------------------


def _serve(requests: socket.socket) -> bool:
    """Fork for each request. Comes back with true in the process that is to be the bot, with false once nobody asks any
    more."""
    for module in READY:
        importlib.import_module(module)
    gc.freeze()  # a process that collects what all share would make a copy of it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, streams, _, _ = socket.recv_fds(requests, 1 << 17, 3)
        if not message:
            return False
        if os.fork() == 0:
            requests.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return _fork_and_tell(json.loads(message), streams)
        for descriptor in streams:
            os.close(descriptor)


def _fork_and_tell(request: dict[str, object], streams: Sequence[int]) -> bool:
    """The bot, and beside it a process that tells its number and, at the end, its exit status."""
    stdout, stderr, told = streams
    pid = os.fork()
    if pid == 0:
        os.close(told)
        _become(request, stdout, stderr)
        return True
    os.close(stdout)
    os.close(stderr)
    os.write(told, _NUMBER.pack(pid))
    _end_with(told, pid)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(told, _NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _end_with(told: int, pid: int) -> None:
    """Until the process is over. If whoever is to hear of it goes first, as a test does that fails, it is killed."""
    if not hasattr(os, "pidfd_open"):  # not Linux
        return
    waiting = select.poll()
    waiting.register(os.pidfd_open(pid), select.POLLIN)
    waiting.register(told, 0)  # nothing but that nobody reads any more
    if any(descriptor == told for descriptor, _ in waiting.poll()):
        os.kill(pid, signal.SIGKILL)


def _become(request: dict[str, object], stdout: int, stderr: int) -> None:
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    os.close(stderr)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, encoding="utf-8", closefd=False)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    time.tzset()
    sys.argv = [str(ROOT / "bot" / "__main__.py"), *request["arguments"]]  # type: ignore[misc]


if __name__ == "__main__" and _serve(socket.socket(fileno=int(sys.argv[1]))):
    from bot.__main__ import main

    main()
