"""Fetching, against a local server that behaves and misbehaves."""

from __future__ import annotations

import asyncio
import errno
import gzip
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import zstandard
from aiohttp import web

from bot import __version__
from bot.errors import FetchError, FetchReason, HostRestsError
from bot.model import Fetched, HttpState, NotModified, Source
from bot.sources.base import Request
from bot.web.exchange import Limits
from bot.web.fetch import Fetcher, _kept_address
from bot.web.hosts import Hosts
from tests.fakes.authority import Authority
from tests.fakes.feeds import Answer, FeedServer, broken_off, endless, rss

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SMALL = Limits(connect_s=5, read_s=5, total_s=20, wire_bytes=50_000, body_bytes=200_000)
NONE = HttpState()


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer({"/feed": Answer(rss(3))}) as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(contact="desk@example.org", allow_private=True, limits=SMALL) as ready:
        yield ready


async def got(fetcher: Fetcher, url: str, state: HttpState = NONE) -> Fetched:
    answer = await fetcher.fetch(Source("s", url), state, NOW)
    assert isinstance(answer, Fetched)
    return answer


async def failed(fetcher: Fetcher, url: str, state: HttpState = NONE) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(Source("s", url), state, NOW)
    assert caught.value.source_id == "s"
    return caught.value


# -- manners --------------------------------------------------------------------------------------------------------


async def test_a_feed_is_fetched_with_an_honest_name(server: FeedServer, fetcher: Fetcher) -> None:
    answer = await got(fetcher, server.url("/feed"))
    assert (answer.status, answer.content, answer.fetched_at) == (200, rss(3), NOW)
    assert answer.url == server.url("/feed")
    sent = server.seen[0].headers
    assert sent["User-Agent"] == f"Wirewatch/{__version__} (+desk@example.org)"
    assert sent["Accept-Encoding"] == "gzip, deflate, br, zstd"
    assert "Cookie" not in sent
    assert "If-None-Match" not in sent


async def test_a_request_is_sent_with_these_headers_and_no_body(server: FeedServer, fetcher: Fetcher) -> None:
    url = server.url("/feed").replace("http://", "http://joe:pw@")
    await fetcher.fetch(Source("s", url), HttpState('"e"', "old"), NOW, request=Request(url, {"X-Key": "k"}))
    names = [name.decode() for name, _ in server.seen[0].raw_headers]
    assert " ".join(names) == (
        "host user-agent accept accept-encoding if-none-match if-modified-since authorization x-key"
    )
    assert server.seen[0].headers["Host"] == server.url("").removeprefix("http://").rstrip("/")


async def test_a_host_header_of_a_source_takes_the_place_of_ours(server: FeedServer, fetcher: Fetcher) -> None:
    url = server.url("/feed")
    await fetcher.fetch(Source("s", url), HttpState(), NOW, request=Request(url, {"host": "inner.example"}))
    assert server.seen[0].headers.getall("Host") == ["inner.example"]


async def test_of_addresses_only_those_of_sources_are_kept(server: FeedServer, fetcher: Fetcher) -> None:
    before = _kept_address.cache_info().currsize
    url = server.url("/feed")
    for n in range(3):
        await fetcher.fetch(Source("s", url), HttpState(), NOW, request=Request(f"{url}?page={n}"))
    assert _kept_address.cache_info().currsize == before
    await got(fetcher, f"{url}?kept")
    await got(fetcher, f"{url}?kept")
    assert _kept_address.cache_info().currsize == before + 1


@pytest.mark.parametrize(
    "etag", ['"abc"', 'W/"a b;c"', "unquoted", '"ünïcode"', '"tab\tinside"', '"%22"', '"' + "x" * 500 + '"']
)
async def test_validators_go_back_byte_for_byte(server: FeedServer, fetcher: Fetcher, etag: str) -> None:
    modified = "Mon,  02 Mar 2026 10:00:00 +0000"  # not as HTTP wants it, and all the same not ours to mend
    server.answers["/feed"] = Answer(rss(1), etag=etag, modified=modified)
    first = await got(fetcher, server.url("/feed"))
    assert first.state == HttpState(etag, modified)
    await fetcher.fetch(Source("s", server.url("/feed")), first.state, NOW)
    raw = {name.lower(): value for name, value in server.seen[1].raw_headers}
    assert raw[b"if-none-match"] == etag.encode()
    assert raw[b"if-modified-since"] == modified.encode()


