"""The channel ``webhook``: every post as signed JSON to an address of the user's own.

The payload, its schema and the check of the signature are documented in ``docs/webhook.md``; a change that breaks a
reader needs a new :data:`VERSION`. An address is a secret as a whole (whoever knows it can post), so people only ever
see its host.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from bot import __version__
from bot.channels.base import Capabilities
from bot.channels.digest_lines import stories
from bot.channels.text import clean, clean_block, clean_segments, safe_url
from bot.errors import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from bot.message import DeliveryKind, Digest, DigestLine, Message, Notice, Receipt
from bot.secret import Secret
from bot.summary import words
from bot.summary.post import SummaryPost
from bot.summary.text import as_json

VERSION = 1  # of the payload
TIMEOUT_S = 20.0  # for one post, answer included
RETRY_AFTER_MAX_S = 24 * 3600.0  # a server that asks for more is asked again after a day
_ANSWER_MAX = 64 * 1024  # bytes read of an answer nobody looks at, so that the connection can be used again
_RETRY_STATUSES = frozenset({408, 425, 429})  # request timeout, too early, too many requests (RFC 9110, 8470, 6585)

_REMEDIES = {
    400: "the receiver calls the payload invalid: compare it with docs/webhook.md",
    401: "check the secret on both sides",
    403: "check the secret on both sides, and whether the receiver lets this machine in",
    404: "check the url in wirewatch.yaml",
    405: "the receiver must accept POST at this url",
    410: "the receiver is gone: change or remove the channel in wirewatch.yaml",
    413: "raise the receiver's limit for the size of a request",
}

Json = dict[str, object]


def utc_now() -> datetime:
    """The clock of a channel that is given none."""
    return datetime.now(UTC)


class WebhookChannel:
    """POSTs JSON to ``url``, signed with ``secret`` if there is one. Redirects are not followed; certificates are
    checked. Cannot be read back: after a crash a post may come twice, with the same ``Wirewatch-Key``."""

    def __init__(
        self,
        name: str,
        url: str | Secret,
        secret: str | Secret | None = None,
        *,
        user_agent: str = f"Wirewatch/{__version__}",
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], datetime] = utc_now,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._name = name
        self._url = url.reveal() if isinstance(url, Secret) else url
        self._secret = secret.reveal() if isinstance(secret, Secret) else secret
        self._user_agent = user_agent
        self._timeout_s = timeout_s
        self._clock = clock
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._target = _parse(self._url)
        self._discreet = _Discreet(self._target)

    def __repr__(self) -> str:
        return f"WebhookChannel({self._name!r}, {self._place})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @property
    def _place(self) -> str:
        """The address as people may see it."""
        if self._target is None:
            return "(invalid url)"
        port = f":{self._target.port}" if self._target.port else ""
        return f"{self._target.scheme}://{self._target.host}{port}/***"

    async def start(self) -> None:
        if self._client is None:
            logging.getLogger("httpx").addFilter(self._discreet)
            self._client = httpx.AsyncClient(
                timeout=self._timeout_s, follow_redirects=False, transport=self._transport, verify=True
            )

    async def stop(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()
            logging.getLogger("httpx").removeFilter(self._discreet)

    async def post(self, message: Message) -> Receipt:
        return await self._send(DeliveryKind.ALERT, message.key, alert_payload(message))

    async def post_digest(self, digest: Digest) -> Receipt:
        return await self._send(DeliveryKind.DIGEST, digest.key, digest_payload(digest))

    async def post_notice(self, notice: Notice) -> Receipt:
        return await self._send(DeliveryKind.NOTICE, notice.key, notice_payload(notice))

    async def post_summary(self, post: SummaryPost) -> Receipt:
        return await self._send(DeliveryKind.SUMMARY, post.key, summary_payload(post))

    async def reply(self, to: Receipt, message: Message, *, aloud: bool = False) -> Receipt:
        return await self._send(DeliveryKind.ALERT, message.key, alert_payload(message, follows=to.key))

    async def edit(self, receipt: Receipt, message: Message) -> Receipt | None:
        return receipt

    async def find(self, key: str, *, since: datetime | None = None, thread: Receipt | None = None) -> Receipt | None:
        return None

    async def check(self) -> str | None:
        """Whether the address is one and its host has an entry in DNS; nothing is sent."""
        if self._target is None:
            return f"the url of channel {self._name} is no http(s) address; correct it in wirewatch.yaml"
        try:
            await asyncio.get_running_loop().getaddrinfo(self._target.host, self._target.port, type=socket.SOCK_STREAM)
        except OSError:
            return f"the host {self._target.host} of channel {self._name} cannot be found; check the url and the DNS"
        return None

    async def _send(self, kind: DeliveryKind, key: str, payload: Json) -> Receipt:
        if self._target is None:
            raise PermanentDeliveryError(
                self._name, "its url is no http(s) address", remedy="correct it in wirewatch.yaml"
            )
        if self._client is None:
            raise RuntimeError(f"{self!r} was not started")
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        now = self._clock()
        try:
            async with asyncio.timeout(self._timeout_s):  # httpx's own counts anew for each byte that drips in
                status, headers = await self._exchange(self._client, self._headers(kind, key, body, now), body)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise TransientDeliveryError(
                self._name, f"{self._place} did not answer within {self._timeout_s:g} s"
            ) from error
        except httpx.HTTPError as error:
            raise TransientDeliveryError(
                self._name, f"{self._place} cannot be reached ({_network_words(error)})"
            ) from error
        if 200 <= status < 300:
            return Receipt(self._name, key, str(status), now)
        raise self._refusal(status, headers, now)

    def _headers(self, kind: DeliveryKind, key: str, body: bytes, now: datetime) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": self._user_agent,
            "Wirewatch-Event": kind.value,
            "Wirewatch-Key": key,
        }
        if self._secret:
            headers["Wirewatch-Signature"] = sign(body, self._secret, int(now.timestamp()))
        return headers

    async def _exchange(
        self, client: httpx.AsyncClient, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, httpx.Headers]:
        assert self._target is not None
        async with client.stream("POST", self._target, content=body, headers=headers) as response:
            size = 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > _ANSWER_MAX:
                    break
            return response.status_code, response.headers

    def _refusal(self, status: int, headers: httpx.Headers, now: datetime) -> DeliveryError:
        what = f"{self._place} answered {status}"
        if status in _RETRY_STATUSES or status >= 500:
            wait = parse_retry_after(headers.get("retry-after", ""), now)
            return TransientDeliveryError(self._name, what, retry_after_s=wait)
        if status < 400:
            remedy = "redirects are not followed, as they would take the post to another place: configure the final url"
        else:
            remedy = _REMEDIES.get(status, "ask whoever runs the receiver what it expects")
        return PermanentDeliveryError(self._name, what, remedy=remedy)


class _Discreet(logging.Filter):
    """Drops httpx's ``HTTP Request: POST https://...`` lines about one address."""

    def __init__(self, url: httpx.URL | None) -> None:
        super().__init__()
        self._url = url

    def filter(self, record: logging.LogRecord) -> bool:
        return not (isinstance(record.args, tuple) and self._url in record.args)


