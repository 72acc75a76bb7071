"""The Slack channel through slack_bolt and slack_sdk, as they are, against the local Slack server."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from bot.channels.base import Channel
from bot.channels.mentions import Mentions
from bot.channels.slack import HISTORY_PAGE, SlackChannel
from bot.channels.slack_connection import SlackConnection
from bot.channels.slack_doctor import NEEDED, SCOPES, examine
from bot.channels.slack_errors import MEANINGS, TRANSIENT, SlackRefused
from bot.channels.slack_socket import SocketTimes
from bot.errors import PermanentDeliveryError, TransientDeliveryError
from bot.message import Receipt
from bot.model import Severity
from bot.secret import Secret
from tests.channels.contract import MESSAGE, NOTICE, PATIENCE_S, RETRY_AFTER_S, ChannelContract, Fault, Seen, digest
from tests.fakes.slack import (
    BOT_SCOPES,
    Clock,
    NotAcknowledged,
    SlackServer,
    live,
    notification_text,
    spans,
    styled,
    visible_text,
)
from tests.fakes.slack.methods import METHODS
from tests.fakes.slack.methods import SCOPES as METHOD_SCOPES
from tests.fakes.virtual_time import eventually

OUR_EMOJI = {"red_circle", "large_orange_circle", "large_yellow_circle", "large_blue_circle", "rotating_light"}
TIMES = SocketTimes(ping=0.05, watch=0.1, refused=0.05)


def seen_by_people(message: dict[str, Any]) -> Seen:
    alive = [
        f"{one.kind}:{one.target}"
        for one in live(message)
        if one.kind != "link"
        and not (one.kind == "emoji" and (one.target in OUR_EMOJI or one.target.startswith("flag-")))
    ]
    alive += [f"unfurls:{what}" for what in message.get("unfurled", [])]
    return Seen(
        text=visible_text(message),
        links=tuple(s.target for s in spans(message) if s.kind == "link"),
        strong=tuple(styled(message, "bold")),
        live=tuple(alive),
        fallback=notification_text(message),
    )


class SlackHarness:
    """The contract's view of the local server."""

    faults = frozenset(Fault)

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.room = server.workspace.add_channel("sanctions-desk")
        self.secrets = (server.bot_token, server.app_token, server.signing_secret)
        self._timeout_s = 20.0

    def make(self, timeout_s: float = PATIENCE_S) -> SlackChannel:
        connection = connect(self.server, timeout_s=timeout_s)
        return SlackChannel("sanctions", channel="#sanctions-desk", connection=connection)

    async def seen(self) -> list[Seen]:
        return [seen_by_people(m) for m in self.room.messages]

    def fail(self, fault: Fault) -> None:
        said: dict[Fault, dict[str, Any]] = {
            Fault.RATE_LIMITED: {"status": 429, "retry_after": RETRY_AFTER_S},
            Fault.SERVER_ERROR: {"status": 500},
            Fault.UNAVAILABLE: {"error": "service_unavailable", "status": 503},
            Fault.DROPPED: {"lose": "before"},
            Fault.TIMEOUT: {"lose": "hang"},
            Fault.UNAUTHORIZED: {"error": "token_revoked"},
            Fault.FORBIDDEN: {"error": "missing_scope", "more": {"needed": "chat:write", "provided": "commands"}},
            Fault.NOT_FOUND: {"error": "channel_not_found"},
            Fault.REFUSED: {"error": "invalid_blocks"},
        }
        self.server.fail("chat.postMessage", times=1_000_000, **said[fault])

    def heal(self) -> None:
        self.server.heal()


def connect(server: SlackServer, *, listen: bool = False, timeout_s: float = 5.0, **more: Any) -> SlackConnection:
    return SlackConnection(
        Secret(server.bot_token),
        Secret(server.app_token) if listen else None,
        api_url=server.api_url,
        timeout_s=timeout_s,
        times=TIMES,
        **more,
    )


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


