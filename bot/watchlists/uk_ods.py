"""The UK Sanctions List as a spreadsheet (``UK_Sanctions_List.ods``): the table of the CSV file in OpenDocument form.

An ODS file is a zip with the cells in ``content.xml``; reading one table from it takes a page of code, so no library is
needed for it. Cells and rows that repeat are written once with a count, which a hostile file can make huge.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from lxml import etree

from bot.watchlists import xml_stream
from bot.watchlists.base import Head, WatchEntry, WatchListError, clean
from bot.watchlists.uk import from_rows

PARTS = ("main",)
CONTENT_MAX = 1 << 30  # bytes of content.xml unpacked; the list of 2026 has some 150 MB
COLUMNS_MAX = 200  # the list has 58
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def entries(files: Mapping[str, Path], head: Head) -> Iterator[WatchEntry]:
    """See :class:`~bot.watchlists.base.Format`."""
    with TemporaryDirectory(prefix="wirewatch-", ignore_cleanup_errors=True) as folder:
        content = Path(folder) / "content.xml"
        _unpack(files["main"], content)
        yield from from_rows(_rows(content), head)


def _unpack(path: Path, content: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("content.xml") as packed, content.open("wb") as out:
            size = 0
            while piece := packed.read(1 << 20):
                size += len(piece)
                if size > CONTENT_MAX:
                    raise WatchListError(f"its content.xml is larger than {CONTENT_MAX >> 20} MB")
                out.write(piece)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise WatchListError("it is no OpenDocument spreadsheet, or a damaged one") from error


def _rows(content: Path) -> Iterator[list[str]]:
    xml_stream.root_of(content, "document-content")
    for element in xml_stream.records(content, "table-row"):
        row: list[str] = []
        for cell in element:
            if xml_stream.local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            text = _cell(cell)
            times = cell.get(f"{_TABLE}number-columns-repeated", "1")
            row += [text] * min(int(times) if times.isdigit() else 1, COLUMNS_MAX - len(row))
            if len(row) >= COLUMNS_MAX:
                break
        yield row


def _cell(cell: etree._Element) -> str:
    """Its paragraphs; a date is shown as the sheet formats it."""
    return clean(" ".join("".join(p.itertext()) for p in cell if xml_stream.local(p) == "p"))
