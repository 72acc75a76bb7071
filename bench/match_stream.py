"""``wirewatch match`` on long input: processes, memory, order, a reader that goes away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bench.corpus import make

WIREWATCH = (sys.executable, "-m", "bot")
RULES = 1_000
GB = 10  # of the input that memory is worked out for
_TEXTS = 300  # different ones; a stream says them again and again under new ids


def run(documents: int) -> bool:
    """Print how it went. False if a target is missed."""
    from bench.match import verdict

    print()
    with tempfile.TemporaryDirectory() as name:
        rules = Path(name, "rules")
        rules.mkdir()
        corpus = make(RULES, _TEXTS, matching=0.05)
        (rules / "rules.yaml").write_text(corpus.yaml(), encoding="utf-8")
        lines = [json.dumps({"title": t, "text": x})[1:] for t, x in corpus.articles]
        cores = os.cpu_count() or 1
        one, _, _ = _pass(rules, lines, documents, 1)
        two, ordered, memory = _pass(rules, lines, documents, 2)
        idle = _idle_share(2)
        print(f"{documents:,} documents: {one:.1f} s with --jobs 1, {two:.1f} s with --jobs 2; {cores} cores, of which")
        print(f"two busy processes at once got {idle:.2f} times the work of one done (2.00 on an idle machine)")
        size = documents * (sum(map(len, lines)) / len(lines) + 12)
        early, late = memory
        growth = (late - early) / (size * 0.75) * (GB << 30)
        read = f"{size / 2**20:,.0f} MB"
        print(f"memory of all processes, a quarter of {read} read: {early:,.0f} MB; all of it: {late:,.0f} MB")
        faster = one / two / idle * 2
        good = [
            verdict("--jobs 2 against --jobs 1, of what two processes can reach here", faster, 1.7, "×", least=True),
            verdict(f"growth of memory over {GB} GB, worked out from that", max(growth, 0), 400, " MB"),
        ]
        print(f"{'ok  ' if ordered else 'MISS'} the order of the output is that of the input")
        broken = _broken_pipe(rules, lines)
        print(f"{'ok  ' if broken else 'MISS'} a reader that goes away ends the run with one status and no traceback")
        return all([*good, ordered, broken])


def _feed(stream: IO[bytes], lines: list[str], documents: int, at_quarter: threading.Event) -> None:
    try:
        for n in range(documents):
            stream.write(f'{{"id":{n},{lines[n % len(lines)]}\n'.encode())
            if n == documents // 4:
                at_quarter.set()
        stream.close()
    except BrokenPipeError:
        return


def _pass(rules: Path, lines: list[str], documents: int, jobs: int) -> tuple[float, bool, tuple[float, float]]:
    """Seconds from the first answer to the last, whether all came in order, and megabytes early and late."""
    process = subprocess.Popen(
        [*WIREWATCH, "match", "--rules", str(rules), "--jobs", str(jobs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    at_quarter = threading.Event()
    feeder = threading.Thread(target=_feed, args=(process.stdin, lines, documents, at_quarter), daemon=True)
    feeder.start()
    began = 0.0
    ordered = True
    early = late = 0.0
    for n, line in enumerate(process.stdout):
        began = began or time.perf_counter()
        ordered = ordered and line.startswith(f'{{"id":{n},'.encode())
        if n == documents // 4:
            early = _megabytes(process.pid)
        if n == documents - 100:
            late = _megabytes(process.pid)
    elapsed = time.perf_counter() - began
    feeder.join()
    return elapsed, ordered and process.wait() == 0 and n == documents - 1, (early, late)


def _megabytes(pid: int) -> float:
    """The resident memory of a process and its children, what they share counted once (Linux)."""
    return sum(_pss(p) for p in (pid, *_children(pid)))


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def _pss(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024


_SPIN = "import time\nb=time.perf_counter()\nn=0\nwhile time.perf_counter()-b<2: n+=sum(range(1000))>0\nprint(n)"


def _idle_share(count: int) -> float:
    """How much more work so many processes do at once than one by itself, now and on this machine."""

    def spin(processes: int) -> int:
        running = [subprocess.Popen([sys.executable, "-c", _SPIN], stdout=subprocess.PIPE) for _ in range(processes)]
        return sum(int(p.communicate()[0]) for p in running)

    alone = spin(1)
    return spin(count) / alone


def _broken_pipe(rules: Path, lines: list[str]) -> bool:
    process = subprocess.Popen(
        [*WIREWATCH, "match", "--rules", str(rules), "--jobs", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    feeder = threading.Thread(target=_feed, args=(process.stdin, lines, 50_000, threading.Event()), daemon=True)
    feeder.start()
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    status = process.wait(60)
    feeder.join()
    return status == 1 and b"Traceback" not in said
