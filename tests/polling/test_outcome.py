"""What polls make of a source: state, reason, next turn, and what the operators hear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import FetchError, FetchReason, SourceError
from bot.model import HttpState, Source
from bot.polling import outcome
from bot.polling.cadence import Cadence
from bot.polling.outcome import BLOCKED_TOLD, FAILURES_TOLD, Outcome, Visit
from bot.polling.rhythm import learn
from bot.roster.news import News, SourceNotice
from bot.roster.state import Memory, SourceState, Standing
from bot.store.sources_port import NEVER, Lease
from bot.words import brief

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOURCE = Source("wire", "https://old.example/feed", title="The Wire", every=10 * MINUTE)
NEW = "https://new.example/feed"
ASKED = "put off: it asked to be left alone"


@dataclass
class Life:
    """A source through its polls: each starts from what the one before it stored."""

    now: datetime = NOW
    lease: Lease = field(default_factory=lambda: Lease("wire", HttpState(), first=True, failures=0, last_success=None))
    told: list[SourceNotice] = field(default_factory=list)

    @property
    def state(self) -> SourceState:
        return self.lease.standing.state

    @property
    def news(self) -> list[News]:
        return [notice.news for notice in self.told]

    def works(
        self,
        *arrivals: datetime,
        moved_to: str | None = None,
        elapsed_s: float = 0.1,
        headers: Mapping[str, str] | None = None,
        cadence: Cadence | None = None,
    ) -> Outcome:
        visit = Visit("ok", HttpState(), headers or {}, elapsed_s, moved_to=moved_to, cadence=cadence)
        return self._after(outcome.answered(SOURCE, self.lease, visit, arrivals, self.now))

    def fails(self, reason: FetchReason = FetchReason.STATUS, status: int = 500, wish: float | None = None) -> Outcome:
        error = FetchError("wire", reason, f"old.example failed ({status})", status=status, retry_after_s=wish)
        return self._after(outcome.failed(SOURCE, self.lease, error, self.now))

    def _after(self, result: Outcome) -> Outcome:
        poll, before = result.poll, self.lease
        assert poll.standing is not None
        entered = poll.standing.state is not before.standing.state
        self.lease = Lease(
            "wire",
            HttpState(),
            first=before.first and not poll.ok,
            failures=0 if poll.ok else before.failures + 1,
            last_success=self.now if poll.ok else before.last_success,
            standing=poll.standing,
            since=self.now if entered else before.since,
            url_in_use=before.url_in_use if poll.url_in_use is None else poll.url_in_use,
            memory=poll.memory or before.memory,
        )
        self.told += result.notices
        self.now = min(poll.next_poll_at, self.now + DAY)
        return result


def test_a_source_that_works_is_ok_and_nobody_hears_of_it() -> None:
    life = Life()
    for _ in range(5):
        result = life.works(life.now)
    assert (life.state, life.told) == (SourceState.OK, [])
    assert result.poll.interval == 10 * MINUTE
    assert result.poll.interval_reason == "as configured"


def test_what_the_server_wants_to_be_sent_back_is_written_only_where_it_changed() -> None:
    lease = Lease("wire", HttpState('"1"'), first=False, failures=0, last_success=NOW)
    for state, written in ((HttpState('"1"'), None), (HttpState('"2"'), HttpState('"2"')), (HttpState(), HttpState())):
        result = outcome.answered(SOURCE, lease, Visit("not_modified", state, {}, 0.1), [], NOW)
        assert result.poll.state == written


def test_one_notice_when_it_keeps_failing_and_one_when_it_is_back() -> None:
    life = Life()
    life.works()
    began = life.now
    for _ in range(FAILURES_TOLD + 20):
        life.fails()
        assert life.lease.standing == Standing(SourceState.FAILING, "old.example failed (500)")
    assert life.news == [News.FAILING]
    assert life.lease.since == began
    life.works()
    life.works()
    assert life.news == [News.FAILING, News.BACK]
    assert life.told[1].text.startswith("The Wire (wire) works again after ")


def test_a_hiccup_is_no_news() -> None:
    life = Life()
    for _ in range(9):
        for _ in range(FAILURES_TOLD - 1):
            life.fails()
        life.works()
    assert life.told == []


def test_a_source_that_turns_us_away_is_blocked_and_told_once() -> None:
    life = Life()
    for _ in range(BLOCKED_TOLD + 9):
        life.fails(FetchReason.BLOCKED, 403)
        assert life.state is SourceState.BLOCKED
    assert life.news == [News.BLOCKED]


def test_a_source_that_is_gone_is_polled_no_more_and_told_once() -> None:
    life = Life()
    result = life.fails(FetchReason.GONE, 410)
    assert (life.state, result.poll.next_poll_at) == (SourceState.GONE, NEVER)
    assert life.news == [News.GONE]
    assert "change its url" in life.told[0].text


def test_a_source_that_asks_for_fewer_requests_is_slow_and_failing_if_it_goes_on() -> None:
    life = Life()
    states = []
    for _ in range(FAILURES_TOLD):
        life.fails(FetchReason.RATE_LIMITED, 429)
        states.append(life.state)
    assert states == [SourceState.SLOW] * (FAILURES_TOLD - 1) + [SourceState.FAILING]
    assert life.news == [News.FAILING]
    # Being slow is no recovery from it.
    life.lease = replace(life.lease, failures=0)
    life.fails(FetchReason.RATE_LIMITED, 429)
    assert (life.state, life.news) == (SourceState.SLOW, [News.FAILING])


def test_two_slow_answers_in_a_row_make_a_slow_source_and_one_does_not() -> None:
    life = Life()
    life.works(elapsed_s=11)
    assert life.state is SourceState.OK
    life.works(elapsed_s=12)
    assert life.lease.standing == Standing(SourceState.SLOW, "it takes 12 s to answer")
    life.works(elapsed_s=1)
    assert (life.state, life.told) == (SourceState.OK, [])


def test_a_source_that_falls_silent_is_told_once_and_once_when_it_is_back() -> None:
    life = Life()
    life.works(*(NOW - HOUR * n for n in range(200)))  # an item an hour, for more than a week
    life.now = NOW + 11 * HOUR
    life.works()
    assert life.state is SourceState.OK
    life.now = NOW + 13 * HOUR
    for _ in range(9):
        life.works()
    assert life.state is SourceState.SILENT
    assert life.lease.standing.reason == "nothing new since 2026-03-04 12:00 UTC; its longest pause so far was 1 h"
    assert life.news == [News.SILENT]
    life.works(life.now)
    assert (life.state, life.news) == (SourceState.OK, [News.SILENT, News.BACK])
    assert "brings something new again after" in life.told[1].text


def test_a_trouble_that_changes_its_face_is_told_once() -> None:
    life = Life()
    life.works()
    for n in range(20):
        life.fails(*((FetchReason.BLOCKED, 403) if n % 2 else (FetchReason.STATUS, 500)))
    assert life.news == [News.BLOCKED]
    now = life.now
    life.works()
    assert life.news == [News.BLOCKED, News.BACK]
    assert life.told[1].text == f"The Wire (wire) works again after {brief(now - NOW)}."


def test_a_silence_with_failures_in_it_is_told_once() -> None:
    life = Life()
    life.works(*(NOW - HOUR * n for n in range(200)))
    life.now = NOW + DAY
    life.works()
    assert life.news == [News.SILENT]
    for _ in range(3):
        for _ in range(FAILURES_TOLD + 1):
            life.fails()
        life.works()
        life.works()
    assert life.state is SourceState.SILENT
    assert life.news == [News.SILENT, *[News.FAILING, News.BACK] * 3]
    assert life.told[-1].text.startswith("The Wire (wire) works again after ")
    assert "It is still silent: nothing new since 2026-03-04 12:00 UTC" in life.told[-1].text
    life.works(life.now)
    assert life.news[-1] is News.BACK
    assert "brings something new again" in life.told[-1].text


def test_a_move_is_told_once_though_the_source_falls_silent_meanwhile() -> None:
    life = Life()
    life.works(*(NOW - HOUR * n for n in range(200)), moved_to=NEW)
    while News.MOVED not in life.news:
        life.works(life.now, moved_to=NEW)
    life.now += 2 * DAY
    life.works()
    life.works(life.now)
    assert life.state is SourceState.MOVED
    assert life.news == [News.MOVED, News.SILENT, News.BACK]


def test_a_move_is_told_when_it_is_believed_and_only_then() -> None:
    life = Life()
    while life.now < NOW + 6 * DAY:
        life.works(moved_to=NEW)
        assert life.state is SourceState.OK
    assert life.lease.url_in_use == ""
    life.now = NOW + 7 * DAY + MINUTE
    life.works(moved_to=NEW)
    assert (life.state, life.lease.url_in_use) == (SourceState.MOVED, NEW)
    assert life.news == [News.MOVED]
    assert NEW in life.told[0].text
    for _ in range(5):
        life.works()
    assert (life.state, life.news) == (SourceState.MOVED, [News.MOVED])


def test_https_of_the_same_host_is_taken_at_once_without_a_word() -> None:
    life = Life()
    source = replace(SOURCE, url="http://old.example/feed")
    visit = Visit("ok", HttpState(), {}, 0.1, moved_to="https://old.example/feed")
    result = outcome.answered(source, life.lease, visit, (), NOW)
    assert result.poll.url_in_use == "https://old.example/feed"
    assert result.poll.standing == Standing(SourceState.OK)
    assert result.notices == ()


def test_an_address_that_dies_while_it_redirects_is_replaced_at_the_next_poll() -> None:
    life = Life()
    life.works(moved_to=NEW)
    result = life.fails(FetchReason.STATUS, 404)
    assert life.lease.url_in_use == NEW
    assert result.poll.next_poll_at - result.poll.finished_at <= MINUTE
    assert NEW in life.lease.standing.reason
    life.works()
    assert (life.state, life.news) == (SourceState.MOVED, [News.MOVED])


@pytest.mark.parametrize(
    ("wish", "least"), [(None, 10 * MINUTE), (5.0, 10 * MINUTE), (7200.0, 2 * HOUR), (1e9, 24 * HOUR)]
)
def test_retry_after_is_obeyed_within_a_day(wish: float | None, least: timedelta) -> None:
    result = Life().fails(FetchReason.RATE_LIMITED, 503, wish)
    wait = result.poll.next_poll_at - NOW
    assert least <= wait <= max(least, 11 * MINUTE)


def test_a_source_is_never_given_up() -> None:
    life = Life()
    for _ in range(1000):
        result = life.fails()
        wait = result.poll.next_poll_at - result.poll.finished_at
    assert timedelta(hours=6) <= wait <= timedelta(hours=6, minutes=36)


def test_a_wait_that_was_asked_for_is_told_as_one() -> None:
    life = Life()
    assert life.fails(FetchReason.RATE_LIMITED, 429, wish=3600).poll.interval_reason == ASKED
    assert life.fails(FetchReason.RATE_LIMITED, 429, wish=1).poll.interval_reason == "as configured"


def test_a_failure_waits_for_the_rest_of_its_host() -> None:
    error = FetchError("wire", FetchReason.RATE_LIMITED, "429", status=429)
    result = outcome.failed(SOURCE, Life().lease, error, NOW, not_before=NOW + 3 * HOUR)
    assert result.poll.next_poll_at == NOW + 3 * HOUR


def test_what_a_feed_says_of_its_cadence_is_kept_while_it_does_not_change() -> None:
    life = Life()
    assert life.works(cadence=Cadence(3600, "ttl")).poll.interval == HOUR
    result = life.works()
    assert (result.poll.interval, result.poll.interval_reason) == (HOUR, "the feed asks for it (ttl)")
    assert life.works(cadence=Cadence()).poll.interval == 10 * MINUTE


def test_memory_is_written_only_where_it_changed() -> None:
    life = Life()
    assert life.works(NOW).poll.memory is not None
    assert life.works().poll.memory is None
    assert life.fails().poll.memory is None


def test_a_bug_of_ours_is_a_failure_like_others() -> None:
    error = SourceError("wire", FetchReason.BROKEN, "internal error (ZeroDivisionError); see the log")
    result = outcome.failed(SOURCE, Life().lease, error, NOW)
    assert result.poll.standing == Standing(SourceState.FAILING, error.text)


def test_pauses_after_failures_grow_from_the_sources_own_rhythm() -> None:
    busy = Memory(rhythm=learn(Memory().rhythm, [NOW - MINUTE * n for n in range(60)], NOW))
    auto = replace(SOURCE, bounds=(MINUTE, 6 * HOUR))
    error = FetchError("wire", FetchReason.TIMEOUT, "late")
    result = outcome.failed(auto, replace(Life().lease, memory=busy), error, NOW)
    assert result.poll.next_poll_at - NOW <= 2 * MINUTE


@pytest.mark.parametrize(
    ("cadence", "headers", "source", "pushed", "interval", "reason"),
    [
        (Cadence(), {}, SOURCE, False, 10 * MINUTE, "as configured"),
        (Cadence(), {}, replace(SOURCE, bounds=(MINUTE, 360 * MINUTE)), False, 10 * MINUTE,
         "its rhythm is not known yet"),
        (Cadence(3600, "ttl"), {}, SOURCE, False, 60 * MINUTE, "the feed asks for it (ttl)"),
        (Cadence(), {"cache-control": "max-age=1800"}, SOURCE, False, 30 * MINUTE,
         "the server asks for it (max-age)"),
        (Cadence(), {}, SOURCE, True, 60 * MINUTE, "its hub tells us of new items (WebSub)"),
        (Cadence(skip_hours=(12, 13)), {}, SOURCE, False, 10 * MINUTE,
         "as configured; its feed wants these hours or days skipped"),
    ],
)  # fmt: skip
def test_each_interval_has_the_reason_that_made_it(
    cadence: Cadence, headers: dict[str, str], source: Source, pushed: bool, interval: timedelta, reason: str
) -> None:
    lease = Lease("wire", HttpState(), first=True, failures=0, last_success=None)
    visit = Visit("ok", HttpState(), headers, 0.1, cadence=cadence)
    poll = outcome.answered(source, lease, visit, [], NOW, pushed=pushed).poll
    assert (poll.interval, poll.interval_reason) == (interval, reason)


def test_after_a_failure_the_interval_is_the_one_that_pauses_grow_from() -> None:
    """What the publisher asked for, or a hub, at the last answer is no longer why."""
    lease = Lease("wire", HttpState(), first=False, failures=0, last_success=NOW)
    error = FetchError("wire", FetchReason.STATUS, "old.example failed (500)", status=500)
    poll = outcome.failed(SOURCE, lease, error, NOW).poll
    assert (poll.interval, poll.interval_reason) == (10 * MINUTE, "as configured")
