"""A small newsroom on a real store: articles come, people mute, time passes, the bot dies and starts again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.assembly import Assembler
from bot.chores.releaser import Releaser
from bot.message import DeliveryKind, DeliveryState, Digest, Message, Receipt
from bot.model import Article, Match, Mention, MuteKind, Revised, Source
from bot.newsroom import take_up
from bot.noise import Mutes, Policy
from bot.pipeline import Edited, Judged, judged_as
from bot.store.base import Batch, Store
from bot.store.noise_port import NewMute
from bot.store.outbox_port import Delivery
from bot.store.sources_port import Poll
from bot.store.sql import SqlStore
from bot.story import WINDOW, Stories
from tests.databases import open_store
from tests.samples import NOW

T = TypeVar("T")
OUTLETS = ("wire", "herald", "courier", "tribune", "gazette", "observer")
EVERYTHING = tuple(DeliveryState)


class Now:
    """The store, called at once: nothing here happens at the same time."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store

    async def run(self, op: Callable[[Store], T]) -> T:
        return op(self.store)

    async def read(self, op: Callable[[Store], T]) -> T:
        return op(self.store)

    async def commit(self, batch: Batch) -> tuple[str, ...]:
        return self.store.commit(batch)


class Desk:
    """``channels`` are those that every rule alerts, unless a match names its own."""

    def __init__(
        self,
        folder: Path,
        policy: Policy | None = None,
        channels: Sequence[str] = ("desk",),
        max_age: timedelta | None = timedelta(hours=24),
    ) -> None:
        self.now = NOW
        self.policy = policy or Policy()
        self.channels = tuple(channels)
        self.notified: list[str] = []
        self._file = folder / "desk.db"
        self._max_age = max_age
        self.start()
        self.store.sync_sources([Source(name, f"https://{name}.example/feed") for name in OUTLETS], NOW, {})
        for name in OUTLETS:
            self.store.commit(Batch(Poll(name, NOW, NOW + timedelta(minutes=10), "ok")))

    # -- life -----------------------------------------------------------------------------------------------------
    def start(self) -> None:
        self.store = open_store(self._file)
        self.stories = Stories()
        take_up(self.stories, self.store.recent_stories(self.now - WINDOW))
        self.mutes = Mutes()
        self.mutes.replace(self.store.mutes(self.now))
        self.assembler = Assembler(
            Now(self.store),
            self.stories,
            self.mutes,
            self.policy,
            clock=lambda: self.now,
            max_age=self._max_age,
        )
        self.releaser = Releaser(
            Now(self.store),
            self.assembler,
            self.mutes,
            clock=lambda: self.now,
            sources=tuple,
            channels=self._route,
            notify=self.notified.append,
        )

    def stop(self) -> None:
        self.store.close()

    def restart(self) -> None:
        """Nothing but the store survives."""
        self.stop()
        self.start()

    # -- what happens ---------------------------------------------------------------------------------------------
    async def read(
        self,
        *articles: Article,
        matches: tuple[Match, ...] = (),
        first: bool = False,
        mentions: tuple[Mention, ...] = (),
    ) -> None:
        """A poll brings articles, and the same rules fire on each."""
        countries = tuple(dict.fromkeys(m.entity for m in mentions))
        judged = [judged_as(a, matches, countries, mentions) for a in articles]
        await self._write(judged, (), first, articles[0].source_id)

    async def edit(
        self,
        before: Article,
        matches: tuple[Match, ...] = (),
        was: tuple[Match, ...] = (),
        **changes: object,
    ) -> Article:
        """An outlet changes an article, on which ``was`` fired."""
        after = replace(before, fetched_at=self.now, content_hash=f"{before.content_hash}+", **changes)  # type: ignore[arg-type]
        judged = judged_as(after, matches)
        edited = Edited(Revised(before, after), judged, frozenset(m.rule_id for m in was))
        await self._write((), (edited,), False, before.source_id)
        return after

    async def _write(self, judged: Sequence[Judged], edited: Sequence[Edited], first: bool, source_id: str) -> None:
        def poll() -> Poll:
            return Poll(source_id, self.now, self.now + timedelta(minutes=10), "ok")

        await self.assembler.write(judged, edited, poll, self._route, first_poll=first)

    def _route(self, found: tuple[Match, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c for m in found for c in (m.channels or self.channels)))

    async def wait(self, **time: float) -> None:
        """Time passes, and what is due comes out."""
        self.now += timedelta(**time)
        await self.releaser.tick()

    async def mute(self, kind: MuteKind, value: str, hours: float | None = None, channel: str | None = None) -> int:
        until = None if hours is None else self.now + timedelta(hours=hours)
        made = self.store.add_mute(NewMute(kind, value, channel, self.now, until, "ann", "an exercise"))
        await self.releaser.refresh_mutes()
        return made.id

    async def unmute(self, mute_id: int) -> None:
        self.store.remove_mute(mute_id, self.now, "ann")
        await self.releaser.tick()

    def deliver(self) -> None:
        """The channels take all that waits."""
        for one in self.store.deliveries([DeliveryState.WAITING], 10_000):
            self.store.mark_sending(one.id, self.now)
            receipt = Receipt(one.channel, one.payload.key, f"ref-{one.id}", self.now)
            self.store.mark_sent(one.id, receipt)

    # -- what is seen ---------------------------------------------------------------------------------------------
    def posts(self, *kinds: DeliveryKind, channel: str = "desk") -> list[Delivery]:
        """Deliveries of a channel, in order; of all kinds or some."""
        found = self.store.deliveries(EVERYTHING, 10_000)
        return [d for d in found if d.channel == channel and (not kinds or d.kind in kinds)]

    def alerts(self, channel: str = "desk") -> list[Message]:
        found = (d.payload for d in self.posts(DeliveryKind.ALERT, channel=channel))
        return [m for m in found if isinstance(m, Message)]

    def said(self, channel: str = "desk") -> list[tuple[str, tuple[str, ...]]]:
        """What answered earlier posts: kind and news."""
        kinds = (DeliveryKind.REPLY, DeliveryKind.RAISE)
        posts = self.posts(*kinds, channel=channel)
        return [(d.kind.value, d.payload.news) for d in posts if isinstance(d.payload, Message)]

    def digests(self, channel: str = "desk") -> list[Digest]:
        found = (d.payload for d in self.posts(DeliveryKind.DIGEST, channel=channel))
        return [d for d in found if isinstance(d, Digest)]

    def verdicts(self, key: str) -> list[tuple[str, str]]:
        """Channel and verdict of each decision about an article."""
        return [(d.channel, d.verdict) for d in self.store.decisions(key)]

    def listed(self, channel: str = "desk") -> list[str]:
        """The alerts that digests list, by article."""
        return [line.alert_id for digest in self.digests(channel) for line in digest.lines]


def counts(digest: Digest) -> dict[str, int]:
    """How many for each reason."""
    return {count.reason.value: count.count for count in digest.counts}


def sources_in(posts: Iterable[Delivery]) -> list[int]:
    return [d.payload.sources for d in posts if isinstance(d.payload, Message)]
