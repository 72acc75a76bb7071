"""The Discord channel on the real discord.py against a local Discord."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels.discord import DiscordChannel
from bot.channels.discord_connection import DiscordConnection
from bot.channels.discord_doctor import INVITE_PERMISSIONS, examine
from bot.channels.discord_webhook import DiscordWebhook
from bot.channels.mentions import Mentions
from bot.errors import PermanentDeliveryError, TransientDeliveryError
from bot.message import Digest, Message
from bot.model import Severity
from bot.secret import Secret
from tests.channels.contract import (
    MESSAGE,
    NOTICE,
    PATIENCE_S,
    RETRY_AFTER_S,
    ChannelContract,
    Fault,
    Harness,
    Seen,
    digest,
)
from tests.fakes.discord import TOKEN, FakeDiscord, links, pings, visible_text
from tests.fakes.discord import world as w
from tests.fakes.discord.markdown import LIVE, nodes, plain
from tests.fakes.discord.world import Channel, Guild, Json

FAST = 1000.0  # rate-limit windows of milliseconds


def connect(server: FakeDiscord, **options: Any) -> DiscordConnection:
    return DiscordConnection(
        Secret(TOKEN), api_url=server.api_url, timeout_s=options.pop("timeout_s", 10.0), identify_wait_s=0.0,
        retry_first_s=0.01, **options,
    )  # fmt: skip


class DiscordHarness:
    secrets = (TOKEN,)
    faults = frozenset(Fault)

    def __init__(self, server: FakeDiscord) -> None:
        self.server = server
        self.place = server.world.add_channel(server.world.add_guild(), "intel")

    def make(self, timeout_s: float = PATIENCE_S) -> DiscordChannel:
        connection = connect(self.server, gateway=False, timeout_s=timeout_s)
        return DiscordChannel("intel", channel=self.place.id, connection=connection)

    async def seen(self) -> list[Seen]:
        return [see(m) for c in self.server.world.channels.values() for m in c.messages]

    def fail(self, fault: Fault) -> None:
        how: dict[Fault, dict[str, Any]] = {
            Fault.RATE_LIMITED: {"status": 429, "retry_after": RETRY_AFTER_S},
            Fault.SERVER_ERROR: {"status": 500},
            Fault.UNAVAILABLE: {"status": 503},
            Fault.DROPPED: {"mode": "drop"},
            Fault.TIMEOUT: {"mode": "hang"},
            Fault.UNAUTHORIZED: {"status": 401},
            Fault.FORBIDDEN: {"status": 403, "code": 50013, "message": "Missing Permissions"},
            Fault.NOT_FOUND: {"status": 404, "code": 10003, "message": "Unknown Channel"},
            Fault.REFUSED: {"status": 400, "code": 50035, "message": "Invalid Form Body"},
        }
        self.server.fail("^POST ", **how[fault])

    def heal(self) -> None:
        self.server.heal()


def see(message: Json) -> Seen:
    """As Discord's client would show it."""
    found = nodes(message)
    return Seen(
        text=visible_text(message),
        links=tuple(links(message)),
        strong=tuple(n.plain() for n in found if n.kind == "strong"),
        live=(*(n.plain() for n in found if n.kind in LIVE), *pings(message["content"], {"parse": []})),
        fallback=plain(message["content"]),
    )


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(speed=FAST) as server:
        yield server


class TestDiscordContract(ChannelContract):
    @pytest.fixture
    async def harness(self, server: FakeDiscord) -> Harness:
        return DiscordHarness(server)


@pytest.fixture
def guild(server: FakeDiscord) -> Guild:
    return server.world.add_guild()


class Desk:
    """A started channel of a test, and what its operators were told."""

    def __init__(self, server: FakeDiscord, place: Channel, connection: DiscordConnection, channel: DiscordChannel):
        self.server, self.place, self.connection, self.channel = server, place, connection, channel
        self.told: list[str] = []


@asynccontextmanager
async def desk(
    server: FakeDiscord,
    place: Channel,
    *,
    gateway: bool = False,
    connection: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Desk]:
    told: list[str] = []
    line = connect(server, gateway=gateway, on_trouble=told.append, **(connection or {}))
    made = Desk(server, place, line, DiscordChannel("intel", **({"channel": place.id} | options), connection=line))
    made.told = told
    await made.channel.start()
    try:
        yield made
    finally:
        await made.channel.stop()


