"""What becomes of posts in both chats when outlets edit, correct, withdraw or take down what they reported."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.simulate import DRAIN_S, Post, Stage, on_stage
from bot.model import Source
from bot.summary.ask import Ask, Known
from bot.summary.service import summarise
from tests.fakes.feeds import Answer, FeedServer

BEGIN = datetime(2026, 11, 3, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXT = "A powerful earthquake struck near {town} in {country} at dawn, killing {dead} people, the governor said."


@dataclass
class Wire:
    """An agency whose feed and pages the test writes."""

    server: FeedServer
    stage: Stage
    items: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)  # by page: title, text, time

    def reports(self, page: str, title: str, text: str) -> None:
        """``page`` that begins with a slash is one of this server; else the item has no link."""
        at = self.items[page][2] if page in self.items else self.stage.clock()
        self.items[page] = title, text, at
        listed = "".join(
            f"<item><title>{title}</title><guid isPermaLink='false'>{page}</guid>"
            f"<link>{self.server.url(page) if page.startswith('/') else ''}</link>"
            f"<description>{text}</description><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
            for page, (title, text, at) in self.items.items()
        )
        body = f"<rss version='2.0'><channel><title>Wire</title>{listed}</channel></rss>"
        self.server.answers["/feed"] = Answer(body.encode())
        if page.startswith("/"):
            self.server.answers.setdefault(page, Answer(b"<p>The report.</p>", content_type="text/html"))

    async def after(self, time: timedelta) -> None:
        """Time passes; feed and pages are looked at."""
        app, clock = self.stage.app, self.stage.clock
        clock.jump(clock() + time)
        await app.poller.poll_all()
        await app.newsroom.release()
        await app.newsroom.recheck()
        await app.deliverer.drain(DRAIN_S)

    def looks(self, page: str) -> int:
        return sum(seen.path == page for seen in self.server.seen)

    def about(self, word: str) -> dict[str, list[Post]]:
        """What stands in each channel that holds a word, in order."""
        found: dict[str, list[Post]] = {"desk": [], "intel": []}
        for post in self.stage.posts():
            if word in text(post):
                found[post.channel].append(post)
        return found


def text(post: Post) -> str:
    return json.dumps(post.raw, ensure_ascii=False)


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with FeedServer() as server:
        server.answers["/feed"] = Answer(b"<rss version='2.0'><channel><title>Wire</title></channel></rss>")
        source = Source("wire", server.url("/feed"), title="Wire", every=timedelta(minutes=1), tags=("wire",))
        async with on_stage(tmp_path, BEGIN, [source]) as stage:
            one = Wire(server, stage)
            one.reports("/calm", "Rose show opens in Northport", "Roses.")
            await one.after(timedelta())
            yield one


def quake(town: str, country: str, dead: int = 9) -> tuple[str, str]:
    return f"Earthquake kills {dead} near {town} in {country}", TEXT.format(town=town, country=country, dead=dead)


async def test_posts_follow_what_becomes_of_their_reports(wire: Wire) -> None:
    for page, town, country in (
        ("/gone", "Gramado", "Peru"),
        ("/slip", "Sibolo", "Indonesia"),
        ("/lost", "Lamenta", "Mexico"),
        ("kill", "Kelvado", "Turkey"),
        ("withdrawn", "Wirral", "Nepal"),
        ("advisory", "Advar", "Iran"),
        ("correction", "Corvana", "Chile"),
        ("edited", "Edessin", "Italy"),
    ):
        wire.reports(page, *quake(town, country))
    await wire.after(timedelta(minutes=5))
    for channel in wire.about("Gramado").values():
        assert len(channel) == 1

    # The agency's own words, each as a new item of its feed.
    title, body = quake("Kelvado", "Turkey")
    wire.reports("kill-2", f"KILL: {title}", f"Kelvado: {body} Editors, please kill.")
    title, body = quake("Wirral", "Nepal")
    wire.reports("withdrawn-2", f"WITHDRAWN-{title}", body)
    title, body = quake("Advar", "Iran")
    wire.reports("advisory-2", f"ADVISORY: {title}", f"The report about Advar, Iran is withdrawn. {body}")
    title, body = quake("Corvana", "Chile", 7)
    wire.reports("correction-2", f"CORRECTION: {title}", f"(Corrects number of dead to 7.) {body}")
    wire.reports("edited", *quake("Edessin", "Italy", 31))
    wire.server.answers["/gone"] = Answer(status=410)
    wire.server.answers["/slip"] = Answer(status=404)
    wire.server.answers["/lost"] = Answer(status=404)
    await wire.after(HOUR)

    for word, reason in (
        ("Gramado", "taken down by its publisher (410)"),
        ("Kelvado", "killed by its agency"),
        ("Wirral", "withdrawn by its publisher"),
        ("Advar", "withdrawn by its publisher"),
    ):
        struck_through(wire.about(word), f"the report was {reason}")
    answered(wire.about("Corvana"), "Correction by Wire")
    answered(wire.about("Edessin"), "kills 9 near", "kills 31 near")
    for word in ("Sibolo", "Lamenta"):
        assert [len(posts) for posts in wire.about(word).values()] == [1, 1]  # one 404 may be a slip

    wire.server.answers["/slip"] = Answer(b"<p>The report.</p>", content_type="text/html")
    await wire.after(HOUR)
    struck_through(wire.about("Lamenta"), "the report was removed from its publisher's site (404)")
    assert [len(posts) for posts in wire.about("Sibolo").values()] == [1, 1]

    # A summary of the day tells none of them as news.
    now = wire.stage.clock()
    told = summarise(wire.stage.store, Ask(now - 6 * HOUR, now), Known(), stories=20).summary.stories
    gone = ["Advar in Iran", "Gramado in Peru", "Kelvado in Turkey", "Lamenta in Mexico", "Wirral in Nepal"]
    last = told[-len(gone) :]
    assert sorted(one.headline for one in last) == [f"Retracted: Earthquake kills 9 near {place}" for place in gone]
    assert all(one.retracted and not one.sentences for one in last)
    assert len(told) == 8
    assert not any(one.retracted for one in told[: -len(gone)])

    # What is gone is told once, and looked at no more; what stands is looked at when its turn comes.
    before = {page: wire.looks(page) for page in ("/gone", "/slip")}
    await wire.after(HOUR)
    assert {page: wire.looks(page) for page in ("/gone", "/slip")} == before
    await wire.after(6 * HOUR)
    assert wire.looks("/gone") == before["/gone"]
    assert wire.looks("/slip") == before["/slip"] + 1
    assert [len(posts) for posts in wire.about("Gramado").values()] == [2, 2]


def struck_through(found: dict[str, list[Post]], note: str) -> None:
    """The headline is struck through in both chats, and one answer says why."""
    for channel, mark in (("desk", '"strike": true'), ("intel", "~~")):
        alert, answer = found[channel]
        assert mark in text(alert)
        assert "Retracted:" in text(alert)
        assert answer.thread
        assert note in text(answer)


def answered(found: dict[str, list[Post]], *words: str) -> None:
    for channel in ("desk", "intel"):
        _alert, *answers = found[channel]
        said = " ".join(text(answer) for answer in answers)
        assert all(answer.thread for answer in answers)
        assert all(word in said for word in words), said


async def test_a_digest_tells_in_both_chats_what_was_held_and_which_sources_were_down(tmp_path: Path) -> None:
    quiet = 'quiet_hours: [{start: "05:00", end: "09:00", timezone: UTC}]\n'
    async with FeedServer() as server:
        server.answers["/feed"] = Answer(b"<rss version='2.0'><channel><title>Wire</title></channel></rss>")
        server.answers["/down"] = server.answers["/feed"]
        every = timedelta(minutes=1)
        sources = [
            Source("wire", server.url("/feed"), title="Wire", every=every, tags=("wire",)),
            Source("down", server.url("/down"), title="Evening Post", every=every),
        ]
        async with on_stage(tmp_path, BEGIN, sources, more=quiet) as stage:
            one = Wire(server, stage)
            await one.after(timedelta())
            one.reports("a", *quake("Gramado", "Peru"))
            one.reports("b", *quake("Sibolo", "Indonesia"))
            one.reports("c", "Coup in Mali: army takes the presidential palace", "Officers held the president.")
            server.answers["/down"] = Answer(status=503)
            await one.after(timedelta(minutes=5))
            assert [len(posts) for posts in one.about("Gramado").values()] == [0, 0]
            for _ in range(4):
                await one.after(HOUR)
            for channel, posts in one.about("Gramado").items():
                (digest,) = posts
                shown = text(digest).replace("\\", "")
                for words in ("in quiet hours (05:00 to 09:00 UTC)", "1 of 2 sources read throughout", "Evening Post"):
                    assert words in shown, (channel, words)
                assert "Sibolo" in shown
                assert shown.index("Natural disaster") < shown.index("Gramado")
