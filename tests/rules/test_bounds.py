"""No text takes more than a time in proportion to its length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import shipped_rules
from bot.live import rulebook
from bot.rules.evaluate import Subject
from bot.rules.match import Engine

WORDS = 4_000
WORD_S = 0.0005  # of processor time for a word, at the most; ten times what the slowest takes
MEGABYTE_S = 8.0  # of processor time for a million characters; what docs/rules.md states, and room for a slow machine
SIZE = 40_000  # characters


@pytest.fixture(scope="module")
def engine() -> Engine:
    return rulebook.load([shipped_rules()]).engine


@pytest.mark.parametrize(
    "unit",
    [
        "sanction ",
        "missile Iran ",
        "supply-chain ",
        "cease-fire-",
        "Georgia ",
        "troops shelled border ",
        "U.S.",
        "a\n\n",
    ],
)
def test_one_word_again_and_again_takes_its_length(engine: Engine, unit: str) -> None:
    once, twice = (min(_seconds(engine, unit * count) for _ in range(3)) for count in (WORDS, 2 * WORDS))
    assert twice < 2 * WORDS * WORD_S
    assert twice < 3.5 * once + 0.2  # twice the text: four times the time would be quadratic


# What the parts of the engine look for: words and names of the rules, hyphens, elisions, datelines, breaks.
PIECES = st.sampled_from(
    [
        *("sanction", "missile", "Iran", "Iranian", "Georgia", "Jordan", "Washington", "Lebanon", "cease", "fire"),
        *("supply", "arms", "deal", "attack", "troops", "shelled", "border", "U.S.", "US", "said", "Mr.", "Paris,"),
        *("Texas", "County", "(AP)", "l'", "'s", "“", "”", "-", "‐", "—", "…", ",", ".", ":", ";", "!", "北京", "제재"),
        *("санкции", "é", "\u0301", "\n", "\n\n", "3-1", "a", "x"),
    ]
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(PIECES, st.sampled_from(["", " ", " ", "-"])), min_size=1, max_size=4))
def test_whatever_is_repeated_takes_a_time_in_proportion_to_its_length(
    engine: Engine, pieces: list[tuple[str, str]]
) -> None:
    unit = "".join(piece + gap for piece, gap in pieces)
    once, twice = (_seconds(engine, unit * (size // len(unit))) for size in (SIZE, 2 * SIZE))
    if twice > 3 * once + 0.1:  # four times would be quadratic; a second look, as other work may have come between
        once, twice = (min(_seconds(engine, unit * (s // len(unit))) for _ in range(3)) for s in (SIZE, 2 * SIZE))
    assert twice <= 3 * once + 0.1
    assert twice <= 2 * SIZE / 1e6 * MEGABYTE_S


def _seconds(engine: Engine, text: str) -> float:
    """Processor time of one reading; the best of several is free of what else the machine does."""
    began = time.process_time()
    analysis = engine.analyse(Subject("", text))
    _ = analysis.matches, analysis.countries
    return time.process_time() - began
