"""The tables of :mod:`bot.entities`: tab-separated files that people edit, one entry a line.

``#`` begins a comment line; the first other line names the columns; missing cells at the end of a line are empty.
Values that hold several names part them by ``|``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

DATA = resources.files("bot.entities") / "data"


def read_table(name: str) -> Iterator[Mapping[str, str]]:
    """The rows of ``data/<name>``, in the order of the file. Raises ``ValueError`` on a line with too many cells."""
    columns: list[str] | None = None
    for number, line in enumerate((DATA / name).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if columns is None:
            columns = cells
            continue
        if len(cells) > len(columns):
            raise ValueError(f"{name}:{number}: {len(cells)} cells where the table has {len(columns)} columns")
        yield dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True))


def split_names(cell: str) -> tuple[str, ...]:
    """``"Kyiv|Kiev"`` → ``("Kyiv", "Kiev")``."""
    return tuple(name.strip() for name in cell.split("|") if name.strip())


def data_files() -> tuple[Path, ...]:
    """Every table, by name: what a compiled gazetteer depends on."""
    return tuple(sorted(Path(str(DATA)).glob("*.tsv")))


@lru_cache(maxsize=8)
def english_words(group: str) -> frozenset[str]:
    """One group of words of ``data/english.tsv``."""
    return frozenset(
        word for row in read_table("english.tsv") if row["group"] == group for word in split_names(row["words"])
    )
