"""The words for what kept a rule from firing. Pure; :mod:`bot.rules.nearly` finds out what that is.

Each change is told as a fact about the text and, where the rule could allow for it, by what to write in the rule: a
person who reads it should see at once which of the two to mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.entities.facts import country_name
from bot.rules.model import (
    Condition,
    Country,
    EntityLabel,
    Group,
    Names,
    Near,
    Origin,
    Term,
    TermKind,
    Unit,
    Use,
)

LISTED_MAX = 6  # alternatives in a sentence
SAID_MAX = 4  # changes in a sentence
_LACKS = " lacks "
_PLACES = {"": "the text", "title": "the title", "lead": "the lead"}
_NAMED = {"list": "a name", "person": "a person", "org": "an organisation", "place": "a place"}


def sentence(said: Sequence[tuple[str, str]]) -> str:
    """Of changes, each as its fact and what in the rule would allow it (empty where nothing would): ``the text lacks
    “deal”; “arms” stands in the text, but not in the title (leaving title: out would allow it)``."""
    unique = list(dict.fromkeys(said))
    more = len(unique) - SAID_MAX
    shown = unique[:SAID_MAX]
    if len(unique) == 1 and shown[0][1]:
        return f"{shown[0][0]}; {shown[0][1]} would allow that"
    lacks: dict[str, list[str]] = {}
    parts: list[str] = []
    for text, allowed in shown:
        head, found, what = text.partition(_LACKS)
        if found and head in lacks:
            lacks[head].append(what)
            continue
        if found:
            lacks[head] = [what]
        parts.append(head if found else f"{text} ({allowed} would allow it)" if allowed else text)
    whole = [f"{part}{_LACKS}{listed(lacks[part])}" if part in lacks else part for part in parts]
    return "; ".join(whole) + (f"; and {more} more" if more > 0 else "")


def lacking(what: str, region: str) -> str:
    """``the title lacks “deal”``."""
    return f"{_PLACES.get(region, 'one place')}{_LACKS}{what}"


def one_of(words: Sequence[str]) -> str:
    return f"one of {few(words)}" if len(words) > 1 else words[0]


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def quoted(words: Iterable[str]) -> str:
    """``“arms” and “deal”``; each once."""
    return listed([f"“{word}”" for word in dict.fromkeys(words)])


def few(words: Sequence[str], most: int = LISTED_MAX) -> str:
    """The first of them, and how many more there are."""
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")


def within(near: Near) -> str:
    """``6 words``, ``sentence`` or ``paragraph``, as it stands in the YAML."""
    if near.unit is not Unit.WORDS:
        return near.unit.value
    return words_of(near.words)


def words_of(number: int) -> str:
    return f"{number} word{'' if number == 1 else 's'}"


def apart(near: Near, instead: Near, words: str) -> tuple[str, str]:
    """What the words of a near do, and what would allow it."""
    turned = "come in another order than in the rule" if near.ordered and not instead.ordered else ""
    if (near.unit, near.words) == (instead.unit, instead.words):
        return f"{words} {turned}", "leaving ordered: out"
    if instead.unit is Unit.PARAGRAPH:
        text = "stand in one paragraph, but not in one sentence"
    elif near.unit is Unit.WORDS:
        text = f"are {words_of(instead.words)} apart where the rule allows {near.words}"
    else:
        distance = f", {words_of(instead.words)} apart" if instead.words else ", side by side"
        text = f"stand in different paragraphs{distance}"
    allowed = f"within: {within(instead)}{' without ordered:' if turned else ''}"
    return f"{words} {text}{', and ' + turned if turned else ''}", allowed


def alternatives(condition: Condition) -> tuple[str, ...] | None:
    """What is asked for of which one is enough, where a condition is nothing but that."""
    match condition:
        case Term() | Names() | EntityLabel() | Country() | Origin():
            return (wanted(condition),)
        case Use(of=of):
            return alternatives(of)
        case Group(op="any", of=members):
            found: list[str] = []
            for member in members:
                below = alternatives(member)
                if below is None:
                    return None
                found.extend(below)
            return tuple(dict.fromkeys(found))
        case _:
            return None


def wanted(leaf: Term | Names | EntityLabel | Country | Origin) -> str:
    """What a leaf looks for: ``“border”``, ``Iran``, ``a person of ofac_sdn``."""
    match leaf:
        case Term(kind=TermKind.REGEX, text=text):
            return f"a match of {text}"
        case Term(kind=TermKind.PREFIX, text=text):
            return f"“{text}…”"
        case Term(text=text):
            return f"“{text}”"
        case Country(codes=None):
            return "a country"
        case Country(codes=codes, written=written):
            one = next(iter(codes)) if codes and len(codes) == 1 else ""
            return country_name(one) if one else f"a country of {written}"
        case Names(key=key, list_name=name):
            return f"{_NAMED[key]} of {name}"
        case _:
            return leaf.label
