"""Slack: slash command, buttons, modals, shortcuts and App Home, bound to one workspace's app.

Everything is acknowledged first and worked on afterwards. Answers go through the ``response_url`` of what was typed or
clicked; where that has run out (five uses, thirty minutes) or there is none, to the person in the channel, or by direct
message.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from bot.channels.buttons import ID_PATTERN, Verb, pressed
from bot.channels.slack_errors import SlackRefused
from bot.commands import slack_view
from bot.commands.alerts import AlertButtons, MuteForm
from bot.commands.core import BROKEN, Commands, misunderstood
from bot.commands.home import home
from bot.commands.reply import Reply, paragraph, refused
from bot.commands.request import Person, Place, Request, UsageError
from bot.commands.slack_people import SlackPeople
from bot.commands.slack_picture import announced, follow
from bot.commands.slack_post import with_standing
from bot.errors import StoreError
from bot.log import Log
from bot.people import Opinion
from bot.settings.permissions import Access, Who, access

if TYPE_CHECKING:
    from bot.channels.slack_connection import SlackConnection

Json = dict[str, Any]
Ack = Callable[..., Awaitable[Any]]
Find = Callable[[str, str], str]
"""A channel's id and name → the name of the configured channel that posts there, or ``""``."""

COMMAND = "/wire"
WORKING = "One moment…"
SOON_S = 1.5  # seconds; Slack waits three for the answer to a form
OVERTAKE_S = 1.0  # seconds that an acknowledgement may take to reach Slack

_log = Log("slack")