class TestContract(ChannelContract):
    @pytest.fixture
    async def harness(self, slack: SlackServer) -> SlackHarness:
        return SlackHarness(slack)


@pytest.fixture
async def channel(slack: SlackServer) -> AsyncIterator[SlackChannel]:
    slack.workspace.add_channel("sanctions-desk")
    channel = SlackChannel("sanctions", channel="#sanctions-desk", connection=connect(slack))
    await channel.start()
    yield channel
    await channel.stop()


def room_of(slack: SlackServer, name: str = "sanctions-desk") -> Any:
    return next(r for r in slack.workspace.rooms.values() if r.name == name)


def test_satisfies_the_port() -> None:
    connection = SlackConnection(Secret("xoxb-secret-1"))
    channel: Channel = SlackChannel("s", channel="#x", connection=connection)
    assert "secret" not in repr(channel) + repr(connection)
    assert connection.mode == "post only"


def test_importing_the_channel_loads_neither_bolt_nor_the_sdk() -> None:
    code = (
        "import sys, bot.channels.slack, bot.channels.slack_doctor as d;"
        "sys.exit([m for m in sys.modules if m.startswith(('slack_', 'aiohttp'))] != [])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- where ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("private", [False, True])
async def test_channel_is_found_by_name_over_many_pages_and_only_once(slack: SlackServer, private: bool) -> None:
    for i in range(450):
        slack.workspace.add_channel(f"room-{i}", member=False)
    room = slack.workspace.add_channel("the-desk", private=private)
    channel = SlackChannel("s", channel="the-desk", connection=connect(slack))
    await channel.start()
    await channel.post(MESSAGE)
    await channel.post(replace(MESSAGE, key="k2"))
    await channel.stop()
    assert len(room.messages) == 2
    assert slack.counted()["conversations.list"] == 3


async def test_channel_by_id_needs_no_look_up(slack: SlackServer) -> None:
    room = slack.workspace.add_channel("desk", channel_id="C0123456789")
    channel = SlackChannel("s", channel=room.id, connection=connect(slack))
    await channel.start()
    receipt = await channel.post(MESSAGE)
    await channel.stop()
    assert slack.counted()["conversations.list"] == 0
    assert receipt.ref == f"C0123456789:{room.messages[0]['ts']}"
    assert (
        receipt.url == f"https://risk-desk.slack.example/archives/{room.id}/p{room.messages[0]['ts'].replace('.', '')}"
    )


async def test_public_channel_is_found_without_the_scope_for_private_ones(slack: SlackServer) -> None:
    slack.set_scopes(*BOT_SCOPES - {"groups:read"})
    room = slack.workspace.add_channel("desk")
    channel = SlackChannel("s", channel="#desk", connection=connect(slack))
    await channel.start()
    await channel.post(MESSAGE)
    await channel.stop()
    assert len(room.messages) == 1


async def test_channel_made_anew_under_the_same_name_is_found_again(slack: SlackServer, channel: SlackChannel) -> None:
    await channel.post(MESSAGE)
    old = room_of(slack)
    del slack.workspace.rooms[old.id]
    new = slack.workspace.add_channel("sanctions-desk")
    await channel.post(replace(MESSAGE, key="k2"))
    assert len(new.messages) == 1


# -- what it looks like ---------------------------------------------------------------------------------------------


async def test_picture_that_slack_cannot_load_is_left_out(slack: SlackServer) -> None:
    room = slack.workspace.add_channel("desk")
    slack.workspace.unreachable.add("https://img.example/gone.webp")
    channel = SlackChannel("s", channel="#desk", connection=connect(slack), image=True)
    await channel.start()
    await channel.post(replace(MESSAGE, image="https://img.example/gone.webp"))
    await channel.post(replace(MESSAGE, key="k2", image="https://img.example/here.jpg"))
    await channel.stop()
    assert [[b["type"] for b in m["blocks"]] for m in room.messages] == [
        ["rich_text", "context", "context", "actions"],
        ["rich_text", "context", "context", "image", "actions"],
    ]
    assert room.messages[0]["metadata"]["event_payload"] == {"key": MESSAGE.key}


async def test_blocks_that_slack_refuses_are_sent_as_text(slack: SlackServer, channel: SlackChannel) -> None:
    slack.fail("chat.postMessage", error="msg_blocks_too_long")
    await channel.post(MESSAGE)
    (message,) = room_of(slack).messages
    assert "blocks" not in message
    assert visible_text(message) == MESSAGE.fallback
    assert message["metadata"]["event_payload"] == {"key": MESSAGE.key}


async def test_reply_stands_in_the_thread_and_is_found_there(slack: SlackServer, channel: SlackChannel) -> None:
    parent = await channel.post(MESSAGE)
    reply = await channel.reply(parent, replace(MESSAGE, key="k2"))
    top, answer = room_of(slack).messages
    assert answer["thread_ts"] == top["ts"]
    assert reply.url.endswith(f"?thread_ts={top['ts']}&cid={room_of(slack).id}")
    assert await channel.find("k2") == reply
    assert await channel.find("k2", thread=parent, since=reply.sent_at) == reply
    assert await channel.find("k3", thread=parent) is None


async def test_reply_can_be_shown_in_the_channel_too(slack: SlackServer) -> None:
    room = slack.workspace.add_channel("desk")
    channel = SlackChannel("s", channel="#desk", connection=connect(slack))
    await channel.start()
    await channel.reply(await channel.post(MESSAGE), replace(MESSAGE, key="k2"), aloud=True)
    await channel.stop()
    assert len(room.top()) == 2


async def test_reply_to_a_deleted_post_goes_to_the_channel(slack: SlackServer, channel: SlackChannel) -> None:
    parent = await channel.post(MESSAGE)
    room_of(slack).messages.clear()
    await channel.reply(parent, replace(MESSAGE, key="k2"))
    (message,) = room_of(slack).messages
    assert "thread_ts" not in message


async def test_edit_of_a_deleted_post_changes_nothing(slack: SlackServer, channel: SlackChannel) -> None:
    receipt = await channel.post(MESSAGE)
    room_of(slack).messages.clear()
    assert await channel.edit(receipt, MESSAGE) is None
    assert room_of(slack).messages == []


async def test_edit_leaves_the_buttons_of_the_post_as_they_were(slack: SlackServer, channel: SlackChannel) -> None:
    receipt = await channel.post(MESSAGE)
    before = room_of(slack).messages[0]["blocks"][-1]["elements"]
    await channel.edit(receipt, replace(MESSAGE, key="k2", headline="Changed"))
    after = room_of(slack).messages[0]["blocks"][-1]["elements"]
    assert [b["action_id"] for b in after] == [b["action_id"] for b in before]


async def test_direct_messages_are_opened_posted_read_back_and_answered(slack: SlackServer) -> None:
    anna = slack.workspace.add_user("U0ANNA0001", "anna")
    channel = SlackChannel("dm:slack.default:U0ANNA0001", channel=anna, connection=connect(slack))
    await channel.start()
    first = await channel.post(MESSAGE)
    answer = await channel.reply(first, replace(MESSAGE, key="k2"))
    assert await channel.find(MESSAGE.key) == first
    assert await channel.find("k2", thread=first) == answer
    slack.workspace.messages_tab = False
    with pytest.raises(PermanentDeliveryError, match="Messages tab"):
        await channel.post(replace(MESSAGE, key="k3"))
    await channel.stop()
    (room,) = (room for room in slack.workspace.rooms.values() if room.direct_to == anna)
    assert len(room.messages) == 2
    assert [c.method for c in slack.calls].count("conversations.open") == 1


async def test_direct_messages_with_nobody_are_refused(slack: SlackServer) -> None:
    channel = SlackChannel("dm:slack.default:U0NOBODY00", channel="U0NOBODY00", connection=connect(slack))
    await channel.start()
    with pytest.raises(PermanentDeliveryError, match="U0NOBODY00"):
        await channel.post(MESSAGE)
    await channel.stop()


async def test_user_groups_are_called_within_bounds(slack: SlackServer) -> None:
    room = slack.workspace.add_channel("desk")
    now = [MESSAGE.published]
    mentions = Mentions(("S0123456789",), Severity.HIGH, timedelta(minutes=30), clock=lambda: now[0])
    channel = SlackChannel("s", channel="#desk", connection=connect(slack), mentions=mentions)
    await channel.start()
    first = await channel.post(MESSAGE)
    await channel.post(replace(MESSAGE, key="k2"))  # within the cool-down
    await channel.reply(first, replace(MESSAGE, key="k3"), aloud=True)
    now[0] += timedelta(minutes=30)
    await channel.post(replace(MESSAGE, key="k4", severity=Severity.MEDIUM))
    await channel.reply(first, replace(MESSAGE, key="k5"))
    await channel.reply(first, replace(MESSAGE, key="k6"), aloud=True)
    await channel.edit(first, MESSAGE)
    await channel.stop()
    called = [m["metadata"]["event_payload"]["key"] for m in room.messages if "usergroup" in [s.kind for s in live(m)]]
    assert called == ["k6"]  # the first post is rewritten without its call
    assert len(room.messages) == 6


async def test_edited_post_keeps_the_key_it_was_delivered_by(slack: SlackServer, channel: SlackChannel) -> None:
    receipt = await channel.post(MESSAGE)
    await channel.edit(receipt, replace(MESSAGE, key="k2", headline="Changed"))
    assert await channel.find(MESSAGE.key) == receipt


# -- exactly once ---------------------------------------------------------------------------------------------------


async def test_post_whose_answer_was_lost_is_sent_once_and_found(slack: SlackServer, channel: SlackChannel) -> None:
    """slack_sdk's default retry handler would have posted it twice."""
    slack.fail("chat.postMessage", lose="after")
    with pytest.raises(TransientDeliveryError):
        await channel.post(MESSAGE)
    assert len(room_of(slack).messages) == 1
    found = await channel.find(MESSAGE.key)
    assert found is not None
    assert found.ref.endswith(room_of(slack).messages[0]["ts"])


async def test_post_that_never_arrived_is_not_found(slack: SlackServer, channel: SlackChannel) -> None:
    slack.fail("chat.postMessage", lose="before")
    with pytest.raises(TransientDeliveryError):
        await channel.post(MESSAGE)
    assert await channel.find(MESSAGE.key) is None


async def test_old_post_is_found_behind_pages_of_chatter(slack: SlackServer, channel: SlackChannel) -> None:
    receipt = await channel.post(MESSAGE)
    for i in range(2 * HISTORY_PAGE + 1):
        slack.workspace.say(room_of(slack), f"chat {i}")
    assert await channel.find(MESSAGE.key) == receipt
    assert slack.counted()["conversations.history"] == 3


async def test_look_up_ends_at_the_time_of_the_attempt(slack: SlackServer, channel: SlackChannel) -> None:
    receipt = await channel.post(MESSAGE)
    for i in range(2 * HISTORY_PAGE):
        slack.workspace.say(room_of(slack), f"chat {i}", ts=f"{1_000_000_000 + i}.000000")
    assert await channel.find("k-none", since=receipt.sent_at + timedelta(seconds=5)) is None
    assert slack.counted()["conversations.history"] == 1
    assert await channel.find(MESSAGE.key, since=receipt.sent_at + timedelta(seconds=5)) == receipt


async def test_key_of_another_app_is_not_ours(slack: SlackServer, channel: SlackChannel) -> None:
    slack.workspace.say(room_of(slack), "x", metadata={"event_type": "other", "event_payload": {"key": "k-arms-1"}})
    assert await channel.find("k-arms-1") is None


# -- verdicts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", sorted(MEANINGS.keys() - {"too_many_websockets", "link_disabled"}))
async def test_final_refusal_says_what_to_do(slack: SlackServer, channel: SlackChannel, error: str) -> None:
    slack.fail("chat.postMessage", error=error, times=2)
    with pytest.raises(PermanentDeliveryError) as caught:
        await channel.post(MESSAGE)
    assert caught.value.remedy
    assert "{" not in str(caught.value)


@pytest.mark.parametrize("fault", [{"status": 503, "retry_after": 9}, {"status": 500}, {"lose": "after"}], ids=str)
async def test_only_a_rate_limit_names_a_time(slack: SlackServer, channel: SlackChannel, fault: dict[str, Any]) -> None:
    """A time to wait tells the outbox that nothing was posted, so that it need not look the post up first."""
    slack.fail("chat.postMessage", **fault)
    with pytest.raises(TransientDeliveryError) as caught:
        await channel.post(MESSAGE)
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize("error", sorted(TRANSIENT))
async def test_passing_trouble_is_transient(slack: SlackServer, channel: SlackChannel, error: str) -> None:
    slack.fail("chat.postMessage", error=error)
    with pytest.raises(TransientDeliveryError):
        await channel.post(MESSAGE)


async def test_unknown_refusal_is_final_and_shown(slack: SlackServer, channel: SlackChannel) -> None:
    slack.fail("chat.postMessage", error="brand_new_error")
    with pytest.raises(PermanentDeliveryError, match="brand_new_error"):
        await channel.post(MESSAGE)


@pytest.mark.parametrize(
    "fault", [{"status": 502, "body": "<html>bad gateway</html>"}, {"status": 200, "body": "<html>proxy</html>"}]
)
async def test_answer_that_is_no_json_is_transient(
    slack: SlackServer, channel: SlackChannel, fault: dict[str, Any]
) -> None:
    slack.fail("chat.postMessage", **fault)
    with pytest.raises(TransientDeliveryError):
        await channel.post(MESSAGE)


async def test_real_rate_limit_is_obeyed_by_its_header(slack: SlackServer, channel: SlackChannel) -> None:
    clock = Clock()
    slack.limits.enabled, slack.limits.clock, slack.limits.burst = True, clock, 1
    await channel.post(MESSAGE)
    with pytest.raises(TransientDeliveryError) as caught:
        await channel.post(replace(MESSAGE, key="k2"))
    assert caught.value.retry_after_s == 1
    clock.pass_(caught.value.retry_after_s)
    await channel.post(replace(MESSAGE, key="k2"))
    assert len(room_of(slack).messages) == 2


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ({"member": False}, "/invite"),
        ({"archived": True}, "archived"),
        ({"private": True, "member": False}, "no channel #desk"),
        ({"restricted": True}, None),  # cannot be told without posting
        ({"private": True}, None),
    ],
)
async def test_check_tells_what_a_post_would_meet(
    slack: SlackServer, setting: dict[str, Any], wanted: str | None
) -> None:
    slack.workspace.add_channel("desk", **setting)
    channel = SlackChannel("s", channel="#desk", connection=connect(slack))
    await channel.start()
    advice = await channel.check()
    await channel.stop()
    assert (advice is None) if wanted is None else (advice is not None and wanted in advice)


