"""Polling over a real store, a real fetcher and a real news server; only the clock is ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.articles.full_text import FullText
from bot.articles.identity import EDIT_PAUSE, EDITS_AT_ONCE
from bot.assembly import Assembler
from bot.chores.releaser import Releaser
from bot.errors import StoreError
from bot.health import Metrics
from bot.live import rulebook
from bot.message import DeliveryKind, Digest, Message
from bot.model import Match, Source
from bot.noise import Mutes, Policy
from bot.polling.outcome import FAILURES_TOLD
from bot.polling.poller import NEW_MAX, Poller, Rulebook
from bot.polling.schedule import AUTO
from bot.polling.turns import AHEAD, LEASE
from bot.roster.news import News, SourceNotice
from bot.rules.evaluate import Subject
from bot.rules.match import Analysis, Engine
from bot.store.base import Batch
from bot.store.outbox_port import Delivery
from bot.store.sources_port import SourceStatus
from bot.store.sql import SqlStore
from bot.store.writer import StoreThread
from bot.story import Stories
from bot.web.exchange import Limits
from bot.web.fetch import Fetcher
from bot.web.hosts import Hosts
from tests.databases import article_at, put_store
from tests.fakes.feeds import Answer, FeedServer
from tests.fakes.virtual_time import eventually

RULES = """\
rules:
  - {id: flood, title: Flood warning, severity: high, when: flood warning}
  - {id: river, title: River news, severity: low, when: river}
