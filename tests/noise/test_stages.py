"""Each noise control by itself: one row a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import cron, noise
from bot.model import Alert, HoldReason, Mute, MuteKind, Severity
from bot.noise import Context, Hold, Pass, Policy, Rest
from bot.noise.hours import quiet, quiet_until
from bot.noise.mutes import muted
from bot.noise.policy import ChannelPolicy, Demand, DigestTimes, Inhibition, QuietHours, Throttle
from bot.noise.stages import (
    catch_up,
    corroborated,
    digest_only,
    fresh,
    inhibited,
    language,
    region,
    throttled,
)
from tests.samples import NOW, alert, article, match

DAY = timedelta(hours=24)
LONDON = ZoneInfo("Europe/London")
NIGHT = QuietHours(time(22), time(7), LONDON)


def rules(answer: object) -> list[str]:
    """The rules that are left of an alert that may go on."""
    assert isinstance(answer, Pass), answer
    return [m.rule_id for m in answer.alert.matches]


def held(answer: object) -> Hold:
    assert isinstance(answer, Hold), answer
    return answer


@pytest.mark.parametrize(
    ("age", "dated", "max_age", "first", "old"),
    [
        (timedelta(minutes=5), True, DAY, False, False),
        (timedelta(hours=23), True, DAY, False, False),
        (timedelta(hours=25), True, DAY, False, True),
        (timedelta(days=400), True, DAY, False, True),  # an old item that surfaces again is not news
        (timedelta(hours=25), True, DAY, True, True),
        (timedelta(0), False, DAY, True, True),  # may be from any year
        (timedelta(0), False, DAY, False, False),  # was not there at the last poll
        (timedelta(days=400), True, None, True, False),  # the demo lifts it
        (timedelta(0), False, None, True, False),
    ],
)
def test_old_articles_are_no_news(
    age: timedelta, dated: bool, max_age: timedelta | None, first: bool, old: bool
) -> None:
    one = alert(article(published=NOW - age, dated=dated))
    context = Context(Policy(), max_age=max_age, first_poll=first)
    assert isinstance(fresh(one, "desk", context, NOW), Rest) is old


@pytest.mark.parametrize(("first", "max_age", "holds"), [(True, DAY, True), (False, DAY, False), (True, None, False)])
def test_what_a_first_poll_brings_is_held(first: bool, max_age: timedelta | None, holds: bool) -> None:
    answer = catch_up(alert(), "desk", Context(Policy(), first_poll=first, max_age=max_age), NOW)
    assert isinstance(answer, Hold) is holds
    if holds:
        assert held(answer).until is None


# -- mutes --------------------------------------------------------------------------------------------------------
def mute(kind: MuteKind, value: str, channel: str | None = None, hours: float | None = 1) -> Mute:
    until = None if hours is None else NOW + timedelta(hours=hours)
    return Mute(7, kind, value, channel, NOW, until, "ann", "an exercise")


@pytest.mark.parametrize(
    ("mute", "holds"),
    [
        (mute(MuteKind.RULE, "law"), True),
        (mute(MuteKind.RULE, "other"), False),
        (mute(MuteKind.STORY, "a1"), True),
        (mute(MuteKind.STORY, "a2"), False),
        (mute(MuteKind.SOURCE, "wire"), True),
        (mute(MuteKind.SOURCE, "herald"), False),
        (mute(MuteKind.COUNTRY, "RU"), True),
        (mute(MuteKind.COUNTRY, "ru"), True),
        (mute(MuteKind.COUNTRY, "KP"), False),
        (mute(MuteKind.TERM, "parliament of Examplia"), True),
        (mute(MuteKind.TERM, "Nine hours"), True),  # in the text
        (mute(MuteKind.TERM, "parliament of Exam"), False),  # whole words
        (mute(MuteKind.RULE, "law", "desk"), True),
        (mute(MuteKind.RULE, "law", "intel"), False),
    ],
)
def test_a_mute_holds_what_it_names(mute: Mute, holds: bool) -> None:
    answer = muted(alert(), "desk", Context(Policy(), (mute,)), NOW)
    assert isinstance(answer, Hold) is holds
    if holds:
        assert held(answer).reason is HoldReason.MUTED
        assert held(answer).by == "mute 7"
        assert held(answer).until == mute.expires_at
        assert "by ann" in held(answer).text
        assert "an exercise" in held(answer).text


def test_a_muted_rule_leaves_the_others_of_an_alert() -> None:
    one = alert(matches=(match("law"), match("vote", Severity.LOW)))
    context = Context(Policy(), (mute(MuteKind.RULE, "law"),))
    assert rules(muted(one, "desk", context, NOW)) == ["vote"]


def test_of_several_mutes_the_one_that_ends_last_counts() -> None:
    mutes = (mute(MuteKind.SOURCE, "wire", hours=2), replace(mute(MuteKind.RULE, "law", hours=None), id=8))
    answer = held(muted(alert(), "desk", Context(Policy(), mutes), NOW))
    assert (answer.by, answer.until) == ("mute 8", None)


# -- quiet hours --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "hours", "severity", "ends"),
    [
        ("2026-03-04T23:30", NIGHT, Severity.HIGH, "2026-03-05T07:00"),
        ("2026-03-05T06:59", NIGHT, Severity.HIGH, "2026-03-05T07:00"),
        ("2026-03-05T07:00", NIGHT, Severity.HIGH, None),
        ("2026-03-04T21:59", NIGHT, Severity.HIGH, None),
        ("2026-03-04T23:30", NIGHT, Severity.CRITICAL, None),  # loud enough
        ("2026-07-04T22:30", NIGHT, Severity.HIGH, "2026-07-05T06:00"),  # summer time: 07:00 is 06:00 UTC
        ("2026-03-28T23:30", NIGHT, Severity.HIGH, "2026-03-29T06:00"),  # the clocks go forward that night
        ("2026-10-25T00:30", NIGHT, Severity.HIGH, "2026-10-25T07:00"),  # and back
        ("2026-03-04T13:00", QuietHours(time(12), time(14), LONDON), Severity.HIGH, "2026-03-04T14:00"),
        (
            "2026-03-08T03:00",
            replace(NIGHT, days=frozenset({5})),
            Severity.LOW,
            "2026-03-08T07:00",
        ),  # began on Saturday
        ("2026-03-08T23:00", replace(NIGHT, days=frozenset({5})), Severity.LOW, None),
        ("2026-03-04T23:30", replace(NIGHT, channels=frozenset({"intel"})), Severity.LOW, None),
    ],
)
def test_quiet_hours_are_those_of_their_time_zone(
    at: str, hours: QuietHours, severity: Severity, ends: str | None
) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    found = quiet_until((hours,), "desk", severity, now)
    assert (None if found is None else found[1]) == (ends and datetime.fromisoformat(ends).replace(tzinfo=UTC))


def test_quiet_hours_that_follow_on_end_together() -> None:
    morning = QuietHours(time(7), time(9), LONDON)
    found = quiet_until((NIGHT, morning), "desk", Severity.LOW, datetime(2026, 3, 4, 23, tzinfo=UTC))
    assert found is not None
    assert found[1] == datetime(2026, 3, 5, 9, tzinfo=UTC)


def test_quiet_hours_say_until_when() -> None:
    now = datetime(2026, 3, 4, 23, tzinfo=UTC)
    answer = held(quiet(alert(), "desk", Context(Policy(quiet=(NIGHT,))), now))
    assert answer.text == "quiet hours here until 07:00 (Europe/London); critical and above go out at once"


# -- throttles ----------------------------------------------------------------------------------------------------
def times(*minutes_ago: float) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(minutes=m) for m in minutes_ago)


@pytest.mark.parametrize(
    ("throttle", "sent", "until"),
    [
        (Throttle(2, timedelta(hours=1)), times(50), None),
        (Throttle(2, timedelta(hours=1)), times(50, 10), 10),
        (Throttle(2, timedelta(hours=1)), times(70, 10), None),  # the first has left the window
        (Throttle(2, timedelta(hours=1)), times(50, 40, 10), 20),  # until one more has left
        (Throttle(2, timedelta(hours=1), rules=frozenset({"other"})), times(50, 10), None),
        (Throttle(2, timedelta(hours=1), channels=frozenset({"intel"})), times(50, 10), None),
    ],
)
def test_a_rule_that_had_its_alerts_waits(throttle: Throttle, sent: tuple[datetime, ...], until: float | None) -> None:
    context = Context(Policy(throttles=(throttle,)), sent={("law", "desk"): sent})
    answer = throttled(alert(), "desk", context, NOW)
    if until is None:
        assert rules(answer) == ["law"]
    else:
        assert held(answer).until == NOW + timedelta(minutes=until)
        assert held(answer).by == "law"


def test_an_alert_goes_out_as_long_as_one_of_its_rules_may() -> None:
    context = Context(Policy(throttles=(Throttle(1, DAY),)), sent={("law", "desk"): times(5)})
    one = alert(matches=(match("law"), match("vote")))
    assert rules(throttled(one, "desk", context, NOW)) == ["vote"]


def test_the_words_of_a_throttle() -> None:
    for most, count in ((1, "1 alert"), (2, "2 alerts")):
        sent = {("law", "desk"): times(*range(most))}
        answer = throttled(alert(), "desk", Context(Policy(throttles=(Throttle(most, DAY),)), sent=sent), NOW)
        assert isinstance(answer, Hold)
        assert answer.text == f"law had {count} here within 1d; its limit is {most}"


# -- inhibition, corroboration, filters, digests ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fired", "own", "left"),
    [
        ({}, ["noise"], ["noise"]),
        ({"law": NOW - timedelta(hours=1)}, ["noise"], None),
        ({"law": NOW - timedelta(hours=25)}, ["noise"], ["noise"]),  # long ago
        ({}, ["law", "noise"], ["law"]),  # by the same article
        ({"law": NOW}, ["law"], ["law"]),  # a rule does not silence itself
        ({"other": NOW}, ["noise"], ["noise"]),
    ],
)
def test_a_rule_silences_others_of_its_story(
    fired: dict[str, datetime], own: list[str], left: list[str] | None
) -> None:
    policy = Policy(inhibitions=(Inhibition("law", frozenset({"noise", "law"})),))
    one = alert(matches=tuple(match(rule) for rule in own))
    answer = inhibited(one, "desk", Context(policy, fired=fired), NOW)
    if left is None:
        assert held(answer).by == "law"
        assert held(answer).until == fired["law"] + timedelta(hours=24)
    else:
        assert rules(answer) == left


@pytest.mark.parametrize(
    ("independent", "demands", "left"),
    [
        (1, {"law": Demand(2)}, None),
        (2, {"law": Demand(2)}, ["law", "vote"]),
        (1, {"vote": Demand(2)}, ["law"]),
        (1, {"law": Demand(2), "vote": Demand(3)}, None),
        (2, {"law": Demand(2), "vote": Demand(3)}, ["law"]),
    ],
)
def test_a_rule_waits_for_its_sources(independent: int, demands: dict[str, Demand], left: list[str] | None) -> None:
    policy = Policy(demands={**({"vote": Demand(2)} if left is None else {}), **demands})
    one = alert(matches=(match("law"), match("vote")))
    answer = corroborated(one, "desk", Context(policy, independent=independent), NOW)
    if left is None:
        assert held(answer).reason is HoldReason.CORROBORATION
        assert held(answer).text == "1 independent source of 2 that law wants"
    else:
        assert rules(answer) == left


@pytest.mark.parametrize(
    ("lang", "wanted", "holds"),
    [
        ("en", {"en"}, False),
        ("de", {"en"}, True),
        ("en-GB", {"en"}, False),
        (None, {"en"}, False),  # nobody can tell
        ("de", set(), False),
    ],
)
def test_a_channel_reads_its_languages(lang: str | None, wanted: set[str], holds: bool) -> None:
    policy = Policy(channels={"desk": ChannelPolicy(languages=frozenset(wanted))})
    answer = language(alert(article(lang=lang)), "desk", Context(policy), NOW)
    assert isinstance(answer, Hold) is holds


@pytest.mark.parametrize(
    ("named", "wanted", "holds"),
    [(("RU",), {"RU"}, False), (("KP",), {"RU"}, True), (("KP", "RU"), {"RU"}, False), ((), {"RU"}, False)],
)
def test_a_channel_looks_at_its_countries(named: tuple[str, ...], wanted: set[str], holds: bool) -> None:
    times = DigestTimes(cron.parse("0 8 * * *"), LONDON)
    policy = Policy(channels={"desk": ChannelPolicy(regions=frozenset(wanted))}, filtered=times)
    answer = region(replace(alert(), countries=named), "desk", Context(policy), NOW)
    assert isinstance(answer, Hold) is holds
    if holds:
        assert held(answer).until == datetime(2026, 3, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("severity", "at_once", "holds"),
    [
        (Severity.HIGH, Severity.CRITICAL, True),
        (Severity.CRITICAL, Severity.CRITICAL, False),
        (Severity.CRITICAL, None, True),
    ],
)
def test_a_channel_may_take_digests_only(severity: Severity, at_once: Severity | None, holds: bool) -> None:
    times = DigestTimes(cron.parse("0 7,15 * * *"), LONDON, at_once)
    policy = Policy(channels={"desk": ChannelPolicy(digest=times)})
    answer = digest_only(alert(matches=(match(severity=severity),)), "desk", Context(policy), NOW)
    assert isinstance(answer, Hold) is holds
    if holds:
        assert held(answer).until == datetime(2026, 3, 4, 15, tzinfo=UTC)


def test_the_list_stops_at_the_first_that_holds() -> None:
    policy = Policy(quiet=(NIGHT,), throttles=(Throttle(1, DAY),))
    now = datetime(2026, 3, 4, 23, tzinfo=UTC)
    context = Context(policy, (mute(MuteKind.RULE, "law", hours=None),))
    one: Alert = alert(article(published=now))
    assert held(noise.ask(noise.NEW, one, "desk", context, now)).reason is HoldReason.MUTED
    assert held(noise.ask(noise.NEW, one, "desk", Context(policy), now)).reason is HoldReason.QUIET
