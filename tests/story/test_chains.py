"""Rows by their words: what is found is what a list of all rows gives, whatever was added, taken back and forgotten."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.story.chains import Words
from bot.story.thresholds import STEPS, STEPS_PER_WORD, TERMS

PLACES = 1 << 12  # of a small table; numbers that differ by so much share a place
WORDS = [1, 2, 3, 1 + PLACES, 1 + 5 * PLACES, 2 + PLACES, 0xFFFFFFFF, 0xFFFFFFFF - PLACES]

rows = st.lists(st.sampled_from(WORDS), unique=True, max_size=len(WORDS)).map(tuple)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), rows),
        st.tuples(st.just("many"), st.integers(1, 60), rows),
        st.tuples(st.just("pop"), st.integers(1, 50)),
        st.tuples(st.just("drop"), st.integers(0, 40)),
        st.tuples(st.just("fit"), st.sampled_from([1, 2_000])),
        st.tuples(st.just("ask"), st.lists(st.sampled_from(WORDS), unique=True)),
    ),
    max_size=30,
)


def entries(known: list[tuple[int, ...]], word: int, places: int) -> list[tuple[int, int]]:
    """The words that share a place with one, with their rows, in the order in which a chain holds them."""
    return [
        (row, other)
        for row in range(len(known) - 1, -1, -1)
        for other in reversed(known[row])
        if (other ^ word) & (places - 1) == 0
    ]


@settings(max_examples=150)
@given(steps)
def test_chains_give_what_a_list_of_all_rows_gives(told: list[tuple[object, ...]]) -> None:
    words, known, places = Words(), list[tuple[int, ...]](), PLACES

    def asked(asked_for: list[int]) -> None:
        right: dict[int, float] = {}
        left = STEPS
        for number, word in enumerate(asked_for):
            chain = entries(known, word, places)[: min(left, STEPS_PER_WORD)]
            left -= len(chain)
            for row, other in chain:
                if other == word:
                    right[row] = right.get(row, 0.0) + 0.1 * number
        assert words.having(asked_for, [0.1 * number for number in range(len(asked_for))]) == right

    for what, *given_ in told:
        match what, given_:
            case "add", (tuple(row),):
                known.append(row)
                words.append(row)
            case "many", (int(count), tuple(row)):
                known += [row] * count
                for _ in range(count):
                    words.append(row)
            case "pop", (int(count),):
                for _ in range(min(count, len(known))):
                    known.pop()
                    words.pop()
            case "drop", (int(count),):
                gone = min(count, len(known))
                del known[:gone]
                words.drop(gone)
            case "fit", (int(count),):
                words.fit(count)
                places = max(places, PLACES if count == 1 else 1 << 15)
            case "ask", (list(asked_for),):
                asked(asked_for)
    asked(WORDS)
    assert words.of(np.arange(len(known))).tolist() == [[*row, *[0] * (TERMS - len(row))] for row in known]
