"""What people may have meant: the nearest known name for one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LISTED_MAX = 12  # names in a hint; more are no help


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'any'?`` for a word close to a known one; empty otherwise."""
    close = get_close_matches(word.lower()[:100], list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def keys_hint(word: str, known: Iterable[str]) -> str:
    """The nearest known name, or all of them (the first dozen)."""
    known = tuple(known)
    more = f" and {len(known) - LISTED_MAX} more" if len(known) > LISTED_MAX else ""
    return nearest(word, known) or f"; known: {', '.join(known[:LISTED_MAX])}{more}"