class SlackBinding:
    """See the module. ``account`` is ``slack.<workspace>``."""

    def __init__(self, account: str, connection: SlackConnection, commands: Commands, find: Find) -> None:
        self._account = account
        self._connection = connection
        self._commands = commands
        self._buttons = AlertButtons(commands)
        self._find = find
        self._people = SlackPeople(connection)

    def bind(self) -> None:
        """Register every listener; before the connection starts."""
        app = self._connection.app
        app.command(COMMAND)(self._on_command)
        app.action(re.compile(ID_PATTERN))(self._on_button)
        app.action(slack_view.HOME_REFRESH)(self._on_home_refresh)
        app.view(slack_view.MUTE_CALLBACK)(self._on_mute_form)
        app.view(slack_view.CHECK_CALLBACK)(self._on_check_form)
        app.shortcut(slack_view.CHECK_CALLBACK)(self._on_check)
        app.shortcut(slack_view.CHECK_MESSAGE_CALLBACK)(self._on_check_message)
        app.event("app_home_opened")(self._on_home)

    # -- the slash command ------------------------------------------------------------------------------------------

    async def _on_command(self, ack: Ack, body: Json) -> None:
        await ack()
        who = self._person(body["user_id"], body.get("user_name", ""))
        where = self._place(body["channel_id"], body.get("channel_name", ""), who)
        answers = _Answers(self._connection, where.id, who.user, body.get("response_url", ""))
        try:
            request = self._commands.parsed(unescape(body.get("text", "")), who, where)
        except UsageError as error:
            await answers.show(misunderstood(error))
            return
        await self._answer(request, answers)

    async def _answer(self, request: Request, answers: _Answers) -> None:
        reply = await self._commands.answer(request, answers.tell)
        shared = request.share and not reply.refused
        await answers.show(reply if shared else announced(reply), share=shared)
        if reply.picture is not None:
            told = await follow(
                self._connection,
                reply.picture,
                key=f"answer:{uuid4().hex}",
                user=request.who.user,
                room=request.where.id if shared else "",
            )
            if told is not None:
                await answers.show(told)

    # -- buttons ----------------------------------------------------------------------------------------------------

    async def _on_button(self, ack: Ack, body: Json, action: Json) -> None:
        await ack()
        click = pressed(str(action.get("action_id", "")))
        if click is None or click.verb is Verb.OPEN:
            return
        user, room, message = body["user"], body.get("channel") or {}, body.get("message") or {}
        who = self._person(user["id"], user.get("username") or user.get("name", ""))
        where = self._place(str(room.get("id", "")), str(room.get("name", "")), who)
        answers = _Answers(
            self._connection, where.id, who.user, body.get("response_url", ""), str(message.get("thread_ts", ""))
        )
        try:
            match click.verb:
                case Verb.WHY:
                    await answers.show(await self._buttons.why(click.key))
                case Verb.MUTE:
                    await self._open_mute(body, click.key, who, where, answers)
                case Verb.USEFUL | Verb.NOISE:
                    request = Request(click.verb, who, where)
                    reply, counted = await self._buttons.vote(request, click.key, Opinion(click.verb.value))
                    await answers.show(reply)
                    if counted:
                        await self._show_standing(where.id, message, click.key)
        except Exception:  # noqa: BLE001 - a bug: said, and logged with its trace
            _log.exception("bug in a command")
            await answers.show(BROKEN)

    async def _show_standing(self, room: str, message: Json, key: str) -> None:
        """The votes on the buttons of the post itself, for everyone."""
        try:
            async with self._buttons.showing(key) as standing:
                if (changed := with_standing(message, key, standing)) is not None:
                    await self._connection.call("chat.update", channel=room, ts=message["ts"], **changed)
        except SlackRefused as error:
            _log.info("votes not shown on the post", error=error.error)
        except StoreError as error:
            _log.error("votes not shown on the post", error=str(error))

    async def _open_mute(self, body: Json, key: str, who: Person, where: Place, answers: _Answers) -> None:
        """The trigger lasts three seconds: where Slack itself must be asked who they are, a modal opens before."""
        verdict = access(self._commands.desk.grants, "mute", Who(who.platform, who.user))
        trigger = str(body.get("trigger_id", ""))
        message = body.get("message") or {}
        context = {"key": key, "room": where.id, "name": where.name, "thread": str(message.get("thread_ts", ""))}
        if verdict is Access.ASK and not self._people.knows(who.user):
            opened = await self._open(trigger, slack_view.waiting_modal("Mute", WORKING), answers)
            view = await self._mute_view(key, who, context)
            shown = slack_view.answer_modal("Mute", view) if isinstance(view, Reply) else view
            if opened:
                await self._update(opened, shown)
            return
        view = await self._mute_view(key, who, context)
        if isinstance(view, Reply):
            await answers.show(view)
        else:
            await self._open(trigger, view, answers)

    async def _mute_view(self, key: str, who: Person, context: dict[str, str]) -> Json | Reply:
        denied = await self._commands.denial("mute", who)
        if denied is not None:
            return denied
        form = await self._buttons.form(key)
        return slack_view.mute_modal(form, context) if isinstance(form, MuteForm) else form

    async def _open(self, trigger: str, view: Json, answers: _Answers) -> str:
        """The id of the opened view; empty, and said, where Slack did not take it."""
        try:
            opened = await self._connection.call("views.open", trigger_id=trigger, view=view)
            return str((opened.get("view") or {}).get("id", ""))
        except SlackRefused as error:
            _log.warning("modal not opened", error=error.error, why=error.messages)
            await answers.show(refused("The form did not open in time", paragraph("Please press the button again.")))
            return ""

    async def _update(self, view_id: str, view: Json) -> None:
        """Change an open modal; one that was closed meanwhile stays closed."""
        try:
            await self._connection.call("views.update", view_id=view_id, view=view)
        except SlackRefused as error:
            _log.info("modal not changed", error=error.error or error.note, why=error.messages)

    async def _on_mute_form(self, ack: Ack, body: Json, view: Json) -> None:
        await ack()
        context = json.loads(view.get("private_metadata") or "{}")
        values = _values(view)
        user = body["user"]
        who = self._person(user["id"], user.get("username") or user.get("name", ""))
        where = self._place(context.get("room", ""), context.get("name", ""), who)
        answers = _Answers(self._connection, where.id, who.user, "", context.get("thread", ""))
        request = Request("mute", who, where)
        reply = await self._buttons.mute(
                request, context.get("key", ""), values.get("choice", ""), values.get("duration", ""),
                values.get("comment", ""),
        )  # fmt: skip
        await answers.show(reply)

    # -- shortcuts --------------------------------------------------------------------------------------------------

    async def _on_check(self, ack: Ack, body: Json) -> None:
        await ack()
        user = body["user"]
        answers = _Answers(self._connection, "", user["id"], "")
        await self._open(str(body.get("trigger_id", "")), slack_view.check_modal(), answers)

    async def _on_check_form(self, ack: Ack, body: Json, view: Json) -> None:
        """What is known soon is the acknowledgement itself. Otherwise the form waits; and its later change must not
        overtake the acknowledgement, which takes another way to Slack and would undo it."""
        title = "Check a link"
        user = body["user"]
        who = self._person(user["id"], user.get("username") or user.get("name", ""))
        request = Request("explain", who, self._place("", "", who), {"text": _values(view).get("text", "").strip()})
        answering = asyncio.create_task(self._commands.answer(request, _say_nothing))
        done, _ = await asyncio.wait({answering}, timeout=SOON_S)
        if done:
            await ack(response_action="update", view=slack_view.answer_modal(title, answering.result()))
            return
        await ack(response_action="update", view=slack_view.waiting_modal(title, WORKING))
        reply, _ = await asyncio.gather(answering, asyncio.sleep(OVERTAKE_S))
        await self._update(view["id"], slack_view.answer_modal(title, reply))

    async def _on_check_message(self, ack: Ack, body: Json) -> None:
        await ack()
        user, room, message = body["user"], body.get("channel") or {}, body.get("message") or {}
        who = self._person(user["id"], user.get("username") or user.get("name", ""))
        where = self._place(str(room.get("id", "")), str(room.get("name", "")), who)
        answers = _Answers(self._connection, where.id, who.user, body.get("response_url", ""))
        given = link_or_text(message)
        if not given:
            await answers.show(refused("There is neither a link nor a text in that message"))
            return
        await self._answer(Request("explain", who, where, {"text": given}), answers)

    # -- App Home ---------------------------------------------------------------------------------------------------

    async def _on_home(self, event: Json) -> None:
        if event.get("tab", "home") == "home":
            await self._publish_home(event["user"])

    async def _on_home_refresh(self, ack: Ack, body: Json) -> None:
        await ack()
        await self._publish_home(body["user"]["id"])

    async def _publish_home(self, user: str) -> None:
        view = slack_view.home_view(await home(self._commands.desk, {self._person(user, "").own_channel}))
        try:
            await self._connection.call("views.publish", user_id=user, view=view)
        except SlackRefused as error:
            _log.warning("App Home not shown", error=error.error, why=error.messages)

    # -- who and where ----------------------------------------------------------------------------------------------

    def _person(self, user: str, name: str) -> Person:
        return Person(self._account, user, name, lambda: self._people.standing(user))

    def _place(self, room: str, name: str, who: Person) -> Place:
        private = room.startswith("D") or not room
        if private:
            return Place(room, "direct message", who.own_channel, private=True)
        shown = "" if name in ("privategroup", "directmessage") else name.removeprefix("#")
        configured = self._find(room, shown)
        channel = configured or f"room:{self._account}:{room}"
        return Place(room, f"#{shown}" if shown else "", channel, configured=bool(configured))