async def test_check_asks_for_the_scope_that_looking_up_needs(slack: SlackServer, channel: SlackChannel) -> None:
    slack.set_scopes(*BOT_SCOPES - {"channels:history"})
    advice = await channel.check()
    assert advice is not None
    assert "channels:history" in advice


# -- doctor ---------------------------------------------------------------------------------------------------------


async def test_doctor_finds_a_working_set_up_fine(slack: SlackServer) -> None:
    slack.workspace.add_channel("desk")
    connection = connect(slack, listen=True)
    channel = SlackChannel("desk", channel="#desk", connection=connection)
    await channel.start()
    await listens(connection)
    findings = await examine(connection, [channel])
    await channel.stop()
    assert all(f.fine for f in findings), [str(f) for f in findings]
    assert len(findings) == 4


async def test_doctor_names_each_missing_scope_and_where_to_click(slack: SlackServer) -> None:
    slack.set_scopes("chat:write")
    connection = connect(slack)
    await connection.start()
    text = "\n".join(map(str, await examine(connection)))
    await connection.stop()
    for scope in NEEDED - {"chat:write"}:
        assert scope in text
    assert "Bot Token Scopes" in text


async def test_doctor_tells_app_token_trouble_apart(slack: SlackServer) -> None:
    slack.workspace.app_token.scopes = frozenset()
    connection = connect(slack, listen=True)
    await connection.start()
    findings = await examine(connection)
    await connection.stop()
    (bad,) = [f for f in findings if not f.fine]
    assert "SLACK_APP_TOKEN" in bad.remedy
    assert "connections:write" in bad.remedy


