"""OpenSanctions' table of targets, ``targets.simple.csv``: one row a target, several values parted by ``;``.

Columns: https://www.opensanctions.org/docs/bulk/csv/. Weak aliases are not told apart in it; use the JSON lines of
:mod:`bot.watchlists.followthemoney` where that matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.watchlists.base import EntryKind, Head, WatchEntry, WatchListError, entry, iso_date, name
from bot.watchlists.rows import read_rows

PARTS = ("main",)
_NEEDED = ("id", "schema", "name", "aliases")

KINDS = {
    "Person": EntryKind.PERSON,
    "Organization": EntryKind.ORG,
    "Company": EntryKind.ORG,
    "LegalEntity": EntryKind.ORG,
    "PublicBody": EntryKind.ORG,
    "Vessel": EntryKind.VESSEL,
    "Airplane": EntryKind.AIRCRAFT,
    "Address": EntryKind.PLACE,
}
"""Schemata of FollowTheMoney that are names in the news; securities, wallets and the like are passed over."""


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    table = read_rows(files["main"])
    header = next(table, None)
    missing = [c for c in _NEEDED if header is None or c not in header]
    if header is None or missing:
        raise WatchListError(f"its first row lacks the column {missing[0]!r} of targets.simple.csv")
    for number, row in enumerate(table, 2):
        if len(row) != len(header):
            raise WatchListError(f"row {number} has {len(row)} cells where the header has {len(header)}")
        cells = dict(zip(header, row, strict=True))
        kind = KINDS.get(cells["schema"])
        if kind is None:
            continue
        seen = iso_date(cells.get("last_seen"))
        if seen is not None and (head.as_of is None or seen > head.as_of):
            head.as_of, head.version = seen, seen.isoformat()
        names = [name(text) for text in (cells["name"], *cells["aliases"].split(";"))]
        programmes = cells.get("program_ids") or cells.get("dataset", "")
        found = entry(
            cells["id"],
            [n for n in names if n is not None],
            kind,
            programmes=programmes.split(";"),
            countries=cells.get("countries", "").split(";"),
            births=cells.get("birth_date", "").split(";"),
            head=head,
        )
        if found is not None:
            yield found