async def test_a_304_is_a_success_that_renews_the_state(server: FeedServer, fetcher: Fetcher) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=304, headers={"Last-Modified": "new", "Cache-Control": "max-age=60"})

    server.answers["/feed"] = handler
    answer = await fetcher.fetch(Source("s", server.url("/feed")), HttpState('"e"', "old"), NOW)
    assert isinstance(answer, NotModified)
    assert answer.state == HttpState('"e"', "new")
    assert answer.headers["cache-control"] == "max-age=60"


async def test_a_304_to_an_unconditional_request_is_an_error(server: FeedServer, fetcher: Fetcher) -> None:
    server.answers["/feed"] = Answer(status=304)
    assert (await failed(fetcher, server.url("/feed"))).reason is FetchReason.PROTOCOL


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
async def test_encoded_bodies_arrive_decoded(server: FeedServer, fetcher: Fetcher, coding: str, encode) -> None:  # type: ignore[no-untyped-def]
    server.answers["/feed"] = Answer(encode(rss(3)), headers={"Content-Encoding": coding})
    assert (await got(fetcher, server.url("/feed"))).content == rss(3)


async def test_a_host_gets_few_requests_at_a_time(server: FeedServer) -> None:
    together = asyncio.Barrier(2)

    async def handler(request: web.Request) -> web.StreamResponse:
        await together.wait()  # opens only if two requests are in the server at once
        return web.Response(body=rss(1))

    server.answers["/feed"] = handler
    async with Fetcher(allow_private=True, hosts=Hosts(2)) as fetcher:
        await asyncio.gather(*(got(fetcher, server.url("/feed")) for _ in range(8)))
    assert server.most_busy == 2


async def test_credentials_in_the_url_are_sent_as_basic_auth_and_never_shown(
    server: FeedServer, fetcher: Fetcher
) -> None:
    url = server.url("/feed?api_key=hunter22").replace("http://", "http://joe:s3cr3tword@")
    answer = await got(fetcher, url)
    assert server.seen[0].headers["Authorization"] == "Basic am9lOnMzY3IzdHdvcmQ="
    assert "s3cr3tword" not in answer.url
    server.answers["/feed"] = Answer(status=500)
    error = await failed(fetcher, url)
    assert "s3cr3tword" not in str(error)
    assert "hunter22" not in str(error)


async def test_extra_headers_and_credentials_stay_with_their_origin(server: FeedServer, fetcher: Fetcher) -> None:
    async with FeedServer({"/feed": Answer(rss(1))}) as other:
        server.answers["/here"] = Answer(status=302, headers={"Location": "/there"})
        server.answers["/there"] = Answer(status=302, headers={"Location": other.url("/feed")})
        url = server.url("/here").replace("http://", "http://joe:pw@")
        await fetcher.fetch(Source("s", url), HttpState(), NOW, request=Request(url, {"X-Api-Key": "k"}))
        assert [s.headers.get("X-Api-Key") for s in server.seen] == ["k", "k"]
        assert all("Authorization" in s.headers for s in server.seen)
        assert "X-Api-Key" not in other.seen[0].headers
        assert "Authorization" not in other.seen[0].headers


async def test_proxies_of_the_environment_are_not_used(
    server: FeedServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert (await got(fetcher, server.url("/feed"))).status == 200


# -- redirects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [
        ((301,), "/1"),
        ((308, 301), "/2"),
        ((301, 302), "/1"),
        ((302,), None),
        ((302, 301), None),
        ((303,), None),
        ((307, 308), None),
    ],
)
async def test_only_a_chain_that_begins_permanent_moves_a_source(
    server: FeedServer, fetcher: Fetcher, statuses: tuple[int, ...], moved_to: str | None
) -> None:
    for n, status in enumerate(statuses):
        server.answers[f"/{n}"] = Answer(status=status, headers={"Location": f"/{n + 1}"})
    server.answers[f"/{len(statuses)}"] = Answer(rss(1))
    answer = await got(fetcher, server.url("/0"))
    assert answer.url == server.url(f"/{len(statuses)}")
    assert answer.moved_to == (server.url(moved_to) if moved_to else None)


