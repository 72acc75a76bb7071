from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("24h", timedelta(days=1)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(weeks=2)),
        ("0s", timedelta(0)),
    ],
)
def test_lengths_are_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert duration.parse(text) == length


@pytest.mark.parametrize("text", ["", "10", "m", "1.5h", "-1h", "1 h", "10M", "1h30m", "٣h", "10m\n", "9999999999s"])
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"needs a unit|is not a length of time"):
        duration.parse(text)


@pytest.mark.parametrize("text", ["999999999w", "99999999d", "36526d"])
def test_more_than_a_century_is_refused_so_that_days_counted_from_today_exist(text: str) -> None:
    with pytest.raises(ValueError, match=f"{text} is longer than 100 years; write less"):
        duration.parse(text)
    assert duration.parse("36525d") == duration.LONGEST


@given(st.integers(min_value=0, max_value=10**9 - 1))
def test_what_is_shown_reads_back_as_the_same(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert duration.parse(duration.show(length)) == length
