"""What every watch list becomes, and the port between the formats and the rest.

All values are frozen; ids are unique within a list; countries are ISO 3166 codes (those that could not be read as one
are left out). Names stand in the order in which people say them, given name first, whatever the file does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.errors import WirewatchError

NAME_MAX = 300  # characters of one name; the longest on the SDN list has 216
NAMES_MAX = 400  # names of one entry; the most on the SDN list are about 60
LINE_MAX = 4 << 20  # characters of one row or JSON line; the longest entity of OpenSanctions is below 1 MB
LIST_CHANGE = "list_change"
"""The tag of the sources that tell what came and went on a watch list; rules may name it where there are none."""


class WatchListError(WirewatchError):
    """A watch list cannot be read, fetched or believed; the text is one sentence: what, where."""


class EntryKind(StrEnum):
    """What an entry is. ``place`` is on OpenSanctions only."""

    PERSON = "person"
    ORG = "org"
    VESSEL = "vessel"
    AIRCRAFT = "aircraft"
    PLACE = "place"


class Quality(StrEnum):
    """What the list itself says of a name. Weak: OFAC "weak", UN "Low", UK "Low quality", EU ``strong="false"``."""

    GOOD = "good"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class WatchName:
    """A name, given name first. ``family`` is its tail where the list tells the family name, else empty."""

    text: str
    family: str = ""
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class WatchEntry:
    """Someone or something on a list. ``births`` are dates or years as the list writes them."""

    id: str
    name: WatchName
    kind: EntryKind
    aliases: tuple[WatchName, ...] = ()
    programmes: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    births: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[WatchName, ...]:
        """The name and the aliases."""
        return self.name, *self.aliases


@dataclass(frozen=True, slots=True)
class WatchList:
    """A list as it was read. ``as_of`` is the publisher's date, ``version`` the publisher's mark or the content's
    hash; ``source_url`` is safe to show."""

    name: str
    title: str
    source_url: str
    version: str
    as_of: date | None
    fetched_at: datetime
    entries: tuple[WatchEntry, ...]


@dataclass
class Head:
    """What a file says of itself. A format fills it in while its entries are read; complete when they are."""

    version: str = ""
    as_of: date | None = None
    declared: int | None = None  # entries, as the file announces them
    skipped: int = 0  # records without a usable name or id


class Format(Protocol):
    """A format of watch lists. A module with these two is one."""

    PARTS: tuple[str, ...]
    """The files it needs, the main one first: ``main``, and for OFAC's CSV ``alt`` and ``add``."""

    def entries(self, files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
        """The entries of the files by part, one after another and in bounded memory.

        Raises :class:`WatchListError` (also in the middle: then nothing of the file is to be believed).
        """


# -- for the formats ------------------------------------------------------------------------------------------------


def clean(text: str | None) -> str:
    """One line without outer, double or non-breaking spaces; empty for ``None``."""
    return " ".join(text.split()) if text else ""


def name(given: str, family: str = "", quality: Quality = Quality.GOOD) -> WatchName | None:
    """A name from its two parts; ``None`` where nothing usable is left."""
    tail = clean(family)
    text = clean(f"{given} {tail}")[:NAME_MAX]
    if not any(c.isalnum() for c in text):
        return None
    return WatchName(text, tail if tail and text.endswith(tail) and text != tail else "", quality)


def inverted(text: str, quality: Quality = Quality.GOOD) -> WatchName | None:
    """A person's name from ``FAMILY, Given Middle`` (OFAC's and others' way); without a comma as it stands."""
    family, comma, given = clean(text).partition(",")
    return name(given, family, quality) if comma and given.strip() else name(family, quality=quality)


def entry(
    entry_id: str,
    names: list[WatchName],
    kind: EntryKind,
    *,
    programmes: list[str],
    countries: list[str],
    births: list[str],
    head: Head,
) -> WatchEntry | None:
    """An entry from what was gathered, each value once; ``None``, and counted as skipped, without id or name.

    The first good name is the main one.
    """
    from bot.watchlists.countries import country_code

    kept: dict[str, WatchName] = {}
    for one in names:
        known = kept.get(one.text.casefold())
        if known is None or (known.quality is Quality.WEAK and one.quality is Quality.GOOD):
            kept[one.text.casefold()] = one
    ordered = sorted(kept.values(), key=lambda n: n.quality is Quality.WEAK)  # stable
    if not entry_id or not ordered:
        head.skipped += 1
        return None
    codes = (country_code(c) for c in countries)
    return WatchEntry(
        id=entry_id,
        name=ordered[0],
        kind=kind,
        aliases=tuple(ordered[1:NAMES_MAX]),
        programmes=_once(clean(p) for p in programmes),
        countries=_once(codes),
        births=_once(clean(b) for b in births),
    )


def _once(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))


def iso_date(text: str | None) -> date | None:
    """The date at the start of an ISO time (``2026-02-27T00:00:09.554Z``); ``None`` for anything else."""
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None