async def test_a_redirect_loop_ends(server: FeedServer, fetcher: Fetcher) -> None:
    server.answers["/a"] = Answer(status=302, headers={"Location": "/b"})
    server.answers["/b"] = Answer(status=302, headers={"Location": "/a"})
    error = await failed(fetcher, server.url("/a"))
    assert error.reason is FetchReason.REDIRECTS
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://example.org/x", "javascript:alert(1)", "", "http://xn--/", "http://[::1", "gopher:x"],
)
async def test_a_redirect_to_what_is_no_web_address_is_not_followed(
    server: FeedServer, fetcher: Fetcher, location: str
) -> None:
    server.answers["/a"] = Answer(status=301, headers={"Location": location})
    assert (await failed(fetcher, server.url("/a"))).reason is FetchReason.REDIRECTS
    assert len(server.seen) == 1


# -- the address guard ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",  # a name that resolves inside
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "0.0.0.0",
        "169.254.169.254",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
    ],
)
async def test_no_spelling_of_an_inside_host_is_reached(server: FeedServer, host: str) -> None:
    async with Fetcher(limits=SMALL) as fetcher:
        error = await failed(fetcher, server.url("/feed", host=host))
    assert error.reason in (FetchReason.ADDRESS, FetchReason.INVALID_URL, FetchReason.DNS)
    assert server.seen == []
    if host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254"):
        assert error.reason is FetchReason.ADDRESS
        assert "allow_private" in str(error)


@pytest.mark.parametrize("inside", ["http://127.0.0.1:{port}/feed", "http://169.254.169.254/latest/meta-data/"])
async def test_a_lifted_host_cannot_redirect_to_others_inside(server: FeedServer, inside: str) -> None:
    server.answers["/out"] = Answer(status=302, headers={"Location": inside.format(port=server.port)})
    async with Fetcher(allow_private=frozenset({"LocalHost"}), limits=SMALL) as fetcher:
        assert (await got(fetcher, server.url("/feed", host="localhost"))).status == 200
        error = await failed(fetcher, server.url("/out", host="localhost"))
    assert error.reason is FetchReason.ADDRESS
    assert [s.path for s in server.seen] == ["/feed", "/out"]


async def test_a_connection_made_for_a_lifted_host_is_not_reused_for_another(server: FeedServer) -> None:
    async with Fetcher(allow_private=frozenset({"localhost"}), limits=SMALL) as fetcher:
        await got(fetcher, server.url("/feed", host="localhost"))
        assert (await failed(fetcher, server.url("/feed"))).reason is FetchReason.ADDRESS


# -- answers that are errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "reason", "wait"),
    [
        (429, {"Retry-After": "120"}, FetchReason.RATE_LIMITED, 120.0),
        (429, {"Retry-After": "Mon, 02 Mar 2026 12:05:00 GMT"}, FetchReason.RATE_LIMITED, 300.0),
        (429, {"Retry-After": "Mon, 02 Mar 2026 11:00:00 GMT"}, FetchReason.RATE_LIMITED, 0.0),
        (429, {"Retry-After": "9" * 30}, FetchReason.RATE_LIMITED, 30 * 86400.0),
        (429, {"Retry-After": "soon"}, FetchReason.RATE_LIMITED, None),
        (429, {}, FetchReason.RATE_LIMITED, None),
        (503, {"Retry-After": "5"}, FetchReason.RATE_LIMITED, 5.0),
        (503, {"Retry-After": "Mon, 02 Mar 2026 12:05:00 GMT"}, FetchReason.RATE_LIMITED, 300.0),
        (503, {}, FetchReason.STATUS, None),
        (503, {"cf-mitigated": "challenge"}, FetchReason.BLOCKED, None),
        (200, {"cf-mitigated": "challenge"}, FetchReason.BLOCKED, None),
        (202, {"x-amzn-waf-action": "challenge"}, FetchReason.BLOCKED, None),
        (410, {}, FetchReason.GONE, None),
        (401, {}, FetchReason.BLOCKED, None),
        (403, {}, FetchReason.BLOCKED, None),
        (451, {}, FetchReason.BLOCKED, None),
        (404, {}, FetchReason.STATUS, None),
        (500, {}, FetchReason.STATUS, None),
        (418, {}, FetchReason.STATUS, None),
        (599, {}, FetchReason.STATUS, None),
        (300, {}, FetchReason.STATUS, None),
    ],
)
async def test_each_status_has_its_reason(
    server: FeedServer, fetcher: Fetcher, status: int, headers: dict[str, str], reason: FetchReason, wait: float | None
) -> None:
    server.answers["/feed"] = Answer(b"sorry", status=status, headers=headers)
    error = await failed(fetcher, server.url("/feed"))
    assert (error.reason, error.status, error.retry_after_s) == (reason, status, wait)


