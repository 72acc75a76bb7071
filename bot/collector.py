"""Python's cyclic garbage collector, out of the way while much is made at once, and of what has come to stay."""

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


@contextmanager
def settled() -> Iterator[None]:
    """What there is now has come to stay, such as rules, names and modules: it is not walked again until the end. With
    the shipped rules these are 300,000 values, and a walk stops everything for a tenth of a second, in the middle of an
    answer perhaps."""
    _set_apart()
    try:
        yield
    finally:
        gc.unfreeze()


def settle_more() -> None:
    """Also what came since, of which only the youngest are looked at. For when rules came into force."""
    gc.collect(1)
    gc.freeze()


def settle_anew() -> None:
    """Everything is looked at once more: of what came to stay, something may have gone. For the night."""
    gc.unfreeze()
    _set_apart()


def _set_apart() -> None:
    gc.collect()
    gc.freeze()
