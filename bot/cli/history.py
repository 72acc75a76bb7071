"""``wirewatch backtest`` and ``wirewatch rules``: rules over the stored archive."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli import number
from bot.config import Config, load_config
from bot.duration import parse as parse_duration
from bot.entities.gazetteer import load_gazetteer
from bot.errors import WirewatchError
from bot.live import backtest as replaying
from bot.live import rulebook
from bot.live.backtest import Hit
from bot.live.live_rules import load_rules
from bot.model import Article
from bot.rules.compile import build
from bot.rules.inflect import Inflector, cache_folder
from bot.rules.language import nearest
from bot.rules.model import Rule, RuleSet
from bot.store.sql import SqlStore

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PAGE = 500  # articles read at once
EXAMPLES = 10
BAR = 40  # characters of the longest bar
_BLOCKS = " ▁▂▃▄▅▆▇█"


def backtest(path: Path, what: str, since: str, against_live: bool) -> int:
    """Replay a rule, or the rules of a file, over the archive."""
    from rich.console import Console

    config = load_config(path, os.environ, to_run=False)
    begin = datetime.now(UTC) - duration(since)
    live = load_rules(config)
    tested, rules = _tested(config, live, what)
    console = Console(highlight=False)
    store = _open(config)
    try:
        size = store.archive_size(begin)
        if not size:
            raise WirewatchError(
                f"no article was stored in the last {since}; let the bot run or name a longer period, or try the rules "
                "on texts of yours with `wirewatch match`"
            )
        started = time.perf_counter()
        hits = _replay(config, store, replaying.only(tested, rules), begin)
        seconds = time.perf_counter() - started
        ids = {r.id for r in rules}
        standing = [r for r in live.ruleset.rules if r.id in ids] if against_live else []
        old = _replay(config, store, replaying.only(live.ruleset, standing), begin) if standing else []
    finally:
        store.close()
    console.print(f"{size} articles of the last {since} in {seconds:.1f} s ({size / max(seconds, 1e-9):,.0f} a second)")
    for rule in rules:
        _show(console, rule, [h for h in hits if h.match.rule_id == rule.id], begin.date())
    if against_live:
        _show_differences(console, replaying.differences(old, hits))
    return 0


def _replay(config: Config, store: SqlStore, ruleset: RuleSet, since: datetime) -> list[Hit]:
    program, _ = build(ruleset, load_gazetteer(), Inflector(cache_folder()))
    engine = rulebook.make_engine(program, config.ner_model)
    return list(replaying.replay(engine, _articles(store, since)))


def _tested(config: Config, live: rulebook.Rulebook, what: str) -> tuple[RuleSet, list[Rule]]:
    """The rules to replay, in the set that they belong to."""
    file = Path(what)
    if file.suffix in (".yaml", ".yml") or file.is_file():
        if not file.is_file():
            raise WirewatchError(f"{what}: no such file; check the path")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(shutil.copyfile(file, Path(folder, file.name)))
            book = load_rules(config, drafts={copy: file})
        rules = [r for r in book.ruleset.rules if r.place.file == rulebook.shown(file)]
        if not rules:
            raise WirewatchError(f"{what}: there is no rule in it; give it rules: with at least one")
        return book.ruleset, rules
    rules = [r for r in live.ruleset.rules if r.id == what]
    if not rules:
        known = [r.id for r in live.ruleset.rules]
        hint = nearest(what, known) or "; `wirewatch rules` lists them, and a file ends in .yaml"
        raise WirewatchError(f"no rule {what!r}{hint}")
    return live.ruleset, rules


def _show(console: Console, rule: Rule, hits: Sequence[Hit], first: date) -> None:
    from rich.text import Text

    console.print()
    console.print(Text(f"{rule.id}  {number(len(hits), 'hit')}", "bold"))
    if not hits:
        return
    days = replaying.by_day(hits, max(first, hits[0].article.fetched_at.date()), datetime.now(UTC).date())
    most = max(count for _, count in days)
    for day, count in days:
        console.print(Text(f"  {day:%a %d %b} {count:5} ").append("█" * round(count / most * BAR), "cyan"))
    console.print()
    for hit in replaying.spread_examples(hits, EXAMPLES):
        console.print(_line(hit))


def _show_differences(console: Console, found: Sequence[replaying.Difference]) -> None:
    from rich.text import Text

    for one in found:
        console.print()
        head = (
            f"{one.rule_id} against the live rule: {one.same} as before, {len(one.gained)} gained, {len(one.lost)} lost"
        )
        console.print(Text(head, "bold"))
        for mark, style, hits in (("+", "green", one.gained), ("-", "red", one.lost)):
            for hit in replaying.spread_examples(hits, EXAMPLES):
                console.print(Text(f"{mark} ", style).append_text(_line(hit)))


def _line(hit: Hit) -> Text:
    from rich.text import Text

    article = hit.article
    words = ", ".join(dict.fromkeys(e.text for e in hit.match.evidence))
    line = Text(f"{article.fetched_at:%Y-%m-%d %H:%M} ", "dim")
    line.append(article.title or article.text[:80])
    line.append(f"  {words}", "yellow")
    return line.append(f"  {article.source_name or article.source_id}", "dim")


def rules(path: Path, only: str | None, since: str) -> int:
    """How often each rule fired, day by day; for one rule its newest samples, too."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    config = load_config(path, os.environ, to_run=False)
    book = load_rules(config)
    known = {r.id: r for r in book.ruleset.rules}
    if only is not None and only not in known:
        raise WirewatchError(f"no rule {only!r}{nearest(only, known) or '; `wirewatch rules` lists all'}")
    today = datetime.now(UTC).date()
    days = [today - timedelta(n) for n in range(max(duration(since).days, 1) - 1, -1, -1)]
    store = _open(config)
    try:
        hits = store.rule_hits(datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC))
        samples = store.samples(only, EXAMPLES) if only else ()
    finally:
        store.close()
    counted: dict[str, dict[date, int]] = {}
    for hit in hits:
        row = counted.setdefault(hit.rule_id, {})
        row[hit.day] = row.get(hit.day, 0) + hit.count
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("rule", "severity", "mode", "hits", f"by day, {days[0]:%d %b} to {days[-1]:%d %b}", "last"):
        table.add_column(column, overflow="fold", justify="right" if column == "hits" else "left")
    for rule in [known[only]] if only else known.values():
        row = counted.get(rule.id, {})
        series = [row.get(day, 0) for day in days]
        last = max((day for day, n in row.items() if n), default=None)
        table.add_row(
            rule.id,
            rule.severity.word,
            Text("off" if not rule.enabled else "shadow" if rule.shadow else "live", "" if rule.enabled else "dim"),
            str(sum(series)),
            Text(spark(series), "cyan"),
            f"{last:%d %b}" if last else Text("never", "dim"),
        )
    console.print(table)
    for sample in samples:
        words = ", ".join(dict.fromkeys(e.text for e in sample.evidence))
        line = Text(f"{sample.article.fetched_at:%Y-%m-%d %H:%M} ", "dim").append(sample.article.title)
        console.print(line.append(f"  {words}", "yellow"))
    return 0


def spark(series: Sequence[int]) -> str:
    """A line of blocks, one a number, as high as the number is beside the highest."""
    most = max(series, default=0)
    if not most:
        return "·" * len(series)
    return "".join("·" if not n else _BLOCKS[max(1, round(n / most * (len(_BLOCKS) - 1)))] for n in series)


def duration(text: str) -> timedelta:
    """How far back ``--since`` reaches. Raises ``WirewatchError``."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise WirewatchError(f"--since {text!r}: {error}") from None


def _open(config: Config) -> SqlStore:
    store = SqlStore(config.store.reveal())
    store.open()
    return store


def _articles(store: SqlStore, since: datetime) -> Iterator[Article]:
    after = 0
    while page := store.archive(since, after, PAGE):
        for one in page:
            yield one.article
        after = page[-1].number
