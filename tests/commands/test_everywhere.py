"""Every verb and every button, on both platforms, before a restart and after it; old posts serve after it, too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.commands.verbs import BY_NAME
from bot.model import MuteKind
from tests.commands.team import NEWS, Team, feed, team
from tests.commands.test_discord import labels as discord_labels
from tests.commands.test_slack_buttons import labels as slack_labels
from tests.fakes.discord import visible_text as on_discord
from tests.fakes.discord.world import EPHEMERAL
from tests.fakes.feeds import Answer
from tests.fakes.slack import visible_text as on_slack

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
STORED = "https://river.example/ammo"
Asked = tuple[str, dict[str, object], str]

# What is typed on Slack, what is chosen on Discord, and what the answer says on both.
ASKED: Sequence[Asked] = (
    ("help", {}, "What Wirewatch does here"),
    ("help mute", {"command": "mute"}, "/wire mute <rule|source|country|story|term> <what>"),
    ("latest 5", {"count": 5}, "Pyongyang agrees to supply ammunition"),
    ("latest rule:quiet", {"rule": "quiet"}, "No alerts of rule quiet"),
    ("latest KP high", {"country": "KP", "severity": "high"}, "Latest alerts about North Korea"),
    ('search "supply ammunition"', {"query": '"supply ammunition"'}, "Pyongyang agrees"),
    ("search zeppelin", {"query": "zeppelin"}, "Nothing found"),
    (f"why {STORED}?utm_source=x", {"url": f"{STORED}?utm_source=x"}, "arms-deal"),
    ("summary 7d KP high", {"period": "7d", "country": "KP", "severity": "high"}, "1 alert in 1 story"),
    ("explain Iran signed an arms deal.", {"text": "Iran signed an arms deal."}, "1 rule would fire"),
    ("rules", {}, "3 rules"),
    ("rules arms-deal", {"id": "arms-deal"}, "Newest hits"),
    ("sources", {}, "says more about one"),
    ("sources river-post", {"id": "river-post"}, "River Post"),
    ("mutes", {}, "Nothing is muted"),
    ("status", {}, "3 articles stored"),
)


class Member(Protocol):
    """Somebody on either platform who may change something."""

    name: str
    where: str  # the channel of the config that they are in
    who: str  # as in the audit

    async def asks(self, verb: str, typed: str, chosen: dict[str, object], wanted: str) -> str:
        """The answer that holds ``wanted``, which nobody else sees."""
        ...

    async def shares(self, verb: str) -> str:
        """What the channel is shown."""
        ...

    async def presses(self, button: str, wanted: str) -> str: ...
    async def mutes(self, target: str, duration: str, comment: str) -> str: ...
    async def opens(self) -> str:
        """Press Open: where it leads."""
        ...


class OnSlack:
    name, where = "slack", "desk"

    def __init__(self, one: Team, user: str = "U0ADA", *, admin: bool = True) -> None:
        self.one, self.person = one, one.on_slack(user, admin=admin)
        self.who = f"slack.default:{user} ({user[2:].lower()})"
        self.post = one.slack_post("supply ammunition")

    async def _hears(self, wanted: str, since: int) -> str:
        """As a private message, or in the form that opened: where Slack has to be asked who they are, that comes first
        and then says no."""

        def said() -> list[str]:
            return [on_slack(m) for m in (*self.person.private[since:], *self.person.modals)]

        try:
            await self.one.slack.settled(lambda: any(wanted in text for text in said()))
        except TimeoutError:
            pytest.fail(f"{wanted!r} is not in {said()}")
        return next(text for text in said() if wanted in text)

    async def asks(self, verb: str, typed: str, chosen: dict[str, object], wanted: str) -> str:
        since = len(self.person.private)
        assert await self.person.types(f"/wire {verb} {typed}".strip(), self.one.room) == {}
        return await self._hears(wanted, since)

    async def shares(self, verb: str) -> str:
        before = len(self.one.room.messages)
        await self.person.types(f"/wire {verb} share", self.one.room)
        await self.one.slack.settled(lambda: len(self.one.room.messages) > before)
        return on_slack(self.one.room.messages[-1])

    def _elements(self) -> list[dict[str, Any]]:
        return [e for block in self.post["blocks"] if block["type"] == "actions" for e in block["elements"]]

    def _button(self, verb: str) -> str:
        return next(str(e["action_id"]) for e in self._elements() if f":{verb}:" in e["action_id"])

    async def presses(self, button: str, wanted: str) -> str:
        since = len(self.person.private)
        self.one.slack.workspace.views.clear()  # what they looked at before is closed
        await self.person.clicks(self.one.room, self.post, self._button(button))
        return await self._hears(wanted, since)

    async def mutes(self, target: str, duration: str, comment: str) -> str:
        since = len(self.person.private)
        self.one.slack.workspace.views.clear()  # what they looked at before is closed
        await self.person.clicks(self.one.room, self.post, self._button("mute"))
        form = await self.person.sees_form()
        options = [o["value"] for block in form["blocks"] for o in block.get("element", {}).get("options", ())]
        choice = next(value for value in options if value.startswith(target))
        await self.person.sends(form, choice=choice, duration=duration, comment=comment)
        return await self._hears("Muted: ", since)

    async def opens(self) -> str:
        button = next(e for e in self._elements() if e.get("url"))
        said = len(self.person.private)
        await self.person.clicks(self.one.room, self.post, button["action_id"])  # Slack tells of it, and wants a word
        assert len(self.person.private) == said
        return str(button["url"])


class OnDiscord:
    name, where = "discord", "intel"

    def __init__(self, one: Team, name: str = "ada", *, admin: bool = True) -> None:
        self.one, self.person = one, one.on_discord(name, manager=admin)
        self.who = f"discord.default:{self.person.user.id} ({name.title()})"
        self.post = one.discord_post("supply ammunition")

    async def asks(self, verb: str, typed: str, chosen: dict[str, object], wanted: str) -> str:
        it = await self.person.runs(f"wire {verb}", self.one.place, **chosen)
        message = await self.person.reads(it)
        async with asyncio.timeout(60):
            while wanted not in on_discord(message):  # a word of progress comes first where a page is read
                await asyncio.sleep(0.01)
                message = it.original or message
        assert message["flags"] & EPHEMERAL
        return on_discord(message)

    async def shares(self, verb: str) -> str:
        it = await self.person.runs(f"wire {verb}", self.one.place, share=True)
        shown = await self.person.hears_more(it)
        assert not shown["flags"] & EPHEMERAL
        return on_discord(shown)

    def _parts(self) -> list[dict[str, Any]]:
        return [part for row in self.post["components"] for part in row["components"]]

    def _button(self, verb: str) -> str:
        return next(str(p["custom_id"]) for p in self._parts() if f":{verb}:" in p.get("custom_id", ""))

    async def presses(self, button: str, wanted: str) -> str:
        it = await self.person.clicks(self.post, self._button(button))
        await self.person.answered(it)
        if it.original is self.post:  # the buttons show the new standing, and the word comes after that
            message = await self.person.hears_more(it)
        else:
            message = await self.person.reads(it)
        assert message["flags"] & EPHEMERAL
        assert wanted in on_discord(message), on_discord(message)
        return on_discord(message)

    async def mutes(self, target: str, duration: str, comment: str) -> str:
        form = await self.person.clicks(self.post, self._button("mute"))
        data = await self.person.form(form)
        parts = [part.get("component") or part["components"][0] for part in data["components"]]
        options = [o["value"] for part in parts for o in part.get("options") or ()]
        choice = next(value for value in options if value.startswith(target))
        sent = await self.person.sends(form, choice=choice, duration=duration, comment=comment)
        message = await self.person.reads(sent)
        assert message["flags"] & EPHEMERAL
        return on_discord(message)

    async def opens(self) -> str:
        return next(str(p["url"]) for p in self._parts() if p.get("url"))  # Discord tells nobody of it


def members(one: Team) -> tuple[Member, Member]:
    return OnSlack(one), OnDiscord(one)


async def ask_all(member: Member) -> set[str]:
    """Returns the verbs that were used."""
    for typed, chosen, wanted in ASKED:
        verb, _, rest = typed.partition(" ")
        await member.asks(verb, rest, chosen, wanted)
    assert "Pyongyang agrees" in await member.shares("latest")
    return {typed.partition(" ")[0] for typed, _, _ in ASKED}


async def change_all(one: Team, member: Member, path: str) -> set[str]:
    """Mute and unmute, watch and unwatch, add; each has its effect in the store."""
    words = {"kind": "rule", "what": "flood", "duration": "1h", "where": "here", "comment": "drill"}
    await member.asks("mute", "rule flood 1h here drill", words, "Muted: rule flood")
    (mute,) = await one.mutes()
    assert (mute.kind, mute.value, mute.channel, mute.comment) == (MuteKind.RULE, "flood", member.where, "drill")
    await member.asks("mutes", "", {}, "rule flood")
    await member.asks("unmute", str(mute.id), {"number": mute.id}, "No longer muted")
    assert await one.mutes() == ()

    await member.asks("watch", "choir channel", {"term": "choir", "where": "channel"}, "Watching “choir”")
    (watch,) = await one.watches()
    assert (watch.channel, watch.term) == (member.where, "choir")
    await member.asks("unwatch", "", {}, "choir")
    await member.asks("unwatch", str(watch.id), {"number": watch.id}, "No longer watching")
    assert await one.watches() == ()

    one.news.answers[path] = Answer(feed((), "https://second.example"))
    address = one.news.url(path)
    await member.asks("add", address, {"url": address}, "Added River Post")
    assert any(source.url == address for source in one.app.book.sources.values())
    return {"mute", "unmute", "watch", "unwatch", "add"}


async def test_every_verb_on_both_platforms_and_again_after_a_restart(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        used: set[str] = set()
        people = members(one)
        for after_restart in (False, True):
            if after_restart:
                await one.restart()
            for member in people:
                used |= await ask_all(member)
                used |= await change_all(one, member, f"/{member.name}-{after_restart}".lower())
        assert used == set(BY_NAME), "every verb that there is"
        changes = [(e.who, e.verb) for e in await one.audit()]
        for member in people:
            mine = [verb for who, verb in changes if who == member.who]
            assert mine == ["sources add", "unwatch", "watch", "unmute", "mute"] * 2
        if one.law is not None:
            assert "PUT /applications/{application_id}/commands" in one.law.seen
            assert "POST /interactions/{interaction_id}/{interaction_token}/callback" in one.law.seen


TARGETS = (("story", MuteKind.STORY), ("rule:arms-deal", MuteKind.RULE), ("source", MuteKind.SOURCE))
HOURS = {"1h": 1, "24h": 24, "7d": 7 * 24}


async def press_all(one: Team, member: Member, stranger: Member) -> None:
    why = await member.presses("why", "Why this alert came")
    for words in ("arms-deal", "supply ammunition", "North Korea", "capital", "entities/data/"):
        assert words in why, why
    await member.presses("useful", "useful")
    await member.presses("noise", "noise")
    await stranger.presses("useful", "useful")
    refused = await stranger.presses("mute", "Sorry, mute is not open to you")
    assert "it is left to" in refused, "who may"
    assert await member.opens() == STORED
    for (target, kind), duration in ((t, d) for t in TARGETS for d in HOURS):
        assert "Muted: " in await member.mutes(target, duration, f"{duration} of <quiet>")
        (mute,) = await one.mutes()
        assert (mute.kind, mute.channel, mute.comment) == (kind, member.where, f"{duration} of <quiet>")
        assert mute.expires_at is not None
        assert (mute.expires_at - mute.created_at).total_seconds() == HOURS[duration] * 3600
        await member.asks("unmute", str(mute.id), {"number": mute.id}, "No longer muted")


async def test_every_button_on_both_platforms_and_again_after_a_restart(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        pairs: list[tuple[Member, Member]] = [
            (OnSlack(one), OnSlack(one, "U0BOB", admin=False)),
            (OnDiscord(one), OnDiscord(one, "bob", admin=False)),
        ]
        for after_restart in (False, True):
            if after_restart:
                await one.restart()
            for member, stranger in pairs:
                await press_all(one, member, stranger)
        # One vote a person on one alert, the same on both platforms, however often they pressed; the last one counts.
        votes = await one.app.chat.commands.desk.store.read(lambda s: s.feedback(LONG_AGO))
        assert len({vote.alert_id for vote in votes}) == 1
        assert sorted(vote.verdict for vote in votes) == ["noise", "noise", "useful", "useful"]


async def test_a_story_is_listed_once_with_the_number_of_its_earlier_alerts(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        again = ("more", "Pyongyang agrees to supply ammunition: 40 ships for Moscow",
                 "North Korea agreed to supply ammunition to Russia, officials said in Seoul on Monday. 40 ships wait "
                 "in the port of Rajin. The shipment would be the first of the year.")  # fmt: skip
        one.publish(*NEWS, again)
        await one.poll()
        for member in members(one):
            told = await member.asks("latest", "rule:arms-deal", {"rule": "arms-deal"}, "40 ships")
            assert told.count("Pyongyang agrees") == 1
            assert told.strip().endswith("1 earlier alert")


async def test_votes_stay_on_the_buttons_of_a_post_that_is_rewritten(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        ada, ben = members(one)
        await ada.presses("useful", "1 useful, 0 noise")
        await ben.presses("noise", "1 useful, 1 noise")
        number, title, text = NEWS[0]
        one.publish((number, title.replace("agrees", "has agreed"), text.replace("Monday", "Tuesday")), *NEWS[1:])
        await one.poll()
        posts = one.slack_post("has agreed"), one.discord_post("has agreed")
        for labels in (slack_labels(posts[0]), discord_labels(posts[1])):
            assert labels[1:3] == ["👍 Useful · 1", "👎 Noise · 1"]


async def test_of_votes_at_the_same_moment_the_last_count_is_the_one_that_is_shown(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        slackers = [OnSlack(one, f"U0VOTER{n}", admin=False) for n in range(6)]
        others = [OnDiscord(one, f"voter{n}", admin=False) for n in range(6)]
        votes = ["useful", "noise"] * 3
        await asyncio.gather(*(who.presses(vote, "Noted as") for who, vote in zip(slackers, votes, strict=True)))
        await one.slack.settled(lambda: slack_labels(slackers[0].post)[1:3] == ["👍 Useful · 3", "👎 Noise · 3"])
        await asyncio.gather(*(who.presses(vote, "Noted as") for who, vote in zip(others, votes, strict=True)))
        assert discord_labels(others[0].post)[1:3] == ["👍 Useful · 6", "👎 Noise · 6"]
