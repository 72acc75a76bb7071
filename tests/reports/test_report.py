"""What votes say about rules: precision with its interval, advice, phrases, and when there is nothing to say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.people import Feedback, Opinion
from bot.reports.report import Report, Told, common_phrases, make_report, phrases_of, wilson
from bot.reports.text import to_gist, to_json, to_text

UNTIL = datetime(2026, 11, 9, 8, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=7)
U, N = Opinion.USEFUL, Opinion.NOISE


def told(name: str, rule: str = "flood", title: str = "", source: str = "wire") -> Told:
    return Told(name, title or f"Title {name}", "", source, (rule,), SINCE + timedelta(hours=1))


def vote(name: str, verdict: Opinion, person: str = "slack.default:U1 (ada)", rule: str = "flood") -> Feedback:
    return Feedback(name, (rule,), "wire", person, verdict, SINCE + timedelta(hours=2))


def report(votes: Sequence[Feedback] = (), alerts: Sequence[Told] = (), before: Sequence[Told] = ()) -> Report:
    return make_report(votes, alerts, before, {a.alert_id: a for a in alerts}, {"flood": "Flood"}, SINCE, UNTIL)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # Newcombe 1998, table I, score method
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_that_of_the_literature(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


def test_an_alert_counts_once_by_its_majority_and_a_tie_is_disputed() -> None:
    votes = [
        *(vote("a", U, p) for p in ("x:1", "x:2")),
        vote("a", N, "x:3"),
        vote("b", N, "x:1 (old name)"),
        vote("c", U, "x:1 (new name)"),
        vote("c", N, "x:2"),
    ]
    made = report(votes, [told(n) for n in "abcde"])
    line = made.rules[0]
    assert (line.share.useful, line.share.noise, line.share.disputed, line.alerts) == (1, 1, 1, 5)
    assert line.share.precision == 0.5
    assert (made.votes, made.voters, made.unvoted) == (6, 3, 2)


def test_a_rule_is_to_tune_when_it_is_surely_more_noise_than_use() -> None:
    sure = report([vote(f"n{n}", N) for n in range(4)], [told(f"n{n}") for n in range(4)])
    assert [(a.rule_id, a.certain) for a in sure.advice] == [("flood", True)]
    unsure = report([*(vote(f"n{n}", N) for n in range(3)), vote("u", U)], [told("u")])
    assert [(a.rule_id, a.certain) for a in unsure.advice] == [("flood", False)]
    good = report([vote("n", N), *(vote(f"u{n}", U) for n in range(3))])
    few = report([vote("n1", N), vote("n2", N)])
    assert (good.advice, few.advice) == ((), ())


def test_phrases_are_what_stands_in_the_noise_and_not_in_what_was_useful() -> None:
    noise = [f"Flood of complaints over board game {n}" for n in "abcd"]
    useful = [f"Flood hits the valley of {n}" for n in "efgh"]
    alerts = [told(f"t{i}", title=t) for i, t in enumerate((*noise, *useful))]
    votes = [vote(f"t{i}", N if i < 4 else U) for i in range(8)]
    made = report(votes, alerts)
    words = [p.words for p in made.phrases]
    assert "flood" not in words  # it stands in both
    assert any("complaints" in w for w in words)
    assert any("board game" in w for w in words)
    assert all((p.noise, p.useful) == (4, 0) for p in made.phrases)
    assert not any(a in b for a in words for b in words if a != b)


def test_phrases_of_a_rule_are_held_against_its_alerts_without_votes_where_few_were_useful() -> None:
    noise = [told(f"n{n}", title=f"Flood warning for gamers number {n}") for n in range(4)]
    rest = [told(f"r{n}", title=f"Flood warning for the river {n}") for n in range(6)]
    made = report([vote(f"n{n}", N) for n in range(4)], [*noise, *rest])
    assert [p.words for p in made.advice[0].phrases] == ["gamers number"]
    assert made.phrases == ()  # nothing was useful, so nothing can be told apart over all rules


def test_phrases_need_more_than_chance() -> None:
    once = [phrases_of("Flood of complaints"), phrases_of("Flood of letters")]
    assert common_phrases(once, [phrases_of("Rain in the valley")]) == ()
    assert phrases_of("The end of the world") == {"end", "world"}  # "end of the world" has four words


def test_rules_that_rose_are_named_once_there_is_a_period_before() -> None:
    many = [told(f"a{n}") for n in range(10)]
    assert [r.id for r in report(alerts=many, before=[told("b", "flood")]).rises] == ["flood"]
    assert report(alerts=many).rises == ()
    assert report(alerts=many, before=[told(f"b{n}") for n in range(6)]).rises == ()


def test_there_is_something_to_say_after_votes_or_alerts() -> None:
    assert report([vote("a", U)]).worth_telling
    assert report(alerts=[told("a")]).worth_telling
    assert not report(before=[told("b")]).worth_telling


def test_the_worst_rule_stands_first_and_those_without_votes_last() -> None:
    votes = [vote("a", N, rule="bad"), vote("b", U, rule="good")]
    alerts = [told("a", "bad"), told("b", "good"), *(told(f"c{n}", "quiet") for n in range(3))]
    assert [line.id for line in report(votes, alerts).rules] == ["bad", "good", "quiet"]


def test_the_text_names_figures_with_their_intervals() -> None:
    votes = [*(vote(f"n{n}", N) for n in range(4)), vote("u1", U, rule="quake")]
    alerts = [*(told(f"n{n}", title=f"Flood of gamers {n}") for n in range(4)), told("u1", "quake"), told("x", "quake")]
    text = to_text(report(votes, alerts, alerts[:2]), UTC)
    assert text.startswith(
        "Alerts and votes, 02 Nov to 09 Nov 2026\n\n6 alerts (2 in the period before); 5 votes by 1 "
    )
    assert "Precision 20% (4 to 62; 1 of 5)." in text
    assert "flood: 0% (0 to 49; 0 of 4) useful, surely below 50%" in text
    row = next(line for line in text.splitlines() if line.startswith("quake"))
    assert row.split()[:5] == ["quake", "2", "0", "1", "1"]
    title, gist = to_gist(report(votes, alerts, alerts[:2]), UTC)
    assert title == "Alerts and votes, 02 Nov to 09 Nov 2026"
    assert gist.splitlines() == [
        "6 alerts (2 in the period before); 5 votes by 1 person; 1 alert without a vote. "
        "Precision 20% (4 to 62; 1 of 5).",
        "Rules to tune:",
        "• flood: 0% (0 to 49; 0 of 4) useful, surely below 50%",
        "Precision by rule, worst first:",
        "• flood: 0% (0 to 49; 0 of 4)",
        "• quake: 100% (21 to 100; 1 of 1)",
        "Precision by source, worst first:",
        "• wire: 20% (4 to 62; 1 of 5)",
        "`wirewatch report` has all of them.",
    ]
    assert "Nobody voted" in to_text(report(alerts=alerts), UTC)
    told_json = json.loads(to_json(report(votes, alerts)))
    assert (told_json["since"], told_json["share"]["useful"]) == ("2026-11-02T08:00:00+00:00", 1)
