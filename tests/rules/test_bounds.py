"""No text takes more than a time in proportion to its length."""

from __future__ import annotations

import time

import pytest

from bot import rulebook
from bot.config import shipped_rules
from bot.rules.evaluate import Subject
from bot.rules.match import Engine

WORDS = 10_000
WORD_S = 0.0005  # of processor time for a word, at the most; ten times what the slowest takes


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


def _seconds(engine: Engine, text: str) -> float:
    """Processor time of one reading; the best of several is free of what else the machine does."""
    began = time.process_time()
    analysis = engine.analyse(Subject("", text))
    _ = analysis.matches, analysis.countries
    return time.process_time() - began
