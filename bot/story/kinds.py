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
# Two words in a row that tell a kind where neither does.
_PAIRS: tuple[tuple[str, str], ...] = (
    (
        "air strike",
        "air strike, air raid, air attack, fighter jets, jets pound, jets bomb, jets strike, jets hit, jets fire",
    ),
    ("coup", "seize power"),
)
_BITS = {stem(word): 1 << number for number, (_, words) in enumerate(_KINDS) for word in words.split()}
_NUMBER = {kind: 1 << number for number, (kind, _) in enumerate(_KINDS)}
_PAIR_BITS = {
    (stem(first), stem(second)): _NUMBER[kind]
    for kind, pairs in _PAIRS
    for first, second in (pair.split() for pair in pairs.split(", "))
}
_SECONDS = frozenset(second for _, second in _PAIR_BITS)
GENERAL = 0b11  # attack, blast
NATIONAL = _NUMBER["coup"]  # a country has one at a time, whatever the town
_WORDS_KEPT = 1 << 15


@lru_cache(_WORDS_KEPT)
def _bit(word: str) -> tuple[int, str]:
    """The kind that a word tells of, and its stem where it may be the second of a pair."""
    root = stem(word)
    return _BITS.get(root, 0), root if root in _SECONDS else ""


def kinds_of(words: Iterable[str]) -> int:
    """The kinds that normalised words tell of."""
    kinds = 0
    before = ""
    for word in words:
        bit, second = _bit(word)
        kinds |= bit
        if second:
            kinds |= _PAIR_BITS.get((stem(before), second), 0)
        before = word
    return kinds


def precise(kinds: int) -> int:
    """Without those that say little, where something else is known."""
    return kinds & ~GENERAL or kinds