def _parse(url: str) -> httpx.URL | None:
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError):  # no HTTPError; its text may hold a part of the address
        return None
    return parsed if safe_url(url) else None


def _network_words(error: httpx.HTTPError) -> str:
    """What happened, without any address: the texts of lower layers may hold one."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "its certificate is not valid"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.ProxyError):
        return "the proxy refused"
    return "the connection broke off"


def sign(body: bytes, secret: str, at: int) -> str:
    """``t=<unix seconds>,v1=<hexadecimal HMAC-SHA256 of "t.body">``, the scheme that Stripe made common."""
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Seconds to wait: from a number or an HTTP date (RFC 9110, 10.2.3), at least 0, at most a day; else ``None``."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), RETRY_AFTER_MAX_S)
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # the latter for years beyond C's int
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max(0.0, (when - now).total_seconds()), RETRY_AFTER_MAX_S)


# -- payloads -------------------------------------------------------------------------------------------------------


def alert_payload(message: Message, *, follows: str = "") -> Json:
    """See ``docs/webhook.md``. ``follows`` is the key of the post that this one answers."""
    segments = clean_segments(message.passage)
    alert: Json = {
        "id": message.alert_id,
        "severity": message.severity.word,
        "headline": clean(message.headline),
        "url": safe_url(message.url) or None,
        "source": clean(message.source),
        "published": _iso(message.published),
        "dated": message.dated,
        "passage": [{"text": s.text, "strong": s.strong} for s in segments],
        "countries": [{"code": clean(c.code), "name": clean(c.name), "flag": clean(c.flag)} for c in message.countries],
        "rules": [
            {
                "id": clean(r.id),
                "title": clean(r.title),
                "severity": r.severity.word,
                "words": [clean(w) for w in r.words],
            }
            for r in message.rules
        ],
        "tags": [clean(tag) for tag in message.tags],
        "image": safe_url(message.image) or None,
        "story": clean(message.story_id) or None,
        "follows": follows or None,
        "news": [sentence for sentence in map(clean, message.news) if sentence],
        "sources": message.sources,
        "also": [
            {"name": clean(o.name), "url": safe_url(o.url) or None, "published": _iso(o.published)}
            for o in message.also
        ],
        "retracted": clean(message.retracted) or None,
        "lists": [clean(name) for name in message.lists],
        "read": clean(message.read) or None,
    }
    return _envelope(DeliveryKind.ALERT, message.key, clean(message.fallback) or clean(message.headline), alert)


def digest_payload(digest: Digest) -> Json:
    """See ``docs/webhook.md``. All lines are listed: JSON has no limit to meet."""
    content: Json = {
        "title": clean(digest.title),
        "reason": clean(digest.reason),
        "total": digest.total,
        "held": [{"reason": c.reason.value, "words": clean(c.words), "count": c.count} for c in digest.counts],
        "told": digest.told,
        "coverage": clean(digest.coverage) or None,
        "created": _iso(digest.created_at),
        "alerts": [_line(line) for line in digest.lines],
    }
    text = f"{clean(digest.title)}: {stories(digest.total)}"
    return _envelope(DeliveryKind.DIGEST, digest.key, text, content)


def notice_payload(notice: Notice) -> Json:
    """See ``docs/webhook.md``."""
    title, text = clean(notice.title), clean_block(notice.text)
    content: Json = {"title": title, "text": text, "severity": notice.severity.word}
    return _envelope(DeliveryKind.NOTICE, notice.key, title or clean(notice.text), content)


def summary_payload(post: SummaryPost) -> Json:
    """See ``docs/webhook.md``."""
    text = f"{clean(post.title)}: {words.head(post.summary)}"
    content: Json = {"schedule": post.name, **as_json(post.summary)}
    return _envelope(DeliveryKind.SUMMARY, post.key, text, content)


def _envelope(kind: DeliveryKind, key: str, text: str, content: Json) -> Json:
    return {"version": VERSION, "event": kind.value, "key": key, "text": text, kind.value: content}


def _line(line: DigestLine) -> Json:
    return {
        "id": line.alert_id,
        "severity": line.severity.word,
        "headline": clean(line.headline),
        "url": safe_url(line.url) or None,
        "source": clean(line.source),
        "published": _iso(line.published),
        "rules": [clean(title) for title in line.rules],
        "story": line.story_id or None,
        "group": clean(line.group) or None,
        "reports": line.reports,
        "sources": line.sources,
        "retracted": clean(line.retracted) or None,
        "news": [clean(sentence) for sentence in line.adds],
    }


def _iso(at: datetime) -> str:
    """RFC 3339 in UTC, whole seconds: ``2026-09-14T14:05:00Z``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
