"""The Web API methods that Wirewatch uses, with the refusals of docs.slack.dev/reference/methods."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any

from tests.fakes.slack import blockkit
from tests.fakes.slack.workspace import Refusal, Room, Token, Workspace, is_top

Args = dict[str, Any]
Answer = dict[str, Any]
Method = Callable[["WebApi", Token, Args], Answer]

TEXT_KEPT = 40_000  # characters; the rest is cut off
UPDATE_TEXT = 4_000  # characters; chat.update refuses more
METADATA_SIZE = 16_000  # bytes of JSON
_METADATA_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")

METHODS: dict[str, Method] = {}
SCOPES: dict[str, tuple[str, ...]] = {
    "chat.postMessage": ("chat:write",), "chat.update": ("chat:write",), "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",), "conversations.open": ("im:write",),
    "conversations.join": ("channels:join",), "users.info": ("users:read",),
    "bots.info": ("users:read",), "usergroups.list": ("usergroups:read",), "files.getUploadURLExternal": (
        "files:write",
    ), "files.completeUploadExternal": ("files:write",), "apps.connections.open": ("connections:write",),
}  # fmt: skip


def _method(name: str) -> Callable[[Method], Method]:
    def register(function: Method) -> Method:
        METHODS[name] = function
        return function

    return register


class WebApi:
    """Carries calls out on a workspace. ``open_url`` makes a Socket Mode address, ``upload_url`` one for a file;
    ``triggers`` holds the trigger ids that may still open a view."""

    def __init__(self, workspace: Workspace, open_url: Callable[[], str], upload_url: Callable[[str], str]) -> None:
        self.workspace = workspace
        self.open_url = open_url
        self.upload_url = upload_url
        self.triggers: dict[str, float] = {}
        self.used_triggers: set[str] = set()

    def call(self, method: str, token_value: str, args: Args) -> tuple[Answer, Token]:
        """The answer and the token it was given to. Raises :class:`Refusal`."""
        if method not in METHODS:
            raise Refusal("unknown_method", req_method=method)
        kind = "app" if method == "apps.connections.open" else "bot"
        token = self.workspace.authenticate(token_value, kind=kind)
        self.workspace.need(token, *SCOPES.get(method, ()))
        return {"ok": True, **METHODS[method](self, token, args)}, token

    def replace_view(self, view_id: str, view: Any) -> None:
        """What ``response_action: update`` does. Raises :class:`Refusal`."""
        _stored(self, _checked_view({"view": view}), view_id)


# -- identity -------------------------------------------------------------------------------------------------------


@_method("auth.test")
def _auth_test(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    return {
        "url": "https://risk-desk.slack.example/", "team": ws.name, "user": "wirewatch", "team_id": ws.team_id,
        "user_id": ws.bot_user, "bot_id": ws.bot_id, "is_enterprise_install": False,
    }  # fmt: skip


@_method("apps.connections.open")
def _connections_open(api: WebApi, token: Token, args: Args) -> Answer:
    return {"url": api.open_url()}


@_method("bots.info")
def _bots_info(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    if args.get("bot", ws.bot_id) != ws.bot_id:
        raise Refusal("bot_not_found")
    bot = {"id": ws.bot_id, "app_id": ws.app_id, "user_id": ws.bot_user, "name": "wirewatch", "deleted": False}
    return {"bot": bot}


@_method("users.info")
def _users_info(api: WebApi, token: Token, args: Args) -> Answer:
    user = api.workspace.users.get(str(args.get("user")))
    if user is None:
        raise Refusal("user_not_found")
    return {"user": user}


@_method("usergroups.list")
def _usergroups_list(api: WebApi, token: Token, args: Args) -> Answer:
    shown = api.workspace.usergroups.values()
    if _flag(args.get("include_users")):
        return {"usergroups": list(shown)}
    return {"usergroups": [{k: v for k, v in group.items() if k != "users"} for group in shown]}


# -- channels -------------------------------------------------------------------------------------------------------


def _describe(ws: Workspace, room: Room) -> Answer:
    return {
        "id": room.id, "name": room.name, "name_normalized": room.name, "is_channel": not room.private,
        "is_group": False, "is_private": room.private, "is_archived": room.archived,
        "is_im": bool(room.direct_to), "is_mpim": False,
        "is_member": ws.bot_user in room.members, "num_members": len(room.members),
    }  # fmt: skip


def _for_kind(room: Room, what: str) -> str:
    return f"{'im' if room.direct_to else 'groups' if room.private else 'channels'}:{what}"


@_method("conversations.list")
def _conversations_list(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    types = str(args.get("types") or "public_channel").split(",")
    for kind in types:
        scope = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read",
                 "mpim": "mpim:read"}.get(kind.strip())  # fmt: skip
        if scope is None:
            raise Refusal("invalid_types")
        ws.need(token, scope)
    rooms = [
        room
        for room in ws.rooms.values()
        if ("im" if room.direct_to else "private_channel" if room.private else "public_channel") in types
        and (not room.private or ws.bot_user in room.members)
        and not (room.archived and _flag(args.get("exclude_archived")))
    ]
    limit = _limit(args, 100, 1000)
    start = _cursor(args, "team")
    page = rooms[start : start + limit]
    more = start + limit < len(rooms)
    return {
        "channels": [_describe(ws, r) for r in page],
        "response_metadata": {"next_cursor": _encode("team", start + limit) if more else ""},
    }


@_method("conversations.info")
def _conversations_info(api: WebApi, token: Token, args: Args) -> Answer:
    room = api.workspace.room(args.get("channel"))
    api.workspace.need(token, _for_kind(room, "read"))
    return {"channel": _describe(api.workspace, room)}


@_method("conversations.join")
def _conversations_join(api: WebApi, token: Token, args: Args) -> Answer:
    room = api.workspace.room(args.get("channel"))
    if room.archived:
        raise Refusal("is_archived")
    if room.private:
        raise Refusal("method_not_supported_for_channel_type")
    room.members.add(api.workspace.bot_user)
    return {"channel": _describe(api.workspace, room)}


@_method("conversations.open")
def _conversations_open(api: WebApi, token: Token, args: Args) -> Answer:
    people = [one for one in str(args.get("users") or "").split(",") if one]
    if not people:
        raise Refusal("users_list_not_supplied")
    if len(people) > 1:
        api.workspace.need(token, "mpim:write")
        raise Refusal("method_not_supported_for_channel_type")  # nothing here opens group messages
    if people[0] not in api.workspace.users:
        raise Refusal("user_not_found")
    if people[0] == api.workspace.bot_user:
        raise Refusal("cannot_dm_bot")
    return {"channel": {"id": api.workspace.direct(people[0]).id}}


@_method("conversations.history")
def _history(api: WebApi, token: Token, args: Args) -> Answer:
    room = _readable(api, token, args)
    found = [m for m in room.messages if is_top(m)]
    return _page(api, room, list(reversed(found)), args, "next_ts")


@_method("conversations.replies")
def _replies(api: WebApi, token: Token, args: Args) -> Answer:
    room = _readable(api, token, args)
    thread = room.thread(str(args.get("ts")))
    if not thread:
        raise Refusal("thread_not_found")
    return _page(api, room, thread, args, "bookmark")


def _readable(api: WebApi, token: Token, args: Args) -> Room:
    room = api.workspace.room(args.get("channel"))
    api.workspace.need(token, _for_kind(room, "history"))
    if api.workspace.bot_user not in room.members:
        raise Refusal("not_in_channel")
    return room


def _page(api: WebApi, room: Room, messages: list[dict[str, Any]], args: Args, word: str) -> Answer:
    oldest, latest = _time(args, "oldest", 0.0), _time(args, "latest", float("inf"))
    inclusive = _flag(args.get("inclusive"))

    def within(ts: float) -> bool:
        return oldest <= ts <= latest if inclusive else oldest < ts < latest

    # A thread's parent always comes first, whatever the window.
    found = [m for m in messages if within(float(m["ts"])) or (word == "bookmark" and m["ts"] == args.get("ts"))]
    limit = _limit(args, 100, 999)
    start = _cursor(args, word)
    shown = [_as_read(room, m, _flag(args.get("include_all_metadata"))) for m in found[start : start + limit]]
    answer: Answer = {"messages": shown, "has_more": start + limit < len(found), "pin_count": 0}
    if answer["has_more"]:
        answer["response_metadata"] = {"next_cursor": _encode(word, start + limit)}
    return answer


def _as_read(room: Room, message: dict[str, Any], metadata: bool) -> dict[str, Any]:
    shown = {k: v for k, v in message.items() if metadata or k != "metadata"}
    replies = [m for m in room.messages if m.get("thread_ts") == message["ts"] and m is not message]
    if replies:
        shown |= {"thread_ts": message["ts"], "reply_count": len(replies), "latest_reply": replies[-1]["ts"]}
    return shown


def _time(args: Args, name: str, default: float) -> float:
    try:
        return float(args.get(name) or default)
    except ValueError:
        raise Refusal(f"invalid_ts_{name}") from None


def _limit(args: Args, default: int, most: int) -> int:
    try:
        limit = int(args.get("limit") or default)
    except ValueError:
        raise Refusal("invalid_limit") from None
    if not 1 <= limit <= most:
        raise Refusal("invalid_limit")
    return limit


def _encode(word: str, start: int) -> str:
    return base64.b64encode(f"{word}:{start}".encode()).decode()


def _cursor(args: Args, word: str) -> int:
    cursor = args.get("cursor")
    if not cursor:
        return 0
    try:
        name, _, start = base64.b64decode(str(cursor), validate=True).decode().partition(":")
        if name == word:
            return int(start)
    except (ValueError, binascii.Error):
        pass
    raise Refusal("invalid_cursor")


def _flag(value: Any) -> bool:
    return value in (True, 1, "1", "true", "True")


# -- messages -------------------------------------------------------------------------------------------------------


@_method("chat.postMessage")
def _post(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    to = args.get("channel")
    room = ws.direct(to) if isinstance(to, str) and to in ws.users else ws.room(to, by_name=True)
    ws.writable(room, token)
    content = _content(ws, args)
    message = ws.by_bot(content)
    thread_ts = args.get("thread_ts")
    if thread_ts:
        if not re.fullmatch(r"\d+\.\d{6}", str(thread_ts)):
            raise Refusal("invalid_thread_ts")
        if room.get(str(thread_ts)) is None:
            raise Refusal("thread_not_found")
        message["thread_ts"] = thread_ts
        if _flag(args.get("reply_broadcast")):
            message["subtype"] = "thread_broadcast"
    message["unfurled"] = [name for name in ("unfurl_links", "unfurl_media") if args.get(name) is not False]
    room.messages.append(message)
    return {"channel": room.id, "ts": message["ts"], "message": message}


@_method("chat.update")
def _update(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    room = ws.room(args.get("channel"))
    if room.archived:
        raise Refusal("is_archived")
    message = room.get(str(args.get("ts")))
    if message is None:
        raise Refusal("message_not_found")
    if message.get("bot_id") != ws.bot_id:
        raise Refusal("cant_update_message")
    if len(str(args.get("text") or "")) > UPDATE_TEXT:
        raise Refusal("msg_too_long")
    message.update(_content(ws, args))
    message["edited"] = {"user": ws.bot_user, "ts": ws.new_ts()}
    return {"channel": room.id, "ts": message["ts"], "text": message["text"], "message": message}


@_method("chat.delete")
def _delete(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    room = ws.room(args.get("channel"))
    message = room.get(str(args.get("ts")))
    if message is None:
        raise Refusal("message_not_found")
    if message.get("bot_id") != ws.bot_id:
        raise Refusal("cant_delete_message")
    room.messages.remove(message)
    return {"channel": room.id, "ts": message["ts"]}


@_method("chat.postEphemeral")
def _post_ephemeral(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    room = ws.room(args.get("channel"))
    ws.writable(room, token)
    user = args.get("user")
    if user not in ws.users:
        raise Refusal("user_not_found")
    ts = ws.new_ts()
    ws.ephemeral.append({"channel": room.id, "user": user, "ts": ts, **_content(ws, args)})
    return {"message_ts": ts}


def _content(ws: Workspace, args: Args) -> dict[str, Any]:
    """The text, blocks, attachments and metadata of a message, checked."""
    text = args.get("text") or ""
    blocks = _json(args.get("blocks"), "invalid_blocks_format")
    attachments = _json(args.get("attachments"), "invalid_attachments")
    if not isinstance(text, str) or not (text or blocks or attachments):
        raise Refusal("no_text")
    content: dict[str, Any] = {"text": text[:TEXT_KEPT]}
    if args.get("mrkdwn") is False:
        content["mrkdwn"] = False
    if args.get("blocks") in ([], "[]"):
        content["blocks"] = []  # chat.update: take the old ones away
    if blocks:
        check_content(ws, blocks)
        content["blocks"] = blocks
    if attachments:
        if len(attachments) > 100:
            raise Refusal("too_many_attachments")
        for i, attachment in enumerate(attachments):
            if inner := attachment.get("blocks"):
                check_content(ws, inner, f"/attachments/{i}/blocks", "invalid_attachments")
        content["attachments"] = attachments
    if "metadata" in args:
        content["metadata"] = _metadata(args["metadata"])
    return content


def check_content(ws: Workspace, blocks: Any, pointer: str = "/blocks", error: str = "invalid_blocks") -> None:
    """Refuse blocks that Slack would refuse."""
    if complaints := blockkit.check_blocks(blocks, pointer=pointer):
        raise Refusal(error, messages=complaints)
    if blockkit.total_size(blocks) > blockkit.BLOCKS_TOTAL:
        raise Refusal("msg_blocks_too_long")
    failed = [at for at, url in blockkit.images(blocks) if url in ws.unreachable or blockkit.out_of_reach(url)]
    if failed:
        places = [at.replace("/blocks", pointer, 1) for at in failed]
        raise Refusal(error, messages=[f"downloading image failed [json-pointer:{at}]" for at in places])


def _metadata(value: Any) -> dict[str, Any]:
    metadata = _json(value, "invalid_metadata_format")
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise Refusal("invalid_metadata_format")
    if not isinstance(metadata["event_type"], str) or not _METADATA_TYPE.match(metadata["event_type"]):
        raise Refusal("invalid_metadata_format")
    if not isinstance(metadata["event_payload"], dict):
        raise Refusal("invalid_metadata_format")
    if len(json.dumps(metadata).encode()) > METADATA_SIZE:
        raise Refusal("metadata_too_large")
    return metadata


def _json(value: Any, error: str) -> Any:
    """A parameter that came as JSON text (form encoded) or as itself (JSON body)."""
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refusal(error) from None


# -- views ----------------------------------------------------------------------------------------------------------


def _checked_view(args: Args) -> dict[str, Any]:
    view = _json(args.get("view"), "invalid_arguments")
    if complaints := blockkit.check_view(view):
        raise Refusal("invalid_arguments", messages=complaints)
    if not isinstance(view, dict):
        raise Refusal("invalid_arguments")
    return view


def _stored(api: WebApi, view: dict[str, Any], view_id: str = "") -> dict[str, Any]:
    ws = api.workspace
    stored = {**view, "id": view_id or ws.new_id("V"), "hash": ws.new_ts(), "team_id": ws.team_id,
              "app_id": ws.app_id, "bot_id": ws.bot_id, "state": {"values": {}}}  # fmt: skip
    ws.views[stored["id"]] = stored
    return stored


@_method("views.open")
def _views_open(api: WebApi, token: Token, args: Args) -> Answer:
    trigger = str(args.get("trigger_id"))
    if trigger in api.used_triggers:
        raise Refusal("exchanged_trigger_id")
    if trigger not in api.triggers:
        raise Refusal("invalid_trigger_id")
    if api.workspace.now() > api.triggers[trigger]:
        raise Refusal("expired_trigger_id")
    view = _checked_view(args)
    if view["type"] != "modal":
        raise Refusal("invalid_arguments", messages=["must be a modal [json-pointer:/view/type]"])
    api.used_triggers.add(trigger)
    return {"view": _stored(api, view)}


@_method("views.update")
def _views_update(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    old = ws.views.get(str(args.get("view_id"))) or next(
        (v for v in ws.views.values() if args.get("external_id") and v.get("external_id") == args["external_id"]), None
    )
    if old is None:
        raise Refusal("not_found")
    if args.get("hash") and args["hash"] != old["hash"]:
        raise Refusal("hash_conflict")
    return {"view": _stored(api, _checked_view(args), old["id"])}


@_method("views.publish")
def _views_publish(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    user = str(args.get("user_id"))
    if user not in ws.users:
        raise Refusal("user_not_found")
    view = _checked_view(args)
    if view["type"] != "home":
        raise Refusal("invalid_arguments", messages=["must be a home view [json-pointer:/view/type]"])
    old = ws.homes.get(user)
    if args.get("hash") and old and args["hash"] != old["hash"]:
        raise Refusal("hash_conflict")
    ws.homes[user] = _stored(api, view, old["id"] if old else "")
    return {"view": ws.homes[user]}


# -- files ----------------------------------------------------------------------------------------------------------


@_method("files.getUploadURLExternal")
def _get_upload_url(api: WebApi, token: Token, args: Args) -> Answer:
    try:
        length = int(args["length"])
    except (KeyError, ValueError):
        raise Refusal("invalid_arguments", messages=["missing required field: length"]) from None
    if not args.get("filename") or length <= 0:
        raise Refusal("invalid_arguments", messages=["missing required field: filename"])
    file_id = api.workspace.new_id("F")
    api.workspace.files[file_id] = {"id": file_id, "name": args["filename"], "length": length, "content": None,
                                    "alt_txt": args.get("alt_txt", "")}  # fmt: skip
    return {"upload_url": api.upload_url(file_id), "file_id": file_id}


@_method("files.completeUploadExternal")
def _complete_upload(api: WebApi, token: Token, args: Args) -> Answer:
    ws = api.workspace
    wanted = _json(args.get("files"), "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise Refusal("invalid_arguments", messages=["missing required field: files"])
    files = []
    for entry in wanted:
        stored = ws.files.get(entry.get("id"))
        if stored is None or stored["content"] is None or stored.get("completed"):  # an upload is completed once
            raise Refusal("file_not_found")
        stored["title"] = entry.get("title", stored["name"])
        files.append({"id": stored["id"], "title": stored["title"]})
    if args.get("thread_ts") and not args.get("channel_id"):
        raise Refusal("invalid_arguments", messages=["thread_ts needs channel_id"])
    shared = [{**one, "name": ws.files[one["id"]]["name"], "mimetype": "image/png", "mode": "hosted"} for one in files]
    if args.get("channel_id"):
        room = ws.room(args["channel_id"])
        ws.writable(room, token)
        message = ws.by_bot({"text": args.get("initial_comment") or "", "files": shared})
        if args.get("thread_ts"):
            message["thread_ts"] = args["thread_ts"]
        room.messages.append(message)
    for one in files:
        ws.files[one["id"]]["completed"] = True
    return {"files": files}
