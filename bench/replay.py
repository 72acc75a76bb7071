"""Captured feeds as the stream that they were, through the real bot: ``python -m bench.replay FOLDER``.

    python -m bench.replay FOLDER [--since 2026-02-16T00:00] [--until ...] [--step 20m] [--single] [--json FILE]

FOLDER holds feeds (``.rss``, ``.atom``, ``.rdf``, ``.xml``) and, if it likes, an ``INDEX.tsv`` with the columns
``file``, ``outlet``, ``newest_item`` (a day): with it, only feeds whose newest item is of the last two days in the
index are taken, unless ``--all`` is given. Each feed is served as it was captured, without the items that had not been
published yet; the clock goes from ``--since`` to ``--until`` in steps. Posts go to a Slack and a Discord on this
machine. Printed is every story with articles of two outlets or more (``--single``: with two articles or more), so that
a person can look at each.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.simulate import Stage, on_stage
from bot.duration import parse as parse_duration
from bot.log import set_up
from bot.model import Source
from bot.sources.dates import parse_date
from bot.store.articles_port import StoredStory
from tests.fakes.feeds import Answer, FeedServer

_ITEM = re.compile(rb"<(item|entry)[\s>].*?</\1>", re.DOTALL)
_DATE = re.compile(rb"<(?:pubDate|dc:date|published|updated)>\s*(?:<!\[CDATA\[)?([^<\]]+)", re.IGNORECASE)
_TYPES = {".rss": "application/rss+xml", ".atom": "application/atom+xml", ".rdf": "application/rdf+xml"}
DAYS = timedelta(days=2)  # of the index, that make one stream
BEFORE = timedelta(hours=48)  # of the newest item: where the stream begins unless told otherwise


@dataclass(frozen=True)
class Capture:
    """A feed as it was captured: what stands before, between and after its items, and when each was published."""

    path: Path
    outlet: str
    head: bytes
    items: tuple[tuple[datetime | None, bytes], ...]
    tail: bytes

    @property
    def newest(self) -> datetime | None:
        return max((at for at, _ in self.items if at), default=None)

    def answer(self, now: datetime) -> Answer:
        """The feed as it was then. What has no date was always there."""
        shown = b"\n".join(item for at, item in self.items if at is None or at <= now)
        body = self.head + shown + self.tail
        etag = hashlib.blake2b(body, digest_size=8).hexdigest()
        return Answer(body, etag=f'"{etag}"', content_type=_TYPES.get(self.path.suffix, "application/xml"))


def read_capture(path: Path, outlet: str) -> Capture:
    """Cut a feed into its items; what no pattern finds stays whole and is always shown."""
    raw = path.read_bytes()
    found = list(_ITEM.finditer(raw))
    if not found:
        return Capture(path, outlet, raw, (), b"")
    items = tuple((_published(m[0]), m[0]) for m in found)
    return Capture(path, outlet, raw[: found[0].start()], items, raw[found[-1].end() :])


def _published(item: bytes) -> datetime | None:
    found = _DATE.search(item)
    return parse_date(found[1].decode("latin-1").strip()) if found else None


def captures(folder: Path, *, everything: bool) -> list[Capture]:
    """The feeds of a folder that belong to its stream."""
    index = folder / "INDEX.tsv"
    if not index.is_file():
        files = sorted(p for p in folder.iterdir() if p.suffix in (*_TYPES, ".xml"))
        return [read_capture(p, p.stem) for p in files]
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    last = max(row["newest_item"] for row in rows)
    since = (datetime.fromisoformat(last) - DAYS + timedelta(days=1)).date().isoformat()
    taken = [row for row in rows if everything or since <= row["newest_item"] <= last]
    return [read_capture(folder / row["file"], row["outlet"]) for row in taken]


def sources_of(feeds: Sequence[Capture], server: FeedServer) -> list[Source]:
    return [
        Source(c.path.stem, server.url(f"/{c.path.name}"), title=c.outlet, every=timedelta(minutes=1)) for c in feeds
    ]


async def replay(
    feeds: Sequence[Capture], begin: datetime, end: datetime, step: timedelta, folder: Path, *, outlets: int = 2
) -> tuple[list[list[StoredStory]], dict[str, str], str]:
    """The groups of so many outlets or more, the reason of each article, and what the channels got."""
    async with FeedServer(record=False) as server:

        def publish(now: datetime) -> None:
            server.answers = {f"/{c.path.name}": c.answer(now) for c in feeds}

        publish(begin)
        async with on_stage(folder, begin, sources_of(feeds, server)) as stage:
            now = begin
            while now <= end:
                publish(now)
                await stage.step(now)
                now += step
            return _groups(stage, begin, outlets)


def _groups(stage: Stage, begin: datetime, outlets: int) -> tuple[list[list[StoredStory]], dict[str, str], str]:
    stories: dict[str, list[StoredStory]] = {}
    for one in stage.store.recent_stories(begin - timedelta(days=365)):
        stories.setdefault(one.story_id, []).append(one)
    told = {story: len({one.source_id for one in group}) for story, group in stories.items()}
    groups = [g for story, g in stories.items() if len(g) > 1 and told[story] >= outlets]
    reasons = {
        one.article_key: record.story_reason
        for g in groups
        for one in g
        if (record := stage.store.record(one.article_key)) is not None
    }
    articles = sum(map(len, stories.values()))
    tally = stage.app.poller.tally
    posts = stage.posts()
    summary = (
        f"{articles} articles in {len(stories)} stories, "
        f"{sum(number > 1 for number in told.values())} of them told by several outlets; "
        f"{tally.matched} articles matched a rule; "
        f"{sum(p.channel == 'desk' for p in posts)} posts on Slack, "
        f"{sum(p.channel == 'intel' for p in posts)} on Discord"
    )
    return sorted(groups, key=lambda g: -len(g)), reasons, summary


def show(groups: Sequence[Sequence[StoredStory]], reasons: dict[str, str], names: dict[str, str]) -> None:
    for number, group in enumerate(groups, 1):
        print(f"\n{number}. {len(group)} articles, {len({one.source_id for one in group})} outlets")
        for one in group:
            told = f"  [alerted: {', '.join(sorted(one.channels))}]" if one.channels else ""
            print(f"   {one.published:%d %b %H:%M}  {names[one.source_id]}: {one.title}{told}")
            print(f"{'':19}{reasons.get(one.article_key, '')}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Replay captured feeds through the bot and print every group.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--since", type=datetime.fromisoformat)
    parser.add_argument("--until", type=datetime.fromisoformat)
    parser.add_argument("--step", default="20m")
    parser.add_argument("--all", action="store_true", help="also feeds that were captured at other times")
    parser.add_argument("--single", action="store_true", help="also groups that one outlet made alone")
    parser.add_argument("--json", type=Path, help="write the groups here, too")
    given = parser.parse_args()
    set_up("error")
    feeds = captures(given.folder, everything=given.all)
    newest = max(at for c in feeds if (at := c.newest))
    end = given.until.replace(tzinfo=UTC) if given.until else newest
    begin = given.since.replace(tzinfo=UTC) if given.since else end - BEFORE
    print(f"{len(feeds)} outlets, {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC")
    with tempfile.TemporaryDirectory(prefix="wirewatch-replay-") as folder:
        groups, reasons, summary = asyncio.run(
            replay(feeds, begin, end, parse_duration(given.step), Path(folder), outlets=1 if given.single else 2)
        )
    print(summary)
    show(groups, reasons, {c.path.stem: c.outlet for c in feeds})
    if given.json:
        rows = [
            [{"source": o.source_id, "title": o.title, "why": reasons.get(o.article_key)} for o in g] for g in groups
        ]
        given.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
