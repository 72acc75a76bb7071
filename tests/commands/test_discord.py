"""``/wire`` and the buttons on Discord: every verb, typed options, completions, forms; after a restart too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from bot.model import MuteKind
from tests.commands.team import HOSTILE, Team, feed, team, until
from tests.commands.test_slack_commands import PAGE
from tests.fakes.discord import links, visible_text
from tests.fakes.discord.interactions import TOKEN_S, Interaction
from tests.fakes.discord.person import Person
from tests.fakes.discord.world import EPHEMERAL, Json
from tests.fakes.feeds import Answer


def button(message: Json, verb: str) -> str:
    parts = [p for row in message["components"] for p in row["components"]]
    return next(p["custom_id"] for p in parts if f":{verb}:" in p.get("custom_id", ""))


def labels(message: Json) -> list[str]:
    return [p["label"] for row in message["components"] for p in row["components"]]


async def ask(one: Team, who: Person, verb: str, **given: object) -> str:
    it = await who.runs(f"wire {verb}", one.place, **given)
    message = await who.reads(it)
    assert message["flags"] & EPHEMERAL, "for them alone"
    return visible_text(message)


async def test_a_chart_follows_and_mistakes_are_told_with_what_was_meant(tmp_path: Path) -> None:
    """What every verb answers: tests/commands/test_everywhere.py."""
    async with team(tmp_path) as one:
        await one.registered()
        ada = one.on_discord(manager=False)
        latest = await ask(one, ada, "latest", count=5)
        assert HOSTILE.removesuffix(" <b>") in latest, "shown as written, the tag of the feed apart"
        it = await ada.runs("wire summary", one.place)
        chart = await ada.hears_more(it)
        assert [a["filename"] for a in chart["attachments"]] == ["summary.png"]
        assert chart["flags"] & EPHEMERAL
        wrong = await ask(one, ada, "rules", id="arms-dael")
        assert "did you mean 'arms-deal'?" in wrong
        assert "Usage: /wire rules [id]" in wrong


async def test_hostile_words_ping_nobody_and_lead_nowhere(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        ada = one.on_discord()
        it = await ada.runs(
            "wire search", one.place, query='@everyone <@&1> "flood warning" `x` [a](https://evil.example)'
        )
        message = await ada.reads(it)
        assert "@everyone" in visible_text(message)
        assert one.discord.messages.pings[message["id"]] == []
        it = await ada.runs("wire latest", one.place)
        message = await ada.reads(it)
        assert set(links(message)) == {"https://river.example/ammo", "https://river.example/flood"}


async def test_a_word_of_progress_stands_in_the_answer_until_it_is_there(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        await one.registered()
        ada = one.on_discord()
        go_on = asyncio.Event()

        def slowly(content: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
            async def answer(_: web.Request) -> web.Response:
                await go_on.wait()
                return web.Response(body=content, content_type=kind)

            return answer

        page, second = one.news.url("/page"), one.news.url("/second")
        one.news.answers["/page"] = slowly(PAGE, "text/html")
        one.news.answers["/second"] = slowly(feed((), "https://second.example"), "application/rss+xml")
        for verb, given, word, answer in (
            ("explain", {"text": page}, f"Reading {page} …", "1 rule would fire"),
            ("add", {"url": second}, f"Looking for a feed at {second} …", "Added River Post"),
        ):
            go_on.clear()
            asked = len(one.discord.requests)
            it = await ada.runs(f"wire {verb}", one.place, **given)
            progress = await ada.reads(it)
            assert word in visible_text(progress)
            assert progress["flags"] & EPHEMERAL
            go_on.set()
            await until(lambda it=it, answer=answer: answer in visible_text(it.original))  # type: ignore[misc]
            assert it.original is not None
            assert (it.original["id"], it.followups) == (progress["id"], []), "the same message, and no other"
            assert word not in visible_text(it.original)
            edits = [path for method, path, _ in one.discord.requests[asked:] if method == "PATCH"]
            assert len(edits) == 2
            assert all(path.endswith("/messages/@original") for path in edits)
        assert one.place.messages == [], "nobody else saw any of it"


async def test_progress_that_discord_does_not_take_costs_nobody_the_answer(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        await one.registered()
        one.news.answers["/page"] = Answer(PAGE, content_type="text/html")
        one.discord.fail("^PATCH /webhooks/.*/messages/@original", times=1, status=400, code=50035, message="no")
        it = await one.on_discord().runs("wire explain", one.place, text=one.news.url("/page"))
        assert "1 rule would fire" in visible_text(await one.on_discord().reads(it))


async def test_options_complete_with_rules_countries_and_sources(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        await one.registered()
        ada = one.on_discord()
        rules = await ada.begins("wire latest", one.place, "rule", "arms")
        assert rules == [{"name": "Arms deal with a sanctioned state (arms-deal)", "value": "arms-deal"}]
        countries = await ada.begins("wire latest", one.place, "country", "ira")
        assert [c["value"] for c in countries][:2] == ["IR", "IQ"]
        assert len(await ada.begins("wire latest", one.place, "country", "")) == 25
        sources = await ada.begins("wire sources", one.place, "id", "river")
        assert [c["value"] for c in sources] == ["river-post"]
        what = await ada.begins("wire mute", one.place, "what", "fl", kind="rule")
        assert [c["value"] for c in what] == ["flood"]
        assert await ada.begins("wire mute", one.place, "what", "fl", kind="term") == []


async def test_what_is_shared_is_posted_and_a_refusal_is_not(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        ada = one.on_discord(manager=False)
        before = len(one.place.messages)
        it = await ada.runs("wire latest", one.place, share=True)
        shown = await ada.hears_more(it)
        assert not shown["flags"] & EPHEMERAL
        assert "Pyongyang agrees" in visible_text(shown)
        assert "Shown to the channel" in visible_text(await ada.reads(it))
        it = await ada.runs("wire mute", one.place, kind="rule", what="flood", share=True)
        assert "mute is not open to you" in visible_text(await ada.reads(it))
        assert len(one.place.messages) == before + 1


async def test_roles_decide_who_may_change_and_changes_are_noted(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as probe:
        guild = probe.discord.world.guilds[probe.place.guild_id]
        role = probe.discord.world.add_role(guild, "desk")
    folder = tmp_path / "second"
    folder.mkdir()
    async with team(folder, extra=f"permissions: [{{discord_roles: [{role.id}]}}]\n") as one:
        await one.registered()
        guild = one.discord.world.guilds[one.place.guild_id]
        guild.roles[role.id] = role
        ada, bob = one.on_discord(roles=(role.id,), manager=False), one.on_discord("bob")
        assert "mute is not open to you" in await ask(one, bob, "mute", kind="rule", what="flood")
        assert "Muted: North Korea" in await ask(one, ada, "mute", kind="country", what="DPRK", comment="drill")
        (mute,) = await one.mutes()
        assert (mute.kind, mute.value, mute.channel) == (MuteKind.COUNTRY, "KP", "intel")
        assert ", by Ada" in await ask(one, ada, "mutes")
        assert "No longer muted: North Korea" in await ask(one, ada, "unmute", number=mute.id)
        assert "Watching “choir”" in await ask(one, ada, "watch", term="choir", where="channel")
        (watch,) = await one.watches()
        assert watch.channel == "intel"
        assert "“choir”" in await ask(one, ada, "unwatch")
        assert "No longer watching" in await ask(one, ada, "unwatch", number=watch.id)
        assert [(e.verb, e.where) for e in await one.audit()] == [
            ("unwatch", "#intel"), ("watch", "#intel"), ("unmute", "#intel"), ("mute", "#intel"),
        ]  # fmt: skip


async def test_buttons_of_an_alert_and_again_after_a_restart(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        ada, bob = one.on_discord(), one.on_discord("bob", manager=False)
        post = one.discord_post("supply ammunition")

        why = visible_text(await ada.reads(await ada.clicks(post, button(post, "why"))))
        for words in ("Why this alert came", "arms-deal", "supply ammunition", "North Korea", "capital"):
            assert words in why, why

        it = await ada.clicks(post, button(post, "useful"))
        assert "1 useful, 0 noise" in visible_text(await ada.hears_more(it))
        assert labels(post)[1:3] == ["👍 Useful · 1", "👎 Noise"]
        form = await ada.clicks(post, button(post, "mute"))
        assert (await ada.form(form))["title"] == "Mute on this channel"

        await one.restart()
        it = await bob.clicks(post, button(post, "noise"))
        assert "1 useful, 1 noise" in visible_text(await bob.hears_more(it))
        it = await ada.clicks(post, button(post, "noise"))
        assert "0 useful, 2 noise" in visible_text(await ada.hears_more(it))
        assert labels(post)[1:3] == ["👍 Useful", "👎 Noise · 2"]

        sent = await ada.sends(form, choice="rule:arms-deal", duration="7d", comment="drill `x`")
        assert "Muted: rule arms-deal" in visible_text(await ada.reads(sent)), "a form that was open over the restart"
        (mute,) = await one.mutes()
        assert (mute.kind, mute.value, mute.channel, mute.comment) == (MuteKind.RULE, "arms-deal", "intel", "drill `x`")

        refused: Interaction = await bob.clicks(post, button(post, "mute"))
        await bob.answered(refused)
        assert refused.ephemeral
        assert refused.original is not None
        assert "Sorry, mute is not open to you" in visible_text(refused.original)


async def test_posts_that_are_no_longer_stored_answer_from_what_they_show(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        ada = one.on_discord()
        post = one.discord_post("supply ammunition")
        key = button(post, "why").rpartition(":")[2]
        for row in post["components"]:
            for part in row["components"]:
                if part.get("custom_id"):
                    part["custom_id"] = part["custom_id"].replace(key, "0" * 20)
        post["components"][0]["components"][0]["custom_id"] = f"ww:why:{'0' * 20}"
        it = await ada.clicks(post, f"ww:why:{'0' * 20}")
        assert "Arms deal with a sanctioned state" in visible_text(await ada.reads(it))
        it = await ada.clicks(post, button(post, "useful"))
        assert "no longer stored" in visible_text(await ada.hears_more(it))


async def remembered(one: Team) -> str:
    key = f"discord.commands.{one.discord.world.application_id}.global"
    return await one.app.chat.commands.desk.store.read(lambda s: s.remembered(key))


async def test_commands_are_registered_once_and_again_only_when_they_change(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        await one.registered()

        def puts() -> int:
            return sum(1 for method, path, _ in one.discord.requests if method == "PUT" and "commands" in path)

        assert puts() == 1
        (wire,) = one.discord.world.commands[""]
        assert {o["name"] for o in wire["options"]} >= {
            "latest",
            "search",
            "explain",
            "mute",
            "watch",
            "status",
            "help",
        }
        while not await remembered(one):  # the answer was sent, and is written down  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        asked = len(one.discord.requests)
        await one.restart()
        await until(lambda: any(p.endswith("/commands") for _, p, _ in one.discord.requests[asked:]))
        assert puts() == 1, "nothing changed"
        one.discord.world.commands.clear()
        await one.restart()
        await one.registered()
        assert puts() == 2, "somebody took them away"


async def test_each_server_has_its_own_where_the_config_asks_for_that(tmp_path: Path) -> None:
    async with team(tmp_path, extra="discord: {default: {commands: guilds}}\n", news=False) as one:
        await until(lambda: one.discord.world.commands.get(one.place.guild_id))
        ada = one.on_discord()
        assert "Nothing is muted" in await ask(one, ada, "mutes")
        assert not one.discord.world.commands.get("")


async def test_between_all_servers_and_each_of_them_nothing_is_left_twice(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        world, guild = one.discord.world, one.place.guild_id
        await one.registered()
        config = tmp_path / "wirewatch.yaml"
        plain = config.read_text("utf-8")
        config.write_text("discord: {default: {commands: guilds}}\n" + plain, "utf-8")
        await one.restart()
        await until(lambda: world.commands.get(guild) and not world.commands.get(""))
        config.write_text(plain, "utf-8")
        await one.restart()
        await until(lambda: world.commands.get("") and not world.commands.get(guild))
        assert "Nothing is muted" in await ask(one, one.on_discord(), "mutes")


async def test_a_server_that_the_bot_joins_later_gets_its_own_at_once(tmp_path: Path) -> None:
    async with team(tmp_path, extra="discord: {default: {commands: guilds}}\n", news=False) as one:
        await until(lambda: one.discord.world.commands.get(one.place.guild_id))
        second = one.discord.world.add_guild()
        await one.discord.gateway.joins(second.id)
        await until(lambda: one.discord.world.commands.get(second.id))


async def test_a_bot_that_may_not_register_says_so_and_posts_all_the_same(tmp_path: Path) -> None:
    async with team(tmp_path, extra="ops: desk\n", news=False) as one:
        one.discord.commands_allowed = False
        one.discord.world.commands.clear()
        await one.restart()
        await one.poll()
        await until(lambda: any("/wire is missing" in str(m) for m in one.room.messages))
        assert len(one.place.messages) == 2
        one.refused.clear()


async def test_the_command_works_in_direct_messages(tmp_path: Path) -> None:
    async with team(tmp_path, extra="permissions: [{everyone: true}]\n") as one:
        await one.registered()
        ada = one.on_discord(manager=False)
        direct = one.discord.world.direct(ada.user)
        it = await ada.runs("wire watch", direct, term="choir", country="Iran")
        assert "Watching “choir” with Iran" in visible_text(await ada.reads(it))
        (watch,) = await one.watches()
        assert (watch.channel, watch.country) == (f"dm:discord.default:{ada.user.id}", "IR")


async def test_while_a_page_is_read_that_is_said_and_the_answer_takes_its_place(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        await one.registered()
        ada = one.on_discord(manager=False)
        slow = asyncio.Event()
        words = b"<p>Iran signed an arms deal with a neighbour on Monday, two officials said after the talks.</p>" * 6

        async def slowly(request: web.Request) -> web.StreamResponse:
            await slow.wait()
            return web.Response(
                body=b"<article><h1>Tehran signs</h1>" + words + b"</article>", content_type="text/html"
            )

        one.news.answers["/slow"] = slowly
        it = await ada.runs("wire explain", one.place, text=one.news.url("/slow"))
        await until(lambda: it.original and "Reading http://127.0.0.1" in visible_text(it.original))
        slow.set()
        await until(lambda: it.original and "1 rule would fire" in visible_text(it.original))
        assert it.original is not None
        assert it.original["flags"] & EPHEMERAL
        assert it.followups == []


async def test_an_answer_that_comes_after_a_quarter_of_an_hour_comes_as_a_direct_message(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        await one.registered()
        ada = one.on_discord(manager=False)
        go_on = asyncio.Event()

        async def slowly(_: web.Request) -> web.StreamResponse:
            await go_on.wait()
            return web.Response(body=PAGE, content_type="text/html")

        one.news.answers["/slow"] = slowly
        it = await ada.runs("wire explain", one.place, text=one.news.url("/slow"))
        assert "Reading" in visible_text(await ada.reads(it))
        it.at -= TOKEN_S + 1  # what Discord gave for answering has run out
        go_on.set()
        direct = one.discord.world.direct(ada.user)
        await until(lambda: direct.messages)
        assert "1 rule would fire" in visible_text(direct.messages[0])
        one.refused.clear()


async def test_what_could_not_be_shared_is_shown_to_whoever_asked(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        ada = one.on_discord(manager=False)
        one.discord.fail("^POST /webhooks/", times=1, status=403, code=50013, message="Missing Permissions")
        it = await ada.runs("wire latest", one.place, share=True)
        await until(lambda: it.original and "Pyongyang agrees" in visible_text(it.original))
        assert it.ephemeral
        assert it.followups == []
        one.refused.clear()


@pytest.mark.parametrize(
    ("share", "told"),
    [(True, "The bot may not attach files in this channel"), (False, "Discord did not take it; please ask again.")],
)
async def test_a_chart_that_discord_does_not_take_is_told(tmp_path: Path, share: bool, told: str) -> None:
    async with team(tmp_path) as one:
        await one.registered()
        ada = one.on_discord(manager=False)
        refusal = {"status": 403, "code": 50013, "message": "Missing Permissions"}
        one.discord.fail("^POST /webhooks/", times=1, after=int(share), **refusal)  # a shared answer is posted before
        it = await ada.runs("wire summary", one.place, share=share)
        said = await ada.hears_more(it, 1 + share)
        assert told in visible_text(said)
        assert said["flags"] & EPHEMERAL
        one.refused.clear()


async def test_why_of_an_address_that_nobody_reads_names_the_commands_of_the_chat(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        await one.registered()
        said = await ask(one, one.on_discord(), "why", url="https://nowhere.example/story")
        assert "no source of nowhere.example is configured; /wire add takes its address" in said
        assert "/wire add URL reads it from now on" in said
        assert "wirewatch" not in said.lower().replace("wirewatch · ", "")
