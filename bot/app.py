"""The composition root: config in, running bot out. Nothing else builds stages, stores, channels or jobs.

Start, in order: store, rules, sources, fetcher, channels and their workers, health listener, scheduler. Stop, in
reverse: no new poll, polls under way finish, then posts in hand, then the store closes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot import reload, rulebook, watches
from bot.channels.base import Channel
from bot.channels.registry import Fleet, Trouble, make_fleet
from bot.commands import wiring
from bot.commands.desk import Desk, Health
from bot.config import Config
from bot.deliver import Deliverer
from bot.discovery import discover
from bot.errors import ConfigError, StoreError
from bot.fetch import Fetcher, Limits
from bot.full_text import FullText
from bot.health import HealthServer, Metrics, not_ready
from bot.hosts import Hosts
from bot.live_rules import load_rules, shelf_of
from bot.log import Log
from bot.model import Severity, Source
from bot.newsroom import Newsroom
from bot.noise_settings import owners_of
from bot.operators import Operators
from bot.poller import Poller, Tally
from bot.poller import Rulebook as Live
from bot.render import digest_of_deliveries
from bot.schedule import spread
from bot.secret import Secret
from bot.source_admin import merged
from bot.sources.list_change import WithLists
from bot.sources.options import secrets_of
from bot.sources.pace import gaps_of
from bot.store.base import Store
from bot.store.sql import SqlStore
from bot.store.writer import StoreThread
from bot.summary.announce import Announcer
from bot.summary.settings import schedules_of
from bot.verdicts import FOLD_LIMIT
from bot.watchlists import refresh
from bot.watchlists.refresh import Fetches
from bot.watchlists.settings import list_sources

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

SUMMARIES_S = 5.0  # seconds between looks for summaries that are due
RELEASE_S = 5.0  # seconds between looks for held alerts that are due
TICK_S = 1.0  # seconds between looks for due sources
STOP_POLLS_S = 5.0  # for polls under way at a stop; with the next one, below the ten seconds that a container has
STOP_POSTS_S = 3.0
STOP_NOTICES_S = 1.0
ADDED_S = 5.0  # seconds between looks for sources that a command added in another process
LISTS_S = 600.0  # seconds between looks for watch lists that are due
FIRST_ROUND_S = 60.0  # seconds over which new sources are polled for the first time; longer for thousands of them
FIRST_POLL_S = 0.02  # seconds for each of them
PURGE_AT_ONCE = 1_000  # articles in one transaction
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


class App:
    """A bot. Use :func:`open_app`."""

    def __init__(
        self,
        config: Config,
        book: rulebook.Rulebook,
        store: Store,
        thread: StoreThread,
        fetcher: Fetches,
        fleet: Fleet,
        core: ThreadPoolExecutor,
        metrics: Metrics,
        options: Options,
        hosts: Hosts,
    ) -> None:
        self.config = config
        self.book = book
        self.metrics = metrics
        self._store = store
        self._thread = thread
        self._options = options
        self._clock = options.clock
        self._hosts = hosts
        self._core = core
        self._started = self._clock()
        self._fleet = fleet
        self._log = Log("app")
        self.operators = Operators(config.ops, fleet, thread, clock=self._clock, notify=self._on_delivery)
        self.deliverer = Deliverer(
            fleet.channels,
            thread,
            metrics,
            clock=self._clock,
            digest_of=digest_of_deliveries,
            on_parked=self.operators.on_parked,
            fold_limit=FOLD_LIMIT if options.catch_up else None,
            build=fleet.build,
            wordings=fleet.wordings,
        )
        max_age = config.max_age if options.catch_up else None
        self.newsroom = Newsroom(
            thread, config, lambda: self.book, clock=self._clock, max_age=max_age, notify=self._on_delivery
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
            full_text=FullText(fetcher, core, self._clock),
        )
        self._announcer = Announcer(
            thread,
            schedules_of(config.summaries, config.timezone),
            lambda: self.book,
            owners_of(config),
            clock=self._clock,
            takes_files=lambda name: fleet.channels[name].capabilities.files,
            notify=self._on_delivery,
        )
        self._own = book.sources  # those of the files
        self._added: tuple[Source, ...] = ()  # those that a command added
        self._commands = ThreadPoolExecutor(1, thread_name_prefix="commands")
        self.chat = wiring.bind(config, fleet, self._desk(fetcher))
        self._one_change = asyncio.Lock()  # of the rulebook: the next one begins with what the last one made
        self._merging: asyncio.Task[None] | None = None
        self._stopping = False
        self._health: HealthServer | None = None
        self._scheduler: AsyncIOScheduler | None = None

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
            on_watches=self._on_watches,
            on_sources=self.look_for_added,
            on_mutes=self.newsroom.release,
            owners=owners_of(self.config),
        )

    # -- life --------------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Take up the work that an earlier run left, and get ready to poll."""
        await self.newsroom.open()
        self.book = await self._with_added(self.book)
        await self._sync_sources(self.book.sources.values())
        self.poller.rulebook = self._live(self.book)
        self.deliverer.start()
        for channel in await self._thread.read(lambda s: s.pending_channels()):
            self.deliverer.notify(channel)  # those of no config are built when they have something to send
        if self.config.http is not None:
            self._health = HealthServer(
                self.config.http.listen, self.metrics, self.readiness, self._fleet.http_routes()
            )
            await self._health.start()
            self._log.info("health listener", listen=f"{self.config.http.listen.host}:{self._health.port}")

    async def stop(self) -> None:
        """Finish the work in hand. Takes ten seconds at most."""
        self._stopping = True
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
        if self._health is not None:
            await self._health.stop()
        await self.poller.stop(STOP_POLLS_S)
        await self.operators.finish(STOP_NOTICES_S)
        await self.deliverer.stop(STOP_POSTS_S)
        await self.chat.stop()
        self._commands.shutdown(wait=False, cancel_futures=True)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until ``stopping`` is set."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler
        from apscheduler.triggers.cron import CronTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        scheduler = self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        scheduler.add_job(
            self._job, args=(self._tick,), trigger=IntervalTrigger(seconds=TICK_S), next_run_time=datetime.now(UTC)
        )
        scheduler.add_job(self._job, args=(self.newsroom.release,), trigger=IntervalTrigger(seconds=RELEASE_S))
        scheduler.add_job(self._job, args=(self._announcer.tick,), trigger=IntervalTrigger(seconds=SUMMARIES_S))
        scheduler.add_job(
            self._job,
            args=(self._care,),
            trigger=CronTrigger(hour=3, minute=17, timezone=self.config.timezone, jitter=600),
        )
        scheduler.add_job(self._job, args=(self.look_for_added,), trigger=IntervalTrigger(seconds=ADDED_S))
        if self.config.watchlists:
            scheduler.add_job(
                self._job,
                args=(self._refresh_lists,),
                trigger=IntervalTrigger(seconds=LISTS_S),
                next_run_time=datetime.now(UTC),
            )
        scheduler.start()
        async with contextlib.AsyncExitStack() as stack:
            if self._options.watch:
                watch = asyncio.create_task(reload.watch(self.config.rule_folders, self._reload, stopping))
                stack.push_async_callback(_finish, watch)
            await stopping.wait()

    async def once(self) -> Result:
        """Poll every source that is due, make the summaries that are due, deliver, and say how it went."""
        await self.poller.poll_all()
        await self.newsroom.release()
        await self._announcer.tick()
        delivered = await self.deliverer.drain(self._options.drain_s)
        return Result(self.poller.tally, dict(self.poller.failures), delivered)

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

    # -- jobs --------------------------------------------------------------------------------------------------------
    async def _job(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a job of the scheduler, which cancels what is under way when it shuts down: at a stop that is no error
        (a lease that nobody used runs out, a purge goes on the next night)."""
        try:
            await work()
        except asyncio.CancelledError:
            if not self._stopping:
                raise

    async def _tick(self) -> None:
        try:
            await self.poller.tick()
        except StoreError as error:
            self._log.error("cannot look for due sources", error=str(error))

    async def _care(self) -> None:
        """Once a night: what is older than the retention goes."""
        before = self._clock() - self.config.retention
        try:
            gone = PURGE_AT_ONCE
            while gone == PURGE_AT_ONCE:  # piece by piece, so that polls get their turn at the writer
                gone = await self._thread.run(lambda s: s.purge(before, PURGE_AT_ONCE))
        except StoreError as error:
            self._log.error("retention failed", error=str(error))
        self.newsroom.stories.forget(self._clock())

    async def _refresh_lists(self) -> None:
        """Download the watch lists that are due; a new version becomes rules like an edit."""
        private = frozenset(self.config.allow_private)
        try:
            async with Fetcher(
                contact=self.config.contact or "", allow_private=private, limits=refresh.LIMITS
            ) as fetcher:
                outcomes = await refresh.refresh_due(
                    list_sources(self.config.watchlists), shelf_of(self.config), fetcher, self._clock()
                )
        except OSError as error:
            self._log.error("watch lists not refreshed", error=error.strerror or str(error))
            return
        for outcome in outcomes:
            self._log.info("watch list", list=outcome.name, outcome=outcome.result.value, text=outcome.text)
            if not outcome.ok:
                await self.operators.tell(f"Watch list {outcome.name} not refreshed", outcome.text, Severity.MEDIUM)
        if any(outcome.result is refresh.Result.UPDATED for outcome in outcomes):
            await self._reload()

    # -- rules that change -------------------------------------------------------------------------------------------
    async def _reload(self) -> None:
        """Replace rules and sources by what the folders hold now; or keep the old ones and say why."""
        async with self._one_change:
            await self._reload_files()

    async def _reload_files(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            watched = await self._thread.read(lambda s: s.watches())
            loaded = await loop.run_in_executor(None, load_rules, self.config, self.book.kept, watched)
            book = await self._with_added(loaded)
            await self._sync_sources(book.sources.values())
        except (ConfigError, StoreError) as error:
            text = rulebook.one_line(error.problems) if isinstance(error, ConfigError) else str(error)
            self._log.error("edit refused, the rules before it stay in force", problem=text)
            await self.operators.tell("Rules not changed", f"The last edit was refused: {text}", Severity.MEDIUM)
            return
        difference = reload.difference(self.book, book)
        self._own = loaded.sources
        self._take(book)
        if difference:
            self._log.info("rules replaced", change=difference)
            await self.operators.tell("Rules changed", difference, Severity.INFO)

    async def _with_added(self, book: rulebook.Rulebook) -> rulebook.Rulebook:
        """A book of the files, with the sources that a command added."""
        self._added = await self._thread.read(lambda s: s.chat_sources())
        return replace(book, sources=merged(book.sources, self._added))

    async def look_for_added(self) -> None:
        """Take up what a command added or removed since the last look: every few seconds, since that may be another
        process, and at once by whoever did it in this one."""
        async with self._one_change:
            await self._look_for_added()

    async def _look_for_added(self) -> None:
        known = self._added
        try:
            book = await self._with_added(replace(self.book, sources=self._own))
            if self._added == known:
                return
            await self._sync_sources(book.sources.values())
        except StoreError as error:
            self._added = known  # so that the next look finds the difference again
            self._log.error("cannot look for added sources", error=str(error))
            return
        difference = reload.difference(self.book, book)
        self._take(book)
        if difference:
            self._log.info("sources replaced", change=difference)
            await self.operators.tell("Sources changed", difference, Severity.INFO)

    def _take(self, book: rulebook.Rulebook) -> None:
        self.book = book
        self.poller.rulebook = self._live(book)
        self.newsroom.on_rules()

    async def _on_watches(self) -> None:
        """Somebody began or ended to watch a term. In the background: they need not wait for the compiler."""
        self._merging = asyncio.create_task(self._merge_watches())

    async def _merge_watches(self) -> None:
        async with self._one_change:
            watched = await self._thread.read(lambda s: s.watches())
            loop = asyncio.get_running_loop()
            self._take(await loop.run_in_executor(None, watches.merged, self.book, watched, self.config.ner_model))

    async def _sync_sources(self, sources: Iterable[Source]) -> None:
        now = self._clock()
        listed = tuple(sources)
        first_round = timedelta(seconds=max(FIRST_ROUND_S, FIRST_POLL_S * len(listed)))
        delays = {s.id: spread(s.id, min(s.every, first_round)) if self._options.spread else 0.0 for s in listed}
        await self._thread.run(lambda s: s.sync_sources(listed, now, delays))

    def _on_deliveries(self, channels: Iterable[str]) -> None:
        for channel in channels:
            self._on_delivery(channel)

    def _on_delivery(self, channel: str) -> None:
        self.deliverer.notify(channel)


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
) -> AsyncIterator[App]:
    """Build and start a bot, and stop it at the end of the block.

    ``channels`` and ``sources`` replace those of the config (demo, tests). Raises ``ConfigError`` or ``StoreError``;
    nothing is left running then.
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
    limits = Limits(
        total_s=config.poll.timeout.total_seconds(),
        wire_bytes=config.poll.body_max,
        body_bytes=config.poll.body_max,
        per_host=config.poll.per_host,
        connections=max(config.poll.concurrency, 10),
    )
    private = True if allow_private else frozenset(config.allow_private)
    try:
        hosts = Hosts(config.poll.per_host)
        contact = config.contact or ""
        async with Fetcher(contact=contact, allow_private=private, limits=limits, hosts=hosts) as fetcher:
            with_lists = WithLists(fetcher, shelf_of(config))
            app = App(config, book, store, thread, with_lists, fleet, core, Metrics(), options, hosts)
            try:
                await app.start()
                yield app
            finally:
                await app.stop()
    finally:
        await thread.close()
        store.close()
        core.shutdown(wait=False, cancel_futures=True)
