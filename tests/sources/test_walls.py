"""Bot walls are named, and ordinary pages are not taken for one."""

from __future__ import annotations

import pytest

from bot.errors import FetchReason, ParseError
from bot.sources.feed import parse_feed
from bot.sources.walls import wall_in
from tests.sources.test_feed import fetched

WALLS = {
    "Cloudflare": '<title>Just a moment...</title><script src="/cdn-cgi/challenge-platform/h/b/x"></script>',
    "Anubis": "<title>Making sure you&#39;re not a bot!</title>",
    "Imperva": '<iframe src="/_Incapsula_Resource?CWUDNSAI=9" id="main-iframe"></iframe>',
    "DataDome": '<script src="https://ct.captcha-delivery.com/c.js"></script>',
    "HUMAN": '<div id="px-captcha"></div>',
    "AWS WAF": '<script src="https://abc.eu-west-1.token.awswaf.com/x/challenge.js"></script>',
    "Akamai": "<TITLE>Access Denied</TITLE></HEAD><BODY>Reference https://errors.edgesuite.net/18.abc</BODY>",
    "DDoS-Guard": "<title>DDOS-GUARD</title>",
    "Sucuri": "<script>sucuri_cloudproxy_js=''</script>",
    "SiteGround": '<meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=%2Ffeed">',
    "Vercel": "<title>Vercel Security Checkpoint</title>",
    "Fastly": "<title>Client Challenge</title>",
}


@pytest.mark.parametrize("who", WALLS)
def test_a_bot_wall_that_answers_in_place_of_the_feed_is_named(who: str) -> None:
    page = f"<!DOCTYPE html><html><head>{WALLS[who]}</html>".encode()
    with pytest.raises(ParseError) as caught:
        parse_feed(fetched(page, "text/html"))
    assert caught.value.reason is FetchReason.BLOCKED
    assert f"a bot wall ({who}); ask the publisher" in caught.value.text


@pytest.mark.parametrize(
    "page",
    [
        b"<title>Access denied: press freedom in 2026</title>",
        b"<p>A story about Cloudflare, Imperva, captchas and Anubis, the god with the jackal's head.",
        b"<title>Just a moment in time</title>",
    ],
)
def test_a_page_that_speaks_of_walls_is_none(page: bytes) -> None:
    assert wall_in(page) is None
