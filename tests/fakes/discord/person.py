"""Somebody on the servers, doing what Discord's client lets them do: no more, and with the values it would send."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from tests.fakes.discord.interactions import DEFER, MODAL, Interaction
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.world import Channel, Json, User

SUB_COMMAND, SUB_GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
_TYPES = {STRING: str, INTEGER: int, BOOLEAN: bool}
WITHIN_S = 60.0


@dataclass
class Person:
    """``user`` is known to the world."""

    discord: FakeDiscord
    user: User

    async def runs(self, command: str, place: Channel, /, **given: Any) -> Interaction:
        """``wire latest`` with typed options. Raises ``LookupError`` for a command they do not see, ``ValueError`` for
        options that the client would not send."""
        name, _, sub = command.partition(" ")
        registered = self._sees(name, place)
        options = registered.get("options") or []
        sent: list[Json] = []
        if sub:
            found = next((o for o in options if o["name"] == sub and o["type"] == SUB_COMMAND), None)
            if found is None:
                raise LookupError(f"/{name} has no sub-command {sub}")
            sent = [{"name": sub, "type": SUB_COMMAND, "options": _typed(found.get("options") or [], given)}]
        else:
            sent = _typed(options, given)
        return await self.discord.interactions.command(name, sent, self.user, place)

    async def begins(self, command: str, place: Channel, option: str, typed: str, **given: Any) -> list[Json]:
        """Type into an option that completes: the choices that are shown."""
        name, _, sub = command.partition(" ")
        registered = self._sees(name, place)
        found = next(o for o in registered["options"] if o["name"] == sub)
        wanted = next(o for o in found["options"] if o["name"] == option)
        if not wanted.get("autocomplete"):
            raise LookupError(f"{option} completes nothing")
        sent = [o for o in _typed(found["options"], given, partial=True) if o["name"] != option]
        sent.append({"name": option, "type": wanted["type"], "value": typed, "focused": True})
        nested = [{"name": sub, "type": SUB_COMMAND, "options": sent}]
        it = await self.discord.interactions.command(name, nested, self.user, place, autocomplete=True)
        await self.answered(it)
        return list(it.answer["choices"])

    def _sees(self, name: str, place: Channel) -> Json:
        world = self.discord.world
        known = [c for g in ("", place.guild_id) for c in world.commands.get(g, []) if c["name"] == name]
        if not known:
            raise LookupError(f"/{name} is not registered")
        command = known[-1]
        contexts = command.get("contexts")
        if contexts is not None and (0 if place.guild_id else 1) not in contexts:
            raise LookupError(f"/{name} is not for this kind of channel")
        needed = command.get("default_member_permissions")
        if needed and place.guild_id:
            held = world.guilds[place.guild_id].member_permissions(self.user.id)
            if int(needed) & ~held:
                raise LookupError(f"/{name} is hidden from {self.user.name}")
        return dict(command)

    async def clicks(self, message: Json, custom_id: str) -> Interaction:
        return await self.discord.interactions.click(message["id"], custom_id, self.user)

    async def sends(self, form: Interaction, **values: str) -> Interaction:
        """Fill in the modal that ``form`` was answered with."""
        return await self.discord.interactions.submit(form, values)

    # -- what they see ----------------------------------------------------------------------------------------------

    async def answered(self, it: Interaction) -> Interaction:
        """Once there is an answer, whatever kind."""
        async with asyncio.timeout(WITHIN_S):
            await it.answered.wait()
        return it

    async def reads(self, it: Interaction) -> Json:
        """The answer, once a deferred one has its text."""
        async with asyncio.timeout(WITHIN_S):
            await it.completed.wait()
        assert it.original is not None
        return it.original

    async def form(self, it: Interaction) -> Json:
        """The modal that opens."""
        await self.answered(it)
        if it.answer_kind != MODAL:
            raise AssertionError(f"no form opened, but an answer of kind {it.answer_kind}: {it.answer}")
        return it.answer

    async def hears_more(self, it: Interaction, count: int = 1) -> Json:
        """The ``count``-th follow-up."""
        async with asyncio.timeout(WITHIN_S):
            while len(it.followups) < count:
                it.followed.clear()
                await it.followed.wait()
        return it.followups[count - 1]


def waiting(it: Interaction) -> bool:
    """Whether they see "thinking"."""
    return it.answer_kind == DEFER and not it.completed.is_set()


def _typed(options: list[Json], given: dict[str, Any], *, partial: bool = False) -> list[Json]:
    """Options as the client sends them, checked as it checks them."""
    left, sent = dict(given), []
    for option in options:
        if option["name"] not in left:
            if option.get("required") and not partial:
                raise ValueError(f"{option['name']} is required")
            continue
        value = left.pop(option["name"])
        if not isinstance(value, _TYPES[option["type"]]) or (option["type"] == INTEGER and isinstance(value, bool)):
            raise ValueError(f"{option['name']} takes no {type(value).__name__}")
        choices = [c["value"] for c in option.get("choices") or []]
        if choices and value not in choices:
            raise ValueError(f"{option['name']} is one of {choices}")
        size = len(value) if isinstance(value, str) else int(value)
        low, high = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
        if not isinstance(value, bool) and not (option.get(low) or 0) <= size <= (option.get(high) or 6000):
            raise ValueError(f"{option['name']} is out of its bounds")
        sent.append({"name": option["name"], "type": option["type"], "value": value})
    if left:
        raise ValueError(f"there is no option {sorted(left)}")
    return sent
