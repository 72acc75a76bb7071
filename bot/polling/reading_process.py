"""The process that reads answers for the bot: ``python -m bot.polling.reading_process``, with a socket as its standard
input. It ends when the bot closes the other end, however that comes about."""

from __future__ import annotations

import gc
import pickle
import signal
import socket

from bot.collector import YOUNG_MAX
from bot.polling.reading import LENGTH, answered
from bot.sources import kind


def main() -> None:
    """Answer messages until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # is for the bot, which then closes its end
    line = socket.socket(fileno=0)
    kind("feed")
    gc.freeze()
    gc.set_threshold(YOUNG_MAX)  # what is read is gone after each message
    with line, line.makefile("rb") as asked:
        while len(length := asked.read(LENGTH.size)) == LENGTH.size:
            (size,) = LENGTH.unpack(length)
            body = asked.read(size)
            if len(body) < size:
                return
            line.sendall(answered(pickle.loads(body)))


if __name__ == "__main__":
    main()
