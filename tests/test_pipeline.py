"""From judged articles to what is written, in the order of the stages."""

from __future__ import annotations

import gc
import weakref
from datetime import timedelta

import pytest

from bot import pipeline
from bot.assembly import routing
from bot.follow.thread import Report, Thread
from bot.message import DeliveryKind, Message
from bot.model import Match, Severity
from bot.noise import Context, Policy
from bot.pipeline import Assembled, Judged, judged_as
from bot.rules.evaluate import Subject
from bot.rules.match import Analysis, Engine
from bot.story import Stories
from tests.rules.setup import engine_of
from tests.samples import NOW, article, match

DAY = timedelta(hours=24)


def assemble(
    *judged: Judged, channels: tuple[str, ...] = ("desk",), first: bool = False, age: timedelta | None = DAY
) -> Assembled:
    arrived = pipeline.place(judged, Stories(), NOW)
    context = Context(Policy(), first_poll=first, max_age=age)
    return pipeline.assemble(arrived, pipeline.Ledger({}, {}), routing(lambda matches: channels), context, NOW)


def verdicts(made: Assembled) -> list[tuple[str, str, str]]:
    return [(d.article_key, d.channel, d.verdict) for d in made.decisions]


def test_an_article_without_a_match_is_kept_and_not_alerted() -> None:
    made = assemble(judged_as(article("a"), ()))
    assert [a.key for a in made.articles] == ["a"]
    assert made.alerts == made.deliveries == made.decisions == ()
    assert made.stories["a"][0] == "a"


def test_a_match_becomes_an_alert_and_a_delivery_for_each_channel() -> None:
    made = assemble(judged_as(article("a"), (match(),), ("RU",)), channels=("desk", "intel"))
    assert [a.id for a in made.alerts] == ["a"]
    assert [(d.channel, d.kind, d.alert_ids) for d in made.deliveries] == [
        ("desk", DeliveryKind.ALERT, ("a",)),
        ("intel", DeliveryKind.ALERT, ("a",)),
    ]
    messages = [d.payload for d in made.deliveries]
    assert all(isinstance(m, Message) and m.headline == made.articles[0].title for m in messages)
    assert len({m.key for m in messages}) == 2
    assert verdicts(made) == [("a", "desk", "send"), ("a", "intel", "send")]


def test_two_articles_of_one_story_in_one_poll_alert_once_by_the_older() -> None:
    title = "Same headline in all the papers"
    older = article("b", published=NOW - timedelta(hours=2), title=title, canonical_url="x/1")
    newer = article("a", published=NOW - timedelta(hours=1), title=title, canonical_url="x/2", source_id="herald")
    made = assemble(judged_as(newer, (match(),)), judged_as(older, (match(),)))
    assert [d.alert_ids for d in made.deliveries if d.kind is DeliveryKind.ALERT] == [("b",)]
    assert {story for story, _ in made.stories.values()} == {"b"}
    assert verdicts(made)[0] == ("b", "desk", "send")
    assert verdicts(made)[1][2] != "send"


def test_a_story_whose_first_article_fired_nothing_is_alerted_by_the_one_that_does() -> None:
    title = "Same headline in all the papers"
    first = article("a", title=title, published=NOW - timedelta(hours=2))
    second = article("b", title=title, canonical_url="x/2", source_id="herald", source_name="Herald")
    made = assemble(judged_as(first, ()), judged_as(second, (match(),)))
    assert verdicts(made) == [("b", "desk", "send")]
    assert made.alerts[0].story.id == "a"
    (delivery,) = made.deliveries
    assert isinstance(delivery.payload, Message)
    assert [link.name for link in delivery.payload.also] == ["The Wire"]


def test_what_a_first_poll_brings_is_held_for_one_digest() -> None:
    fresh = [judged_as(article(f"a{n}"), (match(),)) for n in range(3)]
    old = judged_as(article("old", published=NOW - timedelta(days=9)), (match(),))
    undated = judged_as(article("undated", dated=False), (match(),))
    made = assemble(*fresh, old, undated, first=True)
    assert made.deliveries == ()
    assert {h.alert_id for h in made.holds} == {"a0", "a1", "a2"}
    assert {d.article_key for d in made.decisions if d.verdict == "old"} == {"old", "undated"}


