"""Articles of the window, in columns; what shares a sign or a word with one is found by walking chains.

Each article has a row: three signs, six shingles, the kinds of event in countries that it tells of, its heaviest words
with their weights, and what it may be told apart by. A row takes 506 bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from sys import getsizeof
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.story.chains import Chains, Rows, Words
from bot.story.features import WEIGHT_UNIT, Features
from bot.story.setting import SCENES
from bot.story.sides import Sides, columns
from bot.story.thresholds import TERMS

SIGNS, SHINGLES = 3, 6
EXACT = SIGNS + SHINGLES + SCENES  # entries of a row in the chains of exact signs


class Index:
    """Rows by number, 0 the oldest. ``owner`` is the story's number, ``seen`` the time of reading in seconds."""

    def __init__(self) -> None:
        self.exact = Chains(EXACT, "Q")
        self.terms = Words()
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

    def of_series(self, rows: Iterable[int], found: Features) -> list[int]:
        """Those rows of which an article is another number of the series: "Flood warning 17" after "Flood warning 16"
        by the same outlet. It is not of their stories, however alike the texts are."""
        series, headline = self.series, self.headline
        ours, title = found.series, found.headline
        return [row for row in rows if series[row] == ours and headline[row] != title] if ours else []

    def vectors(self, rows: Rows) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
        """Words and weights of rows."""
        weights = np.frombuffer(self._weights, dtype=np.uint8).reshape(-1, TERMS).take(rows, axis=0)
        return self.words(rows), weights * np.float32(1 / WEIGHT_UNIT)

    def words(self, rows: Rows) -> npt.NDArray[np.uint32]:
        """Words of rows, each with as many as the longest may have; 0 fills up."""
        return self.terms.of(rows)

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
