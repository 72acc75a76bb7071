"""The United Kingdom's lists as CSV: the UK Sanctions List of the FCDO, and the Consolidated List of OFSI.

OFSI's list (``ConList.csv``) was closed on 28 January 2026; mirrors and archives of it are read all the same. Both
files have a line with a date before the header, one row for each name or address of a target, and the family name in
"Name 6", the others in "Name 1" to "Name 5". The rows of a target need not stand together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from bot.watchlists.base import EntryKind, Head, Quality, WatchEntry, WatchListError, WatchName, clean, entry, name
from bot.watchlists.rows import read_rows

PARTS = ("main",)
HEADER_WITHIN = 5  # rows
_KINDS = {"individual": EntryKind.PERSON, "ship": EntryKind.VESSEL}
_GIVEN = tuple(f"Name {n}" for n in range(1, 6))

# Column → what it is called in the one list and in the other.
_ID = ("Unique ID", "Group ID")
_KIND = ("Designation Type", "Group Type", "Individual, Entity, Ship")
_NAME_TYPE = ("Name type", "Alias Type")
_STRENGTH = ("Alias strength", "Alias Quality")
_REGIME = ("Regime Name", "Regime")
_BORN = ("D.O.B", "DOB")
_SCRIPT = ("Name non-latin script", "Name Non-Latin Script")
_COUNTRIES = ("Nationality(/ies)", "Nationality", "Address Country", "Country", "Current believed flag of ship")
_SEVERAL = re.compile(r"\(\d+\)|[|;]|\.\s+")


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    return from_rows(read_rows(files["main"]), head)


@dataclass
class Target:
    """What the rows of one target have said so far."""

    kind: EntryKind
    primary: list[WatchName] = field(default_factory=list)
    others: list[WatchName] = field(default_factory=list)
    programmes: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    births: list[str] = field(default_factory=list)

    def add(self, found: WatchName | None, name_type: str) -> None:
        """Take in a name."""
        if found is not None:
            (self.primary if name_type.lower() == "primary name" else self.others).append(found)

    def entry(self, target_id: str, head: Head) -> WatchEntry | None:
        """The target as an entry, its primary names first."""
        return entry(
            target_id,
            [*self.primary, *self.others],
            self.kind,
            programmes=self.programmes,
            countries=self.countries,
            births=self.births,
            head=head,
        )


def from_rows(rows: Iterable[list[str]], head: Head) -> Iterator[WatchEntry]:
    """The entries of a table, whether it came as CSV or as a spreadsheet. Raises :class:`WatchListError`."""
    table = iter(rows)
    columns = _header(table, head)
    targets: dict[str, Target] = {}
    for row in table:
        cells = {key: row[at] for key, at in columns.items() if at < len(row) and row[at]}
        target_id = _first(cells, _ID)
        if not target_id:
            head.skipped += bool(cells)
            continue
        target = targets.get(target_id)
        if target is None:
            target = targets[target_id] = Target(_KINDS.get(_first(cells, _KIND).lower(), EntryKind.ORG))
        _take(cells, target)
    for target_id, target in targets.items():
        if (found := target.entry(target_id, head)) is not None:
            yield found


def _header(table: Iterator[list[str]], head: Head) -> dict[str, int]:
    for _ in range(HEADER_WITHIN):
        row = next(table, None)
        if row is None:
            break
        if "Name 6" in row and not set(_ID).isdisjoint(row):
            return {title: at for at, title in reversed(list(enumerate(row)))}
        for cell in row:
            head.as_of = head.as_of or uk_date(cell.rpartition(": ")[2])
        head.version = head.as_of.isoformat() if head.as_of else ""
    raise WatchListError(
        f"none of its first {HEADER_WITHIN} rows has the columns 'Unique ID' or 'Group ID', and 'Name 6'"
    )


def _take(cells: Mapping[str, str], target: Target) -> None:
    quality = strength(_first(cells, _STRENGTH))
    given = " ".join(cells.get(key, "") for key in _GIVEN)
    name_type = _first(cells, _NAME_TYPE)
    target.add(name(given, cells.get("Name 6", ""), quality), name_type)
    target.add(name(_first(cells, _SCRIPT)), "")
    target.programmes.append(_first(cells, _REGIME))
    target.countries += [c for key in _COUNTRIES for c in several(cells.get(key, ""))]
    target.births += several(_first(cells, _BORN))


def strength(word: str) -> Quality:
    """``Low quality`` → weak; the lists write ``Good quality``, ``Low quality`` or nothing."""
    return Quality.WEAK if word.lower().startswith("low") else Quality.GOOD


def several(cell: str) -> list[str]:
    """``(1) Iran. (2) Iraq`` → both."""
    return [c for part in _SEVERAL.split(cell) if (c := clean(part).rstrip("."))]


def uk_date(text: str) -> date | None:
    """``24/06/2026``, ``24-Jun-2026`` or an ISO time; ``None`` for anything else."""
    text = text.strip()
    for layout, length in (("%d/%m/%Y", 10), ("%d-%b-%Y", 11), ("%Y-%m-%d", 10)):
        try:
            return datetime.strptime(text[:length], layout).date()
        except ValueError:
            continue
    return None


def _first(cells: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((cells[key] for key in keys if key in cells), "")
