"""How fast rules are matched, beside what one would take otherwise, in the same run.

    python -m bench.match [speed] [build] [start] [stream]     (all of them by default; some minutes)

``speed``: microseconds of one core for each article, articles of 3.5 KB; the ratios are what counts. Peers: the bare
Aho-Corasick scan of the same patterns over the lower-cased text; a spaCy pipeline (tokenizer, sentencizer,
PhraseMatcher on the same terms, entity ruler with the countries); one compiled regex per rule. The passes of all take
turns, so that a busy machine slows all alike; ratios are medians over the passes. Processor time, not the clock.

``build``: from YAML files to an engine, and a reload of one changed file; each in a process of its own, for its
memory. ``start``: the command line. ``stream``: ``wirewatch match`` with one process and with several, its memory over
a long input, and what it does when its reader goes away.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import random
import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import match_stream
from bench.corpus import Corpus, countries, made_up_word, make
from bot.config import shipped_rules
from bot.live import rulebook
from bot.rules.evaluate import Subject
from bot.rules.match import Engine
from bot.rules.model import ListedName, NameList
from bot.yaml_nodes import Place

NAMES = 100_000  # of the watch list
Article = tuple[str, str]
Work = Callable[[Article], object]


def main() -> int:
    """Print the tables that are asked for. 1 if a figure is worse than its target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["speed", "build", "start", "stream", []], default=[])
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--peer-articles", type=int, default=10, help="for the slow peers")
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--documents", type=int, default=20_000, help="of the stream, 3.7 KB each")
    parser.add_argument("--gigabytes", type=float, default=0, help="of one more stream, for its memory (10: an hour)")
    parser.add_argument("--no-spacy", action="store_true")
    o = parser.parse_args()
    wanted = o.what or ["speed", "build", "start", "stream"]
    good = True
    if "speed" in wanted:
        good &= speed(o.rules, o.articles, o.peer_articles, o.passes, spacy=not o.no_spacy)
    if "build" in wanted:
        good &= build(o.rules)
    if "start" in wanted:
        good &= start()
    if "stream" in wanted:
        good &= match_stream.run(o.documents, o.gigabytes)
    return 0 if good else 1


def verdict(what: str, value: float, target: float, unit: str, *, least: bool = False) -> bool:
    """One line: a figure, its target, and whether it is reached."""
    good = value >= target if least else value <= target
    wanted = f"{'at least' if least else 'at most'} {target:g}{unit}"
    print(f"{'ok  ' if good else 'MISS'} {what}: {value:,.2f}{unit} ({wanted})")
    return good


# -- speed ----------------------------------------------------------------------------------------------------------


def watch_list() -> NameList:
    """Names of three words, none of them in an article."""
    r = random.Random(1)
    names = (" ".join(made_up_word(r).capitalize() for _ in range(3)) for _ in range(NAMES))
    listed = tuple(ListedName(f"big:{i}", name, (), "person") for i, name in enumerate(names))
    return NameList("big", "A big list", "made up", "2026-01-01", (), listed, Place(Path("big"), 1, 1))


def engine_of(corpus: Corpus, names: NameList | None = None) -> Engine:
    """The engine of the corpus's rules, and of one more on the list."""
    with tempfile.TemporaryDirectory() as folder:
        more = "  - {id: names, severity: low, when: {list: big}}\n" if names else ""
        Path(folder, "rules.yaml").write_text(corpus.yaml() + more, encoding="utf-8")
        return rulebook.load([Path(folder)], watch_lists={"big": names} if names else None).engine


def speed(rules: int, articles: int, peer_articles: int, passes: int, *, spacy: bool) -> bool:
    corpus, some = make(rules, articles), make(rules, articles, matching=0.05)
    engine, small, with_names = engine_of(corpus), engine_of(make(10, 1)), engine_of(corpus, watch_list())
    scan = engine.program.scanner.scan
    lowered = {article: f" {article[0]}  {article[1]} ".lower() for article in corpus.articles}

    def with_countries(article: Article) -> object:
        analysis = engine.analyse(Subject(*article))
        return analysis.matches, analysis.countries

    few = corpus.articles[:peer_articles]
    rows: dict[str, tuple[Work, Sequence[Article]]] = {
        "bare automaton": (lambda a: scan(lowered[a]), corpus.articles),
        f"{rules:,} rules, none matches": (lambda a: engine.match(Subject(*a)), corpus.articles),
        "  and countries resolved": (with_countries, corpus.articles),
        "  and 100,000 names": (lambda a: with_names.match(Subject(*a)), corpus.articles),
        "10 rules, none matches": (lambda a: small.match(Subject(*a)), corpus.articles),
        f"{rules:,} rules, 5% match": (lambda a: engine.match(Subject(*a)), some.articles),
        "one regex per rule": (regex_peer(corpus), few[:3]),
    }
    if spacy:
        rows["spaCy pipeline"] = (spacy_peer(corpus), few)
    gc.collect()
    gc.freeze()  # a collection in the middle of one pass would count against that pass alone
    times: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(passes):
        for name, (work, on) in rows.items():
            if name != "one regex per rule" or not times[name]:  # seconds an article
                times[name].append(_seconds(work, on))
    size = statistics.mean(len(t) + len(x) for t, x in corpus.articles)
    matched = sum(bool(engine.match(Subject(*a))) for a in some.articles)
    print(f"\n{rules:,} rules, {engine.program.scanner.size:,} patterns, {articles} articles of {size / 1000:.1f} KB;")
    print(f"of those made so that 5% match {matched} of {articles} did\n")
    base, ours = times["bare automaton"], times[f"{rules:,} rules, none matches"]
    print(f"{'':28}{'µs/article':>12}{'articles/s':>12}{'× bare scan':>13}{'× ours':>10}")
    for name, taken in times.items():
        s = statistics.median(taken)
        print(f"{name:28}{s * 1e6:12,.1f}{1 / s:12,.0f}{_ratio(taken, base):13,.2f}{_ratio(taken, ours):10,.2f}")
    print()
    return all(
        [
            verdict("all rules, none matches, against the bare scan", _ratio(ours, base), 3, "×"),
            verdict("with countries", _ratio(times["  and countries resolved"], base), 6, "×"),
            verdict(f"{rules:,} rules against 10", _ratio(ours, times["10 rules, none matches"]), 1.5, "×"),
            verdict("with 100,000 names against without", _ratio(times["  and 100,000 names"], ours), 2, "×"),
            verdict("one regex per rule against ours", _ratio(times["one regex per rule"], ours), 200, "×", least=True),
            not spacy or verdict("spaCy against ours", _ratio(times["spaCy pipeline"], ours), 10, "×", least=True),
            verdict(
                "articles a second, 5% match",
                1 / statistics.median(times[f"{rules:,} rules, 5% match"]),
                3000,
                "",
                least=True,
            ),
        ]
    )


