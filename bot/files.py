"""Reading what somebody names on a command line: a file as a rule, sometimes a pipe (``<(...)``, ``/dev/stdin``)."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # opening a pipe waits for its writer otherwise, for ever if there is none
NOTHING_CAME = "nothing came through this pipe"


def read_start(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a file, or of what is written to a pipe. Raises ``OSError``; its ``strerror`` is
    :data:`NOTHING_CAME` for a pipe that nobody writes to, which is not waited for."""
    opened = os.open(path, os.O_RDONLY | _AT_ONCE)
    try:
        os.set_blocking(opened, True)
        with open(opened, "rb", closefd=False) as file:
            found = file.read(most)
        if not found and stat.S_ISFIFO(os.fstat(opened).st_mode):
            raise OSError(errno.EPIPE, NOTHING_CAME, str(path))
        return found
    finally:
        os.close(opened)
