"""One HTTP exchange: a request as it is, its answer read to the end, within bounds.

httpx over aiohttp is the client because its throughput holds at high concurrency. Its transport is driven directly:
``httpx.AsyncClient`` keeps cookies, parses redirects even where it does not follow them, logs whole URLs and doubles
the cost of a request. Everything the transport can raise becomes a :class:`FetchError` once, with the cause kept.

What an exchange needs is in :class:`Asked` and :class:`Setting`, so that a process beside the bot can do it as well
(:mod:`bot.polling.errands`); what it means, and what comes next, is :class:`bot.web.fetch.Fetcher`'s business.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self
from urllib.parse import urlencode

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bot.errors import FetchError, FetchReason
from bot.log import redact_url
from bot.web.address import guarded_socket
from bot.web.decode import BodyDamagedError, BodyTooLargeError
from bot.web.fetch_errors import FOREIGN, converted, timed_out
from bot.web.unpack import unpacked

_LISTS = frozenset({"link", "cache-control"})  # headers that may come several times and mean one list
_SIZES = ((1_000_000, "MB"), (1024 * 1024, "MiB"), (1_000, "KB"), (1024, "KiB"))
_DNS_CACHE_S = 60  # seconds; a cached name is still checked at every connect
_NO_BODY = httpx.ByteStream(b"")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may cost. Seconds and bytes."""

    connect_s: float = 10.0
    read_s: float = 20.0  # between two pieces of an answer
    total_s: float = 60.0  # all hops and the whole body; waiting for a free slot is not counted
    wire_bytes: int = 8 * 1024 * 1024  # as transferred
    body_bytes: int = 12 * 1024 * 1024  # decoded
    redirects: int = 5
    per_host: int = 4  # requests at a time
    connections: int = 256  # in all


class Setting(NamedTuple):
    """What all exchanges have in common. ``ca_file`` is a PEM file of authorities besides the public ones."""

    limits: Limits
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A URL with what is asked of it at every request. ``bare`` is what is sent of it: neither credentials nor
    fragment; ``authority`` goes into the Host header."""

    url: httpx.URL
    bare: httpx.URL
    host: str
    authority: bytes

    @classmethod
    def of(cls, url: httpx.URL) -> Self:
        """Raises ``ValueError`` for a host that cannot be decoded."""
        bare = url.copy_with(userinfo=b"", fragment=None) if url.userinfo or url.fragment else url
        return cls(url, bare, url.host, url.netloc)

    @property
    def shown(self) -> str:
        """As people may see it."""
        return redact_url(str(self.url))

    @property
    def told(self) -> str:
        """Without credentials."""
        return str(self.url.copy_with(userinfo=b"") if self.url.userinfo else self.url)

    @property
    def origin(self) -> tuple[str, str, int | None]:
        return self.url.scheme, self.host, self.url.port


class Asked(NamedTuple):
    """A request. ``lifted``: the address of its host is not checked. ``headers`` are all that are sent; with ``form``
    it is a POST. ``deadline_s`` is how many seconds the exchange may take."""

    source_id: str
    at: Address
    lifted: bool
    headers: list[tuple[bytes, bytes]]
    form: Mapping[str, str] | None
    deadline_s: float


class Hop(NamedTuple):
    """One answer, read to its end where its body is of use. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""


class Through(Protocol):
    """Another way to an exchange."""

    def __call__(self, asked: Asked) -> Awaitable[Hop | None]:
        """The answer; ``None`` where it cannot be had this way. Raises :class:`FetchError`."""