def _seconds(work: Work, articles: Sequence[Article]) -> float:
    began = time.process_time()
    for article in articles:
        work(article)
    return (time.process_time() - began) / len(articles)


def _ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """The median over the passes; of what was passed once, against the median of the other."""
    if len(one) != len(other):
        return one[0] / statistics.median(other)
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def spacy_peer(corpus: Corpus) -> Work:
    import spacy
    from spacy.matcher import PhraseMatcher

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "GPE", "pattern": name} for name in countries()])  # type: ignore[attr-defined]
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    for i, terms in enumerate(corpus.phrases):
        matcher.add(str(i), [nlp.make_doc(t) for t in terms])
    return lambda article: matcher(nlp(f"{article[0]}\n{article[1]}"))


def regex_peer(corpus: Corpus) -> Work:
    compiled = [re.compile(r"\b(?:" + "|".join(map(re.escape, t)) + r")\b", re.IGNORECASE) for t in corpus.phrases]

    def work(article: Article) -> object:
        text = f"{article[0]}\n{article[1]}"
        return [r.search(text) for r in compiled]

    return work


# -- build ----------------------------------------------------------------------------------------------------------


def build(rules: int) -> bool:
    """Each in a fresh process, since a peak of memory is of the whole life of one."""
    print()
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        seconds, elapsed, megabytes = pool.apply(_built, (rules,))
        reloaded, reload_elapsed = pool.apply(_reloaded, (1_000,))
    print(f"by the clock: {elapsed:.1f} s and {reload_elapsed:.2f} s; what counts is the time of one core:")
    return all(
        [
            verdict(f"{rules:,} rules from YAML, and 100,000 names", seconds, 8, " s"),
            verdict("  memory of that process", megabytes, 600, " MB"),
            verdict("reload of one changed file among 1,000 rules", reloaded, 0.5, " s"),
        ]
    )


def _built(rules: int) -> tuple[float, float, float]:
    """Seconds of one core, seconds by the clock, megabytes at the most."""
    corpus, names = make(rules, 1), watch_list()
    began, clock = time.process_time(), time.perf_counter()
    engine_of(corpus, names)
    # Not ru_maxrss, which a process takes over from the one that started it.
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return time.process_time() - began, time.perf_counter() - clock, peak


def _reloaded(rules: int, files: int = 20) -> tuple[float, float]:
    """What ships and so many rules more; the median of five edits."""
    parts = make(rules, 1).yaml().split("  - id: ")[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for k in range(files):
            (folder / f"{k}.yaml").write_text("rules:\n" + "".join(f"  - id: {p}" for p in parts[k::files]), "utf-8")
        book = rulebook.load([shipped_rules(), folder])
        taken = []
        for k in range(5):
            edited = folder / f"{k}.yaml"
            edited.write_text(edited.read_text("utf-8").replace("severity: high", "severity: low", 1), "utf-8")
            began, clock = time.process_time(), time.perf_counter()
            book = rulebook.load([shipped_rules(), folder], kept=book.kept)
            taken.append((time.process_time() - began, time.perf_counter() - clock))
    return statistics.median(t for t, _ in taken), statistics.median(t for _, t in taken)


# -- start ----------------------------------------------------------------------------------------------------------


def start() -> bool:
    """The processor time of a command, the best of five; ``check`` also with an empty cache."""
    print()
    with tempfile.TemporaryDirectory() as room:
        subprocess.run([*match_stream.WIREWATCH, "init", room], check=True, stdout=subprocess.DEVNULL)

        def command(*arguments: str, cache: str | None = None) -> float:
            environment = os.environ | ({"XDG_CACHE_HOME": cache} if cache else {})
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run = [*match_stream.WIREWATCH, *arguments]
            subprocess.run(run, check=True, cwd=room, env=environment, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        def first_check() -> float:
            with tempfile.TemporaryDirectory() as cache:
                return command("check", cache=cache)

        return all(
            [
                verdict("wirewatch --help", min(command("--help") for _ in range(5)), 0.5, " s"),
                verdict("wirewatch check", min(command("check") for _ in range(5)), 1.5, " s"),
                verdict("  with an empty cache", min(first_check() for _ in range(3)), 1.5, " s"),
            ]
        )


if __name__ == "__main__":
    raise SystemExit(main())
