"""How much of a story its summary covers, beside plainer ways: ``python -m bench.summary_quality QUALITY_FOLDER``.

The folder holds ``data/stories_gold.jsonl.gz``, stories grouped by people; without it this says so and ends with
status 0. Stories of three or more documents are taken. A summary has the headline of one of the documents above it and
quotes sentences of their texts; scored are the sentences alone, by the share of each *other* headline of the story that
they cover (ROUGE-1 and ROUGE-L recall with stemming), averaged over headlines and stories. Redundancy is the greatest
overlap (ROUGE-1 F) of two sentences of one summary, averaged over stories.

Peers, cut to the same number of words in each story: the first sentences of the documents one after another, sentences
drawn at random (ten draws), and the opening of the longest document. ``--halves`` scores both halves of each corpus.
Ends with status 1 unless the summary is ahead of all three on both figures, and no more redundant than any.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import hashlib
import json
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from bot.model import Article
from bot.sources.dates import parse_date
from bot.summary.choose import bundle, choose, headline, rarity
from bot.summary.sentences import quotable

PAGE = 8  # stories in one summary
DRAWS = 10
START = datetime(2020, 1, 1, tzinfo=UTC)

Way = Callable[[Sequence[Article], int], list[str]]


def stories(folder: Path) -> dict[str, list[list[Article]]]:
    """Corpus → stories of three or more documents, each in order of arrival."""
    found: dict[str, dict[str, list[Article]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(folder / "data" / "stories_gold.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            at = parse_date(row["date"] or "") or START
            one = Article(
                row["doc"], row["source"] or "", "", row["doc"], row["title"] or "", row["text"] or "", at, at
            )
            found[row["corpus"]][str(row["story"])].append(one)
    return {corpus: [docs for docs in told.values() if len(docs) >= 3] for corpus, told in sorted(found.items())}


def cut(sentences: Sequence[str], words: int) -> list[str]:
    """The sentences that fit, the last one cut."""
    kept: list[str] = []
    for sentence in sentences:
        if words <= 0:
            break
        kept.append(" ".join(sentence.split()[:words]))
        words -= len(sentence.split())
    return kept


def first_sentences(documents: Sequence[Article], words: int) -> list[str]:
    quoted = [quotable(one) for one in documents]
    turns = [sentences[n].text for n in range(8) for sentences in quoted if len(sentences) > n]
    return cut(turns, words)


def longest_article(documents: Sequence[Article], words: int) -> list[str]:
    longest = max(documents, key=lambda one: len(one.text))
    return cut([sentence.text for sentence in quotable(longest)], words)


def drawn(seed: int) -> Way:
    def way(documents: Sequence[Article], words: int) -> list[str]:
        everything = [sentence.text for one in documents for sentence in quotable(one)]
        random.Random(f"{seed}{documents[0].key}").shuffle(everything)
        return cut(everything, words)

    return way


class Words:
    """The scorer's tokenizer, reading each text once: stemming is most of the work."""

    def __init__(self) -> None:
        self.tokenize = functools.lru_cache(maxsize=None)(DefaultTokenizer(use_stemmer=True).tokenize)


class Tally:
    """Scores of one way over the stories of a corpus."""

    def __init__(self, scorer: RougeScorer) -> None:
        self._scorer = scorer
        self.unigrams: list[float] = []
        self.sequences: list[float] = []
        self.repeated: list[float] = []

    def add(self, sentences: list[str], others: Sequence[str]) -> None:
        told = " ".join(sentences)
        scores = [self._scorer.score(other, told) for other in others]
        self.unigrams.append(statistics.fmean(s["rouge1"].recall for s in scores))
        self.sequences.append(statistics.fmean(s["rougeL"].recall for s in scores))
        pairs = [self._scorer.score(a, b)["rouge1"].fmeasure for a, b in combinations(sentences, 2)]
        self.repeated.append(max(pairs, default=0.0))

    @property
    def figures(self) -> tuple[float, float, float]:
        """ROUGE-1 recall, ROUGE-L recall, redundancy."""
        return statistics.fmean(self.unigrams), statistics.fmean(self.sequences), statistics.fmean(self.repeated)

    def row(self, name: str) -> str:
        return f"  {name:18}" + "".join(f"{figure:12.3f}" for figure in self.figures)


def ahead(ours: Tally, peer: Tally) -> bool:
    (one, sequence, repeated), (other_one, other_sequence, other_repeated) = ours.figures, peer.figures
    return one > other_one and sequence > other_sequence and repeated <= other_repeated


def measure(told: Sequence[Sequence[Article]]) -> tuple[list[str], dict[str, Tally]]:
    """The table of a corpus."""
    scorer = RougeScorer(["rouge1", "rougeL"], tokenizer=Words())
    idf = rarity(article for documents in told for article in documents)
    ways: dict[str, Way] = {"first sentences": first_sentences, "longest article": longest_article}
    tallies = {name: Tally(scorer) for name in ("wirewatch", *ways, "random")}
    words: list[int] = []
    said = []
    for documents in told:
        story = bundle(documents, idf)
        lead = headline(story, documents)
        chosen = choose(story, lead, said[-2 * PAGE + 2 :])
        said += chosen
        ours = [sentence.text for sentence in chosen]
        budget = sum(len(sentence.split()) for sentence in ours)
        words.append(budget)
        others = [one.title for one in documents if one.key != lead.key]
        tallies["wirewatch"].add(ours, others)
        for name, way in ways.items():
            tallies[name].add(way(documents, budget), others)
        for seed in range(DRAWS):
            tallies["random"].add(drawn(seed)(documents, budget), others)
    names = ("ROUGE-1", "ROUGE-L", "redundancy")
    head = f"  {f'{statistics.fmean(words):.0f} words a story':18}" + "".join(f"{name:>12}" for name in names)
    return [head, *(tally.row(name) for name, tally in tallies.items())], tallies


def half(documents: Sequence[Article]) -> int:
    return hashlib.sha1(documents[0].key.encode()).digest()[0] & 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Coverage of stories by their summaries.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--halves", action="store_true", help="score both halves of each corpus")
    given = parser.parse_args()
    if not (given.folder / "data" / "stories_gold.jsonl.gz").is_file():
        print(f"{given.folder}: no labelled stories there; nothing was measured")
        return 0
    won = True
    for corpus, told in stories(given.folder).items():
        parts = [told] if not given.halves else [[d for d in told if half(d) == n] for n in (0, 1)]
        for part in parts:
            lines, tallies = measure(part)
            print(f"{corpus}: {len(part)} stories of three or more documents", *lines, sep="\n")
            ours = tallies.pop("wirewatch")
            won &= all(ahead(ours, peer) for peer in tallies.values())
    return 0 if won else 1


if __name__ == "__main__":
    sys.exit(main())
