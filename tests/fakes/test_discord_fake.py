"""The local Discord server is as strict as the real one, and speaks as Discord's own OpenAPI document says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.channels.discord import DiscordChannel
from bot.channels.discord_connection import DiscordConnection
from bot.channels.discord_webhook import DiscordWebhook
from bot.secret import Secret
from tests.channels.contract import MESSAGE, NOTICE, digest
from tests.fakes.discord import TOKEN, FakeDiscord, openapi
from tests.fakes.discord import world as w
from tests.fakes.discord.limits import Limiter
from tests.fakes.discord.markdown import links, pings, plain, visible_text
from tests.fakes.discord.validate import Refused, check_commands, check_message
from tests.fakes.discord.world import Channel, Json
from tests.fakes.discord_preview import render


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(speed=1000.0) as server:
        yield server


@pytest.fixture
def place(server: FakeDiscord) -> Channel:
    return server.world.add_channel(server.world.add_guild(), "desk")


async def call(server: FakeDiscord, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (test, 1)"}
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, server.api_url + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json() if answer.content_length else None


# -- what is refused ------------------------------------------------------------------------------------------------

LINK = {"type": 2, "style": 5, "label": "x", "url": "https://e.example/"}
OPTION = {"type": 3, "name": "a", "description": "d"}
CHOICE = {"label": "x", "value": "x"}
SELECT = {"type": 3, "custom_id": "s", "options": [CHOICE]}
BUTTON = {"type": 2, "style": 2, "label": "x", "custom_id": "a"}


def row(*parts: Json) -> Json:
    return {"content": "x", "components": [{"type": 1, "components": list(parts)}]}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": "\U0001f600" * 1001}, "content"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title"),
        ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description"),
        ({"embeds": [{"title": "x", "fields": [{"name": "n", "value": "x" * 1025}]}]}, "embeds.0.fields.0.value"),
        ({"embeds": [{"title": "x", "fields": [{"name": "", "value": "x"}]}]}, "embeds.0.fields.0.name"),
        ({"embeds": [{"title": "x", "fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds.0.fields"),
        ({"embeds": [{"footer": {"text": "x" * 2049}}]}, "embeds.0.footer.text"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds"),
        ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds"),
        ({"embeds": [{"title": "x", "url": "ftp://e.example"}]}, "embeds.0.url"),
        ({"embeds": [{"title": "x", "url": "https://localhost/"}]}, "embeds.0.url"),
        ({"embeds": [{"title": "x", "image": {"url": "javascript:x"}}]}, "embeds.0.image.url"),
        ({"embeds": [{"title": "x", "color": 1 << 24}]}, "embeds.0.color"),
        ({"embeds": [{}]}, "embeds.0"),
        (row(BUTTON, BUTTON), "components.0.components.1.custom_id"),
        (row(BUTTON | {"custom_id": "x" * 101}), "components.0.components.0.custom_id"),
        (row(BUTTON | {"label": "x" * 81}), "components.0.components.0.label"),
        (row(BUTTON | {"label": ""}), "components.0.components.0.label"),
        (row(LINK | {"url": "https://e.example/" + "x" * 512}), "components.0.components.0.url"),
        (row(LINK | {"custom_id": "x"}), "components.0.components.0.custom_id"),
        (row(*[BUTTON | {"custom_id": str(i)} for i in range(6)]), "components.0.components"),
        (row(SELECT, BUTTON), "components.0.components"),
        (row(SELECT | {"options": []}), "components.0.components.0.options"),
        (row(SELECT | {"options": [CHOICE] * 2}), "components.0.components.0.options"),
        (row(SELECT | {"options": [CHOICE | {"label": "x" * 101}]}), "components.0.components.0.options.0.label"),
        (row(SELECT | {"options": [CHOICE | {"value": ""}]}), "components.0.components.0.options.0.value"),
        (row(SELECT | {"placeholder": "x" * 151}), "components.0.components.0.placeholder"),
        ({"content": "x", "nonce": "x" * 26}, "nonce"),
        ({"content": "x", "allowed_mentions": {"parse": ["roles"], "roles": ["1"]}}, "allowed_mentions"),
        ({"content": "x", "allowed_mentions": {"parse": ["anyone"]}}, "allowed_mentions.parse.0"),
    ],
)  # fmt: skip
async def test_invalid_message_is_refused_with_the_path(
    server: FakeDiscord, place: Channel, body: Json, where: str
) -> None:
    status, answer = await call(server, "POST", f"/channels/{place.id}/messages", body)
    assert (status, answer["code"]) == (400, 50035)
    spot = answer["errors"]
    for key in where.split("."):
        spot = spot[key]
    assert spot["_errors"][0]["message"]
    assert not place.messages


@pytest.mark.parametrize("body", [{}, {"content": "  "}, {"content": None}, {"embeds": []}])
def test_empty_message_is_refused(body: Json) -> None:
    with pytest.raises(Refused) as caught:
        check_message(body)
    assert caught.value.code == 50006


async def test_refusals_by_place(server: FakeDiscord, place: Channel) -> None:
    guild = server.world.guilds[place.guild_id]
    forum = server.world.add_channel(guild, "forum", w.FORUM)
    hidden = server.world.add_channel(guild, "hidden", private=True, invited=False)
    mute = server.world.add_channel(guild, "mute")
    mute.deny = w.SEND_MESSAGES
    bare = server.world.add_channel(guild, "bare")
    bare.deny = w.EMBED_LINKS
    text, card = {"content": "x"}, {"embeds": [{"title": "x"}]}
    for channel_id, body, expected in (
        ("1", text, (404, 10003)),
        (hidden.id, text, (403, 50001)),
        (mute.id, text, (403, 50013)),
        (bare.id, card, (403, 50013)),
        (forum.id, text, (400, 50008)),
    ):
        status, answer = await call(server, "POST", f"/channels/{channel_id}/messages", body)
        assert (status, answer["code"]) == expected
    assert (await call(server, "GET", "/users/@me", token="wrong"))[0] == 401
    assert (await call(server, "GET", "/nowhere"))[0] == 404
    assert (await call(server, "POST", f"/channels/{place.id}/messages/1/crosspost"))[1]["code"] == 10008


@pytest.mark.parametrize(
    "command",
    [
        {"name": "Upper", "description": "x"},
        {"name": "x", "description": ""},
        {"name": "x", "description": "d" * 101},
        {"name": "x y", "description": "d"},
        {"name": "x", "description": "d", "options": [OPTION | {"name": str(i)} for i in range(26)]},
        {"name": "x", "description": "d", "options": [OPTION, OPTION | {"name": "b", "required": True}]},
        {"name": "x", "description": "d", "options": [OPTION, OPTION]},
    ],
)  # fmt: skip
def test_invalid_command_is_refused(command: Json) -> None:
    with pytest.raises(Refused):
        check_commands([command])


# -- rate limits ----------------------------------------------------------------------------------------------------


def test_bucket_refuses_the_sixth_and_recovers_with_the_clock() -> None:
    now = 100.0
    limiter = Limiter(lambda: now, lambda: 1e9)
    verdicts = [limiter.ask("POST message", "1") for _ in range(6)]
    assert [v.refused for v in verdicts] == [False] * 5 + [True]
    assert verdicts[4].headers["X-RateLimit-Remaining"] == "0"
    assert verdicts[5].retry_after == pytest.approx(5.0)
    assert not limiter.ask("POST message", "2").refused, "another channel"
    now += 5.0
    assert not limiter.ask("POST message", "1").refused


def test_global_and_hidden_limits() -> None:
    now = 100.0
    limiter = Limiter(lambda: now, lambda: 1e9)
    scopes = [limiter.ask("GET x", str(n)).scope for n in range(51)]
    assert scopes[-2:] == ["", "global"]
    told = []
    for _ in range(31):
        now += 1.9
        told.append(limiter.ask("POST webhook", "1", exempt=True).scope)
    assert told[-1] == "shared"


async def test_429_says_what_discord_says(server: FakeDiscord, place: Channel) -> None:
    server.fail(status=429, retry_after=2.5, scope="global")
    headers = {"Authorization": f"Bot {TOKEN}"}
    url = f"{server.api_url}/channels/{place.id}/messages"
    async with aiohttp.ClientSession() as http, http.post(url, json={"content": "x"}, headers=headers) as answer:
        assert answer.headers["Via"]
        assert (answer.headers["Retry-After"], answer.headers["X-RateLimit-Scope"]) == ("3", "global")
        body = await answer.json()
        assert body == {"message": "You are being rate limited.", "retry_after": 2.5, "global": True}


# -- gateway --------------------------------------------------------------------------------------------------------


async def gateway(
    server: FakeDiscord, *sends: Json, query: str = "v=10&encoding=json"
) -> tuple[list[Json], int | None]:
    """Say ``sends`` after the hello; returns what came until the server closed, and its code."""
    heard: list[Json] = []
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server.gateway.url}?{query}") as ws:
        for payload in sends:
            await ws.send_json(payload)
        async for message in ws:
            heard.append(json.loads(message.data))
        return heard, ws.close_code


IDENTIFY = {"op": 2, "d": {"token": TOKEN, "intents": 1, "properties": {"os": "x"}}}


@pytest.mark.parametrize(
    ("sends", "code"),
    [
        ([{"op": 2, "d": {"token": "wrong", "intents": 1, "properties": {}}}], 4004),
        ([{"op": 2, "d": IDENTIFY["d"] | {"intents": 1 << 15}}], 4014),  # type: ignore[operator]
        ([{"op": 2, "d": IDENTIFY["d"] | {"intents": 1 << 40}}], 4013),  # type: ignore[operator]
        ([IDENTIFY, IDENTIFY], 4005),
        ([{"op": 3, "d": {}}], 4003),
        ([{"op": 99}], 4001),
        ([{"no": "op"}], 4002),
        ([{"op": 1, "d": None}] * 121, 4008),
    ],
)
async def test_gateway_closes_with_the_documented_code(server: FakeDiscord, sends: list[Json], code: int) -> None:
    assert (await gateway(server, *sends))[1] == code


async def test_gateway_refuses_another_version(server: FakeDiscord) -> None:
    assert (await gateway(server, query="v=6&encoding=json"))[1] == 4012


async def test_resume_replays_what_was_missed(server: FakeDiscord, place: Channel) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.ws_connect(f"{server.gateway.url}?v=10&encoding=json") as ws:
            await ws.receive_json()
            await ws.send_json(IDENTIFY)
            ready = await ws.receive_json()
            await ws.receive_json()  # GUILD_CREATE, 2
        await server.gateway.dispatch("CHANNEL_UPDATE", {"id": place.id})
        async with http.ws_connect(f"{ready['d']['resume_gateway_url']}?v=10&encoding=json") as ws:
            await ws.receive_json()
            await ws.send_json({"op": 6, "d": {"token": TOKEN, "session_id": ready["d"]["session_id"], "seq": 2}})
            assert (await ws.receive_json())["t"] == "CHANNEL_UPDATE"
            assert (await ws.receive_json())["t"] == "RESUMED"
        async with http.ws_connect(f"{server.gateway.url}?v=10&encoding=json") as ws:
            await ws.receive_json()
            await ws.send_json({"op": 6, "d": {"token": TOKEN, "session_id": "gone", "seq": 2}})
            assert await ws.receive_json() == {"op": 9, "d": False}


# -- interactions, with the real library ----------------------------------------------------------------------------


class Bot(discord.Client):
    """A small app with a command, an autocomplete and a modal: what issue 6 will need of this server."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(_search)

    async def setup_hook(self) -> None:
        await self.tree.sync()