async def test_doctor_with_a_revoked_token_says_so_and_stops(slack: SlackServer) -> None:
    slack.revoke()
    connection = connect(slack)
    await connection.start()
    (finding,) = await examine(connection)
    await connection.stop()
    assert not finding.fine
    assert "revoked" in finding.text
    assert "Reinstall" in finding.remedy


# -- Socket Mode ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def listening(slack: SlackServer) -> AsyncIterator[tuple[SlackConnection, list[str]]]:
    told: list[str] = []
    connection = connect(slack, listen=True, on_trouble=told.append)
    await connection.start()
    await slack.hub.wait_opened(1)
    await listens(connection)
    yield connection, told
    await connection.stop()


async def listens(connection: SlackConnection) -> None:
    await eventually(lambda: connection.listening)


async def answer_commands(connection: SlackConnection) -> None:
    @connection.app.command("/wire")
    async def on_wire(ack: Callable[..., Any], command: dict[str, Any]) -> None:
        await ack(f"heard {command['text']}")


Listening = tuple[SlackConnection, list[str]]


async def test_commands_arrive_over_the_websocket(slack: SlackServer, listening: Listening) -> None:
    connection, told = listening
    await answer_commands(connection)
    room = slack.workspace.add_channel("desk")
    slack.workspace.add_user("U1", "ada")
    answer = await slack.command("/wire", "summary 1d", user="U1", channel=room.id)
    assert answer["text"] == "heard summary 1d"
    assert told == []
    assert slack.hub.violations == []


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_request_to_reconnect_is_followed_in_silence(
    slack: SlackServer, listening: Listening, reason: str
) -> None:
    connection, told = listening
    await answer_commands(connection)
    await slack.hub.ask_to_reconnect(reason)
    await slack.hub.wait_opened(2)
    await listens(connection)
    room = slack.workspace.add_channel("desk")
    slack.workspace.add_user("U1", "ada")
    assert (await slack.command("/wire", "x", user="U1", channel=room.id))["text"] == "heard x"
    assert told == []


