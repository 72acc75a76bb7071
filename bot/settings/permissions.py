"""Who may change something from chat: the section ``permissions:`` of wirewatch.yaml, and the decision.

A grant names verbs and people; one that fits is enough. Without any grant, whoever administers the Slack workspace
(admins and owners) or the Discord server (Manage Server) may use every verb that changes something, and nobody else.
Asking, voting and watching what goes on is open to all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from bot.yaml_models import Model, Text, YesNo, nearest

CHANGING = ("mute", "unmute", "add", "watch", "unwatch")
"""The verbs that change something; a test holds them together with :mod:`bot.commands.verbs`."""


def _slack_user(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[UW][A-Z0-9]{5,}", value):
        return value
    raise ValueError("write a member's id, which begins with U (in Slack: their profile, ⋮, Copy member ID)")


def _slack_group(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"S[A-Z0-9]{5,}|@[a-z0-9._-]+", value):
        return value
    raise ValueError('write a user group\'s handle, such as "@risk-desk", or its id, which begins with S')


def _discord_id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    raise ValueError("write an id, which is a number (right-click in Discord with Developer Mode on, Copy ID)")


def _verb(value: object) -> str:
    if value in CHANGING:
        return str(value)
    raise ValueError(f"{value!r} is not a verb that changes something{nearest(str(value), CHANGING, show_all=True)}")


_ID = WithJsonSchema({"type": ["string", "integer"]})
SlackUser = Annotated[Text, BeforeValidator(_slack_user)]
SlackGroup = Annotated[Text, BeforeValidator(_slack_group)]
DiscordId = Annotated[str, BeforeValidator(_discord_id), _ID]
ChangingVerb = Annotated[str, BeforeValidator(_verb), WithJsonSchema({"type": "string", "enum": list(CHANGING)})]


class Grant(Model):
    """Who may use which of the verbs that change something. Whoever is named in any of its lists may."""

    verbs: tuple[ChangingVerb, ...] = Field(default=CHANGING, min_length=1, description="All of them if left out.")
    slack_users: tuple[SlackUser, ...] = Field(default=(), description="Members by id.")
    slack_groups: tuple[SlackGroup, ...] = Field(default=(), description="User groups by handle or id.")
    discord_users: tuple[DiscordId, ...] = Field(default=(), description="People by id.")
    discord_roles: tuple[DiscordId, ...] = Field(default=(), description="Roles by id.")
    managers: YesNo = Field(
        default=False, description="Slack's workspace admins and owners; on Discord whoever may Manage Server."
    )
    everyone: YesNo = Field(default=False, description="Whoever can reach the bot.")

    @model_validator(mode="after")
    def _somebody(self) -> Grant:
        if not (self.everyone or self.managers or self.users or self.groups):
            raise ValueError("allows nobody; name people, roles or groups, or write managers: true or everyone: true")
        return self

    @property
    def users(self) -> frozenset[str]:
        return frozenset((*self.slack_users, *self.discord_users))

    @property
    def groups(self) -> frozenset[str]:
        return frozenset((*self.slack_groups, *self.discord_roles))


DEFAULT = (Grant(managers=True),)


class Access(StrEnum):
    """Why somebody may, or may not."""

    OPEN = "the verb changes nothing"
    GRANTED = "named, or a member of a role or group that is named"
    DENIED = "no grant names them"
    ASK = "their roles and groups decide"


@dataclass(frozen=True, slots=True)
class Who:
    """What is known of somebody. ``groups`` of ``None``: not asked yet."""

    platform: str
    user: str
    groups: frozenset[str] | None = None
    manager: bool = False


def access(grants: Sequence[Grant], verb: str, who: Who) -> Access:
    """Whether ``who`` may use ``verb``; ``ASK`` where that hangs on groups that are not known yet."""
    if verb not in CHANGING:
        return Access.OPEN
    fitting = [g for g in grants or DEFAULT if verb in g.verbs]
    if any(g.everyone or who.user in _own(g, who.platform) for g in fitting):
        return Access.GRANTED
    if not any(g.managers or _groups(g, who.platform) for g in fitting):
        return Access.DENIED
    if who.groups is None:
        return Access.ASK
    member = any((g.managers and who.manager) or not who.groups.isdisjoint(_groups(g, who.platform)) for g in fitting)
    return Access.GRANTED if member else Access.DENIED


def _own(grant: Grant, platform: str) -> Iterable[str]:
    return grant.slack_users if platform == "slack" else grant.discord_users


def _groups(grant: Grant, platform: str) -> Iterable[str]:
    return grant.slack_groups if platform == "slack" else grant.discord_roles


def who_may(grants: Sequence[Grant], verb: str, platform: str) -> str:
    """Whom to ask, in words: ``workspace admins and members of @risk-desk``; never a name that is not theirs to see."""
    fitting = [g for g in grants or DEFAULT if verb in g.verbs]
    parts: list[str] = []
    if any(g.managers for g in fitting):
        parts.append("workspace admins and owners" if platform == "slack" else "whoever may manage this server")
    if platform == "slack":
        handles = dict.fromkeys(h for g in fitting for h in g.slack_groups if h.startswith("@"))
        parts += [f"members of {handle}" for handle in handles]
    if any(_own(g, platform) for g in fitting) or (not parts and any(_groups(g, platform) for g in fitting)):
        parts.append("some people and groups that the operator chose")
    return " and ".join(parts) or "nobody here; the operator sets it under permissions: in wirewatch.yaml"
