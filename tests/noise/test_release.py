"""What is held comes out, in one digest, with exact counts; whatever happens meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import cron
from bot.message import DeliveryKind, Message
from bot.model import Article, MuteKind, Severity, Source
from bot.noise import Policy
from bot.noise.policy import ChannelPolicy, DigestTimes, Inhibition, QuietHours, Throttle
from tests.desk import OUTLETS, Desk, counts
from tests.samples import NOW, article, match

UTC_ZONE = ZoneInfo("UTC")
SUBJECTS = ("harbour strike", "flood relief", "grain embargo", "rail sabotage", "copper tariff", "lunar probe")


def news(number: int, source: str = "wire", **changes: object) -> Article:
    """Each number is a story of its own."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    words = " ".join(f"{subject.split()[0]}{number}word{n}" for n in range(14))
    fields: dict[str, object] = {
        "source_id": source,
        "source_name": source.title(),
        "url": f"https://{source}.example/{number}",
        "canonical_url": f"{source}.example/{number}",
        "title": f"Case{number} {subject} number{number} begins zone{number}",
        "text": f"{words}.",
        "published": NOW,
    }
    return article(f"{source}-{number}", **{**fields, **changes})


async def test_quiet_hours_end_in_one_digest_with_exact_counts(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(11), time(14), UTC_ZONE),)))
    for number in range(3):
        await desk.read(news(number), matches=(match("a", Severity.HIGH),))
    await desk.read(news(9), matches=(match("b", Severity.CRITICAL),))
    assert [m.alert_id for m in desk.alerts()] == ["wire-9"]
    await desk.wait(minutes=119)
    assert desk.digests() == []
    await desk.wait(minutes=1)
    (digest,) = desk.digests()
    assert (digest.total, counts(digest)) == (3, {"quiet": 3})
    assert digest.reason == "3 alerts in quiet hours (11:00 to 14:00 UTC)"
    assert set(desk.listed()) == {"wire-0", "wire-1", "wire-2"}
    assert desk.notified == ["desk"]
    await desk.wait(days=1)
    assert len(desk.digests()) == 1
    assert desk.verdicts("wire-0") == [("desk", "hold"), ("desk", "digest")]
    desk.stop()


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_mute_ends_in_a_digest(tmp_path: Path, restart: bool, by_hand: bool) -> None:
    desk = Desk(tmp_path)
    mute = await desk.mute(MuteKind.SOURCE, "wire", hours=2)
    await desk.read(news(1), matches=(match(),))
    await desk.read(news(2, "herald"), matches=(match(),))
    assert [m.alert_id for m in desk.alerts()] == ["herald-2"]
    if restart:
        desk.restart()
    if by_hand:
        await desk.unmute(mute)
    else:
        await desk.wait(hours=2)
    (digest,) = desk.digests()
    assert counts(digest) == {"muted": 1}
    assert digest.title == "What was muted"
    assert desk.listed() == ["wire-1"]
    desk.stop()


async def test_what_a_second_mute_covers_stays_held(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.mute(MuteKind.SOURCE, "wire", hours=2)
    await desk.read(news(1), matches=(match("law"),))
    await desk.mute(MuteKind.RULE, "law", hours=4)
    await desk.wait(hours=2)
    assert desk.digests() == []
    await desk.wait(hours=2)
    assert desk.listed() == ["wire-1"]
    desk.stop()


async def test_a_mute_that_ends_by_night_waits_for_the_morning(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(13), time(15), UTC_ZONE),)))
    await desk.mute(MuteKind.SOURCE, "wire", hours=2)
    await desk.read(news(1), matches=(match(),))
    await desk.wait(hours=2)
    assert desk.digests() == []
    await desk.wait(hours=1)
    (digest,) = desk.digests()
    assert counts(digest) == {"muted": 1}
    desk.stop()


async def test_a_throttle_lets_its_number_through_and_the_rest_come_together(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(throttles=(Throttle(2, timedelta(hours=1)),)))
    for number in range(5):
        await desk.read(news(number), matches=(match("busy"),))
        desk.now += timedelta(minutes=1)
    assert len(desk.alerts()) == 2
    desk.restart()  # the store is what counts
    await desk.read(news(7), matches=(match("busy"),))
    assert len(desk.alerts()) == 2
    await desk.wait(minutes=60)
    (digest,) = desk.digests()
    assert counts(digest) == {"throttled": 4}
    assert len(desk.listed()) == 4
    await desk.read(news(8), matches=(match("busy"),))
    assert len(desk.alerts()) == 3
    desk.stop()


