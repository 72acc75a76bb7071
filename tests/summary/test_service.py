"""A summary of a stored period, and how it reads."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from bot.model import Severity
from bot.store.sql import SqlStore
from bot.summary import words
from bot.summary.ask import Ask, Known
from bot.summary.model import Filters, Summary
from bot.summary.service import summarise
from bot.summary.text import as_json, markdown
from tests.summary.samples import NOW, ago, document, quake, sources, store_alert

EVERYTHING = Filters()
KNOWN = Known({"coup": "Coup"}, {}, frozenset())


def made(store: SqlStore, filters: Filters = EVERYTHING, **period: float) -> Summary:
    return summarise(
        store, Ask(ago(**(period or {"days": 1})), NOW, filters), KNOWN, sources("wire", "outlet0")
    ).summary


def test_the_stories_of_the_period_come_ranked_with_what_they_say(archive: SqlStore) -> None:
    found = made(archive)
    assert (found.alerts, found.total, found.articles) == (3, 2, 5)
    coup, quake = found.stories
    assert (coup.headline, coup.severity, coup.sources, coup.alerts) == ("Coup in Examplia", Severity.CRITICAL, 1, 1)
    assert (quake.sources, quake.alerts, quake.is_new) == (3, 2, True)
    assert [country.code for country in coup.countries] == ["ML", "FR"]
    assert coup.rules == ("Title of coup",)
    assert coup.sentences[0].text == "Soldiers took over the palace in the capital on Monday night."
    assert {one.url for one in quake.sentences} <= {f"https://outlet{n}.example/quake{n}" for n in range(3)}
    assert len({one.article_key for one in quake.sentences}) == 2


def test_outlets_of_a_declared_owner_count_once(archive: SqlStore) -> None:
    owners = {"outlet0": "owner:house", "outlet1.example": "owner:house"}  # by source, by domain
    found = summarise(archive, Ask(ago(days=1), NOW), KNOWN, owners=owners).summary
    assert {one.story_id: one.sources for one in found.stories} == {"coup": 1, "quake": 2}


def test_an_agency_counts_once_whoever_prints_it(archive: SqlStore) -> None:
    for n in (1, 2):
        one = quake(0, source_id=f"outlet{n}", url=f"https://outlet{n}.example/agency")
        store_alert(archive, replace(one, key=f"print{n}"), "quake", ago(hours=1), alert=False, credit="reuters")
    assert {one.story_id: one.sources for one in made(archive).stories} == {"coup": 1, "quake": 4}


def test_counts_are_compared_only_where_the_archive_reaches_back(archive: SqlStore) -> None:
    day = made(archive)
    assert [(c.name, c.now, c.before) for c in day.countries] == [("Japan", 2, 0), ("France", 1, 0), ("Mali", 1, 0)]
    assert "against the period" in words.compared(day)
    fortnight = made(archive, days=13)
    assert [c.before for c in fortnight.countries] == [None] * 4
    assert "does not reach back" in words.compared(fortnight)


@pytest.mark.parametrize(
    ("filters", "stories"),
    [
        (Filters(rules=("coup",)), ["coup"]),
        (Filters(countries=("JP",)), ["quake"]),
        (Filters(min_severity=Severity.CRITICAL), ["coup"]),
        (Filters(sources=("outlet1",)), ["quake"]),
        (Filters(countries=("JP",), rules=("coup",)), []),
    ],
)
def test_filters_choose_the_stories(archive: SqlStore, filters: Filters, stories: list[str]) -> None:
    assert [story.story_id for story in made(archive, filters).stories] == stories


def test_what_is_not_told_is_counted(archive: SqlStore) -> None:
    found = summarise(archive, Ask(ago(days=1), NOW), KNOWN, stories=1).summary
    assert (len(found.stories), words.left_out(found)) == (1, "1 more story")


def test_a_story_that_began_before_goes_on(archive: SqlStore) -> None:
    again = document("ship2", "Ship released", "The ship was released after a day in the port of Examplia.")
    store_alert(archive, again, "ship", ago(hours=3))
    story = next(one for one in made(archive).stories if one.story_id == "ship")
    assert not story.is_new
    assert "continues" in words.meta(story)


def test_an_empty_store_gives_an_empty_summary(empty: SqlStore) -> None:
    found = made(empty)
    assert (found.alerts, found.stories, found.countries, words.head(found)) == (
        0,
        (),
        (),
        "nothing was read",
    )
    assert "# News summary" in markdown(found, UTC)


def test_hostile_words_do_no_harm_in_markdown(empty: SqlStore) -> None:
    title = "Look](javascript:alert(1)) <script>\u202e *now*"
    text = "A sentence with [a link](https://evil.example) and `code` that is long enough to be quoted."
    bad = document("bad", title, text, url="https://wire.example/a(b) c")
    store_alert(empty, bad, "bad", ago(hours=1))
    shown = markdown(made(empty), UTC)
    assert "](javascript" not in shown
    assert "](https://evil" not in shown
    assert "<script>" not in shown
    assert "\u202e" not in shown
    assert "(https://wire.example/a%28b%29%20c)" in shown


def test_markdown_says_all_of_it(archive: SqlStore) -> None:
    shown = markdown(made(archive), UTC)
    assert "1. **[Coup in Examplia](https://wire.example/coup)**" in shown
    assert "critical · 1 source · Title of coup · 🇲🇱 Mali 🇫🇷 France" in shown
    assert "([The Wire](https://wire.example/coup))" in shown
    assert "**Countries**: 🇯🇵 Japan 2 \\(new\\)" in shown
    assert "All 2 sources were read throughout" in shown


def test_json_holds_every_figure(archive: SqlStore) -> None:
    found = json.loads(json.dumps(as_json(made(archive))))
    coup = found["stories"][0]
    assert (coup["severity"], coup["countries"], coup["sentences"][0]["article"]) == ("critical", ["ML", "FR"], "coup")
    assert coup["score"] == pytest.approx(sum(coup["score_parts"].values()), abs=0.001)
    assert found["countries"][0] == {"id": "JP", "name": "Japan", "now": 2, "before": 0}


@pytest.mark.parametrize(
    ("since", "until", "shown"),
    [
        (ago(days=1), NOW, "3 Mar 12:00 to 4 Mar 12:00 (UTC)"),
        (NOW.replace(hour=0), NOW.replace(hour=0) + timedelta(days=1), "4 Mar 2026"),
        (NOW.replace(hour=0), NOW.replace(hour=0) + timedelta(days=7), "4 Mar to 10 Mar 2026"),
    ],
)
def test_periods_are_said_shortly(empty: SqlStore, since: object, until: object, shown: str) -> None:
    found = summarise(empty, Ask(since, until), KNOWN).summary  # type: ignore[arg-type]
    assert words.period(found, UTC) == shown


def test_what_was_withdrawn_is_told_last_and_not_quoted(archive: SqlStore) -> None:
    """The gravest story of the day was killed by whoever told it: nobody reads it as news."""
    kill = document("kill", "KILL: Coup in Examplia", "Please kill the story. It was withdrawn.", source_id="outlet0")
    store_alert(archive, kill, "coup", ago(minutes=30), severity=Severity.CRITICAL, rule="coup")
    again = document("kill2", "KILL: Coup in Examplia", "Please kill the story. It was withdrawn.")
    store_alert(archive, again, "coup", ago(minutes=20), severity=Severity.CRITICAL, rule="coup")
    found = made(archive)
    assert [one.story_id for one in found.stories] == ["quake", "coup"]
    told = found.stories[1]
    assert (told.headline, told.sentences) == ("Retracted: Coup in Examplia", ())
    assert words.meta(told).endswith("killed by its agency")
    assert as_json(found)["stories"][1]["retracted"] == "killed by its agency"  # type: ignore[index]


def test_a_story_stands_by_the_reports_that_were_not_withdrawn(archive: SqlStore) -> None:
    kill = quake(0, title="KILL: Strong earthquake hits northern Examplia", text="Please kill the story.")
    store_alert(archive, replace(kill, key="kill", url="https://outlet0.example/kill"), "quake", ago(minutes=30))
    told = next(one for one in made(archive).stories if one.story_id == "quake")
    assert told.headline == "At least 40 dead as magnitude 7.1 quake strikes Examplia"
    assert {one.source for one in told.sentences} == {"Outlet 1", "Outlet 2"}
    assert words.meta(told).endswith(" · a report was killed by its agency")


def test_what_was_corrected_is_told_in_the_words_of_the_correction(archive: SqlStore) -> None:
    for n in (1, 2):  # the others printed the same agency
        one = quake(n, text="LOMARA (Reuters) - A quake killed at least 40 people in Examplia on Tuesday.")
        store_alert(archive, replace(one, key=f"print{n}"), "toll", ago(hours=2), rule="quake")
    right = quake(1, title="CORRECTED-At least 14 dead as quake strikes Examplia",
                  text="LOMARA (Reuters) - A quake killed at least 14 people in Examplia on Tuesday.")  # fmt: skip
    store_alert(archive, replace(right, key="right", url="https://outlet1.example/right"), "toll", ago(hours=1))
    told = next(one for one in made(archive).stories if one.story_id == "toll")
    assert told.headline == "CORRECTED-At least 14 dead as quake strikes Examplia"
    assert [one.text for one in told.sentences] == ["A quake killed at least 14 people in Examplia on Tuesday."]
    assert told.retracted == ""


def test_the_headline_has_the_latest_toll(archive: SqlStore) -> None:
    late = quake(1, title="Examplia quake toll rises to 310", url="https://outlet1.example/late")
    early = quake(0, title="Examplia quake kills 40 in Lomara, killing hopes for Examplia quake survivors")
    store_alert(archive, replace(early, key="early"), "toll", ago(hours=3), rule="quake")
    store_alert(archive, replace(late, key="late2"), "toll", ago(minutes=30), rule="quake")
    told = next(one for one in made(archive).stories if one.story_id == "toll")
    assert told.headline == "Examplia quake toll rises to 310"
    assert {one.source for one in told.sentences} == {"Outlet 1"}  # the other has "killing at least 40 people"
