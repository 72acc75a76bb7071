"""All that is known of a source, on one card."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.model import HttpState, Source
from bot.roster.card import card
from bot.roster.state import Outage, SourceState
from bot.store.sources_port import SourceRecord, SourceStatus

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCE = Source("a", "https://a.example/", title="A")
FAILING = SourceStatus(
    "a",
    SourceState.FAILING,
    NOW + HOUR,
    NOW,
    None,
    3,
    "a.example failed (500)",
    0,
    "a.example failed (500)",
    NOW - HOUR,
)
NONE = HttpState()
LASTING = Outage("a", SourceState.FAILING, "a.example failed (500)", NOW - HOUR, None)


def shown(status: SourceStatus, *outages: Outage, state: HttpState = NONE) -> dict[str, str]:
    return dict(card(SOURCE, status, SourceRecord(state), outages, NOW, UTC))


def test_a_reason_stands_there_once() -> None:
    found = shown(FAILING, LASTING)
    assert [label for label, text in found.items() if "failed (500)" in text] == ["state"]
    assert found["outage"].endswith("still")
    ended = replace(LASTING, end=NOW)
    assert shown(FAILING, ended)["outage"].endswith(": a.example failed (500)")
    other = replace(FAILING, reason="a.example failed (500); trying https://a.example/ next")
    assert shown(other)["error"] == "a.example failed (500)"


def test_what_a_server_tells_us_to_send_back_is_known_after_an_answer_only() -> None:
    assert "asks with" not in shown(FAILING)
    worked = replace(FAILING, last_success=NOW - 2 * HOUR)
    assert shown(worked)["asks with"] == "nothing: the server gives neither ETag nor Last-Modified"
    assert shown(worked, state=HttpState('"v"', "yesterday"))["asks with"] == "ETag and Last-Modified"


def test_a_hub_that_is_not_made_use_of_is_named() -> None:
    assert "push" not in shown(FAILING)
    assert shown(replace(FAILING, hub="hub.example"))["push"] == (
        "hub.example would tell of news (WebSub), and is not asked to; `websub:` in wirewatch.yaml lets it"
    )
