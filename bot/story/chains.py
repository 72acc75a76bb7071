"""Which rows have a key: hash tables whose entries are chained, latest first.

The entries that fall into one place of a table form a chain: a row is added by putting it in front, and taken back by
putting the next one in front again. The tables grow with the rows, at ``fit`` only.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from sys import getsizeof
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.story.thresholds import STEPS, STEPS_PER_WORD, TERMS

_PLACES_MIN, _PLACES_MAX = 1 << 12, 1 << 20
_PLACES_PER_ROW = 8
_BLOCK = 1 << 16  # entries linked at once when a table grows; bounds the memory that this takes
_PAIRS = 2 * TERMS  # numbers in a row of Words
_END = 1  # of a chain of Words, whose entries are even

Words32 = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int64]


class Chains:
    """``width`` keys a row. Entries are numbered rows × width from 1; there is the key of each, and the
    entry before it in its place. 0 ends a chain."""

    def __init__(self, width: int, typecode: str) -> None:
        self.width = width
        self._keys: array[int] = array(typecode)
        self._before: array[int] = array("I")
        self._head: array[int] = array("I", bytes(4 * _PLACES_MIN))
        self._mask = _PLACES_MIN - 1

    def append(self, keys: Sequence[int]) -> None:
        """Add a row, filled up with 0. Keys that are 0 are not found."""
        head, before, mask = self._head, self._before, self._mask
        entry = len(self._keys)
        self._keys.extend(keys)
        for key in keys:
            entry += 1
            if key:
                place = key & mask
                before.append(head[place])
                head[place] = entry
            else:
                before.append(0)
        spare = self.width - len(keys)
        self._keys.frombytes(bytes(spare * self._keys.itemsize))
        before.frombytes(bytes(spare * before.itemsize))

    def pop(self) -> None:
        """Take the last row back."""
        for entry in range(len(self._keys), len(self._keys) - self.width, -1):
            key, before = self._keys.pop(), self._before.pop()
            if key:
                assert self._head[key & self._mask] == entry
                self._head[key & self._mask] = before

    def rows(self, key: int, steps: int) -> list[int]:
        """Rows that have a key, latest first; reads ``steps`` entries at most."""
        keys, before, width = self._keys, self._before, self.width
        found: list[int] = []
        entry = self._head[key & self._mask]
        while entry and steps:
            entry -= 1
            if keys[entry] == key:
                found.append(entry // width)
            entry = before[entry]
            steps -= 1
        return found

    def drop(self, rows: int) -> None:
        """Forget the first rows; the others are numbered from 0 again."""
        gone = rows * self.width
        del self._keys[:gone], self._before[:gone]
        for column in (self._head, self._before):
            view = np.frombuffer(column, dtype=np.uint32)
            view[:] = np.where(view > gone, view - np.uint32(gone), 0)

    def fit(self, rows: int) -> None:
        """Make the table as large as that many rows want; doubling, so that it is seldom done."""
        if places := _places(rows, self._mask + 1):
            self._mask = places - 1
            self._head = array("I", bytes(4 * places))
            keys = np.frombuffer(self._keys, dtype=self._keys.typecode)
            before, head = np.frombuffer(self._before, dtype=np.uint32), np.frombuffer(self._head, dtype=np.uint32)
            _link(keys, before, head, lambda at: at + 1)

    @property
    def nbytes(self) -> int:
        """Memory, with what the columns hold in reserve."""
        return sum(map(getsizeof, (self._keys, self._before, self._head)))

    def parts(self) -> Iterable[bytes]:
        """What is remembered, for comparing."""
        return (self._keys.tobytes(), self._before.tobytes(), self._head.tobytes())


class Words:
    """:data:`TERMS` words a row, each beside the entry before it in its place, so that a step along a chain finds both
    in one line of the processor's cache: these steps are what most of the time goes into. An entry is where its word
    stands."""

    def __init__(self) -> None:
        self._links: array[int] = array("I")
        self._head: array[int] = array("I", [_END]) * _PLACES_MIN
        self._mask = _PLACES_MIN - 1

    def append(self, words: Sequence[int]) -> None:
        """Add a row of different words, none of them 0, filled up with 0."""
        head, links, mask = self._head, self._links, self._mask
        entry = len(links)
        for word in words:
            place = word & mask
            links.append(word)
            links.append(head[place])
            head[place] = entry
            entry += 2
        links.extend((0, _END) * (TERMS - len(words)))

    def pop(self) -> None:
        """Take the last row back."""
        links = self._links
        for entry in range(len(links) - 2, len(links) - 2 - _PAIRS, -2):
            before, word = links.pop(), links.pop()
            if word:
                assert self._head[word & self._mask] == entry
                self._head[word & self._mask] = before

    def having(self, words: Sequence[int], worth: Sequence[float]) -> dict[int, float]:
        """Rows that share words, and the sum of what these are worth to each. Rare words first: ``words`` come in that
        order, each is read to :data:`STEPS_PER_WORD` entries, and after :data:`STEPS` it is enough."""
        links, head, mask = self._links, self._head, self._mask
        rows: dict[int, float] = {}
        known = rows.get
        left = STEPS
        for word, each in zip(words, worth, strict=True):
            entry = head[word & mask]
            most = min(left, STEPS_PER_WORD)
            for taken in range(most):
                if entry == _END:
                    left -= taken
                    break
                if links[entry] == word:
                    row = entry // _PAIRS
                    rows[row] = known(row, 0.0) + each
                entry = links[entry + 1]
            else:
                left -= most
                if not left:
                    break
        return rows

    def of(self, rows: Rows) -> Words32:
        """The words of rows, each with as many as the longest may have; 0 fills up."""
        return np.frombuffer(self._links, dtype=np.uint32).reshape(-1, TERMS, 2).take(rows, axis=0)[..., 0]

    def drop(self, rows: int) -> None:
        """Forget the first rows; the others are numbered from 0 again."""
        if not rows:
            return
        gone = rows * _PAIRS  # beyond _END
        del self._links[:gone]
        for view in (np.frombuffer(self._head, dtype=np.uint32), np.frombuffer(self._links, dtype=np.uint32)[1::2]):
            view[:] = np.where(view >= gone, view - np.uint32(gone), _END)

    def fit(self, rows: int) -> None:
        """As :meth:`Chains.fit`."""
        if places := _places(rows, self._mask + 1):
            self._mask = places - 1
            self._head = array("I", [_END]) * places
            links = np.frombuffer(self._links, dtype=np.uint32)
            _link(links[::2], links[1::2], np.frombuffer(self._head, dtype=np.uint32), lambda at: 2 * at)

    @property
    def nbytes(self) -> int:
        """Memory, with what the columns hold in reserve."""
        return getsizeof(self._links) + getsizeof(self._head)

    def parts(self) -> Iterable[bytes]:
        """What is remembered, for comparing."""
        return (self._links.tobytes(), self._head.tobytes())


def _places(rows: int, places: int) -> int:
    """How large a table should become that has so many places and rows; 0 where it may stay."""
    if rows * _PLACES_PER_ROW <= places or places == _PLACES_MAX:
        return 0
    while places < min(2 * rows * _PLACES_PER_ROW, _PLACES_MAX):
        places *= 2
    return places


def _link(keys: npt.NDArray[Any], before: Words32, head: Words32, entry: Callable[[Rows], Rows]) -> None:
    """Chain all keys but 0 anew. ``entry`` tells by which numbers entries are known."""
    for begin in range(0, len(keys), _BLOCK):
        block = keys[begin : begin + _BLOCK]
        at = np.flatnonzero(block)
        places = (block[at] & keys.dtype.type(len(head) - 1)).astype(np.uint32)
        order = np.argsort(places, kind="stable")
        places, at = places[order], at[order] + begin
        entries = entry(at).astype(np.uint32)
        first = np.append(True, places[1:] != places[:-1])[: len(places)]
        last = np.append(first[1:], True)[: len(places)]
        before[at[1:]] = entries[:-1]
        before[at[first]] = head[places[first]]
        head[places[last]] = entries[last]
