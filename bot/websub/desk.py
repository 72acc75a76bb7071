"""Keeps the subscriptions: learns of offers from polls, asks hubs, renews, ends. One for the process.

What is decided stands in :mod:`bot.websub.subscription`; here it is stored before anybody acts on it. Requests to a hub
go through the fetcher, so that the address guard, deadlines and the manners towards hosts hold for hubs as well: a feed
can name any address as its hub.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.assembly import StoreRunner
from bot.errors import FetchError, FetchReason, HostRestsError
from bot.health import Metrics
from bot.log import Log
from bot.model import HttpState, Source
from bot.polling.schedule import spread
from bot.sources.base import Request
from bot.watchlists.refresh import Fetches
from bot.web.urls import host_of
from bot.websub import subscription as life
from bot.websub.offer import Offer
from bot.websub.subscription import State, Subscription

PATH = "/websub"  # below which callbacks are, on the listener
AT_ONCE = 4  # requests under way to one hub
BATCH = 100  # requests to one hub between two looks at what is due
BACK_S = 60.0  # seconds after a start over which the sources of hubs are polled: nobody listened before it

_DOWN = frozenset(
    {FetchReason.TIMEOUT, FetchReason.CONNECT, FetchReason.DNS, FetchReason.TLS, FetchReason.RATE_LIMITED}
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the config says. ``base`` is the public address of callbacks, empty where pushes are not wanted; ``lease``
    what is asked for; ``trusted`` tells the hosts to which plain http will do."""

    base: str
    lease: timedelta
    trusted: Callable[[str], bool]


