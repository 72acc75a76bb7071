"""Discord's payloads: nothing hostile comes alive, nothing is too long, nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.channels import discord_embed as embed
from bot.channels.buttons import Verb, button_id
from bot.channels.discord_embed import Post, alert_post, digest_post, notice_post
from bot.channels.discord_errors import Refusal, delivery_error
from bot.channels.discord_markdown import escape, escaped_units, fit, fit_link, fit_passage
from bot.channels.discord_why import why_text
from bot.channels.text import clean, clean_segments, utf16_len
from bot.errors import PermanentDeliveryError, TransientDeliveryError
from bot.message import CountryTag, FiredRule, Segment, SourceLink
from bot.model import Severity
from tests.channels.contract import MESSAGE, NOTICE, digest
from tests.fakes.discord.markdown import LIVE, links, nodes, parse, pings, plain, visible_text, walk
from tests.fakes.discord.validate import check_message
from tests.properties import examples

# What markdown is made of, in heaps, among words, breaks, emoji and invisible characters.
MARKUP = st.sampled_from(
    ["*", "**", "_", "__", "~~", "||", "`", "```", "[", "]", "(", ")", "<", ">", "@", "#", ":", "/", "\\", "-", "+",
     "1.", "-# ", "# ", "> ", ">>> ", "\n", " ", "@everyone", "@here", "<@1>", "<@&1>", "<#1>", "<t:1:R>", "</a:1>",
     ":smile:", "<:x:1>", "https://e.example/x", "http://", "discord.gg/abc", "discord.com/invite/x", "<https://e.example>",
     "[a](https://e.example)", "<id:home>", "\u200b", "\u202e", "🇰🇵", "👩‍👩‍👧", "é", "漢", "word", "x", "7"]
)  # fmt: skip
HOSTILE = st.lists(MARKUP | st.text(max_size=4), max_size=25).map("".join)


def payload(post: Post) -> dict[str, Any]:
    """The JSON as the channel sends it."""
    buttons: list[dict[str, Any]] = [
        {"type": 2, "style": 2, "label": button.label, "custom_id": button.id} for button in post.buttons
    ]
    if post.link:
        buttons.append({"type": 2, "style": 5, "label": "Open", "url": post.link})
    return {
        "content": post.content,
        "embeds": [dict(post.embed)] if post.embed is not None else [],
        "components": [{"type": 1, "components": buttons}] if buttons else [],
        "allowed_mentions": {"parse": [], "roles": [str(r) for r in post.roles]},
        "nonce": embed.nonce(post.key),
    }


def assert_fine(post: Post) -> None:
    """Every variant is taken by a strict server and nothing in it is alive."""
    for variant in (post, post.without_links(), post.text_only()):
        body = payload(variant)
        check_message(body)
        assert not [n for n in nodes(body) if n.kind in LIVE]
        assert pings(variant.content, body["allowed_mentions"]) == []
        assert 1 <= utf16_len(variant.thread_name) <= 100


# -- escaping -------------------------------------------------------------------------------------------------------


@settings(max_examples=examples(400))
@given(HOSTILE)
@example("-# small")
@example("1. one")
@example("a\\")
@example("\\*")
@example("https\\://e.example")
def test_escaped_text_reads_as_written_and_does_nothing(text: str) -> None:
    text = clean(text)
    assert plain(escape(text)) == text
    assert {n.kind for n in walk(parse(escape(text)))} <= {"text"}
    assert utf16_len(escape(text)) <= escaped_units(text)
    assert pings(escape(text).replace("@everyone", ""), {"parse": ["users", "roles"]}) == []


@settings(max_examples=examples(300))
@given(HOSTILE, st.integers(1, 60))
def test_fitted_text_is_within_its_limit_and_inert(text: str, limit: int) -> None:
    shown = fit(text, limit)
    assert utf16_len(shown) <= limit
    assert plain(shown).removesuffix("…") in clean(text)
    assert {n.kind for n in walk(parse(shown))} <= {"text"}


@settings(max_examples=examples(300))
@given(st.lists(st.tuples(HOSTILE, st.booleans()), max_size=6), st.integers(8, 200))
def test_passage_shows_its_words_with_nothing_but_bold(parts: list[tuple[str, bool]], limit: int) -> None:
    segments = tuple(Segment(t, s) for t, s in parts)
    shown = fit_passage(segments, limit)
    assert utf16_len(shown) <= limit
    whole = "".join(s.text for s in clean_segments(segments))
    assert plain(shown).removesuffix("…").strip() in whole
    assert {n.kind for n in walk(parse(shown))} <= {"text", "strong"}


def test_bold_is_exactly_the_terms() -> None:
    shown = fit_passage((Segment("an "), Segment("arms*deal", True), Segment("s, a\\"), Segment("b\\", True)), 500)
    assert [n.plain() for n in parse(shown) if n.kind == "strong"] == ["arms*deal", "b\\"]


@settings(max_examples=examples(300))
@given(HOSTILE.filter(lambda t: clean(t) != ""))
@example("a ] b")
@example("a [ b")
@example("[[x]]")
@example("](https://evil.example)")
def test_masked_link_leads_only_where_it_should(text: str) -> None:
    shown = fit_link(text, "https://ok.example/a(b)c", 600)
    found = [n for n in walk(parse(shown)) if n.kind != "text"]
    assert [(n.kind, n.target) for n in found] == [("link", "https://ok.example/a%28b%29c")]
    square = str.maketrans("［］", "[]")  # brackets are shown as their wide forms
    assert plain(shown).translate(square).removesuffix("…") in clean(text).translate(square)


# -- posts ----------------------------------------------------------------------------------------------------------

SEGMENTS = st.lists(st.builds(Segment, HOSTILE, st.booleans()), max_size=5).map(tuple)
RULES = st.lists(
    st.builds(FiredRule, HOSTILE, HOSTILE, st.sampled_from(Severity), st.lists(HOSTILE, max_size=4).map(tuple)),
    max_size=4,
).map(tuple)
MESSAGES = st.builds(
    lambda **parts: replace(MESSAGE, **parts),
    key=st.text(max_size=200),
    severity=st.sampled_from(Severity),
    headline=HOSTILE,
    source=HOSTILE,
    fallback=HOSTILE,
    passage=SEGMENTS,
    rules=RULES,
    countries=st.lists(st.builds(CountryTag, st.just("XX"), HOSTILE, HOSTILE), max_size=4).map(tuple),
    url=HOSTILE | st.just(MESSAGE.url),
    image=HOSTILE | st.just("https://news.example/i.jpg"),
    dated=st.booleans(),
    also=st.lists(
        st.builds(SourceLink, HOSTILE, HOSTILE | st.just(MESSAGE.url), st.just(MESSAGE.published)), max_size=9
    ).map(tuple),
    sources=st.integers(1, 9),
    updated_at=st.none() | st.just(MESSAGE.published),
    news=st.lists(HOSTILE, max_size=8).map(tuple),
    retracted=HOSTILE,
    lists=st.lists(HOSTILE, max_size=6).map(tuple),
    read=HOSTILE,
)


@settings(max_examples=examples(80))
@given(MESSAGES, st.booleans())
def test_any_alert_is_taken_and_harmless(message: Any, answers: bool) -> None:
    post = alert_post(message, answers=answers)
    assert_fine(post)
    assert len(why_text(message)) <= 2000
    assert not [n for n in walk(parse(why_text(message))) if n.kind in LIVE | {"url", "link"}]


@settings(max_examples=examples(60))
@given(HOSTILE, HOSTILE, HOSTILE, st.integers(0, 40))
def test_any_digest_and_notice_is_taken_and_harmless(title: str, reason: str, headline: str, count: int) -> None:
    made = digest(count, headline=headline)
    lines = tuple(replace(line, adds=(reason, headline)) for line in made.lines)
    assert_fine(digest_post(replace(made, lines=lines, title=title, reason=reason)))
    assert_fine(notice_post(replace(NOTICE, title=title, text=reason * 20)))


@pytest.mark.parametrize("unit", ["word ", "w", "*", "\\", "\U0001f600", "🇰🇵", "https://e.example/ "])
def test_everything_too_long_at_once_still_fits(unit: str) -> None:
    long = unit * 1500
    rules = tuple(FiredRule(long, long, Severity.HIGH, (long,) * 3) for _ in range(20))
    countries = tuple(CountryTag("KP", long, long) for _ in range(20))
    message = replace(
        MESSAGE, key=long, headline=long, source=long, fallback=long, passage=(Segment(long), Segment(long, True)) * 3,
        rules=rules, countries=countries, url=f"https://e.example/{'p' * 3000}", tags=(long,) * 3, news=(long,) * 9,
        also=(SourceLink(long, f"https://e.example/{'p' * 200}", MESSAGE.published),) * 20, retracted=long,
        lists=(long,) * 9, read=long,
    )  # fmt: skip
    assert_fine(alert_post(message, roles=()))
    assert_fine(alert_post(message, answers=True))
    check_message(payload(alert_post(message, roles=tuple(range(10**18, 10**18 + 20)))))
    lines = tuple(replace(digest(1).lines[0], headline=long, source=long, rules=(long,) * 3) for _ in range(80))
    assert_fine(digest_post(replace(digest(1), title=long, reason=long, lines=lines)))
    assert_fine(notice_post(replace(NOTICE, title=long, text=long)))
    assert len(why_text(message)) <= 2000


def test_alert_shows_headline_in_the_line_that_notifications_show() -> None:
    assert plain(alert_post(MESSAGE).content) == f"🔴 HIGH · {MESSAGE.headline}"


AT = MESSAGE.published
DEVELOPED = replace(
    MESSAGE,
    also=(SourceLink("Outlet B", "https://b.example/1", AT), SourceLink("Outlet C", "", AT)),
    sources=3,
    updated_at=AT,
    news=("A third outlet reports it.", "Now 40 dead, 12 before."),
    lists=("OFAC SDN, 2026-11-20",),
)


def test_an_alert_that_went_on_says_how() -> None:
    body = payload(alert_post(DEVELOPED))
    text = visible_text(body)
    assert "Sources\n3 independent\nalso: Outlet B, Outlet C\n" in text
    assert "\n14/09/2026 14:05\nupdated " in text
    assert "Example Wire · list: OFAC SDN, 2026-11-20" in text
    assert "40 dead" not in text
    assert "https://b.example/1" in links(body)


def test_an_answer_says_first_what_is_new() -> None:
    post = alert_post(DEVELOPED, answers=True)
    text = visible_text(payload(post))
    assert plain(post.content) == "🔴 HIGH · A third outlet reports it."
    assert text.index("40 dead") < text.index("Officials")
    assert [button.verb for button in post.buttons] == [Verb.WHY]
    assert "40 dead" in post.text_only().content


def test_a_retracted_alert_is_struck_through_and_says_why() -> None:
    gone = replace(MESSAGE, headline="~~a~", retracted="Example Wire withdrew it.", image="https://i.example/a.jpg")
    post = alert_post(gone)
    assert post.embed is not None
    assert post.embed["color"] == embed.RETRACTED_COLOUR
    assert "thumbnail" not in post.embed
    for text in (post.content, post.embed["title"]):
        assert [n.plain() for n in walk(parse(text)) if n.kind == "strike"] == ["∼∼a∼"]
    assert "Retracted: Example Wire withdrew it." in visible_text(payload(post))
    assert "Retracted" in post.text_only().content


def test_content_holds_no_address_that_could_unfurl() -> None:
    post = alert_post(replace(MESSAGE, headline="See https://e.example/x now"))
    assert not [n for n in parse(post.content) if n.kind in ("url", "link")]
    assert post.text_only().content.endswith(f"<{MESSAGE.url}>")


@pytest.mark.parametrize("url", ["http://localhost/x", "ftp://e.example/", f"https://e.example/{'x' * 2100}"])
def test_link_that_discord_would_refuse_is_left_out(url: str) -> None:
    post = alert_post(replace(MESSAGE, url=url, image=url))
    assert post.embed is not None
    assert not {"url", "thumbnail"} & post.embed.keys()
    assert not post.link


def test_link_too_long_for_the_button_stays_on_the_headline() -> None:
    url = f"https://e.example/{'x' * 600}"
    body = payload(alert_post(replace(MESSAGE, url=url)))
    assert links(body) == [url]


def test_digest_keeps_the_count_of_what_it_cannot_list() -> None:
    body = payload(digest_post(digest(100, total=1234)))
    text = visible_text(body)
    listed = text.count("Story number")
    assert 5 < listed < 100
    assert f"… and {1234 - listed:,} more" in text


@pytest.mark.parametrize("key", ["k", "k" * 93, "k" * 94, "é" * 500])
def test_key_travels_whatever_its_length(key: str) -> None:
    id, other = button_id(Verb.WHY, key), button_id(Verb.WHY, key + "x")
    assert utf16_len(button_id(Verb.USEFUL, key)) <= 100
    assert len(embed.nonce(key)) <= 25
    assert embed.carries(key, (id,), ())
    assert embed.carries(key, (), (embed.reference(key),))
    assert not embed.carries(key, (other,), (embed.reference(key + "x"),))


# -- the table of errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "transient", "says"),
    [
        (Refusal(429, retry_after_s=3), True, "asks to wait"),
        (Refusal(500), True, "500"),
        (Refusal(503, 130000), True, "overloaded"),
        (Refusal(429, 20028, retry_after_s=4), True, "asks to wait"),
        (Refusal(400, 20016), True, "slow mode"),
        (Refusal(403, 40004), True, "switched off"),
        (Refusal(401), False, "new token"),
        (Refusal(404, 10003), False, "wirewatch.yaml"),
        (Refusal(404, 10004), False, "invite"),
        (Refusal(403, 50001), False, "View Channel"),
        (Refusal(403, 50013), False, "Send Messages"),
        (Refusal(403, 40333), False, "proxy"),
        (Refusal(400, 50083), False, "Manage Threads"),
        (Refusal(400, 160005), False, "unlock"),
        (Refusal(400, 40067), False, "forum_tags"),
        (Refusal(400, 200000), False, "AutoMod"),
        (Refusal(400, 50035, "Invalid Form Body\nIn embeds.0.color: no"), False, "report"),
        (Refusal(403, 99999, "Something new"), False, "Something new"),
        (Refusal(404, 99999, "Something new"), False, "wirewatch.yaml"),
        (Refusal(418, 0), False, "418"),
    ],
    ids=lambda v: f"{v.status}-{v.code}" if isinstance(v, Refusal) else "",
)
def test_verdict(refusal: Refusal, transient: bool, says: str) -> None:
    error = delivery_error("intel", refusal)
    assert isinstance(error, TransientDeliveryError if transient else PermanentDeliveryError)
    assert says in str(error)
    assert "\n" not in str(error)
    if isinstance(error, TransientDeliveryError):
        assert error.retry_after_s == refusal.retry_after_s
    else:
        assert isinstance(error, PermanentDeliveryError)
        assert error.remedy


def test_words_of_discord_are_redacted_and_short() -> None:
    secret = "https://discord.com/api/webhooks/123456789012345678/" + "s3cret" * 10
    text = str(delivery_error("intel", Refusal(400, 99999, f"{secret} {'x' * 5000}")))
    assert "s3cret" not in text
    assert len(text) < 500


def test_digest_strikes_through_what_no_longer_holds_and_lists_in_brief_what_a_filter_held() -> None:
    one = replace(digest(1).lines[0], group="Arms deals", reports=3, sources=2, retracted="killed by its agency")
    brief = replace(digest(2).lines[1], group="Outside", brief=True, reports=4)
    shown = payload(digest_post(replace(digest(2), lines=(one, brief))))["embeds"][0]["description"]
    assert "~~" in shown
    assert "**Retracted:** killed by its agency · Example Wire · 3 reports, 2 sources" in shown
    assert "4 reports" not in shown


def test_digest_has_a_heading_above_the_stories_of_each_rule() -> None:
    groups = ("Arms deals", "Arms deals", "Coups")
    lines = tuple(replace(line, group=group) for line, group in zip(digest(3).lines, groups, strict=True))
    made = replace(digest(3), lines=lines)
    shown = payload(digest_post(made))["embeds"][0]["description"]
    order = [shown.index(word) for word in ("Arms deals", "number 1 of", "number 2 of", "Coups", "number 3 of")]
    assert order == sorted(order)
    assert (shown.count("Arms deals"), shown.count("Coups")) == (1, 1)
