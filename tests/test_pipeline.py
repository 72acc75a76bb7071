"""From judged articles to what is written: stories, alerts, deliveries, all decided in one place."""

from datetime import timedelta

from bot import pipeline
from bot.model import DeliveryKind, Digest, Match, Message, Severity
from bot.noise import Verdict
from bot.pipeline import Judged
from bot.story import Stories
from tests.samples import NOW, article, match

DAY = timedelta(hours=24)


def to(*channels: str):  # type: ignore[no-untyped-def]
    return lambda matches: channels


def assemble(*judged: Judged, stories: Stories | None = None, first: bool = False, max_age: timedelta | None = DAY):  # type: ignore[no-untyped-def]
    return pipeline.assemble(judged, stories or Stories(), to("desk"), NOW, max_age=max_age, first_poll=first)


def test_an_article_without_a_match_is_kept_and_not_alerted() -> None:
    made = assemble(Judged(article("a"), (), ()))
    assert [a.key for a in made.articles] == ["a"]
    assert made.alerts == made.deliveries == ()
    assert made.stories["a"][0] == "a"


def test_a_match_becomes_an_alert_and_a_delivery_for_each_channel() -> None:
    made = pipeline.assemble(
        [Judged(article("a"), (match(),), ("RU",))], Stories(), to("desk", "intel"), NOW, max_age=DAY, first_poll=False
    )
    assert [a.id for a in made.alerts] == ["a"]
    assert [(d.channel, d.kind, d.alert_ids) for d in made.deliveries] == [
        ("desk", DeliveryKind.ALERT, ("a",)),
        ("intel", DeliveryKind.ALERT, ("a",)),
    ]
    messages = [d.payload for d in made.deliveries]
    assert all(isinstance(m, Message) and m.headline == made.articles[0].title for m in messages)
    assert len({m.key for m in messages}) == 2


def test_two_articles_of_one_story_in_one_poll_alert_once_by_the_older() -> None:
    older = article(
        "b", published=NOW - timedelta(hours=2), title="Same headline in all the papers", canonical_url="x/1"
    )
    newer = article(
        "a", published=NOW - timedelta(hours=1), title="Same headline in all the papers", canonical_url="x/2"
    )
    made = assemble(Judged(newer, (match(),), ()), Judged(older, (match(),), ()))
    assert [d.alert_ids for d in made.deliveries] == [("b",)]
    assert [d.verdict for d in made.decisions] == [Verdict.SEND, Verdict.TOLD]
    assert {story for story, _ in made.stories.values()} == {"b"}


def test_a_story_whose_first_article_fired_nothing_is_alerted_by_the_one_that_does() -> None:
    stories = Stories()
    assemble(Judged(article("a", title="Same headline in all the papers"), (), ()), stories=stories)
    second = article("b", title="Same headline in all the papers", canonical_url="x/2")
    made = assemble(Judged(second, (match(),), ()), stories=stories)
    assert [d.verdict for d in made.decisions] == [Verdict.SEND]
    assert made.alerts[0].story.id == "a"


def test_a_first_poll_gives_one_catch_up_digest_and_no_single_alert() -> None:
    fresh = [Judged(article(f"a{n}"), (match(),), ()) for n in range(3)]
    old = Judged(article("old", published=NOW - timedelta(days=9)), (match(),), ())
    undated = Judged(article("undated", dated=False), (match(),), ())
    made = assemble(*fresh, old, undated, first=True)
    assert [d.kind for d in made.deliveries] == [DeliveryKind.DIGEST]
    digest = made.deliveries[0].payload
    assert isinstance(digest, Digest)
    assert digest.total == 3
    assert set(made.deliveries[0].alert_ids) == {"a0", "a1", "a2"}
    assert "The Wire" in digest.title


def test_what_a_catch_up_told_is_not_told_again() -> None:
    stories = Stories()
    assemble(Judged(article("a"), (match(),), ()), stories=stories, first=True)
    again = article("b", title=article("a").title, canonical_url="x/2")
    made = assemble(Judged(again, (match(),), ()), stories=stories)
    assert [d.verdict for d in made.decisions] == [Verdict.TOLD]


def test_the_demo_sends_everything_one_by_one() -> None:
    old = article("old", published=NOW - timedelta(days=9))
    made = assemble(Judged(old, (match(),), ()), first=True, max_age=None)
    assert [d.kind for d in made.deliveries] == [DeliveryKind.ALERT]


def test_an_alert_that_goes_nowhere_is_still_recorded() -> None:
    made = pipeline.assemble(
        [Judged(article("a"), (match(),), ())], Stories(), to(), NOW, max_age=DAY, first_poll=False
    )
    assert [a.id for a in made.alerts] == ["a"]
    assert made.deliveries == ()


def test_an_alert_is_as_severe_as_its_most_severe_rule() -> None:
    matches: tuple[Match, ...] = (match("one", Severity.LOW), match("two", Severity.CRITICAL))
    made = assemble(Judged(article("a"), matches, ()))
    payload = made.deliveries[0].payload
    assert isinstance(payload, Message)
    assert payload.severity is Severity.CRITICAL


def test_a_rule_on_trial_is_recorded_and_posts_nothing() -> None:
    made = assemble(Judged(article("a"), (), (), (match("trial", shadow=True),)))
    assert made.alerts == made.deliveries == ()
    assert [m.rule_id for m in made.shadow["a"]] == ["trial"]