async def test_dropped_websocket_comes_back_in_silence(slack: SlackServer, listening: Listening) -> None:
    connection, told = listening
    await slack.hub.drop()
    await slack.hub.wait_opened(2)
    await listens(connection)
    assert told == []


async def test_long_outage_is_told_once_and_ends_by_itself(slack: SlackServer, listening: Listening) -> None:
    connection, told = listening
    await slack.outage(True)
    for _ in range(6):
        await slack.next_attempt()
    assert len(told) == 1
    assert "websocket" in told[0]
    await slack.outage(False)
    await listens(connection)
    assert len(told) == 1


@pytest.mark.parametrize("reason", ["link_disabled", "too_many_websockets"])
async def test_refusal_of_the_websocket_is_told_once_and_tried_again(
    slack: SlackServer, listening: Listening, reason: str
) -> None:
    connection, told = listening
    if reason == "link_disabled":
        slack.fail("apps.connections.open", error="link_disabled", times=1_000_000)
    else:
        slack.hub.max_connections = 0
    await slack.hub.ask_to_reconnect(reason)
    for _ in range(4):
        await slack.next_attempt()
    assert len(told) == 1
    assert ("Enable Socket Mode" if reason == "link_disabled" else "same SLACK_APP_TOKEN") in told[0]
    slack.heal()
    slack.hub.max_connections = 10
    await listens(connection)
    assert len(told) == 1


