"""How well stories are grouped, against human groupings: ``python -m bench.quality_stories QUALITY_FOLDER``.

The folder holds ``eval_stories.py`` and its data; without it this says so and ends with status 0. The documents arrive
one after another, their dates are the time. Peers in the same run: exact headlines, and MinHash over shingles of three
words (64 permutations, estimated Jaccard of .5 or more). ``--halves`` scores both halves of each corpus (stories split
by the hash of their label), with each half as a stream of its own; ``--around`` scores thresholds beside the shipped
one: an over-fitted setting shows as a spread.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bot.config import shipped_rules
from bot.live import rulebook
from bot.model import Article
from bot.pipeline import subject
from bot.rules.match import Engine
from bot.sources.dates import parse_date
from bot.story import Stories, likeness, read, stories, thresholds

Document = dict[str, Any]
Grouper = Callable[[Sequence[Document]], dict[str, str]]
GOALS = {"allsides": ".90, reached .93", "basil": ".98"}


def article(document: Document, now: datetime) -> Article:
    """A document of the evaluator as an article without a link."""
    title, text = document["title"] or "", document["text"] or ""
    return Article(document["doc"], document["source"] or "", "", "", title, text, now, now)


def wirewatch(documents: Sequence[Document]) -> dict[str, str]:
    """The story of each document, by the bot's own stage."""
    known, engine = Stories(), _engine()
    found = {}
    now = datetime(1970, 1, 1, tzinfo=UTC)
    for document in documents:
        now = max(now, parse_date(document["date"] or "") or now)
        told = article(document, now)
        one = read(told, engine.analyse(subject(told)).about)
        story = known.place(one, now)
        known.remember(one, story, now)
        known.keep()
        found[document["doc"]] = story.id
    return found


@lru_cache(maxsize=1)
def _engine() -> Engine:
    """For the countries that an article names."""
    return rulebook.load([shipped_rules()]).engine


def same_title(documents: Sequence[Document]) -> dict[str, str]:
    """Peer: equal headlines."""
    first: dict[str, str] = {}
    return {d["doc"]: first.setdefault((d["title"] or d["doc"]).lower(), d["doc"]) for d in documents}


def minhash(documents: Sequence[Document]) -> dict[str, str]:
    """Peer: MinHash of shingles of three words, as near-duplicate filters have it."""
    seed = np.random.default_rng(1)
    factor, shift = (seed.integers(1, 2**31, 64, dtype=np.uint64) for _ in range(2))
    found: dict[str, str] = {}
    signatures: list[np.ndarray[Any, Any]] = []
    for document in documents:
        words = re.findall(r"\w+", f"{document['title']} {document['text']}".lower())
        shingles = {" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))}
        digests = (hashlib.blake2b(s.encode(), digest_size=4).digest() for s in shingles)
        numbers = np.array([int.from_bytes(d) for d in digests], dtype=np.uint64)
        signature = ((numbers[:, None] * factor + shift) % np.uint64(2**31 - 1)).min(axis=0)
        alike = [float((signature == other).mean()) for other in signatures]
        at = int(np.argmax(alike)) if alike else 0
        joins = bool(alike) and alike[at] >= 0.5
        found[document["doc"]] = found[documents[at]["doc"]] if joins else document["doc"]
        signatures.append(signature)
    return found


def half(story: object) -> int:
    return hashlib.sha1(str(story).encode()).digest()[0] & 1


def row(name: str, score: dict[str, Any]) -> str:
    precision, recall, f1 = score["b3"]
    pairs = score["pairs"][2]
    figures = f"{precision:.3f} {recall:.3f} {f1:.3f}   {pairs:.3f}   {score['reached']:.3f}   {score['alerts']:.2f}"
    return f"{name:26} {figures}"


def around() -> Iterator[str]:
    """Set the neighbouring thresholds one after another, then the shipped ones again."""
    shipped = {name: getattr(thresholds, name) for name in ("LIKE", "AGE_PER_DAY", "CROWD")}

    def use(**values: object) -> None:
        for name, value in (shipped | values).items():
            for module in (likeness, stories):
                if hasattr(module, name):
                    setattr(module, name, value)

    for part in (0.9, 0.95, 1.05, 1.1):
        use(LIKE=tuple((words, like * part) for words, like in thresholds.LIKE))
        yield f"thresholds × {part}"
    for name in ("AGE_PER_DAY", "CROWD"):
        for part in (0.75, 1.25):
            use(**{name: shipped[name] * part})
            yield f"{name.lower()} × {part}"
    use()


def load(folder: Path) -> ModuleType:
    """The evaluator as a module."""
    spec = importlib.util.spec_from_file_location("eval_stories", folder / "eval_stories.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Print one table per corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder with eval_stories.py")
    parser.add_argument("--corpus", action="append", default=[], help="this corpus only; may be given several times")
    parser.add_argument("--halves", action="store_true", help="score both halves of each corpus, too")
    parser.add_argument("--around", action="store_true", help="score neighbouring thresholds, too")
    parser.add_argument("--predictions", type=Path, help="write the stories there, as eval_stories.py score wants them")
    options = parser.parse_args()
    if not (options.folder / "eval_stories.py").exists():
        print(f"skipped: {options.folder / 'eval_stories.py'} is not there (labelled public data, not of this project)")
        return 0
    evaluator = load(options.folder)
    corpora = evaluator.load(str(options.folder / "data" / "stories_gold.jsonl.gz"), set(options.corpus))
    predictions: dict[str, str] = {}
    for corpus, documents in corpora.items():
        true = {document["story"] for document in documents}
        print(f"\n== {corpus}: {len(documents)} documents, {len(true)} stories; to reach: {GOALS.get(corpus, '-')}")
        print(f"{'':26} B3: P     R    F1   pairs F1  reached alerts")
        peers: list[tuple[str, Grouper]] = [("exact headline", same_title), ("MinHash of shingles", minhash)]
        for name, grouper in peers:
            print(row(name, evaluator.score(documents, grouper(documents))))
        found = wirewatch(documents)
        predictions.update(found)
        print(row("wirewatch", evaluator.score(documents, found)))
        if options.halves:
            for number in (0, 1):
                part = [d for d in documents if half(d["story"]) == number]
                print(row(f"  half {number + 1}", evaluator.score(part, wirewatch(part))))
        if options.around:
            for name in around():
                print(row(f"  {name}", evaluator.score(documents, wirewatch(documents))))
    if options.predictions:
        with options.predictions.open("w", encoding="utf-8") as target:
            for doc, story in predictions.items():
                target.write(json.dumps({"doc": doc, "story": story}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
