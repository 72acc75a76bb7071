"""No text takes more than a time in proportion to its length."""

from __future__ import annotations

import gc
import sys
import time
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import shipped_rules
from bot.live import rulebook
from bot.rules.evaluate import Subject
from bot.rules.match import Engine
from tests.properties import examples

WORDS = 4_000
WORD_S = 0.002  # of processor time for a word, at the most; twenty times what the slowest takes on a busy machine
SIZE = 4_000  # characters


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
    assert _seconds(engine, unit * WORDS) < WORDS * WORD_S
    _assert_in_proportion(engine, unit)


# What the parts of the engine look for: words and names of the rules, hyphens, elisions, datelines, breaks.
PIECES = st.sampled_from(
    [
        *("sanction", "missile", "Iran", "Iranian", "Georgia", "Jordan", "Washington", "Lebanon", "cease", "fire"),
        *("supply", "arms", "deal", "attack", "troops", "shelled", "border", "U.S.", "US", "said", "Mr.", "Paris,"),
        *("Texas", "County", "(AP)", "l'", "'s", "“", "”", "-", "‐", "—", "…", ",", ".", ":", ";", "!", "北京", "제재"),
        *("санкции", "é", "\u0301", "\n", "\n\n", "3-1", "a", "x"),
    ]
)


@settings(max_examples=examples(40))
@given(st.lists(st.tuples(PIECES, st.sampled_from(["", " ", " ", "-"])), min_size=1, max_size=4))
def test_whatever_is_repeated_takes_steps_in_proportion_to_its_length(
    engine: Engine, pieces: list[tuple[str, str]]
) -> None:
    _assert_in_proportion(engine, "".join(piece + gap for piece, gap in pieces))


def _assert_in_proportion(engine: Engine, unit: str) -> None:
    once, twice = (_steps(engine, unit * (size // len(unit))) for size in (SIZE, 2 * SIZE))
    assert twice <= 3 * once  # four times would be quadratic


def _seconds(engine: Engine, text: str) -> float:
    """Processor time of one reading, without what the collector spends on all that other tests left behind."""
    collects = gc.isenabled()
    gc.disable()
    try:
        began = time.thread_time()
        _read(engine, text)
        return time.thread_time() - began
    finally:
        if collects:
            gc.enable()


def _steps(engine: Engine, text: str) -> int:
    """How many lines of Python one reading runs: the same number on any machine, whatever else it does."""
    steps = 0

    def count(frame: FrameType, event: str, given: object) -> Any:
        nonlocal steps
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        _read(engine, text)
    finally:
        sys.settrace(before)
    return steps


def _read(engine: Engine, text: str) -> None:
    analysis = engine.analyse(Subject("", text))
    _ = analysis.matches, analysis.countries
