"""What the C library does with memory that was given back: little of it must stay ours."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # glibc, malloc.h
ARENAS = (
    2  # threads wait for Python's own lock anyhow; one for each would keep what its thread once needed, 64 MB a time
)
LARGE = 1 << 20  # bytes from which a value has pages of its own, given back when it goes: bodies of answers


def thrifty() -> None:
    """For the life of the process, and before it has threads. Does nothing where the C library is not glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_ARENA_MAX, ARENAS)
    mallopt(_M_MMAP_THRESHOLD, LARGE)
