"""The shipped pack against human labels: runs only where the labelled data lies beside the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.quality_events import Row, read_table, table

ROOT = Path(__file__).resolve().parent.parent
QUALITY = ROOT.parent / "shared" / "quality"

OUTPUT = """\
corpus  topic              gold          topic P/R/F1     topic+country P/R/F1
muc4    attack               79     0.600 0.800 0.686        0.500 0.700 0.583
    wrong:  A, B
    missed: C
case21  protest              75     0.900 0.970 0.934            -
rams*   arms_transfer        10     0.400 0.900 0.554        0.300 0.800 0.436
"""


def test_the_evaluators_table_is_read_whole() -> None:
    rows = list(read_table(OUTPUT))
    assert [(r.corpus, r.topic, r.gold) for r in rows] == [
        ("muc4", "attack", 79),
        ("case21", "protest", 75),
        ("rams*", "arms_transfer", 10),
    ]
    assert rows[0].notes == ("wrong:  A, B", "missed: C")
    assert rows[0].paired == (0.5, 0.7, 0.583)
    assert rows[1].paired is None
    assert rows[2].baseline == (0.583, 0.512)


def test_the_table_shows_the_baseline_and_the_means() -> None:
    shown = table([Row("muc4", "attack", 79, (0.6, 0.8, 0.686), (0.5, 0.7, 0.583), ())])
    assert "0.670 +" in shown
    assert "0.473 +" in shown
    assert "mean F1 of 1 topic rows with a baseline: 0.686, baseline 0.670" in shown


def test_without_the_data_the_bench_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.quality_events", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("skipped: ")


def test_the_pack_beats_the_keyword_baseline_where_there_is_enough_to_tell(capsys: pytest.CaptureFixture[str]) -> None:
    if not (QUALITY / "eval_events.py").exists():
        pytest.skip("no labelled data beside the project")
    command = [sys.executable, "-m", "bench.quality_events", str(QUALITY)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    told = [line for line in lines if line[:1].isalpha() and line.split()[2:3] and line.split()[2].isdigit()]
    for line in told:
        if int(line.split()[2]) >= 30:
            assert " -" not in line.replace("   -", ""), line
    means = [line.rsplit(": ", 1)[1].split(", baseline ") for line in lines if line.startswith("mean F1")]
    assert len(means) == 2
    assert all(float(own) > float(baseline) for own, baseline in means)
