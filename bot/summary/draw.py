"""Draws charts until there is nothing to read any more: what is to be drawn comes as JSON on standard input, the PNG
goes to standard output, each behind its size.

A process of its own, because drawing takes a tenth of a second of the interpreter, for which commands would wait, and
importing matplotlib most of a second.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import BinaryIO
from zoneinfo import ZoneInfo

REQUEST = struct.Struct("!I")  # the bytes of JSON that follow
ANSWER = struct.Struct("!?IQ")  # whether it was drawn; the bytes that follow: the PNG, or why not; most memory in bytes
_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in which the system counts memory; getrusage(2)


def main() -> int:
    """Serve standard input. Returns once it is closed, or nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the bot, which then closes our input
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not speak between them
    with suppress(BrokenPipeError):
        while request := _next(sys.stdin.buffer):
            drawn, content = _picture(request)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
            answers.write(ANSWER.pack(drawn, len(content), peak) + content)
            answers.flush()
    return 0


def _next(requests: BinaryIO) -> bytes:
    """The next request; nothing where there is none, or half of one."""
    head = requests.read(REQUEST.size)
    if len(head) < REQUEST.size:
        return b""
    (size,) = REQUEST.unpack(head)
    request = requests.read(size)
    return request if len(request) == size else b""


def _picture(request: bytes) -> tuple[bool, bytes]:
    from bot.store.codec import decode
    from bot.summary.chart import draw
    from bot.summary.post import ChartPost

    try:
        post = decode(ChartPost, request.decode())
        return True, draw(post.timeline, post.title, post.period, ZoneInfo(post.zone))
    except Exception as error:  # noqa: BLE001 - told and logged; the next one may be drawn
        return False, f"{type(error).__name__}: {error}"[:300].encode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
