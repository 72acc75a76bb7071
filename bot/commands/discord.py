"""Discord: ``/wire``, buttons and the form behind Mute, bound to one bot account.

Everything is acknowledged first, as something that only the person sees, and worked on afterwards. Nothing is kept in
memory: buttons and forms carry what they are about in their ids, so that old posts and open forms answer after a
restart. An interaction's token lasts fifteen minutes; what takes longer comes as a direct message.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import discord
from discord import app_commands

from bot.channels.buttons import Pressed, Verb
from bot.channels.discord_errors import MISSING_PERMISSIONS
from bot.commands import discord_view
from bot.commands.alerts import GONE, AlertButtons, MuteForm, Standing
from bot.commands.arguments import Offer, offers, resolved
from bot.commands.core import BROKEN, Commands, misunderstood
from bot.commands.discord_form import FORM_PREFIX, filled, form_modal
from bot.commands.discord_tree import group, register
from bot.commands.reply import Picture, Reply, paragraph, refused
from bot.commands.request import Person, Place, Request, UsageError, heard_by
from bot.commands.request import Standing as Rights
from bot.commands.verbs import Parameter
from bot.commands.verbs import Verb as Command
from bot.errors import StoreError
from bot.log import Log
from bot.people import Opinion
from bot.summary.drawing import ChartError

if TYPE_CHECKING:
    from bot.channels.discord_connection import DiscordConnection

Find = Callable[[str, str], str]
"""A channel's id and name → the name of the configured channel that posts there, or ``""``."""

SHARED = Reply("Shown to the channel")
SYNC_RETRY_S = (5.0, 60.0, 300.0)  # seconds between tries to register the commands while Discord does not take them
_NOBODY = discord.AllowedMentions.none()

_log = Log("discord")


class _Memory:
    def __init__(self, commands: Commands) -> None:
        self._store = commands.desk.store

    async def remembered(self, key: str) -> str:
        return await self._store.read(lambda s: s.remembered(key))

    async def remember(self, key: str, value: str) -> None:
        await self._store.run(lambda s: s.remember(key, value))


