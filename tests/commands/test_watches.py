"""What somebody watches is theirs alone: nobody else is told of it, whatever they ask."""

from __future__ import annotations

from pathlib import Path

from bot.people import WATCH_PREFIX
from tests.commands.team import NEWS, Team, team, until
from tests.commands.test_everywhere import Member, OnDiscord, OnSlack
from tests.commands.test_slack_buttons import button
from tests.fakes.slack import visible_text

BOTH = (
    "both",
    "A second bakery opens",
    "The bakery opened its doors after the flood warning was over, the mayor said.",
)
ALONE = ("guild", "Festival of the guild", "The bakery guild held a festival and drew many people, its head said.")
# Two reports of one story.
BURST = (
    "burst",
    "Dam at Ashford bursts, flood warning for the valley",
    "The dam at Ashford burst on Monday after a week of rain and a flood warning was given for the whole valley below, "
    "the water board said. Hundreds left their homes in Ashford.",
)
KILLED = (
    "killed",
    "Dam at Ashford bursts: 12 people killed in the valley",
    "The dam at Ashford burst on Monday after a week of rain and 12 people were killed in the valley below, the water "
    "board said. Hundreds left their homes in Ashford, and a bakery was washed away.",
)
ADA = "U0ADALOVE"  # as long as Slack's ids are
ASKED: tuple[tuple[str, str, dict[str, object], str], ...] = (
    ("rules", "", {}, "3 rules"),
    ("explain", "A bakery and a flood warning.", {"text": "A bakery and a flood warning."}, "1 rule would fire"),
    ("why", "https://river.example/both", {"url": "https://river.example/both"}, "1 of 3 rules fire"),
    ("why", "https://river.example/guild", {"url": "https://river.example/guild"}, "No alert: none of 3 rules fires"),
    ("latest", "20", {"count": 20}, "A second bakery opens"),
    ("summary", "7d", {"period": "7d"}, "3 alerts in 3 stories"),
    ("search", "guild", {"query": "guild"}, "▫️ Festival of the guild"),
    ("status", "", {}, "3 rules, 1 source"),
    ("rules", "watch-1", {"id": "watch-1"}, "No rule has the id"),
    ("unwatch", "1", {"number": 1}, "Neither you nor this channel has a watch 1"),
)


def told(text: str) -> bool:
    """Whether a text tells of Ada's watch."""
    return "Watch: " in text or "dm:" in text or f"{WATCH_PREFIX}1 " in text


async def watching(one: Team) -> OnSlack:
    """Ada watches bakeries by direct message."""
    await one.registered()
    ada = OnSlack(one, ADA)
    await ada.asks("watch", "bakery", {}, "Watching “bakery”")
    await until(lambda: any(rule.id == "watch-1" for rule in one.app.book.ruleset.rules))
    return ada


async def watched(one: Team) -> None:
    """Two bakeries come: one in an alert of a rule, one by Ada's watch alone."""
    ada = await watching(one)
    one.publish(*NEWS, BOTH, ALONE)
    await one.poll()
    direct = one.slack.workspace.direct(ada.person.id)
    await until(lambda: len(direct.messages) == 2)


