"""What people may have meant."""

from __future__ import annotations

import pytest

from bot.words import meant


@pytest.mark.parametrize(
    ("word", "known", "name"),
    [
        ("opce", ["opec", "open"], "opec"),
        ("fluud", ["flood"], "flood"),
        ("severety", ["title", "severity"], "severity"),
        ("arms_embargo", ["embargo"], "embargo"),
        ("country", ["countries"], "countries"),
        ("nope", ["opec"], ""),
        ("atlantis", ["albania"], ""),
    ],
)
def test_only_a_slip_of_the_hand_is_taken_for_a_name(word: str, known: list[str], name: str) -> None:
    assert meant(word, known) == name
