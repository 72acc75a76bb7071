"""Articles of the window, in columns; what shares a sign or a word with one is found by walking chains.

Each article has a row: three signs, six shingles, the kinds of event in countries that it tells of, its heaviest words
with their weights, and what it may be told apart by. The entries that fall into one
place of a hash table form a chain, latest first: a row is added by putting it in front, and taken back by putting the
next one in front again. The tables grow with the rows, at :meth:`Index.settle` only. A row takes 506 bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from sys import getsizeof
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.story.features import WEIGHT_UNIT, Features
from bot.story.setting import SCENES
from bot.story.sides import Sides, columns
from bot.story.thresholds import STEPS, STEPS_PER_WORD, TERMS

SIGNS, SHINGLES = 3, 6
EXACT = SIGNS + SHINGLES + SCENES  # entries of a row in the chains of exact signs
_PLACES_MIN, _PLACES_MAX = 1 << 12, 1 << 20
_PLACES_PER_ROW = 8

_BLOCK = 1 << 16  # entries linked at once when a table grows; bounds the memory that this takes

Rows = npt.NDArray[np.int64]
Words32 = npt.NDArray[np.uint32]


class Chains:
    """A hash table whose entries are numbered rows × width from 1; ``key`` of each, and the entry before it in its
    place. 0 ends a chain."""

    def __init__(self, width: int, typecode: str) -> None:
        self.width = width
        self.keys: array[int] = array(typecode)
        self._before: array[int] = array("I")
        self._head: array[int] = array("I", bytes(4 * _PLACES_MIN))
        self._mask = _PLACES_MIN - 1

    def append(self, keys: Sequence[int]) -> None:
        """Add a row, filled up with 0. Keys that are 0 are not found."""
        head, before, mask = self._head, self._before, self._mask
        entry = len(self.keys)
        self.keys.extend(keys)
        for key in keys:
            entry += 1
            if key:
                place = key & mask
                before.append(head[place])
                head[place] = entry
            else:
                before.append(0)
        spare = self.width - len(keys)
        self.keys.frombytes(bytes(spare * self.keys.itemsize))
        before.frombytes(bytes(spare * before.itemsize))

    def pop(self) -> None:
        """Take the last row back."""
        for entry in range(len(self.keys), len(self.keys) - self.width, -1):
            key, before = self.keys.pop(), self._before.pop()
            if key:
                assert self._head[key & self._mask] == entry
                self._head[key & self._mask] = before

    def rows(self, key: int, steps: int) -> list[int]:
        """Rows that have a key, latest first; reads ``steps`` entries at most."""
        keys, before, width = self.keys, self._before, self.width
        found: list[int] = []
        entry = self._head[key & self._mask]
        while entry and steps:
            entry -= 1
            if keys[entry] == key:
                found.append(entry // width)
            entry = before[entry]
            steps -= 1
        return found

    def weigh(self, key: int, steps: int, worth: float, rows: dict[int, float]) -> int:
        """Add what a key is worth to each row that has it, latest first; returns the steps taken, at most so many. The
        loop that most of the time goes into, so it stands here by itself."""
        keys, before, width = self.keys, self._before, self.width
        known = rows.get
        entry = self._head[key & self._mask]
        for taken in range(steps):
            if not entry:
                return taken
            entry -= 1
            if keys[entry] == key:
                row = entry // width
                rows[row] = known(row, 0.0) + worth
            entry = before[entry]
        return steps

    def drop(self, rows: int) -> None:
        """Forget the first rows; the others are numbered from 0 again."""
        gone = rows * self.width
        del self.keys[:gone], self._before[:gone]
        for column in (self._head, self._before):
            view = np.frombuffer(column, dtype=np.uint32)
            view[:] = np.where(view > gone, view - np.uint32(gone), 0)

    def fit(self, rows: int) -> None:
        """Make the table as large as that many rows want; doubling, so that it is seldom done."""
        if rows * _PLACES_PER_ROW <= self._mask + 1 or self._mask + 1 == _PLACES_MAX:
            return
        places = self._mask + 1
        while places < min(2 * rows * _PLACES_PER_ROW, _PLACES_MAX):
            places *= 2
        self._mask = places - 1
        self._head = array("I", bytes(4 * places))
        keys = np.frombuffer(self.keys, dtype=self.keys.typecode)
        head = np.frombuffer(self._head, dtype=np.uint32)
        before = np.frombuffer(self._before, dtype=np.uint32)
        for begin in range(0, len(keys), _BLOCK):
            _link(keys[begin : begin + _BLOCK], begin, head, before)

    @property
    def nbytes(self) -> int:
        """Memory, with what the columns hold in reserve."""
        return sum(map(getsizeof, (self.keys, self._before, self._head)))

    def parts(self) -> Iterable[bytes]:
        return (self.keys.tobytes(), self._before.tobytes(), self._head.tobytes())


def _link(keys: npt.NDArray[Any], begin: int, head: Words32, before: Words32) -> None:
    """Put a block of entries, which begins at an offset, in front of their chains."""
    entries = np.flatnonzero(keys)
    places = (keys[entries] & keys.dtype.type(len(head) - 1)).astype(np.uint32)
    order = np.argsort(places, kind="stable")
    places, entries = places[order], (entries[order] + begin + 1).astype(np.uint32)
    first = np.append(True, places[1:] != places[:-1])[: len(places)]
    last = np.append(first[1:], True)[: len(places)]
    before[entries[1:] - 1] = entries[:-1]
    before[entries[first] - 1] = head[places[first]]
    head[places[last]] = entries[last]


class Index:
    """Rows by number, 0 the oldest. ``owner`` is the story's number, ``seen`` the time of reading in seconds."""

    def __init__(self) -> None:
        self.exact = Chains(EXACT, "Q")
        self.terms = Chains(TERMS, "I")
        self._weights = array("B")
        self.length = array("H")  # different words of the whole article
        self.series = array("I")
        self.headline = array("I")
        self.owner = array("I")
        self.seen = array("d")
        self.told = array("d")  # when it was published, in seconds
        self.sides = columns()
        self._sibling = array("I")  # the row before it in its story, from 1; 0 ends
        self._columns: tuple[array[Any], ...] = (
            self.length,
            self.series,
            self.headline,
            self.owner,
            self.seen,
            self.told,
            *self.sides,
            self._sibling,
        )

    def __len__(self) -> int:
        return len(self.owner)

    def append(
        self,
        found: Features,
        terms: Sequence[int],
        weights: bytes,
        owner: int,
        seen: float,
        told: float,
        sibling: int,
        sides: Sides,
        scenes: Sequence[int],
    ) -> None:
        """Add an article with its heaviest words and how much each matters (:attr:`Features.coarse`). ``sibling`` is
        the story's row before it, plus one."""
        sketch = found.sketch[:SHINGLES]
        self.exact.append((*found.signs, *sketch, *scenes[:SCENES]))
        self.terms.append(terms)
        self._weights.frombytes(weights)
        self._weights.frombytes(bytes(TERMS - len(weights)))
        self.length.append(min(found.length, 0xFFFF))
        self.series.append(found.series)
        self.headline.append(found.headline)
        self.owner.append(owner)
        self.seen.append(seen)
        self.told.append(told)
        for column, named in zip(self.sides, sides, strict=True):
            column.append(named)
        self._sibling.append(sibling)

    def pop(self) -> tuple[int, int]:
        """Take the last article back. Returns its story and the story's row before it, plus one."""
        self.exact.pop()
        self.terms.pop()
        del self._weights[-TERMS:]
        for column in (self.length, self.series, self.headline, *self.sides):
            column.pop()
        self.seen.pop()
        self.told.pop()
        return self.owner.pop(), self._sibling.pop()

    def having(self, terms: Sequence[int], worth: Sequence[float]) -> dict[int, float]:
        """Rows that share words, and the sum of what these are worth to each. Rare words first: ``terms`` come in that
        order, and after :data:`STEPS` entries it is enough."""
        rows: dict[int, float] = {}
        left = STEPS
        for term, each in zip(terms, worth, strict=True):
            left -= self.terms.weigh(term, min(left, STEPS_PER_WORD), each, rows)
            if left <= 0:
                break
        return rows

    def preceding(self, rows: Iterable[int], found: Features) -> set[int]:
        """The stories of those rows of which an article is another number of the series: "Flood warning 17" after
        "Flood warning 16" by the same outlet, however alike their texts are."""
        series, headline, owner = self.series, self.headline, self.owner
        ours, title = found.series, found.headline
        return {owner[row] for row in rows if series[row] == ours and headline[row] != title} if ours else set()

    def vectors(self, rows: Rows) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
        """Words and weights of rows."""
        weights = np.frombuffer(self._weights, dtype=np.uint8).reshape(-1, TERMS).take(rows, axis=0)
        return self.words(rows), weights * np.float32(1 / WEIGHT_UNIT)

    def words(self, rows: Rows) -> npt.NDArray[np.uint32]:
        """Words of rows, each with as many as the longest may have; 0 fills up."""
        return np.frombuffer(self.terms.keys, dtype=np.uint32).reshape(-1, TERMS).take(rows, axis=0)

    def members(self, last: int, limit: int) -> list[int]:
        """The latest rows of a story, whose last one (plus one) is given."""
        found: list[int] = []
        while last and len(found) < limit:
            found.append(last - 1)
            last = self._sibling[last - 1]
        return found

    def drop(self, rows: int) -> None:
        """Forget the first rows; the others are numbered from 0 again."""
        self.exact.drop(rows)
        self.terms.drop(rows)
        del self._weights[: rows * TERMS]
        for column in self._columns:
            del column[:rows]
        sibling = np.frombuffer(self._sibling, dtype=np.uint32)
        sibling[:] = np.where(sibling > rows, sibling - np.uint32(rows), 0)

    def renumber(self, owners: npt.NDArray[np.uint32]) -> None:
        """Give every story its new number."""
        view = np.frombuffer(self.owner, dtype=np.uint32)
        view[:] = owners[view]

    def sides_of(self, stories: int) -> tuple[array[int], ...]:
        """What the rows of each story have, by its number; a column for each side."""
        owner = np.frombuffer(self.owner, np.uint32)
        made = []
        for column in self.sides:
            rows = np.frombuffer(column, dtype=column.typecode)
            found = np.zeros(stories, dtype=rows.dtype)
            np.bitwise_or.at(found, owner, rows)
            made.append(array(column.typecode, found.tobytes()))
        return tuple(made)

    def settle(self) -> None:
        """Grow the tables where that is due. Not between an append and its pop."""
        self.exact.fit(len(self))
        self.terms.fit(len(self))

    @property
    def nbytes(self) -> int:
        """Memory, with what the columns hold in reserve."""
        return self.exact.nbytes + self.terms.nbytes + sum(map(getsizeof, (self._weights, *self._columns)))

    def parts(self) -> Iterable[bytes]:
        """What is remembered, for comparing."""
        yield from self.exact.parts()
        yield from self.terms.parts()
        for column in (self._weights, *self._columns):
            yield column.tobytes()
