"""The channel ``apprise``, over apprise's own ``json://`` service to a receiver on this machine."""

from __future__ import annotations

import pytest

pytest.importorskip("apprise", reason="the extra `apprise` is not installed")

from bot.channels.apprise import BODY_MAX, AppriseChannel
from bot.errors import TransientDeliveryError
from bot.message import Digest, DigestLine
from bot.model import Severity
from bot.secret import Secret
from tests.channels.contract import AT, MESSAGE, NOTICE
from tests.fakes.webhook import WebhookReceiver

LINE = DigestLine("a1", Severity.HIGH, "Two sides sign", "https://news.example/a1", "Harbour Post", AT, ("Arms deal",))
DIGEST = Digest("k-d", "While the channel was away", "40 alerts waited", (LINE,) * 40, 40, AT)


def channel(receiver: WebhookReceiver) -> AppriseChannel:
    return AppriseChannel("teams", Secret(receiver.url.replace("http://", "json://")))


async def test_alert_digest_and_notice_arrive_as_plain_text() -> None:
    async with WebhookReceiver() as receiver:
        teams = channel(receiver)
        await teams.start()
        assert (await teams.post(MESSAGE)).key == MESSAGE.key
        await teams.post_digest(DIGEST)
        await teams.post_notice(NOTICE)
        await teams.stop()
        alert, digest, notice = (r.payload for r in receiver.accepted)
    assert alert["title"].startswith(f"{MESSAGE.severity.word.upper()}: ")
    assert MESSAGE.url in alert["message"]
    assert all(rule.title in alert["message"] for rule in MESSAGE.rules)
    assert DIGEST.lines[0].url in digest["message"]
    assert "... and 25 more" in digest["message"]
    assert notice["title"] == NOTICE.title
    assert all(len(r.payload["message"]) <= BODY_MAX for r in receiver.accepted)


async def test_a_failure_is_tried_again_and_names_no_address() -> None:
    async with WebhookReceiver() as receiver:
        receiver.answer(503)
        teams = channel(receiver)
        with pytest.raises(TransientDeliveryError) as caught:
            await teams.post(MESSAGE)
    assert "s3cret" not in str(caught.value) + repr(teams)
    assert await teams.find(MESSAGE.key) is None
    assert not teams.capabilities.readable
