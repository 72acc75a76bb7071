"""From an alert to what a person reads: message, passage, digest."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.text import clean
from bot.message import CountryTag, DeliveryKind, DeliveryState, Digest, DigestLine, Message, Notice
from bot.model import Alert, Article, Evidence, Match, Severity, Story
from bot.passage import PASSAGE_MAX, passage
from bot.render import delivery_key, digest_of_deliveries, render_message
from bot.store.outbox_port import Delivery
from tests import samples

AT = datetime(2026, 9, 14, 14, 5, tzinfo=UTC)
TITLE = "Pyongyang agrees to ship shells"
TEXT = (
    "Trains were loaded over the weekend, people near the border said. "
    "Under the arms deal, North Korea will send shells to Russia until the spring. "
    "The U.S. envoy, Gen. J. Smith, called it a breach. Weather was fine."
)


def article(text: str = TEXT, title: str = TITLE) -> Article:
    return Article(
        key="a1", source_id="wire", guid="g1", url="https://n.example/1", title=title, text=text, published=AT,
        fetched_at=AT, source_name="Example Wire", image="https://n.example/1.jpg",
    )  # fmt: skip


def match(of: Article, *words: str, rule: str = "arms", severity: Severity = Severity.HIGH) -> Match:
    """A rule that found every occurrence of the words in the body."""
    found = []
    for word in words:
        at = of.body.casefold().find(word.casefold())
        while at >= 0:
            found.append(Evidence(of.body[at : at + len(word)], at, at + len(word), f"term {word}"))
            at = of.body.casefold().find(word.casefold(), at + 1)
    return Match(rule, f"Rule {rule}", severity, ("sanctions", rule), tuple(found))


def alert(of: Article, *matches: Match, id: str = "alert-1", countries: tuple[str, ...] = ("KP", "RU")) -> Alert:
    return Alert(id, of, Story("s1", True, "first"), matches, countries, AT)


def quoted(of: Article, *matches: Match) -> str:
    """The passage with its strong words in brackets."""
    return "".join(f"[{s.text}]" if s.strong else s.text for s in passage(of, matches))


# -- the message ----------------------------------------------------------------------------------------------------


def test_message_tells_what_the_alert_knows() -> None:
    of = article()
    low = match(of, "trains", rule="rail", severity=Severity.LOW)
    message = render_message(alert(of, low, match(of, "shells", "North Korea")), "console")
    assert message.headline == TITLE
    assert message.severity is Severity.HIGH
    assert (message.source, message.url, message.image) == (
        "Example Wire",
        "https://n.example/1",
        "https://n.example/1.jpg",
    )
    assert message.countries == (CountryTag("KP", "North Korea", "🇰🇵"), CountryTag("RU", "Russia", "🇷🇺"))
    assert [r.id for r in message.rules] == ["arms", "rail"], "the most severe first"
    assert message.tags == ("arms", "rail", "sanctions")
    assert message.fallback == "HIGH: Pyongyang agrees to ship shells (Example Wire)"
    assert (message.published, message.dated, message.alert_id) == (AT, True, "alert-1")


def test_words_of_a_rule_stand_in_text_order_without_repeats() -> None:
    of = article("Russia buys. Arms deal done. ARMS DEAL, arms  deal!", title="Arms deal")
    message = render_message(alert(of, match(of, "Russia", "arms deal", "arms  deal")), "console")
    assert message.rules[0].words == ("Arms deal", "Russia")


@pytest.mark.parametrize(
    ("title", "text", "headline"),
    [
        ("  A\ttitle\n", "text", "A title"),
        ("", "Only a text. " * 40, "Only a text."),
        ("\u200b", "", "https://n.example/1"),
    ],
)
def test_there_is_always_a_headline(title: str, text: str, headline: str) -> None:
    of = article(text, title)
    message = render_message(alert(of, match(of, "zzz")), "console")
    assert message.headline.startswith(headline)
    assert len(message.headline) <= 120


def test_hostile_text_is_cleaned_before_it_is_stored() -> None:
    of = article("The \u202earms\x1b[31m deal\x00 was\nsigned.", "Arms\u2028 \ud800 deal")
    message = render_message(alert(replace(of, source_name="W\x07ire"), match(of, "arms")), "console")
    for text in (message.headline, message.source, message.fallback, *(s.text for s in message.passage)):
        assert clean(text) == text.strip()
    assert message.headline == "Arms \ufffd deal"


def test_fallback_is_one_short_line() -> None:
    of = article(title="word " * 3000)
    fallback = render_message(alert(replace(of, source_name="source " * 99), match(of, "word")), "console").fallback
    assert "\n" not in fallback
    assert len(fallback) <= 310


def test_key_is_stable_over_processes_and_tells_deliveries_apart() -> None:
    keys = {
        delivery_key(subject, channel, kind)
        for subject in ("a", "ab", "a\x1fb")
        for channel in ("b", "c", "bc")
        for kind in DeliveryKind
    }
    assert len(keys) == 9 * len(DeliveryKind)
    assert all(len(key) == 20 and int(key, 16) >= 0 for key in keys)
    code = "from bot.render import *; print(delivery_key('alert-1', 'console', DeliveryKind.ALERT))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    of = article()
    assert render_message(alert(of, match(of, "shells")), "console").key == other


# -- the passage ----------------------------------------------------------------------------------------------------


def test_passage_is_the_sentence_with_most_evidence() -> None:
    of = article()
    assert quoted(of, match(of, "arms deal", "North Korea", "Russia")) == (
        "Under the [arms deal], [North Korea] will send shells to [Russia] until the spring. "
        "The U.S. envoy, Gen. J. Smith, called it a breach."
    )


def test_two_sentences_where_the_evidence_is_spread() -> None:
    of = article()
    assert quoted(of, match(of, "trains", "arms deal")).startswith("[Trains] were loaded")
    assert "[arms deal]" in quoted(of, match(of, "trains", "arms deal"))


def test_the_severer_rule_chooses() -> None:
    of = article(
        "Ministers met about fish. " * 20 + "A coup was reported at night by many witnesses. " + "Grain fell. " * 9
    )
    fish = match(of, "fish", rule="fish", severity=Severity.LOW)
    coup = match(of, "coup", rule="coup", severity=Severity.CRITICAL)
    assert "[coup]" in quoted(of, fish, coup)


def test_evidence_in_the_title_only_gives_the_lead() -> None:
    of = article()
    assert quoted(of, match(of, "Pyongyang")) == (
        "Trains were loaded over the weekend, people near the border said. "
        "Under the arms deal, North Korea will send shells to Russia until the spring."
    )


def test_no_text_no_passage() -> None:
    of = article(text="")
    assert passage(of, (match(of, "Pyongyang"),)) == ()
    assert passage(article(text=" \n "), ()) == ()


def test_article_without_title_counts_offsets_from_the_text() -> None:
    of = article(title="")
    assert "[arms deal]" in quoted(of, match(of, "arms deal"))


def test_long_sentence_is_cut_at_words_around_the_evidence() -> None:
    of = article("before " * 100 + "the arms deal with Iran " + "after " * 100)
    shown = quoted(of, match(of, "arms deal", "Iran"))
    assert shown.startswith("…before")
    assert shown.endswith("after…")
    assert "the [arms deal] with [Iran] after" in shown
    assert len(shown) <= PASSAGE_MAX + 8


def test_overlapping_evidence_is_one_strong_stretch() -> None:
    of = article(
        "They signed an arms deal today in the old harbour town near the northern border, and then they left again."
    )
    assert "an [arms deal] today" in quoted(of, match(of, "arms deal", "arms", "deal"))


def test_chinese_sentences_are_found() -> None:
    of = article("天气很好。" * 60 + "朝鲜与俄罗斯签署武器协议。" + "天气很好。" * 60, title="新闻")
    shown = quoted(of, match(of, "武器协议"))
    assert "朝鲜与俄罗斯签署[武器协议]。" in shown
    assert not shown.startswith("…")


@pytest.mark.parametrize("text", ["." * 100_000, " " * 100_000 + "x", "a." * 50_000, "\n" * 100_000, '!"' * 50_000])
def test_odd_text_takes_linear_time(text: str) -> None:
    """Guarded by the suite's timeout: a quadratic search needs minutes."""
    of = article(text + " arms deal")
    assert "[arms deal]" in quoted(of, match(of, "arms deal"))


