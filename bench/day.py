"""A day of 20 outlets, 300 stories and 4,000 articles through the real bot: ``python -m bench.day``.

    python -m bench.day [--seed 1] [--stories 300] [--articles 4000] [--step 10m] [--examples 5] [--alone]

The outlets are feeds on this machine (``bench/day_world.py`` writes them), the channels a Slack and a Discord on this
machine; the bot polls every outlet every ``--step`` of a day that takes minutes. Afterwards what stands in both
channels is held against the truth. Beside it the same day as a bot without stories posts it: one message for each
article that a rule asks for.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bench.day_feeds import Newsstand
from bench.day_judge import Channel, Verdict, judge
from bench.day_world import BEGIN, DAY, Day, Piece, make_day
from bench.simulate import Stage, on_stage
from bot.duration import parse as parse_duration
from bot.log import set_up
from bot.model import Source
from bot.rules.evaluate import Subject
from tests.fakes.feeds import FeedServer

TAIL = timedelta(hours=10)  # after midnight, until the last digest is out


def sources(day: Day, server: FeedServer) -> list[Source]:
    return [
        Source(o.id, server.url(f"/{o.id}"), title=o.title, every=timedelta(minutes=1), tags=("wire",))
        for o in day.outlets
    ]


async def run_day(day: Day, step: timedelta, folder: Path) -> Verdict:
    """Let the bot live through the day, and judge it."""
    stand = Newsstand(day)
    async with FeedServer(record=False) as server:
        server.answers.update(stand.answers(BEGIN))
        async with on_stage(folder, BEGIN, sources(day, server)) as stage:
            now = BEGIN
            while now < BEGIN + DAY + step:
                server.answers.update(stand.answers(now))
                await stage.step(now)
                now += step
            return judge(day, stage, _matcher(stage), ())


def _matcher(stage: Stage):  # type: ignore[no-untyped-def]
    engine = stage.app.book.engine

    def matches(piece: Piece) -> bool:
        wordings = [(piece.title, piece.text)] + ([piece.edited[1:]] if piece.edited else [])
        return any(engine.match(Subject(title, text, piece.outlet, ("wire",))) for title, text in wordings)

    return matches


def show(verdict: Verdict, seconds: float, examples: int) -> None:
    grouping = verdict.grouping
    print(
        f"{verdict.articles:,} articles written, {verdict.read:,} read, {verdict.matching:,} match a rule; "
        f"{verdict.due} of {grouping.stories:,} stories are due. {seconds:.0f} s"
    )
    print(
        f"grouping over all articles: B-cubed F1 {grouping.f1:.3f} (precision {grouping.precision:.3f}, recall "
        f"{grouping.recall:.3f}); {grouping.split} stories split, {grouping.mixed} stories hold articles of others "
        f"({grouping.strays} articles)\n"
    )
    rows: list[tuple[str, list[str]]] = []
    for name, channel in verdict.channels.items():
        for what, count in figures(channel, verdict.due):
            found = next((r for r in rows if r[0] == what), None)
            if found is None:
                rows.append((what, [count]))
            else:
                found[1].append(count)
        del name
    print(f"{'':52}" + "".join(f"{name:>12}" for name in verdict.channels))
    for what, counts in rows:
        print(f"{what:52}" + "".join(f"{count:>12}" for count in counts))
    print(f"{'messages of a bot without stories':52}" + f"{verdict.matching:>12,}" * len(verdict.channels))
    if examples:
        for name, channel in verdict.channels.items():
            show_examples(name, channel, examples)


def figures(channel: Channel, due: int) -> list[tuple[str, str]]:
    return [
        ("stories alerted once", f"{len(channel.once)}/{due}"),
        ("  told several times", str(len(channel.several))),
        ("  told only within the alert of another", str(len(channel.inside))),
        ("  missed", str(len(channel.missed))),
        ("alerts about nothing that was asked for", str(len(channel.wrong))),
        ("deliveries that stand there twice", str(channel.doubled)),
        ("deliveries recorded and not there", str(channel.unseen)),
        ("answers in threads", str(channel.answers)),
        ("  of these shown in the channel, too", str(channel.raises)),
        ("  about an edit of an article", str(channel.edits)),
        ("  without a new fact", str(len(channel.idle))),
        ("later numbers that reached the thread", f"{channel.facts_told}/{channel.facts_due}"),
        ("edits of alerts in place", str(channel.updates)),
        ("held alerts that came in a digest", f"{channel.held_told}/{channel.held}"),
        ("messages: alerts, digests, answers", f"{channel.posts:,}"),
    ]


def show_examples(name: str, channel: Channel, count: int) -> None:
    for what, found in (
        ("told several times", [f"{s} ({n})" for s, n in channel.several.items()]),
        ("told only within another", channel.inside),
        ("missed", channel.missed),
        ("nobody asked for", channel.wrong),
        ("answers without a new fact", channel.idle),
    ):
        if found:
            print(f"\n{name}: {what}")
            print(*(f"  {one}" for one in found[:count]), sep="\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A simulated day of news through the real bot.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stories", type=int, default=300)
    parser.add_argument("--articles", type=int, default=4_000)
    parser.add_argument("--step", default="10m")
    parser.add_argument("--examples", type=int, default=5)
    given = parser.parse_args(arguments)
    set_up("error")
    random.seed(0)
    day = make_day(given.seed, stories=given.stories, articles=given.articles)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="wirewatch-day-") as folder:
        verdict = asyncio.run(run_day(day, parse_duration(given.step), Path(folder)))
    show(verdict, time.perf_counter() - began, given.examples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
