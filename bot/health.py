"""What the bot tells its operator: figures for Prometheus, and a small HTTP listener for them.

:class:`Metrics` works without the listener. Labels are rule ids and channel names of the configuration and words from
closed sets; a label value that is new after :data:`LABELS_MAX` of its kind counts as ``other``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from bot.errors import WirewatchError

if TYPE_CHECKING:
    from bot.settings.keys import Listen

LABELS_MAX = 2_000  # values of one label; above it a Prometheus server suffers more than the figures are worth
OTHER = "other"
READY_INTERVALS = 3  # intervals without a finished poll after which the bot is not ready

# Seconds from published to delivered: what a good feed allows (below a minute) up to what a daily poll makes of it.
_LAG_BUCKETS = (5, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 21_600, 86_400)
STALL_WINDOW_S = 60.0  # over which the longest delay is told: what most servers scrape within
_DELAY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_POLL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class _Label:
    """Keeps the number of values of one label within bounds."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: set[str] = set()

    def __call__(self, value: str) -> str:
        if value in self._seen:
            return value
        if len(self._seen) >= self._limit:
            return OTHER
        self._seen.add(value)
        return value


class _Counts:
    """A counter with one label. What stands for a value is looked up once."""

    def __init__(self, counter: Counter, label: _Label) -> None:
        self._counter = counter
        self._label = label
        self._known: dict[str, Counter] = {}

    def add(self, value: str) -> None:
        """One more."""
        found = self._known.get(value)
        if found is None:
            label = self._label(value)
            found = self._counter.labels(label)
            if label == value:  # as many as there may be labels
                self._known[value] = found
        found.inc()