class DiscordBinding:
    """See the module. ``account`` is ``discord.<bot>``. ``where`` says where ``/wire`` is registered: ``global``,
    ``guilds`` (each server that the bot is on) or ``off``."""

    def __init__(
        self, account: str, connection: DiscordConnection, commands: Commands, find: Find, *, where: str = "global"
    ) -> None:
        self._account = account
        self._connection = connection
        self._commands = commands
        self._buttons = AlertButtons(commands)
        self._find = find
        self._where = where
        self._memory = _Memory(commands)
        self._syncing: asyncio.Task[None] | None = None
        self._registering = asyncio.Lock()  # the tree is bare for a moment in each
        self._served: set[int] = set()  # servers with commands of their own

    def bind(self) -> None:
        """Take clicks and commands; before the connection starts."""
        self._connection.bind(on_click=self._on_button, set_up=self._set_up)

    async def stop(self) -> None:
        """Stop trying to register."""
        if self._syncing is not None:
            self._syncing.cancel()
            await asyncio.gather(self._syncing, return_exceptions=True)

    async def _set_up(self, client: discord.Client) -> None:
        tree: app_commands.CommandTree[Any] = app_commands.CommandTree(client)
        tree.add_command(group(self._on_command, self._complete))
        client.event(self._listener())
        if self._where != "off":
            for listener in self._came(client, tree):
                client.event(listener)
            await self.stop()
            # Its own context: the timer of the log-in that happens to start it is none of its business.
            self._syncing = asyncio.create_task(self._register(client, tree), context=contextvars.Context())

    def _listener(self) -> Any:
        async def on_interaction(interaction: discord.Interaction) -> None:
            data = cast("Mapping[str, Any]", interaction.data or {})
            is_form = interaction.type is discord.InteractionType.modal_submit
            if is_form and str(data.get("custom_id", "")).startswith(FORM_PREFIX):
                await self._on_form(interaction, data)

        return on_interaction

    def _came(self, client: discord.Client, tree: app_commands.CommandTree[Any]) -> Sequence[Any]:
        """For servers that the bot is invited to: discord.py tells of them as of others while it is getting ready."""

        async def on_guild_join(guild: discord.Guild) -> None:
            if self._where != "guilds" or client.application_id is None:
                return
            async with self._registering:
                if guild.id not in self._served:
                    await register(tree, self._memory, client.application_id, [guild.id])
                    self._served.add(guild.id)

        async def on_guild_available(guild: discord.Guild) -> None:
            await on_guild_join(guild)

        return on_guild_join, on_guild_available

    async def _register(self, client: discord.Client, tree: app_commands.CommandTree[Any]) -> None:
        """In the background: alerts need no commands. Tried again while Discord does not answer."""
        import aiohttp

        from bot.channels.discord_client import timed

        application = client.application_id
        assert application is not None, "known once logged in"
        for wait in (*SYNC_RETRY_S, None):
            try:
                async with self._registering, timed():
                    guilds = [g.id async for g in client.fetch_guilds()] if self._where == "guilds" else None
                    await register(tree, self._memory, application, guilds)
                    self._served.update(guilds or ())
                return
            except (discord.HTTPException, app_commands.AppCommandError) as error:
                self._connection.tell(
                    f"Discord does not take the commands ({error}); /wire is missing until it does. The bot needs "
                    "the scope applications.commands: invite it again with the link in docs/discord.md"
                )
                return
            except (aiohttp.ClientError, OSError) as error:
                _log.warning("commands not registered", error=type(error).__name__, again_in_s=wait)
            if wait is None:
                return
            await asyncio.sleep(wait)

    # -- /wire ------------------------------------------------------------------------------------------------------

    async def _on_command(
        self, interaction: discord.Interaction, verb: Command, given: Mapping[str, str], share: bool
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        who, where = self._person(interaction), self._place(interaction)
        try:
            request = self._commands.chosen(verb, given, who, where, share=share)
        except UsageError as error:
            await self._show(interaction, misunderstood(error))
            return

        async def tell(text: str) -> None:
            with contextlib.suppress(discord.HTTPException):  # only a word while they wait
                await interaction.edit_original_response(embed=_embed(Reply(f"{text} …")))

        reply = await self._commands.answer(request, tell)
        shared = share and not reply.refused
        await self._show(interaction, reply, share=shared)
        if reply.picture is not None:
            await self._follow(interaction, reply.picture, share=shared)

    async def _follow(self, interaction: discord.Interaction, picture: Picture, *, share: bool) -> None:
        """The picture, to the same people as the answer before it."""
        try:
            drawn = await picture.draw()
        except ChartError as error:
            _log.warning("picture not drawn", error=str(error))
            if interaction.client.is_closed():  # the bot stops, and there is no way to say it
                return
            await self._say(interaction, refused("The chart could not be drawn", paragraph(str(error))))
            return
        file = discord.File(io.BytesIO(drawn), picture.name, description=picture.alt[:1024])
        try:
            await interaction.followup.send(file=file, ephemeral=not share, allowed_mentions=_NOBODY)
        except discord.HTTPException as error:
            _log.info("picture not taken", code=error.code, status=error.status)
            await self._say(interaction, refused("The chart could not be shown", paragraph(_why_not(error, share))))

    def _complete(
        self, interaction: discord.Interaction, parameter: Parameter, typed: str, given: Mapping[str, str]
    ) -> Sequence[Offer]:
        audience = heard_by(self._person(interaction), self._place(interaction))
        return offers(resolved(parameter, given), typed, self._commands.desk.names(audience))

    async def _show(self, interaction: discord.Interaction, reply: Reply, *, share: bool = False) -> None:
        """Fill the deferred answer; a shared one is posted below it, since what was begun in private stays so. It is
        filled first: until then Discord takes what is posted for the answer itself."""
        try:
            await interaction.edit_original_response(
                embed=_embed(SHARED if share else reply), view=None if share else _view(reply), allowed_mentions=_NOBODY
            )
            if share and not await self._shared(interaction, reply):
                await interaction.edit_original_response(embed=_embed(reply), view=_view(reply))
        except discord.HTTPException as error:
            _log.info("answer not taken", code=error.code, status=error.status)
            with contextlib.suppress(discord.HTTPException):  # they may take no direct messages; then nobody hears
                await interaction.user.send(embed=_embed(reply), allowed_mentions=_NOBODY)

    async def _shared(self, interaction: discord.Interaction, reply: Reply) -> bool:
        """Post an answer to the channel; whether Discord took it."""
        try:
            await interaction.followup.send(
                embed=_embed(reply), view=_view(reply) or discord.utils.MISSING, allowed_mentions=_NOBODY
            )
        except discord.HTTPException as error:
            _log.info("answer not shared", code=error.code, status=error.status)
            return False
        return True

    # -- buttons ----------------------------------------------------------------------------------------------------

    async def _on_button(self, interaction: discord.Interaction, click: Pressed) -> None:
        try:
            match click.verb:
                case Verb.WHY:
                    await interaction.response.defer(ephemeral=True, thinking=True)
                    await self._why(interaction, click.key)
                case Verb.USEFUL | Verb.NOISE:
                    await self._vote(interaction, click.key, Opinion(click.verb.value))
                case Verb.MUTE:
                    await self._ask_mute(interaction, click.key)
                case Verb.OPEN:
                    pass
        except discord.NotFound as error:  # the three seconds have run out
            _log.warning("click not answered in time", code=error.code)
        except Exception:  # noqa: BLE001 - a bug: said, and logged with its trace
            _log.exception("bug in a command")
            await self._say(interaction, BROKEN)

    async def _why(self, interaction: discord.Interaction, key: str) -> None:
        reply = await self._buttons.why(key)
        if reply is not GONE or interaction.message is None:
            await self._show(interaction, reply)
            return
        with contextlib.suppress(discord.HTTPException):  # what is no longer stored: what the post itself shows
            text = await self._connection.explain(key, interaction.message)
            await interaction.edit_original_response(content=text, allowed_mentions=_NOBODY)

    async def _vote(self, interaction: discord.Interaction, key: str, opinion: Opinion) -> None:
        await interaction.response.defer()
        request = Request(opinion.value, self._person(interaction), self._place(interaction))
        reply, counted = await self._buttons.vote(request, key, opinion)
        if counted and interaction.message is not None:
            try:
                async with self._buttons.showing(key) as standing:
                    await interaction.edit_original_response(view=with_standing(interaction.message, key, standing))
            except discord.HTTPException as error:
                _log.info("votes not shown on the post", code=error.code)
            except StoreError as error:
                _log.error("votes not shown on the post", error=str(error))
        await self._say(interaction, reply)

    async def _ask_mute(self, interaction: discord.Interaction, key: str) -> None:
        """The form must be the first answer, within three seconds: only the store is asked before."""
        denied = await self._commands.denial("mute", self._person(interaction))
        form = denied or await self._buttons.form(key)
        if isinstance(form, MuteForm):
            await interaction.response.send_modal(form_modal(form))
        else:
            await self._say(interaction, form)

    async def _on_form(self, interaction: discord.Interaction, data: Mapping[str, Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        key = str(data["custom_id"]).removeprefix(FORM_PREFIX)
        values = filled(data)
        request = Request("mute", self._person(interaction), self._place(interaction))
        reply = await self._buttons.mute(
            request, key, values.get("choice", ""), values.get("duration", ""), values.get("comment", "")
        )
        await self._show(interaction, reply)

    async def _say(self, interaction: discord.Interaction, reply: Reply) -> None:
        """To whoever clicked, whether or not something was answered before."""
        content: dict[str, Any] = {"embed": _embed(reply), "ephemeral": True, "allowed_mentions": _NOBODY}
        if view := _view(reply):
            content["view"] = view
        try:
            if interaction.response.is_done():
                await interaction.followup.send(**content)
            else:
                await interaction.response.send_message(**content)
        except discord.HTTPException as error:
            _log.info("answer not taken", code=error.code, status=error.status)

    # -- who and where ----------------------------------------------------------------------------------------------

    def _person(self, interaction: discord.Interaction) -> Person:
        user = interaction.user
        roles = frozenset(str(role) for role in user._roles) if isinstance(user, discord.Member) else frozenset()
        rights = Rights(roles, interaction.guild_id is not None and interaction.permissions.manage_guild)

        async def standing() -> Rights:
            return rights

        return Person(self._account, str(user.id), user.display_name, standing)

    def _place(self, interaction: discord.Interaction) -> Place:
        room = str(interaction.channel_id or "")
        if interaction.guild_id is None:
            return Place(room, "direct message", f"dm:{self._account}:{interaction.user.id}", private=True)
        name = str(getattr(interaction.channel, "name", "") or "")
        configured = self._find(room, name)
        return Place(room, f"#{name}" if name else "", configured or f"room:{self._account}:{room}", bool(configured))


def with_standing(message: discord.Message, key: str, standing: Standing) -> discord.ui.View:
    """The buttons of a post with the votes on them."""
    from bot.channels.buttons import pressed

    view = discord.ui.View.from_message(message, timeout=None)
    assert isinstance(view, discord.ui.View)
    for item in view.children:
        click = pressed(getattr(item, "custom_id", None) or "")
        if click is not None and click.verb in (Verb.USEFUL, Verb.NOISE) and isinstance(item, discord.ui.Button):
            item.label = standing.label(click.verb)
    view.stop()  # clicks go by their ids: the library need not keep it
    return view


def _why_not(error: discord.HTTPException, share: bool) -> str:
    if share and error.code == MISSING_PERMISSIONS:
        return "The bot may not attach files in this channel; ask for it without sharing, or give it Attach Files."
    return "Discord did not take it; please ask again."


def _embed(reply: Reply) -> discord.Embed:
    return discord.Embed.from_dict(cast("Any", discord_view.message(reply).embed))


def _view(reply: Reply) -> discord.ui.View | None:
    buttons = discord_view.message(reply).buttons
    if not buttons:
        return None
    view = discord.ui.View(timeout=None)
    for one in buttons:
        shown = discord_view.button_label(one.label)
        view.add_item(
            discord.ui.Button(label=shown, url=one.url) if one.url else discord.ui.Button(label=shown, custom_id=one.id)
        )
    view.stop()
    return view
