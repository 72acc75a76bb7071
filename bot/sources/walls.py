"""Bot walls that answer with a page in place of the feed, recognised by what is typical of them. Pure.

Those that name themselves in a header are recognised in :mod:`bot.web.answers`, whatever their status.
"""

from __future__ import annotations

import re

_WINDOW = 64 * 1024  # bytes

# Marks that stand in the challenge pages of each wall and in no ordinary page: paths of their scripts, names of their
# forms. Titles only where they are the wall's own words.
_MARKS: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (who, re.compile(mark, re.IGNORECASE))
    for who, mark in (
        (
            "Cloudflare",
            rb"/cdn-cgi/challenge-platform/|<title>\s*(?:Just a moment\.\.\.|Attention Required! \| Cloudflare)",
        ),
        ("Anubis", rb"/\.within\.website/x/cmd/anubis|<title>\s*Making sure you(?:'|&#39;|\xe2\x80\x99)re not a bot!"),
        ("Imperva", rb"_Incapsula_Resource|<title>\s*Pardon Our Interruption"),
        ("DataDome", rb"(?:geo\.|ct\.)?captcha-delivery\.com"),
        ("HUMAN", rb"px-captcha|captcha\.px-cdn\.net|/_px/|window\._pxAppId"),
        ("AWS WAF", rb"\.awswaf\.com/|AwsWafIntegration"),
        ("Akamai", rb"<title>\s*Access Denied\s*</title>.{0,2000}errors\.edgesuite\.net|/_sec/cp_challenge/"),
        ("DDoS-Guard", rb"<title>\s*DDOS-GUARD|/\.well-known/ddos-guard/"),
        ("Sucuri", rb"sucuri\.net/privacy|sucuri_cloudproxy_js"),
        ("SiteGround", rb"/\.well-known/sgcaptcha/"),
        ("Vercel", rb"<title>\s*Vercel Security Checkpoint"),
        ("Fastly", rb"<title>\s*Client Challenge\s*</title>|/_fs-ch-"),
    )
)


def wall_in(page: bytes) -> str | None:
    """Whose challenge page this is, by name; ``None`` where it is none that is known."""
    beginning = page[:_WINDOW]
    return next((who for who, mark in _MARKS if mark.search(beginning)), None)
