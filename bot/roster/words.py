"""How a source is doing, in words: what ``sources list`` and ``sources show`` print, and chat answers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot import duration
from bot.log import redact_url
from bot.model import Source
from bot.roster.state import PUT_OFF, SourceState
from bot.store.sources_port import SourceStatus
from bot.words import brief

_WORST_FIRST = (
    SourceState.GONE,
    SourceState.BLOCKED,
    SourceState.FAILING,
    SourceState.SILENT,
    SourceState.SLOW,
    SourceState.MOVED,
    SourceState.NEW,
    SourceState.OK,
    SourceState.OFF,
)


def state_of(source: Source, status: SourceStatus | None) -> SourceState:
    """The state of a source as configured now; the store may not know yet that it was switched off."""
    if not source.enabled:
        return SourceState.OFF
    return SourceState.NEW if status is None or status.state is SourceState.OFF else status.state


def interval_of(source: Source, status: SourceStatus | None) -> timedelta:
    """How often it is read at present."""
    chosen = status.interval if status is not None else None
    return chosen or source.every


def describe(source: Source, status: SourceStatus | None, now: datetime) -> tuple[tuple[str, str], ...]:
    """What there is to say of a source, as (label, text) lines."""
    state = state_of(source, status)
    if status is None or state in (SourceState.OFF, SourceState.NEW):
        every = f"{_wish(source)}" if source.bounds else duration.show(source.every)
        waits = status is not None and state is SourceState.NEW and bool(status.reason)
        told = f"{state.value}: {status.reason}" if status is not None and waits else state.value
        lines = [("state", told), ("interval", every)]
        if status is not None and state is SourceState.NEW and status.next_poll_at is not None:
            lines.append(("next poll", _turn(status, now)))
        return tuple(lines)
    lines = [("state", _state(status, now))]
    if status.url_in_use:
        lines.append(("read at", redact_url(status.url_in_use)))
    chosen = duration.show(interval_of(source, status))
    why = f" ({status.interval_reason})" if status.interval_reason and not put_off(status, now) else ""
    lines.append(("interval", f"{chosen}{why}; {_wish(source)}" if source.bounds else f"{chosen}{why}"))
    lines.append(("next poll", _turn(status, now)))
    lines.append(("last success", ago(status.last_success, now)))
    if status.failures:
        lines.append(("failures", f"{status.failures} in a row"))
    lines.append(("latest item", ago(status.latest_item, now)))
    lines.append(("items", f"{status.items_total:,}"))
    return tuple(lines)


def _turn(status: SourceStatus, now: datetime) -> str:
    """When it is polled next, and why so late where something else than its interval decides that."""
    if status.next_poll_at is None:
        return "never; change its url, or switch it off and on"
    wait = status.next_poll_at - now
    if wait <= timedelta():
        return "due"
    late = put_off(status, now)
    if late:
        return f"in {brief(wait)}, {late}"
    return f"in {brief(wait)}{'; after failures it is tried less and less often' if status.failures else ''}"


def put_off(status: SourceStatus, now: datetime) -> str:
    """``put off: its host …`` while that is why the next turn is when it is; empty otherwise."""
    waits = status.next_poll_at is not None and status.next_poll_at > now
    return status.interval_reason if waits and status.interval_reason.startswith(PUT_OFF) else ""


def _state(status: SourceStatus, now: datetime) -> str:
    since = f" for {brief(now - status.since)}" if status.since is not None else ""
    reason = f": {status.reason}" if status.reason else ""
    return f"{status.state.value}{since}{reason}"


def _wish(source: Source) -> str:
    if source.bounds is None:
        return duration.show(source.every)
    least, most = source.bounds
    return f"auto, {duration.show(least)} to {duration.show(most)}"


def ago(when: datetime | None, now: datetime) -> str:
    return "never" if when is None else f"{brief(now - when)} ago"


def tally(states: Iterable[SourceState]) -> str:
    """``72 sources: 3 failing, 1 silent, 68 ok``; the worst first."""
    counted = Counter(states)
    total = sum(counted.values())
    parts = [f"{counted[state]} {state.value}" for state in _WORST_FIRST if counted[state]]
    return f"{total} source{'' if total == 1 else 's'}{': ' if parts else ''}{', '.join(parts)}"
