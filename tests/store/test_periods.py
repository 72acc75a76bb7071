"""The alerts of a period, without their articles."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from bot.model import Alert, Match, Severity
from bot.store.base import Batch
from bot.store.sql import SqlStore
from bot.store.summary_port import AlertLine, FiredLine
from bot.summary.rank import counts_of
from bot.summary.rank import fired as fired_of
from tests.store.samples import T0, alert, article, minutes, poll, source

RULES = {
    "ships": Match("ships", "Ships", Severity.LOW, ("sea",), ()),
    "arms": Match("arms", "Arms deal", Severity.HIGH, ("arms", "sanctions"), ()),
    "border": Match("border", "Border", Severity.LOW, (), ()),
}


def fired(name: str, at: float, *rules: str, source_id: str = "wire", **changes: object) -> Alert:
    made = replace(
        alert(article(name, source_id)), matches=tuple(RULES[rule] for rule in rules), created_at=minutes(at)
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def fill(store: SqlStore, *alerts: Alert) -> None:
    store.sync_sources([source(), source("other")], T0, {})
    store.commit(Batch(poll(), tuple(one.article for one in alerts), alerts=alerts))


def line_of(store: SqlStore, name: str) -> AlertLine:
    (found,) = (one for one in store.alert_lines(minutes(0), minutes(99)) if one.alert_id == fired(name, 0).id)
    return found


def test_a_line_has_what_the_alert_says(store: SqlStore) -> None:
    one = fired("a", 1, "arms", countries=("KP", "RU"))
    fill(store, one)
    (found,) = store.alert_lines(minutes(0), minutes(2))
    assert found == AlertLine(
        one.id,
        found.number,
        one.story.id,
        Severity.HIGH,
        ("KP", "RU"),
        (FiredLine("arms", "Arms deal", Severity.HIGH, ("arms", "sanctions")),),
        minutes(1),
    )
    assert (type(found.severity), type(found.rules[0].severity)) == (Severity, Severity)


def test_the_rules_of_an_alert_are_the_most_severe_first_and_then_by_name(store: SqlStore) -> None:
    fill(store, fired("a", 1, "ships", "arms", "border"), fired("b", 2, "border", "ships"))
    ids = [[rule.rule_id for rule in one.rules] for one in store.alert_lines(minutes(0), minutes(9))]
    assert ids == [["arms", "border", "ships"], ["border", "ships"]]


def test_a_rule_that_got_another_title_keeps_the_one_of_the_time(store: SqlStore) -> None:
    fill(store, fired("a", 1, "ships"))
    later = replace(RULES["ships"], title="Ships and boats")
    fill(store, fired("b", 2, matches=(later,)))
    assert [line_of(store, name).rules[0].title for name in "ab"] == ["Ships", "Ships and boats"]


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(store: SqlStore) -> None:
    fill(store, *(fired(name, at, "arms") for name, at in (("c", 3), ("a", 1), ("b", 2))))

    def between(since: float, until: float) -> str:
        found = store.alert_lines(minutes(since), minutes(until))
        return "".join(chain.from_iterable(name for name in "abc" for one in found if one == line_of(store, name)))

    assert (between(1, 3), between(1, 3.1), between(1.1, 2), between(0, 9)) == ("ab", "abc", "", "abc")
    times = [one.created_at for one in store.alert_lines(minutes(0), minutes(9))]
    assert times == [minutes(1), minutes(2), minutes(3)], "oldest first"


def test_rules_are_told_apart_from_the_alerts_too(store: SqlStore) -> None:
    fill(store, fired("a", 1, "ships", "arms"), fired("b", 2, "border", source_id="other"), fired("c", 3, "arms"))
    whole = store.alert_lines(minutes(0), minutes(9))
    bare = store.alert_lines(minutes(0), minutes(9), rules=False)
    assert bare == tuple(one._replace(rules=()) for one in whole)
    rules = {one.alert_id: one.rules for one in whole}
    assert store.fired_lines(list(rules)) == rules
    assert store.fired_lines([whole[1].alert_id, "nobody's"]) == {whole[1].alert_id: whole[1].rules}
    assert store.fired_lines([]) == {}


def test_rules_are_counted_by_the_country_that_an_alert_names_most(store: SqlStore) -> None:
    later = replace(RULES["ships"], title="Ships and boats")
    fill(
        store,
        fired("a", 1, "ships", "arms", countries=("KP", "RU")),
        fired("b", 2, "ships", countries=("KP",)),
        fired("c", 3, "ships", countries=()),
        fired("d", 4, matches=(later,), countries=("RU", "KP"), source_id="other"),
        fired("e", 9, "ships", countries=("KP",)),
    )
    counts = store.fired_counts(minutes(1), minutes(9))
    assert sorted(counts) == [
        ("arms", "Arms deal", "KP", 1),
        ("ships", "Ships", "", 1),
        ("ships", "Ships", "KP", 2),
        ("ships", "Ships and boats", "RU", 1),
    ]
    assert counts[-1].title == "Ships and boats", "the latest last"
    together = store.fired_counts(minutes(1), minutes(9), by_country=False)
    assert sorted(together) == [
        ("arms", "Arms deal", "", 1),
        ("ships", "Ships", "", 3),
        ("ships", "Ships and boats", "", 1),
    ]
    assert store.fired_counts(minutes(1), minutes(9), ["other"]) == (("ships", "Ships and boats", "RU", 1),)
    assert store.fired_counts(minutes(1), minutes(9), ["other"], by_country=False) == (
        ("ships", "Ships and boats", "", 1),
    )
    assert sorted(fired_of(counts_of(store.alert_lines(minutes(1), minutes(9)))).pairs.items()) == sorted(
        fired_of(counts).pairs.items()
    )


def test_only_the_sources_that_are_asked_for_are_told(store: SqlStore) -> None:
    fill(store, fired("a", 1, "arms"), fired("b", 2, "arms", source_id="other"))
    assert store.alert_lines(minutes(0), minutes(9), ["other"]) == (line_of(store, "b"),)
    assert store.alert_lines(minutes(0), minutes(9), ["nobody"]) == ()
    assert len(store.alert_lines(minutes(0), minutes(9), ["nobody", "wire", "other"])) == 2


def test_watches_that_fired_are_told_with_those_who_heard_of_them(store: SqlStore) -> None:
    mine = Match("watch-12", "Watch: ships", Severity.MEDIUM, ("watch",), (), ("dm:slack.default:U1",))
    like = replace(mine, rule_id="watchers")  # a rule of the files
    both = replace(fired("a", 1, "arms"), matches=(RULES["arms"], mine))
    alone, other = replace(fired("b", 2), matches=(mine,)), replace(fired("c", 3), matches=(like,))
    fill(store, both, alone, other, replace(fired("d", 9), matches=(mine,)))
    found = store.watched(minutes(0), minutes(9))
    assert {one.alert_id for one in found} == {both.id, alone.id}
    assert {(one.rule_id, one.channels) for one in found} == {("watch-12", ("dm:slack.default:U1",))}
