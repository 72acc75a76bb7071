"""Nothing that was held is lost, and every story is told once, whatever happens in whatever order.

A machine of chance drives the real store and the real decisions: articles come, people mute, hours pass, the bot dies.
At the end time goes on until every hold has ended; then what the channels got is held against what came.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot import cron
from bot.model import Article, Mention, MentionKind, MuteKind, Severity
from bot.noise import Policy
from bot.noise.policy import ChannelPolicy, Demand, DigestTimes, Inhibition, QuietHours, Throttle
from bot.noise.release import ADDS_MAX
from tests.desk import OUTLETS, Desk, counts
from tests.noise.test_release import news
from tests.samples import match
from tests.test_story_properties import reports

UTC_ZONE = ZoneInfo("UTC")
CHANNELS = ("desk", "intel", "brief")
RULES = ("law", "vote", "chatter", "rumour")

# A failure is not made smaller: each step is a transaction, and a few dozen steps can be read.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
_NIGHT = QuietHours(time(20), time(7), ZoneInfo("Europe/London"))
_NOON = QuietHours(time(12), time(14), UTC_ZONE, loud=Severity.HIGH, channels=frozenset({"desk"}))
_DIGESTS = DigestTimes(cron.parse("0 7,15 * * *"), UTC_ZONE)

policies = st.builds(
    Policy,
    quiet=st.sampled_from([(), (_NIGHT,), (_NOON,), (_NIGHT, _NOON)]),
    throttles=st.sampled_from([(), (Throttle(1, timedelta(hours=2)),), (Throttle(2, timedelta(hours=6)),)]),
    inhibitions=st.sampled_from([(), (Inhibition("law", frozenset({"chatter", "vote"}), timedelta(hours=5)),)]),
    demands=st.sampled_from([{}, {"rumour": Demand(2, timedelta(hours=3))}]),
    channels=st.sampled_from(
        [
            {},
            {"intel": ChannelPolicy(digest=_DIGESTS), "brief": ChannelPolicy(languages=frozenset({"en"}))},
            {"brief": ChannelPolicy(regions=frozenset({"RU"}))},
        ]
    ),
    filtered=st.just(_DIGESTS),
)


@dataclass(frozen=True)
class Draft:
    """An article to be; those of one story are copies of each other."""

    story: int
    source: str
    fired: frozenset[str]
    severity: Severity
    countries: tuple[str, ...]
    lang: str | None
    extra: str


drafts = st.builds(
    Draft,
    story=st.integers(0, 3),
    source=st.sampled_from(OUTLETS),
    fired=st.frozensets(st.sampled_from(RULES), max_size=2),
    severity=st.sampled_from(Severity),
    countries=st.sampled_from([("RU",), ("KP",), ()]),
    lang=st.sampled_from(["en", "de", None]),
    extra=st.sampled_from(["", "Moreover 400 people were killed.", "Ann Roe said so."]),
)

_HOLDS = """
SELECT holds.alert_id, alerts.story_id, holds.channel, holds.reason, holds.released, holds.delivery_key, holds.adds
FROM holds
JOIN alerts ON alerts.id = holds.alert_id
"""


@cache
def desk_without_news() -> bytes:
    """The database of one; to make it anew costs more than a whole run."""
    with tempfile.TemporaryDirectory(prefix="wirewatch-desk-") as folder:
        Desk(Path(folder)).stop()
        return Path(folder, "desk.db").read_bytes()


def empty_store(folder: Path) -> None:
    (folder / "desk.db").write_bytes(desk_without_news())


class Newsroom(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="wirewatch-desk-")
        self.desk: Desk | None = None
        self.came: list[str] = []  # articles on which a rule fired
        self.versions = 0
        self.mutes: list[int] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @property
    def room(self) -> Desk:
        assert self.desk is not None
        return self.desk

    @initialize(policy=policies)
    def opens(self, policy: Policy) -> None:
        folder = Path(self.folder.name)
        empty_store(folder)
        self.desk = Desk(folder, policy, CHANNELS)

    @rule(poll=st.lists(drafts, min_size=2, max_size=6), first=st.sampled_from([False, False, False, True]))
    def articles_come(self, poll: list[Draft], first: bool) -> None:
        for draft in poll:
            self.versions += 1
            self.run(self.one_comes(draft, f"{draft.source}-{draft.story}-{self.versions}", first))

    async def one_comes(self, draft: Draft, key: str, first: bool) -> None:
        text = f"{news(draft.story).text} {draft.extra}"
        link = f"{draft.source}.example/{key}"
        one = replace(
            news(draft.story, draft.source, text=text, published=self.room.now, lang=draft.lang),
            key=key,
            guid=key,
            content_hash=key,
            url=f"https://{link}",
            canonical_url=link,
        )
        matches = tuple(match(name, draft.severity) for name in sorted(draft.fired))
        named = tuple(Mention(code, 0, 1, code, MentionKind.NAME) for code in draft.countries)
        await self.room.read(one, matches=matches, mentions=named, first=first)
        if matches:
            self.came.append(key)

    @rule(
        what=st.sampled_from(
            [
                (MuteKind.RULE, "law"),
                (MuteKind.RULE, "vote"),
                (MuteKind.SOURCE, "wire"),
                (MuteKind.COUNTRY, "RU"),
                (MuteKind.TERM, "zone1"),
            ]
        ),
        hours=st.sampled_from([None, 1, 5]),
        channel=st.sampled_from([None, "desk"]),
    )
    def somebody_mutes(self, what: tuple[MuteKind, str], hours: float | None, channel: str | None) -> None:
        self.mutes.append(self.run(self.room.mute(*what, hours=hours, channel=channel)))

    @precondition(lambda self: self.mutes)
    @rule(data=st.data())
    def somebody_ends_a_mute(self, data: st.DataObject) -> None:
        self.run(self.room.unmute(data.draw(st.sampled_from(self.mutes))))

    @rule(minutes=st.sampled_from([1, 20, 90, 600]))
    def time_passes(self, minutes: int) -> None:
        self.run(self.room.wait(minutes=minutes))

    @precondition(lambda self: self.versions)
    @rule()
    def the_bot_dies_and_starts(self) -> None:
        self.room.restart()

    def nothing_was_sent_twice(self) -> None:
        for channel in CHANNELS:
            stories = Counter(message.story_id for message in self.desk.alerts(channel))
            assert all(count == 1 for count in stories.values()), stories
            assert all(count == 1 for count in Counter(self.desk.listed(channel)).values())

    def teardown(self) -> None:
        try:
            if self.desk is not None:
                self.all_holds_end()
                self.everything_was_told()
                self.nothing_was_sent_twice()
                self.desk.stop()
        finally:
            self.loop.close()
            self.folder.cleanup()

    def all_holds_end(self) -> None:
        for mute in self.mutes:
            self.run(self.room.unmute(mute))
        for _ in range(10):
            self.run(self.room.wait(hours=3))

    def everything_was_told(self) -> None:
        with contextlib.closing(sqlite3.connect(Path(self.folder.name) / "desk.db")) as connection:
            holds = connection.execute(_HOLDS).fetchall()
            stories = dict(connection.execute("SELECT id, story_id FROM alerts"))
        assert all(released for *_, released, _, _ in holds), "something is held for ever"
        for channel in CHANNELS:
            alerted = {message.story_id for message in self.room.alerts(channel)}
            listed = {stories[alert_id] for alert_id in self.room.listed(channel)}
            # What came, by the test's own notes: each story that a rule fired on is told here in one way or the other.
            for key in self.came:
                assert stories[key] in alerted | listed, (channel, key)
            for digest in self.room.digests(channel):
                here = [row for row in holds if row[2] == channel and row[5] == digest.key]
                assert Counter(counts(digest)) == Counter(reason for _, _, _, reason, *_ in here)
                told = sum(alert_id not in self.room.listed(channel) for alert_id, *_ in here)
                assert told >= digest.told
            for alert_id, story_id, at, reason, _, key, adds in holds:
                if at != channel:
                    continue
                if not key:
                    assert story_id in alerted | listed, (channel, alert_id, reason)
                if adds:  # to a story that was told before: only a digest can tell it
                    lines = [x for d in self.room.digests(channel) if d.key == key for x in d.lines]
                    (line,) = [x for x in lines if x.story_id == story_id]
                    assert line.brief or len(line.adds) == ADDS_MAX or set(json.loads(adds)) <= set(line.adds)


def test_nothing_held_is_lost_over_any_sequence() -> None:
    run_state_machine_as_test(
        Newsroom,
        settings=settings(
            max_examples=10,
            stateful_step_count=15,
            phases=_PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )


@settings(max_examples=8)
@given(made=reports(), dice=st.randoms(use_true_random=False), restarts=st.booleans())
def test_every_story_is_alerted_once_whatever_the_order(
    made: list[tuple[str, str]], dice: random.Random, restarts: bool
) -> None:
    """Each channel hears of every story, by one alert, in whatever order its reports arrive, one by one or together."""
    order = list(enumerate(made))
    dice.shuffle(order)
    with tempfile.TemporaryDirectory(prefix="wirewatch-desk-") as folder:
        empty_store(Path(folder))
        desk = Desk(Path(folder), channels=CHANNELS)
        while order:
            together = [order.pop() for _ in range(min(len(order), dice.randint(1, 3)))]
            articles = [_report(number, *words, desk.now) for number, words in together]
            asyncio.run(desk.read(*articles, matches=(match("law"),)))
            desk.now += timedelta(minutes=dice.randint(0, 90))
            if restarts and not dice.randint(0, 3):
                desk.restart()
        stories = {one.article_key: one.story_id for one in desk.store.recent_stories(desk.now - timedelta(days=9))}
        assert len(stories) == len(made)
        for channel in CHANNELS:
            told = [message.story_id for message in desk.alerts(channel)]
            assert sorted(told) == sorted(set(stories.values()))
        desk.stop()


def _report(number: int, title: str, text: str, now: datetime) -> Article:
    link = f"outlet{number}.example/{number}"
    return news(number, "wire", title=title, text=text, url=f"https://{link}", canonical_url=link, published=now)