def posted(server: FakeDiscord) -> list[str]:
    return [f"{method} {path}" for method, path, _ in server.requests if method != "GET"]


# -- where posts go -------------------------------------------------------------------------------------------------


async def test_channel_is_found_by_name(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "sanctions-desk")
    async with desk(server, place, channel="#Sanctions-Desk") as d:
        await d.channel.post(MESSAGE)
    assert len(place.messages) == 1


async def test_ambiguous_name_asks_for_the_id_and_the_guild_settles_it(server: FakeDiscord, guild: Guild) -> None:
    other = server.world.add_guild("Newsroom")
    places = [server.world.add_channel(g, "alerts") for g in (guild, other)]
    async with desk(server, places[0], channel="alerts") as d:
        with pytest.raises(PermanentDeliveryError, match=r"2 channels are called alerts.*Copy Channel ID"):
            await d.channel.post(MESSAGE)
    async with desk(server, places[0], channel="alerts", guild="Newsroom") as d:
        await d.channel.post(MESSAGE)
    assert [len(p.messages) for p in places] == [0, 1]


async def test_unknown_name_says_so(server: FakeDiscord, guild: Guild) -> None:
    async with desk(server, server.world.add_channel(guild, "a"), channel="#b") as d:
        with pytest.raises(PermanentDeliveryError, match="no channel is called #b"):
            await d.channel.post(MESSAGE)


async def test_post_in_a_thread_opens_it_if_archived(server: FakeDiscord, guild: Guild) -> None:
    thread = server.world.add_thread(server.world.add_channel(guild, "desk"), "long story")
    thread.archived = True
    async with desk(server, thread) as d:
        receipt = await d.channel.post(MESSAGE)
        assert await d.channel.find(MESSAGE.key) == receipt
    assert not thread.archived
    assert len(thread.messages) == 1


async def test_locked_thread_parks_with_a_remedy(server: FakeDiscord, guild: Guild) -> None:
    thread = server.world.add_thread(server.world.add_channel(guild, "desk"), "closed")
    thread.locked = True
    async with desk(server, thread) as d:
        with pytest.raises(PermanentDeliveryError, match=r"the thread is locked.*Manage Threads"):
            await d.channel.post(MESSAGE)


async def test_forum_gets_a_tagged_post_named_after_the_headline(server: FakeDiscord, guild: Guild) -> None:
    forum = server.world.add_channel(guild, "stories", w.FORUM, tags=("Sanctions", "Arms"), require_tag=True)
    async with desk(server, forum, tags=("arms", "No such tag")) as d:
        receipt = await d.channel.post(MESSAGE)
        await d.channel.post(replace(MESSAGE, key="k-2", headline="x " * 300))
        assert await d.channel.find(MESSAGE.key) == receipt
        assert await d.channel.find("k-never") is None
        update = await d.channel.reply(receipt, replace(MESSAGE, key="k-3", headline="Moscow denies"))
        assert await d.channel.find("k-3") == update
        assert (
            await d.channel.check() == "the forum has no tag No such tag; correct `forum_tags:` or add it to the forum"
        )
    second, first = server.world.children(forum.id)
    assert first.name == f"🔴 {MESSAGE.headline}"
    assert len(second.name) <= 100
    assert first.applied_tags == [forum.tags[1]["id"]]
    assert len(first.messages) == 2


async def test_forum_that_wants_a_tag_parks_without_one(server: FakeDiscord, guild: Guild) -> None:
    forum = server.world.add_channel(guild, "stories", w.FORUM, tags=("Arms",), require_tag=True)
    async with desk(server, forum) as d:
        with pytest.raises(PermanentDeliveryError, match="forum_tags"):
            await d.channel.post(MESSAGE)
        assert "wants a tag" in (await d.channel.check() or "")


async def test_private_channel_works_when_the_bot_was_added(server: FakeDiscord, guild: Guild) -> None:
    async with desk(server, server.world.add_channel(guild, "inner", private=True)) as d:
        await d.channel.post(MESSAGE)
        assert await d.channel.check() is None
    async with desk(server, server.world.add_channel(guild, "closed", private=True, invited=False)) as d:
        with pytest.raises(PermanentDeliveryError, match=r"may not see the channel.*View Channel"):
            await d.channel.post(MESSAGE)


