"""How a source is doing, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Source
from bot.roster.state import SourceState
from bot.roster.words import describe, state_of, tally
from bot.store.sources_port import SourceStatus

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AUTO = Source("a", "https://a.example/", bounds=(timedelta(minutes=1), 6 * HOUR))


def status(state: SourceState, **more: object) -> SourceStatus:
    fields: dict[str, object] = {
        "next_poll_at": NOW + timedelta(minutes=3),
        "last_poll": NOW,
        "last_success": NOW - HOUR,
        "failures": 0,
        "error": "",
        "items_total": 1234,
        "since": NOW - 26 * HOUR,
    }
    return SourceStatus("a", state, **{**fields, **more})  # type: ignore[arg-type]


def test_a_source_tells_its_state_its_interval_and_why() -> None:
    found = status(
        SourceState.MOVED,
        reason="it redirects for good to https://b.example/, which is read now",
        url_in_use="https://b.example/",
        interval=timedelta(minutes=5),
        interval_reason="one item in 1 h on average",
        latest_item=NOW - timedelta(minutes=40),
    )
    assert dict(describe(AUTO, found, NOW)) == {
        "state": "moved for 1 d 2 h: it redirects for good to https://b.example/, which is read now",
        "read at": "https://b.example/",
        "interval": "5m (one item in 1 h on average); auto, 1m to 6h",
        "next poll": "in 3 min",
        "last success": "1 h ago",
        "latest item": "40 min ago",
        "items": "1,234",
    }


def test_the_next_poll_of_a_source_that_fails_has_its_reason() -> None:
    found = status(SourceState.FAILING, failures=4, next_poll_at=NOW + 3 * HOUR, reason="503", error="503")
    assert dict(describe(AUTO, found, NOW))["next poll"] == "in 3 h; after failures it is tried less and less often"


def test_a_turn_that_something_else_than_the_interval_decides_has_its_reason() -> None:
    why = "put off: its host a.example takes one request in 60 s, and others have theirs first"
    found = status(SourceState.OK, interval=HOUR, interval_reason=why)
    assert dict(describe(AUTO, found, NOW))["next poll"] == f"in 3 min, {why}"
    assert dict(describe(AUTO, found, NOW))["interval"] == "1h; auto, 1m to 6h"
    assert dict(describe(AUTO, found, NOW + HOUR))["next poll"] == "due"
    new = status(SourceState.NEW, last_poll=None, reason="not polled yet: its host …", interval_reason=why)
    assert dict(describe(AUTO, new, NOW)) == {
        "state": "new: not polled yet: its host …",
        "interval": "auto, 1m to 6h",
        "next poll": f"in 3 min, {why}",
    }


def test_a_source_that_is_gone_says_how_to_get_it_back() -> None:
    found = dict(describe(AUTO, status(SourceState.GONE, next_poll_at=None, failures=1, reason="410"), NOW))
    assert found["next poll"] == "never; change its url, or switch it off and on"
    assert found["failures"] == "1 in a row"


def test_of_a_source_that_was_not_polled_only_the_wish_is_known() -> None:
    assert describe(AUTO, None, NOW) == (("state", "new"), ("interval", "auto, 1m to 6h"))
    off = Source("a", "https://a.example/", enabled=False)
    assert describe(off, status(SourceState.OK), NOW) == (("state", "off"), ("interval", "10m"))
    waiting = describe(AUTO, status(SourceState.NEW, last_poll=None), NOW)
    assert waiting == (("state", "new"), ("interval", "auto, 1m to 6h"), ("next poll", "in 3 min"))
    again = describe(AUTO, status(SourceState.OFF, next_poll_at=None), NOW)  # switched on since the bot looked
    assert again == (("state", "new"), ("interval", "auto, 1m to 6h"))


@pytest.mark.parametrize(
    ("enabled", "stored", "state"),
    [
        (True, None, SourceState.NEW),
        (False, None, SourceState.OFF),
        (False, SourceState.FAILING, SourceState.OFF),
        (True, SourceState.OFF, SourceState.NEW),  # switched on since the bot looked
        (True, SourceState.SILENT, SourceState.SILENT),
    ],
)
def test_what_is_configured_goes_before_what_is_stored(
    enabled: bool, stored: SourceState | None, state: SourceState
) -> None:
    source = Source("a", "https://a.example/", enabled=enabled)
    assert state_of(source, None if stored is None else status(stored)) is state


def test_the_count_names_the_worst_first() -> None:
    states = [SourceState.OK] * 3 + [SourceState.FAILING, SourceState.GONE]
    assert tally(states) == "5 sources: 1 gone, 1 failing, 3 ok"
    assert tally([SourceState.OK]) == "1 source: 1 ok"
    assert tally([]) == "0 sources"
