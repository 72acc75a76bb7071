"""``doctor`` and ``deliveries`` as people run them, against a Slack and a Discord on this machine."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from tests.chat_process import ChatRoom
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.world import EMBED_LINKS
from tests.fakes.feeds import FeedServer
from tests.fakes.slack import BOT_SCOPES, SlackServer


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ChatRoom]:
    async with SlackServer() as slack, FakeDiscord(speed=100) as discord, FeedServer() as news:
        one = ChatRoom(tmp_path, slack, discord, news)
        assert (await one.run("db", "upgrade"))[0] == 0
        yield one


async def first_poll(room: ChatRoom) -> None:
    """It finds an empty feed, so that all that comes afterwards is news."""
    room.publish(0)
    assert (await room.run("run", "--once"))[0] == 0


async def test_doctor_finds_all_well_posts_nothing_and_opens_no_second_websocket(room: ChatRoom) -> None:
    status, out, err = await room.run("doctor")
    assert (status, err) == (0, ""), out
    assert "FAIL" not in out
    for line in (
        "ok    Slack default: token: valid for workspace Risk Desk",
        "ok    channel desk: #desk can be posted to and read back",
        "ok    Discord default: token: logged in as wirewatch#0000",
        "ok    channel intel: reachable, with every permission",
    ):
        assert line in out
    assert (room.room.messages, room.place.messages) == ([], [])
    assert room.slack.hub.opened == 0


async def test_doctor_send_posts_a_test_alert_to_each_channel_and_says_so(room: ChatRoom) -> None:
    status, out, _ = await room.run("doctor", "--send")
    assert status == 0
    assert "sent  channel desk: test alert posted, https://risk-desk.slack.example/archives/" in out
    assert "sent  channel intel: test alert posted, https://discord.com/channels/" in out
    [on_slack], [on_discord] = room.room.messages, room.place.messages
    assert "Test alert for the channel desk" in on_slack["text"]
    assert "Test alert for the channel intel" in on_discord["content"]


async def test_doctor_says_what_is_missing_and_what_to_click_and_sends_nothing_there(room: ChatRoom) -> None:
    room.slack.set_scopes(*(BOT_SCOPES - {"channels:history"}))
    room.place.deny = EMBED_LINKS
    status, out, err = await room.run("doctor", "--send")
    assert (status, err) == (1, "")
    bad = [line for line in out.splitlines() if line.startswith("FAIL")]
    assert any("channels:history" in line and "Reinstall to Workspace" in line for line in bad)
    assert any(line.startswith("FAIL  channel intel: the bot lacks Embed Links; open the channel's") for line in bad)
    assert "warn  channel desk: no test alert sent; first mend what is said above" in out
    assert (room.room.messages, room.place.messages) == ([], [])


async def test_doctor_survives_tokens_that_do_not_work(room: ChatRoom) -> None:
    room.slack.revoke()
    await room.discord.reset_token("another")
    status, out, err = await room.run("doctor")
    assert status == 1
    assert "FAIL  Slack default: token: the token was revoked; open https://api.slack.com/apps" in out
    assert "FAIL  Discord default: token: the token is not valid (Discord 401)" in out
    assert "Traceback" not in err
    assert room.slack.bot_token not in out + err


async def test_what_was_refused_is_listed_with_the_reason_and_sent_once_mended(room: ChatRoom) -> None:
    await first_poll(room)
    room.room.archived = True
    room.publish(2)
    status, _, err = await room.run("run", "--once")
    assert status == 0, err
    assert (len(room.on_slack()), len(room.on_discord())) == (0, 2)

    status, out, _ = await room.run("deliveries", "list")
    assert status == 0
    lines = out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith('parked  desk  alert "Flood warning 0000')
    assert "#desk is archived; unarchive it in Slack" in lines[0]
    assert lines[-1] == "0 waiting, 2 parked; `wirewatch deliveries retry` sends those again"
    assert "warn  deliveries: some are parked" in (await room.run("doctor"))[1]

    status, _, err = await room.run("deliveries", "retry", "dsek")
    assert (status, err) == (1, "wirewatch: no channel has the name 'dsek'; did you mean 'desk'?\n")
    assert (await room.run("deliveries", "retry", "intel"))[1] == "nothing is parked on intel\n"
    room.room.archived = False
    status, out, _ = await room.run("deliveries", "retry", "desk")
    assert (status, out.startswith("2 deliveries wait again on desk; ")) == (0, True)
    assert (await room.run("run", "--once"))[0] == 0
    assert room.on_slack() == room.titles
    assert (await room.run("deliveries", "list"))[1] == "0 waiting, 0 parked\n"


async def test_a_post_that_was_done_before_the_refusal_is_not_sent_twice_by_a_retry(room: ChatRoom) -> None:
    """Its answer was lost, and before it could be looked up Slack took the permission away."""
    await first_poll(room)
    room.publish(1)
    room.slack.fail("chat.postMessage", lose="after")
    room.slack.fail("conversations.history", error="missing_scope")
    await room.run("run", "--once")
    assert (await room.run("deliveries", "list"))[1].startswith("parked  desk")
    await room.run("deliveries", "retry")
    assert (await room.run("run", "--once"))[0] == 0
    assert room.on_slack() == room.titles


async def test_the_way_that_the_channels_page_describes_goes_live(tmp_path: Path) -> None:
    """From an empty folder, with the scopes of its manifest, the YAML that it shows and nothing else."""
    page = (Path(__file__).parents[1] / "docs" / "channels.md").read_text("utf-8")
    steps = page[page.index("## Live in ten minutes") : page.index("## What is certain")]
    shown = steps.partition("```yaml\n")[2].partition("```")[0]
    manifest = yaml.safe_load(
        re.sub(r"(?m)^    ", "", steps[steps.index("    # Creates") : steps.index("*Install to")])
    )
    async with SlackServer() as slack, FakeDiscord(speed=100) as discord, FeedServer() as news:
        slack.set_scopes(*manifest["oauth_config"]["scopes"]["bot"])
        (tmp_path / "room").mkdir()
        room = ChatRoom(tmp_path / "room", slack, discord, news)
        slack.workspace.add_channel("sanctions-desk")
        assert (await room.run("init", "desk"))[0] == 0
        room.folder = room.folder / "desk"
        config = room.folder / "wirewatch.yaml"
        starter = yaml.safe_load(config.read_text("utf-8"))
        wanted = yaml.safe_load(shown.replace("1122334455667788", room.place.id))
        config.write_text(yaml.safe_dump(starter | wanted), "utf-8")
        status, out, err = await room.run("doctor", "--send")
        assert (status, err) == (0, ""), out
        assert "warn  store: " in out
        assert out.count("sent  channel ") == 3
        assert len(room.place.messages) == 1
        assert all(command in steps for command in ("wirewatch init", "wirewatch doctor --send", "wirewatch run"))
