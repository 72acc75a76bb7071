"""The life of one subscription: what follows from what happened, and when something is due next. Pure.

A subscription is asked for, confirmed by the hub's question at our callback, and lives until its lease ends. It is not
renewed under its old address: a successor with a callback and a secret of its own takes its place (the recommendation
wants callbacks changed at renewals), and the old one is ended at the hub. So an address that leaked is of no use after
one lease, and a renewal that fails changes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.articles.extract import plain_line
from bot.websub.offer import Offer

VERIFY_WAIT = timedelta(minutes=10)  # for the hub's question, after it took a request
RETRY = timedelta(minutes=5)  # after a first failure; doubled with each that follows
RETRY_MAX = timedelta(hours=12)
DENIED_RETRY = timedelta(days=1)  # a denial is meant to last; policies change, though
ENDINGS = 3  # requests to end a subscription; after that its lease ends it
RENEW_AT = (0.70, 0.85)  # shares of the lease between which it is renewed: jitter, and room for retries
LEASE_MAX = timedelta(days=30)  # a longer one is renewed earlier than it must be
LEASE_MIN = timedelta(minutes=1)
JUST_PUSHED = timedelta(minutes=1)  # what a poll finds so soon after a push may have been under way with it
REASON_MAX = 300  # characters
TOKEN_BYTES = 24  # 192 bits; the callback's address is its only lock
SECRET_BYTES = 32  # 64 characters, well below the 200 bytes that a hub must take


class State(StrEnum):
    """Also labels the metric ``wirewatch_websub_subscriptions``."""

    WANTED = "wanted"  # to be asked for
    ASKED = "asked"  # the hub took the request, or is about to, and has not asked back yet
    LIVE = "live"
    DENIED = "denied"
    ENDING = "ending"  # to be ended at the hub


@dataclass(frozen=True, slots=True)
class Subscription:
    """One of a source at a hub. ``token`` is the last part of ``callback``. ``due`` is when something is to be done:
    ask, ask again, renew, end. ``secret`` is empty where the hub cannot be told one safely; what it sends then is
    taken as a hint to poll and no more. ``missed_at``: when a poll last found news that the hub had not told of, unless
    it has told of some since."""

    token: str
    source_id: str
    hubs: tuple[str, ...]
    topic: str
    callback: str = field(repr=False)
    secret: str = field(repr=False)
    due: datetime
    state: State = State.WANTED
    turn: int = 0  # which of the hubs
    attempts: int = 0  # that failed in a row
    lease_until: datetime | None = None
    confirmed_at: datetime | None = None
    reason: str = ""  # of the last failure or denial
    pushes: int = 0
    pushed_at: datetime | None = None
    missed_at: datetime | None = None

    @property
    def hub(self) -> str:
        """The hub that is, or will be, asked."""
        return self.hubs[self.turn % len(self.hubs)]

    def live(self, now: datetime) -> bool:
        """Whether what the hub sends is taken."""
        return self.state is State.LIVE and self.lease_until is not None and now < self.lease_until

    def covers(self, now: datetime) -> bool:
        """Whether polls can be rare: it is alive and has not failed to tell of anything."""
        return self.live(now) and self.missed_at is None


def begin(source_id: str, offer: Offer, base: str, now: datetime, *, trusted: bool) -> Subscription:
    """A new one, to be asked for at ``now``. ``base`` is the address below which callbacks are. ``trusted``: the first
    hub stands in a network of our own, where plain http will do; it is the only one then."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    hubs = offer.hubs[:1] if trusted else tuple(dict.fromkeys(one for hub in offer.hubs for one in _safer(hub)))
    return Subscription(
        token,
        source_id,
        hubs,
        offer.topic,
        callback=f"{base}/{token}",
        secret=secrets.token_hex(SECRET_BYTES) if trusted or hubs[0].startswith("https:") else "",
        due=now,
    )


def _safer(hub: str) -> tuple[str, ...]:
    """https is tried first, as the recommendation wants it (section 8.2)."""
    return (f"https:{hub.removeprefix('http:')}", hub) if hub.startswith("http:") else (hub,)