async def test_a_channel_of_digests_gets_them_by_its_cron_and_at_once_what_is_severe(tmp_path: Path) -> None:
    times = DigestTimes(cron.parse("0 15 * * *"), UTC_ZONE, Severity.CRITICAL)
    desk = Desk(tmp_path, Policy(channels={"desk": ChannelPolicy(digest=times)}))
    await desk.read(news(1), matches=(match("a", Severity.LOW, title="Alpha"),))
    await desk.read(news(2), matches=(match("b", Severity.HIGH, title="Beta"),))
    await desk.read(news(3), matches=(match("a", Severity.MEDIUM, title="Alpha"),))
    await desk.read(news(4), matches=(match("c", Severity.CRITICAL),))
    assert [m.alert_id for m in desk.alerts()] == ["wire-4"]
    await desk.wait(hours=3)
    (digest,) = desk.digests()
    assert digest.title == "Digest"
    assert [(x.group, x.alert_id) for x in digest.lines] == [
        ("Beta", "wire-2"),
        ("Alpha", "wire-3"),
        ("Alpha", "wire-1"),
    ]
    desk.stop()


async def test_a_digest_tells_a_story_once_with_its_sources(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(11), time(14), UTC_ZONE),)))
    one = news(1)
    await desk.read(one, matches=(match(),))
    await desk.read(news(1, "herald", text=one.text + " Moreover."), matches=(match("law", Severity.CRITICAL),))
    await desk.read(news(2), matches=(match(),))
    await desk.wait(hours=2)
    assert [m.alert_id for m in desk.alerts()] == ["herald-1"]
    (digest,) = desk.digests()
    # The story was told at once when it became critical; its first report is counted, and not listed again.
    assert (digest.total, digest.told, counts(digest)) == (1, 1, {"quiet": 2})
    assert desk.listed() == ["wire-2"]
    assert digest.reason == (
        "2 alerts in quiet hours (11:00 to 14:00 UTC); 1 of them told meanwhile in the posts of their stories"
    )
    (alert,) = desk.alerts()
    assert [link.name for link in alert.also] == ["Wire"]
    assert desk.verdicts("wire-1")[-1] == ("desk", "told")
    desk.stop()


@pytest.mark.parametrize(
    ("mark", "listed", "retracted"),
    [("KILL: ", "wire-1", "killed by its agency"), ("CORRECTED-", "wire-1b", "")],
)
async def test_a_digest_tells_what_stands_of_a_story(tmp_path: Path, mark: str, listed: str, retracted: str) -> None:
    """A report that was withdrawn while it waited is struck through; one that was corrected gives way."""
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(11), time(14), UTC_ZONE),)))
    first = news(1)
    await desk.read(first, matches=(match("a", Severity.HIGH),))
    await desk.wait(minutes=5)
    later = replace(
        news(1), key="wire-1b", title=f"{mark}{first.title}", url="https://wire.example/1b", canonical_url=""
    )
    await desk.read(later, matches=(match("a", Severity.HIGH),))
    await desk.wait(hours=2)
    (digest,) = desk.digests()
    (line,) = digest.lines
    assert (line.alert_id, line.reports, line.retracted) == (listed, 2, retracted)
    desk.stop()


async def test_a_digest_has_the_latest_toll(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(11), time(14), UTC_ZONE),)))
    first = news(1)
    await desk.read(replace(first, title=f"{first.title}, 12 killed"), matches=(match(),))
    await desk.wait(minutes=5)
    later = replace(news(1, "herald"), title=f"{first.title}, 47 killed", text=f"{first.text} More of it.")
    await desk.read(later, matches=(match(),))
    await desk.wait(hours=2)
    (line,) = desk.digests()[0].lines
    assert (line.headline, line.reports) == (later.title, 2)
    desk.stop()


async def test_what_a_filter_holds_is_counted_and_listed_in_brief(tmp_path: Path) -> None:
    times = DigestTimes(cron.parse("0 15 * * *"), UTC_ZONE)
    desk = Desk(tmp_path, Policy(channels={"desk": ChannelPolicy(languages=frozenset({"en"}))}, filtered=times))
    await desk.read(news(1, lang="de"), matches=(match(),))
    await desk.read(news(2, lang="en"), matches=(match(),))
    assert [m.alert_id for m in desk.alerts()] == ["wire-2"]
    await desk.wait(hours=3)
    (digest,) = desk.digests()
    assert counts(digest) == {"language": 1}
    assert [(x.brief, x.group) for x in digest.lines] == [(True, "Outside this channel's languages and regions")]
    desk.stop()