class Comment(discord.ui.Modal, title="Mute"):
    reason: discord.ui.TextInput[Comment] = discord.ui.TextInput(label="Reason", custom_id="reason")

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        await interaction.response.send_message(f"muted: {self.reason.value}", ephemeral=True)


@app_commands.command(name="search", description="Search the archive")
async def _search(interaction: discord.Interaction, query: str) -> None:
    if query == "modal":
        await interaction.response.send_modal(Comment())
        return
    await interaction.response.defer(ephemeral=True)
    await interaction.followup.send(f"found {query}")
    await interaction.followup.send("and more")


@_search.autocomplete("query")
async def _suggest(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current}!", value=current)]


@pytest.fixture
async def bot(server: FakeDiscord, place: Channel, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    import yarl

    monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway.url))
    bot = Bot()
    await bot.login(TOKEN)
    running = asyncio.create_task(bot.connect())
    await server.gateway.wait_for(identifies=1)
    yield bot
    await bot.close()
    await running


QUERY = {"type": 3, "name": "query", "value": "arms"}


@pytest.mark.usefixtures("bot")
class TestInteractions:
    async def test_deferred_command_is_filled_by_the_first_follow_up(self, server: FakeDiscord, place: Channel) -> None:
        it = await server.interactions.command("search", [QUERY], server.world.add_user("anna"), place)
        await it.completed.wait()
        assert it.original is not None
        assert visible_text(it.original) == "found arms"
        assert it.ephemeral
        while not it.followups:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0)
        assert [m["content"] for m in place.messages] == ["and more"]

    async def test_autocomplete(self, server: FakeDiscord, place: Channel) -> None:
        user = server.world.add_user("anna")
        focused = QUERY | {"focused": True}
        it = await server.interactions.command("search", [focused], user, place, autocomplete=True)
        await it.answered.wait()
        assert it.answer["choices"] == [{"name": "arms!", "value": "arms"}]

    async def test_modal_and_its_submission(self, server: FakeDiscord, place: Channel) -> None:
        user = server.world.add_user("anna")
        it = await server.interactions.command("search", [QUERY | {"value": "modal"}], user, place)
        await it.answered.wait()
        assert it.answer_kind == 9
        sent = await server.interactions.submit(it, {"reason": "too loud"})
        await sent.answered.wait()
        assert sent.original is not None
        assert visible_text(sent.original) == "muted: too loud"

    async def test_second_answer_and_late_answer_are_refused(self, server: FakeDiscord, place: Channel) -> None:
        it = await server.interactions.command("search", [QUERY], server.world.add_user("anna"), place)
        await it.completed.wait()
        path = f"/interactions/{it.id}/{it.token}/callback"
        assert (await call(server, "POST", path, {"type": 4, "data": {"content": "x"}}))[1]["code"] == 40060
        it.at -= 4
        assert (await call(server, "POST", path, {"type": 4, "data": {"content": "x"}}))[1]["code"] == 10062


