"""One polite, bounded HTTP request: ``Source, HttpState → Fetched | NotModified``, or a :class:`FetchError`.

What it keeps: validators go back byte for byte (RFC 9110, 13.1); redirects are followed by hand, every hop through the
address guard (:mod:`bot.web.address`); a body is capped on the wire while it streams, and again while it is decoded
(:mod:`bot.web.decode`); one deadline spans all hops, so that neither a dripping nor an endless server can hold on to
us; a host gets few requests at a time. Nothing is retried here: when to come back is the scheduler's business.

httpx over aiohttp is the client because its throughput holds at high concurrency. Its transport is driven directly:
``httpx.AsyncClient`` keeps cookies, parses redirects even where it does not follow them, logs whole URLs and doubles
the cost of a request. Everything the transport can raise becomes a :class:`FetchError` once, with the cause kept.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bot import __version__
from bot.errors import FetchError, FetchReason, HostRestsError
from bot.log import redact_url
from bot.model import Fetched, HttpState, NotModified, Source
from bot.sources.base import Request
from bot.web.address import allowance, guarded_socket
from bot.web.answers import bot_wall, refusal_of, retry_after
from bot.web.decode import ACCEPTED, BodyDamagedError, BodyTooLargeError
from bot.web.fetch_errors import FOREIGN, converted, timed_out
from bot.web.hosts import Hosts
from bot.web.unpack import unpacked

_ACCEPT = (
    b"application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    b"application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_ACCEPT_ENCODING = (b"Accept-Encoding", ACCEPTED.encode())
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_LISTS = frozenset({"link", "cache-control"})  # headers that may come several times and mean one list
_SIZES = ((1_000_000, "MB"), (1024 * 1024, "MiB"), (1_000, "KB"), (1024, "KiB"))
_DNS_CACHE_S = 60  # seconds; a cached name is still checked at every connect
_ADDRESSES_KEPT = 1 << 16  # addresses that are not parsed anew for each poll; 700 bytes each
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


@dataclass(frozen=True, slots=True)
class _Hop:
    """One answer, read to its end where its body is of use."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class _Address:
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
    def origin(self) -> tuple[str, str, int | None]:
        return self.url.scheme, self.host, self.url.port


@dataclass(frozen=True, slots=True)
class _Journey:
    """Where a fetch is: the source, the address of this hop, and what has been seen on the way."""

    source_id: str
    at: _Address
    started: float
    deadline: float  # seconds of work still allowed
    moved_to: str | None = None
    moving: bool = True  # every hop so far was a permanent redirect
    hops: int = 0

    @property
    def where(self) -> str:
        """The URL as people may see it."""
        return redact_url(str(self.at.url))