async def test_what_somebody_else_watches_neither_shows_in_a_digest_nor_makes_it_loud(tmp_path: Path) -> None:
    """The alert is one; what a channel sees of it, and how grave it is there, is its own."""
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(11), time(14), UTC_ZONE),)), channels=("desk", "intel"))
    watched = match("watch-1", Severity.CRITICAL, title="Watch: secret", channels=("dm:slack.default:U1",))
    await desk.read(news(1), matches=(match("a", Severity.LOW), watched))
    assert (desk.alerts(), desk.alerts("intel")) == ([], [])
    (theirs,) = desk.alerts("dm:slack.default:U1")
    assert (theirs.severity, [rule.title for rule in theirs.rules]) == (Severity.CRITICAL, ["Watch: secret"])
    await desk.wait(hours=2)
    for channel in ("desk", "intel"):
        (line,) = desk.digests(channel)[0].lines
        assert (line.severity, line.group, line.rules) == (Severity.LOW, "A", ("A",))
    desk.stop()


async def test_what_somebody_else_watches_does_not_keep_a_story_from_being_raised(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    one = news(1)
    watched = match("watch-1", Severity.CRITICAL, title="Watch: secret", channels=("dm:slack.default:U1",))
    await desk.read(one, matches=(match("a", Severity.LOW), watched))
    desk.restart()
    await desk.read(news(1, "herald", text=one.text + " Moreover."), matches=(match("a", Severity.HIGH),))
    assert desk.said() == [("raise", ("Severity is now high: A",))]
    desk.stop()


async def test_an_edit_of_what_somebody_else_watches_waits_for_no_digest(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    one, law = news(1), match("law", Severity.LOW, channels=("desk",))
    watched = match("watch-1", Severity.CRITICAL, title="Watch: secret", channels=("dm:slack.default:U1",))
    await desk.read(one, matches=(law,))
    other = news(1, "herald", text=f"{one.text} Moreover.")
    await desk.read(other, matches=(watched,))
    mute = await desk.mute(MuteKind.STORY, one.key, channel="desk")
    desk.now += timedelta(minutes=5)
    await desk.edit(other, (watched,), (watched,), title=f"{other.title}: 400 killed")
    await desk.unmute(mute)
    assert desk.digests() == []
    assert ("desk", "told") in desk.verdicts("herald-1")
    desk.stop()


async def test_a_story_of_a_digest_is_as_grave_as_the_digest_shows_it(tmp_path: Path) -> None:
    """Neither what somebody watches nor rules that lead elsewhere keep it from becoming graver."""
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(11), time(14), UTC_ZONE),)))
    one, law = news(1), match("law", Severity.LOW, channels=("desk",))
    watched = match("watch-1", Severity.CRITICAL, title="Watch: secret", channels=("dm:slack.default:U1",))
    await desk.read(one, matches=(law, match("war", Severity.HIGH, channels=("intel",)), watched))
    await desk.wait(hours=2)
    assert [line.severity for line in desk.digests()[0].lines] == [Severity.LOW]
    graver = (match("law", Severity.MEDIUM, channels=("desk",)),)
    desk.restart()
    for source in ("herald", "courier"):
        await desk.read(news(1, source, text=f"{one.text} Moreover, says the {source}."), matches=graver)
    assert desk.said() == [("raise", ("Severity is now medium: Law",))]
    desk.stop()


async def test_what_is_silenced_within_a_story_comes_later(tmp_path: Path) -> None:
    rule = Inhibition("law", frozenset({"chatter"}), timedelta(hours=3))
    desk = Desk(tmp_path, Policy(inhibitions=(rule,)), channels=("desk",))
    one = news(1)
    await desk.read(one, matches=(match("law", channels=("desk",)),))
    await desk.read(news(1, "herald", text=one.text + " Moreover."), matches=(match("chatter", channels=("intel",)),))
    assert desk.alerts("intel") == []
    await desk.wait(hours=3)
    (digest,) = desk.digests("intel")
    assert counts(digest) == {"inhibited": 1}
    desk.stop()


