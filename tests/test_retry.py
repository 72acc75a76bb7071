import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TransientDeliveryError
from bot.retry import BACKOFF_MAX_S, backoff, retry_wait

ATTEMPTS = st.integers(min_value=-5, max_value=10**9)


@given(ATTEMPTS, st.text())
def test_a_wait_is_between_half_a_second_and_five_minutes_and_repeatable(attempts: int, key: str) -> None:
    wait = backoff(attempts, key)
    assert 0.5 <= wait <= BACKOFF_MAX_S
    assert wait == backoff(attempts, key)


@given(st.integers(min_value=1, max_value=7), st.text())
def test_waits_grow_with_the_attempts(attempts: int, key: str) -> None:
    assert backoff(attempts, key) <= backoff(attempts + 1, key)


def test_keys_spread_the_waits() -> None:
    waits = [backoff(5, f"key{i}") for i in range(100)]
    assert max(waits) - min(waits) > 6  # of the 8 seconds that the jitter may take from 16
    assert len(set(waits)) == 100


@pytest.mark.parametrize(
    ("wish", "wait"),
    [(7.0, 7.0), (0.0, 0.1), (-3.0, 0.1), (1e9, 3_600.0), (0.3, 0.3)],
    ids=["obeyed", "zero is no busy loop", "negative", "a year", "below a second"],
)
def test_what_a_platform_asks_for_is_obeyed_within_reason(wish: float, wait: float) -> None:
    assert retry_wait(TransientDeliveryError("c", "x", retry_after_s=wish), 5, "k") == wait


@pytest.mark.parametrize("wish", [None, math.nan, math.inf])
def test_without_a_usable_wish_the_backoff_counts(wish: float | None) -> None:
    assert retry_wait(TransientDeliveryError("c", "x", retry_after_s=wish), 5, "k") == backoff(5, "k")