async def _say_nothing(_: str) -> None:
    """Where the form itself says that they have to wait."""


class _Answers:
    """How one person hears back."""

    def __init__(
        self, connection: SlackConnection, room: str, user: str, response_url: str, thread_ts: str = ""
    ) -> None:
        self._connection = connection
        self._room = room
        self._user = user
        self._url = response_url
        self._thread = {"thread_ts": thread_ts} if thread_ts else {}

    async def tell(self, text: str) -> None:
        """A word while they wait; the answer takes its place."""
        await self._send(slack_view.message(Reply(f"{text} …")), share=False)

    async def show(self, reply: Reply, *, share: bool = False) -> None:
        await self._send(slack_view.message(reply), share=share)

    async def _send(self, content: Mapping[str, Any], *, share: bool) -> None:
        quiet = {"unfurl_links": False, "unfurl_media": False, "mrkdwn": False}
        kind = "in_channel" if share else "ephemeral"
        whole = {**content, **quiet, **self._thread, "response_type": kind, "replace_original": False}
        if self._url and await self._connection.respond(self._url, whole):
            return
        tries: list[tuple[str, Json]] = []
        if self._room and share:
            tries.append(("chat.postMessage", {"channel": self._room, **quiet}))
        elif self._room:
            tries.append(("chat.postEphemeral", {"channel": self._room, "user": self._user, **self._thread}))
        tries.append(("chat.postMessage", {"channel": self._user, **quiet}))
        for method, more in tries:
            try:
                await self._connection.call(method, **content, **more)
                return
            except SlackRefused as error:
                _log.info("answer not taken", method=method, error=error.error)


# -- what Slack sends -----------------------------------------------------------------------------------------------

_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")


def unescape(text: str) -> str:
    """What was typed: Slack escapes three characters of it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def link_or_text(message: Json) -> str:
    """The first link of a message, also inside its rich text and attachments; else its text without markup."""
    text = str(message.get("text", ""))
    found = _LINK.search(text)
    if found is not None:
        return unescape(found[1])
    link = next(_links(message.get("blocks") or []), "") or next(_links(message.get("attachments") or []), "")
    return link or unescape(text).strip()


def _links(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("type") == "link" and isinstance(value.get("url"), str):
            yield value["url"]
        for key in ("title_link", "from_url"):
            if isinstance(value.get(key), str):
                yield value[key]
        for inner in value.values():
            yield from _links(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _links(inner)


def _values(view: Json) -> dict[str, str]:
    """What a form was filled in with, by action."""
    found: dict[str, str] = {}
    for block in ((view.get("state") or {}).get("values") or {}).values():
        for action, state in block.items():
            option = state.get("selected_option")
            found[action] = str((option or {}).get("value", "")) if option else str(state.get("value") or "")
    return found