class Subscriptions:
    """See the module. ``sources`` are those in force; ``poll_soon`` lets some be polled at the moments given."""

    def __init__(
        self,
        store: StoreRunner,
        fetcher: Fetches,
        terms: Terms,
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
        sources: Callable[[], Mapping[str, Source]],
        poll_soon: Callable[[Mapping[str, datetime]], Awaitable[None]],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._terms = terms
        self._clock = clock
        self._metrics = metrics
        self._sources = sources
        self._poll_soon = poll_soon
        self._all: dict[str, Subscription] = {}  # by token
        self._of: dict[str, set[str]] = {}  # tokens, by source
        self._offers: dict[str, Offer] = {}  # the latest, by source
        self._unsaved: set[str] = set()  # tokens
        self._log = Log("websub")

    # -- what the bot tells us --------------------------------------------------------------------------------------
    async def open(self) -> None:
        """Take up what an earlier run left. While it was down nobody took what hubs sent, so that the sources that
        they cover are polled."""
        for one in await self._store.read(lambda s: s.subscriptions()):
            self._put(one)
        now = self._clock()
        await self.sync()
        covered = {one.source_id for one in self._all.values() if one.covers(now)}
        window = timedelta(seconds=BACK_S)
        await self._poll_soon({source_id: now + timedelta(seconds=spread(source_id, window)) for source_id in covered})

    async def sync(self) -> None:
        """Other sources came into force: subscriptions of those that went are ended."""
        await self._end(one for one in self._all.values() if not self.wants(one.source_id) or not self._ours(one))

    def _ours(self, one: Subscription) -> bool:
        """Whether its callback is where the config says; the public address may have changed."""
        return one.callback == f"{self._terms.base}/{one.token}"

    def polled(self, source_id: str, *, found_news: bool, last_poll: datetime | None, now: datetime) -> bool:
        """A poll ended; ``last_poll`` was the one before it. Returns whether a hub makes the next one less urgent."""
        covered = False
        for one in self._of_source(source_id):
            after = life.polled(one, found_news=found_news, last_poll=last_poll, now=now)
            if after is not one:
                self._put(after, unsaved=True)
                self._log.info("news that the hub did not tell of", source=source_id, hub=host_of(one.hub))
            covered = covered or after.covers(now)
        return covered

    def wants(self, source_id: str) -> bool:
        """Whether this source may have a subscription."""
        source = self._sources().get(source_id)
        return bool(self._terms.base) and source is not None and source.enabled and source.kind == "feed"

    async def offered(self, source_id: str, offer: Offer | None) -> None:
        """What the feed of a source said of hubs when it was last read, also where it did not change since. ``None``:
        it names none, or none any more."""
        if not self.wants(source_id):
            return
        mine = [one for one in self._of_source(source_id) if one.state is not State.ENDING]
        if offer is None:
            self._offers.pop(source_id, None)
            await self._end(mine)
            return
        known = self._offers.get(source_id)
        self._offers[source_id] = offer
        if known == offer and mine:
            return
        fitting = [one for one in mine if one.topic == offer.topic and not set(one.hubs).isdisjoint(offer.hubs)]
        if not fitting:
            await self._keep([self._new(source_id, offer, self._clock())])  # the old ones end when it lives

    def _new(self, source_id: str, offer: Offer, now: datetime) -> Subscription:
        trusted = self._terms.trusted(host_of(offer.hubs[0]))
        return life.begin(source_id, offer, self._terms.base, now, trusted=trusted)

    # -- what hubs tell us ------------------------------------------------------------------------------------------
    def find(self, token: str) -> Subscription | None:
        """The subscription that a callback belongs to."""
        return self._all.get(token)

    def of(self, source_id: str) -> tuple[Subscription, ...]:
        """Those of a source."""
        return tuple(self._of_source(source_id))

    async def verify(self, token: str, mode: str, topic: str, lease_s: float | None) -> bool:
        """A hub asks whether we want what was asked of it in our name. What was agreed to is stored before it is
        told. Raises ``StoreError``."""
        one = self._all.get(token)
        if one is None or topic != one.topic:
            return False
        now = self._clock()
        if mode == "unsubscribe" and one.state is State.ENDING:
            await self._keep([], [one])
            self._log.info("subscription ended", source=one.source_id, hub=host_of(one.hub))
            return True
        if mode != "subscribe" or one.state not in (State.ASKED, State.LIVE):
            return False
        lease = lease_s if lease_s is not None and lease_s > 0 else self._terms.lease.total_seconds()
        others = [other for other in self._of_source(one.source_id) if other.token != token]
        after = life.confirmed(one, lease, now)
        await self._keep([after])
        if one.state is State.ASKED:  # it takes the place of those before it
            await self._end(others)
        self._log.info(
            "subscribed", source=one.source_id, hub=host_of(one.hub), until=f"{after.lease_until:%Y-%m-%d %H:%M}"
        )
        return True

    async def deny(self, token: str, topic: str, reason: str) -> bool:
        """A hub does not want us; it may say so at any time. Raises ``StoreError``."""
        one = self._all.get(token)
        if one is None or topic != one.topic:
            return False
        now = self._clock()
        if one.state is State.ENDING:
            await self._keep([], [one])
            return True
        await self._keep([life.denied(one, reason, now)])
        self._log.warning("the hub denies the subscription", source=one.source_id, hub=host_of(one.hub), reason=reason)
        if one.live(now):
            await self._poll_soon({one.source_id: now})
        return True

    def pushed(self, one: Subscription) -> None:
        """A hub told of something, in a way that can be trusted."""
        current = self._all.get(one.token)
        if current is not None:
            self._put(life.pushed(current, self._clock()), unsaved=True)

    # -- what is due ------------------------------------------------------------------------------------------------
    async def tick(self) -> None:
        """Ask, ask again, renew, end: whatever is due. A job, every few seconds. Raises ``StoreError``."""
        now = self._clock()
        await self.flush()
        due = [one for one in self._all.values() if one.due <= now]
        hubs: dict[str, list[Subscription]] = {}
        for one in due:
            following = await self._prepared(one, now)
            if following is not None:
                hubs.setdefault(host_of(following.hub), []).append(following)
        await asyncio.gather(*(self._ask_hub(waiting[:BATCH]) for waiting in hubs.values()))
        states = Counter(one.state for one in self._all.values())
        self._metrics.subscriptions({state: states[state] for state in State})

    async def _prepared(self, one: Subscription, now: datetime) -> Subscription | None:
        """What is to be asked of a hub; ``None`` where nothing is, or not yet."""
        match one.state:
            case State.WANTED | State.DENIED | State.ENDING:
                return one
            case State.ASKED:
                await self._keep([life.failed(one, "the hub took the request, and did not ask back", now)])
            case State.LIVE:
                await self._renew(one, now)
        return None

    async def _renew(self, one: Subscription, now: datetime) -> None:
        """A successor is made, and asked for in the next round; a lease that ended is over."""
        over = not one.live(now)
        successors = [
            other for other in self._of_source(one.source_id) if other is not one and other.state is not State.ENDING
        ]
        made = []
        if not successors:
            offer = self._offers.get(one.source_id) or Offer(one.hubs, one.topic)
            made = [self._new(one.source_id, offer, now)]
        if not over:
            assert one.lease_until is not None
            await self._keep([life.until_its_end(one), *made])
            return
        await self._keep(made, [one])
        self._log.warning("lease ended", source=one.source_id, hub=host_of(one.hub))
        await self._poll_soon({one.source_id: now})

    async def _ask_hub(self, waiting: list[Subscription]) -> None:
        """Requests to one hub, a few at a time. Where it is down, the rest need not find that out one by one."""
        slots = asyncio.Semaphore(AT_ONCE)
        down: list[FetchError] = []

        async def ask(one: Subscription) -> None:
            async with slots:
                if one != self._all.get(one.token):
                    return  # something became of it meanwhile
                error = down[0] if down else await self._request(one)
                if error is not None and error.reason in _DOWN:
                    down.append(error)
                await self._after(one, error)

        await asyncio.gather(*(ask(one) for one in waiting))

    async def _request(self, one: Subscription) -> FetchError | None:
        """Ask a hub to begin or to end a subscription."""
        now = self._clock()
        ends = one.state is State.ENDING
        if not ends:  # stored first: the hub may ask back before it answers
            await self._keep([life.asked(one, now)])
        form = {
            "hub.callback": one.callback,
            "hub.mode": "unsubscribe" if ends else "subscribe",
            "hub.topic": one.topic,
        }
        if not ends:
            form["hub.lease_seconds"] = str(int(self._terms.lease.total_seconds()))
        if one.secret and not ends:
            form["hub.secret"] = one.secret
        hub = Source(one.source_id, one.hub)
        try:
            await self._fetcher.fetch(hub, HttpState(), now, request=Request(one.hub, accept="*/*", form=form))
        except FetchError as error:
            return error
        return None

    async def _after(self, one: Subscription, error: FetchError | None) -> None:
        """A request was answered, or not."""
        now = self._clock()
        current = self._all.get(one.token)
        if current is None:
            return  # the hub asked back at once
        if one.state is State.ENDING:
            later = life.not_ended(current, now)
            await self._keep([later] if later else [], [] if later else [current])
        elif error is not None and current.state in (State.ASKED, one.state):
            if isinstance(error, HostRestsError):
                await self._keep([life.later(one, error.until)])
                return
            await self._keep([life.failed(current, error.text, now, error.retry_after_s)])
            self._log.warning("not subscribed", source=one.source_id, hub=host_of(one.hub), error=error.text)

    # -- keeping ----------------------------------------------------------------------------------------------------
    async def flush(self) -> None:
        """Store what is not stored yet: counts and the like."""
        unsaved = [self._all[token] for token in self._unsaved if token in self._all]
        await self._keep(unsaved)
        self._unsaved -= {one.token for one in unsaved if one is self._all.get(one.token)}

    async def _end(self, subscriptions: Iterable[Subscription]) -> None:
        """What lives is to be ended at its hub; what does not is forgotten, and a question of the hub answered no."""
        now = self._clock()
        ending = [one for one in subscriptions if one.state is not State.ENDING]
        alive = [one for one in ending if one.live(now)]
        await self._keep([life.ending(one, now) for one in alive], [one for one in ending if one not in alive])

    async def _keep(self, kept: Iterable[Subscription], gone: Iterable[Subscription] = ()) -> None:
        changed, dropped = tuple(kept), tuple(one.token for one in gone)
        if not changed and not dropped:
            return
        await self._store.run(lambda s: s.keep_subscriptions(changed, dropped))
        for one in changed:
            self._put(one)
        for token in dropped:
            self._forget(token)

    def _put(self, one: Subscription, *, unsaved: bool = False) -> None:
        self._all[one.token] = one
        self._of.setdefault(one.source_id, set()).add(one.token)
        if unsaved:
            self._unsaved.add(one.token)

    def _forget(self, token: str) -> None:
        one = self._all.pop(token, None)
        if one is not None:
            mine = self._of.get(one.source_id, set())
            mine.discard(token)
            if not mine:
                self._of.pop(one.source_id, None)

    def _of_source(self, source_id: str) -> list[Subscription]:
        return [self._all[token] for token in self._of.get(source_id, ())]
