"""What kind of event a report is of, by the words of its headline and first sentence. Pure.

A kind is a bit. Only events that happen at a place are here: of those several of a kind fall on one day, told in the
same words. A report may be of several kinds (a bomb on a ship), or of none that is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from bot.story.stem import stem

_KINDS: tuple[tuple[str, str], ...] = (
    # First what says little by itself: it is asked only where nothing else is known.
    ("attack", "attack raid assault ambush massacre stabbing terrorist militant insurgent"),
    ("blast", "explosion explode blast ablaze fireball detonate"),
    ("air strike", "airstrike warplane jet shelling artillery rocket missile bombardment"),
    ("bomb", "bomb bomber bombing grenade"),
    ("drone", "drone"),
    ("ship", "ship tanker vessel freighter carrier sailor warship trawler"),
    ("shooting", "gunman gunmen shooting shooter sniper"),
    ("quake", "earthquake quake tremor aftershock seismologist"),
    ("flood", "flood flooding floodwater inundate monsoon landslide mudslide cloudburst"),
    ("storm", "hurricane cyclone typhoon tornado"),
    ("fire", "wildfire bushfire arson"),
    ("protest", "protest protester demonstration demonstrator riot"),
    ("coup", "coup putsch junta mutiny takeover overthrow overthrew"),
    ("kidnapping", "kidnap kidnapper abduct abduction hostage captive"),
    ("crash", "crash derail derailment collision capsize shipwreck"),
    ("cyber attack", "ransomware cyberattack malware hacker encrypt"),
    ("sanctions", "sanctions sanctioned blacklist blacklisted"),
    ("arms", "rifle pistol launcher smuggling smuggler cache confiscate customs"),
    ("pipeline", "pipeline refinery sabotage"),
    ("mine", "mine factory mineworker"),
)
_BITS = {stem(word): 1 << number for number, (_, words) in enumerate(_KINDS) for word in words.split()}
GENERAL = 0b11  # attack, blast
NATIONAL = 1 << [name for name, _ in _KINDS].index("coup")  # a country has one at a time, whatever the town
_WORDS_KEPT = 1 << 15


@lru_cache(_WORDS_KEPT)
def _bit(word: str) -> int:
    return _BITS.get(stem(word), 0)


def kinds_of(words: Iterable[str]) -> int:
    """The kinds that normalised words tell of."""
    kinds = 0
    for word in words:
        kinds |= _bit(word)
    return kinds


def precise(kinds: int) -> int:
    """Without those that say little, where something else is known."""
    return kinds & ~GENERAL or kinds
