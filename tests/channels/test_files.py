"""Pictures on Slack, Discord and its webhooks: they follow a post, are found again after a crash where that can be, and
cost nobody the text."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from bot.channels.base import File, FileChannel
from bot.channels.discord import DiscordChannel
from bot.channels.discord_connection import DiscordConnection
from bot.channels.discord_webhook import DiscordWebhook
from bot.channels.slack import SlackChannel
from bot.channels.slack_connection import SlackConnection
from bot.errors import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from bot.secret import Secret
from tests.channels.contract import summary_post
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.discord import world as w
from tests.fakes.discord.world import Channel
from tests.fakes.slack import SlackServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
CHART = File("summary:morning:desk:20260914T1405Z:chart", "Alerts", "Bar chart: 7 alerts over time", PNG)


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        server.workspace.add_channel("desk")
        yield server


def on_slack(server: SlackServer, channel: str = "#desk") -> SlackChannel:
    connection = SlackConnection(Secret(server.bot_token), api_url=server.api_url, timeout_s=30.0)
    return SlackChannel("desk", channel=channel, connection=connection)


@pytest.fixture
async def desk(slack: SlackServer) -> AsyncIterator[SlackChannel]:
    channel = on_slack(slack)
    await channel.start()
    yield channel
    await channel.stop()


def shown(slack: SlackServer) -> list[dict[str, Any]]:
    room = next(r for r in slack.workspace.rooms.values() if r.name == "desk")
    return [slack.workspace.files[f["id"]] for m in room.messages for f in m.get("files", ())]


async def test_slack_shows_the_picture_below_the_post(slack: SlackServer, desk: SlackChannel) -> None:
    text = await desk.post_summary(summary_post())
    receipt = await desk.post_file(text, CHART)
    (file,) = shown(slack)
    assert (file["content"], file["title"], file["alt_txt"]) == (PNG, "Alerts", CHART.alt)
    assert (receipt.key, receipt.ref) == (CHART.key, file["id"])


async def test_slack_finds_a_picture_whose_answer_was_lost(slack: SlackServer, desk: SlackChannel) -> None:
    text = await desk.post_summary(summary_post())
    slack.fail("files.completeUploadExternal", lose="after", times=1)
    with pytest.raises(TransientDeliveryError):
        await desk.post_file(text, CHART)
    again = on_slack(slack)
    await again.start()
    found = await again.find(CHART.key, thread=text)
    assert found is not None
    assert await again.find("another:chart", thread=text) is None
    await again.stop()
    assert len(shown(slack)) == 1


async def test_a_copy_that_a_person_shared_is_not_taken_for_ours(slack: SlackServer, desk: SlackChannel) -> None:
    room = next(r for r in slack.workspace.rooms.values() if r.name == "desk")
    slack.workspace.say(room, "look", files=[{"id": "F1", "name": CHART.name}])
    assert await desk.find(CHART.key) is None


@pytest.mark.parametrize(
    ("method", "fault", "words"),
    [
        ("files.getUploadURLExternal", {"error": "missing_scope", "more": {"needed": "files:write"}}, "files:write"),
        ("files.completeUploadExternal", {"error": "not_in_channel"}, "not a member"),
    ],
)
async def test_a_refusal_says_what_to_do(
    slack: SlackServer, desk: SlackChannel, method: str, fault: dict[str, Any], words: str
) -> None:
    text = await desk.post_summary(summary_post())
    slack.fail(method, times=1, **fault)
    with pytest.raises(PermanentDeliveryError, match=words) as caught:
        await desk.post_file(text, CHART)
    assert caught.value.remedy
    assert shown(slack) == []


async def test_bytes_that_do_not_get_through_are_tried_again(slack: SlackServer, desk: SlackChannel) -> None:
    text = await desk.post_summary(summary_post())
    slack.refuse_uploads = 1
    with pytest.raises(TransientDeliveryError):
        await desk.post_file(text, CHART)
    assert await desk.find(CHART.key, thread=text) is None
    await desk.post_file(text, CHART)
    assert len(shown(slack)) == 1


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(speed=1000) as server:
        yield server


async def test_discord_answers_the_post_with_the_picture_and_finds_it(discord: FakeDiscord) -> None:
    place = discord.world.add_channel(discord.world.add_guild(), "intel")

    def make() -> DiscordChannel:
        connection = DiscordConnection(Secret(TOKEN), api_url=discord.api_url, gateway=False)
        return DiscordChannel("intel", channel=place.id, connection=connection)

    channel = make()
    await channel.start()
    text = await channel.post_summary(summary_post())
    receipt = await channel.post_file(text, CHART)
    await channel.stop()
    first, second = place.messages
    assert second["message_reference"]["message_id"] == first["id"]
    assert [a["filename"] for a in second["attachments"]] == [CHART.name]
    assert second["attachments"][0]["description"] == CHART.alt
    again = make()
    await again.start()
    found = await again.find(CHART.key, thread=text)
    assert found is not None
    assert found.ref == receipt.ref
    assert await again.find("another:chart") is None
    await again.stop()


# -- over a webhook of Discord ---------------------------------------------------------------------------------------


@asynccontextmanager
async def hooked(server: FakeDiscord, kind: int = w.TEXT, *, thread: bool = False) -> AsyncIterator[Hooked]:
    place = server.world.add_channel(server.world.add_guild(), "intel", kind)
    inner = server.world.add_thread(place, "day")
    channel = DiscordWebhook(
        "hook",
        url=Secret(server.webhook_url(place)),
        forum=kind == w.FORUM,
        thread_id=int(inner.id) if thread else None,
    )
    await channel.start()
    yield Hooked(channel, place, inner)
    await channel.stop()


@dataclass
class Hooked:
    """``inner`` is a thread of ``place``."""

    channel: DiscordWebhook
    place: Channel
    inner: Channel


def picture(server: FakeDiscord, message: dict[str, Any]) -> tuple[str, str, str, bytes]:
    (one,) = message["attachments"]
    return one["filename"], one["content_type"], one["description"], server.world.uploads[one["id"]]


async def test_a_webhook_puts_the_picture_into_the_post_of_the_text_once(discord: FakeDiscord) -> None:
    async with hooked(discord) as one:
        text = await one.channel.post_summary(summary_post())
        (message,) = one.place.messages
        before = message["content"], message["embeds"]
        for _ in range(2):  # the answer to the first was lost
            receipt = await one.channel.post_file(text, CHART)
            (message,) = one.place.messages
            assert "News summary" in message["content"]
            assert (message["content"], message["embeds"]) == before
            assert picture(discord, message) == (CHART.name, "image/png", CHART.alt, PNG)
            assert (receipt.key, receipt.ref) == (CHART.key, f"{one.place.id}/{message['id']}")
        assert discord.messages.pings[message["id"]] == []


async def test_a_webhook_of_a_thread_posts_the_picture_there(discord: FakeDiscord) -> None:
    async with hooked(discord, thread=True) as one:
        await one.channel.post_file(await one.channel.post_summary(summary_post()), CHART)
        assert [len(m["attachments"]) for m in one.inner.messages] == [1]
        assert one.place.messages == []


async def test_a_webhook_of_a_forum_posts_the_picture_into_the_thread_of_the_text(discord: FakeDiscord) -> None:
    async with hooked(discord, w.FORUM) as one:
        await one.channel.post_file(await one.channel.post_summary(summary_post()), CHART)
        made = [t for t in discord.world.children(one.place.id) if t is not one.inner]
        assert [[len(m["attachments"]) for m in thread.messages] for thread in made] == [[1]]


async def test_a_long_description_is_cut_to_what_discord_takes(discord: FakeDiscord) -> None:
    async with hooked(discord) as one:
        text = await one.channel.post_summary(summary_post())
        await one.channel.post_file(text, replace(CHART, alt="x" * 2000))
        assert picture(discord, one.place.messages[0])[2] == "x" * 1024


@pytest.mark.parametrize(
    ("fault", "error", "wait", "words"),
    [
        ({"status": 429, "retry_after": 7.5}, TransientDeliveryError, 7.5, "asks to wait"),
        ({"status": 429, "retry_after": 61, "via": False}, TransientDeliveryError, 61, "asks to wait"),
        ({"status": 502}, TransientDeliveryError, None, "answers 502"),
        ({"mode": "drop"}, TransientDeliveryError, None, "cannot reach Discord"),
        ({"status": 404, "code": 10015}, PermanentDeliveryError, None, "the webhook was deleted"),
        ({"status": 403, "code": 50013}, PermanentDeliveryError, None, "lacks a permission"),
        (
            {"status": 413, "code": 40005, "message": "Request entity too large"},
            PermanentDeliveryError,
            None,
            "too large",
        ),
    ],
)
async def test_what_discord_says_to_a_picture_is_judged_as_for_any_post(
    discord: FakeDiscord, fault: dict[str, Any], error: type[DeliveryError], wait: float | None, words: str
) -> None:
    async with hooked(discord) as one:
        text = await one.channel.post_summary(summary_post())
        discord.fail("^PATCH /webhooks/", times=1, **fault)
        with pytest.raises(error, match=words) as caught:
            await one.channel.post_file(text, CHART)
        assert getattr(caught.value, "retry_after_s", None) == wait
        assert one.channel._url.reveal().rpartition("/")[2] not in str(caught.value)
        assert [m["attachments"] for m in one.place.messages] == [[]], "nothing was posted, and the text stands"
        await one.channel.post_file(text, CHART)
        assert [len(m["attachments"]) for m in one.place.messages] == [1]


async def test_our_discord_refuses_what_discord_refuses_in_files(discord: FakeDiscord) -> None:
    async with hooked(discord) as one, aiohttp.ClientSession(headers={"User-Agent": "aiohttp"}) as session:

        async def post(told: list[dict[str, Any]], *parts: tuple[str, bytes]) -> tuple[int, dict[str, Any]]:
            form = aiohttp.FormData()
            form.add_field("payload_json", json.dumps({"attachments": told}), content_type="application/json")
            for name, content in parts:
                form.add_field(name, content, filename="a.png", content_type="image/png")
            async with session.post(f"{one.channel._url.reveal()}?wait=true", data=form) as answer:
                return answer.status, await answer.json() if answer.content_type == "application/json" else {}

        status, said = await post([{"id": 1}], ("files[0]", PNG))
        assert (status, said["code"], list(said["errors"]["attachments"]["0"])) == (400, 50035, ["id"])
        status, said = await post([{"id": 0, "description": "x" * 1025}], ("files[0]", PNG))
        assert (status, list(said["errors"]["attachments"]["0"])) == (400, ["description"])
        status, said = await post([], ("files[0]", PNG), ("files[0]", PNG))
        assert (status, list(said["errors"])) == (400, ["files"])
        status, said = await post([], ("files[0]", bytes((10 << 20) + 1)))
        assert (status, said["code"]) == (413, 40005)
        assert (await post([], ("picture", PNG)))[0] == 400
        assert one.place.messages == []
        assert (await post([{"id": 0}], ("files[0]", PNG)))[0] == 200


async def test_the_channels_that_say_so_take_files(desk: SlackChannel, discord: FakeDiscord) -> None:
    async with hooked(discord) as one:
        for channel in (desk, one.channel):
            assert channel.capabilities.files
            assert isinstance(channel, FileChannel)
