"""WebSub as it is on the open web: publisher, hub and callbacks over https, with an authority that everybody is told.

An HTTPS proxy stands before the bot's listener, as the documentation asks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.cli.sources import show_source
from bot.websub.subscription import State
from tests.bot_process import Room, free_port, until
from tests.fakes.authority import Authority, HttpsProxy
from tests.fakes.feeds import Answer, FeedServer
from tests.fakes.hub import Hub
from tests.fakes.webhook import WebhookReceiver
from tests.test_websub import LEASE, World


@dataclass(frozen=True)
class Secure:
    """A world behind TLS, and the proxy before the bot."""

    world: World
    proxy: HttpsProxy


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@asynccontextmanager
async def secured(folder: Path, authority: Authority) -> AsyncIterator[Secure]:
    async with (
        FeedServer(tls=authority.server()) as news,
        Hub(authority=authority) as hub,
    ):
        world = World(folder, news, hub)
        async with HttpsProxy(authority.server(), world.port) as proxy:
            world.configure(f"websub: {{public_url: 'https://localhost:{proxy.port}'}}\nca_file: '{authority.pem}'\n")
            yield Secure(world, proxy)
        assert hub.violations == []


async def test_a_subscription_is_asked_confirmed_used_and_renewed_over_https_alone(
    tmp_path: Path, authority: Authority
) -> None:
    async with secured(tmp_path, authority) as secure:
        world, hub = secure.world, secure.world.hub
        async with world.bot() as app:
            first = await world.subscribed(app)
            (asked,) = hub.asked
            for address in (asked.callback, asked.topic, world.topic, first.hub):
                assert address.startswith("https://")
            assert asked.callback == f"https://localhost:{secure.proxy.port}/websub/{first.token}"
            assert asked.secret == first.secret != ""
            assert asked.lease_s == LEASE.total_seconds()
            assert await hub.publish(world.topic, world.feed("Flood warning in the valley")) == [202]
            assert await hub.send(first.callback, world.feed("Flood warning of a forger"), "sha256=00") == 202
            assert await world.headlines(app) == ["Flood warning in the valley"]
            await world.later(app, first.due - world.now)  # a successor is made
            await world.later(app, timedelta(seconds=2))  # asked for, confirmed
            await world.later(app, timedelta(seconds=2))  # and the old one ended
            (second,) = app.websub.subscriptions.of("river")
            assert second.state is State.LIVE
            assert second.secret not in ("", first.secret)
            assert [one.mode for one in hub.asked] == ["subscribe", "subscribe", "unsubscribe"]
            taken = secure.proxy.taken
        async with world.bot() as app:  # after a restart the same lease, the same secret
            assert await hub.publish(world.topic, world.feed("Flood warning after the restart")) == [202]
            assert (await world.headlines(app))[1:] == ["Flood warning after the restart"]
        assert secure.proxy.taken > taken >= 1


async def test_a_hub_whose_certificate_is_not_trusted_gets_no_secret_and_the_line_says_why(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The feed itself is public; its hub shows a certificate of nobody that we know."""
    async with FeedServer() as news, Hub(authority=authority) as hub:
        world = World(tmp_path, news, hub)
        async with world.bot() as app:
            await world.later(app, timedelta(0))
            (one,) = app.websub.subscriptions.of("river")
            assert one.state is State.WANTED
        assert hub.asked == []
    monkeypatch.chdir(tmp_path)
    assert show_source(Path("wirewatch.yaml"), "river") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("push")]
    assert "not subscribed at a hub: the certificate of https://127.0.0.1" in line
    assert "name that under ca_file" in line


async def test_the_running_bot_alerts_what_a_hub_sends_over_https(tmp_path: Path, authority: Authority) -> None:
    port = free_port()
    async with (
        FeedServer(tls=authority.server()) as news,
        Hub(authority=authority) as hub,
        WebhookReceiver() as receiver,
        HttpsProxy(authority.server(), port) as proxy,
    ):
        topic = news.url("/feed")
        links = {"Link": f'<{hub.url()}>; rel="hub", <{topic}>; rel="self"'}
        news.answers["/feed"] = Answer(feed("A quiet day"), headers=links)
        extra = (
            f"ca_file: '{authority.pem}'\nhttp: {{listen: '127.0.0.1:{port}'}}\n"
            f"websub: {{public_url: 'https://localhost:{proxy.port}'}}\n"
        )
        room = Room(tmp_path, f"  hook: {{kind: webhook, url: '{receiver.url}'}}\n", extra=extra)
        room.sources(topic)
        assert (await room.run("run", "--once"))[0] == 0  # the feed is read, and names its hub
        process = await room.start("run", WIREWATCH_LOG_LEVEL="error")
        reading = asyncio.create_task(process.communicate())
        try:
            await until(lambda: hub.live)
            assert await hub.publish(topic, feed("Flood warning in the valley")) == [202]
            await until(lambda: any("alert" in one.payload for one in receiver.accepted))
            _, examined, _ = await room.run("doctor")
        finally:
            process.terminate()
            await reading
        status, out, _ = await room.run("sources", "show", "source-0")
        _, afterwards, _ = await room.run("doctor")
    assert [one.payload["alert"]["headline"] for one in receiver.accepted] == ["Flood warning in the valley"]
    assert f"ok    websub: https://localhost:{proxy.port} leads to the bot" in examined.splitlines()
    (told,) = [line for line in afterwards.splitlines() if "websub" in line]  # the bot is gone, the proxy is not
    assert told.startswith(f"warn  websub: https://localhost:{proxy.port}/websub/doctor does not answer (")
    assert told.endswith(
        f"; let your HTTPS proxy pass /websub/ on to 127.0.0.1:{port}, and ask again while the bot runs"
    )
    assert status == 0
    (line,) = [line for line in out.splitlines() if line.startswith("push")]
    assert "127.0.0.1 tells of news (WebSub): 1 message, last" in line
    assert hub.violations == []


def feed(title: str) -> bytes:
    """A feed of one item, published now."""
    at = format_datetime(datetime.now(UTC))
    item = f"<item><title>{title}</title><link>https://river.example/{len(title)}</link><pubDate>{at}</pubDate></item>"
    return f"<rss version='2.0'><channel><title>River Post</title>{item}</channel></rss>".encode()
