"""``wirewatch why`` and ``/wire why`` on both platforms, for every way that an article can go; after a restart too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from bot.cli.why import why
from bot.model import MuteKind
from bot.store.noise_port import NewMute
from tests.commands.team import NEWS, Team, feed, team, until
from tests.fakes.discord import links as discord_links
from tests.fakes.discord import visible_text as discord_text
from tests.fakes.feeds import Answer
from tests.fakes.slack import visible_text as slack_text

SOURCES = """\
sources:
  - {{id: river-post, url: "{url}/feed", every: 1m, title: River Post}}
  - {{id: herald, url: "{url}/herald", every: 1m, title: Herald}}
"""
FOLLOWS = (
    "count", "Pyongyang to supply ammunition: 40 ships for Moscow",
    "North Korea agreed to supply ammunition to Russia, officials said in Seoul on Monday. Satellite pictures show 40 "
    "ships in the port of Rajin. The shipment would be the first of the year.",
)  # fmt: skip
SILENT = (
    "sells", "Pyongyang and Moscow agree",
    "North Korea agreed to sell shells to Russia, officials said in Seoul on Monday. The shipment would be the first "
    "of the year.",
)  # fmt: skip
LATER = (
    "choir", "Choir sings in the river valley near Rajin",
    "A flood warning was in force, and the choir sang all the same, on a hill above the harbour.",
)  # fmt: skip
AT = "https://river.example"


@dataclass
class Desk:
    """Three places in which the same question is asked."""

    one: Team
    config: Path

    async def slack(self, given: str) -> str:
        ada = self.one.on_slack(admin=False)
        before = len(ada.private)
        assert await ada.types(f"/wire why {given}", self.one.room) == {}
        return slack_text(await ada.hears(before + 1))

    async def discord(self, given: str) -> str:
        ann = self.one.on_discord("ann", manager=False)
        url, _, rule = given.partition(" rule:")
        options = {"rule": rule} if rule else {}
        return discord_text(await ann.reads(await ann.runs("wire why", self.one.place, url=url, **options)))

    async def shell(self, given: str) -> str:
        url, _, rule = given.partition(" rule:")
        out = StringIO()
        with redirect_stdout(out):
            why(url, self.config, [rule] if rule else [], every_rule=True, as_json=False)
        return out.getvalue()

    async def everywhere(self, given: str, *says: str) -> None:
        for ask in (self.slack, self.discord, self.shell):
            told = " ".join((await ask(given)).split())
            for words in says:
                assert words in told, f"{ask.__name__}: {words!r} not in: {told}"


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Alerted on arrival: ammunition (high). Held until the quiet hours end: the flood (medium). Then the Herald
    carries the ammunition on, and dies."""
    now = datetime.now(UTC)
    hours = f'{{start: "{now - timedelta(hours=1):%H:%M}", end: "{now + timedelta(hours=3):%H:%M}", at_once: high}}'
    async with team(tmp_path, extra=f"quiet_hours: [{hours}]\n", news=False) as one:
        for name, value in one.environment.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "rules" / "sources.yaml").write_text(SOURCES.format(url=one.news.url().rstrip("/")), "utf-8")
        await one.app.rules.reload()
        one.news.answers["/herald"] = Answer(feed((), "https://herald.example"))
        await one.poll()
        one.news.answers["/herald"] = Answer(feed((FOLLOWS, SILENT), "https://herald.example"))
        await one.poll()
        yield Desk(one, tmp_path / "wirewatch.yaml")