def test_the_demo_sends_everything_one_by_one() -> None:
    old = article("old", published=NOW - timedelta(days=9))
    made = assemble(judged_as(old, (match(),)), first=True, age=None)
    assert [d.kind for d in made.deliveries] == [DeliveryKind.ALERT]


def test_an_alert_that_goes_nowhere_is_still_recorded() -> None:
    made = assemble(judged_as(article("a"), (match(),)), channels=())
    assert [a.id for a in made.alerts] == ["a"]
    assert made.deliveries == ()
    assert verdicts(made) == [("a", "", "nowhere")]


def test_an_alert_is_as_severe_as_its_most_severe_rule() -> None:
    matches: tuple[Match, ...] = (match("one", Severity.LOW), match("two", Severity.CRITICAL))
    made = assemble(judged_as(article("a"), matches))
    payload = made.deliveries[0].payload
    assert isinstance(payload, Message)
    assert payload.severity is Severity.CRITICAL


def test_an_article_that_another_poll_brought_meanwhile_changes_nothing() -> None:
    arrived = pipeline.place([judged_as(article("a"), (match(),))], Stories(), NOW)
    first = pipeline.assemble(arrived, pipeline.Ledger({}, {}), routing(lambda m: ("desk",)), Context(Policy()), NOW)
    thread = Thread("a", reports=(Report("a", "wire", "The Wire", "https://wire.example/a", NOW),))
    again = pipeline.assemble(
        arrived, pipeline.Ledger({"a": thread}, {}), routing(lambda m: ("desk",)), Context(Policy()), NOW
    )
    assert again.deliveries == again.holds == again.decisions == ()
    assert len(first.deliveries) == 1


def test_a_mark_of_the_wires_does_not_keep_a_report_out_of_its_story() -> None:
    title = "Parliament of Examplia passes the fishing law after nine hours"
    first = article("a", title=title, published=NOW - timedelta(hours=1))
    second = article("b", title=f"UPDATE 2-{title}", text="", canonical_url="x/2")
    made = assemble(judged_as(first, ()), judged_as(second, ()))
    assert {story for story, _ in made.stories.values()} == {"a"}


def test_what_is_named_in_passing_does_not_say_where_a_story_is() -> None:
    engine = engine_of("rules: []")
    about = article("a", title="Iran opens talks", text="The envoys of Russia met on Tuesday.")
    passing = article("b", title="Ferry runs aground", text=f"{'The quay was closed. ' * 30}It was built in France.")
    one, other = pipeline.judge([about, passing], engine)
    assert set(one.about) == {"IR", "RU"}
    assert other.about == ()


def test_what_a_thread_wants_to_know_is_read_with_the_rules_where_one_fires() -> None:
    """In the worker thread, that is: reading a long text would hold up the event loop."""
    engine = engine_of("rules: [{id: talks, title: Talks, severity: high, when: {any: [talks]}}]")
    fires, quiet = pipeline.judge([article("a", title="Iran opens talks"), article("b", title="Rose show")], engine)
    assert {"facts", "claims", "withdrawn", "corrected", "credit"} <= vars(fires.said).keys()
    assert "facts" not in vars(quiet.said)
    assert fires.reading.features.terms


def test_what_was_looked_at_goes_with_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not when the collector comes: dozens of articles a second would lie about until then."""
    engine = engine_of("rules: [{id: flood, title: Flood, severity: high, when: flood}]")
    seen: list[weakref.ref[Analysis]] = []
    analyse = Engine.analyse

    def noted(self: Engine, subject: Subject) -> Analysis:
        analysis = analyse(self, subject)
        seen.append(weakref.ref(analysis))
        return analysis

    monkeypatch.setattr(Engine, "analyse", noted)
    gc.disable()
    try:
        (flood, calm) = pipeline.judge([article("a", title="Flood"), article("b", title="Calm")], engine)
        assert [bool(one.matches) for one in (flood, calm)] == [True, False]
        assert [one() for one in seen] == [None, None]
    finally:
        gc.enable()
