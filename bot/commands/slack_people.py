"""What Slack says of a person: user groups, and whether they administer the workspace. Remembered for some minutes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from bot.channels.slack_errors import SlackRefused
from bot.commands.request import Standing
from bot.log import Log

if TYPE_CHECKING:
    from bot.channels.slack_connection import SlackConnection

KEPT_S = 300.0  # seconds; whoever leaves a group keeps its rights for that long

_log = Log("slack")


class SlackPeople:
    """Needs the scopes ``users:read`` and ``usergroups:read``; without them nobody has a standing."""

    def __init__(self, connection: SlackConnection, *, kept_s: float = KEPT_S) -> None:
        self._connection = connection
        self._kept_s = kept_s
        self._known: dict[str, tuple[float, Standing]] = {}
        self._groups: tuple[float, dict[str, frozenset[str]]] | None = None

    def knows(self, user: str) -> bool:
        """Whether the answer is at hand."""
        return user in self._known and time.monotonic() - self._known[user][0] < self._kept_s

    async def standing(self, user: str) -> Standing:
        if self.knows(user):
            return self._known[user][1]
        manager, groups = await asyncio.gather(self._manager(user), self._groups_of(user))
        found = Standing(groups or frozenset(), bool(manager))
        if manager is not None and groups is not None:  # an answer that was not given is asked for again
            self._known[user] = (time.monotonic(), found)
        return found

    async def _manager(self, user: str) -> bool | None:
        try:
            found = (await self._connection.call("users.info", user=user)).get("user") or {}
        except SlackRefused as error:
            _log.warning("cannot tell who administers the workspace", error=error.error)
            return None
        return bool(found.get("is_admin") or found.get("is_owner") or found.get("is_primary_owner"))

    async def _groups_of(self, user: str) -> frozenset[str] | None:
        now = time.monotonic()
        if self._groups is None or now - self._groups[0] >= self._kept_s:
            try:
                found = await self._connection.call("usergroups.list", include_users=True)
            except SlackRefused as error:
                _log.warning("cannot read user groups", error=error.error)
                return None
            members: dict[str, frozenset[str]] = {}
            for group in found.get("usergroups", []):
                for member in group.get("users") or []:
                    names = {str(group.get("id", "")), f"@{group.get('handle', '')}"}
                    members[member] = members.get(member, frozenset()) | names
            self._groups = (now, members)
        return self._groups[1].get(user, frozenset())