async def test_unregistered_command_and_unknown_button_cannot_be_used(server: FakeDiscord, place: Channel) -> None:
    anna = server.world.add_user("anna")
    with pytest.raises(LookupError):
        await server.interactions.command("nothing", [], anna, place)
    with pytest.raises(LookupError):
        await server.interactions.click("1", "x", anna)


async def test_zombie_connection_is_left_and_resumed(place: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """No acknowledgement: discord.py closes by itself. Its patience (60 s) is an option, here 0.05 s."""
    import yarl

    async with FakeDiscord(speed=1000.0, heartbeat_interval_s=0.02) as deaf:
        monkeypatch.setattr(discord.http.Route, "BASE", deaf.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(deaf.gateway.url))
        client = discord.Client(intents=discord.Intents(guilds=True), heartbeat_timeout=0.05)
        await client.login(TOKEN)
        running = asyncio.create_task(client.connect())
        await deaf.gateway.wait_for(identifies=1)
        deaf.gateway.acknowledges = False
        await deaf.gateway.wait_for(resumes=1)
        await client.close()
        await running


# -- what people see ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("**b** *i* __u__ ~~s~~ `c`", "b i u s c"),
        (r"\*not\* \@everyone \[x\](y)", "*not* @everyone [x](y)"),
        ("# head", "head\n"),
        ("a\n-# small", "a\nsmall\n"),
        ("- item", "item\n"),
        ("[text](https://e.example)", "text"),
        ("[text](javascript:x)", "[text](javascript:x)"),
        ("<t:1789394700:t>", "14:05"),
        (":smile: :nosuch:", "[smile picture] :nosuch:"),
        ("@everyone <@1> <@&2>", "[everyone @everyone] [user 1] [role 2]"),
        ("snake_case_name", "snake_case_name"),
    ],
)
def test_markdown_is_read_as_the_client_reads_it(source: str, shown: str) -> None:
    assert plain(source) == shown


