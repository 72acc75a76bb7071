"""What a poll makes of its source: state, next turn, address, and what the operators hear. Pure.

:class:`Visit` or ``SourceError`` in, :class:`Outcome` out. Each trouble is told once, and once more when it is over;
what was told stands in the source's memory, so that a restart does not tell it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.errors import FetchError, FetchReason, SourceError
from bot.log import redact_url
from bot.model import HttpState, Source
from bot.polling import manners, schedule
from bot.polling.cadence import Cadence
from bot.polling.rhythm import SILENT_FLOOR, Rhythm, learn
from bot.roster.news import News, SourceNotice
from bot.roster.state import PUT_OFF, Memory, SourceState, Standing
from bot.store.sources_port import NEVER, Lease, Poll
from bot.websub.offer import Offer
from bot.words import brief

FAILURES_TOLD = 5  # failures in a row after which the operators hear of a source
BLOCKED_TOLD = 3  # the same where it turns us away: waiting does not help, a person may
SLOW_S = 10.0  # seconds for an answer, twice in a row, that make a source slow


@dataclass(frozen=True, slots=True)
class Visit:
    """A poll that was answered. ``outcome`` as in :class:`~bot.store.sources_port.Poll`; ``elapsed_s`` is the
    server's share; ``cadence`` is ``None`` where the body was not read again."""

    outcome: str
    state: HttpState
    headers: Mapping[str, str]
    elapsed_s: float
    items: int = 0
    moved_to: str | None = None
    cadence: Cadence | None = None
    seen: bytes | None = None  # what the answer held (see bot.sources.delta); ``None``: the same as before
    offer: Offer | None = None  # the hubs that the answer names


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be stored, and with it what is to be told."""

    poll: Poll

    @property
    def notices(self) -> tuple[SourceNotice, ...]:
        return self.poll.notices


def answered(
    source: Source,
    lease: Lease,
    visit: Visit,
    arrivals: Iterable[datetime],
    now: datetime,
    *,
    pushed: bool = False,
    new_items: int = 0,
    elapsed_s: float = 0.0,
) -> Outcome:
    """After an answer. ``arrivals`` are the times at which the source brought something, ``new_items`` how many items
    nobody had brought; ``pushed`` says that a hub tells us of new ones, so that polls can be rare; ``elapsed_s`` is
    how long the poll has taken so far."""
    before = lease.memory
    address = manners.after_answer(source.url, lease.url_in_use, visit.moved_to, before.move, now)
    rhythm = learn(before.rhythm, arrivals, now)
    cadence = before.cadence if visit.cadence is None else visit.cadence
    slow = visit.elapsed_s >= SLOW_S
    standing = _standing(source, address.url, rhythm, slow and before.slow, visit, now)
    choice = schedule.choose(source, rhythm, cadence, visit.headers, now, pushed=pushed)
    following, choice = schedule.next_turn(source.id, choice, cadence, now)
    notices, told, told_silent, told_url = _told_of(source, lease, standing, 0, address.url, now)
    memory = Memory(
        rhythm,
        cadence,
        address.move,
        slow,
        told,
        told_silent,
        told_url,
        visit.offer if visit.outcome == "ok" else before.offer,
        before.looked or visit.outcome == "ok",
    )
    poll = Poll(
        source.id,
        now,
        following,
        visit.outcome,
        state=None if visit.state == lease.state else visit.state,
        items=visit.items,
        new_items=new_items,
        elapsed_s=elapsed_s,
        standing=standing,
        memory=None if memory == before else memory,
        url_in_use=None if address.url == lease.url_in_use else address.url,
        seen=None if visit.seen == lease.seen else visit.seen,
        interval=choice.interval,
        interval_reason=choice.reason,
        notices=notices,
    )
    return Outcome(poll)


def failed(
    source: Source, lease: Lease, error: SourceError, now: datetime, *, not_before: datetime | None = None
) -> Outcome:
    """After a failure. ``not_before`` is when its host may be asked again."""
    failures = lease.failures + 1
    before = lease.memory
    address = manners.after_error(source.url, lease.url_in_use, error, before.move, failures)
    other_address = address.url != lease.url_in_use
    standing = _trouble(error, failures)
    following, choice = NEVER, schedule.base(source, before.rhythm, now)
    if other_address:
        following = now + schedule.FLOOR
        standing = Standing(SourceState.FAILING, f"{error.text}; trying {redact_url(address.url or source.url)} next")
    elif standing.state is not SourceState.GONE:
        wish = error.retry_after_s if isinstance(error, FetchError) else None
        usual = schedule.after_failure(source.id, choice.interval, failures, now)
        following = schedule.after_failure(source.id, choice.interval, failures, now, wish)
        if not_before is not None:
            following = max(following, not_before)
        if following > usual:
            choice = schedule.Choice(choice.interval, f"{PUT_OFF}it asked to be left alone")
    notices, told, told_silent, told_url = _told_of(source, lease, standing, failures, address.url, now)
    memory = replace(before, move=address.move, told=told, told_silent=told_silent, told_url=told_url)
    poll = Poll(
        source.id,
        now,
        following,
        error.reason.value,
        error=error.text,
        standing=standing,
        memory=None if memory == before else memory,
        url_in_use=address.url if other_address else None,
        interval=choice.interval,
        interval_reason=choice.reason,
        notices=notices,
    )
    return Outcome(poll)


# -- states ---------------------------------------------------------------------------------------------------------


_WELL = Standing(SourceState.OK)


def _standing(source: Source, url: str, rhythm: Rhythm, slow: bool, visit: Visit, now: datetime) -> Standing:
    """The state after an answer; what matters most comes first. ``slow``: twice in a row."""
    silence = silent_for(rhythm, now)
    if silence is not None:
        return Standing(SourceState.SILENT, silence)
    if slow:
        return Standing(SourceState.SLOW, f"it takes {visit.elapsed_s:.0f} s to answer")
    if manners.moved(source.url, url):
        return Standing(SourceState.MOVED, f"it redirects for good to {redact_url(url)}, which is read now")
    return _WELL


def silent_for(rhythm: Rhythm, now: datetime) -> str | None:
    """The sentence on a source that has brought nothing for far longer than it ever pauses; ``None`` if it has."""
    if rhythm.latest is None or now - rhythm.latest <= SILENT_FLOOR:
        return None  # as nearly always
    limit = rhythm.silent_after()
    if limit is None or now - rhythm.latest <= limit:
        return None
    usual = timedelta(seconds=rhythm.longest_s)
    return f"nothing new since {_moment(rhythm.latest)}; its longest pause so far was {brief(usual)}"


def _trouble(error: SourceError, failures: int) -> Standing:
    if error.reason is FetchReason.GONE:
        return Standing(SourceState.GONE, error.text)
    if error.reason is FetchReason.BLOCKED:
        return Standing(SourceState.BLOCKED, error.text)
    if error.reason is FetchReason.RATE_LIMITED and failures < FAILURES_TOLD:
        return Standing(SourceState.SLOW, error.text)
    return Standing(SourceState.FAILING, error.text)


# -- notices --------------------------------------------------------------------------------------------------------

_NEWS = {
    SourceState.FAILING: News.FAILING,
    SourceState.BLOCKED: News.BLOCKED,
    SourceState.GONE: News.GONE,
    SourceState.SILENT: News.SILENT,
}
_FAILURES_TOLD = {SourceState.FAILING: FAILURES_TOLD, SourceState.BLOCKED: BLOCKED_TOLD}


def _told_of(
    source: Source, lease: Lease, standing: Standing, failures: int, url: str, now: datetime
) -> tuple[tuple[SourceNotice, ...], SourceState | None, bool, str]:
    """What is to be told now, and what the memory says of what was told (``told``, ``told_silent``, ``told_url``). A
    trouble that changes its face (a 403 among failures) is one trouble, and so is a silence with failures in it."""
    told, silent = lease.memory.told, lease.memory.told_silent
    failing = told in _FAILURES_TOLD
    said = []

    def say(news: News, text: str) -> None:
        said.append(SourceNotice(news, source.id, text, now))

    match standing.state:
        case SourceState.FAILING | SourceState.BLOCKED:
            if not failing and failures >= _FAILURES_TOLD[standing.state]:
                say(_NEWS[standing.state], _news(source, standing, failures))
                told = standing.state
        case SourceState.GONE:
            if told is not SourceState.GONE:
                say(News.GONE, _news(source, standing, failures))
                told = SourceState.GONE
        case SourceState.SILENT:
            if not silent:
                say(News.SILENT, _news(source, standing, failures))
            elif failing:
                back = _back(source, lease, SourceState.FAILING, now)
                say(News.BACK, f"{back} It is still silent: {standing.reason}.")
            told, silent = SourceState.SILENT, True
        case SourceState.SLOW if failures:
            pass  # it asked to be left alone: neither well nor, yet, a trouble
        case _:
            if told is not None:
                say(News.BACK, _back(source, lease, told, now))
            told, silent = None, False
    if standing.state is SourceState.MOVED and lease.memory.told_url != url:
        text = f"{_name(source)}: {standing.reason}. Put the new address into its url: to be rid of this state."
        say(News.MOVED, text)
    heard_of = standing.state is SourceState.MOVED or lease.memory.told_url == url
    return tuple(said), told, silent, url if heard_of else ""


def _news(source: Source, standing: Standing, failures: int) -> str:
    what = f"{_name(source)}: {standing.reason}."
    match standing.state:
        case SourceState.FAILING:
            return f"{_name(source)} failed {failures} times in a row: {standing.reason}. It is tried on, less often."
        case SourceState.BLOCKED:
            return f"{what} It is tried on, less often; if the address is right, only its publisher can change this."
        case SourceState.GONE:
            return f"{what} It is not polled any more. Once it has another address, change its url:."
        case _:
            return f"{what} It is read on; if it has moved or given up, change or remove it."


def _back(source: Source, lease: Lease, told: SourceState, now: datetime) -> str:
    began = (lease.memory.rhythm.latest if told is SourceState.SILENT else lease.last_success) or lease.since
    lasted = f" after {brief(now - began)}" if began is not None else ""
    how = "brings something new again" if told is SourceState.SILENT else "works again"
    return f"{_name(source)} {how}{lasted}."


def _name(source: Source) -> str:
    return source.name if source.name == source.id else f"{source.name} ({source.id})"


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")
