"""Where a source is read after redirects, and which answers concern the whole host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import FetchError, FetchReason, ParseError, SourceError
from bot.polling.manners import GIVEN_UP, Address, after_answer, after_error, had_enough, moved
from bot.roster.state import Move

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
OLD, NEW, OTHER = "https://old.example/feed", "https://new.example/feed", "https://other.example/feed"
PLAIN = "http://old.example/feed"
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("configured", "in_use", "moved_to", "move", "address"),
    [
        pytest.param(OLD, "", None, None, Address("", None), id="no redirect"),
        pytest.param(OLD, "", NEW, None, Address("", Move(NEW, NOW)), id="first seen"),
        pytest.param(
            OLD, "", NEW, Move(NEW, NOW - WEEK / 2), Address("", Move(NEW, NOW - WEEK / 2)), id="seen for half a week"
        ),
        pytest.param(OLD, "", NEW, Move(NEW, NOW - WEEK), Address(NEW, None), id="seen for a week"),
        pytest.param(OLD, "", OTHER, Move(NEW, NOW - WEEK), Address("", Move(OTHER, NOW)), id="it changed its mind"),
        pytest.param(OLD, "", None, Move(NEW, NOW - WEEK), Address("", None), id="it stopped redirecting"),
        pytest.param(OLD, NEW, None, None, Address(NEW, None), id="read at the new address"),
        pytest.param(OLD, NEW, OLD, Move(OLD, NOW - WEEK), Address("", None), id="it moved back"),
        pytest.param(OLD, NEW, OTHER, Move(OTHER, NOW - WEEK), Address(OTHER, None), id="it moved on"),
        pytest.param(PLAIN, "", OLD, None, Address(OLD, None), id="http to https of the same host, at once"),
        pytest.param(PLAIN, "", NEW, None, Address("", Move(NEW, NOW)), id="http to https elsewhere"),
        pytest.param(OLD, "", PLAIN, None, Address("", Move(PLAIN, NOW)), id="https to http"),
        pytest.param(OLD, "", "https://new.example/" + "x" * 5000, None, Address("", None), id="no usable address"),
    ],
)
def test_a_permanent_redirect_is_believed_after_a_week(
    configured: str, in_use: str, moved_to: str | None, move: Move | None, address: Address
) -> None:
    assert after_answer(configured, in_use, moved_to, move, NOW) == address


def error(reason: FetchReason, status: int | None = None, **more: object) -> FetchError:
    return FetchError("s", reason, "text", status=status, **more)  # type: ignore[arg-type]


GONE, MISSING = error(FetchReason.GONE, 410), error(FetchReason.STATUS, 404)
DNS, DOWN = error(FetchReason.DNS), error(FetchReason.STATUS, 500)
WATCHED = Move(NEW, NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("in_use", "failure", "move", "failures", "address"),
    [
        pytest.param("", GONE, WATCHED, 1, Address(NEW, None), id="the old address is gone"),
        pytest.param("", MISSING, WATCHED, 1, Address(NEW, None), id="the old address does not exist any more"),
        pytest.param("", DNS, WATCHED, 1, Address(NEW, None), id="the old host does not exist any more"),
        pytest.param("", DOWN, WATCHED, 1, Address("", WATCHED), id="the old server has trouble"),
        pytest.param(
            "", error(FetchReason.STATUS, 404, redirected=True), WATCHED, 1, Address("", WATCHED), id="the new one died"
        ),
        pytest.param("", GONE, None, 1, Address("", None), id="nowhere to go"),
        pytest.param(NEW, MISSING, None, GIVEN_UP - 1, Address(NEW, None), id="the new one may come back"),
        pytest.param(NEW, MISSING, None, GIVEN_UP, Address("", None), id="the new one does not come back"),
        pytest.param(NEW, DOWN, None, 99, Address(NEW, None), id="the new server has trouble"),
    ],
)
def test_an_address_that_dies_gives_way(
    in_use: str, failure: FetchError, move: Move | None, failures: int, address: Address
) -> None:
    assert after_error(OLD, in_use, failure, move, failures) == address


@pytest.mark.parametrize(
    ("failure", "whole_host"),
    [
        (error(FetchReason.RATE_LIMITED, 429), True),
        (error(FetchReason.RATE_LIMITED, 503), True),
        (error(FetchReason.RATE_LIMITED, 301), True),
        (error(FetchReason.BLOCKED, 403), True),
        (error(FetchReason.BLOCKED, 202), True),  # a wall that names itself in a header
        (error(FetchReason.BLOCKED, 503), True),
        (error(FetchReason.BLOCKED, 401), False),
        (error(FetchReason.BLOCKED, 451), False),
        (GONE, False),
        (DOWN, False),
        (error(FetchReason.TIMEOUT), False),
        (ParseError("s", FetchReason.BLOCKED, "a page of a bot wall"), False),
        (SourceError("s", FetchReason.CONFIG, "text"), False),
    ],
)
def test_what_concerns_the_whole_host(failure: SourceError, whole_host: bool) -> None:
    assert had_enough(failure) is whole_host


def test_https_in_place_of_http_is_no_move_that_an_editor_wants_to_hear_of() -> None:
    assert not moved(PLAIN, OLD)
    assert not moved(OLD, "")
    assert moved(OLD, NEW)
