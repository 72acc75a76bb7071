"""Publishers that push: the whole bot between a publisher, a strict hub and a channel; only the clock is ours."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select, update

from bot.app import App, Options, open_app
from bot.cli.sources import show_source
from bot.commands.reply import plain_text
from bot.commands.request import Person, Place, Request
from bot.commands.sources import sources as chat_sources
from bot.config import load_config
from bot.errors import ConfigError, StoreError
from bot.message import Message
from bot.polling.schedule import PUSHED
from bot.roster.state import SourceState
from bot.store.schema import sources
from bot.store.sql import SqlStore
from bot.websub.signing import METHODS, signature
from bot.websub.subscription import DENIED_RETRY, VERIFY_WAIT, State, Subscription
from tests.bot_process import free_port
from tests.databases import put_store
from tests.fakes.channel import FakeChannel
from tests.fakes.feeds import Answer, FeedServer
from tests.fakes.hub import Hub
from tests.fakes.virtual_time import eventually

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
RULES = "rules:\n  - {id: flood, title: Flood warning, severity: high, when: flood warning}\n"
LEASE = timedelta(days=7)
EVERY = timedelta(minutes=10)


@dataclass
class World:
    """A publisher, its hub, and the bot's folder. ``now`` is everybody's time."""

    folder: Path
    news: FeedServer
    hub: Hub
    port: int = field(default_factory=free_port)
    now: datetime = START
    database: Path | None = None
    links: str = '<link rel="hub" href="{hub}"/><link rel="self" href="{topic}"/>'
    titles: list[str] = field(default_factory=lambda: ["A quiet day", "Another quiet day", "A third quiet day"])

    def __post_init__(self) -> None:
        if self.database is not None:  # one whose schema is there already
            shutil.copy(self.database, self.folder / "wirewatch.db")
        self.hub.clock = lambda: self.now
        self.desk = FakeChannel("desk", lambda: self.now)
        (self.folder / "rules").mkdir()
        (self.folder / "rules" / "rules.yaml").write_text(RULES, "utf-8")
        self.sources("river")
        self.configure(f"websub: {{public_url: 'http://127.0.0.1:{self.port}'}}\n")
        self.serve()

    @property
    def topic(self) -> str:
        return self.news.url("/river.xml")

    def sources(self, *ids: str) -> None:
        listed = "".join(f"  - {{id: {i}, url: '{self.news.url(f'/{i}.xml')}', every: 10m}}\n" for i in ids)
        (self.folder / "rules" / "sources.yaml").write_text(f"sources:\n{listed}" if ids else "sources: []\n", "utf-8")

    def configure(self, websub: str) -> None:
        (self.folder / "wirewatch.yaml").write_text(
            "rules: [rules/]\nstore: 'sqlite:///wirewatch.db'\nallow_private: ['127.0.0.1']\n"
            f"http: {{listen: '127.0.0.1:{self.port}'}}\n{websub}channels: {{desk: {{kind: console}}}}\n",
            "utf-8",
        )

    def feed(self, *titles: str) -> bytes:
        items = "".join(
            f"<item><title>{title}</title><guid isPermaLink='false'>{title}</guid>"
            f"<link>https://river.example/{title.replace(' ', '-')}</link>"
            f"<pubDate>{format_datetime(self.now - timedelta(minutes=1))}</pubDate></item>"
            for title in titles
        )
        links = self.links.format(hub=self.hub.url(), topic=self.topic).replace("<link ", "<atom:link ")
        return (
            "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>River Post</title>"
            f"{links}{items}</channel></rss>"
        ).encode()

    def serve(self, *titles: str) -> None:
        """The publisher's feed, with these items on top of those before."""
        self.titles = [*titles, *self.titles]
        self.news.answers["/river.xml"] = Answer(self.feed(*self.titles))

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[App]:
        config = load_config(self.folder / "wirewatch.yaml", {})
        options = Options(watch=False, spread=False, clock=lambda: self.now)
        async with open_app(config, options=options, channels={"desk": self.desk}) as app:
            yield app

    async def later(self, app: App, by: timedelta) -> None:
        """Time goes by, and the bot does what is due."""
        self.now += by
        await app.poller.poll_all()
        await app.websub.tick()
        await self.hub.settled()

    async def subscribed(self, app: App) -> Subscription:
        """The bot has read the feed, asked its hub, and was confirmed."""
        await self.later(app, timedelta(0))
        (one,) = app.websub.subscriptions.of("river")
        assert one.state is State.LIVE
        return one

    async def headlines(self, app: App) -> list[str]:
        await app.deliverer.drain(5.0)
        return [post.payload.headline for post in self.desk.history if isinstance(post.payload, Message)]

    def polls(self) -> int:
        return sum(seen.path == "/river.xml" for seen in self.news.seen)

    async def interval(self, app: App) -> tuple[timedelta | None, str]:
        (status,) = await app.poller._store.read(lambda s: s.source_statuses())
        return status.interval, status.interval_reason


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "wirewatch.db"
    put_store(path)
    return path


