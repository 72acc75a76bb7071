"""What a look at the page of a report means, and what those who were told of it hear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.follow.takedown import Gone, Page, take_down, verdict
from bot.message import DeliveryKind, Message
from bot.model import MuteKind, Severity
from bot.noise import Context
from tests.desk import Desk
from tests.follow.test_decide import FIRE, FIRST, OTHER, report
from tests.samples import NOW, match

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "missing_for", "found"),
    [
        (200, None, Page.THERE),
        (200, HOUR, Page.THERE),
        (410, None, "taken down by its publisher (410)"),
        (451, None, "taken down for legal reasons (451)"),
        (404, None, Page.MISSING),
        (404, HOUR / 2, Page.MISSING),
        (404, HOUR, "removed from its publisher's site (404)"),
        (403, HOUR, Page.UNKNOWN),
        (429, None, Page.UNKNOWN),
        (500, HOUR, Page.UNKNOWN),
        (None, HOUR, Page.UNKNOWN),
    ],
)
def test_only_what_says_so_is_gone(status: int | None, missing_for: timedelta | None, found: Page | str) -> None:
    assert verdict(status, None if missing_for is None else NOW - missing_for, NOW) == found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, channels=("desk", "intel"))
    yield made
    made.stop()


def gone(desk: Desk, key: str) -> list[tuple[DeliveryKind, str, str, tuple[str, ...]]]:
    """What is written when the report of an alert is gone: kind, channel, why it is struck through, what is said."""
    (alert,) = desk.store.alerts([key])
    thread = desk.store.threads([alert.story.id])[alert.story.id]
    made = take_down(Gone(alert, "taken down"), thread, Context(desk.policy), desk.now)
    assert all(isinstance(d.payload, Message) for d in made.deliveries)
    return [(d.kind, d.channel, d.payload.retracted, d.payload.news) for d in made.deliveries]  # type: ignore[union-attr]


async def test_every_channel_that_was_told_is_told(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    told = gone(desk, "first")
    note = "Wire: the report was taken down"
    for channel in ("desk", "intel"):
        assert [(kind, retracted) for kind, at, retracted, _ in told if at == channel] == [
            (DeliveryKind.UPDATE, "taken down"),
            (DeliveryKind.REPLY, ""),
        ]
    assert {news for kind, _, _, news in told if kind is DeliveryKind.REPLY} == {(note,)}


async def test_other_sources_are_named_where_the_report_goes(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    await desk.read(report("b", "herald", "Twelve killed in explosion at Northport fuel depot"), matches=FIRE)
    said = [news for kind, _, _, news in gone(desk, "first") if kind is DeliveryKind.REPLY]
    assert said[0] == ("Wire: the report was taken down; 1 other independent source reported it, too",)


async def test_a_post_about_another_outlets_report_stays_as_it_is(desk: Desk) -> None:
    await desk.read(FIRST, matches=FIRE)
    text = f"{OTHER} A hundred and forty tanks stood there."
    await desk.read(report("b", "herald", "Twelve killed in explosion at Northport fuel depot", text), matches=FIRE)
    told = gone(desk, "b")
    assert {retracted for _, _, retracted, _ in told} == {""}
    assert {news for kind, _, _, news in told if kind is DeliveryKind.REPLY} == {("Herald: the report was taken down",)}


async def test_those_who_were_told_hear_it_though_the_story_is_muted_or_it_is_night(desk: Desk) -> None:
    await desk.read(replace(FIRST), matches=(match("blast", Severity.HIGH),))
    await desk.mute(MuteKind.STORY, "first", hours=5)
    assert {kind for kind, *_ in gone(desk, "first")} == {DeliveryKind.UPDATE, DeliveryKind.REPLY}
