"""What people may have meant: the nearest known name for one that is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.entities.facts import code_named
from bot.words import meant

LISTED_MAX = 12  # names in a hint; more are no help


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'any'?`` for a word close to a known one; empty otherwise."""
    close = meant(word, known)
    return f"; did you mean {close!r}?" if close else ""


def country_hint(word: str, is_country: Callable[[str], bool]) -> str:
    """What to write for a country that is not written as its code: ``; write IR`` for Iran; empty where it is none."""
    if is_country(word.upper()):
        return f"; write it in capitals: {word.upper()}"
    code = code_named(word)
    return f"; write its code: {code}" if is_country(code) else ""


def keys_hint(word: str, known: Iterable[str]) -> str:
    """The nearest known name, or all of them (the first dozen); that there is none, where that is so."""
    known = tuple(known)
    if not known:
        return "; there is none yet"
    more = f" and {len(known) - LISTED_MAX} more" if len(known) > LISTED_MAX else ""
    return nearest(word, known) or f"; known: {', '.join(known[:LISTED_MAX])}{more}"