async def test_a_missing_feed_is_told_in_a_sentence(server: FeedServer, fetcher: Fetcher) -> None:
    error = await failed(fetcher, server.url("/none"))
    assert str(error) == f"source s: {server.url('/none')} does not exist (404 Not Found); check the address"


# -- hostile and broken servers -------------------------------------------------------------------------------------


async def test_a_body_over_the_cap_is_refused_by_its_announced_size(server: FeedServer) -> None:
    server.answers["/feed"] = Answer(b"x" * 20_000_000)
    async with Fetcher(allow_private=True) as fetcher:
        error = await failed(fetcher, server.url("/feed"))
    assert error.reason is FetchReason.TOO_LARGE
    assert "announced more than 8 MiB" in str(error)


async def test_an_endless_body_ends_at_the_cap(server: FeedServer, fetcher: Fetcher) -> None:
    server.answers["/feed"] = endless(b"<item/>" * 1000)
    assert (await failed(fetcher, server.url("/feed"))).reason is FetchReason.TOO_LARGE


async def test_a_bomb_ends_at_the_cap(server: FeedServer, fetcher: Fetcher) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    assert len(bomb) < SMALL.wire_bytes
    server.answers["/feed"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    assert (await failed(fetcher, server.url("/feed"))).reason is FetchReason.TOO_LARGE


async def test_a_dripping_server_ends_at_the_deadline(server: FeedServer) -> None:
    server.answers["/feed"] = endless(b"<", pause_s=0.02)
    async with Fetcher(allow_private=True, limits=Limits(total_s=0.3)) as fetcher:
        error = await failed(fetcher, server.url("/feed"))
    assert error.reason is FetchReason.TIMEOUT
    assert "did not finish within 0.3 s" in str(error)


async def test_redirects_share_one_deadline(server: FeedServer) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.8)
        return web.Response(status=302, headers={"Location": "/feed"})

    server.answers["/feed"] = slow
    async with Fetcher(allow_private=True, limits=Limits(total_s=1.5)) as fetcher:
        await failed(fetcher, server.url("/missing"))  # the first request of all takes longer
        assert (await failed(fetcher, server.url("/feed"))).reason is FetchReason.TIMEOUT
    assert [s.path for s in server.seen[1:]] == ["/feed", "/feed"]


async def test_a_silent_server_is_a_timeout(server: FeedServer) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    server.answers["/feed"] = silent
    async with Fetcher(allow_private=True, limits=Limits(read_s=0.1)) as fetcher:
        error = await failed(fetcher, server.url("/feed"))
    assert error.reason is FetchReason.TIMEOUT
    assert "stopped sending" in str(error)


async def test_an_answer_that_breaks_off_is_not_taken_for_whole(server: FeedServer, fetcher: Fetcher) -> None:
    server.answers["/feed"] = broken_off(rss(2))
    error = await failed(fetcher, server.url("/feed"))
    assert error.reason is FetchReason.PROTOCOL
    assert error.__cause__ is not None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"", FetchReason.CONNECT),
        (b"SSH-2.0-OpenSSH_9.6\r\n", FetchReason.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", FetchReason.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", FetchReason.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", FetchReason.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8bnot really", FetchReason.PROTOCOL),
    ],
)
async def test_what_is_no_http_is_a_recorded_error(fetcher: Fetcher, reply: bytes, reason: FetchReason) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        assert (await failed(fetcher, f"http://127.0.0.1:{port}/")).reason is reason


