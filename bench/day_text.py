"""Sentences of the simulated day: choices in square brackets, particulars in braces, names that nobody has."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_ASIDE = re.compile(r"<([^<>]*)>")
_SLOT = re.compile(r"\{([a-z0-9_]+)\}")
_ONSETS = tuple("b d f g k l m n p r s t v z br dr gr kr sh st tr".split())  # noqa: SIM905
_VOWELS = tuple("a e i o u a e i o ai ia".split())  # noqa: SIM905
_ENDS = ("", "n", "r", "l", "s", "k", "m", "nd", "rt", "lk")
_FIRST = tuple(
    (  # noqa: SIM905
        "Aron Beri Calla Dario Elka Faron Goran Halina Ivo Jorun Kasim Leda Marek Nadia Orhan Petra Quim Rosa Selim "
        "Tova Udo Vera Wanda Xenia Yusuf Zora Amir Bruna Cem Dina"
    ).split()
)
_KINDS = ("Front", "Group", "Union", "League", "Brigade", "Company", "Trust", "Works", "Council", "Agency")

# Slots that are news.
FACTS = frozenset({"n", "m", "mag", "who", "who3", "org", "issuer", "town", "region", "cause", "extra"})
COUNTRY = frozenset({"country", "adj", "capital"})  # slots that name the country


def name(dice: random.Random, syllables: int = 2) -> str:
    """A pronounceable name: ``Drolavik``."""
    parts = [dice.choice(_ONSETS) + dice.choice(_VOWELS) for _ in range(syllables)]
    return ("".join(parts) + dice.choice(_ENDS)).capitalize()


def person(dice: random.Random) -> str:
    return f"{dice.choice(_FIRST)} {name(dice, dice.choice((2, 3)))}"


def organisation(dice: random.Random) -> str:
    return f"{name(dice)} {dice.choice(_KINDS)}"


def fill(template: str, slots: Mapping[str, str], dice: random.Random) -> tuple[str, frozenset[str]]:
    """The sentence, and the facts in it as ``slot=value``, what stands in ``<>`` as ``said=...``. Raises ``KeyError``
    for a slot without a value."""
    text = template
    while found := _CHOICE.search(text):
        text = text[: found.start()] + dice.choice(found[1].split("|")) + text[found.end() :]
    asides = _ASIDE.findall(text)
    text = _ASIDE.sub(r"\1", text)
    named = _SLOT.findall(text)
    said = frozenset(f"said={words}" for words in asides)
    said |= frozenset(f"{slot}={slots[slot]}" for slot in named if slot in FACTS)
    if not COUNTRY.isdisjoint(named):
        said |= {f"country={slots['country']}"}
    text = _SLOT.sub(lambda m: slots[m[1]], text)
    return text[:1].upper() + text[1:], said
