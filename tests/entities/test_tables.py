"""The data files: every line can be read, and says what the code understands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.entities.facts import is_country
from bot.entities.tables import data_files, read_table, split_names
from bot.text import phrase

TABLES = [path.name for path in data_files()]
NAMES = {"countries.tsv": "aliases", "demonyms.tsv": "words"}


@pytest.mark.parametrize("table", TABLES)
def test_every_line_can_be_read(table: str) -> None:
    rows = list(read_table(table))
    assert rows
    assert all("" not in row for row in rows)


@pytest.mark.parametrize(
    "table",
    ["capitals.tsv", "metonyms.tsv", "groups.tsv", "leaders.tsv", "subdivisions.tsv", "demonyms.tsv", "countries.tsv"],
)
def test_codes_are_countries_and_names_hold_letters(table: str) -> None:
    for row in read_table(table):
        assert is_country(row["code"]), row
        names = split_names(row[NAMES.get(table, "names")])
        assert names or table == "countries.tsv", row
        assert all(phrase(name) for name in names), row
        assert len(set(names)) == len(names), row


def test_leaders_say_when_they_were_true_and_where_to_check() -> None:
    for row in read_table("leaders.tsv"):
        assert re.fullmatch(r"20\d\d-\d\d", row["as_of"]), row
        assert "." in row["source"], row
        assert row["role"], row
        assert row["since"], row


@pytest.mark.parametrize("table", ["namesakes.tsv", "twins.tsv"])
def test_other_readings_are_countries(table: str) -> None:
    for row in read_table(table):
        codes = split_names(row["in" if table == "namesakes.tsv" else "others"])
        assert codes
        assert all(is_country(code) for code in codes), row


def test_a_line_with_too_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.entities.tables.DATA", tmp_path)
    (tmp_path / "x.tsv").write_text("a\tb\n1\t2\t3\n")
    with pytest.raises(ValueError, match=r"x\.tsv:2: 3 cells where the table has 2 columns"):
        list(read_table("x.tsv"))