async def test_category_takes_no_messages(server: FakeDiscord, guild: Guild) -> None:
    async with desk(server, server.world.add_channel(guild, "group", w.CATEGORY)) as d:
        with pytest.raises(PermanentDeliveryError, match="takes no messages"):
            await d.channel.post(MESSAGE)


# -- announcements --------------------------------------------------------------------------------------------------


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop run until it is so; the test's own time limit guards it."""
    while not holds():  # noqa: ASYNC110 - the state belongs to a server that has no event for it
        await asyncio.sleep(0)


async def crossposted(place: Channel, count: int) -> None:
    await until(lambda: sum(bool(m["flags"] & w.CROSSPOSTED) for m in place.messages) == count)


async def test_announcement_is_published_once(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "news", w.ANNOUNCEMENT)
    async with desk(server, place) as d:
        await d.channel.post(MESSAGE)
        await crossposted(place, 1)
    assert len(place.messages) == 1
    async with desk(server, place, publish=False) as d:
        await d.channel.post(replace(MESSAGE, key="k-2"))
    assert [bool(m["flags"] & w.CROSSPOSTED) for m in place.messages] == [True, False]


async def test_failed_publication_is_tried_again_and_never_posts_twice(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "news", w.ANNOUNCEMENT)
    server.fail("crosspost$", status=429, retry_after=0.001, times=2)
    async with desk(server, place) as d:
        await d.channel.post(MESSAGE)
        await crossposted(place, 1)
        assert len(place.messages) == 1
        assert not d.told


async def test_refused_publication_is_told_once_and_posts_go_on(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "news", w.ANNOUNCEMENT)
    server.fail("crosspost$", status=403, code=50013, message="Missing Permissions")
    async with desk(server, place) as d:
        for n in range(3):
            await d.channel.post(replace(MESSAGE, key=f"k-{n}"))
        await until(lambda: sum("crosspost" in line for line in posted(server)) == 3 and bool(d.told))
        assert len(d.told) == 1
        assert "cannot be published" in d.told[0]
    assert len(place.messages) == 3


# -- replies and edits ----------------------------------------------------------------------------------------------


