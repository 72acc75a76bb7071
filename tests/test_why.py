"""What became of an article, as people are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.live import rulebook
from bot.model import Article, HoldReason, Match, Mute, MuteKind, Revision, Severity, Source, TextFrom
from bot.people import Feedback, Opinion
from bot.record import Address, Fired, Found, Member, Nearest, Post, Raised, Record
from bot.rules.match import Engine
from bot.store.noise_port import DecisionRow, Held
from bot.store.sources_port import SourceStatus
from bot.why import Around, Mark, Outcome, Stage, WhyReport, absent, address_of, why
from bot.why.text import to_json, to_text
from tests.desk import Desk
from tests.samples import NOW, article, match

RULES = """\
rules:
  - id: flood
    title: Flood warning
    severity: high
    when: {any: [flood warning, river rises]}
    unless: {any: [video game]}
  - id: quake
    title: Earthquake
    severity: medium
    when: {all: [earthquake, {country: any}]}
  - id: trial
    title: On trial
    severity: low
    mode: shadow
    when: {any: [harbour]}
"""
FLOOD = article(
    "f1",
    title="Flood warning for the lower valley of Examplia",
    text="The river Main rises in Germany, officials in Berlin said. Villages by the Main prepare for the night.",
    url="https://wire.example/f1?utm_source=rss",
    canonical_url="https://wire.example/f1",
    lang="en",
)
WIRE = Source("wire", "https://feeds.wire.example/rss", title="The Wire")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "own.yaml").write_text(RULES, encoding="utf-8")
    return rulebook.load([folder]).engine


def fired(rule_id: str = "flood") -> Raised:
    return Raised("f1", Severity.HIGH, ("DE",), NOW, (Match(rule_id, "Flood warning", Severity.HIGH, (), ()),))


def record(of: Article = FLOOD, **changes: object) -> Record:
    fields: dict[str, object] = {
        "story_id": of.key,
        "story_reason": "no earlier article like it",
        "members": (),
        "members_total": 0,
        "founder": None,
        "alert": fired() if of is FLOOD else None,
        "shadow": (),
        "posts": (),
    }
    return Record(of, **{**fields, **changes})  # type: ignore[arg-type]


def post(article_key: str = "f1", **changes: object) -> Post:
    fields: dict[str, object] = {
        "key": "k1",
        "channel": "desk",
        "kind": "alert",
        "title": "",
        "state": "sent",
        "created_at": NOW,
        "attempts": 1,
        "not_before": None,
        "error": "",
        "sent_at": NOW + timedelta(seconds=3),
        "url": "https://chat.example/p1",
        "ref": "1",
    }
    return Post(article_key, **{**fields, **changes})  # type: ignore[arg-type]


Ask = Callable[..., WhyReport]


@pytest.fixture
def ask(engine: Engine) -> Ask:
    def answer(of: Record, around: Around | None = None, now: datetime = NOW + timedelta(hours=1)) -> WhyReport:
        return why(of, around or Around(), engine, now, UTC)

    return answer


def stage(report: WhyReport, name: str) -> Stage:
    return next(s for s in report.stages if s.name == name)


def test_an_alert_that_was_sent_is_told_with_its_link(ask: Ask) -> None:
    report = ask(record(posts=(post(),)))
    assert report.answer == "Alerted on desk at 2026-03-04 12:00 UTC"
    assert [s.name for s in report.stages] == [
        "fetched", "parsed", "text", "language", "entities", "rules", "story", "sent",
    ]  # fmt: skip
    assert (stage(report, "sent").mark, stage(report, "sent").link) == (Mark.PASSED, "https://chat.example/p1")
    assert stage(report, "fetched").verdict == "2026-03-04 12:00 UTC (1 hour ago) from The Wire"
    parsed = stage(report, "parsed")
    assert parsed.verdict == "an item with headline, text, address and date"
    assert "counts as https://wire.example/f1" in parsed.details
    assert stage(report, "language").verdict == "en, as its source says"
    assert stage(report, "entities").details == ("🇩🇪 Germany: Germany (name), Berlin (capital)",)


def test_every_rule_is_judged_what_fires_first_then_the_nearest(ask: Ask) -> None:
    report = ask(record(posts=(post(),)))
    assert [(r.rule_id, r.outcome, r.then) for r in report.rules] == [
        ("flood", Outcome.FIRED, True),
        ("quake", Outcome.MISSED, False),
        ("trial", Outcome.MISSED, False),
    ]
    assert "earthquake" in report.rules[1].reason
    assert stage(report, "rules").mark is Mark.PASSED


def test_an_article_on_which_nothing_fires_is_told_by_the_nearest_rule(ask: Ask) -> None:
    report = ask(record(article("g1", title="Earthquake drill in a garden", text="")))
    assert report.answer.startswith("No alert: none of 3 rules fires; nearest is quake: the text lacks ")
    assert stage(report, "rules").mark is Mark.STOPPED
    assert stage(report, "text").verdict == "a headline only: the feed gave no text to look at"
    assert stage(report, "sent").verdict == "to no channel, since no rule fired when it came"


def test_of_rules_that_did_not_fire_there_are_others_only_beside_some(ask: Ask) -> None:
    assert stage(ask(record(posts=(post(),))), "rules").details[-1] == "2 other rules did not fire"
    assert stage(ask(record(article("g1", title="A drill in a garden", text=""))), "rules").details == ()


def test_unless_is_named_as_what_kept_a_rule_from_firing(ask: Ask) -> None:
    game = article("g2", title="Flood warning, the video game", text="")
    report = ask(record(game))
    flood = next(r for r in report.rules if r.rule_id == "flood")
    assert flood.outcome is Outcome.SUPPRESSED
    assert "video game" in flood.reason


def test_rules_that_changed_since_are_pointed_out(ask: Ask) -> None:
    gone = ask(record(alert=fired("old-rule"), posts=(post(),)))
    lines = stage(gone, "rules").details
    assert "fired when it came: old-rule, which the rules hold no longer" in lines
    assert "fires now, and did not when it came: flood; the rules have changed since" in lines
    report = ask(record(alert=None))
    assert report.answer == "No alert: no rule fired when it came; as the rules are now, flood would"


def test_a_rule_on_trial_is_no_alert(ask: Ask) -> None:
    report = ask(record(article("h1", title="Harbour opens", text=""), shadow=("trial",)))
    assert report.answer == "No alert: it fires trial only, which is on trial (mode: shadow)"


def test_a_story_that_was_told_already_is_named_by_the_article_that_told_it(ask: Ask) -> None:
    other = Member("f0", "River out of its bed", "https://herald.example/f0", "Herald", NOW, "", (Fired("flood", ()),))
    founder = article("f0", title="River Main out of its bed in Germany", text="", source_name="Herald")
    report = ask(
        record(
            story_id="f0",
            story_reason="alike 0.41: Main, valley",
            founder=founder,
            members=(other,),
            members_total=12,
            posts=(post("f0"),),
        )
    )
    assert report.answer == "No alert of its own: on desk its story was told there by “River out of its bed” (Herald)"
    story = stage(report, "story")
    assert story.verdict == (
        "joined the story of “River Main out of its bed in Germany” (Herald): alike 0.41: Main, valley"
    )
    assert story.details[:2] == ("both name Germany", "12 other articles of it:")
    assert story.details[-1] == "and 11 more"
    assert (stage(report, "sent").mark, stage(report, "sent").link) == (Mark.STOPPED, "https://chat.example/p1")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "waiting", "sent_at": None, "attempts": 0}, "Not on desk yet: it waits for delivery"),
        (
            {"state": "parked", "sent_at": None, "error": "not in the channel; invite the bot"},
            "Not alerted on desk: it refused the message (not in the channel; invite the bot)",
        ),
        (
            {"state": "folded", "title": "While the channel was away"},
            "Alerted on desk in a digest at 2026-03-04 12:00 UTC",
        ),
        ({"kind": "digest", "title": "Catching up"}, "Alerted on desk in a digest at 2026-03-04 12:00 UTC"),
    ],
)
def test_each_state_of_a_delivery_has_its_words(ask: Ask, changes: dict[str, object], says: str) -> None:
    assert ask(record(posts=(post(**changes),))).answer == says


SINCE = "Alerted on desk at 2026-03-04 12:00 UTC"


@pytest.mark.parametrize(
    ("first", "later", "says"),
    [
        ({}, {}, f"{SINCE}, struck through at 2026-03-04 12:00 UTC: killed by its agency"),
        ({}, {"state": "waiting", "sent_at": None}, f"{SINCE}, to be struck through: killed by its agency"),
        (
            {},
            {"state": "parked", "sent_at": None},
            f"{SINCE}, withdrawn, though the post could not be struck through: killed by its agency",
        ),
        ({}, {"channel": "intel"}, SINCE),
        ({}, {"article_key": "g1"}, SINCE),
        ({"retracted": "withdrawn by its publisher"}, {}, f"{SINCE}, struck through: withdrawn by its publisher"),
    ],
)
def test_an_alert_that_was_struck_through_is_told_as_that(
    ask: Ask, first: dict[str, object], later: dict[str, object], says: str
) -> None:
    update = post(**{"kind": "update", "key": "k2", "retracted": "killed by its agency", "article_key": "f1", **later})
    report = ask(record(posts=(post(**first), update)))
    assert report.answer == says
    assert stage(report, "sent").verdict == says.replace("Alerted on", "to").replace(" at 2026-03-04 12:00 UTC", "", 1)


def test_that_the_post_which_told_a_story_was_struck_through_is_told_too(ask: Ask) -> None:
    other = Member("f0", "River out of its bed", "https://herald.example/f0", "Herald", NOW, "", (Fired("flood", ()),))
    update = post("f0", kind="update", key="k2", retracted="killed by its agency")
    report = ask(record(story_id="f0", members=(other,), posts=(post("f0"), update)))
    assert report.answer.endswith("(Herald), struck through at 2026-03-04 12:00 UTC: killed by its agency")


async def test_a_killed_report_is_told_as_struck_through_from_the_store(tmp_path: Path, engine: Engine) -> None:
    desk = Desk(tmp_path)
    await desk.read(replace(FLOOD, source_id="wire"), matches=(match("flood", Severity.HIGH),))
    desk.deliver()
    killed = replace(
        FLOOD, key="f2", source_id="wire", title=f"KILL: {FLOOD.title}", url="https://wire.example/f2", canonical_url=""
    )
    desk.now += timedelta(minutes=10)
    await desk.read(killed)
    desk.deliver()
    found = desk.store.record("f1")
    assert found is not None
    answer = why(found, Around(decisions=desk.store.decisions("f1")), engine, desk.now, UTC).answer
    assert answer == f"{SINCE}, struck through at 2026-03-04 12:10 UTC: killed by its agency"
    desk.stop()


def test_what_holds_an_alert_is_named_with_its_end_and_its_author(ask: Ask) -> None:
    until = NOW + timedelta(hours=7)
    mute = Mute(4, MuteKind.RULE, "flood", None, NOW, until, "slack.default:U1 (ada)", "too many today")
    hold = Held(1, "f1", "desk", HoldReason.MUTED, "mute 4", NOW, until)
    row = DecisionRow("f1", "f1", "desk", "hold", "muted: rule flood", NOW)
    report = ask(record(), Around(holds=(hold,), mutes=(mute,), decisions=(row,)))
    assert report.answer == "Held on desk until 2026-03-04 19:00 UTC: muted"
    held = stage(report, "held")
    assert held.mark is Mark.WAITS
    assert held.verdict == (
        "on desk until 2026-03-04 19:00 UTC (in 6 hours) by muted (mute 4), set by slack.default:U1 (ada): "
        "too many today"
    )
    assert stage(report, "decided").verdict == "on desk: muted: rule flood (2026-03-04 12:00 UTC)"


def test_later_decisions_stand_before_earlier_ones(ask: Ask) -> None:
    rows = tuple(
        DecisionRow("f1", "f1", "desk", verdict, reason, NOW + timedelta(hours=n))
        for n, (verdict, reason) in enumerate((("hold", "quiet hours"), ("digest", "released")))
    )
    decided = stage(ask(record(posts=(post(),)), Around(decisions=rows)), "decided")
    assert decided.verdict == "on desk: released (2026-03-04 13:00 UTC)"
    assert decided.details == ("before, 2026-03-04 12:00 UTC: quiet hours",)


def test_updates_replies_edits_and_votes_are_told(ask: Ask) -> None:
    versions = tuple(
        Revision("f1", n, NOW + timedelta(minutes=n), title, "", "") for n, title in ((1, "Flood"), (2, "Flood grows"))
    )
    vote = Feedback("f1", ("flood",), "wire", "slack.default:U1 (ada)", Opinion.NOISE, NOW)
    report = ask(
        record(
            replace(FLOOD, text_from=TextFrom.PAGE, text_note="the page was cut at 100,000 characters"),
            posts=(post(), *(post(kind="reply", key="k2", state="waiting", sent_at=None, url="") for _ in range(2))),
            alert=fired(),
        ),
        Around(revisions=versions, votes=(vote,), source=WIRE),
    )
    assert stage(report, "followed").details == ("reply on desk, 2026-03-04 12:00 UTC (waiting)",)
    text = stage(report, "text")
    assert "the full text, read from its page" in text.verdict
    assert text.details[0] == "the page was cut at 100,000 characters"
    assert text.details[1] == "edited 1 time; rules below judge the text as it is now:"
    assert text.details[-1].startswith("it begins “The river Main rises in Germany")
    assert stage(report, "feedback").details == ("noise by slack.default:U1 (ada), 2026-03-04 12:00 UTC",)
    assert stage(report, "fetched").details[-1] == "the source now: wire (The Wire): not read yet"


def test_older_articles_of_the_same_name_are_counted(ask: Ask) -> None:
    details = stage(ask(record(), Around(namesakes=2)), "fetched").details
    assert "2 older articles of that name, too: ask by its own address or guid" in details


def status(state: str = "ok", error: str = "") -> SourceStatus:
    return SourceStatus("wire", state, NOW + timedelta(minutes=6), NOW, NOW - timedelta(minutes=4), 0, error, 7)


NEAR = Nearest("https://wire.example/f1", "Flood warning", "wire", "The Wire", NOW)


@pytest.mark.parametrize(
    ("given", "found", "sources", "state", "says"),
    [
        ("https://no.example/x/y", Found(()), {}, status(), "no source of no.example is configured"),
        ("some-guid", Found(()), {}, status(), "no article has this guid"),
        ("https://wire.example/f2", Found(()), {"wire": WIRE}, status(), "in none of the answers of its site's"),
        (
            "https://wire.example/f2",
            Found(()),
            {"wire": replace(WIRE, enabled=False)},
            status(),
            "the sources of wire.example are switched off",
        ),
        ("https://wire.example/f2", Found((), nearest=(NEAR,)), {}, status(), "is configured no longer"),
        ("https://wire.example/f1", Found((), purged=True), {"wire": WIRE}, status(), "older than the retention (90"),
    ],
)
def test_an_address_under_which_nothing_is_stored_is_told_with_what_to_check(
    given: str, found: Found, sources: dict[str, Source], state: SourceStatus, says: str
) -> None:
    report = absent(address_of(given), found, sources, (state,), timedelta(days=90), NOW, UTC)
    assert not report.found
    assert says in report.answer
    assert report.stages


def test_a_source_of_the_site_is_shown_as_it_fares() -> None:
    found = Found((), nearest=(NEAR,))
    broken = status("failing", "HTTP 500")
    report = absent(address_of("wire.example/f2"), found, {"wire": WIRE}, (broken,), timedelta(90), NOW, UTC)
    assert stage(report, "source").details[0] == (
        "wire (The Wire): failing, last read 4 minutes ago, last error: HTTP 500"
    )
    assert "“Flood warning”" in stage(report, "nearest").details[0]


def test_the_plain_text_shows_every_stage_and_with_all_every_rule(ask: Ask) -> None:
    report = ask(record(posts=(post(),)))
    text = to_text(report)
    assert text.splitlines()[0] == FLOOD.title
    assert all(s.name in text and s.verdict in text for s in report.stages)
    assert "quake (medium)" not in text
    assert "✘ quake (medium): " in to_text(report, all_rules=True)
    assert json.loads(to_json(report))["rules"][0]["outcome"] == "fired"


def test_a_bare_address_is_one() -> None:
    assert address_of("<https://wire.example/a>") == replace(
        address_of("wire.example/a"), given="https://wire.example/a"
    )
    assert address_of("guid 7") == Address("guid 7", "", "")
