"""Hostile servers against the whole way of a poll: what they cannot reach, and what they cannot cost.

The parts have tests of their own (address, fetch, decode, each kind of source); here it is the recorded outcome.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.errors import FetchError, FetchReason
from bot.model import HttpState, Source
from bot.roster.state import SourceState
from bot.rules.match import Engine
from bot.web.exchange import Limits
from bot.web.fetch import Fetcher
from tests.fakes.bombs import (
    MIB,
    brotli_bomb,
    deflate_bomb,
    gzip_bomb,
    gzip_bomb_in_brotli,
    gzip_bomb_in_gzip,
    laughs,
    zstd_bomb,
)
from tests.fakes.feeds import Answer, FeedServer, Handler, endless, rss
from tests.polling.test_poller import EVERY, Desk, Entry, engine, open_desk

__all__ = ["engine"]  # a fixture

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUICK = Limits(connect_s=0.3, read_s=2, total_s=2.5)

# -- what cannot be reached -----------------------------------------------------------------------------------------

OUTSIDE = "192.0.2.1"  # TEST-NET-1 (RFC 5737): leads nowhere, and is refused; a public one would be connected to
Lookups = dict[str, Iterator[str]]


def _forever(*addresses: str) -> Iterator[str]:
    while True:
        yield from addresses


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Lookups:
    """A name service of ours in place of the system's: each lookup of a name gives its next answer, in which
    addresses are joined by commas. Other names, and addresses, are the system's business."""
    table: Lookups = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: Any, **fields: Any) -> list[Any]:
        if host not in table:
            return real(host, port, *args, **fields)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in next(table[host]).split(",")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table


@pytest.fixture
async def inside() -> AsyncIterator[FeedServer]:
    """A server that stands in the operator's network."""
    async with FeedServer({"/feed": Answer(rss(3))}) as running:
        yield running


async def refused(fetcher: Fetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(Source("s", url), HttpState(), NOW)
    assert caught.value.reason is FetchReason.ADDRESS, caught.value
    return caught.value


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "10.0.0.5", "192.168.1.1", "fd00::5",
     "fe80::1", "169.254.169.254", "0.0.0.0", "64:ff9b::7f00:1", "2002:7f00:1::1", "100.64.0.1"],
)  # fmt: skip
async def test_a_name_that_resolves_inside_leads_nowhere(inside: FeedServer, names: Lookups, address: str) -> None:
    names["news.example"] = _forever(address)
    async with Fetcher(limits=QUICK) as fetcher:
        error = await refused(fetcher, inside.url("/feed", host="news.example"))
    assert "allow_private" in error.text
    assert inside.seen == []


async def test_one_address_inside_among_others_is_not_tried_instead(inside: FeedServer, names: Lookups) -> None:
    """A client that goes on to the next address must not find the way in by that."""
    names["news.example"] = _forever(f"{OUTSIDE},127.0.0.1", f"127.0.0.1,{OUTSIDE}")
    async with Fetcher(limits=QUICK) as fetcher:
        for _ in range(2):
            await refused(fetcher, inside.url("/feed", host="news.example"))
    assert inside.seen == []


