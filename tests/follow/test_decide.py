"""How a story goes on that a channel was told of."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.message import DeliveryKind, Message
from bot.model import Article, HoldReason, Mention, MentionKind, Severity
from bot.noise import Policy
from bot.noise.policy import Demand, Inhibition
from tests.desk import Desk, counts
from tests.samples import NOW, article, match

TITLE = "Blast at the fuel depot of Northport kills 12"
TEXT = (
    "An explosion at the fuel depot of Northport killed 12 people on Tuesday, the port authority said. Harbour master "
    "Ann Roe told reporters that the quay was evacuated. Firefighters let the tanks burn out."
)
OTHER = (
    "Twelve people died in the explosion at the fuel depot of Northport, according to harbour master Ann Roe. The quay "
    "was evacuated and firefighters let the tanks of the depot burn out."
)

THIRD = (
    "Harbour master Ann Roe had the Northport quay evacuated after the fuel depot exploded and twelve people died; the "
    "tanks of the depot were left to burn by the firefighters on Tuesday."
)
FOURTH = (
    "Tanks at a Northport depot for fuel went up in an explosion on Tuesday. The port authority counts 12 dead, the "
    "quay stays evacuated on the word of harbour master Roe, and firefighters keep away."
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.stop()


def report(key: str, source: str, title: str = TITLE, text: str = OTHER, **changes: object) -> Article:
    fields: dict[str, object] = {
        "source_id": source,
        "source_name": source.title(),
        "url": f"https://{source}.example/{key}",
        "canonical_url": f"{source}.example/{key}",
        "title": title,
        "text": text,
        "published": NOW - timedelta(minutes=5),
    }
    return article(key, **{**fields, **changes})


FIRST = report("first", "wire", text=TEXT)
FIRE = (match("blast", Severity.HIGH),)


async def test_the_first_report_is_alerted_alone(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    (post,) = desk.posts()
    assert isinstance(post.payload, Message)
    assert (post.kind, post.payload.sources, post.payload.also) == (DeliveryKind.ALERT, 1, ())
    assert post.payload.story_id == "first"
    assert desk.verdicts("first") == [("desk", "send")]


async def test_a_later_report_that_says_the_same_updates_the_post_in_silence(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    desk.now += timedelta(minutes=7)
    await desk.read(report("b", "herald", "Twelve killed in explosion at Northport fuel depot"), matches=FIRE)
    alert, update = desk.posts()
    assert update.kind is DeliveryKind.UPDATE
    assert update.follows == alert.payload.key
    assert isinstance(update.payload, Message)
    assert (update.payload.sources, [link.name for link in update.payload.also]) == (2, ["Herald"])
    assert update.payload.updated_at == desk.now
    assert update.payload.headline == TITLE
    assert desk.verdicts("b") == [("desk", "update")]


async def test_a_report_on_which_nothing_fired_counts_as_a_source(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.read(report("b", "herald", "Twelve killed in explosion at Northport fuel depot"))
    (update,) = desk.posts(DeliveryKind.UPDATE)
    assert isinstance(update.payload, Message)
    assert update.payload.sources == 2
    (decision,) = desk.store.decisions("b")
    assert (decision.alert_id, decision.verdict) == ("", "update")


async def test_a_second_report_of_its_outlet_that_says_the_same_changes_nothing(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.read(report("b", "wire", "Twelve killed in explosion at Northport fuel depot"), matches=FIRE)
    assert [post.kind for post in desk.posts()] == [DeliveryKind.ALERT]
    (decision,) = desk.store.decisions("b")
    assert (decision.verdict, decision.reason) == ("told", "told here already, adds nothing new")


async def test_wire_copy_is_one_source_whoever_prints_it(desk: Desk) -> None:
    credited = f"NORTHPORT (Reuters) - {TEXT}"
    await desk.read(replace(FIRST, text=credited), matches=FIRE)
    await desk.read(report("b", "herald", text=f"{credited} Reporting by Bo Li"), matches=FIRE)
    await desk.read(report("c", "courier", "Explosion kills 12 at Northport depot", f"NORTHPORT (Reuters) - {OTHER}"))
    last = desk.posts(DeliveryKind.UPDATE)[-1].payload
    assert isinstance(last, Message)
    assert (last.sources, [link.name for link in last.also]) == (1, ["Herald", "Courier"])
    assert desk.said() == []


async def test_outlets_of_one_owner_are_one_source(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(owners={"wire": "owner:x", "herald.example": "owner:x"}))
    await desk.read(FIRST, matches=FIRE)
    await desk.read(report("b", "herald", "Twelve killed in explosion at Northport fuel depot"))
    (update,) = desk.posts(DeliveryKind.UPDATE)
    assert isinstance(update.payload, Message)
    assert update.payload.sources == 1
    desk.stop()


async def test_a_row_of_digits_without_end_counts_nothing_and_stops_nobody(desk: Desk) -> None:
    """It would be infinite: no later report with a toll could be compared with it."""
    endless = "9" * 400
    title = f"Blast at the fuel depot of Northport kills {endless}"
    await desk.read(replace(FIRST, title=title, text=f"{TEXT} There were {endless} of them."), matches=FIRE)
    desk.restart()
    more = OTHER.replace("Twelve people died", "Fifteen people died")
    await desk.read(report("b", "herald", "Fuel depot explosion in Northport: toll rises to 15", more), matches=FIRE)
    assert desk.said() == [("reply", ("New number: toll rises to 15 (told before: 12)",))]


async def test_a_new_number_goes_into_the_thread_once(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    more = OTHER.replace("Twelve people died", "Fifteen people died")
    await desk.read(report("b", "herald", "Fuel depot explosion in Northport: toll rises to 15", more), matches=FIRE)
    await desk.read(report("c", "courier", "15 killed in explosion at Northport fuel depot", more), matches=FIRE)
    (said,) = desk.said()
    assert said[0] == "reply"
    assert said[1][0].startswith("New number:")
    assert "(told before: 12)" in said[1][0]
    (answer,) = desk.posts(DeliveryKind.REPLY)
    assert isinstance(answer.payload, Message)
    assert (answer.payload.story, answer.payload.headline) == (
        TITLE,
        "Fuel depot explosion in Northport: toll rises to 15",
    )
    assert desk.verdicts("b") == [("desk", "reply")]
    assert desk.verdicts("c") == [("desk", "update")]


async def test_a_new_country_goes_into_the_thread(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    text = f"Investigators from Ruritania are on their way. {OTHER}"
    title = "Twelve killed in explosion at Northport fuel depot"
    at = len(title) + 1 + text.index("Ruritania")
    named = Mention("Ruritania", at, at + 9, "RU", MentionKind.NAME)
    await desk.read(report("b", "herald", title, text), matches=FIRE, mentions=(named,))
    assert ("reply", ("New: Ruritania",)) in [(kind, news[:1]) for kind, news in desk.said()]


async def test_a_higher_severity_raises_the_story(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    worse = (match("blast", Severity.HIGH), match("mass-casualty", Severity.CRITICAL))
    title = "Twelve killed in explosion at Northport fuel depot"
    await desk.read(report("b", "herald", title), matches=worse)
    ((kind, news),) = desk.said()
    assert (kind, news[0]) == ("raise", "Severity is now critical: Mass-Casualty")
    (update,) = desk.posts(DeliveryKind.UPDATE)
    assert isinstance(update.payload, Message)
    assert update.payload.severity is Severity.CRITICAL
    assert update.payload.fallback.startswith("CRITICAL: "), "what a phone shows"
    await desk.read(report("c", "courier", title), matches=worse)
    assert len(desk.said()) == 1


async def test_the_nth_independent_source_raises_the_story_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(raise_at=3))
    await desk.read(FIRST, matches=FIRE)
    title = "Twelve killed in explosion at Northport fuel depot"
    for key, source, text in (("b", "herald", OTHER), ("c", "courier", THIRD), ("d", "tribune", FOURTH)):
        await desk.read(report(key, source, f"{title}, {source} reports", text))
    assert desk.said() == [("raise", ("3 independent sources have it now",))]
    desk.stop()


async def test_a_correction_goes_into_the_thread(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.read(
        report("b", "wire", f"CORRECTED-{TITLE.replace('12', 'two')}", TEXT.replace("12 people", "two people"))
    )
    ((kind, news),) = desk.said()
    assert kind == "reply"
    assert news[0] == "Correction by Wire"


@pytest.mark.parametrize("mark", ["KILL: ", "WITHDRAWN-", "ADVISORY-"])
async def test_what_its_agency_withdraws_is_struck_through_with_a_note(desk: Desk, mark: str) -> None:
    await desk.read(FIRST, matches=FIRE)
    text = f"This story has been withdrawn: an error in the count. {TEXT}"
    await desk.read(report("b", "wire", f"{mark}{TITLE}", text), matches=FIRE)
    (update,) = desk.posts(DeliveryKind.UPDATE)
    assert isinstance(update.payload, Message)
    assert update.payload.retracted
    ((kind, news),) = desk.said()
    assert kind == "reply"
    assert news[0].startswith("Wire: the report was ")
    # It stays struck through whatever follows.
    await desk.read(report("c", "herald", "Twelve killed in explosion at Northport fuel depot"))
    last = desk.posts(DeliveryKind.UPDATE)[-1].payload
    assert isinstance(last, Message)
    assert last.retracted


async def test_what_another_outlet_withdraws_is_noted_only(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.read(report("b", "herald", f"RETRACTION: {TITLE}"))
    assert [news for _, news in desk.said()] == [("Herald: the report was withdrawn by its publisher",)]
    assert all(isinstance(d.payload, Message) and not d.payload.retracted for d in desk.posts(DeliveryKind.UPDATE))


async def test_what_a_channel_was_told_survives_a_restart(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.read(report("b", "herald", "Twelve killed in explosion at Northport fuel depot"))
    desk.deliver()
    desk.restart()
    text = f"{THIRD} Burns of 40 wounded are treated in two hospitals."
    await desk.read(report("c", "courier", "Northport fuel depot explosion: 12 dead, 40 hurt", text))
    assert len(desk.alerts()) == 1
    last = desk.posts(DeliveryKind.UPDATE)[-1].payload
    assert isinstance(last, Message)
    assert last.sources == 3
    ((_, news),) = desk.said()
    assert any("40" in one for one in news)
    assert not any("12" in one for one in news)


# -- corroboration --------------------------------------------------------------------------------------------------
@pytest.fixture
def careful(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, Policy(demands={"blast": Demand(2, timedelta(hours=6))}))
    yield made
    made.stop()


async def test_what_somebody_watches_stays_theirs_although_the_route_of_what_waits_is_gone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(demands={"blast": Demand(2, timedelta(hours=6))}))
    watched = match("watch-1", Severity.CRITICAL, title="Watch: secret", channels=("dm:slack.default:U1",))
    await desk.read(FIRST, matches=(*FIRE, watched))
    assert desk.alerts() == []
    desk.channels = ("intel",)
    desk.restart()
    await desk.read(report("b", "herald", text=TEXT))  # a copy, which confirms nothing
    assert desk.posts() == []
    await desk.read(report("c", "courier", "Twelve killed in explosion at Northport fuel depot"))
    (alert,) = desk.alerts()
    assert ([rule.id for rule in alert.rules], alert.severity) == (["blast"], Severity.HIGH)
    desk.stop()


async def test_an_alert_waits_for_its_second_source_and_then_goes_out_with_both(careful: Desk) -> None:
    await careful.read(FIRST, matches=FIRE)
    assert careful.posts() == []
    assert careful.verdicts("first") == [("desk", "hold")]
    careful.now += timedelta(hours=1)
    await careful.read(report("b", "herald", "Twelve killed in explosion at Northport fuel depot"))
    (alert,) = careful.alerts()
    assert (alert.alert_id, alert.sources, [link.name for link in alert.also]) == ("first", 2, ["Herald"])
    assert careful.store.held() == ()
    assert careful.verdicts("first") == [("desk", "hold"), ("desk", "send")]


async def test_a_copy_confirms_nothing(careful: Desk) -> None:
    await careful.read(FIRST, matches=FIRE)
    await careful.read(report("b", "herald", text=TEXT), matches=FIRE)
    assert careful.posts() == []
    assert len(careful.store.held()) == 2


async def test_what_nobody_confirmed_comes_in_a_digest(careful: Desk) -> None:
    await careful.read(FIRST, matches=FIRE)
    await careful.wait(hours=5)
    assert careful.posts() == []
    await careful.wait(hours=1)
    (digest,) = careful.digests()
    assert counts(digest) == {"corroboration": 1}
    assert digest.title == "Not confirmed by others"
    assert careful.listed() == ["first"]


async def test_an_alert_whose_story_was_told_meanwhile_is_no_part_of_the_digest_that_told_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Policy(demands={"blast": Demand(2, timedelta(hours=6))}))
    await desk.read(FIRST, matches=(match("drill"),), first=True)
    await desk.read(report("b", "wire", text=TEXT), matches=FIRE)  # the same outlet's words confirm nothing
    assert desk.verdicts("b") == [("desk", "hold")]
    await desk.wait(minutes=10)
    (digest,) = desk.digests()
    assert counts(digest) == {"catch_up": 1}
    await desk.read(report("c", "herald", "Twelve killed in explosion at Northport fuel depot"))
    assert desk.verdicts("b") == [("desk", "hold"), ("desk", "told")]
    assert desk.store.held() == ()
    with contextlib.closing(sqlite3.connect(tmp_path / "desk.db")) as file:
        rows = file.execute("SELECT alert_id, released, delivery_key FROM holds ORDER BY id").fetchall()
    assert rows == [("first", 1, digest.key), ("b", 1, None)]
    desk.stop()


async def test_a_confirmed_alert_obeys_the_other_controls(tmp_path: Path) -> None:
    policy = Policy(
        demands={"blast": Demand(2)},
        inhibitions=(Inhibition("drill", frozenset({"blast"})),),
    )
    desk = Desk(tmp_path, policy)
    await desk.read(FIRST, matches=FIRE)
    title = "Twelve killed in explosion at Northport fuel depot"
    await desk.read(report("b", "herald", title), matches=(match("drill", channels=("intel",)),))
    assert desk.alerts() == []
    (one,) = [h for h in desk.store.held() if h.channel == "desk"]
    assert one.reason in (HoldReason.INHIBITED, HoldReason.CORROBORATION)
    desk.stop()


# -- edits ----------------------------------------------------------------------------------------------------------
async def test_a_material_edit_is_noted_with_the_difference(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.edit(FIRST, FIRE, FIRE, title=TITLE.replace("12", "15"), text=TEXT.replace("12", "15"))
    ((kind, news),) = desk.said()
    assert (kind, news) == (
        "reply",
        (
            "Edited by Wire: “Northport kills 12” → “Northport kills 15”; "
            "“Northport killed 12 people on” → “Northport killed 15 people on”",
        ),
    )
    (update,) = desk.posts(DeliveryKind.UPDATE)
    assert isinstance(update.payload, Message)
    assert update.payload.headline.endswith("15")


async def test_an_edit_of_the_spelling_is_not_worth_a_note(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.edit(FIRST, FIRE, FIRE, text=TEXT.replace("burn out.", "burn-out!"))
    assert desk.said() == []


async def test_an_edit_that_fires_for_the_first_time_alerts(desk: Desk) -> None:
    await desk.read(FIRST)
    assert desk.posts() == []
    await desk.edit(FIRST, FIRE, (), text=f"{TEXT} A bomb is suspected.")
    (alert,) = desk.alerts()
    assert alert.alert_id == "first"
    assert alert.sources == 1


async def test_a_rule_that_fits_no_more_is_told(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.edit(
        FIRST, (), FIRE, title="Fire at the fuel depot of Northport", text="A fire broke out at the fuel depot."
    )
    ((_, news),) = desk.said()
    assert news[-1] == "No longer fits: Blast"


async def test_an_edit_that_withdraws_strikes_the_post_through(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    after = await desk.edit(FIRST, (), FIRE, text="This story has been withdrawn. We regret the error.")
    (update,) = desk.posts(DeliveryKind.UPDATE)
    assert isinstance(update.payload, Message)
    assert update.payload.retracted == "withdrawn by its publisher"
    assert desk.said()[0][1] == ("Wire: the report was withdrawn by its publisher",)
    await desk.edit(after, (), text="This story has been withdrawn. We regret the error very much.")
    assert len(desk.said()) == 1


async def test_an_edit_that_is_graver_raises_the_story(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    worse = (*FIRE, match("mass-casualty", Severity.CRITICAL))
    await desk.edit(FIRST, worse, FIRE, text=f"{TEXT} A bomb is suspected.")
    ((kind, news),) = desk.said()
    assert kind == "raise"
    assert news[0] == "Severity is now critical: Mass-Casualty"
    await desk.edit(FIRST, worse, FIRE, text=f"{TEXT} A bomb is suspected, too.")
    assert len(desk.said()) == 1
