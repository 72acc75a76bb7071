"""OFAC's lists as delimited files: ``sdn.csv``, ``alt.csv`` and ``add.csv``, and the same of the Consolidated list
(``cons_prim.csv``, ``cons_alt.csv``, ``cons_add.csv``).

Layout: the "Specially Designated Nationals Data Specification" of the U.S. Treasury. There is no header; ``-0-`` is an
empty cell; the entity number of ``sdn.csv`` stands first in the others. A vessel's programmes are written
``IRAN] [IFSR``. Weak aliases are only in the remarks (``a.k.a. 'NAME'``); births and nationalities too. The files
carry no date.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.watchlists.base import EntryKind, Head, Quality, WatchEntry, WatchListError, WatchName, entry, inverted, name
from bot.watchlists.rows import read_rows

PARTS = ("main", "alt", "add")
_NULL = "-0-"
_SDN_COLUMNS = 12
_ALT_COLUMNS = 5
_ADD_COLUMNS = 6
_KINDS = {"individual": EntryKind.PERSON, "vessel": EntryKind.VESSEL, "aircraft": EntryKind.AIRCRAFT}
_PROGRAMMES = re.compile(r"[^\[\]]+")
_WEAK = re.compile(r"\b[afn]\.k\.a\. '([^']{2,120})'")
_BORN = re.compile(r"(?:^|; )(?:alt\. )?DOB ((?:circa )?[^;.]{4,40})")
_NATIONALITY = re.compile(r"(?:^|; )(?:alt\. )?(?:nationality|citizen) ([A-Z][^;.]{2,60})")


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    aliases: defaultdict[str, list[str]] = defaultdict(list)
    for row in _rows(files["alt"], "alt", _ALT_COLUMNS):
        aliases[row[0]].append(row[3])
    countries: defaultdict[str, list[str]] = defaultdict(list)
    for row in _rows(files["add"], "add", _ADD_COLUMNS):
        countries[row[0]].append(row[4])
    for row in _rows(files["main"], "main", _SDN_COLUMNS):
        number, main, kind_word, programme, remarks = row[0], row[1], row[2], row[3], row[11]
        kind = _KINDS.get(kind_word.lower(), EntryKind.ORG)
        names = [_name(text, kind) for text in (main, *aliases.get(number, ()))]
        names += [_name(text, kind, Quality.WEAK) for text in _WEAK.findall(remarks)]
        found = entry(
            number,
            [n for n in names if n is not None],
            kind,
            programmes=[p.strip() for p in _PROGRAMMES.findall(programme)],
            countries=[*_NATIONALITY.findall(remarks), *countries.get(number, ()), row[9]],
            births=_BORN.findall(remarks),
            head=head,
        )
        if found is not None:
            yield found


def _rows(path: Path, part: str, columns: int) -> Iterator[list[str]]:
    for number, row in enumerate(read_rows(path), 1):
        if len(row) < columns or not row[0].isdigit():
            raise WatchListError(
                f"row {number} of the {part} file has {len(row)} cells beginning with {row[0][:20]!r} where OFAC "
                f"writes {columns}, the first a number"
            )
        yield ["" if cell == _NULL else cell for cell in row]


def _name(text: str, kind: EntryKind, quality: Quality = Quality.GOOD) -> WatchName | None:
    return inverted(text, quality) if kind is EntryKind.PERSON else name(text, quality=quality)