@pytest.fixture
async def world(tmp_path: Path, database: Path) -> AsyncIterator[World]:
    async with FeedServer() as news, Hub() as hub:
        yield World(tmp_path, news, hub, database=database)
        assert hub.violations == []


# -- asking ---------------------------------------------------------------------------------------------------------


async def test_a_feed_that_names_a_hub_is_subscribed_to_and_its_pushes_are_alerted(world: World) -> None:
    async with world.bot() as app:
        one = await world.subscribed(app)
        (asked,) = world.hub.asked
        assert (asked.mode, asked.topic, asked.lease_s) == ("subscribe", world.topic, LEASE.total_seconds())
        assert asked.callback == one.callback == f"http://127.0.0.1:{world.port}/websub/{one.token}"
        assert asked.secret == one.secret
        assert len(one.token) >= 32
        assert len(one.secret) == 64
        polls = world.polls()
        assert await world.hub.publish(world.topic, world.feed("Flood warning in the valley")) == [202]
        assert await world.headlines(app) == ["Flood warning in the valley"]
        assert world.polls() == polls


async def test_what_a_push_brought_is_not_new_at_the_next_poll_nor_in_the_next_push(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        await world.hub.publish(world.topic, world.feed("Flood warning in the valley"))
        world.serve("Flood warning in the valley")
        await world.later(app, PUSHED * 2)
        await world.hub.publish(world.topic, world.feed(*world.titles))
        assert await world.headlines(app) == ["Flood warning in the valley"]
        assert app.poller.tally.new == 4


@pytest.mark.parametrize("before", [True, False], ids=["before the answer", "after it"])
async def test_the_hub_may_ask_back_before_or_after_it_answers(world: World, before: bool) -> None:
    world.hub.asks_at_once = before
    async with world.bot() as app:
        await world.subscribed(app)
    assert len(world.hub.live) == 1


async def test_a_hub_in_the_headers_comes_before_one_in_the_feed(world: World) -> None:
    world.links = '<link rel="hub" href="http://127.0.0.1:9/other"/><link rel="self" href="http://wrong.example/"/>'
    topic = "https://river.example/canonical.xml"
    world.serve()
    answer = world.news.answers["/river.xml"]
    assert isinstance(answer, Answer)
    answer.headers = {"Link": f'<{world.hub.url()}>; rel="hub", <{topic}>; rel="self"; type="x,y"'}
    async with world.bot() as app:
        await world.subscribed(app)
    assert [asked.topic for asked in world.hub.asked] == [topic]


async def test_a_feed_without_a_hub_is_polled_as_ever(world: World) -> None:
    world.links = ""
    world.serve()
    async with world.bot() as app:
        await world.later(app, timedelta(0))
        await world.later(app, EVERY)
        assert app.websub.subscriptions.of("river") == ()
        assert await world.interval(app) == (EVERY, "as configured")


NEVER_CHANGES = [
    pytest.param({"etag": '"v1"'}, id="always 304"),
    pytest.param({}, id="always the same bytes"),
]


@pytest.mark.parametrize("fields", NEVER_CHANGES)
async def test_a_feed_that_never_changes_is_subscribed_to_at_its_first_read(
    world: World, fields: dict[str, str]
) -> None:
    world.news.answers["/river.xml"] = Answer(world.feed(*world.titles), **fields)  # type: ignore[arg-type]
    async with world.bot() as app:
        assert (await world.subscribed(app)).state is State.LIVE


@pytest.mark.parametrize("fields", NEVER_CHANGES)
async def test_a_feed_that_was_read_before_pushes_were_wanted_is_subscribed_to_though_it_never_changes(
    world: World, fields: dict[str, str]
) -> None:
    """Its hub is remembered from the read before: the publisher is not asked for the whole feed again."""
    wanted = (world.folder / "wirewatch.yaml").read_text("utf-8")
    world.configure("")
    world.news.answers["/river.xml"] = Answer(world.feed(*world.titles), **fields)  # type: ignore[arg-type]
    async with world.bot() as app:
        await world.later(app, timedelta(0))
    (world.folder / "wirewatch.yaml").write_text(wanted, "utf-8")
    async with world.bot() as app:
        world.now += EVERY
        assert (await world.subscribed(app)).state is State.LIVE
    assert [seen.headers.get("If-None-Match") for seen in world.news.seen] == [None, fields.get("etag")]


@pytest.mark.parametrize("fields", NEVER_CHANGES)
async def test_a_source_of_a_version_that_knew_of_no_hubs_is_read_whole_once(
    world: World, fields: dict[str, str]
) -> None:
    world.news.answers["/river.xml"] = Answer(world.feed(*world.titles), **fields)  # type: ignore[arg-type]
    world.configure("")
    async with world.bot() as app:
        await world.later(app, timedelta(0))
        await app.poller._store.run(_as_an_older_version_left_it)
        await world.later(app, EVERY)  # nobody wants hubs: nothing is asked for that need not be
    world.configure(f"websub: {{public_url: 'http://127.0.0.1:{world.port}'}}\n")
    async with world.bot() as app:
        world.now += EVERY
        assert (await world.subscribed(app)).state is State.LIVE
        await world.later(app, PUSHED * 2)
        assert await world.headlines(app) == []  # what was known stays known
    etag = fields.get("etag")
    assert [seen.headers.get("If-None-Match") for seen in world.news.seen] == [None, etag, None, etag]


def _as_an_older_version_left_it(store: object) -> None:
    """What it remembered of a source, without a word on hubs."""
    assert isinstance(store, SqlStore)
    with store._write() as connection:
        (memory,) = connection.execute(select(sources.c.memory)).scalars()
        kept = {name: value for name, value in json.loads(memory).items() if name not in ("offer", "looked")}
        assert len(kept) < len(json.loads(memory))
        connection.execute(update(sources).values(memory=json.dumps(kept)))


async def test_nothing_is_asked_for_without_a_public_address(world: World) -> None:
    world.configure("")
    async with world.bot() as app:
        for _ in range(3):
            await world.later(app, EVERY)
    assert world.hub.asked == []


@pytest.mark.parametrize("status", [307, 308])
async def test_a_hub_may_send_us_to_another_one(world: World, status: int) -> None:
    async with Hub(clock=lambda: world.now) as other:
        world.hub.refuse = (status, {"Location": other.url()})
        async with world.bot() as app:
            await world.later(app, timedelta(0))
            await world.later(app, timedelta(seconds=2))
            await other.settled()
            (one,) = app.websub.subscriptions.of("river")
            assert one.state is State.LIVE
            assert [a.mode for a in other.asked] == ["subscribe"]
            assert await other.publish(world.topic, world.feed("Flood warning by another way")) == [202]
            assert await world.headlines(app) == ["Flood warning by another way"]


async def test_a_hub_that_refuses_is_asked_again_later_and_later_and_polls_go_on(world: World) -> None:
    world.hub.refuse = (500, {})
    async with world.bot() as app:
        await world.later(app, timedelta(0))
        (one,) = app.websub.subscriptions.of("river")
        assert (one.state, one.attempts) == (State.WANTED, 1)
        assert "500" in one.reason
        assert await world.interval(app) == (EVERY, "as configured")
        pauses = []
        for _ in range(4):
            (one,) = app.websub.subscriptions.of("river")
            pauses.append(one.due - world.now)
            await world.later(app, one.due - world.now)
        assert len(world.hub.asked) == 5
        assert all(later > earlier * 1.5 for earlier, later in pairwise(pauses))
        world.hub.refuse = None
        (one,) = app.websub.subscriptions.of("river")
        await world.later(app, one.due - world.now)
        assert len(world.hub.live) == 1


async def test_a_hub_is_left_alone_for_as_long_as_it_asks(world: World) -> None:
    world.hub.refuse = (429, {"Retry-After": "7200"})
    async with world.bot() as app:
        await world.later(app, timedelta(0))
        (one,) = app.websub.subscriptions.of("river")
        assert one.due - world.now >= timedelta(seconds=7200)


async def test_a_hub_that_never_asks_back_is_a_failure(world: World) -> None:
    world.hub.silent = True
    async with world.bot() as app:
        await world.later(app, timedelta(0))
        await world.later(app, VERIFY_WAIT)
        (one,) = app.websub.subscriptions.of("river")
        assert (one.state, one.reason) == (State.WANTED, "the hub took the request, and did not ask back")


async def test_the_hub_of_a_feed_may_not_stand_inside(world: World) -> None:
    """The publisher is let in by name; what its feed calls a hub is not."""
    world.links = world.links.replace("{hub}", f"http://localhost:{world.hub.port}/hub")
    world.serve()
    async with world.bot() as app:
        await world.later(app, timedelta(0))
        (one,) = app.websub.subscriptions.of("river")
        assert "address" in one.reason
        # https is tried first, then what the feed says.
        await world.later(app, one.due - world.now)
        (one,) = app.websub.subscriptions.of("river")
        assert one.hubs == (f"https://localhost:{world.hub.port}/hub", f"http://localhost:{world.hub.port}/hub")
        assert "address" in one.reason
    assert world.hub.asked == []


# -- the hub's questions --------------------------------------------------------------------------------------------


async def test_a_hub_is_told_yes_only_for_what_we_asked_of_it(world: World) -> None:
    async with world.bot() as app:
        one = await world.subscribed(app)
        hub, topic = world.hub, world.topic
        good = {"topic": topic, "challenge": "c", "lease_seconds": "60"}
        assert await hub.ask(one.callback, mode="subscribe", **good) == (200, "c")  # it may ask again
        refused = [
            await hub.ask(one.callback, mode="subscribe", **{**good, "topic": f"{topic}?other"}),
            await hub.ask(one.callback, mode="subscribe", topic=topic, challenge=""),
            await hub.ask(one.callback, mode="unsubscribe", **good),
            await hub.ask(one.callback, mode="publish", **good),
            await hub.ask(one.callback),
            await hub.ask(f"{one.callback}x", mode="subscribe", **good),
            await hub.ask(one.callback, mode="denied", topic="http://other.example/"),
        ]
        assert {status for status, _ in refused} == {404}
        assert all(body != "c" for _, body in refused)
        assert app.websub.subscriptions.of("river")[0].state is State.LIVE


async def test_the_hubs_own_lease_counts(world: World) -> None:
    world.hub.lease_s = 3600
    async with world.bot() as app:
        one = await world.subscribed(app)
        assert one.lease_until == world.now + timedelta(hours=1)
        assert timedelta(minutes=42) <= one.due - world.now <= timedelta(minutes=51)


async def test_a_denial_ends_the_subscription_and_polls_resume(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        await world.later(app, EVERY)
        (subscriber,) = world.hub.live
        polls = world.polls()
        assert await world.hub.deny(subscriber, "no feeds of rivers") == 200
        await eventually(lambda: world.polls() == polls + 1)
        await app.poller.poll_all()
        assert await world.interval(app) == (EVERY, "as configured")
        (one,) = app.websub.subscriptions.of("river")
        assert (one.state, one.reason) == (State.DENIED, "no feeds of rivers")
        assert await world.hub.send(one.callback, b"x", None) == 410
        await world.later(app, DENIED_RETRY / 2)
        assert len(world.hub.asked) == 1
        await world.later(app, DENIED_RETRY)
        assert len(world.hub.asked) == 2


# -- messages -------------------------------------------------------------------------------------------------------


async def test_every_registered_method_signs(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        for method in sorted(METHODS):
            await world.hub.publish(world.topic, world.feed(f"Flood warning by {method}"), method=method)
        assert await world.headlines(app) == [f"Flood warning by {method}" for method in sorted(METHODS)]


async def test_a_wrong_signature_is_acknowledged_dropped_and_counted(world: World) -> None:
    async with world.bot() as app:
        one = await world.subscribed(app)
        body = world.feed("Flood warning that is forged")
        polls = world.polls()
        wrong = (
            None,
            "",
            "sha256=",
            f"sha256={'0' * 64}",
            signature("another secret", body),
            signature(one.secret, body + b" "),
            signature(one.secret, body).replace("sha256", "md5"),
            signature(one.secret, body).partition("=")[2],
            "sha256=ÿ",
        )
        for header in wrong:
            assert await world.hub.send(one.callback, body, header) == 202
        assert await world.headlines(app) == []
        assert world.polls() == polls
        assert _count(app, "bad_signature") == len(wrong)
        assert app.websub.subscriptions.of("river")[0].pushes == 0


def _count(app: App, outcome: str) -> float:
    return app.metrics.registry.get_sample_value("wirewatch_websub_messages_total", {"outcome": outcome}) or 0.0


async def test_an_empty_message_means_that_the_source_is_polled_at_once(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        world.serve("Flood warning in the valley")
        assert await world.hub.publish(world.topic, b"") == [202]
        await app.poller.poll_all()
        assert await world.headlines(app) == ["Flood warning in the valley"]
        assert _count(app, "ping") == 1


async def test_a_message_that_is_no_feed_leads_to_a_poll_and_is_no_failure_of_the_source(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        world.serve("Flood warning in the valley")
        assert await world.hub.publish(world.topic, b"<html>an error page", content_type="text/html") == [202]
        await app.poller.poll_all()
        assert await world.headlines(app) == ["Flood warning in the valley"]
        assert (_count(app, "unreadable"), app.poller.failures) == (1, {})


async def test_bodies_are_capped_before_and_after_they_are_unpacked(world: World) -> None:
    world.configure(f"websub: {{public_url: 'http://127.0.0.1:{world.port}'}}\npoll: {{body_max: 100KB}}\n")
    async with world.bot() as app:
        one = await world.subscribed(app)
        polls = world.polls()
        assert await world.hub.publish(world.topic, b" " * 200_000) == [413]
        bomb = gzip.compress(b" " * 50_000_000)
        assert len(bomb) < 100_000
        packed = {"Content-Encoding": "gzip"}
        assert await world.hub.send(one.callback, bomb, signature(one.secret, bomb), headers=packed) == 202
        good = gzip.compress(world.feed("Flood warning in a small parcel"))
        assert await world.hub.send(one.callback, good, signature(one.secret, good), headers=packed) == 202
        await app.poller.poll_all()
        assert (_count(app, "too_large"), _count(app, "unreadable")) == (1, 1)
        assert world.polls() > polls  # what could not be taken is fetched
        assert await world.headlines(app) == ["Flood warning in a small parcel"]


async def test_an_unknown_callback_is_gone(world: World) -> None:
    async with world.bot() as app:
        one = await world.subscribed(app)
        elsewhere = one.callback.replace(one.token, "A" * 32)
        assert await world.hub.send(elsewhere, world.feed("Flood warning"), None) == 410
        assert await world.headlines(app) == []
        assert _count(app, "unknown") == 1


async def test_an_echoed_challenge_is_nothing_that_a_browser_runs(world: World) -> None:
    async with world.bot() as app, aiohttp.ClientSession() as client:
        one = await world.subscribed(app)
        asked = {"hub.mode": "subscribe", "hub.topic": world.topic, "hub.challenge": "<script>"}
        async with client.get(one.callback, params=asked) as answer:
            assert await answer.text() == "<script>"
            assert answer.content_type == "application/octet-stream"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_message_and_a_poll_with_the_same_news_at_the_same_moment_alert_once(world: World) -> None:
    titles = [f"Flood warning number {n}" for n in range(8)]
    async with world.bot() as app:
        await world.subscribed(app)
        world.now += PUSHED * 2
        world.serve(*titles)
        whole = world.feed(*world.titles)
        await asyncio.gather(*(world.hub.publish(world.topic, whole) for _ in range(3)), app.poller.poll_all())
        await world.hub.publish(world.topic, whole)
        assert sorted(await world.headlines(app)) == titles


async def test_a_message_that_cannot_be_stored_is_sent_again_by_the_hub(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*ignored: object) -> None:
        raise StoreError("sqlite:///wirewatch.db: the disk is full; make room")

    async with world.bot() as app:
        await world.subscribed(app)
        body = world.feed("Flood warning in the valley")
        with monkeypatch.context() as patched:
            for commit in ("commit", "commit_all", "commit_together"):
                patched.setattr(SqlStore, commit, full)
            assert await world.hub.publish(world.topic, body) == [503]
        assert await world.headlines(app) == []
        assert await world.hub.publish(world.topic, body) == [202]
        assert await world.headlines(app) == ["Flood warning in the valley"]


async def test_what_a_hub_without_a_secret_sends_is_a_hint_and_no_more(world: World) -> None:
    async with world.bot() as app:
        one = await world.subscribed(app)
        store = app.poller._store
        await store.run(lambda s: s.keep_subscriptions([replace(one, secret="")]))
    async with world.bot() as app:
        world.serve("Flood warning of the publisher")
        assert await world.hub.send(one.callback, world.feed("Flood warning of anybody"), None) == 202
        await app.poller.poll_all()
        assert await world.headlines(app) == ["Flood warning of the publisher"]


async def test_a_silent_source_is_back_as_soon_as_its_hub_tells_of_news(world: World) -> None:
    days = [START - timedelta(days=n) for n in range(4, 16)]
    async with world.bot() as app:
        old = "".join(
            f"<item><title>Report {n}</title><guid>{n}</guid><pubDate>{format_datetime(at)}</pubDate></item>"
            for n, at in enumerate(days)
        )
        feed = world.feed().replace(b"</channel>", f"{old}</channel>".encode())
        world.news.answers["/river.xml"] = Answer(feed)
        await world.subscribed(app)
        (status,) = await app.poller._store.read(lambda s: s.source_statuses())
        assert status.state is SourceState.SILENT
        world.now += EVERY
        await world.hub.publish(world.topic, world.feed("Flood warning at last"))
        await app.poller.poll_all()
        (status,) = await app.poller._store.read(lambda s: s.source_statuses())
        assert status.state is SourceState.OK


# -- pace -----------------------------------------------------------------------------------------------------------


async def test_polls_are_rare_while_a_lease_lives_and_keep_their_pace_once_it_ended(world: World) -> None:
    async with world.bot() as app:
        one = await world.subscribed(app)
        await world.later(app, EVERY)  # the first poll under the lease
        assert await world.interval(app) == (PUSHED, "its hub tells us of new items (WebSub)")
        polls = world.polls()
        for _ in range(6):
            await world.later(app, EVERY)
        assert world.polls() - polls <= 2
        # The hub dies: the lease cannot be renewed, and ends.
        world.hub.refuse = (500, {})
        assert one.lease_until is not None
        while world.now < one.lease_until:
            await world.later(app, timedelta(hours=1))
        await app.poller.poll_all()
        assert await world.interval(app) == (EVERY, "as configured")
        polls = world.polls()
        for _ in range(6):
            await world.later(app, EVERY)
        assert world.polls() - polls >= 5
        assert await world.hub.send(one.callback, world.feed("x"), None) == 410


async def test_a_hub_that_is_silent_about_news_loses_its_credit_until_it_tells_of_some(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        await world.later(app, EVERY)
        assert (await world.interval(app))[0] == PUSHED
        world.serve("Flood warning that no hub told of")
        await world.later(app, PUSHED * 2)
        assert await world.headlines(app) == ["Flood warning that no hub told of"]
        assert await world.interval(app) == (EVERY, "as configured")
        await world.later(app, EVERY * 2)
        assert await world.interval(app) == (EVERY, "as configured")
        await world.hub.publish(world.topic, world.feed("Flood warning that the hub told of"))
        await world.later(app, EVERY * 2)
        assert (await world.interval(app))[0] == PUSHED


async def test_a_poll_in_the_same_minute_as_the_push_is_no_mark_against_the_hub(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        await world.later(app, EVERY)
        world.now += PUSHED * 2
        await world.hub.publish(world.topic, world.feed("Flood warning one"))
        world.serve("Flood warning two", "Flood warning one")
        await world.later(app, timedelta(seconds=20))
        assert (await world.interval(app))[0] == PUSHED


# -- leases over time -----------------------------------------------------------------------------------------------


async def test_a_lease_is_renewed_before_its_end_with_a_callback_and_a_secret_of_its_own(world: World) -> None:
    async with world.bot() as app:
        old = await world.subscribed(app)
        assert old.lease_until is not None
        assert LEASE * 0.70 <= old.due - world.now <= LEASE * 0.85
        await world.later(app, old.due - world.now)  # the successor is made
        await world.later(app, timedelta(seconds=2))  # asked for, confirmed
        await world.later(app, timedelta(seconds=2))  # and the old one ended
        (new,) = app.websub.subscriptions.of("river")
        assert new.state is State.LIVE
        assert new.lease_until is not None
        assert new.lease_until > old.lease_until
        assert (new.token, new.secret) != (old.token, old.secret)
        assert [asked.mode for asked in world.hub.asked] == ["subscribe", "subscribe", "unsubscribe"]
        assert [one.callback for one in world.hub.live] == [new.callback]
        assert await world.hub.send(old.callback, world.feed("Flood warning"), None) == 410
        assert await world.hub.publish(world.topic, world.feed("Flood warning under the new lease")) == [202]
        assert await world.headlines(app) == ["Flood warning under the new lease"]


async def test_leases_of_many_sources_are_not_renewed_at_the_same_moment(world: World) -> None:
    ids = [f"river-{n}" for n in range(6)]
    world.sources(*ids)
    for ident in ids:
        links = world.links.format(hub=world.hub.url(), topic=world.news.url(f"/{ident}.xml"))
        feed = world.feed("A quiet day").replace(world.topic.encode(), world.news.url(f"/{ident}.xml").encode())
        assert links
        world.news.answers[f"/{ident}.xml"] = Answer(feed)
    async with world.bot() as app:
        await world.later(app, timedelta(0))
        due = [app.websub.subscriptions.of(ident)[0].due for ident in ids]
    assert max(due) - min(due) > timedelta(hours=1)


async def test_a_renewal_that_fails_leaves_the_old_lease_as_it_is(world: World) -> None:
    async with world.bot() as app:
        old = await world.subscribed(app)
        world.hub.refuse = (503, {})
        await world.later(app, old.due - world.now)
        await world.later(app, timedelta(seconds=2))
        assert {one.state for one in app.websub.subscriptions.of("river")} == {State.LIVE, State.WANTED}
        assert await world.hub.publish(world.topic, world.feed("Flood warning meanwhile")) == [202]
        assert await world.headlines(app) == ["Flood warning meanwhile"]


async def test_a_subscription_outlives_a_restart_and_is_renewed_after_it(world: World) -> None:
    async with world.bot() as app:
        old = await world.subscribed(app)
        await world.later(app, EVERY)
    world.now += timedelta(minutes=5)
    async with world.bot() as app:
        (one,) = app.websub.subscriptions.of("river")
        assert (one.token, one.lease_until, one.secret) == (old.token, old.lease_until, old.secret)
        assert await world.hub.publish(world.topic, world.feed("Flood warning after the restart")) == [202]
        assert await world.headlines(app) == ["Flood warning after the restart"]
        # What came while nobody listened is fetched, though the source has its turn in an hour.
        world.serve("Flood warning while it was down", "Flood warning after the restart")
        await world.later(app, timedelta(minutes=1))
        assert "Flood warning while it was down" in await world.headlines(app)
        await world.later(app, old.due - world.now)
        await world.later(app, timedelta(seconds=2))
        assert [asked.mode for asked in world.hub.asked][:2] == ["subscribe", "subscribe"]
        assert len({asked.callback for asked in world.hub.asked}) == 2


async def test_a_lease_that_ended_while_the_bot_was_down_is_asked_for_anew(world: World) -> None:
    async with world.bot() as app:
        old = await world.subscribed(app)
    world.now += LEASE * 2
    async with world.bot() as app:
        await world.later(app, timedelta(seconds=2))
        await world.later(app, timedelta(seconds=2))
        (one,) = app.websub.subscriptions.of("river")
        assert (one.state, one.token != old.token) == (State.LIVE, True)


@pytest.mark.parametrize("how", ["removed", "off"])
async def test_a_subscription_is_ended_when_it_is_not_wanted_any_more(world: World, how: str) -> None:
    async with world.bot() as app:
        old = await world.subscribed(app)
    if how == "removed":
        world.sources()
    else:
        world.configure("")
    async with world.bot() as app:
        await world.later(app, timedelta(seconds=2))
        assert app.websub.subscriptions.of("river") == ()
        assert [asked.mode for asked in world.hub.asked] == ["subscribe", "unsubscribe"]
        assert world.hub.subscribers == {}
        assert await world.hub.send(old.callback, world.feed("Flood warning"), None) == 410


async def test_a_public_address_that_moved_is_subscribed_to_anew(world: World) -> None:
    async with world.bot() as app:
        old = await world.subscribed(app)
    world.configure(f"websub: {{public_url: 'http://127.0.0.1:{world.port}/'}}\n")
    async with world.bot() as app:  # a slash at the end is no move
        assert [one.token for one in app.websub.subscriptions.of("river")] == [old.token]
    world.configure(f"websub: {{public_url: 'http://localhost:{world.port}'}}\n")
    async with world.bot() as app:
        await world.later(app, timedelta(minutes=1))
        await world.later(app, timedelta(seconds=2))
        (new,) = app.websub.subscriptions.of("river")
        assert new.callback == f"http://localhost:{world.port}/websub/{new.token}"
        assert [one.callback for one in world.hub.live] == [new.callback]


async def test_a_source_that_is_removed_while_the_bot_runs_ends_its_subscription(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        world.sources()
        await app.rules.reload()
        await world.later(app, timedelta(seconds=2))
        assert world.hub.subscribers == {}


async def test_a_publisher_that_names_another_hub_is_followed_there(world: World) -> None:
    async with world.bot() as app, Hub(clock=lambda: world.now) as other:
        await world.subscribed(app)
        world.links = world.links.replace("{hub}", other.url())
        world.serve()
        await world.later(app, PUSHED * 2)
        for _ in range(3):
            await world.later(app, timedelta(seconds=2))
            await other.settled()
        assert world.hub.subscribers == {}
        assert len(other.live) == 1
        (one,) = app.websub.subscriptions.of("river")
        assert one.hub == other.url()


async def test_a_publisher_that_drops_its_hub_is_polled_again(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        world.links = ""
        world.serve()
        await world.later(app, PUSHED * 2)
        await world.later(app, timedelta(seconds=2))
        assert world.hub.subscribers == {}
        await world.later(app, PUSHED * 2)
        assert await world.interval(app) == (EVERY, "as configured")


# -- what people see ------------------------------------------------------------------------------------------------


async def test_sources_show_tells_of_the_hub(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        await world.hub.publish(world.topic, world.feed("Flood warning in the valley"))
        await app.websub.tick()
        gauge = app.metrics.registry.get_sample_value("wirewatch_websub_subscriptions", {"state": "live"})
    monkeypatch.chdir(world.folder)
    assert show_source(Path("wirewatch.yaml"), "river") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("push")]
    assert "the lease of 127.0.0.1 ended" in line
    assert gauge == 1


async def test_sources_show_names_a_hub_that_nobody_asks(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.configure("")
    async with world.bot() as app:
        await world.later(app, timedelta(0))
    monkeypatch.chdir(world.folder)
    assert show_source(Path("wirewatch.yaml"), "river") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("push")]
    assert "127.0.0.1 would tell of news (WebSub), and is not asked to" in line


async def test_people_in_chat_are_told_of_the_hub_too(world: World) -> None:
    async with world.bot() as app:
        await world.subscribed(app)
        await world.hub.publish(world.topic, world.feed("Flood warning in the valley"))
        world.now += timedelta(minutes=3)
        await app.websub.tick()  # counts are stored by a job
        told = await asked_in_chat(app, "river")
        assert "Push: 127.0.0.1 tells of news (WebSub): 1 message, last 3 min ago; lease until 2026-03-11" in told
        world.hub.refuse = (500, {})
        world.sources("river", "lake")
        world.news.answers["/lake.xml"] = world.news.answers["/river.xml"]
        await app.rules.reload()
        await world.later(app, timedelta(0))
        assert "Push: not subscribed at a hub: " in await asked_in_chat(app, "lake")


async def asked_in_chat(app: App, source_id: str) -> str:
    """What ``/wire sources ID`` answers."""
    who = Person("slack.default", "U1", "ada")
    request = Request("sources", who, Place("C1", "desk", "desk"), {"id": source_id})

    async def tell(text: str) -> None:
        raise AssertionError(text)

    return plain_text(await chat_sources(app.chat.commands.desk, request, tell))


@pytest.mark.parametrize(
    ("websub", "text"),
    [
        ("websub: {}", "public_url"),
        ("websub: {public_url: 'river.example'}", "public_url"),
        ("websub: {public_url: 'https://river.example/?a=b'}", "without ?"),
        ("websub: {public_url: 'https://river.example', lease: 10m}", "lease"),
        ("websub: {public_url: 'https://river.example'}", "needs the section http:"),
    ],
)
def test_check_says_what_is_wrong_with_the_setting(tmp_path: Path, websub: str, text: str) -> None:
    http = "" if "needs" in text else "http: {listen: '127.0.0.1:8080'}\n"
    path = tmp_path / "wirewatch.yaml"
    path.write_text(f"{http}{websub}\nchannels: {{desk: {{kind: console}}}}\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    assert text in str(caught.value)
