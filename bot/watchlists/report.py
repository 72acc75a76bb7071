"""Which names of a list are looked for, and what became of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

IsWord = Callable[[str], bool]
"""Tells an English word from a name."""

WORDS_MAX = 14  # of a name; longer ones are descriptions and never stand so in an article


@dataclass(frozen=True, slots=True)
class Options:
    """What is off unless asked for."""

    weak: bool = False  # names that the list holds for weak
    one_word: bool = False  # names of a single word
    common: bool = False  # names that many people or things bear


@dataclass(slots=True)
class Report:
    """What became of the names of a list. All but ``variants`` count the list's own names."""

    kept: int = 0
    variants: int = 0  # phrases that are looked for, over all kept names
    weak: int = 0
    one_word: int = 0
    common: int = 0
    too_long: int = 0
    cut: int = 0  # entries with more variants than PER_ENTRY
    silent: int = 0  # entries of which no name is left

    def add(self, other: Report) -> None:
        """Count another list's in."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
