"""Which stories come first, what is counted, what the chart shows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from bot.model import Severity
from bot.store.summary_port import AlertLine, FiredLine, StoryLine, StoryReport
from bot.summary import weights
from bot.summary.model import Filters
from bot.summary.rank import OTHERS, Ranked, countries, counts_of, fired, independent, meets, order, rules, timeline
from tests.summary.samples import DAY, NOW, ago, line


def ranked(
    lines: Sequence[AlertLine], before: Sequence[AlertLine] = (), stories: Mapping[str, StoryLine] | None = None,
    count: int = 99,
) -> list[Ranked]:  # fmt: skip
    return order(lines, fired(counts_of(before)).pairs, ago(days=1), NOW, {}, lambda ids: stories or {}, count)[1]


def ids(*lines: AlertLine, **stories: StoryLine) -> list[str]:
    return [one.story_id for one in ranked(lines, (), stories)]


def story(*sources: str, began: float = 1) -> StoryLine:
    return StoryLine(tuple(StoryReport(one, f"https://{one}.example/") for one in sources), ago(hours=began))


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (line("a", severity=Severity.HIGH), line("b"), "more severe"),
        (line("a"), line("b", created_at=ago(hours=20)), "later"),
    ],
)
def test_more_severe_and_later_stories_come_first(first: AlertLine, second: AlertLine, why: str) -> None:
    assert ids(first, second) == ids(second, first) == ["a", "b"]


def test_more_independent_outlets_come_first() -> None:
    assert ids(line("a"), line("b"), a=story("x"), b=story("x", "y", "z")) == ["b", "a"]


def test_a_new_story_comes_before_one_that_goes_on() -> None:
    assert ids(line("a"), line("b"), a=story("x", began=100), b=story("x")) == ["b", "a"]


def test_a_rule_and_country_that_the_period_before_had_is_less_new() -> None:
    before = [line(f"old{n}") for n in range(9)]
    fresh = line("b", countries=("IR",))
    found = ranked([line("a"), fresh], before)
    assert [one.story_id for one in found] == ["b", "a"]
    assert found[0].rank.novelty > found[1].rank.novelty


def test_severity_outweighs_recency_and_novelty_together() -> None:
    assert weights.SEVERITY * 2 / 5 > weights.RECENCY
    critical_yesterday = line("a", severity=Severity.CRITICAL, created_at=ago(hours=23))
    assert ids(critical_yesterday, line("b", severity=Severity.LOW, created_at=NOW))[0] == "a"


def test_outlets_of_one_owner_are_not_independent() -> None:
    assert independent(story("a", "b", "c"), {"a": "owner:house", "b.example": "owner:house"}) == 2
    assert independent(story("a", "b", "c"), {}) == 3
    assert independent(story(), {}) == 1


def test_looking_up_only_contenders_gives_the_same_order_as_looking_up_all() -> None:
    dice = random.Random(5)
    lines = [
        line(
            f"s{dice.randrange(900)}",
            severity=Severity(dice.randint(1, 5)),
            created_at=ago(hours=dice.randrange(24)),
            countries=(dice.choice(("KP", "RU", "IR")),),
        )
        for _ in range(2000)
    ]
    before = [line("old", countries=(code,)) for code in ("KP", "KP", "KP", "RU")]
    stories = {
        f"s{n}": story(*(f"o{i}" for i in range(dice.randint(1, 9))), began=dice.randrange(48)) for n in range(900)
    }
    asked: list[str] = []

    def look_up(wanted: Sequence[str]) -> Mapping[str, StoryLine]:
        asked.extend(wanted)
        return {one: stories[one] for one in wanted}

    total, few = order(lines, fired(counts_of(before)).pairs, ago(days=1), NOW, {}, look_up, 5)
    assert total == len({one.story_id for one in lines})
    assert few == ranked(lines, before, stories, count=total)[:5]
    assert len(asked) < total


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (Filters(), True),
        (Filters(rules=("arms",)), True),
        (Filters(rules=("other", "arms")), True),
        (Filters(rules=("other",)), False),
        (Filters(countries=("KP", "IR")), True),
        (Filters(countries=("IR",)), False),
        (Filters(tags=("sanctions",)), True),
        (Filters(tags=("cyber",)), False),
        (Filters(min_severity=Severity.MEDIUM), True),
        (Filters(min_severity=Severity.HIGH), False),
        (Filters(rules=("arms",), countries=("IR",)), False),
    ],
)
def test_an_alert_meets_all_filters_that_are_given(filters: Filters, kept: bool) -> None:
    assert meets(line("a"), filters) is kept


def test_counts_show_the_change_against_the_period_before() -> None:
    now = [line("a"), line("b", countries=("KP", "RU"))]
    before = [line("c", countries=("KP",)), line("d", countries=("IR",))]
    assert [(c.id, c.name, c.now, c.before) for c in countries(now, before)] == [
        ("KP", "North Korea", 2, 1),
        ("RU", "Russia", 1, 0),
    ]
    assert [c.before for c in countries(now, None)] == [None, None]
    (rule,) = rules(fired(counts_of(now)), fired(counts_of(before)))
    assert (rule.id, rule.name, rule.now, rule.before) == ("arms", "Arms deal", 2, 2)


def test_an_alert_counts_for_each_rule_that_fired() -> None:
    two = line("a", rules=(*line("a").rules, FiredLine("ships", "", Severity.LOW, ())))
    assert [(c.id, c.name) for c in rules(fired(counts_of([two])), None)] == [("arms", "Arms deal"), ("ships", "ships")]


class TestTimeline:
    @pytest.mark.parametrize(
        ("length", "step", "number"),
        [
            (timedelta(hours=1), timedelta(minutes=10), 6),
            (timedelta(days=1), timedelta(hours=1), 24),
            (timedelta(days=7), timedelta(hours=6), 28),
            (timedelta(days=30), timedelta(days=1), 30),
            (timedelta(days=366), timedelta(days=7), 53),
            (timedelta(minutes=95), timedelta(minutes=10), 10),
        ],
    )
    def test_steps_fit_the_period_and_end_with_it(self, length: timedelta, step: timedelta, number: int) -> None:
        shown = timeline([line("a", created_at=NOW - length), line("b", created_at=NOW)], NOW - length, NOW)
        assert (shown.step, len(shown.starts)) == (step, number)
        assert shown.starts[-1] + shown.step == NOW
        assert (shown.series["North Korea"][0], shown.series["North Korea"][-1]) == (1, 1)

    def test_every_alert_stands_in_one_bar_once(self) -> None:
        codes = ("KP", "RU", "IR", "SY", "CN", "US", "FR", "DE")
        lines = [line(str(n), countries=(codes[n % 8], "RU"), created_at=ago(hours=n)) for n in range(20)]
        lines.append(line("none", countries=()))
        shown = timeline(lines, NOW - DAY, NOW)
        assert sum(sum(counts) for counts in shown.series.values()) == len(lines)
        assert len(shown.series) == 7
        assert list(shown.series)[-1] == OTHERS

    def test_a_quiet_period_has_no_series(self) -> None:
        assert timeline([], NOW - DAY, NOW).series == {}
