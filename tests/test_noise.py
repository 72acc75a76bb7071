"""What of the alerts is sent: one row a case, with its reason."""

from datetime import timedelta

import pytest

from bot import noise
from bot.noise import Verdict
from tests.samples import NOW, alert, article

DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("age", "dated", "told", "max_age", "first", "expected"),
    [
        (timedelta(minutes=5), True, (), DAY, False, Verdict.SEND),
        (timedelta(hours=23), True, (), DAY, False, Verdict.SEND),
        (timedelta(hours=25), True, (), DAY, False, Verdict.OLD),
        (timedelta(days=400), True, (), DAY, False, Verdict.OLD),  # an old item that surfaces again is not news
        (timedelta(minutes=5), True, ("desk",), DAY, False, Verdict.TOLD),
        (timedelta(minutes=5), True, ("other",), DAY, False, Verdict.SEND),
        (timedelta(minutes=5), True, (), DAY, True, Verdict.CATCH_UP),
        (timedelta(minutes=5), True, ("desk",), DAY, True, Verdict.TOLD),
        (timedelta(hours=25), True, (), DAY, True, Verdict.OLD),
        (timedelta(0), False, (), DAY, True, Verdict.OLD),  # may be from any year
        (timedelta(0), False, (), DAY, False, Verdict.SEND),  # was not there at the last poll
        (timedelta(days=400), True, (), None, True, Verdict.SEND),  # the demo lifts both
        (timedelta(0), False, (), None, True, Verdict.SEND),
        (timedelta(0), True, ("desk",), None, True, Verdict.TOLD),
    ],
)
def test_verdict(
    age: timedelta, dated: bool, told: tuple[str, ...], max_age: timedelta | None, first: bool, expected: Verdict
) -> None:
    one = alert(article(published=NOW - age, dated=dated))
    assert noise.verdict(one, "desk", told, NOW, max_age, first) is expected
