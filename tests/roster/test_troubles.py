"""A source in trouble, through the whole bot: one word when it begins, one when it is over, whatever restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.app import App, Options, open_app
from bot.config import load_config
from bot.message import Notice
from bot.roster.state import SourceState
from tests.fakes.channel import FakeChannel
from tests.fakes.feeds import Answer, FeedServer

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
EVERY = timedelta(minutes=10)
LATER = timedelta(hours=7)  # no pause after failures is longer


@dataclass
class Watch:
    """One source, its publisher, and the operators' channel. ``now`` is everybody's time."""

    folder: Path
    news: FeedServer
    now: datetime = START
    ops: FakeChannel = field(init=False)

    def __post_init__(self) -> None:
        self.ops = FakeChannel("desk", lambda: self.now)
        (self.folder / "rules").mkdir()
        (self.folder / "rules" / "rules.yaml").write_text(
            "rules:\n  - {id: flood, title: Flood, severity: high, when: flood warning}\n", "utf-8"
        )
        (self.folder / "rules" / "sources.yaml").write_text(
            f"sources:\n  - {{id: river, url: '{self.news.url('/river.xml')}', title: River Post, every: 10m}}\n",
            "utf-8",
        )
        (self.folder / "wirewatch.yaml").write_text(
            "rules: [rules/]\nstore: 'sqlite:///wirewatch.db'\nallow_private: ['127.0.0.1']\nops: desk\n"
            "ops_digest: null\nchannels: {desk: {kind: console}}\n",
            "utf-8",
        )

    def serve(self, *ages: timedelta) -> None:
        """The feed, with an item of each age."""
        items = "".join(
            f"<item><title>Report of {self.now - age:%d %B, %H:%M}</title><guid>{self.now - age}</guid>"
            f"<pubDate>{format_datetime(self.now - age)}</pubDate></item>"
            for age in ages
        )
        self.news.answers["/river.xml"] = Answer(f"<rss version='2.0'><channel>{items}</channel></rss>".encode())

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[App]:
        config = load_config(self.folder / "wirewatch.yaml", {})
        options = Options(watch=False, spread=False, clock=lambda: self.now)
        async with open_app(config, options=options, channels={"desk": self.ops}) as app:
            yield app

    async def polls(self, count: int, *, by: timedelta = LATER, crash: bool = False) -> SourceState:
        """A run of the bot with so many polls; the state at its end. With ``crash`` it ends as a power cut does: what
        the disk held after the last poll is all that the next run finds."""
        async with self.bot() as app:
            for _ in range(count):
                self.now += by
                await app.poller.poll_all()
            (status,) = await app.poller._store.read(lambda s: s.source_statuses())
            if crash:
                with closing(sqlite3.connect(self.database)) as left, closing(sqlite3.connect(self.left)) as copy:
                    left.backup(copy)
            else:
                await app.operators.finish(1)
                await app.deliverer.drain(5)
        if crash:
            self.ops.history.clear()
            for name in ("wirewatch.db-wal", "wirewatch.db-shm"):
                (self.folder / name).unlink(missing_ok=True)
            self.left.replace(self.database)
        return status.state

    @property
    def database(self) -> Path:
        return self.folder / "wirewatch.db"

    @property
    def left(self) -> Path:
        return self.folder / "left.db"

    def heard(self) -> list[str]:
        return [f"{n.title}: {n.text}" for post in self.ops.history if isinstance(n := post.payload, Notice)]


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with FeedServer() as news:
        yield Watch(tmp_path, news)


async def test_a_failing_source_is_told_once_and_once_when_it_is_back_whatever_restarts_between(watch: Watch) -> None:
    watch.serve(timedelta(hours=1))
    assert await watch.polls(1, by=timedelta(0)) is SourceState.OK
    watch.news.answers["/river.xml"] = Answer(status=500)
    await watch.polls(3)
    assert await watch.polls(1) is SourceState.FAILING
    assert watch.heard() == []
    await watch.polls(1)  # the fifth in a row
    (told,) = watch.heard()
    assert told.startswith("Source keeps failing: River Post (river) failed 5 times in a row: http://127.0.0.1")
    assert "500 Internal Server Error" in told
    await watch.polls(7)
    watch.news.answers["/river.xml"] = Answer(status=403)
    assert await watch.polls(4) is SourceState.BLOCKED
    assert len(watch.heard()) == 1
    watch.serve(timedelta(hours=1))
    assert await watch.polls(1) is SourceState.OK
    await watch.polls(2)
    assert watch.heard()[1:] == ["Source is back: River Post (river) works again after 4 d 23 h."]
    watch.news.answers["/river.xml"] = Answer(status=404)  # another trouble is told again
    await watch.polls(6)
    assert len(watch.heard()) == 3


async def test_a_silent_source_is_told_once_and_once_when_it_brings_something_whatever_restarts_between(
    watch: Watch,
) -> None:
    daily = [timedelta(hours=1, days=n) for n in range(9)]
    watch.serve(*daily)
    assert await watch.polls(1, by=timedelta(0)) is SourceState.OK
    assert await watch.polls(10) is SourceState.OK  # not yet three days
    assert watch.heard() == []
    for _ in range(3):
        assert await watch.polls(2) is SourceState.SILENT
    (told,) = watch.heard()
    assert told.startswith("Source has fallen silent: River Post (river): nothing new since 2026-03-04 11:00 UTC;")
    assert "its longest pause so far was 1 d" in told
    watch.serve(timedelta(minutes=5), *daily)
    for _ in range(2):
        assert await watch.polls(1, by=EVERY * 2) is SourceState.OK
    (back,) = watch.heard()[1:]
    assert back.startswith("Source is back: River Post (river) brings something new again after ")


async def test_a_crash_before_the_word_was_told_neither_loses_nor_repeats_it(watch: Watch) -> None:
    """It was noticed, and stored with the poll; the bot died within the seconds in which it waits for others."""
    watch.serve(timedelta(hours=1))
    await watch.polls(1, by=timedelta(0))
    watch.news.answers["/river.xml"] = Answer(status=500)
    await watch.polls(5, crash=True)
    assert watch.heard() == []
    await watch.polls(1)
    assert [one.partition(":")[0] for one in watch.heard()] == ["Source keeps failing"]
    watch.serve(timedelta(hours=1))
    await watch.polls(1, crash=True)
    await watch.polls(1)
    assert [one.partition(":")[0] for one in watch.heard()] == ["Source is back"]
    await watch.polls(1)
    assert len(watch.heard()) == 1
