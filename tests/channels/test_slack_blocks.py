"""Alerts, digests and notices as Block Kit: within every limit, and foreign text always as text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.slack_blocks import (
    METADATA_TYPE,
    SEVERITY_EMOJI,
    Look,
    Payload,
    alert_payload,
    digest_payload,
    escape,
    notice_payload,
    size,
    without_images,
)
from bot.channels.slack_limits import TOTAL_MAX
from bot.channels.text import clean, clean_block, safe_url
from bot.message import CountryTag, Digest, DigestLine, FiredRule, Message, Notice, Segment, SourceLink
from bot.model import Severity
from tests.channels.contract import MESSAGE, NOTICE, digest
from tests.fakes.slack import blockkit
from tests.fakes.slack.methods import UPDATE_TEXT
from tests.fakes.slack.seen import live, notification_text, spans, styled, visible_text
from tests.properties import examples

AT = datetime(2026, 9, 14, 14, 5, tzinfo=UTC)

NASTY = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            ["<!channel>", "<@U123>", "<#C1|x>", "<!subteam^S1>", "<http://evil.example|bank>", "&lt;!here&gt;", "*a*",
             "_b_", "~c~", "`d`", "```", "\n> ", ":skull:", ":flag-kp:", "https://evil.example/x", "@here", "&amp;",
             "<!date^0^{date}|x>", "\u202e", "\u200b", "\x00", "🇰🇵", "👩‍👩‍👧‍👦", "\ud800", "•", "|", ">", "<"]
        ),
    ),
    max_size=12,
).map("".join)  # fmt: skip

LONG = st.builds(lambda text, times: text * times, NASTY, st.integers(1, 400))
ANY = st.one_of(NASTY, LONG)
SEVERITIES = st.sampled_from(list(Severity))
URLS = st.one_of(
    st.just(""), st.just("https://ok.example/a?b=c&d=e"), NASTY, st.just("https://ok.example/" + "x" * 4000)
)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))

MESSAGES = st.builds(
    Message,
    key=st.text("abc-019", min_size=1, max_size=40),
    alert_id=st.just("a"),
    severity=SEVERITIES,
    headline=ANY,
    url=URLS,
    source=ANY,
    published=TIMES,
    dated=st.booleans(),
    passage=st.lists(st.builds(Segment, ANY, st.booleans()), max_size=40).map(tuple),
    countries=st.lists(
        st.builds(CountryTag, st.sampled_from(["KP", "RU", "xx", ""]), ANY, st.sampled_from(["🇰🇵", "🏳", "", ":x:"])),
        max_size=20,
    ).map(tuple),
    rules=st.lists(st.builds(FiredRule, st.just("r"), ANY, SEVERITIES, st.just(())), max_size=12).map(tuple),
    fallback=ANY,
    image=URLS,
    also=st.lists(st.builds(SourceLink, NASTY, URLS, TIMES), max_size=8).map(tuple),
    sources=st.integers(1, 20),
    updated_at=st.none() | TIMES,
    news=st.lists(NASTY, max_size=4).map(tuple),
    retracted=NASTY,
    lists=st.lists(NASTY, max_size=6).map(tuple),
)
DIGESTS = st.builds(
    Digest,
    key=st.just("d"),
    title=ANY,
    reason=ANY,
    lines=st.lists(
        st.builds(
            DigestLine,
            *(st.just("a"), SEVERITIES, ANY, URLS, NASTY, TIMES, st.just(())),
            adds=st.lists(NASTY, max_size=5).map(tuple),
        ),
        max_size=60,
    ).map(tuple),
    total=st.integers(0, 10_000),
    created_at=st.just(AT),
)
NOTICES = st.builds(Notice, key=st.just("n"), title=ANY, text=ANY, severity=SEVERITIES)


def assert_taken(payload: Payload) -> None:
    """Slack takes it, as a new post and as an edit, and nothing in it acts but our own links and emoji."""
    assert blockkit.check_blocks(payload["blocks"]) == []
    assert size(payload["blocks"]) <= TOTAL_MAX < blockkit.BLOCKS_TOTAL
    assert 0 < len(payload["text"]) <= UPDATE_TEXT
    message: dict[str, Any] = {**payload, "mrkdwn": False}
    ours = {name for name, _ in SEVERITY_EMOJI.values()} | {"flag-kp", "flag-ru", "flag-xx"}
    for one in live(message):
        assert one.kind in ("link", "emoji"), one
        assert one.kind != "emoji" or one.target in ours
        assert one.kind != "link" or one.target.startswith(("https://", "http://"))


@settings(max_examples=examples(100))
@given(MESSAGES, st.booleans(), st.booleans())
def test_any_alert_is_taken_and_nothing_foreign_in_it_acts(message: Message, image: bool, answers: bool) -> None:
    payload = alert_payload(message, Look(image=image), answers=answers)
    assert_taken(payload)
    ours = {safe_url(url) for url in (message.url, *(outlet.url for outlet in message.also))}
    assert {one.target for one in live({**payload, "mrkdwn": False}) if one.kind == "link"} <= ours


@settings(max_examples=examples(75))
@given(DIGESTS)
def test_any_digest_is_taken_and_nothing_foreign_in_it_acts(digest: Digest) -> None:
    assert_taken(digest_payload(digest))


@settings(max_examples=examples(75))
@given(NOTICES)
def test_any_notice_is_taken_and_nothing_foreign_in_it_acts(notice: Notice) -> None:
    payload = notice_payload(notice)
    assert_taken(payload)
    assert not [one for one in live({**payload, "mrkdwn": False}) if one.kind == "link"]


@settings(max_examples=examples(100))
@given(NASTY.filter(lambda text: bool(clean(text)) and len(clean(text)) <= 80))
def test_short_foreign_text_is_shown_as_it_stands(text: str) -> None:
    payload = alert_payload(replace(MESSAGE, headline=text, source=text, passage=(Segment(text, True),), fallback=text))
    message: dict[str, Any] = {**payload, "mrkdwn": False}
    shown = clean(text)
    assert visible_text(message).count(shown) >= 3
    assert shown in styled(message, "bold")
    assert notification_text(message) == shown
    notice = notice_payload(replace(NOTICE, text=text))
    assert clean_block(text) in visible_text({**notice})


@given(st.text())
def test_escaping_is_undone_by_slack(text: str) -> None:
    assert notification_text({"text": escape(text), "mrkdwn": False}).replace("\n", "") == text.replace("\n", "")


def test_alert_reads_like_this() -> None:
    payload = alert_payload(MESSAGE)
    message: dict[str, Any] = {**payload}
    assert visible_text(message) == (
        "🔴 Pyongyang agrees to ship artillery shells to Russia\n"
        "Officials said the arms deal was signed by North Korea at the weekend; the first trains left on Monday.\n"
        "🇰🇵 North Korea  ·  🇷🇺 Russia\n"
        "HIGH · Arms deal with a sanctioned state\n"
        "Example Wire · 14 Sep 2026 14:05\n"
        "[Why?] [👍 Useful] [👎 Noise] [🔕 Mute] [Open] "
    )
    assert payload["text"] == MESSAGE.fallback
    assert payload["metadata"] == {"event_type": METADATA_TYPE, "event_payload": {"key": MESSAGE.key}}
    assert [s.text for s in spans(message) if "quote" in s.styles and "bold" in s.styles] == [
        "arms deal",
        "North Korea",
    ]


def test_time_is_shown_in_the_readers_zone_with_utc_where_that_fails() -> None:
    (_, date) = alert_payload(MESSAGE)["blocks"][2]["elements"]
    stamp = int(MESSAGE.published.timestamp())
    assert date["text"] == f"<!date^{stamp}^{{date_short_pretty}} {{time}}|2026-09-14 14:05 UTC>"


def test_undated_alert_says_so() -> None:
    assert "undated, seen" in visible_text({**alert_payload(replace(MESSAGE, dated=False))})


@pytest.mark.parametrize("severity", Severity)
def test_each_severity_has_a_look_of_its_own(severity: Severity) -> None:
    first = alert_payload(replace(MESSAGE, severity=severity))["blocks"][0]["elements"][0]["elements"][0]
    assert first["name"] == SEVERITY_EMOJI[severity][0]
    assert len({name for name, _ in SEVERITY_EMOJI.values()}) == len(Severity)


def test_link_that_is_too_long_is_left_out_and_the_headline_stays() -> None:
    payload = alert_payload(replace(MESSAGE, url="https://news.example/" + "x" * 4000))
    assert MESSAGE.headline in visible_text({**payload})
    assert not [s for s in spans({**payload}) if s.kind == "link"]


def test_picture_comes_above_the_buttons_and_only_when_asked_for() -> None:
    message = replace(MESSAGE, image="https://img.example/a.jpg")
    assert "image" not in [b["type"] for b in alert_payload(message)["blocks"]]
    blocks = alert_payload(message, Look(image=True))["blocks"]
    assert blocks[-2]["image_url"] == "https://img.example/a.jpg"
    assert without_images(blocks) == alert_payload(message)["blocks"]


def test_passage_of_a_thousand_bold_words_is_cut_until_it_fits() -> None:
    passage = tuple(Segment(f"w{i} ", strong=i % 2 == 0) for i in range(1000))
    payload = alert_payload(replace(MESSAGE, passage=passage))
    assert_taken(payload)
    assert "w0 w1" in visible_text({**payload})


def test_digest_lists_as_many_as_fit_and_counts_the_rest() -> None:
    few = visible_text({**digest_payload(digest(3))})
    assert few.startswith("Catch-up · 3 stories\n")
    assert "shown" not in few
    many = visible_text({**digest_payload(digest(100, total=1234))})
    assert " of 1,234 stories shown" in many


DEVELOPED = replace(
    MESSAGE,
    also=(SourceLink("Outlet B", "https://b.example/1", AT), SourceLink("Outlet C", "", AT)),
    sources=3,
    updated_at=datetime(2026, 9, 14, 16, 30, tzinfo=UTC),
    news=("A third outlet reports it.", "Now 40 dead, 12 before."),
    lists=("OFAC SDN, 2026-11-20",),
)


def test_an_alert_that_went_on_says_how() -> None:
    text = visible_text({**alert_payload(DEVELOPED)})
    assert "\n3 independent sources · also: Outlet B, Outlet C\n" in text
    assert "\nExample Wire · 14 Sep 2026 14:05 · updated 14 Sep 2026 16:30\n" in text
    assert "Arms deal with a sanctioned state · list: OFAC SDN, 2026-11-20\n" in text
    assert "40 dead" not in text
    assert "https://b.example/1" in {one.target for one in live({**alert_payload(DEVELOPED)})}


def test_an_answer_says_first_what_is_new() -> None:
    payload = alert_payload(DEVELOPED, answers=True)
    text = visible_text({**payload})
    assert text.index(MESSAGE.headline) < text.index("A third outlet") < text.index("40 dead") < text.index("Officials")
    assert text.endswith("\n[Why?] [Open] ")
    assert notification_text({**payload}).startswith("A third outlet reports it. · HIGH: Pyongyang")


def test_a_retracted_alert_is_struck_through_and_says_why() -> None:
    payload = alert_payload(replace(MESSAGE, retracted="Example Wire withdrew it.", image="https://i.example/a.jpg"))
    assert [s.text for s in spans({**payload}) if "strike" in s.styles] == [MESSAGE.headline]
    assert "Retracted: Example Wire withdrew it." in visible_text({**payload})
    assert payload["text"].startswith("RETRACTED: Pyongyang")


def test_without_anybody_who_answers_only_the_link_can_be_clicked() -> None:
    assert visible_text({**alert_payload(MESSAGE, Look(clicks=False))}).endswith("14:05\n[Open] ")
    assert alert_payload(replace(MESSAGE, url=""), Look(clicks=False))["blocks"][-1]["type"] == "context"


def test_a_user_group_is_called_before_the_headline() -> None:
    payload = alert_payload(MESSAGE, Look(groups=("S0123456789",)))
    assert blockkit.check_blocks(payload["blocks"]) == []
    assert [one.target for one in live({**payload}) if one.kind == "usergroup"] == ["S0123456789"]


def test_everything_too_long_at_once_still_fits() -> None:
    long = "\U0001f600 <!channel> &" * 400
    full = replace(
        MESSAGE, headline=long, source=long, fallback=long, passage=(Segment(long), Segment(long, True)) * 3,
        rules=(FiredRule(long, long, Severity.HIGH, (long,)),) * 20, url=f"https://e.example/{'p' * 2900}",
        countries=(CountryTag("KP", long, "🇰🇵"),) * 20, news=(long,) * 9, retracted=long, lists=(long,) * 9,
        also=(SourceLink(long, f"https://e.example/{'p' * 550}", AT),) * 20, image=f"https://e.example/{'p' * 2900}",
    )  # fmt: skip
    for answers in (True, False):
        assert_taken(alert_payload(full, Look(image=True), answers=answers))
        called = alert_payload(full, Look(image=True, groups=("S0123456789",) * 10), answers=answers)
        assert size(called["blocks"]) <= TOTAL_MAX
        assert blockkit.check_blocks(called["blocks"]) == []


def test_digest_of_one_says_one() -> None:
    assert digest_payload(digest(1))["text"] == "Catch-up: 1 story"


def test_digest_strikes_through_what_no_longer_holds_and_lists_in_brief_what_a_filter_held() -> None:
    one = replace(digest(1).lines[0], group="Arms deals", reports=3, sources=2, retracted="killed by its agency")
    brief = replace(digest(2).lines[1], group="Outside", brief=True, reports=4)
    blocks = digest_payload(replace(digest(2), lines=(one, brief)))["blocks"]
    shown = json.dumps(blocks, ensure_ascii=False)
    assert '"style": {"strike": true}' in shown
    assert "retracted: killed by its agency · Arms deals · Example Wire · 3 reports, 2 sources" in shown
    assert "4 reports" not in shown


def test_digest_has_a_heading_above_the_stories_of_each_rule() -> None:
    groups = ("Arms deals", "Arms deals", "Coups")
    lines = tuple(replace(line, group=group) for line, group in zip(digest(3).lines, groups, strict=True))
    made = replace(digest(3), lines=lines)
    shown = json.dumps(digest_payload(made)["blocks"])
    order = [shown.index(word) for word in ("Arms deals", "number 1 of", "number 2 of", "Coups", "number 3 of")]
    assert order == sorted(order)
    assert (shown.count("Arms deals"), shown.count("Coups")) == (1, 1)
