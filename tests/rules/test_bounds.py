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
    taken = []
    for count in (WORDS, 2 * WORDS):
        began = time.process_time()
        analysis = engine.analyse(Subject("", unit * count))
        _ = analysis.matches, analysis.countries
        taken.append(time.process_time() - began)
    assert taken[1] < 2 * WORDS * WORD_S
    assert taken[1] < 3.5 * taken[0] + 1.0  # twice the text: four times the time would be quadratic
