"""Python's cyclic garbage collector, out of the way while much is made at once, and of what has come to stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_MAX = 10_000
"""Values more than there were at the last walk of the young ones, after which they are walked, while the bot runs.
Dozens of polls under way hold some thousand values, none of which is garbage: with Python's 700 they are walked after
every tenth poll and soon count as old, upon which all that came since the start is walked. That was a sixth of a poll's
time with 20,000 sources, and held everything up for 60 ms now and then."""


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
    answer perhaps. Meanwhile the young are walked after :data:`YOUNG_MAX`."""
    _, *older = before = gc.get_threshold()
    _set_apart()
    gc.set_threshold(YOUNG_MAX, *older)
    try:
        yield
    finally:
        gc.set_threshold(*before)
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
