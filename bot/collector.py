"""Python's cyclic garbage collector, out of the way while much is made at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Half of the time in which 10,000 rules are read went into walks of Python's cyclic garbage collector over the
    million values that are just being made, none of which is garbage."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
