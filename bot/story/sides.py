"""By what two reports, or a report and a story, may be told apart however alike their words are. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

from bot.story.kinds import NATIONAL, precise

# The countries that the world's news is mostly about: a bit for each, so that no two of them are taken for one. The
# other 180 and more share the same 64 bits by their hash.
_OFTEN = (  # noqa: SIM905
    "US GB RU UA CN IN PK IR IQ IL PS SY LB YE SA TR EG LY SD SS ET SO KE NG ML NE BF CD ZA FR DE IT ES PL HU GR "
    "KP KR JP TW PH ID MM TH BD LK AF KZ VE CO MX BR AR CU HT PE CL CA AU GE RS AZ QA EC"
).split()
_BIT = {code: number for number, code in enumerate(_OFTEN)}


class Sides(NamedTuple):
    """Sets of bits: the countries that are named (:func:`places`), and what
    :mod:`bot.story.setting` reads, the countries of the headline (``heads``) among it. Of a story: those of all
    its reports. 0: nothing is known."""

    places: int
    kinds: int
    towns: int
    regions: int
    names: int
    figures: int
    heads: int


NOTHING = Sides(0, 0, 0, 0, 0, 0, 0)


def places(countries: Iterable[str]) -> int:
    """Countries by their codes as a set of 64 bits, one each; 0 for none. Two that share a bit are not told apart."""
    bits = 0
    for code in countries:
        bits |= 1 << _BIT.get(code, crc32(code.encode()) & 63)
    return bits


def columns() -> tuple[array[int], ...]:
    """An empty column for each side."""
    return tuple(array(kind) for kind in "QIQQQQQ")


def elsewhere(one: Sides, other: Sides) -> bool:
    """Whether both name countries, and none in common: however alike two coups are, they are two."""
    return bool(one.places and other.places and not one.places & other.places)


def headed_elsewhere(one: Sides, other: Sides) -> bool:
    """Whether the headlines of both name countries, and none in common."""
    return bool(one.heads and other.heads and not one.heads & other.heads)


def apart(one: Sides, other: Sides) -> bool:
    """Whether both tell of the same kind of event at different places: two towns, or where one names none, two regions;
    or with nobody and no number in common. A part of what happened has a name of its own, so that of different kinds of
    report, and of those of which the kind is not known, names say nothing."""
    if not one.kinds & other.kinds:
        return False
    if one.towns and other.towns:
        return not one.towns & other.towns
    if one.regions and other.regions and not one.regions & other.regions:
        return True
    return (
        bool(one.names and other.names and one.figures and other.figures)
        and not one.names & other.names
        and not one.figures & other.figures
    )


def strangers(one: Sides, other: Sides) -> bool:
    """Whether both name towns and give numbers, and have none of either in common."""
    return (
        bool(one.towns and other.towns and one.figures and other.figures)
        and not one.towns & other.towns
        and not one.figures & other.figures
    )


def agree(one: Sides, other: Sides) -> bool:
    """Whether both tell of the same kind of event in the same country; where one names none, in the same town."""
    if not precise(one.kinds) & precise(other.kinds):
        return False
    return bool(one.places & other.places if one.places and other.places else one.towns & other.towns)


def at_one_place(one: Sides, other: Sides) -> bool:
    """Whether what agrees (:func:`agree`) happened in a town that both name, or befell the whole country."""
    return bool(one.towns & other.towns) or national(one, other)


def national(one: Sides, other: Sides) -> bool:
    """Whether both tell of a kind of event of which a country has one at a time."""
    return bool(one.kinds & other.kinds & NATIONAL)


def of_other_kinds(one: Sides, other: Sides) -> bool:
    """Whether one tells of a kind of event, and the other of none such."""
    return bool((one.kinds or other.kinds) and not one.kinds & other.kinds)