PUBLIC = "8.8.8.8"


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses to which a connection was begun. Those outside of this machine end there: no network."""
    begun: list[str] = []
    real = asyncio.selector_events.BaseSelectorEventLoop.sock_connect

    async def sock_connect(loop: Any, sock: socket.socket, address: tuple[Any, ...]) -> None:
        begun.append(address[0])
        if address[0] == PUBLIC:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        await real(loop, sock, address)

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", sock_connect)
    return begun


async def test_a_name_that_is_another_address_at_each_lookup_never_leads_inside(
    inside: FeedServer, names: Lookups, tried: list[str]
) -> None:
    """Rebinding: where a check looks a name up and the connection looks it up again, the two see different answers.
    Here the check sees the very address of the connection, however often anybody looks."""
    names["rebind.example"] = _forever(PUBLIC, "127.0.0.1", f"{PUBLIC},127.0.0.1")
    reasons = []
    for _ in range(6):  # each fetcher with a cache of names of its own
        async with Fetcher(limits=QUICK) as fetcher:
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(Source("s", inside.url("/feed", host="rebind.example")), HttpState(), NOW)
            reasons.append(caught.value.reason)
    assert reasons == [FetchReason.CONNECT, FetchReason.ADDRESS, FetchReason.ADDRESS] * 2
    assert set(tried) == {PUBLIC}
    assert inside.seen == []


METADATA = (
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.example/computeMetadata/v1/",
)


@pytest.mark.parametrize("target", METADATA)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_leads_to_a_metadata_service(
    inside: FeedServer, names: Lookups, target: str, status: int
) -> None:
    names["metadata.example"] = _forever("169.254.169.254")
    inside.answers["/moved"] = Answer(status=status, headers={"Location": target})
    async with Fetcher(limits=QUICK, allow_private=frozenset({"localhost"})) as fetcher:
        await refused(fetcher, inside.url("/moved", host="localhost"))
    assert [seen.path for seen in inside.seen] == ["/moved"]


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"])
async def test_numbers_in_other_notations_lead_nowhere_either(inside: FeedServer, tried: list[str], host: str) -> None:
    inside.answers["/moved"] = Answer(status=302, headers={"Location": f"http://{host}/latest/meta-data/"})
    async with Fetcher(limits=QUICK, allow_private=frozenset({"localhost"})) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(Source("s", inside.url("/moved", host="localhost")), HttpState(), NOW)
    unread = (FetchReason.ADDRESS, FetchReason.DNS, FetchReason.INVALID_URL, FetchReason.REDIRECTS)
    assert caught.value.reason in unread
    assert tried == ["127.0.0.1"]  # the server that redirects


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "file://localhost/etc/passwd", "FILE:/etc/passwd", "ftp://x/"]
)
async def test_no_redirect_leads_to_a_file(inside: FeedServer, target: str) -> None:
    inside.answers["/moved"] = Answer(status=301, headers={"Location": target})
    async with Fetcher(limits=QUICK, allow_private=True) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(Source("s", inside.url("/moved")), HttpState(), NOW)
    assert caught.value.reason is FetchReason.REDIRECTS
    assert "only http and https are followed" in caught.value.text


# -- what it cannot cost --------------------------------------------------------------------------------------------

UNPACKED = 96  # MiB, of each bomb; eight times what is read


def coded(body: bytes, coding: str) -> Answer:
    return Answer(body, headers={"Content-Encoding": coding})


def quadratic() -> bytes:
    """One long entity, many times."""
    return document(f'<!DOCTYPE rss [<!ENTITY a "{"a" * 50_000}">]>', "&a;" * 50_000)


def external() -> bytes:
    return document('<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "Flood warning &x;")


def document(doctype: str, title: str) -> bytes:
    channel = f"<channel><title>x</title><item><title>{title}</title><guid>1</guid></item></channel>"
    return f"<?xml version='1.0'?>{doctype}<rss version='2.0'>{channel}</rss>".encode()


def head_without_end() -> Handler:
    """Headers for ever, a byte at a time would be the same."""

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 200 OK\r\n")  # type: ignore[attr-defined]
        for n in range(10_000):
            request.transport.write(f"X-{n}: {'y' * 1_000}\r\n".encode())  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        raise ConnectionResetError

    return handler


@dataclass(frozen=True)
class Hostile:
    """What a server sends, and what stands against its source afterwards. No ``reason``: it is read, without harm."""

    answer: Answer | Handler
    reason: str = ""
    text: str = ""
    state: SourceState = SourceState.FAILING


def hostile() -> dict[str, Hostile]:
    too_large, broken, timeout = "too_large", "broken", "timeout"
    deep = b"<rss version='2.0'><channel><item>" + b"<a>" * 100_000
    wide = b"<rss version='2.0'><channel><item " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b"/>"
    return {
        "gzip": Hostile(coded(gzip_bomb(UNPACKED), "gzip"), too_large, "unpacked more than 12 MiB"),
        "gzip-twice": Hostile(coded(gzip_bomb_in_gzip(UNPACKED), "gzip, gzip"), too_large, "unpacked more than 12 MiB"),
        "brotli": Hostile(coded(brotli_bomb(UNPACKED), "br"), too_large, "unpacked more than 12 MiB"),
        "deflate": Hostile(coded(deflate_bomb(UNPACKED), "deflate"), too_large, "unpacked more than 12 MiB"),
        "deflate-raw": Hostile(coded(deflate_bomb(UNPACKED, raw=True), "deflate"), too_large, "more than 12 MiB"),
        "gzip-in-br": Hostile(coded(gzip_bomb_in_brotli(UNPACKED), "gzip, br"), too_large, "more than 12 MiB"),
        "zstd": Hostile(coded(zstd_bomb(UNPACKED), "zstd"), too_large, "unpacked more than 12 MiB"),
        "layers": Hostile(coded(b"x", "gzip, gzip, gzip"), "protocol", "encoded 3 times over"),
        "announced": Hostile(Answer(b" " * (9 * MIB)), too_large, "announced more than 8 MiB"),
        "endless": Hostile(endless(b"<item>" * 10_000), too_large, "sent more than 8 MiB"),
        "drip": Hostile(endless(b"<", pause_s=0.05), timeout, "did not finish within"),
        "headers": Hostile(head_without_end(), "protocol"),
        "laughs": Hostile(Answer(document(laughs(), "&l9;"))),
        "quadratic": Hostile(Answer(quadratic())),
        "external": Hostile(Answer(external())),
        "open-doctype": Hostile(Answer(b"<!DOCTYPE rss [" + b"<!ENTITY a 'b'>" * 100_000), broken, "does not end"),
        "deep": Hostile(Answer(deep), broken, "nested more than 256 deep"),
        "wide": Hostile(Answer(wide), broken, "attributes"),
        "crowd": Hostile(Answer(b"<rss version='2.0'><channel>" + b"<b/>" * 500_000), broken, "elements"),
        "json-deep": Hostile(Answer(b'{"items":' + b"[" * 200_000), broken, "nested too deep"),
        "flood": Hostile(Answer(rss(5_000, words=3))),
    }


@contextmanager
def peak() -> Iterator[list[int]]:
    """By how many bytes the memory of this process grew at most; one entry, once it is over."""
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    before = _memory("VmRSS")
    grown: list[int] = []
    yield grown
    grown.append(_memory("VmHWM") - before)


def _memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024


async def test_hostile_answers_end_in_a_recorded_error_within_time_and_memory(tmp_path: Path, engine: Engine) -> None:
    cases = hostile()
    everything = len(cases) + 1  # all at once: the worst moment for memory
    async with open_desk(tmp_path, engine, QUICK, concurrency=everything) as desk:
        desk.server.answers |= {f"/{name}": case.answer for name, case in cases.items()}
        desk.serves("/good")
        await desk.sources(*(f"/{name}" for name in cases), "/good")
        began = time.monotonic()
        with peak() as grown:
            await desk.poll(timedelta(0))
        elapsed = time.monotonic() - began
        desk.serves("/good", Entry("Flood warning beside the bombs"))
        statuses = {s.source_id: s for s in await desk.thread.read(lambda s: s.source_statuses())}
        outcomes = await _outcomes(desk, cases)
        await desk.sources("/good")
        await desk.poll(EVERY * 2)
        alerts = await desk.alerts()
        texts = [d.payload for d in await desk.deliveries()]
    found = {name: (outcomes[name], statuses[name].state) for name in cases}
    assert found == {
        name: (case.reason or "ok", case.state if case.reason else SourceState.OK) for name, case in cases.items()
    }
    assert [name for name, case in cases.items() if case.text not in statuses[name].error] == []
    assert all(statuses[name].error.isprintable() and len(statuses[name].error) < 400 for name in cases)
    assert statuses["flood"].items_total == 1_000  # of 5,000
    assert alerts == ["Flood warning beside the bombs"]  # the others go on
    assert "root:" not in repr(texts)
    assert elapsed < 60
    # Seven bombs of 96 MiB came at once, 672 MiB unpacked; each may cost its 12 MiB and the window of its decoder, and
    # beside them stand eight other answers of a megabyte and more, some as trees, and what threads keep.
    assert grown[0] < 300 * MIB, grown


async def _outcomes(desk: Desk, names: Iterable[str]) -> dict[str, str]:
    """The reason of each source's last poll, from the closed set that labels the metric too."""
    from sqlalchemy import select

    from bot.store.schema import sources

    store = desk.thread._store
    with store._read() as connection:  # type: ignore[attr-defined]
        return {row.id: row.last_outcome for row in connection.execute(select(sources.c.id, sources.c.last_outcome))}