@pytest.mark.parametrize("late", [False, True])
async def test_a_silenced_rule_adds_to_the_thread_of_its_story_and_raises_nothing(tmp_path: Path, late: bool) -> None:
    """Whichever of the two came first."""
    desk = Desk(tmp_path, Policy(inhibitions=(Inhibition("law", frozenset({"chatter"}), timedelta(hours=3)),)))
    one = news(1)
    first, second = ("chatter", "law") if late else ("law", "chatter")
    await desk.read(one, matches=(match(first, Severity.LOW),))
    await desk.read(news(1, "herald", text=one.text + " Moreover."), matches=(match(second, Severity.LOW),))
    title = f"{one.title}: 400 killed"
    killed = news(1, "courier", text=f"{one.text} 400 people were killed.", title=title)
    await desk.read(killed, matches=(match("chatter", Severity.HIGH),))
    assert desk.said() == [("reply", ("New number: 400 killed",))]
    last = desk.posts(DeliveryKind.UPDATE)[-1].payload
    assert isinstance(last, Message)
    assert ({link.name for link in last.also}, last.severity) == ({"Herald", "Courier"}, Severity.LOW)
    (decision,) = desk.store.decisions(killed.key)
    assert decision.reason == "New number: 400 killed; the rule law fired in this story and silences it"
    assert desk.store.held() == ()
    desk.stop()


async def test_a_channel_where_another_rule_fired_is_not_said_to_be_silenced(tmp_path: Path) -> None:
    law = Inhibition("law", frozenset({"chatter"}), timedelta(hours=3))
    desk = Desk(tmp_path, Policy(inhibitions=(law,)), channels=("desk", "intel"))
    one = news(1)
    await desk.read(one, matches=(match("law", Severity.LOW),))
    killed = news(1, "courier", text=f"{one.text} 400 people were killed.", title=f"{one.title}: 400 killed")
    here, there = match("chatter", Severity.LOW, channels=("desk",)), match("war", Severity.LOW, channels=("intel",))
    await desk.read(killed, matches=(here, there))
    assert [(made.channel, made.reason) for made in desk.store.decisions(killed.key)] == [
        ("desk", "New number: 400 killed; the rule law fired in this story and silences it"),
        ("intel", "New number: 400 killed"),
    ]
    desk.stop()


async def test_a_digest_names_the_rule_that_led_not_one_that_it_silenced(tmp_path: Path) -> None:
    """However grave the silenced one is: the alert would not have named it, nor been as loud."""
    law = Inhibition("law", frozenset({"chatter"}), timedelta(hours=3))
    quiet = QuietHours(time(11), time(14), UTC_ZONE)
    desk = Desk(tmp_path, Policy(quiet=(quiet,), inhibitions=(law,)))
    both = (match("chatter", Severity.HIGH), match("law", Severity.LOW))
    await desk.read(news(1), matches=both)
    assert desk.alerts() == []
    await desk.wait(hours=2)
    (line,) = desk.digests()[0].lines
    assert (line.group, line.rules, line.severity) == ("Law", ("Law",), Severity.LOW)
    desk.stop()


async def test_of_a_story_an_alert_that_was_silenced_does_not_lead_in_the_digest(tmp_path: Path) -> None:
    law = Inhibition("law", frozenset({"chatter"}), timedelta(hours=1))
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(11), time(14), UTC_ZONE),), inhibitions=(law,)))
    one = news(1)
    await desk.read(one, matches=(match("law", Severity.LOW),))
    await desk.read(news(1, "herald", text=f"{one.text} Moreover."), matches=(match("chatter", Severity.HIGH),))
    await desk.wait(hours=2)
    (digest,) = desk.digests()
    assert counts(digest) == {"quiet": 1, "inhibited": 1}
    assert digest.total == 1
    assert digest.reason == "2 alerts: 1 silenced by law, 1 in quiet hours (11:00 to 14:00 UTC)"
    (line,) = digest.lines
    assert (line.group, line.rules, line.reports) == ("Law", ("Law",), 2)
    desk.stop()


async def test_a_digest_names_rules_that_lead_to_its_channel(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(11), time(14), UTC_ZONE),)))
    here, there = match("law", Severity.LOW, channels=("desk",)), match("war", Severity.HIGH, channels=("intel",))
    await desk.read(news(1), matches=(there, here))
    await desk.wait(hours=2)
    assert [(x.group, x.severity) for x in desk.digests()[0].lines] == [("Law", Severity.LOW)]
    assert [(x.group, x.severity) for x in desk.digests("intel")[0].lines] == [("War", Severity.HIGH)]
    desk.stop()


