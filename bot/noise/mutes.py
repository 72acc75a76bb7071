"""Mutes: what people asked to hear no more of for a while."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.model import Alert, HoldReason, Mute, MuteKind
from bot.noise.base import Answer, Context, Hold, Pass
from bot.text import phrase


class Mutes:
    """The mutes that the running bot knows. Whoever changes them in the store calls :meth:`replace` with what is
    stored then."""

    def __init__(self) -> None:
        self._all: tuple[Mute, ...] = ()

    def replace(self, stored: Iterable[Mute]) -> None:
        self._all = tuple(stored)

    def in_force(self, now: datetime) -> tuple[Mute, ...]:
        return tuple(m for m in self._all if m.created_at <= now and (m.expires_at is None or now < m.expires_at))


def muted(alert: Alert, channel: str, context: Context, now: datetime) -> Answer:
    """Holds what a mute covers until it ends. A muted rule takes its match out of an alert that others fired for,
    too."""
    here = [m for m in context.mutes if m.channel is None or m.channel == channel]
    whole = [m for m in here if m.kind is not MuteKind.RULE and _covers(m, alert)]
    rules = {m.value: m for m in here if m.kind is MuteKind.RULE}
    left = tuple(m for m in alert.matches if m.rule_id not in rules)
    if not whole and (left or not alert.matches):
        return Pass(alert if len(left) == len(alert.matches) else replace(alert, matches=left))
    mute = longest([*whole, *(() if left else (rules[m.rule_id] for m in alert.matches))])
    return Hold(HoldReason.MUTED, f"mute {mute.id}", mute.expires_at, describe(mute))


def longest(mutes: Iterable[Mute]) -> Mute:
    """The one that ends last."""
    return max(mutes, key=lambda m: (m.expires_at is None, m.expires_at or m.created_at, m.id))


def describe(mute: Mute) -> str:
    """``muted by ann until 14:00: exercise (rule arms-deal)``."""
    who = f" by {mute.author}" if mute.author else ""
    until = f" until {mute.expires_at:%Y-%m-%d %H:%M} UTC" if mute.expires_at else " until it is removed"
    why = f": {mute.comment}" if mute.comment else ""
    return f"muted{who}{until} ({mute.kind.value} {mute.value}){why}"


def _covers(mute: Mute, alert: Alert) -> bool:
    match mute.kind:
        case MuteKind.STORY:
            return alert.story.id == mute.value
        case MuteKind.SOURCE:
            return alert.article.source_id == mute.value
        case MuteKind.COUNTRY:
            return mute.value.upper() in alert.countries
        case MuteKind.TERM:
            term = phrase(mute.value).strip()
            return bool(term) and f" {term} " in f" {phrase(alert.article.body).strip()} "
        case MuteKind.RULE:
            return all(m.rule_id == mute.value for m in alert.matches)
