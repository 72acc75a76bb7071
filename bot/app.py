"""The composition root: config in, running bot out. Nothing else builds stages, stores, channels or jobs.

Start, in order: store, rules, sources, fetcher, channels and their workers, health listener, scheduler. Stop, in
reverse: no new poll, polls under way finish, then posts in hand, then the store closes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot import collector
from bot.articles.full_text import FullText
from bot.channels.base import Channel
from bot.channels.registry import Fleet, Trouble, make_fleet
from bot.chores import pulse
from bot.chores.jobs import Every, Job, Jobs, Nightly
from bot.chores.upkeep import Upkeep
from bot.commands import wiring
from bot.commands.desk import Desk, Health
from bot.config import Config
from bot.delivery.deliver import Deliverer
from bot.delivery.verdicts import FOLD_LIMIT
from bot.health import HealthServer, Metrics, not_ready
from bot.live import reload, rulebook, watches
from bot.live.in_force import InForce
from bot.live.live_rules import load_rules, shelf_of
from bot.llm.wiring import writer_of
from bot.log import Log
from bot.model import Source
from bot.newsroom import Newsroom
from bot.operators import Operators
from bot.polling.poller import Poller
from bot.polling.poller import Rulebook as Live
from bot.render import digest_of_deliveries
from bot.reports.ops_digest import OpsDigest
from bot.roster.discovery import discover
from bot.roster.state import SourceState
from bot.secret import Secret
from bot.settings.noise import owners_of
from bot.sources.list_change import WithLists
from bot.sources.options import secrets_of
from bot.sources.pace import gaps_of
from bot.store.base import Store
from bot.store.sql import SqlStore
from bot.store.writer import StoreThread
from bot.story import Stories
from bot.summary.announce import Announcer
from bot.summary.drawing import Charts
from bot.summary.settings import schedules_of
from bot.tally import Tally
from bot.watchlists.refresh import Fetches
from bot.web.from_config import fetcher_of
from bot.web.hosts import Hosts
from bot.websub.service import WebSub

WEBSUB_S = 2.0  # seconds between looks for subscriptions that are due
SUMMARIES_S = 5.0  # seconds between looks for summaries that are due
OPS_DIGEST_S = 60.0  # seconds between looks whether the digest for the operators is due
RELEASE_S = 5.0  # seconds between looks for held alerts that are due
RECHECK_S = 60.0  # seconds between looks for pages of alerts that are due
STATES_S = 15.0  # seconds between counts of the sources in each state
TICK_S = 1.0  # seconds between looks for due sources
STOP_POLLS_S = 5.0  # for polls under way at a stop; with the next one, below the ten seconds that a container has
STOP_POSTS_S = 3.0
STOP_NOTICES_S = 1.0
ADDED_S = 5.0  # seconds between looks for sources that a command added in another process
LISTS_S = 600.0  # seconds between looks for watch lists that are due
DRAIN_S = 60.0  # for `run --once`: how long deliveries are waited for


@dataclass(frozen=True)
class Options:
    """What a command changes of the ordinary run."""

    catch_up: bool = True  # first polls and floods become digests; `demo` lifts it
    drain_s: float = DRAIN_S
    watch: bool = True  # reload the rules when their files change
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    spread: bool = True  # sources take their turns one after another; without it all are due at once
    hide: Callable[[Iterable[Secret]], None] = lambda _: None  # told the secrets of the sources, for the log's redactor


@dataclass(frozen=True, slots=True)
class Result:
    """How a single round ended."""

    tally: Tally
    failures: Mapping[str, str]
    delivered: bool
    released: int = 0  # alerts that were held and went out in digests


class App:
    """A bot. Use :func:`open_app`."""

    def __init__(
        self,
        config: Config,
        book: rulebook.Rulebook,
        store: Store,
        thread: StoreThread,
        fetcher: WithLists,
        fleet: Fleet,
        core: ThreadPoolExecutor,
        metrics: Metrics,
        options: Options,
        hosts: Hosts,
        stories: Stories | None = None,
        private: frozenset[str] | bool = frozenset(),
    ) -> None:
        self.config = config
        self.metrics = metrics
        self._store = store
        self._thread = thread
        self._options = options
        self._clock = options.clock
        self._hosts = hosts
        self._core = core
        self._started = self._clock()
        self._fleet = fleet
        self._writer = writer_of(config, metrics.llm_story)
        self._log = Log("app")
        self.operators = Operators(config.ops, fleet, thread, clock=self._clock, notify=self._on_delivery)
        self.rules = InForce(
            config,
            book,
            thread,
            self.operators,
            clock=self._clock,
            spread_out=options.spread,
            taken=self._take,
        )
        self._settle: Callable[[], None] = lambda: None
        self.charts = Charts(on_memory=metrics.charts_hold)
        self.deliverer = Deliverer(
            fleet.channels,
            thread,
            metrics,
            clock=self._clock,
            digest_of=digest_of_deliveries,
            coverage=lambda since, until: self.newsroom.coverage(since, until),
            on_parked=self.operators.on_parked,
            fold_limit=FOLD_LIMIT if options.catch_up else None,
            build=fleet.build,
            wordings=fleet.wordings,
            draw=self.charts.file_of,
        )
        max_age = config.max_age if options.catch_up else None
        pages = FullText(fetcher, core, self._clock)
        self.newsroom = Newsroom(
            thread,
            config,
            lambda: self.book,
            clock=self._clock,
            max_age=max_age,
            notify=self._on_delivery,
            pages=pages,
            stories=stories,
        )
        self.websub = WebSub(
            config,
            thread,
            fetcher,
            clock=self._clock,
            metrics=metrics,
            polls=lambda: self.poller,
            sources=lambda: self.book.sources,
            private=private,
        )
        self.poller = Poller(
            thread,
            fetcher,
            self._live(book),
            self.newsroom.assembler,
            core=core,
            clock=self._clock,
            metrics=metrics,
            max_age=max_age,
            concurrency=config.poll.concurrency,
            on_deliveries=self._on_deliveries,
            on_notice=self.operators.on_source,
            hosts=hosts,
            full_text=pages,
            pushes=self.websub.subscriptions,
        )
        self._announcer = Announcer(
            thread,
            schedules_of(config.summaries, config.timezone),
            lambda: self.book,
            owners_of(config),
            clock=self._clock,
            takes_files=lambda name: name in fleet.channels and fleet.channels[name].capabilities.files,
            notify=self._on_delivery,
            writer=self._writer,
        )
        self.upkeep = Upkeep(
            config,
            thread,
            self.operators,
            clock=self._clock,
            forget=self.newsroom.assembler.forget,
            reload=self.rules.reload,
        )
        self.ops_digest = OpsDigest(config, thread, self.operators, clock=self._clock)
        self._commands = ThreadPoolExecutor(1, thread_name_prefix="commands")
        self.chat = wiring.bind(config, fleet, self._desk(fetcher))
        self._health: HealthServer | None = None
        self._jobs = Jobs()

    @property
    def book(self) -> rulebook.Rulebook:
        """The rules and sources in force."""
        return self.rules.book

    def _live(self, book: rulebook.Rulebook) -> Live:
        self._options.hide(secret for source in book.sources.values() for secret in secrets_of(source))
        self._hosts.gaps = gaps_of(book.sources.values())
        return Live(book.engine, book.sources, self.config.channels_for)

    def _desk(self, fetcher: Fetches) -> Desk:
        """What commands from chat work with."""
        return Desk(
            store=self._thread,
            book=lambda: self.book,
            clock=self._clock,
            zone=self.config.timezone,
            retention=self.config.retention,
            grants=self.config.permissions,
            heavy=wiring.in_thread(self._commands),
            page=wiring.page_reader(fetcher, self._commands, self._clock),
            health=lambda: Health(self._started, self.poller.last_alive, self.readiness()),
            discover=lambda url: discover(url, fetcher, self._clock()),
            draw=self.charts.draw,
            on_watches=self.rules.on_watches,
            on_sources=self.rules.look_for_added,
            on_mutes=self.newsroom.release,
            owners=owners_of(self.config),
            writer=self._writer,
        )

    # -- life --------------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Take up the work that an earlier run left, and get ready to poll."""
        await self.newsroom.open()
        await self.rules.open()
        await self.operators.open()
        await self.websub.open()
        self.deliverer.start()
        for channel in await self._thread.read(lambda s: s.pending_channels()):
            self.deliverer.notify(channel)  # those of no config are built when they have something to send
        if self.config.http is not None:
            self._health = HealthServer(
                self.config.http.listen,
                self.metrics,
                self.readiness,
                (*self._fleet.http_routes(), *self.websub.routes()),
            )
            await self._health.start()
            self._log.info("health listener", listen=f"{self.config.http.listen.host}:{self._health.port}")

    async def stop(self) -> None:
        """Finish the work in hand. Takes ten seconds at most."""
        self._jobs.stop()
        if self._health is not None:
            await self._health.stop()
        await self.websub.stop(STOP_NOTICES_S)
        await self.poller.stop(STOP_POLLS_S)
        await self.operators.finish(STOP_NOTICES_S)
        await self.deliverer.stop(STOP_POSTS_S)
        await self.chat.stop()
        await self.charts.stop()
        self._commands.shutdown(wait=False, cancel_futures=True)

    def _table(self) -> Iterable[Job]:
        """What is done again and again; a job that looks for itself what is due."""
        yield Job("look for due sources", Every(TICK_S, at_once=True), self.poller.tick)
        yield Job("count the states of sources", Every(STATES_S, at_once=True), self._count_states)
        yield Job("look after subscriptions at hubs", Every(WEBSUB_S), self.websub.tick)
        yield Job("release what is held", Every(RELEASE_S), self.newsroom.release)
        yield Job("look at the pages of alerts again", Every(RECHECK_S), self.newsroom.recheck)
        yield Job("look for summaries that are due", Every(SUMMARIES_S), self._announcer.tick)
        yield Job("look for added sources", Every(ADDED_S), self.rules.look_for_added)
        yield Job("tell what the alerts were worth", Every(OPS_DIGEST_S, at_once=True), self.ops_digest.tick)
        yield Job("let go of what is old", Nightly(3, 17, self.config.timezone), self.upkeep.retain)
        yield Job("let go of what nobody knows any more", Nightly(3, 47, self.config.timezone), _settle_anew)
        if self.config.watchlists:
            yield Job("refresh watch lists", Every(LISTS_S, at_once=True), self.upkeep.refresh_lists)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until ``stopping`` is set."""
        self._jobs.start(self._table())
        async with contextlib.AsyncExitStack() as stack:
            await self.chat.warm_up()
            stack.enter_context(collector.settled())
            self._settle = collector.settle_more
            held_up = asyncio.create_task(pulse.watch(self.metrics.loop_late), name="pulse")
            stack.push_async_callback(_finish, held_up)
            if self._options.watch:
                watch = asyncio.create_task(reload.watch(self.config.folders.rules, self.rules.reload, stopping))
                stack.push_async_callback(_finish, watch)
            await stopping.wait()

    async def once(self) -> Result:
        """Poll every source that is due, make summaries and digests that are due, deliver, and say how it went."""
        await self.poller.poll_all()
        released = await self.newsroom.release()
        await self._announcer.tick()
        await self.ops_digest.tick()
        delivered = await self.deliverer.drain(self._options.drain_s)
        return Result(self.poller.tally, dict(self.poller.failures), delivered, released)

    async def poll_now(self) -> None:
        """Make every source due, for ``run --once`` and the demo."""
        now = self._clock()
        await self._thread.run(lambda s: s.make_due(now))

    def readiness(self) -> str | None:
        """Why the bot is not doing its work, or ``None``."""
        intervals = [s.every for s in self.book.sources.values() if s.enabled]
        if not intervals:
            return None
        return not_ready(self.poller.last_alive, self._started, min(intervals), self._clock())

    async def _count_states(self) -> None:
        counts = await self._thread.read(lambda s: s.state_counts())
        self.metrics.sources({state: counts.get(state, 0) for state in SourceState})

    def _take(self) -> None:
        """Other rules or sources came into force."""
        self.poller.rulebook = self._live(self.book)
        self.newsroom.on_rules()
        self._settle()

    def _on_deliveries(self, channels: Iterable[str]) -> None:
        for channel in channels:
            self._on_delivery(channel)

    def _on_delivery(self, channel: str) -> None:
        self.deliverer.notify(channel)


async def _settle_anew() -> None:
    collector.settle_anew()


async def _finish(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.asynccontextmanager
async def open_app(
    config: Config,
    *,
    options: Options = Options(),
    channels: Mapping[str, Channel] | None = None,
    sources: Sequence[Source] | None = None,
    allow_private: bool = False,
    stories: Stories | None = None,
) -> AsyncIterator[App]:
    """Build and start a bot, and stop it at the end of the block.

    ``channels`` and ``sources`` replace those of the config (demo, tests), ``stories`` what puts articles together (a
    benchmark of a bot that does not). Raises ``ConfigError`` or ``StoreError``; nothing is left running then.
    """
    book = load_rules(config)
    if sources is not None:
        book = replace(book, sources={s.id: s for s in sources})

    def on_trouble(trouble: Trouble) -> None:  # connections open when the app starts, so there is one
        app.operators.on_trouble(trouble)

    fleet = Fleet(channels) if channels is not None else make_fleet(config, on_trouble=on_trouble)
    store = SqlStore(config.store.reveal())
    store.acquire()
    try:
        store.upgrade()
        store.open()
        store.release_leases()
        book = watches.merged(book, store.watches(), config.ner_model)
        thread = StoreThread(store)
    except BaseException:
        store.close()
        raise
    core = ThreadPoolExecutor(1, thread_name_prefix="core")
    private = True if allow_private else frozenset(config.allow_private)
    try:
        hosts = Hosts(config.poll.per_host)
        async with fetcher_of(config, hosts=hosts, all_private=allow_private) as fetcher:
            with_lists = WithLists(fetcher, shelf_of(config))
            app = App(config, book, store, thread, with_lists, fleet, core, Metrics(), options, hosts, stories, private)
            try:
                await app.start()
                yield app
            finally:
                await app.stop()
    finally:
        await thread.close()
        store.close()
        core.shutdown(wait=False, cancel_futures=True)
