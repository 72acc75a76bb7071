"""What people type to search the archive, read into terms that no database can stumble over.

``missile "north korea" -game balist*`` finds the articles that hold both the word and the phrase, in any form that the
stemmer knows, and a word that begins with ``balist``, but not ``game``. There is nothing else to learn and nothing that
can be a syntax error: a mark without meaning is read as the space that it stands for. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.errors import WirewatchError

QUERY_MAX = 400  # characters; a pasted article is not a question
TERMS_MAX = 24  # each costs a look into the index
PREFIX_MIN = 3  # letters before *; fewer are read as the word itself: half the vocabulary begins with "co"

HOW = 'write words, "a phrase", -without, begin*'

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‟": '"', "＂": '"'})
_PART = re.compile(r'(?P<minus>[-−–]?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
# Thai to Burmese, Khmer, Kana, Han: scripts that set no spaces between words, vowel signs included.
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{_SPACELESS}]+|[^\W_{_SPACELESS}]+")
_RUN = re.compile(f"[{_SPACELESS}]")
_RUNS = re.compile(f"[{_SPACELESS}]+")


def pairs(words: str) -> Iterator[str]:
    """Each two characters in a row of scripts without spaces, and the last one of each run by itself, so that every
    character begins something."""
    for found in _RUNS.finditer(words):
        run = found[0]
        yield from map("".join, pairwise(run))
        yield run[-1]


class SearchError(WirewatchError):
    """A search that asks for nothing; the sentence says what to write."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand in a row: one for a word, several for a phrase (``cease-fire`` is one, too). With ``prefix``
    the last one is only a beginning. None of them holds anything but letters and digits."""

    words: tuple[str, ...]
    prefix: bool = False

    @property
    def runs(self) -> tuple[str, ...]:
        """Those of the words that are in a script without spaces: found wherever they stand, inside others too."""
        return tuple(word for word in self.words if _RUN.match(word))


@dataclass(frozen=True, slots=True)
class Query:
    """All of ``wanted`` and none of ``unwanted``; ``wanted`` is never empty."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Parted:
    """A query in two: ``words`` are for an index of words, ``runs`` and ``without_runs`` to be looked for as they are
    written. ``words`` may want nothing."""

    words: Query
    runs: tuple[str, ...]
    without_runs: tuple[str, ...]


def parted(query: Query) -> Parted:
    """Words of scripts without spaces apart from the others."""

    def plain(terms: tuple[Term, ...]) -> tuple[Term, ...]:
        rest = (Term(tuple(w for w in t.words if w not in t.runs), t.prefix) for t in terms)
        return tuple(term for term in rest if term.words)

    def runs(terms: tuple[Term, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(run for term in terms for run in term.runs))

    # What is not wanted as a whole must not be unwanted by a part: "-中国GDP" leaves other articles on 中国 alone.
    mixed = tuple(term for term in query.unwanted if term.runs and len(term.runs) < len(term.words))
    unwanted = tuple(term for term in query.unwanted if term not in mixed)
    return Parted(Query(plain(query.wanted), plain(unwanted)), runs(query.wanted), runs(unwanted))


def parse(text: str) -> Query:
    """Read a search. Raises :class:`SearchError` where it asks for nothing, or for too much."""
    if len(text) > QUERY_MAX:
        raise SearchError(f"the search has {len(text)} characters; {QUERY_MAX} are read: {HOW}")
    wanted: dict[Term, None] = {}
    unwanted: dict[Term, None] = {}
    for found in _PART.finditer(unicodedata.normalize("NFC", text).translate(_QUOTES)):
        written = found["word"] if found["phrase"] is None else found["phrase"]
        words = tuple(_TOKEN.findall(written))
        if words:
            prefix = written.rstrip().endswith("*") and len(words[-1]) >= PREFIX_MIN
            (unwanted if found["minus"] else wanted)[Term(words, prefix)] = None
    if len(wanted) + len(unwanted) > TERMS_MAX:
        raise SearchError(f"the search has {len(wanted) + len(unwanted)} terms; at most {TERMS_MAX} are looked up")
    if not wanted:
        if unwanted:
            raise SearchError("the search only says what to leave out; write what to find as well: missile -game")
        raise SearchError(f"the search is empty; {HOW}")
    return Query(tuple(wanted), tuple(unwanted))
