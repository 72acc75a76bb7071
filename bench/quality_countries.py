"""How well countries are found, against human labels: ``python -m bench.quality_countries QUALITY_FOLDER``.

The folder holds ``eval_countries.py`` and its data; without it this says so and ends with status 0. The gazetteer gets
each text as an article without title, as the annotators saw it. Figures: ``alert`` is precision against every annotated
place and recall against countries that are named outright; a second table for the first 300 characters only, a third
for sanctioned and conflict countries only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.entities.gazetteer import countries_of, load_gazetteer
from bot.scan import Scanner
from bot.text import Text

SANCTIONED_OR_AT_WAR = "KP,IR,SY,RU,BY,VE,CU,MM,AF,SD,SS,SO,YE,LY,IQ,LB,PS,IL,CD,CF,ML,ZW,UA,HT,ET,ER,NI,GE"


def predict(documents: Path, predictions: Path) -> None:
    """Write the countries of each document."""
    started = time.perf_counter()
    gazetteer = load_gazetteer()
    loaded = time.perf_counter()
    scanner = Scanner(gazetteer.patterns)
    built = time.perf_counter()
    count = hits_found = 0
    resolving = 0.0
    with documents.open(encoding="utf-8") as source, predictions.open("w", encoding="utf-8") as target:
        for line in source:
            document = json.loads(line)
            text = Text(document["title"], document["text"])
            hits = scanner.scan(text.norm)
            text.body  # noqa: B018 - built for every article anyway
            before = time.perf_counter()
            mentions = gazetteer.resolve(text, hits)
            resolving += time.perf_counter() - before
            count += 1
            hits_found += len(hits)
            target.write(json.dumps({"doc": document["doc"], "countries": countries_of(mentions)}) + "\n")
    print(
        f"{len(gazetteer.patterns)} names loaded in {loaded - started:.2f} s, automaton {built - loaded:.2f} s; "
        f"{count} documents, {hits_found / count:.1f} hits and {resolving / count * 1e6:.0f} µs to resolve them each"
    )


def main() -> int:
    """Run the evaluator on three views of the data and let it print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder with eval_countries.py")
    parser.add_argument("--errors", type=int, default=0, help="list the N most frequent wrong and missed countries")
    parser.add_argument("--corpus", action="append", default=[], help="this corpus only; may be given several times")
    options = parser.parse_args()
    evaluator = options.folder / "eval_countries.py"
    if not evaluator.exists():
        print(f"skipped: {evaluator} is not there (labelled public data, not part of this project)")
        return 0
    corpora = [word for corpus in options.corpus for word in ("--corpus", corpus)]
    with tempfile.TemporaryDirectory() as folder:
        documents, predictions = Path(folder) / "documents.jsonl", Path(folder) / "predictions.jsonl"
        for title, lead, more in (
            ("whole texts", [], []),
            ("first 300 characters", ["--lead", "300"], []),
            ("sanctioned and conflict countries", [], ["--only", SANCTIONED_OR_AT_WAR]),
        ):
            print(f"\n== {title}")
            run = [sys.executable, str(evaluator)]
            subprocess.run([*run, "export", str(documents), *lead, *corpora], check=True, stdout=subprocess.DEVNULL)
            predict(documents, predictions)
            sys.stdout.flush()
            errors = ["--errors", str(options.errors)] if options.errors else []
            subprocess.run([*run, "score", str(predictions), *lead, *corpora, *more, *errors], check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
