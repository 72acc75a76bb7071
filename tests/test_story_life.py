"""The life of one story in both chats: the real bot between feeds, a Slack and a Discord of this machine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from bench.simulate import Post, Stage, on_stage
from bot.model import Source
from tests.fakes.feeds import Answer, FeedServer

BEGIN = datetime(2026, 11, 3, 9, tzinfo=UTC)
OUTLETS = ("norwire", "courier", "evening", "globe", "herald", "gazette")
MORE = """\
owners: {courier: Lund Papers, evening: Lund Papers}
stories: {raise_at: 3}
"""
TEXT = (
    "An earthquake shook the Kelva valley in Peru on Tuesday, killing at least 9 people near Dorum, officials said. "
    "The old bridge of Dorum fell into the river, and lorries with tents waited at the pass until snow was cleared. "
    "Geologists pointed to a fault below the valley."
)


@dataclass
class Press:
    """The feeds; :meth:`print_` puts an article into one of them."""

    server: FeedServer
    now: datetime = BEGIN
    items: dict[str, dict[str, tuple[str, str, datetime]]] = field(default_factory=dict)

    def print_(self, outlet: str, title: str, text: str, number: int = 1) -> None:
        """A second time under the same number is an edit."""
        shelf = self.items.setdefault(outlet, {})
        at = shelf[f"{number}"][2] if f"{number}" in shelf else self.now
        shelf[f"{number}"] = (title, text, at)
        self.show(outlet)

    def show(self, outlet: str) -> None:
        listed = "".join(
            f"<item><title>{escape(title)}</title><link>https://{outlet}.example/{number}</link><guid>{number}</guid>"
            f"<description>{escape(text)}</description><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
            for number, (title, text, at) in self.items.get(outlet, {}).items()
        )
        body = f"<rss version='2.0'><channel><title>{outlet}</title>{listed}</channel></rss>".encode()
        self.server.answers[f"/{outlet}"] = Answer(body, content_type="application/rss+xml")


@asynccontextmanager
async def newsroom(folder: Path) -> AsyncIterator[tuple[Press, Stage]]:
    async with FeedServer(record=False) as server:
        press = Press(server)
        for outlet in OUTLETS:
            press.show(outlet)
        sources = [
            Source(o, server.url(f"/{o}"), title=o.title(), every=timedelta(minutes=1), tags=("wire",)) for o in OUTLETS
        ]
        async with on_stage(folder, BEGIN, sources, more=MORE) as stage:
            await stage.step(BEGIN)
            yield press, stage


async def after(press: Press, stage: Stage, minutes: int = 10) -> None:
    press.now += timedelta(minutes=minutes)
    await stage.step(press.now)


def words(post: Post) -> str:
    return json.dumps(post.raw, ensure_ascii=False)


def split(stage: Stage, channel: str) -> tuple[list[Post], list[Post]]:
    """What stands in a channel itself, and the answers."""
    posts = [p for p in stage.posts() if p.channel == channel]
    return [p for p in posts if not p.thread], [p for p in posts if p.thread]


async def test_one_story_is_one_post_that_is_kept_up_to_date(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (press, stage):
        press.print_("norwire", "Earthquake kills 9 in Peru's Kelva valley", TEXT)
        await after(press, stage)
        for channel in ("desk", "intel"):
            alerts, answers = split(stage, channel)
            assert (len(alerts), len(answers)) == (1, 0), channel

        # Wire copy, by two papers of one owner: an edit in place, no sound, no further source.
        press.print_("courier", "Earthquake kills 9 in Peru's Kelva valley", TEXT)
        press.print_("evening", "Peru: bridge of Dorum falls as quake kills 9", TEXT)
        await after(press, stage)
        for channel in ("desk", "intel"):
            (alert,), answers = split(stage, channel)
            assert not answers
            assert "Courier" in words(alert)

        # Another outlet with its own words and nothing new: a source more, no sound.
        press.print_(
            "globe",
            "Nine dead as quake hits Kelva valley in Peru",
            "Nine people died near Dorum in Peru when the ground of the Kelva valley shook on Tuesday. A bridge fell.",
        )
        await after(press, stage)
        for channel in ("desk", "intel"):
            (alert,), answers = split(stage, channel)
            assert not answers
            assert "2 independent" in words(alert)

        # A new number comes into the thread; the third independent source shows it in the channel.
        press.print_(
            "herald",
            "Toll of Peru quake rises to 21",
            "The earthquake in the Kelva valley of Peru has killed 21 people, rescuers near Dorum said on Tuesday.",
        )
        await after(press, stage)
        for channel in ("desk", "intel"):
            (alert,), (answer,) = split(stage, channel)
            assert answer.thread == alert.ref
            assert "21" in words(answer)
            assert "3 independent" in words(alert)
        (_,), (answer,) = split(stage, "desk")
        assert answer.raw["subtype"] == "thread_broadcast"

        # An edit of the report that was alerted: the difference.
        press.print_("norwire", "Earthquake kills 23 in Peru's Kelva valley", TEXT.replace("at least 9", "at least 23"))
        await after(press, stage)
        for channel in ("desk", "intel"):
            (alert,), answers = split(stage, channel)
            assert "→" in words(answers[-1])
            assert "Earthquake kills 23" in words(alert)

        # Its agency withdraws it: struck through, with a note.
        press.print_(
            "norwire",
            "KILL: Earthquake kills 23 in Peru's Kelva valley",
            "The report headlined “Earthquake kills 23 in Peru's Kelva valley” is withdrawn: nobody confirmed it.",
            2,
        )
        await after(press, stage)
        for channel in ("desk", "intel"):
            (alert,), answers = split(stage, channel)
            assert "killed by its agency" in words(alert)
            assert ('"strike": true' if channel == "desk" else "~~Earthquake kills 23") in words(alert)
            assert "2 other independent sources reported it, too" in words(answers[-1])