# -- answers without end, in each part of an answer -------------------------------------------------------------------

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_MUCH = b"y" * 65_536

WITHOUT_END: dict[str, tuple[bytes, bytes, float, FetchReason]] = {
    # What comes first, what comes for ever, seconds between, and the reason that is recorded.
    "status line": (b"HTTP/1.1 200 ", _MUCH, 0, FetchReason.PROTOCOL),
    "name of a header": (_HEAD, _MUCH, 0, FetchReason.PROTOCOL),
    "value of a header": (_HEAD + b"X: ", _MUCH, 0, FetchReason.PROTOCOL),
    "headers": (_HEAD, b"X: " + b"y" * 1_000 + b"\r\n", 0, FetchReason.PROTOCOL),
    "dripping headers": (_HEAD + b"X: ", b"y", 0.02, FetchReason.TIMEOUT),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 500, 0, FetchReason.TIMEOUT),
    "size of a chunk": (_CHUNKED, b"0" * 65_536, 0, FetchReason.TIMEOUT),
    "extension of a chunk": (_CHUNKED + b"1;", _MUCH, 0, FetchReason.TIMEOUT),
    "chunks of a byte": (_CHUNKED, b"1\r\n<\r\n" * 100, 0, FetchReason.TIMEOUT),
    "large chunks": (_CHUNKED, b"10000\r\n" + b"<" * 65_536 + b"\r\n", 0, FetchReason.TOO_LARGE),
    "a trailer": (_CHUNKED + b"1\r\n<\r\n0\r\nX: ", _MUCH, 0, FetchReason.PROTOCOL),
    "trailers": (_CHUNKED + b"1\r\n<\r\n0\r\n", b"X: " + b"y" * 1_000 + b"\r\n", 0, FetchReason.PROTOCOL),
    "a body up to the close": (_HEAD + b"\r\n", _MUCH, 0, FetchReason.TOO_LARGE),
    "body of a 304": (b"HTTP/1.1 304 Not Modified\r\n\r\n", _MUCH, 0, FetchReason.PROTOCOL),
    "body of a 404": (
        b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n<\r\n" * 100, 0, FetchReason.STATUS,
    ),
    "bodies of redirects": (
        b"HTTP/1.1 302 Found\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n<\r\n" * 100, 0,
        FetchReason.REDIRECTS,
    ),
}  # fmt: skip