async def test_slack_that_refuses_is_not_asked_every_few_seconds(slack: SlackServer) -> None:
    """The library alone would ask again after each ping interval, for ever."""
    slack.revoke()
    heard = asyncio.Event()
    connection = SlackConnection(
        Secret(slack.bot_token),
        Secret(slack.app_token),
        api_url=slack.api_url,
        times=SocketTimes(ping=0.01, watch=0.02, refused=3600),
        on_trouble=lambda text: heard.set(),
    )
    await connection.start()
    await heard.wait()
    before = slack.counted()["apps.connections.open"]
    for _ in range(50):  # calls that take longer than the library's turns
        with pytest.raises(SlackRefused):
            await connection.call("auth.test")
    assert slack.counted()["apps.connections.open"] == before
    await connection.stop()


async def test_token_revoked_while_running_is_told_once(slack: SlackServer, listening: Listening) -> None:
    connection, told = listening
    slack.workspace.add_channel("desk")
    channel = SlackChannel("desk", channel="#desk", connection=connection)
    await channel.start()
    slack.revoke()
    for _ in range(3):
        with pytest.raises(PermanentDeliveryError, match="revoked"):
            await channel.post(MESSAGE)
    await slack.hub.drop()
    for _ in range(3):
        await slack.next_attempt()
    await channel.stop()
    assert len(told) == 1
    assert "SLACK_BOT_TOKEN" in told[0]


