"""The simulated day: what its generator promises, and a small one through the whole bot."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bench.day import run_day
from bench.day_feeds import SHOWN, Newsstand
from bench.day_world import BEGIN, DAY, Day, Kind, make_day
from bot.config import shipped_rules
from bot.live import rulebook
from bot.model import Fetched, Source
from bot.rules.evaluate import Subject
from bot.rules.match import Engine
from bot.sources import feed


@pytest.fixture(scope="module")
def day() -> Day:
    return make_day(2, stories=40, articles=420)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return rulebook.load([shipped_rules()]).engine


def test_a_day_is_the_same_for_the_same_seed(day: Day) -> None:
    assert make_day(2, stories=40, articles=420) == day
    assert make_day(3, stories=40, articles=420) != day


def test_a_full_day_has_300_stories_and_4000_articles_of_20_outlets() -> None:
    whole = make_day(1)
    kinds = Counter(p.kind for p in whole.pieces)
    assert (len(whole.outlets), len(whole.events), len(whole.pieces)) == (20, 300, 4_000)
    assert all(kinds[kind] > 0 for kind in Kind)
    assert {p.story for p in whole.pieces if p.kind is not Kind.NOISE} == set(whole.events)
    assert all(BEGIN <= p.published < BEGIN + DAY for p in whole.pieces)
    assert len(whole.by_url) == len(whole.pieces)
    twins = [e for e in whole.events.values() if e.twin]
    assert len(twins) > 30
    for twin in twins:
        other = whole.events[twin.twin]
        assert twin.type == other.type
        assert (twin.slots["region"] == other.slots["region"]) != (twin.type == "coup")
        assert twin.slots["town"] != other.slots["town"]
    coups = [e.slots["country"] for e in whole.events.values() if e.type == "coup"]
    assert len(coups) == len(set(coups)), "a country has one at a time"


def test_the_facts_of_a_piece_stand_in_its_words(day: Day) -> None:
    for piece in day.pieces:
        words = f"{piece.title} {piece.text}".casefold()
        for slot, value in (fact.split("=") for fact in piece.facts - {"withdrawn"}):
            assert slot == "country" or value.casefold() in words, (slot, value, piece)


def test_rules_ask_for_the_events_that_are_meant_to_alert_and_for_no_noise(day: Day, engine: Engine) -> None:
    fired = {p.id: bool(engine.match(Subject(p.title, p.text, p.outlet))) for p in day.pieces}
    quiet = [p for p in day.pieces if p.kind is Kind.NOISE or not day.events[p.story].alerts]
    assert [p.title for p in quiet if fired[p.id]] == []
    loud = {e.id for e in day.events.values() if e.alerts}
    due = {p.story for p in day.pieces if fired[p.id]}
    assert due <= loud
    assert len(due) > 0.85 * len(loud)  # a story told once, in words that no rule knows, is not due


async def test_every_feed_is_read_as_it_was_written(day: Day) -> None:
    stand = Newsstand(day)
    now = BEGIN + timedelta(hours=14)
    for path, answer in stand.answers(now).items():
        outlet = path.strip("/")
        fetched = Fetched(outlet, f"http://x{path}", 200, {"content-type": answer.content_type}, answer.body, now)
        items = feed.parse(fetched, Source(outlet, f"http://x{path}")).items
        due = {p.url: p for p in [p for p in day.pieces if p.outlet == outlet and p.published <= now][-SHOWN:]}
        told = {i.url.partition("?")[0]: " ".join(i.text.split()) for i in items}
        assert told == {url: p.text for url, p in due.items()}
    assert not stand.answers(now)


async def test_a_small_day_through_the_bot_misses_doubles_and_loses_nothing(tmp_path: Path) -> None:
    small = make_day(1, stories=12, articles=90)
    verdict = await run_day(small, timedelta(hours=4), tmp_path)
    assert verdict.read == len(small.pieces)
    assert verdict.due > 4
    assert set(verdict.channels) == {"desk", "intel"}
    for channel in verdict.channels.values():
        assert (channel.missed, channel.wrong, channel.doubled, channel.unseen, channel.lost) == ([], [], 0, 0, 0)
        assert channel.posts == channel.alerts + channel.digests + channel.answers
    desk = verdict.channels["desk"]
    assert desk.held == desk.held_digest + desk.held_thread > 0


async def test_without_stories_every_report_is_a_message(tmp_path: Path) -> None:
    small = make_day(1, stories=12, articles=90)
    verdict = await run_day(small, timedelta(hours=8), tmp_path, plain=True)
    for channel in verdict.channels.values():
        assert channel.alerts == verdict.matching > verdict.due
        assert (channel.held, channel.digests, channel.missed) == (0, 0, [])