async def test_the_first_round_of_polls_gives_one_digest_for_each_channel(tmp_path: Path) -> None:
    desk = Desk(tmp_path, channels=("desk", "intel"))
    late = Source("late", "https://late.example/feed")
    listed = [Source(name, f"https://{name}.example/feed") for name in OUTLETS]
    desk.store.sync_sources([*listed, late], desk.now, {})
    for number, source in enumerate(("wire", "herald", "courier")):
        await desk.read(news(number, source), matches=(match(),), first=True)
    await desk.wait(seconds=10)
    assert desk.posts() == []  # one source has not been asked yet
    await desk.read(news(5, "late"), matches=(match(),), first=True)
    await desk.wait(seconds=10)
    for channel in ("desk", "intel"):
        (digest,) = desk.digests(channel)
        assert (digest.title, counts(digest)) == ("Catching up", {"catch_up": 4})
    desk.stop()


async def test_a_source_that_never_answers_does_not_hold_up_the_first_digest(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    listed = [Source(name, f"https://{name}.example/feed") for name in (*OUTLETS, "never")]
    desk.store.sync_sources(listed, desk.now, {})
    await desk.read(news(1), matches=(match(),), first=True)
    await desk.wait(minutes=9)
    assert desk.digests() == []
    await desk.wait(minutes=1)
    assert len(desk.digests()) == 1
    desk.stop()


async def test_what_is_new_in_a_muted_story_comes_when_the_mute_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    one = news(1)
    await desk.read(one, matches=(match(),))
    await desk.mute(MuteKind.STORY, one.key, hours=1)
    more = news(1, "herald", text=f"{one.text} 400 people were killed.", title=f"{one.title}: 400 killed")
    await desk.read(more, matches=(match(),))
    assert desk.said() == []
    desk.restart()
    await desk.wait(hours=1)
    (digest,) = desk.digests()
    (line,) = digest.lines
    assert (digest.told, counts(digest), line.alert_id) == (0, {"muted": 1}, "herald-1")
    assert line.adds == ("New number: 400 killed",)
    assert desk.store.held() == ()
    assert desk.verdicts("herald-1") == [("desk", "hold"), ("desk", "digest")]
    desk.stop()


async def test_what_a_mute_kept_from_a_thread_is_news_when_the_next_one_says_it(tmp_path: Path) -> None:
    """No rule fired on the article, so that nothing of it could be held; nobody was told of the dead, either."""
    desk = Desk(tmp_path)
    one = news(1)
    await desk.read(one, matches=(match(),))
    mute = await desk.mute(MuteKind.STORY, one.key)
    title = f"{one.title}: 400 killed"
    await desk.read(news(1, "herald", text=f"{one.text} 400 people were killed.", title=title))
    await desk.unmute(mute)
    assert (desk.said(), desk.digests()) == ([], [])
    await desk.read(news(1, "courier", text=f"{one.text} So 400 people were killed.", title=title))
    await desk.read(news(1, "tribune", text=f"{one.text} In all 400 people were killed.", title=title))
    assert desk.said() == [("reply", ("New number: 400 killed",))]
    desk.stop()


async def test_whoever_was_told_hears_of_a_retraction_muted_or_not(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    one = news(1)
    await desk.read(one, matches=(match(),))
    await desk.mute(MuteKind.STORY, one.key, hours=1)
    await desk.read(replace(one, key="kill", title=f"KILL: {one.title}", canonical_url=""), matches=(match(),))
    assert desk.said() == [("reply", ("Wire: the report was killed by its agency",))]
    (update,) = desk.posts(DeliveryKind.UPDATE)
    assert isinstance(update.payload, Message)
    assert update.payload.retracted == "killed by its agency"
    await desk.wait(hours=1)
    assert desk.digests() == []
    desk.stop()


async def test_in_quiet_hours_a_story_grows_in_its_thread_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(quiet=(QuietHours(time(13), time(15), UTC_ZONE),)))
    one = news(1)
    await desk.read(one, matches=(match("law", Severity.LOW),))
    desk.now = datetime(2026, 3, 4, 13, 30, tzinfo=UTC)
    graver = news(1, "herald", text=f"{one.text} Moreover.", published=desk.now)
    await desk.read(graver, matches=(match("law", Severity.HIGH),))
    assert [kind for kind, _ in desk.said()] == ["reply"]
    assert desk.posts(DeliveryKind.RAISE) == []
    desk.stop()


async def test_a_story_that_grew_since_its_digest_is_in_the_next_one(tmp_path: Path) -> None:
    times = DigestTimes(cron.parse("0 7,15 * * *"), UTC_ZONE, Severity.CRITICAL)
    desk = Desk(tmp_path, Policy(channels={"desk": ChannelPolicy(digest=times)}))
    one = news(1)
    await desk.read(one, matches=(match("a", Severity.LOW),))
    await desk.wait(hours=3)
    title = f"{one.title}: 400 killed"
    killed = news(1, "herald", text=f"{one.text} 400 people were killed.", title=title, published=desk.now)
    await desk.read(killed, matches=(match("a", Severity.HIGH),))
    again = news(1, "courier", text=f"{one.text} So 400 people were killed.", title=title, published=desk.now)
    await desk.read(again, matches=(match("a", Severity.LOW),))
    desk.restart()
    await desk.wait(hours=16)
    _, second = desk.digests()
    assert counts(second) == {"digest": 1}
    assert [(x.alert_id, x.adds) for x in second.lines] == [
        ("herald-1", ("Severity is now high: A", "New number: 400 killed"))
    ]
    assert desk.verdicts("courier-1") == [("desk", "told")]
    # An edit of what was in a digest comes in the next one, too.
    after = await desk.edit(killed, (match("a", Severity.HIGH),), title=f"{one.title}: 700 killed")
    await desk.wait(hours=8)
    (line,) = desk.digests()[-1].lines
    assert (len(desk.digests()), line.headline) == (3, after.title)
    assert line.adds[0].startswith("Edited by Herald: ")
    desk.stop()


async def test_an_edit_does_not_take_the_place_of_what_its_article_added(tmp_path: Path) -> None:
    """Both wait for the digest, also over a restart."""
    times = DigestTimes(cron.parse("0 15 * * *"), UTC_ZONE, Severity.CRITICAL)
    desk = Desk(tmp_path, Policy(channels={"desk": ChannelPolicy(digest=times)}))
    one, low = news(1), (match("a", Severity.LOW),)
    await desk.read(one, matches=(match("c", Severity.CRITICAL),))
    title = f"{one.title}: 400 killed"
    killed = news(1, "herald", text=f"{one.text} 400 people were killed.", title=title)
    await desk.read(killed, matches=low)
    desk.restart()
    await desk.edit(killed, low, low, text=f"{one.text} 400 people were killed, and 30 ships sank off Kelva.")
    await desk.wait(hours=3)
    (line,) = desk.digests()[0].lines
    assert line.adds[0] == "New number: 400 killed"
    assert line.adds[1].startswith("Edited by Herald: ")
    assert counts(desk.digests()[0]) == {"digest": 1}
    desk.stop()


async def test_a_post_on_a_channel_of_digests_is_kept_up_to_date(tmp_path: Path) -> None:
    times = DigestTimes(cron.parse("0 15 * * *"), UTC_ZONE, Severity.CRITICAL)
    desk = Desk(tmp_path, Policy(channels={"desk": ChannelPolicy(digest=times)}))
    one = news(1)
    await desk.read(one, matches=(match("c", Severity.CRITICAL),))
    title = f"{one.title}: 400 killed"
    killed = news(1, "herald", text=f"{one.text} 400 people were killed.", title=title)
    await desk.read(killed, matches=(match("a", Severity.LOW),))
    (update,) = desk.posts(DeliveryKind.UPDATE)
    assert isinstance(update.payload, Message)
    assert ([link.name for link in update.payload.also], desk.said()) == (["Herald"], [])
    await desk.wait(hours=3)
    (line,) = desk.digests()[0].lines
    assert line.adds == ("New number: 400 killed",)
    desk.stop()


async def test_an_article_on_which_nothing_fires_follows_on_a_channel_of_digests(tmp_path: Path) -> None:
    times = DigestTimes(cron.parse("0 15 * * *"), UTC_ZONE, Severity.CRITICAL)
    desk = Desk(tmp_path, Policy(channels={"desk": ChannelPolicy(digest=times)}))
    one = news(1)
    await desk.read(one, matches=(match("c", Severity.CRITICAL),))
    await desk.read(news(1, "herald", text=f"{one.text} 400 people were killed.", title=f"{one.title}: 400 killed"))
    (_alert, *after) = desk.posts()
    assert [d.kind for d in after] == [DeliveryKind.UPDATE, DeliveryKind.REPLY]
    desk.stop()