"""
START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
EVERY = timedelta(minutes=10)
LIMITS = Limits()


@dataclass(frozen=True)
class Entry:
    title: str
    text: str = ""
    guid: str = ""
    link: str = ""
    age: timedelta | None = timedelta(minutes=5)


def feed(*entries: Entry, now: datetime = START) -> bytes:
    items = "".join(
        f"<item><title>{e.title}</title><guid isPermaLink='false'>{e.guid or e.title}</guid>"
        f"<link>{e.link or 'https://river.example/' + e.title.replace(' ', '-')}</link>"
        f"<description>{e.text}</description>"
        + (f"<pubDate>{format_datetime(now - e.age)}</pubDate>" if e.age is not None else "")
        + "</item>"
        for e in entries
    )
    return f"<rss version='2.0'><channel><title>River Post</title>{items}</channel></rss>".encode()


class FailingEngine(Engine):
    """An engine with a bug that one word brings out."""

    def analyse(self, subject: Subject) -> Analysis:
        if "kaboom" in subject.title:
            raise ZeroDivisionError("a bug")
        return super().analyse(subject)


class Disk(SqlStore):
    """The real store, whose commits can be made to fail as on a full disk."""

    full = False

    def commit_all(self, batches: Sequence[Batch]) -> tuple[tuple[str, ...] | Exception, ...]:
        self._refuse_if_full()
        return super().commit_all(batches)

    def commit_together(self, batches: Sequence[Batch]) -> tuple[tuple[str, ...], ...]:
        self._refuse_if_full()
        return super().commit_together(batches)

    def _refuse_if_full(self) -> None:
        if self.full:
            raise StoreError("sqlite:///river.db: the disk is full; make room")


class Desk:
    """A poller with everything it needs."""

    def __init__(
        self, server: FeedServer, store: Disk, thread: StoreThread, poller: Poller, releaser: Releaser
    ) -> None:
        self.server = server
        self.store = store
        self.thread = thread
        self.poller = poller
        self.releaser = releaser
        self.now = START
        self.told: list[SourceNotice] = []
        self.notified: list[str] = []

    async def sources(self, *paths: str, full_text: bool = False) -> None:
        """Exactly these are polled from now on."""
        listed = [
            Source(p.strip("/"), self.server.url(p), title=p.strip("/").title(), every=EVERY, full_text=full_text)
            for p in paths
        ]
        self.poller.rulebook = replace(self.poller.rulebook, sources={s.id: s for s in listed})
        await self.thread.run(lambda s: s.sync_sources(listed, self.now, {}))

    def serves(self, path: str, *entries: Entry, **fields: str) -> None:
        self.server.answers[path] = Answer(feed(*entries, now=self.now), **fields)  # type: ignore[arg-type]

    async def poll(self, later: timedelta = timedelta(hours=7)) -> None:
        """Go on by so long (no source waits longer), and poll what is due."""
        self.now += later
        await self.poller.poll_all()
        await self.releaser.tick()

    async def deliveries(self) -> tuple[Delivery, ...]:
        return await self.thread.read(lambda s: s.pending("desk", 100))

    async def alerts(self) -> list[str]:
        alerts = [d.payload for d in await self.deliveries() if d.kind is DeliveryKind.ALERT]
        return [m.headline for m in alerts if isinstance(m, Message)]

    async def said(self) -> list[str]:
        """What answers in threads bring."""
        replies = [d.payload for d in await self.deliveries() if d.kind is DeliveryKind.REPLY]
        return [news for m in replies if isinstance(m, Message) for news in m.news]

    async def status(self, source_id: str) -> SourceStatus:
        found = await self.thread.read(lambda s: s.source_statuses())
        return next(s for s in found if s.source_id == source_id)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return FailingEngine(rulebook.load([folder]).engine.program)


@pytest.fixture
async def desk(tmp_path: Path, engine: Engine) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, engine) as one:
        yield one


@asynccontextmanager
async def open_desk(
    folder: Path,
    engine: Engine,
    limits: Limits = LIMITS,
    *,
    concurrency: int = 4,
    server: FeedServer | None = None,
) -> AsyncIterator[Desk]:
    store = Disk(put_store(folder / "river.db"))
    store.open()
    thread = StoreThread(store)
    hosts = Hosts(4)
    with ThreadPoolExecutor(1) as core:
        async with (
            contextlib.nullcontext(server) if server else FeedServer() as server,
            Fetcher(allow_private=True, hosts=hosts, limits=limits) as fetcher,
        ):

            def route(matches: tuple[Match, ...]) -> tuple[str, ...]:
                return ("desk",)

            def on_deliveries(channels: Iterable[str]) -> None:
                made.notified.extend(channels)

            mutes = Mutes()
            assembler = Assembler(
                thread, Stories(), mutes, Policy(), clock=lambda: made.now, max_age=timedelta(hours=24)
            )
            releaser = Releaser(
                thread,
                assembler,
                mutes,
                clock=lambda: made.now,
                sources=lambda: made.poller.rulebook.sources.values(),
                channels=route,
                notify=lambda channel: on_deliveries((channel,)),
            )
            poller = Poller(
                thread,
                fetcher,
                Rulebook(engine, {}, route),
                assembler,
                core=core,
                clock=lambda: made.now,
                metrics=Metrics(),
                max_age=timedelta(hours=24),
                concurrency=concurrency,
                on_deliveries=on_deliveries,
                on_notice=lambda notice: made.told.append(notice),
                hosts=hosts,
                full_text=FullText(fetcher, core, lambda: made.now, gap_s=0.0),
            )
            made = Desk(server, store, thread, poller, releaser)
            yield made
    await thread.close()
    store.close()


async def test_the_first_poll_brings_one_digest_and_later_ones_single_alerts(desk: Desk) -> None:
    desk.serves("/a", Entry("Flood warning in the north"), Entry("Flood warning in the south"), Entry("A quiet day"))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    (first,) = await desk.deliveries()
    assert isinstance(first.payload, Digest)
    assert (first.kind, first.payload.total) == (DeliveryKind.DIGEST, 2)
    assert desk.notified == ["desk"]
    desk.serves("/a", Entry("Flood warning in the north"), Entry("Flood warning in the west"))
    await desk.poll(EVERY * 2)
    assert await desk.alerts() == ["Flood warning in the west"]
    tally = desk.poller.tally
    assert (tally.polls, tally.items, tally.new, tally.matched) == (2, 5, 4, 3)
    assert (tally.alerts, tally.held) == (1, 2)


async def test_what_is_old_at_the_first_poll_is_kept_and_not_told(desk: Desk) -> None:
    desk.serves("/a", Entry("Flood warning last week", age=timedelta(days=7)), Entry("Flood warning undated", age=None))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    assert await desk.deliveries() == ()
    assert (desk.poller.tally.new, desk.poller.tally.old) == (2, 2)


async def test_a_flood_is_taken_in_parts_and_nothing_of_it_is_lost(desk: Desk) -> None:
    desk.serves("/a", Entry("A quiet day"))
    desk.serves("/b", Entry("A quiet day elsewhere"))
    await desk.sources("/a", "/b")
    await desk.poll(timedelta(0))
    flood = [Entry(f"Notice number {n}") for n in range(NEW_MAX * 2 + 50)]
    desk.serves("/a", *flood, etag='"unchanged"', modified="Wed, 04 Mar 2026 12:00:00 GMT")
    desk.serves("/b", Entry("Flood warning beside it"), Entry("A quiet day elsewhere"))
    taken = []
    for _ in range(4):
        await desk.poll(EVERY * 2)
        taken.append((await desk.status("a")).items_total)
    assert taken == [1 + NEW_MAX, 1 + 2 * NEW_MAX, 1 + len(flood), 1 + len(flood)]
    assert await desk.alerts() == ["Flood warning beside it"]
    assert "a" not in desk.poller.notes


async def test_an_undated_item_that_comes_later_is_news(desk: Desk) -> None:
    desk.serves("/a", Entry("Flood warning undated", age=None))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    desk.serves("/a", Entry("Flood warning undated", age=None), Entry("Another flood warning undated", age=None))
    await desk.poll()
    assert await desk.alerts() == ["Another flood warning undated"]


async def test_a_first_poll_that_fails_does_not_spend_the_catch_up(desk: Desk) -> None:
    desk.server.answers["/a"] = Answer(status=500)
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    desk.serves("/a", Entry("Flood warning in the north"))
    await desk.poll()
    (only,) = await desk.deliveries()
    assert only.kind is DeliveryKind.DIGEST


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            Entry("Flood warning in the north", guid="1", link="https://river.example/north"),
            Entry("Flood warning in the north", guid="2", link="https://river.example/north?utm_source=rss"),
            id="a new guid and tracking parameters",
        ),
        pytest.param(
            Entry("Flood warning in the north", "It stands.", guid="1"),
            Entry("Flood warning in the north, updated", "It stands until noon.", guid="1"),
            id="an edit under the same guid",
        ),
        pytest.param(
            Entry("Flood warning in the north", "It stands.", link="https://river.example/north"),
            Entry("UPDATE 1: Flood warning in the north and in the east", "More.", link="https://river.example/north"),
            id="an edit under the same link",
        ),
    ],
)
async def test_the_same_item_in_other_clothes_is_told_once(desk: Desk, before: Entry, after: Entry) -> None:
    desk.serves("/a", Entry("A quiet day"))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    desk.serves("/a", before)
    await desk.poll()
    desk.serves("/a", after)
    await desk.poll()
    assert await desk.alerts() == [before.title]


async def test_the_same_story_from_two_sources_polled_at_once_is_told_once(desk: Desk) -> None:
    desk.serves("/a", Entry("A quiet day"))
    desk.serves("/b", Entry("A quiet night"))
    await desk.sources("/a", "/b")
    await desk.poll(timedelta(0))
    for path in ("/a", "/b"):
        desk.serves(path, Entry("Flood warning for the whole lower valley", link=f"https://river.example{path}"))
    await desk.poll()
    assert len(await desk.alerts()) == 1
    assert desk.poller.tally.repeats == 1


async def test_an_unchanged_feed_is_a_success_without_items(desk: Desk) -> None:
    desk.serves("/a", Entry("Flood warning in the north"), etag='"v1"')
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    await desk.poll()
    assert desk.server.seen[-1].headers["If-None-Match"] == '"v1"'
    assert (desk.poller.tally.polls, desk.poller.tally.items, desk.poller.failures) == (2, 1, {})
    assert (await desk.status("a")).state == "ok"
    await desk.poll()
    assert desk.server.seen[-1].headers["If-None-Match"] == '"v1"'


async def test_a_body_that_cannot_be_read_is_asked_for_again_in_full(desk: Desk) -> None:
    """Its ETag must not be kept: a 304 would then hide the news behind a success."""
    desk.server.answers["/a"] = Answer(b"<!doctype html><title>Log in</title>", etag='"v1"')
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    assert "web page" in (await desk.status("a")).error
    await desk.poll()
    assert "If-None-Match" not in desk.server.seen[-1].headers


async def test_a_failing_source_is_recorded_and_the_others_go_on(desk: Desk) -> None:
    desk.server.answers["/bad"] = Answer(status=500)
    desk.serves("/good", Entry("Flood warning in the north"))
    await desk.sources("/bad", "/good")
    await desk.poll(timedelta(0))
    assert len(await desk.deliveries()) == 1
    bad = await desk.status("bad")
    assert (bad.state, bad.failures) == ("failing", 1)
    assert "500" in bad.error
    assert set(desk.poller.failures) == {"bad"}


async def test_the_operators_hear_once_of_a_source_that_keeps_failing_and_again_after_it_worked(desk: Desk) -> None:
    desk.server.answers["/a"] = Answer(status=500)
    await desk.sources("/a")
    for _ in range(FAILURES_TOLD + 3):
        await desk.poll()
    (failing,) = desk.told
    assert (failing.news, failing.source_id) == (News.FAILING, "a")
    assert f"failed {FAILURES_TOLD} times in a row" in failing.text
    assert "500" in failing.text
    desk.serves("/a", Entry("A quiet day"))
    await desk.poll()
    assert desk.poller.failures == {}
    assert [notice.news for notice in desk.told] == [News.FAILING, News.BACK]
    desk.server.answers["/a"] = Answer(status=500)
    for _ in range(FAILURES_TOLD):
        await desk.poll()
    assert [notice.news for notice in desk.told] == [News.FAILING, News.BACK, News.FAILING]


async def test_a_bug_in_a_stage_is_recorded_against_its_source_and_the_others_go_on(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.serves("/a", Entry("Flood warning kaboom"))
    desk.serves("/b", Entry("Flood warning in the north"))
    await desk.sources("/a", "/b")
    await desk.poll(timedelta(0))
    assert len(await desk.deliveries()) == 1
    status = await desk.status("a")
    assert (status.state, status.error) == ("failing", "internal error (ZeroDivisionError); see the log")
    assert status.next_poll_at is not None
    assert status.next_poll_at > desk.now
    # The rule or the item that brought it out goes away, and the source is as before.
    desk.serves("/a", Entry("Flood warning in the south"))
    await desk.poll()
    assert (await desk.status("a")).state == "ok"


async def test_what_could_not_be_stored_comes_again_and_is_told_then(desk: Desk) -> None:
    desk.serves("/a", Entry("A quiet day"))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    desk.serves("/a", Entry("Flood warning for the whole lower valley"))
    desk.store.full = True
    await desk.poll()
    assert desk.poller.failures == {"a": "sqlite:///river.db: the disk is full; make room"}
    assert await desk.alerts() == []
    desk.store.full = False
    await desk.poll(LEASE)
    # Had the stories kept what they learnt, this would look like a story that was told already.
    assert await desk.alerts() == ["Flood warning for the whole lower valley"]
    assert desk.poller.failures == {}


async def test_a_source_that_went_away_while_it_was_leased_is_left_alone(desk: Desk) -> None:
    desk.serves("/a", Entry("Flood warning in the north"))
    await desk.sources("/a")
    desk.poller.rulebook = replace(desk.poller.rulebook, sources={})
    await desk.poll(timedelta(0))
    assert desk.server.seen == []
    assert desk.poller.tally.polls == 0


async def test_a_source_removed_by_an_edit_while_its_answer_is_on_the_way_does_no_harm(desk: Desk) -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await answer.wait()
        return web.Response(body=feed(Entry("Flood warning in the north")), content_type="application/rss+xml")

    desk.server.answers["/a"] = slow
    await desk.sources("/a")
    polling = asyncio.create_task(desk.poll(timedelta(0)))
    await arrived.wait()
    await desk.sources()
    answer.set()
    await polling
    assert (await desk.status("a")).state == "off"
    await desk.poll()
    assert len(desk.server.seen) == 1


async def test_no_more_polls_run_at_once_than_there_is_room_for(desk: Desk) -> None:
    paths = [f"/{n}" for n in range(9)]
    for path in paths:
        desk.serves(path, Entry("A quiet day"))
    await desk.sources(*paths)
    await desk.poll(timedelta(0))
    assert desk.poller.tally.polls == 9
    assert desk.server.most_busy <= 4


async def test_a_stop_waits_for_the_polls_under_way_and_gives_up_the_rest(desk: Desk) -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    desk.server.answers["/a"] = never
    await desk.sources("/a")
    assert await desk.poller.tick() == 1
    await desk.poller.stop(0.05)
    assert desk.poller.tally.polls == 0
    assert await desk.thread.run(lambda s: s.lease_due(desk.now, 99, desk.now)) == ()
    # Its lease runs out, so that the next start polls it.
    (again,) = await desk.thread.run(lambda s: s.lease_due(desk.now + LEASE, 99, desk.now + 2 * LEASE))
    assert again.source_id == "a"


async def test_an_edit_is_stored_as_a_revision_and_rules_see_its_words(desk: Desk) -> None:
    desk.serves("/a", Entry("A quiet day"))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    page = "https://river.example/quiet"
    desk.serves("/a", Entry("A quiet evening at the dam", link=page))
    await desk.poll()
    assert await desk.alerts() == []
    desk.serves("/a", Entry("Flood warning after a quiet evening at the dam", "Now.", link=page))
    await desk.poll()
    assert await desk.alerts() == ["Flood warning after a quiet evening at the dam"]
    desk.serves("/a", Entry("Flood warning after a quiet evening at the dam", "Now.\n\n12 comments", link=page))
    await desk.poll()
    assert desk.poller.tally.revised == 1
    found = await desk.thread.read(lambda s: article_at(s, page))
    assert found is not None
    versions = await desk.thread.read(lambda s: s.revisions(found.key))
    assert [v.title for v in versions] == [
        "A quiet evening at the dam",
        "Flood warning after a quiet evening at the dam",
    ]


async def test_an_edit_of_what_was_told_is_not_told_again(desk: Desk) -> None:
    desk.serves("/a", Entry("A quiet day"))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    page = "https://river.example/flood"
    desk.serves("/a", Entry("Flood warning in the north", link=page))
    await desk.poll()
    desk.serves("/a", Entry("Flood warning in the north lifted", link=page))
    await desk.poll()
    assert await desk.alerts() == ["Flood warning in the north"]
    assert await desk.said() == ["Edited by A: “the north” → “the north lifted”"]
    assert desk.poller.tally.revised == 1


async def test_the_last_of_many_edits_is_taken_when_the_pause_is_over(desk: Desk) -> None:
    """Nothing of the feed changes any more by then, and it says so."""
    others = [Entry(f"A quiet day, part {n}") for n in range(4)]
    page = "https://river.example/live"
    desk.serves("/a", *others, Entry("Live from the dam", link=page))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    for hour in range(EDITS_AT_ONCE):
        desk.serves("/a", *others, Entry(f"Live from the dam, hour {hour}", link=page))
        await desk.poll(EVERY * 2)
    assert desk.poller.tally.revised == EDITS_AT_ONCE
    desk.serves("/a", *others, Entry("Withdrawn: live from the dam", link=page), etag='"last"')
    await desk.poll(EVERY * 2)
    assert desk.poller.tally.revised == EDITS_AT_ONCE, "it has to wait"
    await desk.poll(EDIT_PAUSE)
    assert desk.poller.tally.revised == EDITS_AT_ONCE + 1
    found = await desk.thread.read(lambda s: article_at(s, page))
    assert found is not None
    assert found.title == "Withdrawn: live from the dam"
    before = len(desk.server.seen)
    await desk.poll()
    assert desk.server.seen[before].headers.get("If-None-Match") == '"last"', "and is known from then on"


# -- manners ---------------------------------------------------------------------------------------------------------


async def test_one_refusal_puts_off_every_source_of_the_host_and_costs_the_others_nothing(desk: Desk) -> None:
    desk.server.answers["/a"] = Answer(status=429, headers={"Retry-After": "3600"})
    desk.serves("/b", Entry("A quiet day"))
    await desk.sources("/a", "/b")
    await desk.thread.run(lambda s: s.postpone({"b": START + timedelta(minutes=1)}))
    await desk.poll(timedelta(0))
    await desk.poll(timedelta(minutes=59))
    assert [seen.path for seen in desk.server.seen] == ["/a"]
    b = await desk.status("b")
    assert (b.state, b.failures) == ("new", 0)
    assert b.next_poll_at is not None
    assert timedelta(hours=1) <= b.next_poll_at - START <= timedelta(hours=1, minutes=10)
    assert (await desk.status("a")).state == "slow"
    await desk.poll(timedelta(minutes=12))
    assert [seen.path for seen in desk.server.seen].count("/b") == 1


async def test_polls_that_wait_for_a_host_when_it_refuses_are_put_off_too(desk: Desk) -> None:
    desk.server.answers["/a"] = Answer(status=403)
    paths = [f"/{n}" for n in range(9)]
    for path in paths:
        desk.server.answers[path] = Answer(status=403)
    await desk.sources(*paths)
    await desk.poll(timedelta(0))
    assert len(desk.server.seen) <= 4  # those that were under way together
    assert desk.poller.tally.put_off + len(desk.server.seen) >= 4
    states = {s.state for s in await desk.thread.read(lambda s: s.source_statuses())}
    assert states == {"new", "blocked"}


async def test_a_source_that_is_gone_is_never_asked_again(desk: Desk) -> None:
    desk.server.answers["/a"] = Answer(status=410)
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    await desk.poll(timedelta(days=400))
    assert len(desk.server.seen) == 1
    status = await desk.status("a")
    assert (status.state, status.next_poll_at) == ("gone", None)
    assert "410" in status.reason
    assert [notice.news for notice in desk.told] == [News.GONE]


NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("said", "headers", "interval", "why", "soonest"),
    [
        pytest.param("<ttl>60</ttl>", {}, timedelta(hours=1), "the feed asks for it (ttl)", None, id="ttl"),
        pytest.param("<ttl>999999</ttl>", {}, timedelta(days=1), "the feed asks for it (ttl)", None, id="long ttl"),
        pytest.param("<ttl>1</ttl>", {}, EVERY, "as configured", None, id="short ttl"),
        pytest.param(
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>12</sy:updateFrequency>",
            {}, timedelta(hours=2), "the feed asks for it (updatePeriod)", None, id="updatePeriod",
        ),
        pytest.param(
            "", {"Cache-Control": "max-age=1800"}, timedelta(minutes=30), "the server asks for it (max-age)", None,
            id="max-age",
        ),
        pytest.param(
            "", {"Cache-Control": "max-age=864000"}, timedelta(hours=1), "the server asks for it (max-age)", None,
            id="long max-age",
        ),
        pytest.param(
            "", {"Date": "Wed, 04 Mar 2026 12:00:00 GMT", "Expires": "Wed, 04 Mar 2026 12:20:00 GMT"},
            timedelta(minutes=20), "the server asks for it (Expires)", None, id="Expires",
        ),
        pytest.param(
            "<skipHours>" + "".join(f"<hour>{h}</hour>" for h in range(12, 18)) + "</skipHours>", {}, EVERY,
            "as configured; its feed wants these hours or days skipped", NOON + timedelta(hours=6), id="skipHours",
        ),
        pytest.param(
            "<skipDays><day>Wednesday</day><day>Thursday</day></skipDays>", {}, EVERY,
            "as configured; its feed wants these hours or days skipped", datetime(2026, 3, 6, tzinfo=UTC),
            id="skipDays",
        ),
    ],
)  # fmt: skip
async def test_what_a_publisher_asks_for_shapes_the_next_turn(
    desk: Desk, said: str, headers: dict[str, str], interval: timedelta, why: str, soonest: datetime | None
) -> None:
    body = feed(Entry("A quiet day")).replace(b"<channel>", f"<channel>{said}".encode())
    desk.server.answers["/a"] = Answer(body, headers=headers)
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    status = await desk.status("a")
    assert (status.interval, status.interval_reason) == (interval, why)
    assert status.next_poll_at is not None
    if soonest is None:
        assert interval / 2 <= status.next_poll_at - desk.now <= interval * 1.5
    else:
        assert soonest <= status.next_poll_at <= soonest + timedelta(hours=1)


@pytest.mark.parametrize(
    ("pause", "interval", "why"),
    [
        (timedelta(minutes=3), timedelta(minutes=1), "one item in 3 min on average"),
        (timedelta(hours=1), timedelta(minutes=5), "one item in 1 h on average"),
        (timedelta(days=30), timedelta(hours=6), "one item in 30 d on average"),
    ],
)
async def test_a_source_on_auto_is_read_in_the_rhythm_that_its_first_answer_shows(
    desk: Desk, pause: timedelta, interval: timedelta, why: str
) -> None:
    desk.serves("/a", *(Entry(f"Report {n}", age=pause * n) for n in range(40)))
    source = Source("a", desk.server.url("/a"), every=EVERY, bounds=AUTO)
    desk.poller.rulebook = replace(desk.poller.rulebook, sources={"a": source})
    await desk.thread.run(lambda s: s.sync_sources([source], desk.now, {}))
    await desk.poll(timedelta(0))
    status = await desk.status("a")
    assert (status.interval, status.interval_reason) == (interval, why)


async def test_a_source_whose_news_others_have_first_is_not_silent(desk: Desk) -> None:
    """Two feeds of one publisher: what is in both belongs to the one that was read first. For nine days the second has
    reports of its own, for nine more only those of the first."""
    await desk.sources("/first", "/second")
    for day in range(18):
        desk.serves("/first", Entry(f"Report {day}"))
        desk.serves("/second", Entry(f"Report {day}" if day >= 9 else f"Notice {day}"))
        await desk.thread.run(lambda s: s.hasten({"first": desk.now}))
        await desk.poll(timedelta(0))
        await desk.poll(timedelta(days=1))
    second = await desk.status("second")
    assert second.items_total == 9
    assert (second.state, second.latest_item) == ("ok", (await desk.status("first")).latest_item)
    desk.now += timedelta(days=4)
    await desk.poll()
    assert (await desk.status("second")).state == "silent"  # now it is


async def test_a_permanent_redirect_is_followed_at_once_and_kept_after_a_week(desk: Desk) -> None:
    desk.server.answers["/a"] = Answer(status=301, headers={"Location": "/new"})
    desk.serves("/new", Entry("A quiet day"), etag='"v1"')
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    for _ in range(7):
        assert (await desk.status("a")).state == "ok"
        await desk.poll(timedelta(days=1))
    status = await desk.status("a")
    assert (status.state, status.url_in_use) == ("moved", desk.server.url("/new"))
    seen = len(desk.server.seen)
    await desk.poll(timedelta(days=1))
    assert [request.path for request in desk.server.seen[seen:]] == ["/new"]
    assert [notice.news for notice in desk.told] == [News.MOVED]


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_temporary_redirect_is_never_kept(desk: Desk, status: int) -> None:
    desk.server.answers["/a"] = Answer(status=status, headers={"Location": "/new"})
    desk.serves("/new", Entry("A quiet day"))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    for _ in range(3):
        await desk.poll(timedelta(days=30))
    assert (await desk.status("a")).url_in_use == ""
    assert [request.path for request in desk.server.seen].count("/a") == 4


async def test_the_sources_of_a_host_with_a_documented_gap_are_read_one_after_another(desk: Desk) -> None:
    paths = [f"/{n}" for n in range(3)]
    for path in paths:
        desk.serves(path, Entry("A quiet day"))
    await desk.sources(*paths)
    desk.poller._hosts.gaps = {"127.0.0.1": 0.001}
    await desk.poll(timedelta(0))
    assert [seen.path for seen in desk.server.seen] == ["/0"]
    why = "its host 127.0.0.1 takes one request in 0.001 s, and others have theirs first"
    waiting = await desk.status("1")
    assert (waiting.state, waiting.reason) == ("new", f"not polled yet: {why}")
    assert waiting.interval_reason == f"put off: {why}"
    await desk.poll(timedelta(milliseconds=1))
    await desk.poll(timedelta(milliseconds=1))
    assert [seen.path for seen in desk.server.seen] == ["/0", "/1", "/2"]
    done = await desk.status("1")
    assert (done.state, done.reason, done.interval_reason) == ("ok", "", "as configured")


async def test_one_look_starts_all_that_is_due_as_room_comes_free(desk: Desk) -> None:
    paths = [f"/{n}" for n in range(30)]
    for path in paths:
        desk.serves(path, Entry("A quiet day"))
    await desk.sources(*paths)
    assert await desk.poller.tick() == 4
    await eventually(lambda: desk.poller.tally.polls == 30)
    assert desk.server.most_busy <= 4


async def test_what_was_leased_ahead_is_given_back_at_a_stop(desk: Desk) -> None:
    leave = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await leave.wait()
        return web.Response(body=feed(Entry("A quiet day")), content_type="application/rss+xml")

    paths = [f"/{n}" for n in range(8)]
    for path in paths:
        desk.server.answers[path] = slow
    await desk.sources(*paths)
    await desk.poller.tick()
    await eventually(lambda: len(desk.server.seen) == 4)
    await desk.poller.stop(0.01)
    leave.set()
    again = await desk.thread.run(lambda s: s.lease_due(desk.now, 99, desk.now + LEASE))
    assert len(again) == 4


async def test_a_lease_that_waits_for_slow_polls_is_renewed_before_it_ends(desk: Desk) -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    paths = [f"/{n}" for n in range(6)]
    for path in paths:
        desk.server.answers[path] = never
    await desk.sources(*paths)
    began = desk.now
    await desk.poller.tick()
    await eventually(lambda: len(desk.server.seen) == 4)
    desk.now = began + AHEAD + timedelta(seconds=1)
    await desk.poller.tick()
    ended = await desk.thread.run(lambda s: s.lease_due(began + LEASE, 99, began + 2 * LEASE))
    assert len(ended) == 4  # of the polls that hang; the two that wait have leases of their own time
    await desk.poller.stop(0.01)


async def test_the_same_answer_is_not_read_again_also_after_a_restart(tmp_path: Path, engine: Engine) -> None:
    """A server that knows no ETags costs a look, and an item that changes is the only one that is read."""
    entries = [Entry(f"A quiet day number {n}") for n in range(9)]
    async with FeedServer() as server:
        async with open_desk(tmp_path, engine, server=server) as desk:
            desk.serves("/a", *entries)
            await desk.sources("/a")
            await desk.poll(timedelta(0))
            assert desk.poller.tally.items == 9
            now = desk.now
        async with open_desk(tmp_path, engine, server=server) as desk:
            desk.now = now
            await _after_the_restart(desk, entries)


async def _after_the_restart(desk: Desk, entries: list[Entry]) -> None:
    now = desk.now
    await desk.sources("/a")
    await desk.poll()
    assert (desk.poller.tally.polls, desk.poller.tally.items) == (1, 0)
    body = feed(*entries, now=now).replace(b"day number 3", b"flood warning number 3")
    desk.server.answers["/a"] = Answer(body)
    await desk.poll()
    (alert,) = await desk.alerts()
    assert "flood warning number 3" in alert
    assert desk.poller.tally.revised == 1


async def test_items_of_an_answer_that_could_not_be_stored_are_read_again(desk: Desk) -> None:
    desk.serves("/a", Entry("A quiet day"))
    await desk.sources("/a")
    await desk.poll(timedelta(0))
    desk.serves("/a", Entry("A quiet day"), Entry("Flood warning in the north"))
    desk.store.full = True
    await desk.poll()
    desk.store.full = False
    await desk.poll()
    assert await desk.alerts() == ["Flood warning in the north"]
