"""``wirewatch match`` on long input: processes, memory, order, a reader that goes away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.corpus import make

WIREWATCH = (sys.executable, "-m", "bot")
RULES = 1_000
IDLE_MIN = 1.8  # times the work of one process, for two at once; below, the clock measures the other work
GROWTH_MAX = 15  # megabytes, from a quarter of the input on; what a process keeps grows in steps
_TEXTS = 300  # different ones; a stream says them again and again under new ids


def run(documents: int, gigabytes: float) -> bool:
    """Print how it went. False if a target is missed. ``gigabytes``: of one more stream, for its memory alone."""
    from bench.match import verdict

    print()
    with tempfile.TemporaryDirectory() as name:
        rules = Path(name, "rules")
        rules.mkdir()
        corpus = make(RULES, _TEXTS, matching=0.05)
        (rules / "rules.yaml").write_text(corpus.yaml(), encoding="utf-8")
        lines = [json.dumps({"title": t, "text": x})[1:] for t, x in corpus.articles]
        stream = Path(name, "in.jsonl")
        with stream.open("w", encoding="utf-8") as file:
            file.writelines(f'{{"id":{n},{lines[n % len(lines)]}\n' for n in range(documents))
        one, _, _, _ = _pass(rules, stream, documents, 1)
        two, _, ordered, memory = _pass(rules, stream, documents, 2)
        idle = _idle_share(2)
        cores = os.cpu_count() or 1
        print(f"{documents:,} documents: {one:.1f} s with --jobs 1, {two:.1f} s with --jobs 2; {cores} cores, of which")
        print(f"two busy processes at once got {idle:.2f} times the work of one done (2.00 on an idle machine)")
        size = f"{stream.stat().st_size / 2**20:,.0f} MB"
        print(f"memory of all processes, a quarter of {size} read: {memory[0]:,.0f} MB; all of it: {memory[1]:,.0f} MB")
        good = [
            _faster(one / two, idle, rules, stream, documents),
            verdict("growth of memory meanwhile", max(memory[1] - memory[0], 0), GROWTH_MAX, " MB"),
        ]
        print(f"{'ok  ' if ordered else 'MISS'} the order of the output is that of the input")
        broken = _broken_pipe(rules, stream)
        print(f"{'ok  ' if broken else 'MISS'} a reader that goes away ends the run with one status and no traceback")
        if gigabytes:
            good.append(_memory(rules, lines, int(gigabytes * 2**30)))
        return all([*good, ordered, broken])


def _faster(measured: float, idle: float, rules: Path, stream: Path, documents: int) -> bool:
    """By the clock where the machine has two cores to give. Else by processor time, both at once and so under the same
    load: of two cores with nothing else to do, each would be busy for half of it, or one for what the parent does."""
    from bench.match import verdict

    if idle >= IDLE_MIN:
        return verdict("--jobs 2 against --jobs 1", measured, 1.7, "×", least=True)
    print(f"by the clock, --jobs 2 is {measured:.2f} times as fast; the machine is too busy for that to count")
    with ThreadPoolExecutor(2) as pool:
        passes = [pool.submit(_pass, rules, stream, documents, jobs) for jobs in (1, 2)]
        ((alone,), shared) = (p.result()[1] for p in passes)
    each = [f"{2e6 * seconds / documents:,.0f}" for seconds in (alone, shared[0], sum(shared[1:]))]
    print(f"processor time, µs a document: --jobs 1 {each[0]}; --jobs 2: parent {each[1]}, children {each[2]}")
    reach = alone / max(shared[0], sum(shared) / 2)
    return verdict("--jobs 2 against --jobs 1, by processor time", reach, 1.7, "×", least=True)


def _pass(rules: Path, stream: Path, documents: int, jobs: int) -> tuple[float, list[float], bool, tuple[float, float]]:
    """Seconds from the first answers to the last; seconds of processor time that the second and the third quarter took
    the parent, then each child; whether all came in order; megabytes early and late."""
    with stream.open("rb") as file:
        process = subprocess.Popen(
            [*WIREWATCH, "match", "--rules", str(rules), "--jobs", str(jobs)],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    assert process.stdout is not None
    output: list[bytes] = []
    marks = [documents // 4, documents // 4 * 3, documents - documents // 20]
    used: list[list[float]] = []
    memory: list[float] = []
    came = 0
    began = 0.0
    while piece := os.read(process.stdout.fileno(), 1 << 20):
        began = began or time.perf_counter()
        output.append(piece)
        came += piece.count(b"\n")
        if marks and came >= marks[0]:
            marks.pop(0)
            used.append(_processor(process.pid))
            memory.append(_megabytes(process.pid))
    elapsed = time.perf_counter() - began
    answers = b"".join(output).splitlines()
    ordered = len(answers) == documents and all(a.startswith(f'{{"id":{n},'.encode()) for n, a in enumerate(answers))
    taken = [late - early for early, late in zip(*used[:2], strict=True)]
    return elapsed, taken, ordered and process.wait() == 0, (memory[0], memory[-1])


def _memory(rules: Path, lines: list[str], size: int) -> bool:
    """A stream of so many bytes that no file holds, and the memory at each tenth of it."""
    from bench.match import verdict

    process = subprocess.Popen(
        [*WIREWATCH, "match", "--rules", str(rules), "--jobs", "2"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stdin is not None
    began = time.perf_counter()
    sent = documents = 0
    memory: list[float] = []
    while sent < size:
        line = f'{{"id":{documents},{lines[documents % len(lines)]}\n'.encode()
        process.stdin.write(line)
        sent += len(line)
        documents += 1
        if sent * 10 >= size * (len(memory) + 1):
            memory.append(_megabytes(process.pid))
    process.stdin.close()
    good = process.wait() == 0
    print(f"{sent / 2**30:.1f} GB, {documents:,} documents, in {(time.perf_counter() - began) / 60:.1f} min;")
    print(f"memory of all processes at each tenth, MB: {', '.join(f'{m:.0f}' for m in memory)}")
    return (
        verdict("growth of memory from the first tenth to the last", memory[-1] - memory[0], GROWTH_MAX, " MB") and good
    )


def _megabytes(pid: int) -> float:
    """The resident memory of a process and its children, what they share counted once (Linux)."""
    return sum(_pss(p) for p in (pid, *_children(pid)))


def _processor(pid: int) -> list[float]:
    """Seconds of processor time of a process, then of each of its children (Linux)."""
    ticks = os.sysconf("SC_CLK_TCK")
    stats = (Path(f"/proc/{p}/stat").read_text().rpartition(") ")[2].split() for p in (pid, *_children(pid)))
    return [(int(s[11]) + int(s[12])) / ticks for s in stats]


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


def _broken_pipe(rules: Path, stream: Path) -> bool:
    with stream.open("rb") as file:
        process = subprocess.Popen(
            [*WIREWATCH, "match", "--rules", str(rules), "--jobs", "2"],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    return process.wait(60) == 1 and b"Traceback" not in said