@pytest.mark.parametrize(
    ("allowed", "heard"),
    [
        (None, ["@everyone", "<@1>", "<@&2>"]),
        ({"parse": []}, []),
        ({"parse": ["everyone"]}, ["@everyone"]),
        ({"parse": [], "roles": ["2"]}, ["<@&2>"]),
        ({"parse": ["users"]}, ["<@1>"]),
    ],
)
def test_backslash_does_not_stop_a_ping_but_allowed_mentions_do(allowed: Json | None, heard: list[str]) -> None:
    assert pings(r"\@everyone <@1> <@&2>", allowed) == heard


async def test_preview_shows_all_that_is_visible_and_escapes_html(server: FakeDiscord, place: Channel) -> None:
    body = {"content": "<b>x</b> **y**", "embeds": [{"title": "<i>t</i>", "url": "https://e.example/?a=1&b=2"}]}
    assert (await call(server, "POST", f"/channels/{place.id}/messages", body))[0] == 200
    page = render(place.messages, channel="desk")
    assert "&lt;b&gt;x&lt;/b&gt; <strong>y</strong>" in page
    assert '<a href="https://e.example/?a=1&amp;b=2">&lt;i&gt;t&lt;/i&gt;</a>' in page


# -- against Discord's own document ---------------------------------------------------------------------------------