class Exchanges:
    """Makes exchanges, over connections that it keeps. Needs :meth:`aclose`. ``ssl_context`` is made from the setting
    unless given."""

    def __init__(self, setting: Setting, ssl_context: ssl.SSLContext | None = None) -> None:
        self._limits = setting.limits
        self._ca_file = setting.ca_file
        self._ssl = ssl_context
        # Two pools, because one must not hand a connection made for a lifted host to a guarded one.
        self._transports: dict[bool, httpx.AsyncBaseTransport] = {}
        self._timeouts = {"timeout": {"connect": self._limits.connect_s, "read": self._limits.read_s}}

    async def aclose(self) -> None:
        """Close all connections."""
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()

    async def make(self, asked: Asked) -> Hop:
        """Ask. Raises :class:`FetchError`, in which all foreign errors end."""
        try:
            async with asyncio.timeout(max(asked.deadline_s, 0.001)) as deadline:
                request = self._request(asked)
                response = await self._transport(asked.lifted).handle_async_request(request)
                status, stream = response.status_code, response.stream
                assert isinstance(stream, httpx.AsyncByteStream)
                try:
                    answered = _header_map(response)
                    if status == 304 or not 200 <= status < 300:
                        return Hop(status, answered)
                    wire = await self._read(asked, stream, answered)
                finally:
                    await stream.aclose()
                return Hop(status, answered, await self._decoded(asked, wire, answered))
        except TimeoutError as error:
            over = self._limits.total_s if deadline.expired() else None
            raise timed_out(asked.source_id, asked.at.shown, error, over) from error
        except FOREIGN as error:
            raise converted(asked.source_id, asked.at.shown, asked.at.host, error) from error

    def _request(self, asked: Asked) -> httpx.Request:
        """Headers are as they are given: where the body is a stream, httpx neither adds nor looks for any."""
        url, headers = asked.at.bare, asked.headers
        if asked.form is not None:
            content = urlencode(asked.form).encode()
            return httpx.Request("POST", url, headers=headers, content=content, extensions=self._timeouts)
        request = httpx.Request("GET", url, headers=headers, stream=_NO_BODY, extensions=self._timeouts)
        request.read()
        request.headers.encoding = "utf-8"  # as they are encoded; else httpx tries encodings on all of them
        return request

    async def _read(self, asked: Asked, stream: httpx.AsyncByteStream, headers: Mapping[str, str]) -> bytes:
        cap = self._limits.wire_bytes
        declared = headers.get("content-length", "")
        if declared.isdigit() and len(declared) < 20 and int(declared) > cap:
            raise _too_large(asked, cap, "announced")
        pieces: list[bytes] = []
        size = 0
        async for piece in stream:
            size += len(piece)
            if size > cap:
                raise _too_large(asked, cap, "sent")
            pieces.append(piece)
        return b"".join(pieces)

    async def _decoded(self, asked: Asked, wire: bytes, headers: Mapping[str, str]) -> bytes:
        try:
            return await unpacked(wire, headers.get("content-encoding", ""), self._limits.body_bytes)
        except BodyTooLargeError as error:
            raise _too_large(asked, self._limits.body_bytes, "unpacked") from error
        except BodyDamagedError as error:
            text = f"the answer of {asked.at.shown} cannot be read: {error}"
            raise FetchError(asked.source_id, FetchReason.PROTOCOL, text) from error

    def _transport(self, lifted: bool) -> httpx.AsyncBaseTransport:
        transport = self._transports.get(lifted)
        if transport is None:
            if self._ssl is None:
                self._ssl = trusting(self._ca_file)
            transport = self._transports[lifted] = _make_transport(self._ssl, self._limits, lifted)
        return transport


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """The public authorities and those of a PEM file. Raises ``OSError`` (``ssl.SSLError`` is one) where it cannot be
    read or holds no certificate."""
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def _make_transport(context: ssl.SSLContext, limits: Limits, lifted: bool) -> AiohttpTransport:
    """A pool without cookies or proxies from the environment; guarded unless ``lifted``."""

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=limits.connections,
            ttl_dns_cache=_DNS_CACHE_S,
            ssl=context,
            socket_factory=None if lifted else guarded_socket,
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    return AiohttpTransport(verify=context, trust_env=False, client=session)


def _header_map(response: httpx.Response) -> dict[str, str]:
    """Lower-case names, first value wins. Values that are not UTF-8 are left out: they cannot be sent back byte for
    byte (the transport writes UTF-8), and no header that matters here has any."""
    headers: dict[str, str] = {}
    for name, value in response.headers.raw:
        try:
            key, text = name.decode("latin-1").lower(), value.decode()
        except UnicodeDecodeError:
            continue
        if key not in headers:
            headers[key] = text
        elif key in _LISTS:
            headers[key] = f"{headers[key]}, {text}"
    return headers


def _too_large(asked: Asked, cap: int, how: str) -> FetchError:
    size = next((f"{cap // unit} {name}" for unit, name in _SIZES if cap % unit == 0), f"{cap} bytes")
    text = f"{asked.at.shown} {how} more than {size}; ask the publisher for a shorter feed, or raise poll.body_max"
    return FetchError(asked.source_id, FetchReason.TOO_LARGE, text)
