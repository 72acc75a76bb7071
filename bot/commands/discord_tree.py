"""``/wire`` as Discord application commands, made from :mod:`bot.commands.verbs`, and their registration."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import discord
from discord import app_commands

from bot.channels.discord_limits import CHOICE_MAX, COMMAND_TEXT_MAX
from bot.commands.arguments import Offer
from bot.commands.verbs import SHARE, VERBS, Kind, Parameter, Verb
from bot.log import Log

GROUP = "wire"

Answer = Callable[[discord.Interaction, Verb, Mapping[str, str], bool], Awaitable[None]]
Complete = Callable[[discord.Interaction, Parameter, str, Mapping[str, str]], Sequence[Offer]]

_log = Log("discord")

_OFFERED = (Kind.RULE, Kind.SOURCE, Kind.COUNTRY, Kind.PERIOD, Kind.DURATION)
_LIMITS = {"term": 300, "what": 300, "comment": 500}


class Memory(Protocol):
    """Where the state of the registration is kept over restarts."""

    async def remembered(self, key: str) -> str: ...
    async def remember(self, key: str, value: str) -> None: ...


def group(answer: Answer, complete: Complete) -> app_commands.Group:
    """The group with one sub-command for each verb. Who may see it is set on the server (Integrations, Wirewatch);
    by default whoever may send messages."""
    made = app_commands.Group(
        name=GROUP,
        description="News alerts: summaries, rules, mutes, and why an alert came",
        default_permissions=discord.Permissions(send_messages=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    for verb in VERBS:
        made.add_command(_command(verb, answer, complete))
    return made


def _command(verb: Verb, answer: Answer, complete: Complete) -> app_commands.Command[Any, ..., None]:
    """One verb. discord.py reads the options off the callback's signature, so it is given one."""

    async def callback(interaction: discord.Interaction, **given: Any) -> None:
        share = bool(given.pop(SHARE, False))
        await answer(interaction, verb, {k: str(v) for k, v in given.items() if v is not None}, share)

    parameters = [
        inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction)
    ]
    ordered = sorted(verb.parameters, key=lambda p: not p.required)
    for one in ordered:
        kind = _type(one)
        parameters.append(
            inspect.Parameter(
                one.name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=kind if one.required else kind | None,
                default=inspect.Parameter.empty if one.required else None,
            )
        )
    if not verb.private:
        parameters.append(inspect.Parameter(SHARE, inspect.Parameter.KEYWORD_ONLY, annotation=bool, default=False))
    callback.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    described = {p.name: p.help for p in verb.parameters} | (
        {} if verb.private else {SHARE: "Show the answer to the channel"}
    )
    decorated = app_commands.describe(**described)(callback)
    choices = {p.name: [_choice(c, c) for c in _choices(p)] for p in verb.parameters if _choices(p)}
    if choices:
        decorated = app_commands.choices(**choices)(decorated)
    offered = {p.name: _completer(p, complete) for p in verb.parameters if p.kind in _OFFERED or p.name == "what"}
    if offered:
        decorated = app_commands.autocomplete(**offered)(decorated)
    return app_commands.Command(name=verb.name, description=verb.summary[:100], callback=decorated)


def _type(parameter: Parameter) -> Any:
    if parameter.kind is Kind.COUNT:
        return app_commands.Range[int, 1, 20]
    if parameter.kind is Kind.NUMBER:
        return app_commands.Range[int, 1, 2**53 - 1]
    if parameter.kind is Kind.TEXT:
        return app_commands.Range[str, 1, _LIMITS.get(parameter.name, COMMAND_TEXT_MAX)]
    return str


def _choices(parameter: Parameter) -> tuple[str, ...]:
    if parameter.kind is Kind.SEVERITY:
        return ("info", "low", "medium", "high", "critical")
    return parameter.choices


def _choice(shown: str, value: str) -> app_commands.Choice[str]:
    return app_commands.Choice(name=shown[:CHOICE_MAX], value=value)


def _completer(parameter: Parameter, complete: Complete) -> Any:
    async def offer(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        given = {k: str(v) for k, v in vars(interaction.namespace).items() if v is not None}
        found = complete(interaction, parameter, current, given)
        return [_choice(o.shown, o.value) for o in found if len(o.value) <= CHOICE_MAX]

    return offer


# -- registration ---------------------------------------------------------------------------------------------------


async def register(
    tree: app_commands.CommandTree[Any], memory: Memory, application: int, guilds: Sequence[int] | None
) -> None:
    """Make Discord's copy equal to ours where it is not: globally, or (``guilds``) on these servers only, where a
    change is seen at once. What was registered the other way before is taken away. What was registered last is kept as
    a hash, so that an ordinary start writes nothing; that it is still there is asked."""
    commands = tree.get_commands()
    own = f"discord.commands.{application}.servers"
    known = {int(guild) for guild in (await memory.remembered(own)).split()}
    if guilds is None:
        for guild in sorted(known):  # else it is there twice
            with contextlib.suppress(discord.Forbidden, discord.NotFound):  # the bot has left
                await _register_at(tree, memory, application, guild)
        if known:
            await memory.remember(own, "")
        await _register_at(tree, memory, application, None)
        return
    if not known.issuperset(guilds):
        await memory.remember(own, " ".join(map(str, sorted(known.union(guilds)))))
    for guild in guilds:
        tree.copy_global_to(guild=discord.Object(guild))
        await _register_at(tree, memory, application, guild)
    for command in commands:
        tree.remove_command(command.name)
    try:
        await _register_at(tree, memory, application, None)  # else it is there twice
    finally:
        for command in commands:
            tree.add_command(command)


async def _register_at(
    tree: app_commands.CommandTree[Any], memory: Memory, application: int, guild: int | None
) -> None:
    place = discord.Object(guild) if guild is not None else None
    wanted = [command.to_dict(tree) for command in tree.get_commands(guild=place)]
    mark = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    key = f"discord.commands.{application}.{guild or 'global'}"
    known = await memory.remembered(key)
    if known == mark or (not wanted and not known):
        there = {c.name for c in await tree.fetch_commands(guild=place)}
        if there >= {str(c["name"]) for c in wanted} and (wanted or GROUP not in there):
            return  # a stop between registering and remembering is seen here
    await tree.sync(guild=place)
    await memory.remember(key, mark)
    _log.info("commands registered", server=guild or "all", commands=len(wanted))
