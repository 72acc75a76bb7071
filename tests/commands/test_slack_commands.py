"""``/wire`` on Slack: every verb, typed as people type, answered by the running bot."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from bot.commands import slack_view
from bot.model import MuteKind
from tests.commands.team import HOSTILE, team, until
from tests.fakes.discord import visible_text as discord_text
from tests.fakes.feeds import Answer
from tests.fakes.slack import live, visible_text

PAGE = (
    b"<html><head><title>Arms</title></head><body><article><h1>Tehran signs</h1><p>"
    + b"Iran signed an arms deal with a neighbour on Monday, two officials said after the talks in the capital. " * 4
    + b"</p></article></body></html>"
)
STORED = "https://river.example/ammo"


async def test_answers_show_feeds_as_text_and_mistakes_with_what_was_meant(tmp_path: Path) -> None:
    """What every verb answers: tests/commands/test_everywhere.py."""
    async with team(tmp_path) as one:
        ada = one.on_slack(admin=False)
        asked = 0

        async def said(text: str) -> str:
            nonlocal asked
            assert await ada.types(f"/wire {text}".strip(), one.room) == {}, "acknowledged with nothing, at once"
            asked += 1
            return visible_text(await ada.hears(asked))

        assert "What Wirewatch does here" in await said("")
        latest = await said("latest 5")
        assert HOSTILE.removesuffix(" <b>") in latest, "shown as written, the tag of the feed apart"
        assert [s.kind for s in live(ada.private[-1]) if s.kind not in ("link", "emoji")] == []
        assert "Pyongyang agrees" in await said("search “supply ammunition” -bakery")
        assert "Not in the archive" in await said("why https://river.example/nothing")
        summary = await said("summary today")
        assert "2 alerts in 2 stories" in summary
        assert "North Korea agreed to supply ammunition to Russia, officials said in Seoul" in summary
        assert "No rule fires" in await said("explain Nothing here.")
        assert "did you mean 'rules'?" in await said("rulse")
        usage = await said("rules arms-dael")
        assert "did you mean 'arms-deal'?" in usage
        assert "Usage: /wire rules [id]" in usage


async def test_what_is_shared_goes_to_the_channel_and_a_refusal_never_does(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        ada = one.on_slack(admin=False)
        before = len(one.room.messages)
        await ada.types("/wire latest 1 share", one.room)
        await one.slack.settled(lambda: len(one.room.messages) > before)
        assert "Latest alerts" in one.room.messages[-1]["text"]
        assert ada.private == []
        await ada.types("/wire mute rule flood 1h share", one.room)
        assert "mute is not open to you" in visible_text(await ada.hears())
        assert len(one.room.messages) == before + 1


async def test_a_page_is_read_with_a_word_while_it_takes_and_private_addresses_stay_shut(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        one.news.answers["/page"] = Answer(PAGE, content_type="text/html")
        ada = one.on_slack()
        await ada.types(f"/wire explain {one.news.url('/page')}", one.room)
        assert "Reading http://127.0.0.1" in visible_text(await ada.hears())
        assert "1 rule would fire" in visible_text(await ada.hears(2))
        one.news.answers["/gone"] = Answer(b"", status=404)
        await ada.types(f"/wire explain {one.news.url('/gone')}", one.room)
        assert "That page cannot be read" in visible_text(await ada.hears(4))

        one.news.answers["/second"] = one.news.answers["/feed"]
        await ada.types(f"/wire add {one.news.url('/second')}", one.room)
        assert "Looking for a feed" in visible_text(await ada.hears(5))
        assert "Added River Post" in visible_text(await ada.hears(6))
        assert "river-post-2" in one.app.book.sources
        (noted,) = await one.audit()
        assert (noted.verb, noted.who) == ("sources add", "slack.default:U0ADA (ada)")
        await ada.types(f"/wire add {one.news.url('/second')}", one.room)
        assert "is read already, as river-post-2" in visible_text(await ada.hears(8))


async def test_changes_are_made_noted_and_refused_to_whom_they_are_not_open(tmp_path: Path) -> None:
    group = 'permissions:\n  - {verbs: [mute, unmute], slack_groups: ["@desk"]}\n  - {verbs: [watch], everyone: true}\n'
    async with team(tmp_path, extra=group) as one:
        ada, bob = one.on_slack(admin=False), one.on_slack("U0BOB")
        one.slack.workspace.add_group("desk", ada.id)
        await bob.types("/wire mute rule flood", one.room)
        no = visible_text(await bob.hears())
        assert "Sorry, mute is not open to you" in no
        assert "members of @desk" in no
        assert await one.audit() == ()

        await ada.types('/wire mute term "flood <b>warning</b>" 1h here drill & <!here>', one.room)
        assert "Muted: “flood <b>warning</b>”" in visible_text(await ada.hears())
        await ada.types("/wire mute rule flood", one.room)
        await ada.hears(2)
        await ada.types("/wire mutes", one.room)
        listed = visible_text(await ada.hears(3))
        assert "on desk" in listed
        assert "drill & <!here>" in listed
        assert [s.kind for s in live(ada.private[-1])] == []
        first, second = await one.mutes()
        await ada.types(f"/wire unmute {first.id}", one.room)
        assert "No longer muted" in visible_text(await ada.hears(4))
        await ada.types(f"/wire unmute {first.id}", one.room)
        assert f"There is no mute {first.id} in force" in visible_text(await ada.hears(5))
        await ada.types(f"/wire mute story {STORED} 7d", one.room)
        assert "Muted: this story" in visible_text(await ada.hears(6))
        await ada.types("/wire mutes", one.room)
        assert "story “" in visible_text(await ada.hears(7))  # by its headline: an id tells nobody anything
        assert [e.verb for e in await one.audit()] == ["mute", "unmute", "mute", "mute"]
        assert {m.channel for m in await one.mutes()} == {"desk"}
        assert second.comment == ""

        await ada.types(f"/wire mute story {STORED} 1h", one.room)
        assert "It was muted before; now this holds." in visible_text(await ada.hears(8))
        await ada.types(f"/wire mute story {STORED} 1h everywhere", one.room)
        assert "muted before" not in visible_text(await ada.hears(9)), "on other channels it was not"
        stories = [m for m in await one.mutes() if m.kind is MuteKind.STORY]
        assert [m.channel for m in stories] == ["desk", None]

        await bob.types("/wire watch bakery", one.room)
        assert "Watching “bakery”" in visible_text(await bob.hears(2))
        await bob.types("/wire unwatch 1", one.room)
        assert "not open to you" in visible_text(await bob.hears(3))


async def test_an_answer_whose_address_ran_out_comes_by_another_way(tmp_path: Path) -> None:
    async with team(tmp_path, news=False) as one:
        ada = one.on_slack()
        one.slack.spend_response_urls = True
        await ada.types("/wire status", one.room)
        assert "rules" in visible_text(await ada.hears())
        assert one.slack.counted()["chat.postEphemeral"] == 1
        private = one.slack.workspace.add_channel("secret", private=True, member=False)
        await ada.types("/wire status", private)
        await until(lambda: one.slack.workspace.direct(ada.id).messages)
        assert "rules" in one.slack.workspace.direct(ada.id).messages[0]["text"]
        one.slack.calls.clear()


async def test_signed_requests_do_the_same_as_the_websocket(tmp_path: Path) -> None:
    port = unused_port()
    async with team(
        tmp_path,
        extra=f"http: {{listen: '127.0.0.1:{port}'}}\n",
        slack_extra="mode: http, signing_secret: local-signing-secret, pace: 0s",
        socket=False,
    ) as one:
        one.slack.request_url = f"http://127.0.0.1:{port}/slack/events"
        ada = one.on_slack()
        await ada.types("/wire latest", one.room)
        assert "Pyongyang agrees" in visible_text(await ada.hears())
        await ada.opens_home()
        await one.slack.settled(lambda: ada.id in one.slack.workspace.homes)


async def test_shortcuts_check_a_link_or_a_text_and_the_home_tab_shows_what_goes_on(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        ada = one.on_slack()
        message = one.slack.workspace.say(one.room, "Iran signed an arms deal &amp; more")
        await ada.picks_on(one.room, message, slack_view.CHECK_MESSAGE_CALLBACK)
        assert "1 rule would fire" in visible_text(await ada.hears())

        await ada.picks(slack_view.CHECK_CALLBACK)
        form = await ada.sees_form()
        with pytest.raises(ValueError, match="required"):
            await ada.sends(form)
        await ada.sends(form, text="A flood warning for the valley")
        assert "1 rule would fire" in visible_text(ada.modals[-1])
        slow = asyncio.Event()

        async def slowly(request: web.Request) -> web.StreamResponse:
            await slow.wait()
            return web.Response(body=PAGE, content_type="text/html")

        one.news.answers["/slow"] = slowly
        await ada.picks(slack_view.CHECK_CALLBACK)
        await ada.sends(await ada.sees_form(), text=one.news.url("/slow"))
        assert "One moment" in visible_text(ada.modals[-1])
        slow.set()
        await one.slack.settled(lambda: "1 rule would fire" in visible_text(ada.modals[-1]))

        await ada.opens_home()
        await one.slack.settled(lambda: ada.id in one.slack.workspace.homes)
        home = visible_text(one.slack.workspace.homes[ada.id])
        for words in ("All is well", "Nothing.", "Arms deal with a sanctioned state", "Pyongyang agrees"):
            assert words in home
        await ada.types("/wire mute rule flood", one.room)
        await ada.hears(2)
        await ada.clicks_in_home(slack_view.HOME_REFRESH)
        await one.slack.settled(lambda: "rule flood" in visible_text(one.slack.workspace.homes[ada.id]))


async def test_a_bug_in_a_command_is_said_and_logged_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with team(tmp_path, news=False) as one:
        ada = one.on_slack()

        def broken(*_: object) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(type(one.app), "readiness", broken)
        await ada.types("/wire status", one.room)
        assert "Something went wrong inside Wirewatch" in visible_text(await ada.hears())
        await ada.types("/wire mutes", one.room)
        assert "Nothing is muted" in visible_text(await ada.hears(2))
        assert "a bug" in capsys.readouterr().err
        monkeypatch.undo()
        monkeypatch.setattr(type(one.app.chat.commands.desk), "names", broken)
        await one.registered()
        ben = one.on_discord()
        await ada.types("/wire mutes", one.room)
        assert "Something went wrong inside Wirewatch" in visible_text(await ada.hears(3))
        said = await ben.reads(await ben.runs("wire mutes", one.place))
        assert "Something went wrong inside Wirewatch" in discord_text(said)
        assert "a bug" in capsys.readouterr().err
        monkeypatch.undo()
