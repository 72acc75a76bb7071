"""What people type to search the archive, read into terms that no database can stumble over.

``missile "north korea" -game balist*`` finds the articles that hold both the word and the phrase, in any form that the
stemmer knows, and a word that begins with ``balist``, but not ``game``. There is nothing else to learn and nothing that
can be a syntax error: a mark without meaning is read as the space that it stands for. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.errors import WirewatchError

QUERY_MAX = 400  # characters; a pasted article is not a question
TERMS_MAX = 24  # each costs a look into the index
PREFIX_MIN = 3  # letters before *; fewer are read as the word itself: half the vocabulary begins with "co"

HOW = 'write words, "a phrase", -without, begin*'

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‟": '"', "＂": '"'})
_PART = re.compile(r'(?P<minus>[-−–]?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_TOKEN = re.compile(r"[^\W_]+")


class SearchError(WirewatchError):
    """A search that asks for nothing; the sentence says what to write."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand in a row: one for a word, several for a phrase (``cease-fire`` is one, too). With ``prefix``
    the last one is only a beginning. None of them holds anything but letters and digits."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All of ``wanted`` and none of ``unwanted``; ``wanted`` is never empty."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


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
