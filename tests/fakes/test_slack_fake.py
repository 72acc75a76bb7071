"""The local Slack server refuses what Slack refuses, in Slack's words; asked through slack_sdk."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes import slack_preview
from tests.fakes.slack import BOT_SCOPES, Clock, Room, SlackServer, live, styled, visible_text
from tests.fakes.slack.blockkit import check_blocks, check_view, out_of_reach
from tests.fakes.slack.seen import parse_mrkdwn

Text = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    client.proxy = None
    return client


@pytest.fixture
def room(slack: SlackServer) -> Room:
    return slack.workspace.add_channel("desk")


async def refusal(call: Awaitable[Any]) -> Any:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


def plain(text: str) -> Text:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Text:
    return {"type": "mrkdwn", "text": text}


def section(text: str) -> Text:
    return {"type": "section", "text": mrkdwn(text)}


def button(text: str = "ok", **more: Any) -> Text:
    return {"type": "button", "text": plain(text), "action_id": "a", **more}


def rich(*elements: Text) -> Text:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


OPTION = {"text": {"type": "plain_text", "text": "x"}, "value": "x"}


def asks(element: Text) -> Text:
    return {"type": "input", "label": plain("x"), "element": {"action_id": "a", **element}}


# -- blocks ---------------------------------------------------------------------------------------------------------

REFUSED = [
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters [json-pointer:/blocks/0/text/t"),
    ({"type": "header", "text": mrkdwn("x")}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
    ({"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ({"type": "section", "fields": [plain("x")] * 11}, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    ({"type": "section", "fields": [plain("x" * 2001)]}, "must be less than 2001 characters"),
    ({"type": "context", "elements": [plain("x")] * 11}, "no more than 10 items allowed"),
    ({"type": "context", "elements": []}, "must have at least 1 items"),
    ({"type": "actions", "elements": [button() for _ in range(26)]}, "no more than 25 items allowed"),
    ({"type": "actions", "elements": [button("x" * 76)]}, "must be less than 76 characters"),
    ({"type": "actions", "elements": [button(value="x" * 2001)]}, "must be less than 2001 characters"),
    ({"type": "actions", "elements": [button(), button()]}, "action_id already exists: a"),
    ({"type": "actions", "elements": [button(url="javascript:x")]}, "invalid_url"),
    ({"type": "image", "image_url": "https://a.example/" + "x" * 3000, "alt_text": "x"}, "must be less than 3001"),
    ({"type": "image", "image_url": "https://a.example/x", "alt_text": "x" * 2001}, "must be less than 2001"),
    ({"type": "image", "image_url": "https://a.example/x"}, "missing required field: alt_text"),
    ({"type": "divider", "block_id": "x" * 256}, "must be less than 256 characters"),
    ({"type": "divider", "text": plain("x")}, "invalid additional property: text [json-pointer:/blocks/0]"),
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}, "no more than 20 items allowed"),
    ({"type": "carousel"}, "unsupported type: carousel [json-pointer:/blocks/0/type]"),
    (rich({"type": "text", "text": ""}), "must be more than 0 characters"),
    (rich({"type": "link", "url": "https://a.example/" + "x" * 3000}), "must be less than 3001 characters"),
    (rich({"type": "text", "text": "x", "style": "bold"}), "must provide an object"),
    (rich({"type": "broadcast", "range": "world"}), "must be a valid enum value"),
    (rich({"type": "date", "timestamp": "1", "format": "{date}"}), "must provide an integer"),
    (asks({"type": "radio_buttons", "options": [OPTION] * 11}), "no more than 10 items allowed"),
    (asks({"type": "static_select", "options": [OPTION] * 101}), "no more than 100 items allowed"),
    (asks({"type": "radio_buttons", "options": [OPTION], "initial_option": {**OPTION, "value": "z"}}),
     "initial_option must be among the options [json-pointer:/blocks/0/element/initial_option]"),
    (asks({"type": "plain_text_input", "max_length": 3001}), "must be between 1 and 3000"),
    (asks({"type": "plain_text_input", "placeholder": plain("x" * 151)}), "must be less than 151 characters"),
    (asks({"type": "radio_buttons", "options": [{**OPTION, "value": "x" * 151}]}), "must be less than 151 characters"),
    (asks({"type": "radio_buttons", "options": [{**OPTION, "text": plain("x" * 76)}]}), "must be less than 76"),
    ({"type": "actions", "elements": [button(confirm={"title": plain("x" * 101), "text": plain("x"),
      "confirm": plain("x"), "deny": plain("x")})]}, "must be less than 101 characters"),
    ("text", "must provide an object [json-pointer:/blocks/0]"),
]  # fmt: skip


@pytest.mark.parametrize(("block", "complaint"), REFUSED)
async def test_bad_block_is_refused_in_slacks_words(
    client: AsyncWebClient, room: Room, block: Any, complaint: str
) -> None:
    answer = await refusal(client.chat_postMessage(channel=room.id, blocks=[block], text="x"))
    assert answer["error"] == "invalid_blocks"
    assert any(complaint in m for m in answer["response_metadata"]["messages"]), answer["response_metadata"]
    assert room.messages == []


async def test_message_takes_fifty_blocks_and_no_more(client: AsyncWebClient, room: Room) -> None:
    divider = {"type": "divider"}
    await client.chat_postMessage(channel=room.id, blocks=[divider] * 50, text="x")
    answer = await refusal(client.chat_postMessage(channel=room.id, blocks=[divider] * 51, text="x"))
    assert answer["response_metadata"]["messages"] == ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]


async def test_blocks_beyond_the_total_are_too_long(client: AsyncWebClient, room: Room) -> None:
    await client.chat_postMessage(channel=room.id, blocks=[section("x" * 2900)] * 4, text="x")
    answer = await refusal(client.chat_postMessage(channel=room.id, blocks=[section("x" * 2900)] * 5, text="x"))
    assert answer["error"] == "msg_blocks_too_long"


async def test_block_id_twice_is_refused(client: AsyncWebClient, room: Room) -> None:
    divider = {"type": "divider", "block_id": "b"}
    answer = await refusal(client.chat_postMessage(channel=room.id, blocks=[divider, divider], text="x"))
    assert answer["error"] == "invalid_blocks"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.png", "http://localhost/a.png", "http://10.0.0.1/a", "http://intranet/a.png"]
)
async def test_picture_out_of_reach_cannot_be_downloaded(client: AsyncWebClient, room: Room, url: str) -> None:
    blocks = [{"type": "divider"}, {"type": "image", "image_url": url, "alt_text": "x"}]
    answer = await refusal(client.chat_postMessage(channel=room.id, blocks=blocks, text="x"))
    assert answer["errors"] == ["downloading image failed [json-pointer:/blocks/1/image_url]"]
    assert not out_of_reach("https://img.example/a.png")


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        ({"type": "modal", "title": plain("x" * 25), "blocks": []}, "must be less than 25 characters"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "modal", "title": plain("x"), "blocks": [{"type": "divider"}] * 101}, "no more than 100 items"),
        ({"type": "home", "blocks": [], "private_metadata": "x" * 3001}, "must be less than 3001"),
        (
            {
                "type": "modal",
                "title": plain("x"),
                "blocks": [{"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}}],
            },
            "missing required field: submit",
        ),
        ({"type": "page", "blocks": []}, "unsupported type: page"),
    ],
)
def test_bad_view_is_refused(view: dict[str, Any], complaint: str) -> None:
    assert any(complaint in c for c in check_view(view))


def test_good_blocks_are_taken() -> None:
    select = {"type": "static_select", "placeholder": plain("Mute"), "action_id": "m"} | {
        "options": [{"text": plain("1 h"), "value": "1h"}]
    }
    good = [
        section("hello"),
        {"type": "actions", "elements": [button(style="danger"), select]},
        {"type": "context", "elements": [mrkdwn("x"), plain("y")]},
        rich({"type": "emoji", "name": "smile"}, {"type": "link", "url": "https://a.example", "style": {"bold": True}}),
    ]
    assert check_blocks(good) == []


# -- refusals of chat.* and conversations.* -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"member": False}, "not_in_channel"),
        ({"archived": True}, "is_archived"),
        ({"restricted": True}, "restricted_action"),
        ({"private": True, "member": False}, "channel_not_found"),
    ],
)
async def test_channel_that_cannot_be_posted_to(
    slack: SlackServer, client: AsyncWebClient, setting: dict[str, Any], error: str
) -> None:
    room = slack.workspace.add_channel("x", **setting)
    assert (await refusal(client.chat_postMessage(channel=room.id, text="x")))["error"] == error


async def test_public_scope_posts_without_being_a_member(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.set_scopes(*BOT_SCOPES, "chat:write.public")
    room = slack.workspace.add_channel("x", member=False)
    await client.chat_postMessage(channel="#x", text="x")
    assert len(room.messages) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "no_text"),
        ({"text": "x", "thread_ts": "nonsense"}, "invalid_thread_ts"),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "a b", "event_payload": {}}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "a", "event_payload": {"k": "x" * 20_000}}}, "metadata_too_large"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "attachments": [{"blocks": [{"type": "nope"}]}]}, "invalid_attachments"),
    ],
)
async def test_bad_message_is_refused(
    client: AsyncWebClient, room: Room, arguments: dict[str, Any], error: str
) -> None:
    call = client.api_call("chat.postMessage", json={"channel": room.id, **arguments})
    assert (await refusal(call))["error"] == error


async def test_update_and_delete_know_their_limits(slack: SlackServer, client: AsyncWebClient, room: Room) -> None:
    ts = (await client.chat_postMessage(channel=room.id, text="x"))["ts"]
    other = slack.workspace.say(room, "by a person")["ts"]
    assert (await refusal(client.chat_update(channel=room.id, ts=ts, text="x" * 4001)))["error"] == "msg_too_long"
    assert (await refusal(client.chat_update(channel=room.id, ts=other, text="x")))["error"] == "cant_update_message"
    assert (await refusal(client.chat_update(channel=room.id, ts="1.0", text="x")))["error"] == "message_not_found"
    assert (await refusal(client.chat_delete(channel=room.id, ts=other)))["error"] == "cant_delete_message"
    await client.chat_update(channel=room.id, ts=ts, text="y")
    assert room.get(ts)["text"] == "y"  # type: ignore[index]
    await client.chat_delete(channel=room.id, ts=ts)
    assert [m["ts"] for m in room.messages] == [other]


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-unknown", "invalid_auth"), ("xapp-1-local-app-token", "not_allowed_token_type")],
)
async def test_bad_token_is_refused(slack: SlackServer, room: Room, token: str, error: str) -> None:
    client = AsyncWebClient(token=token, base_url=slack.api_url)
    assert (await refusal(client.chat_postMessage(channel=room.id, text="x")))["error"] == error


async def test_missing_scope_names_what_is_needed_and_provided(
    slack: SlackServer, client: AsyncWebClient, room: Room
) -> None:
    slack.set_scopes("channels:read")
    answer = await refusal(client.chat_postMessage(channel=room.id, text="x"))
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "chat:write", "channels:read")
    assert (await refusal(client.conversations_list(types="private_channel")))["needed"] == "groups:read"
    assert (await refusal(client.conversations_history(channel=room.id)))["needed"] == "channels:history"


async def test_scopes_are_told_in_a_header(client: AsyncWebClient) -> None:
    granted = (await client.auth_test()).headers["x-oauth-scopes"]
    assert set(granted.split(",")) == BOT_SCOPES


async def test_revoked_token_is_told_by_its_own_error(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.revoke("account_inactive")
    assert (await refusal(client.auth_test()))["error"] == "account_inactive"


async def test_history_shows_metadata_only_when_asked_and_hides_replies(client: AsyncWebClient, room: Room) -> None:
    metadata = {"event_type": "t", "event_payload": {"key": "k"}}
    parent = (await client.chat_postMessage(channel=room.id, text="a", metadata=metadata))["ts"]
    await client.chat_postMessage(channel=room.id, text="b", thread_ts=parent)
    (bare,) = (await client.conversations_history(channel=room.id))["messages"]
    assert "metadata" not in bare
    (full,) = (await client.conversations_history(channel=room.id, include_all_metadata=True))["messages"]
    assert full["metadata"] == metadata
    assert full["reply_count"] == 1
    thread = (await client.conversations_replies(channel=room.id, ts=parent))["messages"]
    assert [m["text"] for m in thread] == ["a", "b"]


async def test_history_pages_newest_first_and_keeps_to_its_window(
    slack: SlackServer, client: AsyncWebClient, room: Room
) -> None:
    for i in range(7):
        slack.workspace.say(room, str(i), ts=f"{1000 + i}.000000")
    seen: list[str] = []
    async for page in await client.conversations_history(channel=room.id, limit=3, oldest="1001.0"):
        seen += [m["text"] for m in page["messages"]]
    assert seen == ["6", "5", "4", "3", "2"]
    assert (await refusal(client.conversations_history(channel=room.id, cursor="junk")))["error"] == "invalid_cursor"
    assert (await refusal(client.conversations_history(channel=room.id, limit=1000)))["error"] == "invalid_limit"


async def test_reading_methods_ignore_a_json_body(slack: SlackServer, client: AsyncWebClient, room: Room) -> None:
    call = client.api_call("conversations.info", json={"channel": room.id})
    assert (await refusal(call))["error"] == "channel_not_found"


# -- limits and faults ----------------------------------------------------------------------------------------------


async def test_posts_are_limited_per_channel_and_other_channels_go_on(
    slack: SlackServer, client: AsyncWebClient, room: Room
) -> None:
    clock = Clock()
    slack.limits.enabled, slack.limits.clock = True, clock
    other = slack.workspace.add_channel("other")
    for _ in range(slack.limits.burst):
        await client.chat_postMessage(channel=room.id, text="x")
    answer = await refusal(client.chat_postMessage(channel="#desk", text="x"))
    assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "1")
    await client.chat_postMessage(channel=other.id, text="x")
    clock.pass_(1)
    await client.chat_postMessage(channel=room.id, text="x")
    assert (await refusal(client.chat_postMessage(channel=room.id, text="x")))["error"] == "ratelimited"


async def test_tier_two_lets_twenty_through_a_minute(slack: SlackServer, client: AsyncWebClient) -> None:
    clock = Clock()
    slack.limits.enabled, slack.limits.clock = True, clock
    for _ in range(120):
        with contextlib.suppress(SlackApiError):
            await client.conversations_list()
        clock.pass_(0.5)
    passed = sum(bool(call.ok) for call in slack.calls)
    assert {call.error for call in slack.calls} == {"", "ratelimited"}
    assert 20 <= passed <= 31  # with the burst


async def test_faults_come_in_the_order_they_were_ordered(
    slack: SlackServer, client: AsyncWebClient, room: Room
) -> None:
    slack.fail("chat.postMessage", error="internal_error")
    slack.fail("chat.postMessage", status=503, times=2)
    slack.fail("chat.postMessage", lose="after")
    slack.fail("chat.postMessage", lose="before")
    assert (await refusal(client.chat_postMessage(channel=room.id, text="1")))["error"] == "internal_error"
    for _ in range(2):
        assert (await refusal(client.chat_postMessage(channel=room.id, text="2"))).status_code == 503
    for text in ("done", "not done"):
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel=room.id, text=text)
    await client.chat_postMessage(channel=room.id, text="fine")
    assert [m["text"] for m in room.messages] == ["done", "fine"]


async def test_outage_breaks_everything_and_ends(slack: SlackServer, client: AsyncWebClient, room: Room) -> None:
    await slack.outage(True)
    with pytest.raises(aiohttp.ClientError):
        await client.auth_test()
    await slack.outage(False)
    await client.auth_test()


# -- what people do -------------------------------------------------------------------------------------------------


@pytest.fixture
async def app(slack: SlackServer, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    app = AsyncApp(client=client, name="test")
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.05)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.hub.wait_opened(1)
    slack.workspace.add_user("U1", "ada")
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]


Ack = Callable[..., Awaitable[Any]]


async def test_click_respond_modal_submit_and_home_through_bolt(slack: SlackServer, app: AsyncApp, room: Room) -> None:
    modal = {
        "type": "modal", "callback_id": "mute", "title": plain("Mute"), "submit": plain("Mute"),
        "blocks": [{"type": "input", "block_id": "why", "label": plain("Why"),
                    "element": {"type": "plain_text_input", "action_id": "text"}}],
    }  # fmt: skip
    heard: list[str] = []

    @app.action("a")
    async def on_click(ack: Ack, body: dict[str, Any], client: AsyncWebClient, respond: Ack) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal)
        await respond("only you see this")

    @app.view("mute")
    async def on_submit(ack: Ack, view: dict[str, Any]) -> None:
        heard.append(view["state"]["values"]["why"]["text"]["value"])
        await ack(response_action="errors", errors={"why": "too short"})

    @app.event("app_home_opened")
    async def on_home(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("hello")]})

    blocks = [{"type": "actions", "elements": [button()]}]
    ts = (await app.client.chat_postMessage(channel=room.id, blocks=blocks, text="x"))["ts"]
    await slack.click(room.id, ts, "a", user="U1")
    await slack.settled(lambda: bool(slack.workspace.ephemeral))
    assert [m["text"] for m in slack.workspace.ephemeral] == ["only you see this"]
    (view_id,) = slack.workspace.views
    values = {"why": {"text": {"type": "plain_text_input", "value": "no"}}}
    answer = await slack.submit(view_id, values, user="U1")
    assert answer == {"response_action": "errors", "errors": {"why": "too short"}}
    assert heard == ["no"]
    await slack.open_home(user="U1")
    await slack.settled(lambda: "U1" in slack.workspace.homes)
    assert slack.hub.violations == []


async def test_trigger_opens_one_view_and_not_after_three_seconds(slack: SlackServer, client: AsyncWebClient) -> None:
    now = [1000.0]
    slack.workspace.now = slack.now = lambda: now[0]
    view = {"type": "modal", "title": plain("x"), "blocks": []}
    trigger = slack.new_trigger()
    await client.views_open(trigger_id=trigger, view=view)
    assert (await refusal(client.views_open(trigger_id=trigger, view=view)))["error"] == "exchanged_trigger_id"
    late = slack.new_trigger()
    now[0] += 3.5
    assert (await refusal(client.views_open(trigger_id=late, view=view)))["error"] == "expired_trigger_id"
    assert (await refusal(client.views_open(trigger_id="x", view=view)))["error"] == "invalid_trigger_id"


async def test_response_url_takes_five_answers(slack: SlackServer, room: Room) -> None:
    url = slack.new_response_url(room.id, "U1")
    async with aiohttp.ClientSession() as session:
        for expected in [200] * 5 + [404]:
            async with session.post(url, json={"text": "x", "response_type": "in_channel"}) as answer:
                assert answer.status == expected
    assert len(room.messages) == 5


async def test_file_goes_through_the_external_upload(slack: SlackServer, client: AsyncWebClient, room: Room) -> None:
    await client.files_upload_v2(channel=room.id, content=b"\x89PNG", filename="chart.png", title="Chart")
    (message,) = room.messages
    assert message["files"][0]["title"] == "Chart"
    assert next(iter(slack.workspace.files.values()))["content"] == b"\x89PNG"


async def test_websocket_beyond_the_tenth_is_turned_away(slack: SlackServer) -> None:
    slack.hub.max_connections = 1
    app = AsyncWebClient(token=slack.app_token, base_url=slack.api_url)
    urls = [(await app.apps_connections_open(app_token=slack.app_token))["url"] for _ in range(2)]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(urls[0]) as first, session.ws_connect(urls[1]) as second:
            assert (await first.receive_json())["type"] == "hello"
            assert (await second.receive_json())["reason"] == "too_many_websockets"
        async with session.get(urls[0].replace("ws:", "http:")) as used:
            assert used.status == 408


# -- what people see ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("<!channel>", "broadcast", "@channel"),
        ("<@U1>", "user", "@U1"),
        ("<#C1|general>", "channel", "general"),
        ("<!subteam^S1|@desk>", "usergroup", "@desk"),
        ("<https://a.example|click>", "link", "click"),
        ("see https://a.example/x", "link", "see https://a.example/x"),
        (":skull:", "emoji", ":skull:"),
    ],
)
def test_markup_comes_alive(text: str, kind: str, shown: str) -> None:
    assert visible_text({"text": text}) == shown
    assert [one.kind for one in live({"text": text})] == [kind]


@pytest.mark.parametrize(
    "text", ["&lt;!channel&gt;", "&amp;lt;", "14:05:06", "a * b * c", "snake_case_name", "5 &gt; 4"]
)
def test_text_that_is_no_markup_stays_text(text: str) -> None:
    assert live({"text": text}) == []
    assert all(not span.styles for span in parse_mrkdwn(text))


@pytest.mark.parametrize(
    ("text", "style"), [("*a*", "bold"), ("_a_", "italic"), ("~a~", "strike"), ("`a`", "code"), ("&gt; a", "quote")]
)
def test_formatting_is_seen(text: str, style: str) -> None:
    assert styled({"text": text}, style) == ["a"]


def test_text_is_hidden_behind_blocks_and_its_pings_are_not() -> None:
    message = {"text": "<!here> old", "blocks": [section("new")]}
    assert visible_text(message) == "new"
    assert [one.kind for one in live(message)] == ["broadcast"]


def test_preview_shows_markup_as_text(slack: SlackServer, tmp_path: Path) -> None:
    room = slack.workspace.add_channel("desk")
    slack.workspace.say(room, "&lt;script&gt;alert(1)&lt;/script&gt; *bold* <https://a.example|x>")
    page = slack_preview.write(tmp_path / "slack.html", [room]).read_text()
    assert "<script>" not in page
    assert '<span class="b">bold</span>' in page
    assert 'href="https://a.example"' in page


def test_server_and_preview_need_no_pytest() -> None:
    code = "import sys, tests.fakes.slack, tests.fakes.slack_preview; sys.exit('pytest' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=root).returncode == 0