async def test_replies_share_the_thread_under_the_post(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        first = await d.channel.post(MESSAGE)
        replies = [await d.channel.reply(first, replace(MESSAGE, key=f"k-{n}")) for n in range(2)]
        assert [await d.channel.find(r.key) for r in replies] == replies
    (thread,) = server.world.children(place.id)
    assert [len(place.messages), len(thread.messages)] == [1, 2]


@pytest.mark.parametrize(
    ("story", "named"),
    [
        pytest.param("Moscow denies the arms deal", "🔴 Moscow denies the arms deal", id="the story's headline"),
        pytest.param("x" * 300, f"🔴 {'x' * 96}…", id="cut to what Discord takes"),
        pytest.param("", "What followed", id="a digest's: its stories share the thread"),
    ],
)
async def test_a_thread_is_called_after_the_story_not_after_its_first_reply(
    server: FakeDiscord, guild: Guild, story: str, named: str
) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        first = await d.channel.post(MESSAGE)
        answer = replace(MESSAGE, key="k-2", headline="Kremlin says more", story=story, severity=Severity.HIGH)
        await d.channel.reply(first, answer)
    (thread,) = server.world.children(place.id)
    assert thread.name == named


async def test_reply_without_the_right_to_make_threads_answers_in_the_channel(server: FakeDiscord) -> None:
    guild = server.world.add_guild("strict", w.DEFAULT_PERMISSIONS & ~w.CREATE_PUBLIC_THREADS)
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        first = await d.channel.post(MESSAGE)
        await d.channel.reply(first, replace(MESSAGE, key="k-2"))
        assert "Create Public Threads" in (await d.channel.check() or "")
    assert place.messages[1]["message_reference"]["message_id"] == place.messages[0]["id"]


async def test_reply_to_a_deleted_post_is_posted(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        first = await d.channel.post(MESSAGE)
        place.messages.clear()
        await d.channel.reply(first, replace(MESSAGE, key="k-2"))
    assert len(place.messages) == 1


async def test_reply_in_a_thread_is_a_reply(server: FakeDiscord, guild: Guild) -> None:
    thread = server.world.add_thread(server.world.add_channel(guild, "desk"), "story")
    async with desk(server, thread) as d:
        first = await d.channel.post(MESSAGE)
        await d.channel.reply(first, replace(MESSAGE, key="k-2"))
    assert thread.messages[1]["message_reference"]["message_id"] == thread.messages[0]["id"]


async def test_edit_opens_an_archived_thread(server: FakeDiscord, guild: Guild) -> None:
    thread = server.world.add_thread(server.world.add_channel(guild, "desk"), "story")
    async with desk(server, thread) as d:
        receipt = await d.channel.post(MESSAGE)
        thread.archived = True
        await d.channel.edit(receipt, replace(MESSAGE, headline="Moscow denies"))
    assert "Moscow denies" in visible_text(thread.messages[0])


async def test_edit_of_a_deleted_post_changes_nothing(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        receipt = await d.channel.post(MESSAGE)
        place.messages.clear()
        assert await d.channel.edit(receipt, MESSAGE) is None
    assert place.messages == []


async def test_edited_post_keeps_the_key_it_was_delivered_by(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        receipt = await d.channel.post(MESSAGE)
        await d.channel.edit(receipt, replace(MESSAGE, key="k-2", headline="Changed"))
        assert await d.channel.find(MESSAGE.key) == receipt
        assert await d.channel.find("k-2") is None


async def test_an_answer_is_found_in_its_thread_and_one_said_aloud_in_the_channel(
    server: FakeDiscord, guild: Guild
) -> None:
    place = server.world.add_channel(guild, "desk")
    role = server.world.add_role(guild, "on duty")
    async with desk(server, place, mentions=Mentions((int(role.id),))) as d:
        first = await d.channel.post(replace(MESSAGE, severity=Severity.LOW))
        assert await d.channel.find("k-2", thread=first) is None
        quiet = await d.channel.reply(first, replace(MESSAGE, key="k-2"))
        loud = await d.channel.reply(first, replace(MESSAGE, key="k-3"), aloud=True)
        assert await d.channel.find("k-2", thread=first) == quiet
        assert await d.channel.find("k-3", thread=first) == loud
        assert await d.channel.find("k-4", thread=first) is None
    (thread,) = server.world.children(place.id)
    assert [m["id"] for m in thread.messages] == [quiet.ref.partition("/")[2]]
    assert place.messages[-1]["message_reference"]["message_id"] == place.messages[0]["id"]
    assert server.messages.pings[place.messages[-1]["id"]] == [f"<@&{role.id}>"]
    assert server.messages.pings[thread.messages[0]["id"]] == []


async def test_direct_messages_are_opened_posted_read_back_and_answered(server: FakeDiscord) -> None:
    anna = server.world.add_user("anna")
    connection = DiscordConnection(Secret(TOKEN), api_url=server.api_url, gateway=False)
    channel = DiscordChannel("dm:discord.default:1", user=int(anna.id), connection=connection)
    await channel.start()
    first = await channel.post(MESSAGE)
    answer = await channel.reply(first, replace(MESSAGE, key="k-2"))
    assert await channel.find("k-2", thread=first) == answer
    assert await channel.edit(first, replace(MESSAGE, headline="Changed")) == first
    assert await channel.find(MESSAGE.key) == first
    place = server.world.direct(anna)
    place.closed = True
    with pytest.raises(PermanentDeliveryError, match="takes no direct messages"):
        await channel.post(replace(MESSAGE, key="k-3"))
    await channel.stop()
    assert [m["message_reference"]["message_id"] for m in place.messages[1:]] == [place.messages[0]["id"]]
    assert first.url == f"https://discord.com/channels/@me/{first.ref}"


async def test_an_answer_in_a_forum_stands_under_its_post(server: FakeDiscord, guild: Guild) -> None:
    forum = server.world.add_channel(guild, "stories", w.FORUM)
    async with desk(server, forum) as d:
        first = await d.channel.post(MESSAGE)
        answer = await d.channel.reply(first, replace(MESSAGE, key="k-2"), aloud=True)
        assert await d.channel.find("k-2", thread=first) == answer
        assert await d.channel.edit(first, replace(MESSAGE, headline="Changed")) == first
        (thread,) = server.world.children(forum.id)
        assert len(thread.messages) == 2
        server.world.channels.pop(thread.id)
        assert await d.channel.edit(first, MESSAGE) is None
        await d.channel.reply(first, replace(MESSAGE, key="k-3"))
    (again,) = server.world.children(forum.id)
    assert len(again.messages) == 1


# -- pings ----------------------------------------------------------------------------------------------------------


async def test_only_the_configured_role_is_pinged_and_only_from_its_severity(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    on_duty, other = server.world.add_role(guild, "on duty"), server.world.add_role(guild, "other")
    hostile = f"@everyone <@&{other.id}> <@{server.world.bot.id}> <@&{on_duty.id}>"
    message = replace(MESSAGE, headline=hostile, fallback=hostile)
    async with desk(server, place, mentions=Mentions((int(on_duty.id),))) as d:
        await d.channel.post(message)
        await d.channel.post(replace(message, key="k-2", severity=Severity.MEDIUM))
        await d.channel.edit(await d.channel.post(replace(MESSAGE, key="k-3", severity=Severity.LOW)), message)
    heard = [server.messages.pings[m["id"]] for m in place.messages]
    assert heard == [[f"<@&{on_duty.id}>"], [], []]


# -- what Discord refuses for its looks -----------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["url", "thumbnail", "image"])
async def test_refused_address_is_left_out(server: FakeDiscord, guild: Guild, where: str) -> None:
    place = server.world.add_channel(guild, "desk")
    inner = {"url": {"_errors": [{"code": "URL_TYPE_INVALID_URL", "message": "Not a well formed URL."}]}}
    errors = {"embeds": {"0": inner if where == "url" else {where: inner}}}
    server.fail("POST .*/messages$", status=400, code=50035, message="Invalid Form Body", errors=errors, times=1)
    async with desk(server, place) as d:
        await d.channel.post(replace(MESSAGE, image="https://news.example/p.jpg"))
    (message,) = place.messages
    (embed,) = message["embeds"]
    assert embed["title"]
    assert not {"url", "thumbnail"} & embed.keys()


@pytest.mark.parametrize("send", ["post", "digest", "notice"])
async def test_refused_form_arrives_as_plain_text_and_is_found(server: FakeDiscord, guild: Guild, send: str) -> None:
    place = server.world.add_channel(guild, "desk")
    errors = {"embeds": {"0": {"color": {"_errors": [{"code": "X", "message": "Not today."}]}}}}
    server.fail("POST .*/messages$", status=400, code=50035, message="Invalid Form Body", errors=errors, times=1)
    async with desk(server, place) as d:
        if send == "post":
            receipt = await d.channel.post(MESSAGE)
        elif send == "digest":
            receipt = await d.channel.post_digest(digest(0))
        else:
            receipt = await d.channel.post_notice(NOTICE)
        assert await d.channel.find(receipt.key) == receipt
    (message,) = place.messages
    assert not message["embeds"]
    if send == "post":
        assert MESSAGE.headline in visible_text(message)
        assert links(message) == [MESSAGE.url]


# -- exactly once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [w.TEXT, w.FORUM])
async def test_lost_answer_is_looked_up_instead_of_posted_twice(server: FakeDiscord, guild: Guild, kind: int) -> None:
    place = server.world.add_channel(guild, "desk", kind)
    server.messages._nonce_memory_s = 0.0  # as if the outage outlasted Discord's memory of nonces
    server.fail("^POST ", mode="lose", times=1)
    async with desk(server, place) as d:
        with pytest.raises(TransientDeliveryError):
            await d.channel.post(MESSAGE)
        receipt = await d.channel.post(MESSAGE)
        assert await d.channel.find(MESSAGE.key) == receipt
    assert sum(len(c.messages) for c in server.world.channels.values()) == 1


async def test_lost_answer_to_a_reply_is_looked_up(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    server.messages._nonce_memory_s = 0.0
    async with desk(server, place) as d:
        first = await d.channel.post(MESSAGE)
        answer = replace(MESSAGE, key="k-2")
        server.fail("POST .*/messages$", mode="lose", times=1)
        with pytest.raises(TransientDeliveryError):
            await d.channel.reply(first, answer)
        receipt = await d.channel.reply(first, answer)
    (thread,) = server.world.children(place.id)
    assert [m["id"] for m in thread.messages] == [receipt.ref.partition("/")[2]]


async def test_nonce_guards_a_retry_by_another_process(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    for _ in range(2):
        async with desk(server, place) as d:
            receipt = await d.channel.post(MESSAGE)
    assert len(place.messages) == 1
    assert receipt.ref == f"{place.id}/{place.messages[0]['id']}"


async def test_find_reads_far_back_and_stops(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    person = server.world.add_user("anna")
    async with desk(server, place) as d:
        receipt = await d.channel.post(MESSAGE)
        for n in range(450):
            server.messages.store(place, person, {"content": f"chat {n}"}, [])
        assert await d.channel.find(MESSAGE.key) == receipt
        for n in range(100):
            server.messages.store(place, person, {"content": f"more {n}"}, [])
        assert await d.channel.find(MESSAGE.key) is None


async def test_copy_of_the_button_by_someone_else_is_not_found(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        await d.channel.post(MESSAGE)
        place.messages[0]["author"] = server.world.add_user("anna").json()
        assert await d.channel.find(MESSAGE.key) is None


# -- rate limits ----------------------------------------------------------------------------------------------------


async def test_burst_is_paced_without_a_single_429(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        for n in range(23):
            await d.channel.post(replace(MESSAGE, key=f"k-{n}"))
    assert len(place.messages) == 23
    assert server.limiter.refusals == []


@pytest.mark.parametrize("via", [True, False], ids=["discord", "cloudflare"])
async def test_wait_is_handed_to_the_outbox_at_once(server: FakeDiscord, guild: Guild, via: bool) -> None:
    place = server.world.add_channel(guild, "desk")
    server.fail("^POST ", status=429, retry_after=1800, via=via)
    async with desk(server, place) as d:
        with pytest.raises(TransientDeliveryError) as caught:
            await d.channel.post(MESSAGE)
        assert caught.value.retry_after_s == pytest.approx(1800, abs=1)
    assert len(posted(server)) == 1


async def test_one_full_bucket_leaves_other_channels_alone(server: FakeDiscord, guild: Guild) -> None:
    full, other = (server.world.add_channel(guild, name) for name in ("full", "other"))
    server.fail(f"POST /channels/{full.id}/", status=429, retry_after=1800)
    async with desk(server, full) as d:
        neighbour = DiscordChannel("other", channel=other.id, connection=d.connection)
        with pytest.raises(TransientDeliveryError):
            await d.channel.post(MESSAGE)
        await neighbour.post(MESSAGE)
    assert len(other.messages) == 1


async def test_global_limit_holds_everything_back_without_asking_again(server: FakeDiscord, guild: Guild) -> None:
    place, other = (server.world.add_channel(guild, name) for name in ("a", "b"))
    async with desk(server, place) as d:
        neighbour = DiscordChannel("other", channel=other.id, connection=d.connection)
        await neighbour.post(MESSAGE)
        server.fail(f"POST /channels/{place.id}/", status=429, retry_after=600, scope="global")
        before = len(server.requests)
        for channel in (d.channel, neighbour):
            with pytest.raises(TransientDeliveryError) as caught:
                await channel.post(replace(MESSAGE, key="k-2"))
            assert caught.value.retry_after_s == pytest.approx(600, abs=5)
        assert [r[:2] for r in server.requests[before:] if r[0] == "POST"] == [
            ("POST", f"/channels/{place.id}/messages")
        ]


# -- the connection -------------------------------------------------------------------------------------------------


async def test_reset_token_is_told_once_and_mended_by_the_old_one_coming_back(
    server: FakeDiscord, guild: Guild
) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place, gateway=True) as d:
        await server.gateway.wait_for(identifies=1)
        await server.reset_token("another")
        await until(lambda: bool(d.told))
        for n in range(3):
            with pytest.raises(PermanentDeliveryError, match=r"token is not valid.*Developer Portal"):
                await d.channel.post(replace(MESSAGE, key=f"k-{n}"))
        assert len(d.told) == 1
        assert "DISCORD_TOKEN" in d.told[0]
        server.world.token = TOKEN
        await d.channel.post(MESSAGE)
        await server.gateway.wait_for(identifies=2)
    assert len(place.messages) == 1


async def test_wrong_token_is_told_at_start(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    server.world.token = "another"
    async with desk(server, place, gateway=True) as d:
        assert len(d.told) == 1
        with pytest.raises(PermanentDeliveryError):
            await d.channel.post(MESSAGE)


@pytest.mark.parametrize("event", ["cut", "reconnect request", "resumable", "closed by 4000"])
async def test_interrupted_gateway_resumes_and_clicks_arrive(server: FakeDiscord, guild: Guild, event: str) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place, gateway=True) as d:
        await d.channel.post(MESSAGE)
        await server.gateway.wait_for(identifies=1)
        match event:
            case "cut":
                await server.gateway.drop()
            case "reconnect request":
                await server.gateway.ask_reconnect()
            case "resumable":
                await server.gateway.invalidate(resumable=True)
            case _:
                await server.gateway.drop(4000)
        await server.gateway.wait_for(resumes=1)
        assert "arms deal" in await click_why(server, place)
        assert server.gateway.identifies == 1
        assert not d.told


async def test_invalid_session_begins_a_new_one(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place, gateway=True) as d:
        await d.channel.post(MESSAGE)
        await server.gateway.wait_for(identifies=1)
        await server.gateway.invalidate()
        await server.gateway.wait_for(identifies=2)
        assert "arms deal" in await click_why(server, place)
        assert not d.told


async def test_outage_at_start_is_survived(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    await server.begin_outage()
    async with desk(server, place, gateway=True) as d:
        with pytest.raises(TransientDeliveryError):
            await d.channel.post(MESSAGE)
        server.heal()
        await server.gateway.wait_for(identifies=1)
        await d.channel.post(MESSAGE)
        assert not d.told
    assert len(place.messages) == 1


async def test_two_channels_share_one_connection_and_the_last_one_closes_it(server: FakeDiscord, guild: Guild) -> None:
    places = [server.world.add_channel(guild, name) for name in ("a", "b")]
    line = connect(server)
    channels = [DiscordChannel(p.name, channel=p.id, connection=line) for p in places]
    for channel in channels:
        await channel.start()
    await server.gateway.wait_for(identifies=1)
    await channels[0].stop()
    await channels[1].post(MESSAGE)
    await channels[1].stop()
    assert server.gateway.identifies == 1
    assert TOKEN not in repr(line)


# -- the button -----------------------------------------------------------------------------------------------------


async def click_why(server: FakeDiscord, place: Channel) -> str:
    message = place.messages[-1]
    button = message["components"][0]["components"][0]["custom_id"]
    interaction = await server.interactions.click(message["id"], button, server.world.add_user("anna"))
    await interaction.answered.wait()
    assert interaction.ephemeral
    assert interaction.original is not None
    return visible_text(interaction.original)


async def test_why_tells_rule_id_and_words_to_the_clicker_only(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place, gateway=True) as d:
        await d.channel.post(MESSAGE)
        await server.gateway.wait_for(identifies=1)
        text = await click_why(server, place)
    assert "(rule arms-deal)" in text
    assert "North Korea" in text
    assert len(place.messages) == 1


async def test_two_servers_are_served_over_one_connection_posts_and_clicks(server: FakeDiscord, guild: Guild) -> None:
    places = [server.world.add_channel(g, "desk") for g in (guild, server.world.add_guild("Newsroom"))]
    line = connect(server)
    channels = [DiscordChannel(f"desk-{n}", channel=p.id, connection=line) for n, p in enumerate(places)]
    for channel in channels:
        await channel.start()
    await server.gateway.wait_for(identifies=1)
    for number, (channel, place) in enumerate(zip(channels, places, strict=True)):
        await channel.post(replace(MESSAGE, key=f"k-{number}"))
        assert "(rule arms-deal)" in await click_why(server, place)
        assert await channel.check() is None
    for channel in channels:
        await channel.stop()
    assert [len(place.messages) for place in places] == [1, 1]
    assert server.gateway.identifies == 1


async def test_why_works_on_old_posts_after_a_restart(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    async with desk(server, place) as d:
        await d.channel.post(MESSAGE)
    async with desk(server, place, gateway=True):
        await server.gateway.wait_for(identifies=1)
        text = await click_why(server, place)
    assert MESSAGE.rules[0].title in text
    assert f"wirewatch why {MESSAGE.url}" in text


async def test_why_asks_the_store_when_it_may(server: FakeDiscord, guild: Guild) -> None:
    place = server.world.add_channel(guild, "desk")
    asked: list[str] = []

    async def recall(key: str) -> Message | Digest | None:
        asked.append(key)
        return digest(3)

    async with desk(server, place) as d:
        await d.channel.post_digest(digest(3))
    async with desk(server, place, gateway=True, connection={"recall": recall}):
        await server.gateway.wait_for(identifies=1)
        text = await click_why(server, place)
    assert asked == ["k-digest-1"]
    assert f"3 × {digest(1).lines[0].rules[0]}" in text


# -- doctor ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lacking", "name"),
    [
        (w.VIEW_CHANNEL, "View Channel"),
        (w.SEND_MESSAGES, "Send Messages"),
        (w.EMBED_LINKS, "Embed Links"),
        (w.READ_MESSAGE_HISTORY, "Read Message History"),
        (w.ATTACH_FILES, "Attach Files"),
        (w.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    ],
)
async def test_doctor_names_the_missing_permission(server: FakeDiscord, lacking: int, name: str) -> None:
    place = server.world.add_channel(server.world.add_guild("x", w.DEFAULT_PERMISSIONS & ~lacking), "desk")
    async with desk(server, place) as d:
        findings = await examine(d.connection, (d.channel,))
    (bad,) = [f for f in findings if not f.fine]
    assert bad.subject == "intel"
    assert name in bad.text
    assert not place.messages


async def test_doctor_is_content_and_the_invite_asks_for_exactly_what_is_used(server: FakeDiscord) -> None:
    guild = server.world.add_guild("exact", INVITE_PERMISSIONS)
    places = [server.world.add_channel(guild, k, t) for k, t in (("a", w.TEXT), ("b", w.ANNOUNCEMENT), ("c", w.FORUM))]
    async with desk(server, places[0]) as d:
        channels = tuple(DiscordChannel(p.name, channel=p.id, connection=d.connection) for p in places)
        assert all(f.fine for f in await examine(d.connection, channels))
        for channel in channels:
            first = await channel.post(replace(MESSAGE, key=f"k-{channel.name}"))
            await channel.reply(first, replace(MESSAGE, key=f"k-r-{channel.name}"))
            await channel.edit(first, MESSAGE)
            assert await channel.find(f"k-r-{channel.name}")
    assert f"permissions={INVITE_PERMISSIONS}&" in (Path(__file__).parents[2] / "docs/discord.md").read_text()


async def test_doctor_finds_a_wrong_token_and_a_stray_endpoint(server: FakeDiscord, guild: Guild) -> None:
    server.world.interactions_endpoint = "https://elsewhere.example/"
    async with desk(server, server.world.add_channel(guild, "desk")) as d:
        (bad,) = [f for f in await examine(d.connection) if not f.fine]
        assert "Interactions Endpoint URL" in bad.text
    server.world.token = "another"
    async with desk(server, server.world.add_channel(guild, "desk")) as d:
        (bad,) = await examine(d.connection)
        assert "token is not valid" in bad.text


# -- webhook --------------------------------------------------------------------------------------------------------


class WebhookHarness(DiscordHarness):
    def __init__(self, server: FakeDiscord) -> None:
        super().__init__(server)
        self.url = server.webhook_url(self.place)
        self.secrets = (self.url.rpartition("/")[2],)

    def make(self, timeout_s: float = PATIENCE_S) -> DiscordWebhook:  # type: ignore[override]
        return DiscordWebhook("intel", url=Secret(self.url), timeout_s=timeout_s)


class TestWebhookContract(ChannelContract):
    @pytest.fixture
    async def harness(self, server: FakeDiscord) -> Harness:
        return WebhookHarness(server)


async def test_webhook_of_a_forum_makes_threads_and_edits_them(server: FakeDiscord, guild: Guild) -> None:
    forum = server.world.add_channel(guild, "stories", w.FORUM)
    hook = DiscordWebhook("hook", url=Secret(server.webhook_url(forum)), forum=True)
    await hook.start()
    receipt = await hook.post(MESSAGE)
    await hook.edit(receipt, replace(MESSAGE, headline="Moscow denies"))
    assert await hook.check() is None
    server.world.webhooks.clear()
    assert "webhook was deleted" in (await hook.check() or "")
    await hook.stop()
    (thread,) = server.world.children(forum.id)
    assert "Moscow denies" in visible_text(thread.messages[0])


@pytest.mark.parametrize("url", ["https://discord.com/api/webhooks/1", "https://example.org/hook/secret", "x"])
def test_address_that_is_no_webhook_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="no Discord webhook"):
        DiscordWebhook("hook", url=Secret(url))


# -- imports --------------------------------------------------------------------------------------------------------


def test_discord_is_not_imported_before_a_connection_is_opened() -> None:
    code = (
        "import sys, bot.channels.discord as d, bot.channels.discord_webhook, bot.channels.discord_doctor\n"
        "from bot.secret import Secret\n"
        "d.DiscordChannel('x', channel=1, connection=d.DiscordConnection(Secret('t')))\n"
        "assert 'discord' not in sys.modules and 'aiohttp' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
