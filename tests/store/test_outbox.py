"""The outbox against a model of it: order, uniqueness and states, over any sequence of calls and restarts."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.errors import StoreError
from bot.message import DeliveryState
from bot.store.sql import SqlStore
from tests.properties import examples
from tests.store.samples import T0, alert_delivery, digest_delivery, minutes, receipt

CHANNELS = ("desk", "intel")
OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)


@dataclass
class Post:
    key: str
    channel: str
    digest: bool = False
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0


class Outbox(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="wirewatch-")
        self.url = f"sqlite:///{Path(self.folder.name) / 'store.db'}"
        self.posts: list[Post] = []  # in order
        self.folded: dict[str, str] = {}  # key -> key of the digest
        self.store = SqlStore(self.url)
        self.store.upgrade()
        self.store.open()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    @property
    def keys(self) -> set[str]:
        return {post.key for post in self.posts} | set(self.folded)

    def find(self, n: int) -> tuple[Post, int]:
        """The nth post of all that stand in the outbox, and its row."""
        stored = self.store.deliveries(tuple(DeliveryState), 1000)
        found = stored[n % len(stored)]
        return next(post for post in self.posts if post.key == found.payload.key), found.id

    @rule(names=st.lists(st.integers(0, 20), max_size=4), channel=st.sampled_from(CHANNELS))
    def enqueue(self, names: list[int], channel: str) -> None:
        fresh = [f"k{n}" for n in dict.fromkeys(names) if f"k{n}" not in self.keys]
        assert self.store.enqueue([alert_delivery(f"k{n}", channel) for n in names]) == len(fresh)
        self.posts += [Post(key, channel) for key in fresh]

    @precondition(lambda self: self.posts)
    @rule(n=st.integers(0, 50), to=st.sampled_from(DeliveryState))
    def mark(self, n: int, to: DeliveryState) -> None:
        post, row = self.find(n)
        try:
            match to:
                case DeliveryState.SENDING:
                    self.store.mark_sending(row, T0)
                case DeliveryState.SENT:
                    self.store.mark_sent(row, receipt(post.key, post.channel))
                case DeliveryState.WAITING:
                    self.store.mark_waiting(row, minutes(1), "busy")
                case DeliveryState.PARKED:
                    self.store.mark_parked(row, "refused")
                case DeliveryState.DROPPED:
                    self.store.mark_dropped(row, "gone")
        except StoreError:
            assert post.state not in OPEN
            return
        assert post.state in OPEN
        post.state = to
        post.attempts += to is DeliveryState.SENDING

    @rule(channel=st.sampled_from([*CHANNELS, None]))
    def unpark(self, channel: str | None) -> None:
        parked = [p for p in self.posts if p.state is DeliveryState.PARKED and channel in (None, p.channel)]
        assert self.store.unpark(channel, T0) == len(parked)
        for post in parked:
            post.state = DeliveryState.WAITING

    @rule(channel=st.sampled_from(CHANNELS), limit=st.integers(1, 5), name=st.integers(0, 3))
    def fold(self, channel: str, limit: int, name: int) -> None:
        rows = self.store.pending(channel, limit)
        key = f"d{name}"
        fits = all(row.state is DeliveryState.WAITING and row.kind == "alert" for row in rows)
        known = key in self.keys
        try:
            self.store.replace_with_digest(channel, [row.id for row in rows], digest_delivery(key, channel))
        except StoreError:
            assert not fits
            assert not known
            return
        assert fits or known
        if known:
            return
        gone = {row.payload.key for row in rows}
        self.posts = [post for post in self.posts if post.key not in gone] + [Post(key, channel, digest=True)]
        self.folded |= dict.fromkeys(gone, key)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = SqlStore(self.url)
        self.store.open()

    @invariant()
    def each_channel_has_its_posts_in_order(self) -> None:
        for channel in CHANNELS:
            expected = [(p.key, p.state, p.attempts) for p in self.posts if p.channel == channel and p.state in OPEN]
            stored = self.store.pending(channel, 1000)
            assert [(d.payload.key, d.state, d.attempts) for d in stored] == expected
            assert self.store.pending_count(channel) == len(expected)

    @invariant()
    def what_was_sent_is_proven_once(self) -> None:
        sent = {post.key: post.channel for post in self.posts if post.state is DeliveryState.SENT}
        for key in self.keys:
            carrier = self.folded.get(key, key)
            proof = receipt(carrier, sent[carrier]) if carrier in sent else None
            assert self.store.receipt(key) == proof


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=examples(25), stateful_step_count=25)