async def test_nobody_else_is_told_whatever_they_ask(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await watched(one)
        others: tuple[Member, ...] = (OnSlack(one, "U0BOB"), OnDiscord(one, "ben"))
        for member in others:
            for verb, typed, chosen, wanted in ASKED:
                said = await member.asks(verb, typed, chosen, wanted)
                assert not told(said), said
                assert verb in ("why", "search") or "guild" not in said, "only her watch found it"
        bob = one.on_slack("U0BOB")
        await bob.opens_home()
        await one.slack.settled(lambda: bob.id in one.slack.workspace.homes)
        home = visible_text(one.slack.workspace.homes[bob.id])
        assert not told(home)
        assert "guild" not in home
        post = one.slack_post("second bakery")
        heard = len(bob.private)
        await bob.clicks(one.room, post, button(post, "why"))
        assert not told(visible_text(await bob.hears(heard + 1)))
        await bob.clicks(one.room, post, button(post, "mute"))
        assert "Watch: " not in visible_text(await bob.sees_form())
        ben = one.on_discord("ben")
        assert await ben.begins("wire rules", one.place, "id", "watch") == []


async def test_the_thread_of_a_story_does_not_tell_that_somebody_watches_a_report_of_it(tmp_path: Path) -> None:
    """No rule fires on the second report but her watch; on the desk it answers the alert of the first."""
    async with team(tmp_path) as one:
        await watching(one)
        one.publish(*NEWS, BURST)
        await one.poll()
        one.publish(*NEWS, BURST, KILLED)
        await one.poll()
        bob = one.on_slack("U0BOB")
        (reply,) = (m for m in one.room.messages if m.get("thread_ts"))
        assert "12 people killed" in visible_text(reply)
        await bob.clicks(one.room, reply, button(reply, "why"))
        why = visible_text(await bob.hears())
        assert "Flood warning" in why
        assert not told(why), why
        await bob.types("/wire why https://river.example/burst", one.room)
        why = visible_text(await bob.hears(2))
        assert KILLED[1] in why
        assert "a rule fired" not in why
        await OnSlack(one, ADA).asks(
            "why", "https://river.example/burst", {}, "12 people killed in the valley”, a rule"
        )


async def test_why_under_an_answer_is_told_of_the_report_that_it_brings(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        one.publish(*NEWS, BURST)
        await one.poll()
        one.publish(*NEWS, BURST, (*KILLED[:2], f"{KILLED[2]} The river rises on."))
        await one.poll()
        bob = one.on_slack("U0BOB")
        (reply,) = (m for m in one.room.messages if m.get("thread_ts"))
        await bob.clicks(one.room, reply, button(reply, "why"))
        why = visible_text(await bob.hears())
        assert KILLED[1] in why
        assert "“river rises”" in why


async def test_whoever_watches_is_told_and_does_not_tell_the_channel(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await watched(one)
        ada = OnSlack(one, ADA)
        assert "watch-1" in await ada.asks("rules", "", {}, "4 rules")
        assert "Festival of the guild" in await ada.asks("latest", "20", {}, "Latest alerts")
        assert "Festival of the guild" in await ada.asks("summary", "7d", {}, "4 alerts in 4 stories")
        await ada.asks("why", "https://river.example/guild", {}, "watch-1 (medium) fired on 'bakery'")
        await ada.asks("search", "guild", {}, "🟠 Festival of the guild")
        await ada.asks("latest", "rule:watch-1", {}, "Festival of the guild")
        for shown in ("latest", "summary 7d", "rules"):
            text = await ada.shares(shown)
            assert not told(text)
            assert "guild" not in text


async def test_a_watch_of_ones_own_is_not_asked_for_before_the_channel(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await watched(one)
        ada = OnSlack(one, ADA)
        before = len(one.room.messages)
        for asked in ("rules watch-1", "latest rule:watch-1", "summary 7d watch-1", "mute rule watch-1 1h"):
            await ada.asks(asked, "share", {}, "What you watch is not told to others; ask for watch-1 without sharing")
        await ada.asks("unwatch", "share", {}, "“bakery” to direct messages")
        await ada.asks("watch", "bakery share", {}, "It was watched before")
        assert len(one.room.messages) == before
        assert await one.mutes() == ()


async def test_mutes_of_a_watch_are_told_to_whoever_watches(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await watched(one)
        ada, bob = OnSlack(one, ADA), OnSlack(one, "U0BOB")
        direct = one.slack.workspace.direct(ada.person.id)
        post = direct.messages[-1]
        await ada.person.clicks(direct, post, button(post, "useful"))
        await ada.person.clicks(direct, post, button(post, "mute"))
        form = await ada.person.sees_form()
        await ada.person.sends(form, choice="rule:watch-1", duration="1h", comment="enough bread")
        await one.slack.settled(lambda: any("Muted: rule watch-1" in visible_text(m) for m in ada.person.private))
        await ada.asks("mute", "rule watch-1 2h everywhere", {}, "Muted: rule watch-1")
        await ada.asks("mutes", "", {}, "2 mutes in force")
        await bob.asks("mutes", "", {}, "Nothing is muted")
        await bob.asks("status", "", {}, "Nothing is muted")
        await bob.asks("unmute", "1", {}, "There is no mute 1 in force")
        why = await bob.asks("why", "https://river.example/guild", {}, "No alert: none of 3 rules fires")
        assert "useful" not in why
        await bob.person.opens_home()
        await one.slack.settled(lambda: bob.person.id in one.slack.workspace.homes)
        assert "watch-1" not in visible_text(one.slack.workspace.homes[bob.person.id])
        await ada.asks("unmute", "1", {}, "No longer muted: rule watch-1")


async def test_a_watch_makes_nothing_graver_for_others(tmp_path: Path) -> None:
    """A watch is of medium severity; the rule that fired beside it is of low."""
    stone = ("stone", "Quarry reopens", "The quarry sells quartzite and obsidian again; its bakery reopened, too.")
    async with team(tmp_path) as one:
        ada, bob = await watching(one), OnSlack(one, "U0BOB")
        one.publish(*NEWS, stone)
        await one.poll()
        await ada.asks("search", "quartzite", {}, "🟠 Quarry reopens")
        await bob.asks("search", "quartzite", {}, "🟡 Quarry reopens")
        await bob.asks("latest", "medium", {}, "Flood warning")
        assert "Quarry" not in await bob.asks("summary", "7d medium", {}, "2 alerts in 2 stories")
        assert "Quarry" in await ada.asks("summary", "7d medium", {}, "3 alerts in 3 stories")


async def test_what_others_watch_takes_no_room_in_a_list(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await watching(one)
        many = (
            (f"loaf-{n}", f"Bakery {n} opens in street {n}", f"Loaf {n} was baked by baker {n}.") for n in range(20)
        )
        one.publish(*NEWS, *many)
        await one.poll()
        await OnSlack(one, "U0BOB").asks("latest", "1", {}, "Latest alerts")


async def test_what_a_channel_watches_is_told_in_that_channel(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        ada, bob, ben = OnSlack(one, ADA), OnSlack(one, "U0BOB"), OnDiscord(one, "ben")
        await ada.asks("watch", "bakery channel", {}, "Watching “bakery”")
        await until(lambda: any(rule.id == "watch-1" for rule in one.app.book.ruleset.rules))
        assert "Watch: bakery" in await bob.asks("rules", "", {}, "4 rules")
        assert "Watch: bakery" in await bob.shares("rules")
        assert "Watch: bakery" not in await ben.asks("rules", "", {}, "3 rules")