def asked(old: Subscription, now: datetime) -> Subscription:
    """A request is about to be sent: the hub may ask back before it has answered."""
    return replace(old, state=State.ASKED, due=now + VERIFY_WAIT)


def confirmed(old: Subscription, lease_s: float, now: datetime) -> Subscription:
    """The hub asked and we said yes. ``lease_s`` are the seconds that it grants."""
    lease = min(max(timedelta(seconds=lease_s), LEASE_MIN), LEASE_MAX)
    until = now + lease
    first, last = RENEW_AT
    share = first + (last - first) * _spread(old.token)
    return replace(
        old,
        state=State.LIVE,
        due=now + lease * share,
        attempts=0,
        lease_until=until,
        confirmed_at=old.confirmed_at or now,
        reason="",
    )


def failed(old: Subscription, reason: str, now: datetime, retry_after_s: float | None = None) -> Subscription:
    """The hub refused the request, or never asked back. The next hub has its turn."""
    pause = min(RETRY * (1 << min(old.attempts, 10)), RETRY_MAX)
    if retry_after_s is not None:
        pause = max(pause, min(timedelta(seconds=retry_after_s), timedelta(days=1)))
    pause *= 1 + _spread(f"{old.token}:{old.attempts}") / 10
    return replace(
        _next_hub(old), state=State.WANTED, due=now + pause, attempts=old.attempts + 1, reason=reason[:REASON_MAX]
    )


def denied(old: Subscription, reason: str, now: datetime) -> Subscription:
    """The hub does not want us (any more). It is asked again in a day, or another hub is."""
    wait = DENIED_RETRY * (1 << min(old.attempts, 3))
    return replace(
        _next_hub(old),
        state=State.DENIED,
        due=now + wait * (1 + _spread(old.token) / 10),
        attempts=old.attempts + 1,
        lease_until=None,
        reason=plain_line(reason, REASON_MAX),
    )


def _next_hub(old: Subscription) -> Subscription:
    """With a secret only where it is not sent in the clear: one that was kept for an https hub is not given away."""
    following = replace(old, turn=old.turn + 1)
    if old.hub.startswith("https:") and not following.hub.startswith("https:"):
        return replace(following, secret="")
    if not old.secret and following.hub.startswith("https:"):
        return replace(following, secret=secrets.token_hex(SECRET_BYTES))
    return following


def later(old: Subscription, until: datetime) -> Subscription:
    """The hub's host wants to be left alone until then: nothing was asked."""
    return replace(old, due=until)


def until_its_end(old: Subscription) -> Subscription:
    """A successor is on its way: nothing is due before the lease ends."""
    assert old.lease_until is not None
    return replace(old, due=old.lease_until)


def ending(old: Subscription, now: datetime) -> Subscription:
    """It is not wanted any more."""
    return replace(old, state=State.ENDING, due=now, attempts=0)


def not_ended(old: Subscription, now: datetime) -> Subscription | None:
    """A request to end it was sent, or could not be; ``None`` once there is nothing more to do. The hub's question is
    waited for."""
    if old.attempts + 1 >= ENDINGS or old.lease_until is None or old.lease_until <= now:
        return None
    return replace(old, attempts=old.attempts + 1, due=now + VERIFY_WAIT * (1 << old.attempts))


def pushed(old: Subscription, now: datetime) -> Subscription:
    """The hub told of something."""
    return replace(old, pushes=old.pushes + 1, pushed_at=now, missed_at=None)


def polled(old: Subscription, *, found_news: bool, last_poll: datetime | None, now: datetime) -> Subscription:
    """A poll ended. News that it found, and that came since the poll before it, is news that the hub did not tell of;
    unless the subscription is younger than that poll, or the hub is just telling of it."""
    watched = old.confirmed_at is not None and last_poll is not None and last_poll >= old.confirmed_at
    telling = old.pushed_at is not None and now - old.pushed_at < JUST_PUSHED
    return replace(old, missed_at=now) if found_news and watched and not telling else old


def _spread(words: str) -> float:
    """Between 0 and 1, the same for the same words."""
    digest = hashlib.blake2b(words.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
