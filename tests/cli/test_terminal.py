"""Lines on a terminal keep their indent where they are folded."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from bot.cli.terminal import put


def shown(text: str, width: int, hang: int | None = None) -> list[str]:
    out = io.StringIO()
    put(Console(file=out, width=width), Text(text), hang)
    return out.getvalue().splitlines()


def test_what_does_not_fit_goes_on_below_the_beginning() -> None:
    assert shown("    one two three four five six", 24) == ["    one two three four", "    five six"]
    assert shown("2026-03-04  one two three four five", 24, 4) == ["2026-03-04  one two", "    three four five"]


def test_what_fits_stays_as_it_is_and_a_long_word_is_cut() -> None:
    assert shown("    one two", 24) == ["    one two"]
    assert shown("", 24) == [""]
    assert shown("  " + "x" * 40, 24) == ["  " + "x" * 22, "  " + "x" * 18]