async def test_a_closed_port_is_a_connect_error(fetcher: Fetcher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        error = await failed(fetcher, f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert error.reason is FetchReason.CONNECT


# -- forms ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


async def posted(request: web.BaseRequest) -> web.Response:
    """Says what came, and how."""
    return web.Response(status=202, text=f"{request.method} {request.content_type} {await request.text()}")


async def sent(fetcher: Fetcher, url: str) -> Fetched:
    form = Request(url, form={"hub.mode": "subscribe", "hub.secret": "s & é"})
    answer = await fetcher.fetch(Source("s", url), NONE, NOW, request=form)
    assert isinstance(answer, Fetched)
    return answer


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_form_is_posted_and_posted_again_where_a_redirect_points(
    server: FeedServer, fetcher: Fetcher, status: int
) -> None:
    server.answers |= {"/hub": posted, "/old": Answer(status=status, headers={"Location": "/hub"})}  # type: ignore[dict-item]
    wanted = b"POST application/x-www-form-urlencoded hub.mode=subscribe&hub.secret=s+%26+%C3%A9"
    assert (await sent(fetcher, server.url("/hub"))).content == wanted
    assert (await sent(fetcher, server.url("/old"))).content == wanted


async def test_a_form_is_not_turned_into_a_question(server: FeedServer, fetcher: Fetcher) -> None:
    server.answers["/old"] = Answer(status=303, headers={"Location": "/feed"})
    with pytest.raises(FetchError, match="303 See Other") as caught:
        await sent(fetcher, server.url("/old"))
    assert caught.value.reason is FetchReason.REDIRECTS
    assert len(server.seen) == 1


async def test_a_form_sent_over_https_stays_there(server: FeedServer, authority: Authority) -> None:
    """What it holds may be a secret: it does not go on in the clear."""
    server.answers["/hub"] = posted  # type: ignore[assignment]
    async with (
        FeedServer({"/hub": posted}, tls=authority.server()) as secure,  # type: ignore[dict-item]
        Fetcher(allow_private=True, limits=SMALL, ssl_context=authority.client()) as fetcher,
    ):
        assert secure.url("/hub").startswith("https://")
        assert (await sent(fetcher, secure.url("/hub"))).status == 202
        secure.answers["/old"] = Answer(status=307, headers={"Location": server.url("/hub")})
        with pytest.raises(FetchError, match="to an address without https"):
            await sent(fetcher, secure.url("/old"))
    assert server.seen == []


async def test_an_unknown_authority_is_refused_and_the_remedy_named(authority: Authority) -> None:
    async with (
        FeedServer({"/feed": Answer(rss(3))}, tls=authority.server()) as secure,
        Fetcher(allow_private=True, limits=SMALL) as fetcher,
    ):
        error = await failed(fetcher, secure.url("/feed"))
    assert error.reason is FetchReason.TLS
    assert error.text.startswith(f"the certificate of {secure.url('/feed')} is refused: unable to get local issuer")
    assert error.text.endswith("; if its authority is your own, name that under ca_file")
    assert secure.seen == []


async def test_a_certificate_for_another_host_is_refused(authority: Authority) -> None:
    """Naming an authority is no leave to be anybody."""
    async with (
        FeedServer({"/feed": Answer(rss(3))}, tls=authority.server("other.example")) as secure,
        Fetcher(allow_private=True, limits=SMALL, ssl_context=authority.client()) as fetcher,
    ):
        error = await failed(fetcher, secure.url("/feed"))
    assert error.reason is FetchReason.TLS
    assert "ca_file" not in error.text
    assert secure.seen == []


# -- what fails -----------------------------------------------------------------------------------------------------


async def test_a_network_that_is_not_there_is_no_timeout(
    server: FeedServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sock_connect(*ignored: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", sock_connect)
    error = await failed(fetcher, server.url("/feed"))
    assert error.reason is FetchReason.CONNECT
    assert "cannot be reached (network is unreachable)" in str(error)


async def test_plain_http_behind_https_is_a_tls_error(server: FeedServer, fetcher: Fetcher) -> None:
    error = await failed(fetcher, server.url("/feed").replace("http:", "https:"))
    assert error.reason is FetchReason.TLS
    assert str(error).endswith("could be made; if its server has none, write http://")


async def test_a_name_that_does_not_exist_is_a_dns_error(fetcher: Fetcher) -> None:
    assert (await failed(fetcher, "http://feeds.invalid/rss")).reason is FetchReason.DNS  # RFC 6761


@pytest.mark.parametrize(
    "url",
    [
        "",
        "feeds.example.org/rss",
        "file:///etc/passwd",
        "http://",
        "http://[::1/",
        "http://exa mple.org/",
        "http://example.org:port/",
        "http://example.org:99999/",
        "http://" + "a" * 64 + ".example/",
        "http://a..b.example/",
        "http://example.org/\x00",
        "http://xn--/",
        "http://\u2603.\ud800/",
        "ssh://x",
    ],
)
async def test_an_unusable_url_is_an_error_like_any_other(fetcher: Fetcher, url: str) -> None:
    assert (await failed(fetcher, url)).reason in (FetchReason.INVALID_URL, FetchReason.DNS)


async def test_cancellation_is_not_swallowed(server: FeedServer, fetcher: Fetcher) -> None:
    arrived = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    server.answers["/feed"] = silent
    task = asyncio.create_task(fetcher.fetch(Source("s", server.url("/feed")), HttpState(), NOW))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# -- what concerns a host -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_that_asks_to_wait_is_followed_by_the_poll_after_the_wait(
    server: FeedServer, fetcher: Fetcher, status: int
) -> None:
    server.answers["/old"] = Answer(status=status, headers={"Location": "/feed", "Retry-After": "120"})
    source, later = Source("s", server.url("/old")), NOW + timedelta(seconds=120)
    error = await failed(fetcher, source.url)
    assert (error.reason, error.retry_after_s) == (FetchReason.RATE_LIMITED, 120.0)
    with pytest.raises(FetchError, match="asks to wait"):
        await fetcher.fetch(source, NONE, NOW + timedelta(seconds=60))
    assert isinstance(await fetcher.fetch(source, NONE, later), Fetched)
    with pytest.raises(FetchError, match="asks to wait"):
        await fetcher.fetch(source, NONE, later)
    assert [s.path for s in server.seen].count("/feed") == 1


async def test_a_redirect_may_ask_to_wait_until_a_date(server: FeedServer, fetcher: Fetcher) -> None:
    date = "Mon, 02 Mar 2026 12:02:00 GMT"
    server.answers["/old"] = Answer(status=307, headers={"Location": "/feed", "Retry-After": date})
    source = Source("s", server.url("/old"))
    assert (await failed(fetcher, source.url)).retry_after_s == 120.0
    with pytest.raises(FetchError, match="asks to wait"):
        await fetcher.fetch(source, NONE, NOW + timedelta(seconds=119))
    assert isinstance(await fetcher.fetch(source, NONE, NOW + timedelta(seconds=120)), Fetched)


async def test_a_host_that_rests_is_not_asked_not_even_by_way_of_a_redirect(server: FeedServer) -> None:
    async with Fetcher(allow_private=True, hosts=Hosts(2)) as fetcher:
        server.answers["/here"] = Answer(status=302, headers={"Location": server.url("/feed", "localhost")})
        until = fetcher.hosts.refused("localhost", NOW, 60)
        with pytest.raises(HostRestsError) as caught:
            await fetcher.fetch(Source("s", server.url("/here")), NONE, NOW)
        assert caught.value.until == until
        assert [s.path for s in server.seen] == ["/here"]
        assert isinstance(await fetcher.fetch(Source("s", server.url("/here")), NONE, until), Fetched)


async def test_an_error_names_the_host_that_answered(server: FeedServer, fetcher: Fetcher) -> None:
    server.answers["/here"] = Answer(status=302, headers={"Location": server.url("/busy", "localhost")})
    server.answers["/busy"] = Answer(status=429)
    error = await failed(fetcher, server.url("/here"))
    assert (error.host, error.redirected) == ("localhost", True)
    error = await failed(fetcher, server.url("/none"))
    assert (error.host, error.redirected) == ("127.0.0.1", False)


async def test_a_304_after_a_permanent_redirect_tells_of_the_move(server: FeedServer, fetcher: Fetcher) -> None:
    server.answers["/old"] = Answer(status=301, headers={"Location": "/feed"})
    server.answers["/feed"] = Answer(rss(1), etag='"v1"')
    answer = await fetcher.fetch(Source("s", server.url("/old")), HttpState('"v1"'), NOW)
    assert isinstance(answer, NotModified)
    assert answer.moved_to == server.url("/feed")
