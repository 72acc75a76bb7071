"""Polling: runs the stages on what is due, and writes the outcome of each poll in one transaction.

A failure of one source is recorded against it and the others go on. A failure of the store stops the poll that met
it: its lease runs out, and the source is due again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot import pipeline
from bot.articles.full_text import FullText
from bot.articles.identity import Brought, Sorted
from bot.assembly import Assembler, Channels, StoreRunner, Written
from bot.errors import FetchError, FetchReason, HostRestsError, SourceError, StoreError
from bot.health import Metrics
from bot.log import Log
from bot.model import Article, Fetched, HttpState, NotModified, Source
from bot.polling import outcome
from bot.polling.errands import BUSY, Errands
from bot.polling.groups import Press
from bot.polling.manners import had_enough
from bot.polling.outcome import Visit
from bot.polling.reading import Read
from bot.polling.rhythm import learn
from bot.polling.sift import Sift, Sifted
from bot.polling.turns import Turn, Turns
from bot.roster.news import SourceNotice
from bot.roster.state import SourceState
from bot.rules.match import Engine
from bot.sources import kind
from bot.sources.base import Request, Steps, is_single
from bot.sources.collect import Answer, Step, collect
from bot.sources.delta import Seen, fingerprint
from bot.store.base import Batch
from bot.store.sources_port import Lease, Poll
from bot.store.websub_port import Push
from bot.tally import Tally
from bot.web.exchange import Setting, Through
from bot.web.hosts import RESTS, Hosts
from bot.web.urls import host_of
from bot.websub.offer import Offer

NEW_MAX = 300  # new items that one poll takes; a source that brings more at once must not hold up the others
REST_SPREAD_S = 600.0  # seconds over which the sources of a host come back after its rest


@dataclass(frozen=True)
class Rulebook:
    """What an edit of the rules folder replaces as a whole."""

    engine: Engine
    sources: Mapping[str, Source]
    route: Channels


class Pushes(Protocol):
    """What is needed of :class:`bot.websub.desk.Subscriptions`."""

    def polled(self, source_id: str, *, found_news: bool, last_poll: datetime | None, now: datetime) -> bool:
        """A poll ended. Returns whether a hub makes the next one less urgent."""

    def wants(self, source_id: str) -> bool:
        """Whether hubs of this source are of interest."""

    async def offered(self, source_id: str, offer: Offer | None) -> None:
        """What a feed says of hubs. Raises ``StoreError``."""


class Fetching(Protocol):
    """What is needed of :class:`bot.web.fetch.Fetcher`."""

    @property
    def setting(self) -> Setting | None:
        """See there."""

    async def fetch(
        self,
        source: Source,
        state: HttpState,
        now: datetime,
        *,
        request: Request | None = None,
        through: Through | None = None,
    ) -> Fetched | NotModified:
        """See there."""


class Poller:
    """See the module. ``core`` is the executor that pure, heavy stages run on; ``on_deliveries`` is told the channels
    that have something new to send, ``on_notice`` what the operators should hear of a source. ``hosts`` are the manners
    that the fetcher keeps, too. ``full_text`` reads the pages of new items, for the sources that want that. ``pushes``
    are told what polls show of hubs. ``busy`` answers to be read within two seconds begin a process for that; ``None``:
    there is none, ever."""

    def __init__(
        self,
        store: StoreRunner,
        fetcher: Fetching,
        rulebook: Rulebook,
        assembler: Assembler,
        *,
        core: Executor,
        clock: Callable[[], datetime],
        metrics: Metrics,
        max_age: timedelta | None,
        concurrency: int,
        on_deliveries: Callable[[Iterable[str]], None],
        on_notice: Callable[[SourceNotice], None],
        hosts: Hosts | None = None,
        full_text: FullText | None = None,
        pushes: Pushes | None = None,
        busy: int | None = BUSY,
    ) -> None:
        self.rulebook = rulebook
        self.tally = Tally()
        self.last_alive: datetime | None = None  # when a poll last finished, or none was due
        self.failures: dict[str, str] = {}
        self.unresolved: set[str] = set()  # those of them whose host could not be looked up
        self.notes: dict[str, str] = {}  # what was wrong with a feed and survived
        self._store = store
        self._fetcher = fetcher
        self._assembler = assembler
        self._press = Press(core)
        self._errands = Errands(self._press, fetcher.setting, busy=busy)
        self._sift = Sift(store, lambda: self.rulebook.engine, clock)
        self._clock = clock
        self._metrics = metrics
        self._max_age = max_age
        self._on_deliveries = on_deliveries
        self._on_notice = on_notice
        self._hosts = hosts or Hosts(concurrency)
        self._full_text = full_text
        self._pushes = pushes
        self._turns = Turns(
            store,
            self._poll,
            self._turn,
            clock=clock,
            concurrency=concurrency,
            on_put_off=self._on_put_off,
            on_idle=self._on_idle,
        )
        self._log = Log("poll")

    @property
    def reads_beside(self) -> int | None:
        """The id of the process that fetches and reads feeds, while there is one."""
        return self._errands.pid

    # -- whose turn it is ---------------------------------------------------------------------------------------------
    async def tick(self) -> int:
        """Start the polls that are due, as many as there is room for. Returns how many."""
        return await self._turns.tick()

    async def poll_all(self) -> None:
        """Poll everything that is due now, and wait for it."""
        await self._turns.all()

    async def poll_soon(self, due: Mapping[str, datetime]) -> None:
        """Let sources fall due at these moments, and start what is due now."""
        await self._turns.soon(due)

    async def stop(self, timeout_s: float) -> None:
        """Let the polls under way finish, at most so long; the rest are given up and come again after the start."""
        await self._turns.stop(timeout_s)
        await self._errands.stop()

    def _turn(self, lease: Lease, now: datetime) -> Turn:
        source = self.rulebook.sources.get(lease.source_id)
        host = host_of(lease.url_in_use or source.url) if source else ""
        at = self._hosts.turn(host, lease.source_id, now) if host else now
        return Turn(at, self._hosts.why(host, now) if at > now else "")

    def _on_put_off(self, count: int) -> None:
        self.tally.put_off += count

    def _on_idle(self, now: datetime) -> None:
        self.last_alive = now

    # -- what hubs send -----------------------------------------------------------------------------------------------
    async def receive(self, source_id: str, came: Fetched) -> int:
        """A hub sent what is new of a feed: it takes the way of a poll, but is none, and the source keeps its turn.
        Returns how many items were new. Raises ``SourceError`` and ``StoreError``."""
        source = self.rulebook.sources.get(source_id)
        lease = await self._store.read(lambda s: s.look(source_id))
        if source is None or lease is None:
            return 0  # went away with an edit
        parsed = await self._press.run(kind(source.kind).parse, came, source)
        brought = await self._press.run(pipeline.articles_of, parsed, source, came.fetched_at)
        found, left, sifted = await self._sort_out(source, brought, NEW_MAX, {})
        if left:
            await self.poll_soon({source_id: self._clock()})
        if not found.new and not found.revised:
            return 0
        memory, now = lease.memory, self._clock()
        memory = replace(memory, rhythm=learn(memory.rhythm, _arrivals(found, now), now))
        push = Push(source_id, now, len(found.new), memory)
        written = await self._publish(found, lambda: push, {}, sifted, first_poll=lease.first)
        self.tally.items += len(parsed.items)
        self.tally.new += len(written.new)
        self.tally.decided(written.assembled.decisions)
        self._metrics.items_pushed(len(parsed.items), len(written.new))
        if lease.standing.state is SourceState.SILENT:
            await self.poll_soon({source_id: now})  # it is not any more; the next poll would say so in an hour
        self._log.info("pushed", source=source_id, items=len(parsed.items), new=len(written.new))
        return len(written.new)

    # -- one poll -----------------------------------------------------------------------------------------------------
    async def _poll(self, lease: Lease) -> None:
        source = self.rulebook.sources.get(lease.source_id)
        if source is None:
            return  # went away with an edit; its row is switched off
        began = time.perf_counter()
        try:
            try:
                visit, articles, ahead = await self._work(source, lease)
                await self._write(source, lease, visit, articles, ahead, began)
            except HostRestsError as error:
                await self._turns.postpone({source.id: Turn(error.until, RESTS.format(host=error.host))})
            except SourceError as error:
                await self._write_failure(source, lease, error, began)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - logged, and recorded against the source
                # A bug must not cost the source its turn for ever, nor the others theirs.
                self._log.exception("poll failed unexpectedly", source=source.id)
                text = f"internal error ({type(error).__name__}); see the log"
                await self._write_failure(source, lease, SourceError(source.id, FetchReason.BROKEN, text), began)
        except StoreError as error:
            self._not_stored(source, error)

    def _not_stored(self, source: Source, error: StoreError) -> None:
        """The store could take neither news nor a failure: only the log and the summary of a run can tell."""
        self._log.error("poll not stored", source=source.id, error=str(error))
        self.tally.polls += 1
        self.tally.failed += 1
        self.failures[source.id] = str(error)

    async def _work(self, source: Source, lease: Lease) -> tuple[Visit, tuple[Article, ...], pipeline.Ahead]:
        """Fetch and run the stages that need no knowledge of other sources. Raises ``SourceError``."""
        now = self._clock()
        asked = replace(source, url=lease.url_in_use) if lease.url_in_use else source

        single = is_single(kind(source.kind))
        # A feed that never changes would never be read for a hub, so it is asked for as a whole once.
        whole = not lease.memory.looked and self._pushes is not None and self._pushes.wants(source.id)
        held = Seen.unpack(lease.seen if single and not whole else b"")
        feed = source.kind == "feed"
        found: Read | None = None
        body = b""  # the fingerprint of the answer, where one is all of the poll
        errand = self._errands.errand(asked, now, held) if feed and single else None

        async def fetch(request: Request, state: HttpState) -> Fetched | NotModified:
            got = await self._fetcher.fetch(asked, state, now, request=request, through=errand)
            if isinstance(got, NotModified) or not single:
                return got
            nonlocal body
            body = errand.body if errand is not None and errand.body else fingerprint(got.content)
            if held.body == body:  # the server might have said so itself
                return NotModified(source.id, now, got.headers, got.state, got.elapsed_s, got.moved_to)
            return got if errand is not None and errand.read is not None else replace(got, known=held.marks)

        async def run(call: Callable[[Steps, Answer], Step], steps: Steps, answer: Answer) -> Step:
            if not feed or not isinstance(answer, Fetched):
                try:
                    return await self._press.run(call, steps, answer)
                finally:
                    del answer  # may be the error that is raised: it must not hold on to itself
            nonlocal found
            found = await self._errands.read(answer, asked, errand)
            return found.parsed

        answer = await collect(asked, HttpState() if whole else lease.state, now, fetch, run)
        self._hosts.welcomed(host_of(asked.url))
        if isinstance(answer, NotModified):
            visit = Visit("not_modified", answer.state, answer.headers, answer.elapsed_s, moved_to=answer.moved_to)
            return visit, (), {}
        first, parsed = answer.first, answer.parsed
        if found is None:
            articles = await self._press.run(pipeline.articles_of, parsed, asked, first.fetched_at)
            found = Read(parsed, len(parsed.items), articles)
        if parsed.note:
            self.notes[source.id] = parsed.note
        else:
            self.notes.pop(source.id, None)
        visit = Visit(
            "ok",
            answer.state,
            first.headers,
            first.elapsed_s,
            items=found.items + parsed.skipped,
            moved_to=first.moved_to,
            cadence=parsed.cadence,
            seen=Seen(body, parsed.marks).pack() if single else None,
            offer=parsed.offer,
        )
        ahead = {one.key: (one, features) for one, features in zip(found.articles, found.features, strict=False)}
        return visit, found.articles, ahead

    async def _write_failure(self, source: Source, lease: Lease, error: SourceError, began: float) -> None:
        """Record a failure, and let the whole host rest if that is what it wants."""
        now = self._clock()
        not_before = None
        if had_enough(error):
            assert isinstance(error, FetchError)
            host = error.host or host_of(lease.url_in_use or source.url)
            until = not_before = self._hosts.refused(host, now, error.retry_after_s)
            put_off = await self._store.run(lambda s: s.put_off(host, until, REST_SPREAD_S))
            self._log.warning("host rests", host=host, until=until.isoformat(), put_off=put_off)
        result = outcome.failed(source, lease, error, now, not_before=not_before)
        poll = replace(result.poll, elapsed_s=time.perf_counter() - began)
        await self._store.commit(Batch(poll))
        self._finish(source, poll, poll.elapsed_s, None)
        self._tell(result.notices)

    async def _write(
        self,
        source: Source,
        lease: Lease,
        visit: Visit,
        articles: tuple[Article, ...],
        ahead: pipeline.Ahead,
        began: float,
    ) -> None:
        """Judge what is new, decide, and commit."""
        found, sifted = Sorted(), None
        if articles:
            most = None if lease.first else NEW_MAX
            found, left, sifted = await self._sort_out(source, articles, most, ahead)
            if left or found.later:  # the next answer must hold them: nothing is remembered that could make it shorter
                visit = replace(visit, state=HttpState(), seen=b"")
            if left:
                self.notes[source.id] = f"{left} new items were left for the next poll"
                self._log.warning("flood", source=source.id, taken=len(found.new), left=left)
        now = self._clock()
        pushed = self._pushes is not None and self._pushes.polled(
            source.id, found_news=bool(found.new), last_poll=lease.last_success, now=now
        )
        ended: list[Poll] = []

        def end() -> Poll:
            """All that came before counts in how long it took."""
            took, new = time.perf_counter() - began, len(found.new)
            arrivals = _arrivals(found, now)
            made = outcome.answered(source, lease, visit, arrivals, now, pushed=pushed, new_items=new, elapsed_s=took)
            ended.append(made.poll)
            return made.poll

        written: Written | None = None
        if found.new or found.revised:
            written = await self._publish(found, end, ahead, sifted, first_poll=lease.first)
        else:
            await self._store.commit(Batch(end()))
        poll = ended[-1]
        self._finish(source, poll, time.perf_counter() - began, written)
        self._tell(poll.notices)
        if self._pushes is not None and source.kind == "feed":
            await self._pushes.offered(source.id, (poll.memory or lease.memory).offer)

    async def _sort_out(
        self, source: Source, brought: tuple[Article, ...], most: int | None, ahead: pipeline.Ahead
    ) -> tuple[Sorted, int, Sifted]:
        """What matters of what came, and how much of the new was left: ``most`` of it is taken. With the pages' texts
        where the source wants them."""
        sifted = await self._sift.ask(Brought(source.id, brought), ahead, judge=not source.full_text)
        found = sifted.sorted
        articles, revised = found.new[:most], found.revised
        if self._full_text is not None:
            since = None if self._max_age is None else self._clock() - self._max_age
            articles = await self._full_text.read(source, articles, since)
            revised = await self._full_text.reread(source, revised)
        left = len(found.new) - len(articles)
        return Sorted(articles, revised, found.elsewhere, found.later), left, sifted

    async def _publish(
        self,
        found: Sorted,
        record: Callable[[], Poll | Push],
        ahead: pipeline.Ahead,
        sifted: Sifted | None,
        *,
        first_poll: bool,
    ) -> Written:
        """Judge, decide, commit, and wake the channels. ``record`` is asked once all is decided."""
        rulebook, revised = self.rulebook, found.revised
        judged = sifted.verdicts(found.new, rulebook.engine) if sifted is not None else None
        if judged is None:
            judged = await self._press.run(pipeline.judge, found.new, rulebook.engine, ahead)
        edited = await self._press.run(pipeline.judge_edits, revised, rulebook.engine) if revised else ()
        written = await self._assembler.write(judged, edited, record, rulebook.route, first_poll=first_poll)
        self._on_deliveries({d.channel for d in written.assembled.deliveries})
        self._count_matches(judged)
        self.tally.revised += len(revised)
        return written

    def _tell(self, notices: Iterable[SourceNotice]) -> None:
        for notice in notices:
            self._on_notice(notice)

    def _count_matches(self, judged: Iterable[pipeline.Judged]) -> None:
        for one in judged:
            self._metrics.article("matched" if one.matches else "unmatched")
            if one.matches:
                self.tally.matched += 1
            for match in one.matches:
                self._metrics.rule_matched(match.rule_id)

    def _finish(self, source: Source, poll: Poll, elapsed_s: float, written: Written | None) -> None:
        new = written.new if written is not None else ()
        self.last_alive = poll.finished_at
        self._metrics.poll_finished(poll.outcome, poll.items, len(new), elapsed_s, poll.finished_at)
        tally = self.tally
        tally.polls += 1
        tally.items += poll.items
        tally.new += len(new)
        if written is not None:
            self.tally.decided(written.assembled.decisions)
        self.unresolved.discard(source.id)
        if poll.ok:
            self.failures.pop(source.id, None)
            say = self._log.info if new else self._log.debug
            say("polled", source=source.id, outcome=poll.outcome, items=poll.items, new=len(new))
            return
        tally.failed += 1
        self.failures[source.id] = poll.error
        if poll.outcome == FetchReason.DNS:
            self.unresolved.add(source.id)
        self._log.warning("poll failed", source=source.id, outcome=poll.outcome, error=poll.error)


def _arrivals(found: Sorted, now: datetime) -> list[datetime]:
    """When the source brought something: what its publisher says, or now. What another source brought first counts,
    too: a source whose news others always have a minute earlier is not silent."""
    mine = [article.published if article.dated else now for article in found.new]
    return mine + [article.published for article in found.elsewhere if article.dated]