async def test_wrong_app_token_leaves_posting_alone(slack: SlackServer) -> None:
    told: list[str] = []
    room = slack.workspace.add_channel("desk")
    connection = SlackConnection(
        Secret(slack.bot_token),
        Secret("xapp-1-wrong"),
        api_url=slack.api_url,
        times=TIMES,
        on_trouble=told.append,
    )
    channel = SlackChannel("desk", channel="#desk", connection=connection)
    await channel.start()
    for _ in range(3):
        await slack.next_attempt()
    await channel.post(MESSAGE)
    await channel.stop()
    assert len(room.messages) == 1
    assert len(told) == 1


async def test_start_does_not_wait_for_a_slack_that_is_down(slack: SlackServer) -> None:
    await slack.outage(True)
    connection = connect(slack, listen=True)
    await connection.start()
    await slack.next_attempt()
    assert not connection.listening
    await slack.outage(False)
    await listens(connection)
    await connection.stop()


async def test_channels_share_one_websocket_which_ends_with_the_last(slack: SlackServer) -> None:
    connection = connect(slack, listen=True)
    channels = [SlackChannel(f"c{i}", channel="#x", connection=connection) for i in range(3)]
    for channel in channels:
        await channel.start()
    await listens(connection)
    assert slack.hub.opened == 1
    for channel in channels[:2]:
        await channel.stop()
    assert slack.hub.connections == 1
    await channels[2].stop()
    await slack.hub.wait_closed()


async def test_two_workspaces_run_side_by_side(slack: SlackServer) -> None:
    async with SlackServer() as other:
        rooms = [server.workspace.add_channel("desk") for server in (slack, other)]
        channels = [SlackChannel("a", channel="#desk", connection=connect(s, listen=True)) for s in (slack, other)]
        for channel in channels:
            await channel.start()
            await listens(channel.connection)
        for channel in channels:
            await channel.post(MESSAGE)
            await channel.stop()
        assert [len(r.messages) for r in rooms] == [1, 1]


async def test_no_secret_is_logged_whatever_happens(
    slack: SlackServer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.workspace.add_channel("desk")
    told: list[str] = []
    connection = connect(slack, listen=True, on_trouble=told.append)
    channel = SlackChannel("desk", channel="#desk", connection=connection)
    await channel.start()
    await listens(connection)
    await slack.hub.drop()
    slack.fail("chat.postMessage", lose="before")
    with pytest.raises(TransientDeliveryError) as caught:
        await channel.post(MESSAGE)
    slack.revoke()
    with pytest.raises(PermanentDeliveryError) as refused:
        await channel.post(MESSAGE)
    await slack.next_attempt()
    await channel.stop()
    printed = capsys.readouterr()
    text = caplog.text + printed.out + printed.err + repr(caught.value) + repr(refused.value) + "".join(told)
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret, "ticket="):
        assert secret not in text


