"""How rare a word is in the stream, learnt as it flows.

Frequencies live in a table of fixed size under the hash of the stem; two rare words that share a place look a little
less rare. Nothing grows with the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from bot.stopwords import PRIOR
from bot.story.stem import hashed, stem
from bot.story.thresholds import MEMORY_ARTICLES, PRIOR_ARTICLES

_PLACES = 1 << 20  # a stream's 300,000 words seldom meet; 2 MiB
_MASK = np.uint32(_PLACES - 1)


class Weights:
    """In how many articles each word stood. Begins with what is shipped, as if :data:`PRIOR_ARTICLES` had been read."""

    def __init__(self) -> None:
        self._count = np.zeros(_PLACES, dtype=np.uint16)
        self._articles = PRIOR_ARTICLES
        self.version = 0  # another one after each change
        for word, share in PRIOR.items():
            place = hashed(stem(word)) & (_PLACES - 1)
            self._count[place] = max(self._count[place], round(share * PRIOR_ARTICLES))

    def idf(self, terms: npt.NDArray[np.uint32], extra: int = 0) -> npt.NDArray[np.float32]:
        """The logarithm of one over the part of all articles that has each word. ``extra`` counts an article that is
        being read and has all of them."""
        having = self._count.take(terms & _MASK).astype(np.float32)
        having += extra + 0.5
        np.divide(self._articles + extra + 1.0, having, out=having)
        idf: npt.NDArray[np.float32] = np.maximum(np.log(having), 0)
        return idf

    def learn(self, terms: npt.NDArray[np.uint32]) -> None:
        """An article had these words."""
        np.add.at(self._count, terms & _MASK, np.uint16(1))
        self._articles += 1
        self.version += 1

    def unlearn(self, terms: npt.NDArray[np.uint32]) -> None:
        """Take back one :meth:`learn`, exactly."""
        np.subtract.at(self._count, terms & _MASK, np.uint16(1))
        self._articles -= 1
        self.version += 1

    def age(self) -> None:
        """Let old articles count half once :data:`MEMORY_ARTICLES` are reached. Not between a learn and its unlearn."""
        if self._articles >= MEMORY_ARTICLES:
            self._count >>= np.uint16(1)
            self._articles //= 2
            self.version += 1

    @property
    def nbytes(self) -> int:
        """Memory; it does not grow."""
        return self._count.nbytes

    def parts(self) -> Iterable[bytes]:
        """What is remembered, for comparing."""
        return (self._count.tobytes(), str(self._articles).encode())
