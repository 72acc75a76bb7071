"""A day of 20 outlets, 300 stories and 4,000 articles through the real bot: ``python -m bench.day``.

    python -m bench.day [--seed 1] [--stories 300] [--articles 4000] [--step 10m] [--examples 5] [--alone]

The outlets are feeds on this machine (``bench/day_world.py`` writes them), the channels a Slack and a Discord on this
machine; the bot polls every outlet every ``--step`` of a day that takes minutes. Slack has quiet hours and Discord
throttles each rule, so that alerts are held. Afterwards what stands in both channels is held against the truth. Beside
it the same day as the same bot posts it without stories: one message for each article that a rule asks for, nothing
held (``--alone`` leaves it out). Exit status 1 if anything of what is promised does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
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

TAIL = timedelta(hours=8)  # after midnight, until the last digest is out
LATE_STEP = timedelta(hours=1)
MORE = """\
quiet_hours:
  - {start: "22:00", end: "06:30", at_once: critical, channels: [desk]}
throttles:
  - {max: 4, per: 1h, channels: [intel]}
owners: {courier: Lund Papers, evening: Lund Papers}
"""


def sources(day: Day, server: FeedServer) -> list[Source]:
    return [
        Source(o.id, server.url(f"/{o.id}"), title=o.title, every=timedelta(minutes=1), tags=("wire",))
        for o in day.outlets
    ]


async def run_day(day: Day, step: timedelta, folder: Path, *, plain: bool = False) -> Verdict:
    """Let the bot live through the day, and judge it. ``plain``: without stories."""
    stand = Newsstand(day)
    async with FeedServer(record=False) as server:
        server.answers.update(stand.answers(BEGIN))
        async with on_stage(folder, BEGIN, sources(day, server), more="" if plain else MORE, plain=plain) as stage:
            now = BEGIN
            end = BEGIN + DAY + (step if plain else TAIL)
            while now < end:
                server.answers.update(stand.answers(now))
                await stage.step(now)
                now += step if now < BEGIN + DAY else LATE_STEP
            return judge(day, stage, _matcher(stage))


def _matcher(stage: Stage):  # type: ignore[no-untyped-def]
    engine = stage.app.book.engine

    def matches(piece: Piece) -> bool:
        wordings = [(piece.title, piece.text)] + ([piece.edited[1:]] if piece.edited else [])
        return any(engine.match(Subject(title, text, piece.outlet, ("wire",))) for title, text in wordings)

    return matches


WIDE = 52  # characters of the first column


def show(verdict: Verdict, plain: Verdict | None, seconds: float, examples: int) -> int:
    """Print it all. Returns how many promises are broken."""
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
    columns = [(name, channel, verdict.due) for name, channel in verdict.channels.items()]
    if plain is not None:
        columns += [(f"{name}, plain", channel, plain.due) for name, channel in plain.channels.items()]
    print(f"{'':{WIDE}}" + "".join(f"{name:>14}" for name, _, _ in columns))
    for what, count in PROMISES.items():
        print(f"{what:{WIDE}}" + "".join(f"{_holds(count(channel, due)):>14}" for _, channel, due in columns))
    print()
    listed = [figures(channel, due) for _, channel, due in columns]
    for row in zip(*listed, strict=True):
        print(f"{row[0][0]:{WIDE}}" + "".join(f"{count:>14}" for _, count in row))
    if plain is not None:
        print("\nplain: the same bot on the same day without stories and noise controls")
    if examples:
        for name, channel in verdict.channels.items():
            show_examples(name, channel, examples)
    return sum(count(c, verdict.due) > 0 for c in verdict.channels.values() for count in PROMISES.values())


# What stories promise, each with how often it is broken on a channel where so many stories are due.
PROMISES: dict[str, Callable[[Channel, int], int]] = {
    "every story that is due is alerted once": lambda c, due: due - len(c.once),
    "threads have only new facts": lambda c, due: len(c.idle),
    "nothing is missed": lambda c, due: len(c.missed),
    "nothing is doubled": lambda c, due: c.doubled + c.unseen,
    "all that was held came in digests": lambda c, due: c.lost,
}


def _holds(broken: int) -> str:
    return f"no: {broken}" if broken else "yes"


def figures(channel: Channel, due: int) -> list[tuple[str, str]]:
    return [
        ("stories told once, alone or in a digest", f"{len(channel.once)}/{due}"),
        ("  told several times", str(len(channel.several))),
        ("  told only within the alert of another", str(len(channel.inside))),
        ("  missed", str(len(channel.missed))),
        ("alerts about nothing that was asked for", str(len(channel.wrong))),
        ("  about a story that was told, without a new fact", str(len(channel.again))),
        ("deliveries that stand there twice", str(channel.doubled)),
        ("deliveries recorded and not there", str(channel.unseen)),
        ("answers in threads", str(channel.answers)),
        ("  of these shown in the channel, too", str(channel.raises)),
        ("  about an edit of an article", str(channel.edits)),
        ("  without a new fact", str(len(channel.idle))),
        ("later numbers that reached the thread", f"{channel.facts_told}/{channel.facts_due}"),
        ("edits of alerts in place", str(channel.updates)),
        ("held alerts", str(channel.held)),
        ("  that came in a digest", str(channel.held_digest)),
        ("  whose story was told otherwise meanwhile", str(channel.held_thread)),
        ("  lost", str(channel.lost)),
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
    parser.add_argument("--alone", action="store_true", help="not beside a bot without stories")
    given = parser.parse_args(arguments)
    set_up("error")
    random.seed(0)
    day = make_day(given.seed, stories=given.stories, articles=given.articles)
    step = parse_duration(given.step)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="wirewatch-day-") as folder:
        verdict = asyncio.run(run_day(day, step, Path(folder)))
    seconds = time.perf_counter() - began
    plain = None
    if not given.alone:
        with tempfile.TemporaryDirectory(prefix="wirewatch-day-") as folder:
            plain = asyncio.run(run_day(day, step, Path(folder), plain=True))
    return 1 if show(verdict, plain, seconds, given.examples) else 0


if __name__ == "__main__":
    sys.exit(main())