# -- signed HTTP ----------------------------------------------------------------------------------------------------


async def test_signed_http_takes_what_slack_signed_and_nothing_else(slack: SlackServer) -> None:
    connection = SlackConnection(
        Secret(slack.bot_token), None, Secret(slack.signing_secret), api_url=slack.api_url, times=TIMES
    )
    assert connection.mode == "http"
    await connection.start()
    await answer_commands(connection)
    app = web.Application()
    app.router.add_post("/slack/events", connection.handle_http)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    room = slack.workspace.add_channel("desk")
    slack.workspace.add_user("U1", "ada")
    try:
        assert (await slack.command("/wire", "rules", user="U1", channel=room.id))["text"] == "heard rules"
        for forged in ({"secret": "guess"}, {"age_s": 301}):
            with pytest.raises(aiohttp.ClientResponseError) as caught:
                await slack.post_signed(slack.request_url, "slash_commands", {"command": "/wire"}, **forged)
            assert caught.value.status == 401
    finally:
        await runner.cleanup()
        await connection.stop()


async def test_without_a_signing_secret_no_request_is_believed(slack: SlackServer) -> None:
    connection = connect(slack)
    app = web.Application()
    app.router.add_post("/slack/events", connection.handle_http)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    slack.workspace.signing_secret = ""
    try:
        with pytest.raises(aiohttp.ClientResponseError) as caught:
            await slack.post_signed(url, "slash_commands", {"command": "/wire"})
        assert caught.value.status == 401
    finally:
        await runner.cleanup()


async def test_nobody_listening_is_not_acknowledged(slack: SlackServer) -> None:
    with pytest.raises(NotAcknowledged):
        await slack.event({"type": "app_home_opened", "user": "U1"})


async def test_digest_and_notice_carry_their_keys(slack: SlackServer, channel: SlackChannel) -> None:
    receipts: list[Receipt] = [await channel.post_digest(digest(3)), await channel.post_notice(NOTICE)]
    keys = [m["metadata"]["event_payload"]["key"] for m in room_of(slack).messages]
    assert keys == [r.key for r in receipts]


def test_manifest_and_docs_ask_for_exactly_what_is_used() -> None:
    docs = Path(__file__).parents[2] / "docs"
    manifest = yaml.safe_load((docs / "slack-manifest.yaml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
    page = next(p for p in (docs / "slack.md", docs / "channels.md") if p.exists()).read_text()
    assert all(f"`{scope}`" in page for scope in SCOPES)


def test_manifest_asks_for_no_scope_that_no_call_needs() -> None:
    """By the local server's table of methods; the scopes of conversations.* go by the kind of channel."""
    root = Path(__file__).parents[2]
    code = "\n".join(path.read_text("utf-8") for path in (root / "bot").rglob("*.py"))
    called = {method for method in METHODS if f'"{method}"' in code}
    used = {scope for method in called for scope in METHOD_SCOPES.get(method, ())}
    for method, scopes in {
        "conversations.list": ("channels:read", "groups:read"),
        "conversations.history": ("channels:history", "groups:history", "im:history"),
    }.items():
        used |= set(scopes) if method in called else set()
    assert set(SCOPES) - {"commands"} == used - {"connections:write"}, "that one is the app token's"


def test_manifest_keeps_slacks_limits() -> None:
    """Longer ones are refused when the app is made (docs.slack.dev/reference/app-manifest)."""
    manifest = yaml.safe_load((Path(__file__).parents[2] / "docs" / "slack-manifest.yaml").read_text())
    about, features = manifest["display_information"], manifest["features"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 139
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
        assert len(shortcut["callback_id"]) <= 255
    for command in features["slash_commands"]:
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
