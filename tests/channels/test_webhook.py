"""The webhook channel against a local receiver, and its documentation against what it sends."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, cast

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import Channel
from bot.channels.webhook import (
    RETRY_AFTER_MAX_S,
    WebhookChannel,
    alert_payload,
    digest_payload,
    notice_payload,
    parse_retry_after,
    sign,
)
from bot.errors import PermanentDeliveryError, TransientDeliveryError
from bot.message import Segment
from bot.secret import Secret
from tests.channels.contract import (
    AT,
    MESSAGE,
    NOTICE,
    PATIENCE_S,
    PERMANENT,
    RETRY_AFTER_S,
    TRANSIENT,
    ChannelContract,
    Fault,
    Harness,
    Seen,
    digest,
)
from tests.fakes.webhook import WebhookReceiver

DOCS = Path(__file__).parents[2] / "docs" / "webhook.md"
SECRET = "sh4red-s1gning-s3cret"


class WebhookHarness:
    secrets = (SECRET, "p4th-s3cret", "qu3ry-s3cret")
    faults = frozenset([*TRANSIENT, *PERMANENT])

    def __init__(self, receiver: WebhookReceiver) -> None:
        self.receiver = receiver

    def make(self, timeout_s: float = PATIENCE_S) -> Channel:
        return WebhookChannel("hook", self.receiver.url, SECRET, timeout_s=timeout_s)

    async def seen(self) -> list[Seen]:
        return [_seen(r.payload) for r in self.receiver.accepted]

    def fail(self, fault: Fault) -> None:
        answers: dict[Fault, Callable[[], None]] = {
            Fault.RATE_LIMITED: lambda: self.receiver.answer(429, {"Retry-After": str(RETRY_AFTER_S)}),
            Fault.SERVER_ERROR: lambda: self.receiver.answer(500),
            Fault.UNAVAILABLE: lambda: self.receiver.answer(503),
            Fault.DROPPED: self.receiver.drop,
            Fault.TIMEOUT: self.receiver.hang,
            Fault.UNAUTHORIZED: lambda: self.receiver.answer(401),
            Fault.FORBIDDEN: lambda: self.receiver.answer(403),
            Fault.NOT_FOUND: lambda: self.receiver.answer(404),
            Fault.REFUSED: lambda: self.receiver.answer(400),
        }
        answers[fault]()

    def heal(self) -> None:
        self.receiver.answer(200)


def _seen(payload: dict[str, Any]) -> Seen:
    """What a reader of the JSON finds: every string in it, passages joined, links apart."""
    links: list[str] = []
    strong: list[str] = []

    def strings(value: object, key: str = "") -> list[str]:
        if key in ("url", "image"):
            links.extend([value] if isinstance(value, str) else [])
            return []
        if key == "passage":
            segments = cast(list[dict[str, Any]], value)
            strong.extend(s["text"] for s in segments if s["strong"])
            return ["".join(s["text"] for s in segments)]
        if isinstance(value, dict):
            return [text for name, part in value.items() for text in strings(part, name)]
        if isinstance(value, list):
            return [text for part in value for text in strings(part)]
        return [str(value)]

    text = "\n".join(strings(payload[payload["event"]]))
    return Seen(text, tuple(links), tuple(strong), fallback=payload["text"])


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture
async def channel(receiver: WebhookReceiver) -> AsyncIterator[WebhookChannel]:
    channel = WebhookChannel("hook", receiver.url, SECRET, clock=lambda: AT)
    await channel.start()
    yield channel
    await channel.stop()


class TestWebhookContract(ChannelContract):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[Harness]:
        async with WebhookReceiver() as receiver:
            yield WebhookHarness(receiver)


# -- the request ----------------------------------------------------------------------------------------------------


async def test_headers_name_event_and_key_and_sign_the_body(receiver: WebhookReceiver, channel: WebhookChannel) -> None:
    await channel.post(MESSAGE)
    await channel.post_digest(digest(2))
    await channel.post_notice(NOTICE)
    assert [r.headers["wirewatch-event"] for r in receiver.accepted] == ["alert", "digest", "notice"]
    assert receiver.keys == ["k-arms-1", "k-digest-1", "k-notice-1"]
    for request in receiver.accepted:
        assert request.headers["content-type"].startswith("application/json")
        assert request.headers["user-agent"].startswith("Wirewatch/")
        assert request.headers["wirewatch-signature"] == sign(request.body, SECRET, int(AT.timestamp()))
        assert request.payload["key"] == request.headers["wirewatch-key"]
        assert request.path == "/hooks/p4th-s3cret?token=qu3ry-s3cret"


def test_signature_is_the_hmac_that_openssl_computes() -> None:
    """``printf '1789395000.{}' | openssl dgst -sha256 -hmac key``"""
    assert sign(b"{}", "key", 1789395000) == (
        "t=1789395000,v1=e2b8ac9479ce3585bd763c085d3adee8f76d3d5b294dd38fb76199e88353995e"
    )


async def test_no_secret_no_signature(receiver: WebhookReceiver) -> None:
    channel = WebhookChannel("hook", Secret(receiver.url, "shown"), Secret(""))
    await channel.start()
    await channel.post(MESSAGE)
    await channel.stop()
    assert "wirewatch-signature" not in receiver.accepted[0].headers


async def test_the_same_post_has_the_same_body(receiver: WebhookReceiver, channel: WebhookChannel) -> None:
    """So that a receiver may also compare bodies."""
    await channel.post(MESSAGE)
    await channel.post(MESSAGE)
    assert receiver.accepted[0].body == receiver.accepted[1].body


async def test_posts_share_one_connection(receiver: WebhookReceiver, channel: WebhookChannel) -> None:
    for _ in range(5):
        await channel.post(MESSAGE)
    assert receiver.connections == 1


# -- verdicts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_2xx_is_delivered(receiver: WebhookReceiver, channel: WebhookChannel, status: int) -> None:
    receiver.answer(status)
    assert (await channel.post(MESSAGE)).ref == str(status)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520])
async def test_transient_statuses(receiver: WebhookReceiver, channel: WebhookChannel, status: int) -> None:
    receiver.answer(status)
    with pytest.raises(TransientDeliveryError, match=str(status)) as caught:
        await channel.post(MESSAGE)
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 422, 451])
async def test_permanent_statuses_say_what_to_do(
    receiver: WebhookReceiver, channel: WebhookChannel, status: int
) -> None:
    receiver.answer(status, {"Location": receiver.url + "&elsewhere=1"})
    with pytest.raises(PermanentDeliveryError, match=str(status)) as caught:
        await channel.post(MESSAGE)
    assert caught.value.remedy
    assert "elsewhere" not in str(caught.value)
    assert receiver.requests == 1, "a redirect was followed"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("99999999999999999999", RETRY_AFTER_MAX_S),
        (format_datetime(AT + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(AT - timedelta(hours=1), usegmt=True), 0),
        (format_datetime(AT + timedelta(days=400), usegmt=True), RETRY_AFTER_MAX_S),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_forms(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, AT) == seconds


@given(
    st.one_of(st.text(), st.from_regex(r"\w{3}, \d{1,4} (Jan|Feb|Dec) \d{1,12} \d{1,3}:\d\d:\d\d( [-+]\d{4}| GMT)?"))
)
def test_retry_after_takes_any_text(value: str) -> None:
    seconds = parse_retry_after(value, AT)
    assert seconds is None or 0 <= seconds <= RETRY_AFTER_MAX_S


async def test_retry_after_date_reaches_the_error(receiver: WebhookReceiver, channel: WebhookChannel) -> None:
    receiver.answer(503, {"Retry-After": format_datetime(AT + timedelta(seconds=30), usegmt=True)})
    with pytest.raises(TransientDeliveryError) as caught:
        await channel.post(MESSAGE)
    assert caught.value.retry_after_s == 30


async def test_nobody_listening_is_transient() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, not listening: refused
        port = reserved.getsockname()[1]
        channel = WebhookChannel("hook", f"http://127.0.0.1:{port}/p4th", SECRET)
        await channel.start()
        with pytest.raises(TransientDeliveryError, match="cannot be reached") as caught:
            await channel.post(MESSAGE)
        await channel.stop()
    assert "p4th" not in str(caught.value)


# -- addresses and secrets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["", "hook", "ftp://h.example/s3cret", "https://", "http://[s3cret/", "https://h.example:s3cret/", "\ud800"]
)
async def test_unusable_url_is_told_without_showing_it(url: str) -> None:
    channel = WebhookChannel("hook", url, None)
    await channel.start()
    advice = await channel.check()
    with pytest.raises(PermanentDeliveryError) as caught:
        await channel.post(MESSAGE)
    await channel.stop()
    assert advice
    assert "wirewatch.yaml" in advice
    assert "s3cret" not in f"{advice} {caught.value} {caught.value.__cause__} {channel!r}"


async def test_check_finds_a_host_that_does_not_exist() -> None:
    channel = WebhookChannel("hook", "https://no-such-host.invalid/s3cret")  # RFC 6761: never resolves
    advice = await channel.check()
    assert advice
    assert "no-such-host.invalid" in advice
    assert "s3cret" not in advice


async def test_repr_shows_the_host_only() -> None:
    shown = repr(WebhookChannel("hook", "https://user:pass@hooks.example:8443/T0/B1?x=1#y", SECRET))
    assert shown == "WebhookChannel('hook', https://hooks.example:8443/***)"


async def test_nothing_logs_the_address(
    receiver: WebhookReceiver, channel: WebhookChannel, caplog: pytest.LogCaptureFixture
) -> None:
    """httpx writes every address at INFO."""
    with caplog.at_level(logging.DEBUG):
        await channel.post(MESSAGE)
        receiver.answer(500)
        with pytest.raises(TransientDeliveryError):
            await channel.post(MESSAGE)
    assert "s3cret" not in caplog.text


# -- docs/webhook.md ------------------------------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(blocks("json")[-1])
    return loaded


def closed(node: Any) -> Any:
    """The schema with no room for fields that it does not name."""
    if isinstance(node, list):
        return [closed(part) for part in node]
    if not isinstance(node, dict):
        return node
    out = {key: closed(value) for key, value in node.items()}
    if node.get("type") == "object":
        out["additionalProperties"] = False
    return out


PAYLOADS = [
    pytest.param(alert_payload(MESSAGE), id="alert"),
    pytest.param(alert_payload(replace(MESSAGE, url="", passage=(), countries=(), rules=(), tags=())), id="bare"),
    pytest.param(alert_payload(replace(MESSAGE, url="https://x.example/ü \u202e", headline="\ud800\x00")), id="odd"),
    pytest.param(digest_payload(digest(3, total=7)), id="digest"),
    pytest.param(digest_payload(digest(0)), id="empty digest"),
    pytest.param(notice_payload(NOTICE), id="notice"),
]


@pytest.mark.parametrize(
    "payload", [*(pytest.param(json.loads(b), id=f"doc {i}") for i, b in enumerate(blocks("json")[:-1])), *PAYLOADS]
)
def test_payloads_and_documented_examples_fit_the_documented_schema(payload: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(payload, closed(schema()), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("change", [{"event": "digest"}, {"version": 2}, {"key": ""}, {"more": 1}])
def test_the_schema_refuses_other_things(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**alert_payload(MESSAGE), **change}, closed(schema()))


def test_documented_signature_check_accepts_ours_and_nothing_else() -> None:
    scope: dict[str, Any] = {}
    exec(blocks("python")[0], scope)
    verify = scope["is_from_wirewatch"]
    body = json.dumps(alert_payload(MESSAGE)).encode()
    now = int(datetime.now(UTC).timestamp())
    assert verify(body, sign(body, SECRET, now), SECRET)
    assert not verify(body + b" ", sign(body, SECRET, now), SECRET)
    assert not verify(body, sign(body, "other", now), SECRET)
    assert not verify(body, sign(body, SECRET, now - 3600), SECRET)
    assert not verify(body, sign(body, SECRET, now).replace(f"t={now}", f"t={now + 1}"), SECRET)
    for broken in ("", "t=,v1=", "v1=ü", f"t={now}", "nonsense"):
        assert not verify(body, broken, SECRET)


def test_passage_keeps_its_spaces() -> None:
    message = replace(MESSAGE, passage=(Segment("the "), Segment("deal", True), Segment(" is done")))
    alert = cast(dict[str, Any], alert_payload(message)["alert"])
    assert "".join(s["text"] for s in alert["passage"]) == "the deal is done"