class _Longest:
    """The largest of what was added within the last window, or within it and the one before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._this = self._last = 0.0

    def add(self, value: float) -> None:
        self._turn()
        self._this = max(self._this, value)

    def __call__(self) -> float:
        self._turn()
        return max(self._this, self._last)

    def _turn(self) -> None:
        gone = int((self._clock() - self._began) // STALL_WINDOW_S)
        if gone:
            self._last, self._this = self._this if gone == 1 else 0.0, 0.0
            self._began += gone * STALL_WINDOW_S


class Metrics:
    """Counts what happens. One method per event; none of them can fail or wait."""

    def __init__(self, *, labels_max: int = LABELS_MAX, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry = registry = CollectorRegistry()
        self.last_poll: datetime | None = None
        self._rule, self._channel = _Label(labels_max), _Label(labels_max)
        self._outcome, self._drop = _Label(100), _Label(100)
        self._polls = _Counts(
            Counter("wirewatch_polls", "Polls by outcome.", ["outcome"], registry=registry), self._outcome
        )
        self._poll_seconds = Histogram(
            "wirewatch_poll_duration_seconds", "Time of one poll.", buckets=_POLL_BUCKETS, registry=registry
        )
        self._last_poll = Gauge(
            "wirewatch_last_poll_timestamp_seconds", "When a poll last finished.", registry=registry
        )
        self._items = Counter("wirewatch_items", "Items in what was polled, known ones included.", registry=registry)
        self._new_items = Counter("wirewatch_new_items", "Items that were not known yet.", registry=registry)
        self._articles = _Counts(
            Counter("wirewatch_articles", "New articles by what became of them.", ["fate"], registry=registry),
            self._drop,
        )
        self._matches = _Counts(
            Counter("wirewatch_matches", "Matches by rule.", ["rule"], registry=registry), self._rule
        )
        self._deliveries = Counter(
            "wirewatch_deliveries", "Attempts to deliver by outcome.", ["channel", "outcome"], registry=registry
        )
        self._llm = Counter(
            "wirewatch_llm_stories",
            "Stories a language model was asked about, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self._depth = Gauge("wirewatch_queue_depth", "Deliveries that wait.", ["channel"], registry=registry)
        self._lag = Histogram(
            "wirewatch_lag_seconds",
            "From published to delivered.",
            ["channel"],
            buckets=_LAG_BUCKETS,
            registry=registry,
        )

        self._sources = Gauge("wirewatch_sources", "Sources by state.", ["state"], registry=registry)
        self._hub_messages = Counter(
            "wirewatch_websub_messages", "Messages of hubs by what became of them.", ["outcome"], registry=registry
        )
        self._charts = Gauge(
            "wirewatch_charts_memory_bytes",
            "Most memory that drawing charts held; 0 at rest.",
            registry=registry,
        )
        self._subscriptions = Gauge(
            "wirewatch_websub_subscriptions", "Subscriptions at hubs by state.", ["state"], registry=registry
        )

        self._delay = Histogram(
            "wirewatch_event_loop_delay_seconds",
            "How late the event loop comes to what is due.",
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )
        self._stalls = _Longest(monotonic)
        longest = Gauge(
            "wirewatch_event_loop_delay_max_seconds", "The longest such delay of the last minute.", registry=registry
        )
        longest.set_function(self._stalls)

    def loop_late(self, seconds: float) -> None:
        """The event loop came so late to something that was due; see :mod:`bot.chores.pulse`."""
        self._delay.observe(seconds)
        self._stalls.add(seconds)

    def hub_message(self, outcome: str) -> None:
        """A hub asked or sent something: ``news``, ``nothing_new``, ``ping``, ``bad_signature`` and the like."""
        self._hub_messages.labels(self._outcome(outcome)).inc()

    def charts_hold(self, memory: int) -> None:
        """The process that draws charts has held so many bytes at most; 0: there is none."""
        self._charts.set(memory)

    def subscriptions(self, states: Mapping[str, int]) -> None:
        """How many subscriptions are in each state."""
        for state, count in states.items():
            self._subscriptions.labels(str(state)).set(count)

    def sources(self, states: Mapping[str, int]) -> None:
        """How many sources are in each state, of all that can be."""
        for state, count in states.items():
            self._sources.labels(str(state)).set(count)

    def poll_finished(self, outcome: str, items: int, new: int, seconds: float, at: datetime | None = None) -> None:
        """A poll ended: ``outcome`` as in :class:`~bot.store.sources_port.Poll`, ``items`` in the answer,
        ``new`` of them."""
        self._polls.add(outcome)
        if items:
            self._items.inc(items)
        if new:
            self._new_items.inc(new)
        self._poll_seconds.observe(seconds)
        if at is not None:
            self.last_poll = at
            self._last_poll.set(at.timestamp())

    def items_pushed(self, items: int, new: int) -> None:
        """A hub sent ``items``, ``new`` of which were not known."""
        self._items.inc(items)
        self._new_items.inc(new)

    def article(self, fate: str) -> None:
        """A new article was handled: ``matched``, ``unmatched``, ``old``, ``duplicate``, ``muted`` and the like."""
        self._articles.add(fate)

    def rule_matched(self, rule_id: str) -> None:
        self._matches.add(rule_id)

    def delivered(self, channel: str, outcome: str, lag_s: float | None = None) -> None:
        """A channel took something or did not; ``lag_s`` where an alert arrived and its publisher gave a date."""
        self._deliveries.labels(self._channel(channel), self._outcome(outcome)).inc()
        if lag_s is not None:
            self._lag.labels(self._channel(channel)).observe(max(lag_s, 0.0))

    def llm_story(self, outcome: str) -> None:
        """A language model was asked about a story: a name of :class:`bot.llm.writer.Outcome`, in lower case."""
        self._llm.labels(self._outcome(outcome)).inc()

    def queue_depth(self, channel: str, waiting: int) -> None:
        self._depth.labels(self._channel(channel)).set(waiting)


def not_ready(last_poll: datetime | None, started_at: datetime, interval: timedelta, now: datetime) -> str | None:
    """Why the bot is not doing its work, or ``None``. ``interval`` is that of the source polled most often.

    Before the first poll the time counts from the start, so that a fresh bot is ready.
    """
    since = last_poll or started_at
    quiet = now - since
    if quiet <= READY_INTERVALS * interval:
        return None
    what = "no poll has finished" if last_poll else "no poll has finished since the start"
    return f"{what} for {int(quiet.total_seconds())} s, which is more than {READY_INTERVALS} intervals"


class HealthServer:
    """``/healthz`` (the process answers), ``/readyz`` (it does its work; else 503 and why), ``/metrics``.

    ``readiness`` returns the reason why not, or ``None``. ``extra_routes`` share the listener (Slack's signed HTTP,
    WebSub hubs). Bodies stay as they were sent: signatures are over that, and what is unpacked must be capped.
    """

    def __init__(
        self,
        listen: Listen,
        metrics: Metrics,
        readiness: Callable[[], str | None],
        extra_routes: Iterable[web.AbstractRouteDef] = (),
    ) -> None:
        self._listen, self._metrics, self._readiness = listen, metrics, readiness
        self._extra = tuple(extra_routes)
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port in use, also where ``listen`` left it to the system (0). Raises ``RuntimeError`` before start."""
        if self._runner is None or not self._runner.addresses:
            raise RuntimeError("the health listener is not started")
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Bind and serve. Raises ``WirewatchError`` if the address cannot be had."""
        app = web.Application()
        for path, answer in (("/healthz", self._healthz), ("/readyz", self._readyz), ("/metrics", self._expose)):
            app.router.add_get(path, answer, allow_head=False)
        app.router.add_routes(self._extra)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0, auto_decompress=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._listen.host, self._listen.port).start()
        except OSError as error:
            await runner.cleanup()
            why = os.strerror(error.errno) if error.errno and error.errno > 0 else "the host name is not known"
            remedy = "change listen: under http: in the configuration, or stop what uses the address"
            text = f"cannot listen on {self._listen} ({why}); {remedy}"
            raise WirewatchError(text) from error
        self._runner = runner

    async def stop(self) -> None:
        """Close the listener; answers under way have two seconds. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        reason = self._readiness()
        return web.Response(text="ready\n") if reason is None else web.Response(status=503, text=f"{reason}\n")

    async def _expose(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._metrics.registry), headers={"Content-Type": content_type})
