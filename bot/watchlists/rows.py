"""CSV files, one row at a time, within bounds."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from bot.watchlists.base import LINE_MAX, WatchListError

_DOS_EOF = "\x1a"  # OFAC's CSV files end with it


def read_rows(path: Path) -> Iterator[list[str]]:
    """The rows of a CSV file, cells stripped. UTF-8 with or without mark; a file that is not is read as Windows-1252,
    which OFSI has used. Raises :class:`WatchListError`."""
    line = 0
    try:
        with path.open(encoding=_encoding(path), errors="replace", newline="") as file:
            previous = csv.field_size_limit(LINE_MAX)
            try:
                for row in csv.reader(_lines(file)):
                    line += 1
                    yield [cell.strip() for cell in row]
            finally:
                csv.field_size_limit(previous)
    except csv.Error as error:
        raise WatchListError(f"broken CSV in row {line + 1}: {error}") from error


def _lines(file: Iterator[str]) -> Iterator[str]:
    for line in file:
        if "\x00" in line:
            raise WatchListError("it holds NUL bytes and is no CSV file")
        if line.strip(_DOS_EOF + "\r\n"):
            yield line


def _encoding(path: Path) -> str:
    """Looks through the whole file: one Windows letter in the last row would break off a list of thousands."""
    with path.open("rb") as file:
        if file.read(1 << 12).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            raise WatchListError("it begins like XML or a web page where CSV is expected")
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"
