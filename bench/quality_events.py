"""How well the shipped rules find events and their countries: ``python -m bench.quality_events QUALITY_FOLDER``.

The folder holds ``eval_events.py`` and its data; without it this says so and ends with status 0. Every document goes
through the rules as ``wirewatch match`` would put it through. A rule's tags ``event:<topic>`` name the topics that it
reports; the countries in a match's evidence (a dateline that stood in for one included) are paired with them. Where a
match names no country, the event is laid to the dateline's, and without one to the country that the document is mainly
about: what the alert shows then. The evaluator's table is printed with the keyword baseline beside it and the means.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.entities.gazetteer import main_countries
from bot.live import rulebook
from bot.model import MentionKind
from bot.rules.evaluate import Subject
from bot.rules.match import Analysis

RULES = Path(__file__).resolve().parent.parent / "rules"
TAG = "event:"

# (topic F1, topic + country F1) of one plain keyword pattern a topic, with a dictionary of country names in the same
# sentence: as the README beside the evaluator gives them; None where it gives none.
BASELINE: dict[tuple[str, str], tuple[float, float | None]] = {
    ("muc4", "attack"): (0.670, 0.473),
    ("muc4", "bombing"): (0.711, 0.448),
    ("muc4", "kidnapping"): (0.686, 0.438),
    ("plover", "protest"): (0.625, 0.600),
    ("plover", "threaten"): (0.706, 0.712),
    ("rams", "arms_transfer"): (0.583, 0.512),
    ("rams", "sanctions"): (0.692, 0.614),
    ("case21", "protest"): (0.915, None),
    ("case21", "suicide_bombing"): (0.947, None),
    ("case21", "abduction"): (0.889, None),
    ("case21", "air_strike"): (0.774, None),
    ("case21", "natural_disaster"): (0.813, None),
    ("case21", "arrest"): (0.653, None),
    ("case21", "chemical_weapon"): (0.647, None),
    ("case21", "agreement"): (0.320, None),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the evaluator's table; ``paired`` is ``None`` where a corpus ties no country to the topic."""

    corpus: str
    topic: str
    gold: int
    alone: tuple[float, float, float]  # precision, recall, F1
    paired: tuple[float, float, float] | None
    notes: tuple[str, ...]  # what went wrong, with --errors

    @property
    def baseline(self) -> tuple[float, float | None] | None:
        return BASELINE.get((self.corpus.rstrip("*"), self.topic))


def events(analysis: Analysis) -> tuple[set[str], set[tuple[str, str]]]:
    """The topics of a document, and each with its countries."""
    topics: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    for match in analysis.matches:
        named = [tag.removeprefix(TAG) for tag in match.tags if tag.startswith(TAG)]
        topics.update(named)
        if named:
            codes = {e.entity for e in match.evidence if e.entity and e.condition.startswith("country:")}
            pairs.update((topic, code) for topic in named for code in codes)
    for topic in topics - {topic for topic, _ in pairs}:
        pairs.update((topic, code) for code in fallback(analysis))
    return topics, pairs


def fallback(analysis: Analysis) -> tuple[str, ...]:
    """The country of the dateline, or else the first that the document is mainly about."""
    datelines = tuple(m.entity for m in analysis.mentions if m.kind is MentionKind.DATELINE)
    return datelines[:1] or main_countries(analysis.mentions, analysis.text)[:1]


def predict(rules: Path, documents: Path, predictions: Path) -> str:
    """Write topics and pairs of each document; returns a line about the run."""
    engine = rulebook.load([rules]).engine
    started = time.perf_counter()
    count = 0
    with documents.open(encoding="utf-8") as source, predictions.open("w", encoding="utf-8") as target:
        for line in source:
            document = json.loads(line)
            topics, pairs = events(engine.analyse(Subject(document["title"], document["text"], lang="en")))
            record = {"doc": document["doc"], "topics": sorted(topics), "pairs": sorted(pairs)}
            target.write(json.dumps(record) + "\n")
            count += 1
    return f"{len(engine.rules)} rules, {count} documents, {count / (time.perf_counter() - started):.0f} documents/s"


def read_table(output: str) -> Iterator[Row]:
    """The rows of what the evaluator prints."""
    lines = output.splitlines()[1:]
    at = 0
    while at < len(lines):
        corpus, topic, gold, *figures = lines[at].split()
        at += 1
        notes = []
        while at < len(lines) and lines[at].startswith("    "):
            notes.append(lines[at].strip())
            at += 1
        p, r, f = (float(x) for x in figures[:3])
        paired = None
        if len(figures) >= 6:
            a, b, c = (float(x) for x in figures[3:6])
            paired = (a, b, c)
        yield Row(corpus, topic, int(gold), (p, r, f), paired, tuple(notes))


def table(rows: list[Row]) -> str:
    """The rows beside the baseline, and the means over what the baseline has."""
    lines = [
        f"{'corpus':8}{'topic':18}{'gold':>5}   {'topic P/R/F1':^19}{'baseline':>10}   "
        f"{'topic+country P/R/F1':^21}{'baseline':>10}"
    ]
    alone: list[tuple[float, float]] = []
    paired: list[tuple[float, float]] = []
    for row in rows:
        base = row.baseline
        line = (
            f"{row.corpus:8}{row.topic:18}{row.gold:5}   {_figures(row.alone)}{_base(row.alone[2], base and base[0])}"
        )
        if base:
            alone.append((row.alone[2], base[0]))
        if row.paired:
            known = base[1] if base else None
            line += f"   {_figures(row.paired)}  {_base(row.paired[2], known)}"
            if known is not None:
                paired.append((row.paired[2], known))
        lines += [line.rstrip(), *(f"    {note}" for note in row.notes)]
    for name, both in (("topic", alone), ("topic+country", paired)):
        if both:
            own, other = (sum(column) / len(both) for column in zip(*both, strict=True))
            lines.append(f"mean F1 of {len(both)} {name} rows with a baseline: {own:.3f}, baseline {other:.3f}")
    return "\n".join(lines)


def _figures(values: tuple[float, float, float]) -> str:
    return "{:.3f} {:.3f} {:.3f}".format(*values).rjust(19)


def _base(own: float, base: float | None) -> str:
    return " " * 10 if base is None else f"{base:8.3f} {'+' if own > base else '-' if own < base else '='}"


def main() -> int:
    """Run the rules, then the evaluator, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder with eval_events.py")
    parser.add_argument("--rules", type=Path, default=RULES, help="a rules folder; the shipped one by default")
    parser.add_argument("--errors", type=int, default=0, help="name N wrong and N missed documents of each topic")
    parser.add_argument("--corpus", action="append", default=[], help="this corpus only; may be given several times")
    options = parser.parse_args()
    evaluator = options.folder / "eval_events.py"
    if not evaluator.exists():
        print(f"skipped: {evaluator} is not there (labelled public data, not part of this project)")
        return 0
    corpora = [word for corpus in options.corpus for word in ("--corpus", corpus)]
    run = [sys.executable, str(evaluator)]
    with tempfile.TemporaryDirectory() as folder:
        documents, predictions = Path(folder) / "documents.jsonl", Path(folder) / "predictions.jsonl"
        subprocess.run([*run, "export", str(documents), *corpora], check=True, stdout=subprocess.DEVNULL)
        said = predict(options.rules, documents, predictions)
        errors = ["--errors", str(options.errors)] if options.errors else []
        scored = subprocess.run(
            [*run, "score", str(predictions), *corpora, *errors], check=True, capture_output=True, text=True
        )
    print(table(list(read_table(scored.stdout))))
    print(said)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
