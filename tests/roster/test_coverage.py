"""The coverage line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Source
from bot.roster.coverage import coverage
from bot.roster.state import LastRead, Outage, SourceState

SINCE = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=24)
SOURCES = (Source("bbc", "https://b.example/", title="BBC World"), Source("lemonde", "https://l.example/"))


def out(source_id: str, state: SourceState, begin_h: float, end_h: float | None) -> Outage:
    end = None if end_h is None else SINCE + timedelta(hours=end_h)
    return Outage(source_id, state, "because", SINCE + timedelta(hours=begin_h), end)


def read(sources: Sequence[Source], at: datetime = UNTIL) -> dict[str, LastRead]:
    return {source.id: LastRead(at) for source in sources}


@pytest.mark.parametrize(
    ("outages", "line"),
    [
        ([], "All 2 sources were read throughout"),
        ([out("bbc", SourceState.FAILING, 3, 3.4)], "All 2 sources were read, 1 with a gap under 30 min"),
        (
            [out("bbc", SourceState.FAILING, 3, 3.4), out("lemonde", SourceState.FAILING, 0, 1)],
            "0 of 2 sources read throughout; lemonde failing for 1 h; 1 with a gap under 30 min",
        ),
        ([out("bbc", SourceState.FAILING, 30, None)], "All 2 sources were read throughout"),
        ([out("removed", SourceState.FAILING, 3, 9)], "All 2 sources were read throughout"),
        (
            [out("bbc", SourceState.FAILING, 3, 5.25), out("lemonde", SourceState.SILENT, -99, None)],
            "0 of 2 sources read throughout; lemonde silent throughout; BBC World failing for 2 h 15 min",
        ),
        (
            [out("bbc", SourceState.FAILING, -9, 1), out("bbc", SourceState.BLOCKED, 1, 4)],
            "1 of 2 sources read throughout; BBC World blocked and failing for 4 h",
        ),
        (
            [out("bbc", SourceState.GONE, 23, None)],
            "1 of 2 sources read throughout; BBC World gone for 1 h",
        ),
        (
            # Minutes here and there add up.
            [out("bbc", SourceState.FAILING, n, n + 0.2) for n in range(3)],
            "1 of 2 sources read throughout; BBC World failing for 36 min",
        ),
    ],
)
def test_the_line_says_what_was_missed_and_for_how_long(outages: list[Outage], line: str) -> None:
    assert coverage(outages, read(SOURCES), SOURCES, SINCE, UNTIL) == line


def test_only_the_longest_gaps_are_named() -> None:
    sources = [Source(f"s{n}", "https://s.example/") for n in range(9)]
    outages = [out(s.id, SourceState.FAILING, 0, n + 1) for n, s in enumerate(sources)]
    line = coverage(outages, read(sources), sources, SINCE, UNTIL)
    assert line.startswith("0 of 9 sources read throughout; s8 failing for 9 h; s7 failing for 8 h;")
    assert line.endswith("s4 failing for 5 h; 4 more had gaps")


def test_a_gap_over_days_is_told_in_days() -> None:
    until = SINCE + timedelta(days=7)
    line = coverage([out("bbc", SourceState.SILENT, 0, 76)], read(SOURCES, until), SOURCES, SINCE, until)
    assert line == "1 of 2 sources read throughout; BBC World silent for 3 d 4 h"


def test_one_source_and_none() -> None:
    assert coverage([], read(SOURCES), SOURCES[:1], SINCE, UNTIL) == "The source was read throughout"
    off = Source("bbc", "https://b.example/", enabled=False)
    assert coverage([out("bbc", SourceState.FAILING, 0, 9)], {}, [off], SINCE, UNTIL) == ""


def test_what_was_never_read_is_not_told_as_read() -> None:
    sources = [Source(f"s{n}", "https://s.example/") for n in range(78)]
    down = [Outage(s.id, SourceState.FAILING, "no network", UNTIL, None) for s in sources[1:]]
    assert coverage(down, read(sources[:1]), sources, SINCE, UNTIL) == "1 of 78 sources read; 77 never"
    assert coverage(down, {}, sources, SINCE, UNTIL) == "None of 78 sources was ever read"
    assert coverage([], {}, sources[:1], SINCE, UNTIL) == "The source was never read"
    gap = [*down, out("s0", SourceState.BLOCKED, 0, 5)]
    line = coverage(gap, read(sources[:2]), sources, SINCE, UNTIL)
    assert line == "1 of 78 sources read throughout; 76 never; s0 blocked for 5 h"


def test_what_nobody_asked_is_not_told_as_read() -> None:
    before = SINCE - timedelta(hours=1)
    assert coverage([], read(SOURCES, before), SOURCES, SINCE, UNTIL) == "None of 2 sources was read in this time"
    reads = {"bbc": LastRead(before, timedelta(days=1)), "lemonde": LastRead(before)}
    assert coverage([], reads, SOURCES, SINCE, UNTIL) == "1 of 2 sources read; 1 not in this time"


def test_a_source_that_is_out_throughout_a_short_period_is_told() -> None:
    until = SINCE + timedelta(minutes=2)
    line = coverage([out("bbc", SourceState.FAILING, -1, None)], read(SOURCES, SINCE), SOURCES, SINCE, until)
    assert line == "1 of 2 sources read throughout; BBC World failing throughout"