PARTS = ("arms", "deal", "U.S.", "he said.", "Why?", "\n", "\n\n", "。", "漢字", "👩‍👩‍👧", "🇰🇵", "x" * 400, ",", "«so»")


@given(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=60),
    st.sampled_from([" ", ""]),
    st.lists(st.tuples(st.integers(0, 900), st.integers(1, 30)), max_size=5),
)
def test_passage_is_a_quotation_within_its_limit(parts: list[str], glue: str, where: list[tuple[int, int]]) -> None:
    of = article(glue.join(parts), title="T")
    stretches = [(a, a + n) for a, n in where if a >= 2 and a + n <= len(of.body) and clean(of.body[a : a + n])]
    evidence = tuple(Evidence(of.body[a:b], a, b, f"c{a % 3}") for a, b in stretches)
    found = passage(of, (Match("r", "R", Severity.HIGH, (), evidence),))
    joined = "".join(s.text for s in found)
    # A joiner is dropped where evidence starts in the middle of an emoji.
    assert len(joined) <= PASSAGE_MAX + 2, "two ellipses more"
    inner = joined.removeprefix("…").removesuffix("…")
    assert re.sub(r"[\s\u200d]", "", inner) in re.sub(r"[\s\u200d]", "", clean(of.text))
    assert any(s.strong for s in found) == bool(evidence)