@pytest.mark.skipif(not openapi.PLACE.exists(), reason=openapi.ABSENT)
async def test_everything_said_and_answered_fits_discords_own_document(server: FakeDiscord) -> None:
    spec = openapi.law()
    assert spec is not None
    server.observe = spec.observe
    guild = server.world.add_guild()
    places = [server.world.add_channel(guild, k, t) for k, t in (("a", w.TEXT), ("b", w.ANNOUNCEMENT), ("c", w.FORUM))]
    line = DiscordConnection(Secret(TOKEN), api_url=server.api_url)
    for place in places:
        channel = DiscordChannel(place.name, channel=f"#{place.name}", connection=line)
        await channel.start()
        first = await channel.post(replace(MESSAGE, image="https://news.example/i.jpg"))
        answer = await channel.reply(first, replace(MESSAGE, key="k-2"))
        await channel.reply(first, replace(MESSAGE, key="k-3"), aloud=True)
        thread = server.world.channels[answer.ref.partition("/")[0]]
        thread.archived = thread.type in w.THREADS
        await channel.edit(answer, replace(MESSAGE, key="k-2", headline="Rewritten"))  # opens an archived thread
        await channel.edit(first, MESSAGE)
        await channel.post_digest(digest(3))
        notice = await channel.post_notice(NOTICE)
        assert await channel.find(notice.key) == notice
        assert await channel.check() is None
        await channel.stop()
    ada = server.world.add_user("ada")
    await line.start()
    direct = DiscordChannel("dm", user=int(ada.id), connection=line)
    first = await direct.post(MESSAGE)
    await direct.reply(first, replace(MESSAGE, key="k-2"))
    await line.stop()
    hook = DiscordWebhook("hook", url=Secret(server.webhook_url(places[0])))
    await hook.edit(await hook.post(MESSAGE), MESSAGE)
    assert await hook.check() is None
    await hook.stop()
    for bad in ("/channels/123456789012345678/messages", f"/channels/{places[2].id}/messages"):
        await call(server, "POST", bad, {"content": "x"})
    assert spec.seen >= {
        "POST /users/@me/channels",
        "PATCH /channels/{channel_id}",
        "PATCH /channels/{channel_id}/messages/{message_id}",
        "POST /channels/{channel_id}/messages/{message_id}/crosspost",
        "POST /channels/{channel_id}/messages/{message_id}/threads",
        "POST /channels/{channel_id}/threads",
        "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
    }
    assert len(spec.seen) >= 18
    assert not (found := spec.problems()), "\n".join(found)


@pytest.mark.skipif(not openapi.PLACE.exists(), reason=openapi.ABSENT)
@pytest.mark.parametrize(
    ("method", "path", "body", "status", "answer", "amiss"),
    [
        ("POST", "/channels/1/messages", {"content": 5}, 200, None, "POST /channels/{channel_id}/messages request"),
        ("PUT", "/applications/1/commands", {"list": [{"name": "wire", "options": 1}]}, 200, None, "request: $[0]"),
        ("POST", "/interactions/1/x/callback", {"type": 44}, 204, None, "callback request"),
        ("POST", "/interactions/1/x/callback", {"type": 6}, 200, {"interaction": {"id": ""}}, "callback 200"),
        ("GET", "/channels/1/messages", None, 302, None, "status 302 is not described"),
        ("POST", "/channels/1/nonsense", {}, 200, None, "not in the document"),
    ],
)
def test_what_does_not_fit_the_document_is_found(
    method: str, path: str, body: Any, status: int, answer: Any, amiss: str
) -> None:
    law = openapi.law()
    assert law is not None
    law.observe(method, path, body, status, answer)
    assert any(amiss in problem for problem in law.problems()), law.problems()


def test_links_counts_every_way_to_click() -> None:
    message = {"content": "https://a.example/", "embeds": [{"title": "t", "url": "https://b.example/"}], "components": [
        {"type": 1, "components": [LINK]}]}  # fmt: skip
    assert links(message) == ["https://b.example/", "https://a.example/", "https://e.example/"]
