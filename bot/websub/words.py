"""What people are told of a source's subscription: a line of ``sources show``. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from bot.web.urls import host_of
from bot.websub.subscription import State, Subscription
from bot.words import brief, counted, moment

_BEST_FIRST = (State.LIVE, State.ASKED, State.WANTED, State.DENIED, State.ENDING)


def describe(subscriptions: Iterable[Subscription], now: datetime, tz: tzinfo) -> str | None:
    """One line on the subscription that matters most; ``None`` where there is none."""
    found = sorted(subscriptions, key=lambda one: _BEST_FIRST.index(one.state))
    return _line(found[0], now, tz) if found else None


def _line(one: Subscription, now: datetime, tz: tzinfo) -> str:
    hub = host_of(one.hub)
    again = f"asked again in {brief(one.due - now)}" if one.due > now else "asked again now"
    match one.state:
        case State.LIVE if one.lease_until is not None and one.lease_until <= now:
            return f"the lease of {hub} ended {moment(one.lease_until, tz)}"
        case State.LIVE if one.missed_at is not None:
            missed = moment(one.missed_at, tz)
            return (
                f"{hub} was silent about news that a poll found {missed}; polls keep their pace until it tells of some"
            )
        case State.LIVE:
            assert one.lease_until is not None
            last = f", last {brief(now - one.pushed_at)} ago" if one.pushed_at is not None else ""
            hint = "" if one.secret else "; it has no https, so that it is taken as a hint to poll"
            told = counted(one.pushes, "message")
            return f"{hub} tells of news (WebSub): {told}{last}; lease until {moment(one.lease_until, tz)}{hint}"
        case State.ASKED:
            return f"{hub} was asked to tell of news (WebSub), and has not confirmed it yet"
        case State.WANTED if not one.reason:
            return f"{hub} is asked to tell of news (WebSub) in a moment"
        case State.DENIED:
            return f"{hub} denies the subscription{f': {one.reason}' if one.reason else ''}; {again}"
        case State.ENDING:
            return f"the subscription at {hub} is being ended"
        case _:
            return f"not subscribed at a hub: {one.reason}; {again}"