def talks(before: bytes, piece: bytes, pause_s: float) -> Callable[..., Coroutine[None, None, None]]:
    """A server that answers whatever it is asked with ``before``, and then with ``piece`` for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(before)
            while True:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)
        writer.close()

    return talk


@pytest.mark.parametrize("timed", [False, True])
async def test_an_answer_that_never_ends_is_a_recorded_error_in_bounded_memory(timed: bool) -> None:
    """Those that only the deadline ends, and those that something else does long before it."""
    cases = {name: case for name, case in WITHOUT_END.items() if (case[3] is FetchReason.TIMEOUT) is timed}
    limits = Limits(connect_s=20, read_s=20, total_s=0.5 if timed else 30, wire_bytes=MIB)
    async with AsyncExitStack() as stack:
        fetcher = await stack.enter_async_context(Fetcher(allow_private=True, limits=limits))
        urls = {}
        for name, (before, piece, pause_s, _) in cases.items():
            server = await stack.enter_async_context(
                await asyncio.start_server(talks(before, piece, pause_s), "127.0.0.1", 0)
            )
            urls[name] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

        async def reason(url: str) -> FetchReason:
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(Source("s", url), HttpState(etag='"x"'), NOW)
            assert caught.value.text.isprintable()
            assert len(caught.value.text) < 300
            return caught.value.reason

        with peak() as grown:
            found = dict(zip(urls, await asyncio.gather(*map(reason, urls.values())), strict=True))
    assert found == {name: case[3] for name, case in cases.items()}
    assert grown[0] < 40 * MIB, grown  # they came all at once, and each may send one
