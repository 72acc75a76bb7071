"""What people leave behind in chat: votes on alerts, changes that they made, terms that they watch.

A person is written ``ACCOUNT:USER (name)``, ``slack.default:U123 (ada)``: the account is the entry of the config that
they came in by, the user the platform's id, the name what they were called then. Only what stands before the name says
who somebody is (:func:`person_id`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


def person(account: str, user: str, name: str) -> str:
    """``slack.default``, ``U123``, ``ada`` → ``slack.default:U123 (ada)``."""
    shown = " ".join(name.split())
    return f"{account}:{user} ({shown})" if shown else f"{account}:{user}"


def person_id(person: str) -> str:
    """``slack.default:U123 (ada)`` → ``slack.default:U123``: the same whatever they call themselves."""
    return person.partition(" ")[0]


def called(person: str) -> str:
    """What others know them by: ``slack.default:U123 (ada)`` → ``ada``; as written where no name is known."""
    name = person.partition(" (")[2]
    return name.removesuffix(")") or person


WATCH_PREFIX = "watch-"  # a number follows
_WATCH_RULE = re.compile(rf"{WATCH_PREFIX}[0-9]+")


def is_watch(rule_id: str) -> bool:
    """Whether a rule of that id is a watch: it goes to its own channel and nowhere else."""
    return _WATCH_RULE.fullmatch(rule_id) is not None


def is_chat_channel(name: str) -> bool:
    """Whether a delivery channel stands in no config: somebody's direct messages, or a room where somebody watches."""
    return name.startswith(("dm:", "room:"))


def is_others(rule_id: str, channels: Collection[str], audience: Collection[str]) -> bool:
    """Whether a rule that goes to ``channels`` is a watch that an ``audience``, named by its delivery channels, is not
    told of: what somebody watches is seen where it is heard, and nowhere else."""
    return is_watch(rule_id) and not any(channel in audience for channel in channels)


def is_others_place(channel: str, audience: Collection[str]) -> bool:
    """Whether a delivery channel is somebody else's direct messages, or a room where somebody else watches."""
    return is_chat_channel(channel) and channel not in audience


class Opinion(StrEnum):
    """What somebody thinks of an alert."""

    USEFUL = "useful"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's vote on one alert. The rules and the source are kept with it: alerts go after the retention, and
    what a rule's alerts were worth should outlive them."""

    alert_id: str
    rule_ids: tuple[str, ...]
    source_id: str
    person: str
    verdict: Opinion
    at: datetime


@dataclass(frozen=True, slots=True)
class NewAudit:
    """A change to be noted. ``who``: a person as above, or ``command line``; ``where``: the channel that they were in;
    ``verb``: the command that did it; ``what``: one line for people."""

    at: datetime
    who: str
    where: str
    verb: str
    what: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change that was made; ``id`` counts up."""

    id: int
    at: datetime
    who: str
    where: str
    verb: str
    what: str


@dataclass(frozen=True, slots=True)
class NewWatch:
    """A term to watch. ``channel`` is the delivery channel that hears of it (``dm:ACCOUNT:USER``,
    ``room:ACCOUNT:CHANNEL`` or one of the config); ``country`` is a code, or empty for any."""

    owner: str
    channel: str
    term: str
    country: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Watch:
    """A subscription without YAML: a rule of its own, ``watch-<id>``, while it lasts."""

    id: int
    owner: str
    channel: str
    term: str
    country: str
    created_at: datetime

    @property
    def rule_id(self) -> str:
        return f"{WATCH_PREFIX}{self.id}"
