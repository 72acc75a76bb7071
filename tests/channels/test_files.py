"""Pictures on Slack and Discord: they follow a post, are found again after a crash, and cost nobody the text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.base import File, FileChannel
from bot.channels.discord import DiscordChannel
from bot.channels.discord_connection import DiscordConnection
from bot.channels.slack import SlackChannel
from bot.channels.slack_connection import SlackConnection
from bot.errors import PermanentDeliveryError, TransientDeliveryError
from bot.secret import Secret
from tests.channels.contract import summary_post
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.slack import SlackServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
CHART = File("summary:morning:desk:20260914T1405Z:chart", "Alerts", "Bar chart: 7 alerts over time", PNG)


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        server.workspace.add_channel("desk")
        yield server


def on_slack(server: SlackServer, channel: str = "#desk") -> SlackChannel:
    connection = SlackConnection(Secret(server.bot_token), api_url=server.api_url, timeout_s=2.0)
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


async def test_the_channels_that_say_so_take_files(slack: SlackServer, desk: SlackChannel) -> None:
    assert desk.capabilities.files
    assert isinstance(desk, FileChannel)
