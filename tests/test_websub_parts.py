"""The parts of WebSub: which hub a feed names, who is told a secret, what signs a message, what people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Fetched
from bot.sources.feed import parse_feed
from bot.websub import subscription as life
from bot.websub.offer import HUBS_MAX, Offer, offer_of, offer_of_json
from bot.websub.signing import METHODS, signature, signed
from bot.websub.words import describe
from tests.sources.samples import NOW

URL = "http://river.example/feeds/rss.xml"
HUB, TOPIC = "https://hub.example/", "https://river.example/rss"
BOTH = f'<link rel="hub" href="{HUB}"/><link rel="self" href="{TOPIC}"/>'


@pytest.mark.parametrize(
    ("header", "offer"),
    [
        (f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"', Offer((HUB,), TOPIC)),
        (f"<{HUB}>;rel=hub,<{TOPIC}>;rel=self", Offer((HUB,), TOPIC)),
        (f'<{HUB}>; title="a, b; c"; REL="next HUB"; x=y , <{TOPIC}> ; rel = "self"', Offer((HUB,), TOPIC)),
        (f'<{HUB}>; rel="hub"', Offer((HUB,), URL)),  # no self: what was asked for
        ('</hub>; rel="hub", <../rss>; rel=self', Offer(("http://river.example/hub",), "http://river.example/rss")),
        (f'<{HUB}>; rel="hub", <https://b.example/>; rel=hub', Offer((HUB, "https://b.example/"), URL)),
        (f'<{HUB}#part>; rel="hub"', Offer((HUB,), URL)),
        ('<ftp://hub.example/>; rel="hub"', None),
        ('<https://>; rel="hub"', None),
        ('<http://[::1>; rel="hub"', None),
        (f'<{HUB}>; rel="hubcap"', None),
        (f'<{HUB}>; rev="hub"', None),
        (f'{HUB}; rel="hub"', None),
        ("<", None),
        ("", None),
    ],
)
def test_link_headers(header: str, offer: Offer | None) -> None:
    assert offer_of({"link": header}, b"", URL) == offer


@pytest.mark.parametrize(
    ("edges", "offer"),
    [
        (BOTH, Offer((HUB,), TOPIC)),
        (BOTH.replace("<link", "<atom10:link"), Offer((HUB,), TOPIC)),
        (BOTH.replace('"', "'"), Offer((HUB,), TOPIC)),
        (f'<link\n href = "{HUB}"\trel="hub" >', Offer((HUB,), URL)),
        ('<link rel="hub" href="https://hub.example/?a=1&amp;b=2"/>', Offer(("https://hub.example/?a=1&b=2",), URL)),
        (f"<!-- {BOTH} -->", None),
        (f"<description><![CDATA[{BOTH}]]></description>", None),
        (f"<!-- {BOTH}", None),
        (f"<title>x</title><link>{HUB}</link>", None),
        ('<link rel="hub"/>', None),
        ("".join(f'<link rel="hub" href="https://h{n}.example/"/>' for n in range(9)), HUBS_MAX),
    ],
)
def test_links_in_the_feed(edges: str, offer: Offer | int | None) -> None:
    found = offer_of({}, edges.encode(), URL)
    assert found == offer if not isinstance(offer, int) else found is not None and len(found.hubs) == offer


def test_headers_go_before_the_feed_and_only_where_they_name_a_hub() -> None:
    edges = BOTH.encode()
    assert offer_of({"link": '<https://api.w.org/>; rel="https://api.w.org/"'}, edges, URL) == Offer((HUB,), TOPIC)
    assert offer_of({"link": '<https://b.example/>; rel="hub"'}, edges, URL) == Offer(("https://b.example/",), TOPIC)


@pytest.mark.parametrize(
    "body",
    [
        f"<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel><title>x</title>"
        f"{BOTH.replace('<link', '<a:link')}<item><title>y</title></item></channel></rss>",
        f"<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title>{BOTH}"
        "<entry><title>y</title><id>1</id></entry></feed>",
        "<rss version='2.0'><channel><item><title>y</title></item>"
        f"{BOTH.replace('<link', '<atom:link')}</channel></rss>",
        f'{{"version": "https://jsonfeed.org/version/1.1", "title": "x", "feed_url": "{TOPIC}", "items": [{{"id": 1, '
        f'"title": "y"}}], "hubs": [{{"type": "rssCloud", "url": "https://no.example/"}}, {{"type": "WebSub", "url": '
        f'"{HUB}"}}]}}',
    ],
    ids=["rss", "atom", "behind the items", "json feed"],
)
def test_every_format_of_feed(body: str) -> None:
    parsed = parse_feed(Fetched("s", URL, 200, {}, body.encode(), NOW))
    assert parsed.offer == Offer((HUB,), TOPIC)


def test_a_link_in_an_entry_is_no_offer() -> None:
    """A reader's comment, a quoted page: what an entry holds is not the publisher's word on its feed."""
    entry = BOTH.replace("<link", "<atom:link")
    body = f"<rss version='2.0'><channel><title>x</title><item><title>y</title>{entry}</item></channel></rss>"
    assert parse_feed(Fetched("s", URL, 200, {}, body.encode(), NOW)).offer is None


@given(st.binary(max_size=300), st.text(max_size=200))
def test_nothing_that_is_written_there_raises(edges: bytes, header: str) -> None:
    offer_of({"link": header}, edges, URL)
    offer_of({"link": f"<{header}>; rel=hub"}, b'<link rel="hub" href="' + edges + b'"/>', URL)


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(ANYTHING)
def test_nothing_that_a_json_feed_holds_raises(hubs: object) -> None:
    offer_of_json({}, hubs, hubs, URL)
    offer_of_json({}, [{"type": "WebSub", "url": hubs}], hubs, URL)


# -- who is told a secret -------------------------------------------------------------------------------------------


def begun(*hubs: str, trusted: bool = False) -> life.Subscription:
    return life.begin("river", Offer(hubs, TOPIC), "https://bot.example/websub", NOW, trusted=trusted)


def test_https_is_tried_first_and_a_secret_is_never_sent_in_the_clear() -> None:
    one = begun("http://hub.example/")
    assert one.hubs == ("https://hub.example/", "http://hub.example/")
    assert (one.hub[:6], len(one.secret)) == ("https:", 64)
    plain = life.failed(one, "no TLS", NOW)
    assert (plain.hub, plain.secret) == ("http://hub.example/", "")
    again = life.failed(plain, "down", NOW)
    assert (again.hub[:6], len(again.secret)) == ("https:", 64)
    assert again.secret != one.secret
    assert life.denied(one, "", NOW).secret == ""
    assert begun("http://hub.intern/", "https://hub.example/", trusted=True).hubs == ("http://hub.intern/",)


def test_what_a_hub_gives_as_its_reason_is_one_clean_line() -> None:
    reason = life.denied(begun(HUB), "no\x1b[31m rivers\r\n here\u202e" + "!" * 999, NOW).reason
    assert reason.isprintable()
    assert reason.startswith("no")
    assert len(reason) <= life.REASON_MAX


def test_neither_callback_nor_secret_shows_in_a_log() -> None:
    one = begun(HUB)
    assert one.secret not in repr(one)
    assert one.callback not in repr(one)


# -- in words -------------------------------------------------------------------------------------------------------

HOUR = timedelta(hours=1)
ASKED = life.asked(begun(HUB), NOW)
LIVE = life.confirmed(ASKED, 86_400, NOW)


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (begun(HUB), "hub.example is asked to tell of news (WebSub) in a moment"),
        (ASKED, "hub.example was asked to tell of news (WebSub), and has not confirmed it yet"),
        (LIVE, "hub.example tells of news (WebSub): 0 messages; lease until 2026-03-03 12:00 UTC"),
        (
            life.pushed(LIVE, NOW - HOUR),
            "hub.example tells of news (WebSub): 1 message, last 1 h ago; lease until 2026-03-03 12:00 UTC",
        ),
        (
            life.polled(LIVE, found_news=True, last_poll=NOW, now=NOW),
            "hub.example was silent about news that a poll found 2026-03-02 12:00 UTC; polls keep their pace until it "
            "tells of some",
        ),
        (replace(LIVE, lease_until=NOW - HOUR), "the lease of hub.example ended 2026-03-02 11:00 UTC"),
        (replace(life.denied(LIVE, "no rivers", NOW), due=NOW + HOUR),
         "hub.example denies the subscription: no rivers; asked again in 1 h"),
        (replace(life.failed(ASKED, "it is down", NOW), due=NOW),
         "not subscribed at a hub: it is down; asked again now"),
        (life.ending(LIVE, NOW), "the subscription at hub.example is being ended"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)  # fmt: skip
def test_what_people_are_told(one: life.Subscription, line: str) -> None:
    assert describe([one], NOW, UTC) == line
    assert describe([life.ending(LIVE, NOW), one], NOW, UTC) == line  # what matters most
    assert describe([], NOW, UTC) is None


# -- signatures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_signature_is_over_every_byte_with_the_very_secret(method: str) -> None:
    header = signature("s3cret", b"body", method)
    assert signed("s3cret", b"body", header)
    assert signed("s3cret", b"body", f" {header.upper()} ")
    assert not signed("s3cret", b"body ", header)
    assert not signed("other", b"body", header)
    assert not signed("s3cret", b"body", header[:-1])


@given(st.text(max_size=80))
def test_no_other_header_signs_and_none_raises(header: str) -> None:
    assert not signed("s3cret", b"body", header)
    assert not any(signed("s3cret", b"body", f"{method}={header}") for method in METHODS)