# -- digests --------------------------------------------------------------------------------------------------------


def numbered(i: int, severity: Severity, age: timedelta) -> Alert:
    of = replace(article(title=f"Story {i}"), published=AT - age)
    return alert(of, match(of, "shells", severity=severity), id=f"alert-{i}")


def waiting(*alerts: Alert, channel: str = "desk") -> list[Delivery]:
    return [
        Delivery(i, channel, DeliveryKind.ALERT, render_message(a, channel), DeliveryState.WAITING, 0, None, AT)
        for i, a in enumerate(alerts, 1)
    ]


def folded(*alerts: Alert, channel: str = "desk", at: datetime = AT) -> Digest:
    """The digest of these alerts, which wait for a channel."""
    digest = digest_of_deliveries(waiting(*alerts, channel=channel), at).payload
    assert isinstance(digest, Digest)
    return digest


def test_digest_lists_the_severe_first_then_the_new() -> None:
    digest = folded(
        numbered(1, Severity.LOW, timedelta(0)),
        numbered(2, Severity.HIGH, timedelta(hours=3)),
        numbered(3, Severity.HIGH, timedelta(hours=1)),
    )
    assert [line.alert_id for line in digest.lines] == ["alert-3", "alert-2", "alert-1"]
    assert (digest.total, digest.title) == (3, "While the channel was away")
    assert digest.lines[0].rules == ("Rule arms",)
    assert digest.lines[0].headline == "Story 3"


def test_digest_key_follows_its_alerts_not_their_order_or_the_time() -> None:
    one, two = numbered(1, Severity.LOW, timedelta(0)), numbered(2, Severity.HIGH, timedelta(0))
    first = folded(one, two)
    assert folded(two, one, at=AT + timedelta(hours=1)).key == first.key
    assert len({first.key, folded(one).key, folded(one, two, channel="hook").key}) == 3


def test_waiting_alerts_fold_into_a_line_for_each_that_says_what_its_message_would() -> None:
    alerts = [numbered(i, Severity.MEDIUM, timedelta(hours=i)) for i in range(3, 0, -1)]
    new = digest_of_deliveries(waiting(*alerts), AT)
    assert (new.channel, new.kind, new.created_at) == ("desk", DeliveryKind.DIGEST, AT)
    assert set(new.alert_ids) == {a.id for a in alerts}
    assert isinstance(new.payload, Digest)
    assert (new.payload.total, new.payload.created_at) == (3, AT)
    assert new.payload.reason == "3 alerts waited until this channel could be reached again"
    message = render_message(alerts[2], "desk")
    assert new.payload.lines[0] == DigestLine(
        "alert-1", Severity.MEDIUM, message.headline, message.url, message.source, message.published, ("Rule arms",),
        story_id="s1", group="Rule arms",
    )  # fmt: skip


def test_what_waited_is_grouped_by_rule_the_gravest_first_with_what_became_of_it() -> None:
    rows = waiting(*(numbered(i, severity, timedelta(0)) for i, severity in enumerate(Severity, 1)))
    titles = ("Strikes", "Coups", "Strikes", "Coups", "Quakes")
    changed = []
    for row, title in zip(rows, titles, strict=True):
        assert isinstance(row.payload, Message)
        rule = replace(row.payload.rules[0], title=title)
        changed.append(replace(row, payload=replace(row.payload, rules=(rule,), sources=3, retracted="killed")))
    new = digest_of_deliveries(changed, AT).payload
    assert isinstance(new, Digest)
    shown = [(line.group, line.severity) for line in new.lines]
    assert shown == [
        ("Quakes", Severity.CRITICAL),
        ("Coups", Severity.HIGH),
        ("Coups", Severity.LOW),
        ("Strikes", Severity.MEDIUM),
        ("Strikes", Severity.INFO),
    ]
    assert {(line.sources, line.retracted) for line in new.lines} == {(3, "killed")}


def test_only_alerts_fold() -> None:
    row = waiting(numbered(1, Severity.LOW, timedelta(0)))[0]
    for wrong in ([], [row, replace(row, payload=Notice("key", "a", "b"))]):
        with pytest.raises(ValueError, match="needs alerts"):
            digest_of_deliveries(wrong, AT)


def test_rendering_is_pure() -> None:
    of = article()
    a = alert(of, match(of, "arms deal", "shells"))
    first: Message = render_message(a, "console")
    assert render_message(a, "console") == first


def test_words_inside_longer_evidence_are_not_said_again() -> None:
    text = "An arms deal to ship artillery shells."
    spans = [(3, 12), (3, 7), (8, 12), (13, 20), (16, 20), (21, 37), (31, 37)]
    evidence = tuple(Evidence(text[s:e], s, e, "term") for s, e in spans)
    message = render_message(samples.alert(matches=[samples.match(evidence=evidence)]), "desk")
    assert message.rules[0].words == ("arms deal", "to ship", "artillery shells")