async def check(desk: Desk) -> None:
    """All that is said, in all three places."""
    alert = desk.one.slack_post("supply ammunition")
    answer = next(m for m in desk.one.room.messages if "40 ships" in str(m) and m.get("thread_ts") == alert["ts"])
    await desk.everywhere(
        f"{AT}/ammo",
        "lerted on desk at ", "lerted on intel at ", "fetched", "from River Post", "parsed",
        "an item of the feed with headline, text, address and date", "rules saw title and what the feed gave",
        "1 of 3 rules fire", "arms-deal (high) fired on", "founded a story: no earlier article like it",
        "any: none of flood warning, river rises", "not found: quartzite",
    )  # fmt: skip
    assert permalink(alert) in await desk.shell(f"{AT}/ammo")
    await desk.everywhere(
        f"{AT}/bake",
        "No alert: none of 3 rules fires", "to no channel, since no rule fired when it came",
        "any: none of arms deal, supply ammunition, weapons shipment", "not found: quartzite",
    )  # fmt: skip
    await desk.everywhere(
        f"{AT}/flood",
        "Held on desk until ", "eld on intel until ", "by quiet hours (", "flood (medium) fired on",
        "then it comes in a digest",
    )  # fmt: skip
    await desk.everywhere(
        "https://herald.example/count",
        "joined the story of “Pyongyang agrees to supply ammunition to Moscow” (River Post): alike 0.",
        "both name North Korea", "New number: 40 ships", "1 of 3 rules fire",
        "Sent as an answer in the thread of its story on desk at ", "as an answer in the thread of its story on intel",
    )  # fmt: skip
    assert permalink(answer) in await desk.shell("https://herald.example/count")
    await desk.everywhere(
        "https://herald.example/sells",
        "No alert of its own: on desk, intel its story was told there by “Pyongyang agrees to supply ammunition",
        "nearly the same text as an earlier article (alike 0.", "none of 3 rules fires",
        "no rule fires on it, and it counts as one more report",
    )  # fmt: skip
    assert permalink(alert) in await desk.shell("https://herald.example/sells")


def permalink(message: dict[str, object]) -> str:
    """What a link to a message ends with."""
    return f"/p{str(message['ts']).replace('.', '')}"


async def test_every_article_is_explained_everywhere_and_again_after_a_restart(desk: Desk) -> None:
    await check(desk)
    for given in (
        "http://river.example/flood",
        "https://www.river.example/flood/",
        "https://river.example/flood?utm_source=rss&utm_medium=feed&fbclid=1",
        "HTTPS://River.Example:443/flood#top",
        "river.example/flood",
    ):
        await desk.everywhere(given, "Held on desk until ")
    await desk.everywhere(f"{AT}/bake rule:quiet", "quiet", "quartzite", "obsidian")
    assert "flood warning, river rises" not in await desk.slack(f"{AT}/bake rule:quiet")
    await desk.one.restart()
    await check(desk)


async def test_an_article_whose_source_died_is_explained_with_what_became_of_the_source(desk: Desk) -> None:
    desk.one.news.answers["/herald"] = Answer(b"", status=410)
    await desk.one.app.poll_now()
    await desk.one.app.once()
    for _ in range(2):
        await desk.everywhere(
            "https://herald.example/count", "joined the story of", "Sent as an answer", "herald (Herald): gone"
        )
        await desk.one.restart()
    (desk.config.parent / "rules" / "sources.yaml").write_text("sources: []\n", "utf-8")
    await desk.one.app.rules.reload()
    await desk.everywhere("https://herald.example/count", "Sent as an answer", "herald is configured no longer")


async def test_what_held_it_is_told_when_it_is_out_too(desk: Desk) -> None:
    mute = NewMute(MuteKind.RULE, "flood", "desk", datetime.now(UTC), None, "slack.default:U0ADA (ada)", "drill")
    await desk.one.app.chat.commands.desk.store.run(lambda s: s.add_mute(mute))
    await desk.one.app.newsroom.release()
    desk.one.publish(*NEWS, LATER)
    await desk.one.poll()
    await desk.everywhere(f"{AT}/choir", "Held on desk: muted", "by muted (mute 1), set by slack.default:U0ADA (ada)",
                          "drill", "eld on intel until ")  # fmt: skip
    ahead = timedelta(hours=5)
    desk.one.options = replace(desk.one.options, clock=lambda: datetime.now(UTC) + ahead)
    await desk.one.restart()
    await desk.one.app.newsroom.release()
    assert await desk.one.app.deliverer.drain(10)
    await desk.everywhere(f"{AT}/choir", "eld on desk: muted", "lerted on intel in a digest at ", "quiet hours")
    assert discord_links(desk.one.place.messages[-1]) != []


async def test_a_term_that_is_watched_from_chat_is_known_on_the_command_line(desk: Desk) -> None:
    ada = desk.one.on_slack()
    await ada.types('/wire watch "bakery wins" channel', desk.one.room)
    assert "Watching" in slack_text(await ada.hears(1))
    await until(lambda: len(desk.one.app.book.engine.rules) == 4)
    desk.one.publish(*NEWS, ("bun", "Bakery wins again, says Olaf Brun of Skagen", "Buns with cardamom made it."))
    await desk.one.poll()
    told = await desk.shell(f"{AT}/bun")
    assert "watch-1" in told
    assert "which the rules hold no longer" not in told
