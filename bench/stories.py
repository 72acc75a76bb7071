"""What grouping costs per article, and whether that stays flat as the window fills: ``python -m bench.stories``.

    python -m bench.stories [--sizes 10000,50000,200000] [--sample 2000] [--brute 2000]

A made-up stream: articles of a headline and some 80 words, words by Zipf's law out of 60,000, every fourth article the
first of a story and the others about a story of the last days in their own words, one in ten as wire copy. Time is that
of ``read``, ``place`` and ``remember`` together (CPU) over the last articles before each size; what the bot spends of
it on its event loop (``place`` and ``remember``) stands beside it. Memory is that of the stories' columns and tables;
beside it what the process has grown by, this benchmark's notes included.
Peers in the same run: a dict of headlines, and TF-IDF with a scan over all articles in memory.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import time
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.model import Article
from bot.story import Stories, read

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
STEP = timedelta(milliseconds=1200)  # between articles: 200,000 fill 67 of the window's 72 hours
WORDS, ZIPF = 60_000, 1.05
OWN = 24  # words that belong to a story
RECENT = 2_000  # stories that are still written about
COUNTRIES = tuple(f"{a}{b}" for a in "ABCDEF" for b in "ABCDEFGHIJ")  # each story names one


def vocabulary(dice: random.Random) -> list[str]:
    """Pronounceable words, all different, in order of frequency."""
    syllables = [c + v for c in "bcdfghjklmnprstvwz" for v in "aeiou"]
    words: dict[str, None] = {}
    while len(words) < WORDS:
        words["".join(dice.choices(syllables, k=dice.randint(2, 4)))] = None
    return list(words)


def stream(dice: random.Random) -> Iterator[Article]:
    """Articles without end; the same ones in every run. ``source_id`` names the true story."""
    words = vocabulary(dice)
    cumulated: list[float] = []
    total = 0.0
    for rank in range(1, WORDS + 1):
        total += rank**-ZIPF
        cumulated.append(total)
    stories: list[tuple[list[str], str]] = []
    number = founded = 0
    while True:
        now = BEGIN + number * STEP
        if fresh := not stories or dice.random() < 0.25:
            stories.append((dice.choices(words, cum_weights=cumulated, k=OWN), ""))
            founded += 1
            del stories[:-RECENT]
        at = len(stories) - 1 if fresh else dice.randrange(len(stories))
        own, wire = stories[at]
        if wire and dice.random() < 0.1:
            text = f"TOWN, March 1 ({dice.choice(words).title()}) - {wire} Reporting by {dice.choice(words).title()}."
        else:
            body = dice.choices(words, cum_weights=cumulated, k=45) + dice.choices(own, k=35)
            dice.shuffle(body)
            text = " ".join(body)
            stories[at] = own, text
        title = " ".join(dice.choices(own, k=5) + dice.choices(words, cum_weights=cumulated, k=4)).capitalize()
        link = f"outlet{number % 40}.example/{number}"
        truth = str(founded - len(stories) + at)
        yield Article(str(number), truth, "", link, title, text, now, now, canonical_url=link)
        number += 1


def resident() -> int:
    """Bytes of the process in memory."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * 4096


def wirewatch(sizes: list[int], sample: int) -> None:
    """Fill one window, and measure at each size."""
    articles = stream(random.Random(1))
    next(articles)
    stories = Stories()
    before = resident()
    times: deque[float] = deque(maxlen=sample)
    placing: deque[float] = deque(maxlen=sample)
    founder: dict[str, str] = {}  # the true story of each one found
    joined = right = 0
    for count in range(1, max(sizes) + 1):
        article = next(articles)
        named = (COUNTRIES[int(article.source_id) % len(COUNTRIES)],)
        began = time.process_time()
        one = read(article, named)
        was_read = time.process_time()
        story = stories.place(one, article.fetched_at)
        stories.remember(one, story, article.fetched_at)
        times.append((ended := time.process_time()) - began)
        placing.append(ended - was_read)
        stories.keep()
        if story.is_new:
            founder[story.id] = article.source_id
        else:
            joined += 1
            right += founder[story.id] == article.source_id
        if count in sizes:
            latest = sorted(times)
            grown = (resident() - before) / count
            print(
                f"wirewatch           {count:>8,} in the window: {statistics.median(latest) * 1e6:5.0f} µs median, "
                f"{statistics.mean(latest) * 1e6:5.0f} mean, {latest[len(latest) * 99 // 100] * 1e6:5.0f} at 99%, "
                f"{statistics.mean(placing) * 1e6:.0f} of it on the loop; "
                f"{stories.nbytes / count:5.0f} bytes each (process {grown:.0f}); "
                f"{joined / count:.1%} joined, {right / joined:.1%} of them rightly",
                flush=True,
            )
    began = time.process_time()
    stories.forget(BEGIN + max(sizes) * STEP / 2 + timedelta(hours=72))
    print(f"forgetting half of it: {(time.process_time() - began) * 1e3:.0f} ms")


def titles(sizes: list[int], sample: int) -> None:
    """Peer: equal headlines."""
    articles = stream(random.Random(1))
    known: dict[str, str] = {}
    times: list[float] = []
    for _ in range(sizes[0]):
        article = next(articles)
        began = time.process_time()
        known.setdefault(article.title.lower(), article.key)
        times.append(time.process_time() - began)
    print(
        f"dict of headlines   {sizes[0]:>8,} in the window: {statistics.median(times[-sample:]) * 1e6:5.1f} µs median"
    )


def brute(size: int) -> None:
    """Peer: TF-IDF cosine with every article in memory; grows with the window."""
    articles = stream(random.Random(1))
    having: Counter[str] = Counter()
    known: list[dict[str, float]] = []
    times: list[float] = []
    for count in range(1, size + 1):
        article = next(articles)
        began = time.process_time()
        counts = Counter(article.body.lower().split())
        having.update(counts.keys())
        vector = {w: (1 + math.log(n)) * math.log((count + 1) / (having[w] + 0.5)) for w, n in counts.items()}
        norm = math.sqrt(sum(v * v for v in vector.values())) or 1.0
        vector = {w: v / norm for w, v in vector.items()}
        max((sum(v * other.get(w, 0.0) for w, v in vector.items()) for other in known), default=0.0)
        known.append(vector)
        times.append(time.process_time() - began)
    print(f"scan over all       {size:>8,} in the window: {statistics.median(times[-100:]) * 1e6:5.0f} µs median")


def main() -> int:
    """Print one line per size and peer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="10000,50000,200000", help="articles in the window, ascending")
    parser.add_argument("--sample", type=int, default=2_000, help="articles that are timed before each size")
    parser.add_argument("--brute", type=int, default=2_000, help="window of the scan over all")
    options = parser.parse_args()
    sizes = [int(part) for part in options.sizes.split(",")]
    wirewatch(sizes, options.sample)
    titles(sizes, options.sample)
    brute(options.brute)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