class Fetcher:
    """Fetches sources. An async context manager; one for the process.

    ``allow_private`` names the hosts whose addresses are not checked (``True``: all, for the demo and for tests).
    ``contact`` (an e-mail address or a URL) goes into the User-Agent, so that publishers can reach the operator.
    ``hosts`` keeps the manners towards each host.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        allow_private: frozenset[str] | bool = frozenset(),
        limits: Limits = Limits(),
        ssl_context: ssl.SSLContext | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        self.limits = limits
        self.hosts = hosts or Hosts(limits.per_host)
        self.user_agent = f"Wirewatch/{__version__} (+{contact})" if contact else f"Wirewatch/{__version__}"
        self._lifted = allowance(allow_private)
        self._ssl = ssl_context
        self._waits: dict[str, datetime] = {}  # sources whose redirect asked for a wait: until when
        # Two pools, because one must not hand a connection made for a lifted host to a guarded one.
        self._transports: dict[bool, httpx.AsyncBaseTransport] = {}
        self._timeouts = {"timeout": {"connect": limits.connect_s, "read": limits.read_s}}
        self._agent = (b"User-Agent", self.user_agent.encode("utf-8", "replace"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()

    async def fetch(
        self, source: Source, state: HttpState, now: datetime, *, request: Request | None = None
    ) -> Fetched | NotModified:
        """Fetch a source, or what ``request`` asks for on its behalf.

        Extra headers of a request (they may be secret) go to the origin that they were meant for, not to where it
        redirects. Raises :class:`FetchError`, and nothing else but cancellation.
        """
        request = request or Request(source.url)
        # Those of sources come again and again; those of pages and of questions to a search do not.
        parse = _kept_address if request.url == source.url else _address
        origin = _origin(source.id, request.url, parse)
        journey = _Journey(source.id, origin, time.perf_counter(), self.limits.total_s)
        for _ in range(self.limits.redirects + 1):
            headers = self._headers(state, journey.at, origin, request)
            try:
                async with self.hosts.hold(journey.at.host):
                    rest = self.hosts.resting(journey.at.host, now)
                    if rest is not None:
                        raise HostRestsError(source.id, journey.at.host, rest)
                    began = time.perf_counter()
                    hop = await self._hop(journey, headers, request.form)
                if hop.status not in _REDIRECTS or bot_wall(hop.headers) is not None:
                    return self._outcome(journey, hop, state, now)
                left = journey.deadline - (time.perf_counter() - began)
                self._wait(journey, hop, now)
                following = self._next(journey, hop, left)
                if request.form is not None:
                    _check_resend(journey, following, hop.status)
                journey = following
            except FetchError as error:
                error.host, error.redirected = journey.at.host, journey.hops > 0
                raise
        raise FetchError(
            source.id,
            FetchReason.REDIRECTS,
            f"{redact_url(request.url)} redirects more than {self.limits.redirects} times, last to {journey.where}",
            status=hop.status,
            host=journey.at.host,
            redirected=True,
        )

    def _wait(self, journey: _Journey, hop: _Hop, now: datetime) -> None:
        """A redirect may ask for a wait before it is followed (RFC 9110, 10.2.3). The poll after the wait follows it,
        even where it asks again."""
        wait = retry_after(hop.headers, now)
        if not wait:
            return
        until = self._waits.pop(journey.source_id, None)
        if until is not None and until <= now:
            return
        self._waits[journey.source_id] = until or now + timedelta(seconds=wait)
        raise FetchError(
            journey.source_id,
            FetchReason.RATE_LIMITED,
            f"{journey.where} redirects ({hop.status}) and asks to wait {wait:.0f} s before it is followed",
            status=hop.status,
            retry_after_s=wait,
        )

    def _headers(self, state: HttpState, at: _Address, origin: _Address, request: Request) -> list[tuple[bytes, bytes]]:
        """Host comes first, as every client has it."""
        own: list[tuple[bytes, bytes]] = []
        if at is origin or at.origin == origin.origin:
            if origin.url.userinfo:
                auth = httpx.BasicAuth(origin.url.username, origin.url.password)
                signed = next(auth.auth_flow(httpx.Request("GET", at.bare)))
                own.append((b"Authorization", signed.headers["Authorization"].encode()))
            own.extend((name.encode(), value.encode()) for name, value in request.headers.items())
        headers = [(b"Host", at.authority)] if all(name.lower() != b"host" for name, _ in own) else []
        if request.form is not None:
            headers.append((b"Content-Type", b"application/x-www-form-urlencoded"))
        headers += (self._agent, (b"Accept", request.accept.encode() or _ACCEPT), _ACCEPT_ENCODING)
        if state.etag:
            headers.append((b"If-None-Match", state.etag.encode()))
        if state.last_modified:
            headers.append((b"If-Modified-Since", state.last_modified.encode()))
        return headers + own

    def _request(
        self, at: _Address, headers: list[tuple[bytes, bytes]], form: Mapping[str, str] | None
    ) -> httpx.Request:
        """Headers are as they are given: where the body is a stream, httpx neither adds nor looks for any."""
        if form is not None:
            content = urlencode(form).encode()
            return httpx.Request("POST", at.bare, headers=headers, content=content, extensions=self._timeouts)
        asked = httpx.Request("GET", at.bare, headers=headers, stream=_NO_BODY, extensions=self._timeouts)
        asked.read()
        asked.headers.encoding = "utf-8"  # as we encode them; else httpx tries encodings on all of them
        return asked

    async def _hop(self, journey: _Journey, headers: list[tuple[bytes, bytes]], form: Mapping[str, str] | None) -> _Hop:
        """One request. All foreign errors end here."""
        host = journey.at.host
        try:
            async with asyncio.timeout(max(journey.deadline, 0.001)) as deadline:
                asked = self._request(journey.at, headers, form)
                response = await self._transport(self._lifted(host)).handle_async_request(asked)
                status, stream = response.status_code, response.stream
                assert isinstance(stream, httpx.AsyncByteStream)
                try:
                    answered = _header_map(response)
                    if status == 304 or not 200 <= status < 300:
                        return _Hop(status, answered)
                    wire = await self._read(journey, stream, answered)
                finally:
                    await stream.aclose()
                return _Hop(status, answered, await self._decoded(journey, wire, answered))
        except TimeoutError as error:
            over = self.limits.total_s if deadline.expired() else None
            raise timed_out(journey.source_id, journey.where, error, over) from error
        except FOREIGN as error:
            raise converted(journey.source_id, journey.where, host, error) from error

    async def _read(self, journey: _Journey, stream: httpx.AsyncByteStream, headers: Mapping[str, str]) -> bytes:
        cap = self.limits.wire_bytes
        declared = headers.get("content-length", "")
        if declared.isdigit() and len(declared) < 20 and int(declared) > cap:
            raise _too_large(journey, cap, "announced")
        pieces: list[bytes] = []
        size = 0
        async for piece in stream:
            size += len(piece)
            if size > cap:
                raise _too_large(journey, cap, "sent")
            pieces.append(piece)
        return b"".join(pieces)

    async def _decoded(self, journey: _Journey, wire: bytes, headers: Mapping[str, str]) -> bytes:
        try:
            return await unpacked(wire, headers.get("content-encoding", ""), self.limits.body_bytes)
        except BodyTooLargeError as error:
            raise _too_large(journey, self.limits.body_bytes, "unpacked") from error
        except BodyDamagedError as error:
            raise FetchError(
                journey.source_id, FetchReason.PROTOCOL, f"the answer of {journey.where} cannot be read: {error}"
            ) from error

    def _next(self, journey: _Journey, hop: _Hop, left: float) -> _Journey:
        """The journey after a redirect, with so many seconds left."""
        location = hop.headers.get("location", "").strip()
        if not location:
            raise FetchError(
                journey.source_id,
                FetchReason.REDIRECTS,
                f"{journey.where} redirects ({hop.status}) and does not say where to",
                status=hop.status,
            )
        try:
            target = _Address.of(journey.at.bare.join(location))
        except (httpx.InvalidURL, ValueError) as error:
            raise FetchError(
                journey.source_id,
                FetchReason.REDIRECTS,
                f"{journey.where} redirects to an address that cannot be read",
                status=hop.status,
            ) from error
        scheme = target.url.scheme
        if scheme not in ("http", "https") or not target.host:
            raise FetchError(
                journey.source_id,
                FetchReason.REDIRECTS,
                f"{journey.where} redirects to a {scheme[:20] or 'nameless'}: address; only http and https "
                "are followed",
                status=hop.status,
            )
        moving = journey.moving and hop.status in _PERMANENT
        moved_to = str(target.url.copy_with(fragment=None)) if moving else journey.moved_to
        return replace(journey, at=target, deadline=left, moving=moving, moved_to=moved_to, hops=journey.hops + 1)

    def _outcome(self, journey: _Journey, hop: _Hop, state: HttpState, now: datetime) -> Fetched | NotModified:
        elapsed = time.perf_counter() - journey.started
        if hop.status == 304:
            if state == HttpState():
                raise FetchError(
                    journey.source_id,
                    FetchReason.PROTOCOL,
                    f"{journey.where} answered 304 Not Modified to a request without conditions",
                    status=304,
                )
            renewed = HttpState(
                hop.headers.get("etag") or state.etag, hop.headers.get("last-modified") or state.last_modified
            )
            return NotModified(journey.source_id, now, hop.headers, renewed, elapsed, journey.moved_to)
        if not 200 <= hop.status < 300 or bot_wall(hop.headers) is not None:
            refused = refusal_of(journey.source_id, journey.where, hop.status, hop.headers, now)
            if refused is not None:
                raise refused
        url = journey.at.url
        return Fetched(
            source_id=journey.source_id,
            url=str(url.copy_with(userinfo=b"") if url.userinfo else url),
            status=hop.status,
            headers=hop.headers,
            content=hop.content,
            fetched_at=now,
            state=HttpState(hop.headers.get("etag"), hop.headers.get("last-modified")),
            moved_to=journey.moved_to,
            elapsed_s=elapsed,
        )

    def _transport(self, lifted: bool) -> httpx.AsyncBaseTransport:
        transport = self._transports.get(lifted)
        if transport is None:
            if self._ssl is None:
                self._ssl = httpx.create_ssl_context(trust_env=False)
            transport = self._transports[lifted] = _make_transport(self._ssl, self.limits, lifted)
        return transport


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


def _origin(source_id: str, url: str, parse: Callable[[str], _Address]) -> _Address:
    try:
        found = parse(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(
            source_id, FetchReason.INVALID_URL, f"{redact_url(url)} is not a usable address; correct it"
        ) from error
    if found.url.scheme not in ("http", "https") or not found.host:
        raise FetchError(
            source_id, FetchReason.INVALID_URL, f"{redact_url(url)} is not an http or https address; correct it"
        )
    return found


def _address(url: str) -> _Address:
    return _Address.of(httpx.URL(url))


_kept_address = lru_cache(_ADDRESSES_KEPT)(_address)


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


def _check_resend(journey: _Journey, following: _Journey, status: int) -> None:
    """Whether what was posted may be posted again where a redirect points: it may hold a secret."""
    text = ""
    if status == 303:
        text = "answers a POST with 303 See Other, which would turn it into a GET"
    elif journey.at.url.scheme == "https" and following.at.url.scheme != "https":
        text = f"redirects a POST ({status}) to an address without https"
    if text:
        where = f"{journey.where} {text}"
        raise FetchError(journey.source_id, FetchReason.REDIRECTS, where, status=status)


def _too_large(journey: _Journey, cap: int, how: str) -> FetchError:
    size = next((f"{cap // unit} {name}" for unit, name in _SIZES if cap % unit == 0), f"{cap} bytes")
    return FetchError(
        journey.source_id,
        FetchReason.TOO_LARGE,
        f"{journey.where} {how} more than {size}; ask the publisher for a shorter feed, or raise poll.body_max",
    )
