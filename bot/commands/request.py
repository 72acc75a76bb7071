"""What somebody asks, wherever they ask it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot import people


@dataclass(frozen=True, slots=True)
class Standing:
    """What the platform says of a person: the ids (on Slack the handles, too) of their roles or user groups, and
    whether they may administer the workspace or server."""

    groups: frozenset[str] = frozenset()
    manager: bool = False


async def _nobody_special() -> Standing:
    return Standing()


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. ``account`` is the entry of the config that they came in by (``slack.default``), ``user`` the
    platform's id. ``standing`` asks the platform, so it is called only where the answer matters."""

    account: str
    user: str
    name: str = ""
    standing: Callable[[], Awaitable[Standing]] = field(default=_nobody_special, compare=False, repr=False)

    @property
    def platform(self) -> str:
        """``slack`` or ``discord``."""
        return self.account.partition(".")[0]

    @property
    def written(self) -> str:
        """As votes, mutes and the audit keep it: ``slack.default:U123 (ada)``."""
        return people.person(self.account, self.user, self.name)

    @property
    def own_channel(self) -> str:
        """The delivery channel that is their direct messages."""
        return f"dm:{self.account}:{self.user}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where they ask. ``channel`` is the delivery channel that posts there: its name in the config, else
    ``room:ACCOUNT:ID``; in direct messages the person's own."""

    id: str
    name: str
    channel: str
    configured: bool = False  # the channel stands in the config
    private: bool = False  # direct messages

    @property
    def written(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Request:
    """A verb with its arguments. These are checked and in their plain form: ids, country codes, words of a severity;
    a period or duration as written. ``share``: the answer is for the whole channel."""

    verb: str
    who: Person
    where: Place
    arguments: Mapping[str, str] = field(default_factory=dict)
    share: bool = False

    @property
    def audience(self) -> frozenset[str]:
        """The delivery channels of those who see the answer: what is watched there may be told of, and no other
        watch."""
        return heard_by(self.who, self.where, share=self.share)

    def get(self, name: str) -> str:
        """An argument, or ``""``."""
        return self.arguments.get(name, "")


def heard_by(who: Person, where: Place, *, share: bool = False) -> frozenset[str]:
    """The person and the place; of a shared answer, the place alone."""
    return frozenset({where.channel} if share else {where.channel, who.own_channel})


Progress = Callable[[str], Awaitable[None]]
"""Says in one sentence what is being done, where the answer takes longer than a moment."""


class UsageError(Exception):
    """What was asked cannot be meant; the text says what to write. ``verb`` is the one whose usage helps."""

    def __init__(self, text: str, verb: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.verb = verb
