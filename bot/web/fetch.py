"""One polite, bounded HTTP request: ``Source, HttpState → Fetched | NotModified``, or a :class:`FetchError`.

What it keeps: validators go back byte for byte (RFC 9110, 13.1); redirects are followed by hand, every hop through the
address guard (:mod:`bot.web.address`); a body is capped on the wire while it streams, and again while it is decoded
(:mod:`bot.web.decode`); one deadline spans all hops, so that neither a dripping nor an endless server can hold on to
us; a host gets few requests at a time. Nothing is retried here: when to come back is the scheduler's business.

Each hop is an exchange of :mod:`bot.web.exchange`, in the bot or, where there is load, in a process beside it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import TracebackType
from typing import Self

import httpx

from bot import __version__
from bot.errors import FetchError, FetchReason, HostRestsError
from bot.log import redact_url
from bot.model import Fetched, HttpState, NotModified, Source
from bot.sources.base import Request
from bot.web.address import allowance
from bot.web.answers import bot_wall, refusal_of, retry_after
from bot.web.decode import ACCEPTED
from bot.web.exchange import Address, Asked, Exchanges, Hop, Limits, Setting, Through
from bot.web.hosts import Hosts

_ACCEPT = (
    b"application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    b"application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_ACCEPT_ENCODING = (b"Accept-Encoding", ACCEPTED.encode())
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_LIMITS = Limits()
_ADDRESSES_KEPT = 1 << 16  # addresses that are not parsed anew for each poll; 700 bytes each


@dataclass(frozen=True, slots=True)
class _Journey:
    """Where a fetch is: the source, the address of this hop, and what has been seen on the way."""

    source_id: str
    at: Address
    started: float
    deadline: float  # seconds of work still allowed
    moved_to: str | None = None
    moving: bool = True  # every hop so far was a permanent redirect
    hops: int = 0

    @property
    def where(self) -> str:
        """The URL as people may see it."""
        return self.at.shown


class Fetcher:
    """Fetches sources. An async context manager; one for the process.

    ``allow_private`` names the hosts whose addresses are not checked (``True``: all, for the demo and for tests).
    ``contact`` (an e-mail address or a URL) goes into the User-Agent, so that publishers can reach the operator.
    ``hosts`` keeps the manners towards each host. ``ca_file`` is what ``ssl_context`` was made of. ``setting`` is what
    exchanges that are made elsewhere have in common with those that are made here; ``None`` where they could not.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        allow_private: frozenset[str] | bool = frozenset(),
        limits: Limits = _LIMITS,
        ssl_context: ssl.SSLContext | None = None,
        ca_file: str | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        self.limits = limits
        self.hosts = hosts or Hosts(limits.per_host)
        self.user_agent = f"Wirewatch/{__version__} (+{contact})" if contact else f"Wirewatch/{__version__}"
        self._lifted = allowance(allow_private)
        self.setting = Setting(limits, ca_file) if ssl_context is None or ca_file else None
        self._exchanges = Exchanges(Setting(limits, ca_file), ssl_context)
        self._waits: dict[str, datetime] = {}  # sources whose redirect asked for a wait: until when
        self._agent = (b"User-Agent", self.user_agent.encode("utf-8", "replace"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exchanges.aclose()

    async def fetch(
        self,
        source: Source,
        state: HttpState,
        now: datetime,
        *,
        request: Request | None = None,
        through: Through | None = None,
    ) -> Fetched | NotModified:
        """Fetch a source, or what ``request`` asks for on its behalf. ``through`` makes the exchanges, where it can.

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
                    hop = await self._hop(journey, headers, request.form, through)
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

    def _wait(self, journey: _Journey, hop: Hop, now: datetime) -> None:
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

    def _headers(self, state: HttpState, at: Address, origin: Address, request: Request) -> list[tuple[bytes, bytes]]:
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

    async def _hop(
        self,
        journey: _Journey,
        headers: list[tuple[bytes, bytes]],
        form: Mapping[str, str] | None,
        through: Through | None,
    ) -> Hop:
        at = journey.at
        asked = Asked(journey.source_id, at, self._lifted(at.host), headers, form, journey.deadline)
        hop = await through(asked) if through is not None else None
        return await self._exchanges.make(asked) if hop is None else hop

    def _next(self, journey: _Journey, hop: Hop, left: float) -> _Journey:
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
            target = Address.of(journey.at.bare.join(location))
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

    def _outcome(self, journey: _Journey, hop: Hop, state: HttpState, now: datetime) -> Fetched | NotModified:
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
        return Fetched(
            source_id=journey.source_id,
            url=journey.at.told,
            status=hop.status,
            headers=hop.headers,
            content=hop.content,
            fetched_at=now,
            state=HttpState(hop.headers.get("etag"), hop.headers.get("last-modified")),
            moved_to=journey.moved_to,
            elapsed_s=elapsed,
        )


def _origin(source_id: str, url: str, parse: Callable[[str], Address]) -> Address:
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


def _address(url: str) -> Address:
    return Address.of(httpx.URL(url))


_kept_address = lru_cache(_ADDRESSES_KEPT)(_address)


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
