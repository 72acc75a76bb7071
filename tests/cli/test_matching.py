"""``match``: JSON Lines in, JSON Lines out, exactly as DESIGN section 6 has it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cli import matching
from tests.cli.conftest import Run

ROOT = Path(__file__).parent.parent.parent


def lines(*documents: object) -> bytes:
    return b"".join(json.dumps(d, ensure_ascii=False).encode() + b"\n" for d in documents)


def read(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_line_of_output_has_exactly_the_promised_form(room: Path, run: Run) -> None:
    document = {"id": "a", "title": "Café: flood warning", "text": "Troops shelled a border post in Chad.", "url": None}
    ran = run("match", stdin=lines(document))
    assert (ran.status, ran.err) == (0, "")
    assert read(ran.out) == [
        {
            "id": "a",
            "rules": [
                {
                    "id": "flood",
                    "severity": "high",
                    "evidence": [{"text": "flood warning", "start": 6, "end": 19, "condition": "flood warning"}],
                },
                {
                    "id": "clash",
                    "severity": "medium",
                    "evidence": [
                        {"text": "shelled", "start": 27, "end": 34, "condition": "shelled"},
                        {"text": "border", "start": 37, "end": 43, "condition": "border"},
                        {"text": "Chad", "start": 52, "end": 56, "condition": "country: any", "entity": "TD"},
                    ],
                },
            ],
            "countries": [{"code": "TD", "mentions": [{"text": "Chad", "start": 52, "end": 56, "kind": "name"}]}],
        }
    ]


def test_offsets_count_from_the_text_where_there_is_no_title(room: Path, run: Run) -> None:
    (found,) = read(run("match", stdin=lines({"id": 1, "text": "🌊 flood warning"})).out)
    assert [(e["start"], e["end"]) for e in found["rules"][0]["evidence"]] == [(2, 15)]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"{bad", "not JSON at column 2"),
        (b"[]", "not an object"),
        (b"7", "not an object"),
        (b"", "an empty line"),
        (b"   ", "an empty line"),
        (b'{"title": "x"}', 'no "id"'),
        (b'{"id": null}', 'no "id"'),
        (b'{"id": 1.5}', "neither a text nor a whole number"),
        (b'{"id": true}', "neither a text nor a whole number"),
        (b'{"id": ["a"]}', "neither a text nor a whole number"),
        (b'{"id": 1, "title": 5}', '"title" is not a text'),
        (b'{"id": 1, "text": ["x"]}', '"text" is not a text'),
        (b'{"id": 1, "title": "caf\xe9"}', "not UTF-8 at byte 24"),
        (b"\x00\x01\x02", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"id": ' + b"9" * 5_000 + b"}", ""),
    ],
    ids=range(16),
)
def test_a_malformed_line_is_told_in_its_place_and_the_run_goes_on(
    room: Path, run: Run, line: bytes, error: str
) -> None:
    good = lines({"id": "before", "text": "flood warning"}), lines({"id": "after"})
    ran = run("match", stdin=good[0] + line + b"\n" + good[1])
    assert (ran.status, ran.err) == (1, "")
    before, bad, after = read(ran.out)
    assert (before["id"], after) == ("before", {"id": "after", "rules": [], "countries": []})
    assert (bad["id"], bad["line"], set(bad)) == (None, 2, {"id", "line", "error"})
    assert bad["error"]
    assert error in bad["error"]


def test_a_line_that_is_too_long_is_malformed_and_does_not_fill_the_memory(
    room: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "LINE_MAX", 2**20)
    long = lines({"id": "long", "text": "x" * (5 * 2**20)})
    ran = run("match", stdin=long + lines({"id": "after"}))
    first, second = read(ran.out)
    assert "longer than 1 MiB" in first["error"]
    assert second["id"] == "after"


def test_a_line_just_at_the_limit_is_read_with_its_line_end(
    room: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = lines({"id": 1, "text": "flood warning"})
    for cap in (len(document) - 1, len(document)):
        monkeypatch.setattr(matching, "LINE_MAX", cap)
        found = read(run("match", stdin=document + document).out)
        assert len(found) == 2


def test_the_last_line_needs_no_end_and_a_mark_at_the_beginning_does_no_harm(room: Path, run: Run) -> None:
    ran = run("match", stdin=b"\xef\xbb\xbf" + lines({"id": 1}) + b'{"id": 2}')
    assert [d["id"] for d in read(ran.out)] == [1, 2]
    assert ran.status == 0


def test_nothing_in_is_nothing_out(room: Path, run: Run) -> None:
    assert run("match") == run("match", "--stories") == run("match", "--jobs", "2")
    assert run("match").out == ""


def test_half_a_character_is_replaced_and_offsets_stay(room: Path, run: Run) -> None:
    ran = run("match", stdin=b'{"id": "\\ud800", "title": "\\ud83c flood warning \\udf0a", "text": ""}\n')
    (found,) = read(ran.out)
    assert (ran.status, found["id"]) == (0, "\ud800")
    assert found["rules"][0]["evidence"][0]["start"] == 2


STORY = "Flood warning for the whole lower valley"


@pytest.mark.parametrize(
    ("documents", "stories"),
    [
        pytest.param(
            [{"id": "a", "title": STORY}, {"id": "b", "title": "Another thing altogether happened"}],
            ["a", "b"],
            id="two",
        ),
        pytest.param(
            [{"id": 7, "title": STORY}, {"id": "b", "title": STORY}], [7, 7], id="the id of the first, as it is"
        ),
        pytest.param(
            [
                {"id": "a", "title": STORY, "published": "2026-03-01T00:00:00Z"},
                {"id": "b", "title": STORY, "published": "2026-03-09T00:00:00Z"},
            ],
            ["a", "b"],
            id="news again after the window",
        ),
        pytest.param(
            [{"id": "a", "title": STORY, "published": "soon"}, {"id": "b", "title": STORY}], ["a", "a"], id="no date"
        ),
        pytest.param(
            [
                {"id": "a", "url": "https://river.example/x?utm_source=rss"},
                {"id": "b", "url": "https://river.example/x"},
            ],
            ["a", "a"],
            id="the same link",
        ),
    ],
)
def test_stories_are_named_by_their_first_document(
    room: Path, run: Run, documents: list[dict[str, object]], stories: list[object]
) -> None:
    ran = run("match", "--stories", stdin=lines(*documents))
    assert [d["story"] for d in read(ran.out)] == stories


def test_documents_without_dates_leave_the_window_too(room: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "REMEMBERED_MAX", 10)
    others = ({"id": n, "title": f"Report number {n} about the harbour"} for n in range(20))
    ran = run("match", "--stories", stdin=lines({"id": "a", "title": STORY}, *others, {"id": "b", "title": STORY}))
    assert read(ran.out)[-1]["story"] == "b"


def documents(count: int) -> Iterable[dict[str, object]]:
    for n in range(count):
        yield {
            "id": n,
            "title": STORY if n % 7 == 0 else f"Report {n}",
            "text": "Troops shelled the border of Chad. " * 3,
        }


def test_several_processes_give_the_same_output_in_the_same_order(room: Path, run: Run) -> None:
    text = lines(*documents(300)) + b"{bad\n" + lines(*documents(40))
    alone = run("match", "--stories", stdin=text)
    assert run("match", "--stories", "--jobs", "3", stdin=text) == alone
    assert alone.status == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_reader_that_leaves_early_is_no_reason_to_complain(room: Path, jobs: str) -> None:
    (room / "in.jsonl").write_bytes(lines(*documents(3_000)))
    with (room / "in.jsonl").open("rb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "match", "--jobs", jobs],
            cwd=room,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 1
    process.stderr.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=80).filter(lambda raw: b"\n" not in raw))
def test_no_line_of_input_can_stop_the_run(raw: bytes) -> None:
    with contextlib.suppress(ValueError):
        document = matching._document(raw)
        assert isinstance(document["id"], str | int)
