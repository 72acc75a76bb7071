"""The buttons under an alert on Slack, as people press them; after a restart, and on old posts."""

from __future__ import annotations

from pathlib import Path

from bot.model import MuteKind
from tests.commands.team import team, until
from tests.fakes.discord import visible_text as discord_text
from tests.fakes.slack import visible_text


def button(message: dict[str, object], verb: str) -> str:
    rows = [b for b in message["blocks"] if b["type"] == "actions"]  # type: ignore[index,attr-defined]
    return next(str(e["action_id"]) for row in rows for e in row["elements"] if f":{verb}:" in e["action_id"])


def labels(message: dict[str, object]) -> list[str]:
    rows = [b for b in message["blocks"] if b["type"] == "actions"]  # type: ignore[index,attr-defined]
    return [str(e["text"]["text"]) for row in rows for e in row["elements"]]


async def test_why_votes_and_mute_on_an_alert_and_again_after_a_restart(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        ada, bob = one.on_slack(), one.on_slack("U0BOB", admin=False)
        post = one.slack_post("supply ammunition")

        await ada.clicks(one.room, post, button(post, "why"))
        why = visible_text(await ada.hears())
        for words in (
            "Why this alert came", "Arms deal with a sanctioned state", "arms-deal", "supply ammunition",
            "Pyongyang” → North Korea", "capital", "None of the 2 other rules came near",
        ):  # fmt: skip
            assert words in why, why

        await ada.clicks(one.room, post, button(post, "useful"))
        await bob.clicks(one.room, post, button(post, "noise"))
        await ada.hears(2)
        await one.slack.settled(lambda: labels(post)[1:3] == ["👍 Useful · 1", "👎 Noise · 1"])
        await one.restart()
        await bob.clicks(one.room, post, button(post, "useful"))
        assert "2 useful, 0 noise" in visible_text(await bob.hears(2))
        await one.slack.settled(lambda: labels(post)[1:3] == ["👍 Useful · 2", "👎 Noise"])
        key = post["metadata"]["event_payload"]["key"]
        assert button(post, "why") == f"wirewatch:why:{key}"

        await ada.clicks(one.room, post, button(post, "mute"))
        form = await ada.sees_form()
        rule = next(o["value"] for o in form["blocks"][1]["element"]["options"] if "arms-deal" in o["value"])
        await ada.sends(form, choice=rule, duration="1h", comment="exercise <b>week</b>")
        assert "Muted: rule arms-deal" in visible_text(await ada.hears(3))
        assert [(m.kind, m.value, m.channel, m.comment) for m in await one.mutes()] == [
            (MuteKind.RULE, "arms-deal", "desk", "exercise <b>week</b>")
        ]
        (change, *_) = await one.audit()
        assert change.who == "slack.default:U0ADA (ada)"
        assert change.where == "#desk"
        assert "rule arms-deal on desk for 1h: exercise" in change.what

        before = len(one.room.messages), len(one.place.messages)
        one.publish(("sale", "Tehran signs", "Iran signed an arms deal for two hundred trucks, its ministry said."))
        await one.poll()
        assert (len(one.room.messages), len(one.place.messages)) == (before[0], before[1] + 1), "held on desk only"
        await ada.types(f"/wire unmute {(await one.mutes())[0].id}", one.room)
        assert "No longer muted" in visible_text(await ada.hears(4))
        await until(lambda: "Tehran signs" in str(one.room.messages[before[0] :]))


async def test_why_under_a_digest_tells_it_of_each_alert_after_a_restart_too(tmp_path: Path) -> None:
    """On both platforms: what one poll brought, in one post."""
    async with team(tmp_path, catch_up=True) as one:
        await one.restart()
        ada, bob = one.on_slack(), one.on_discord()
        (post,), (other,) = one.room.messages, one.place.messages
        await ada.clicks(one.room, post, button(post, "why"))
        click = next(p["custom_id"] for row in other["components"] for p in row["components"])
        for text in (
            visible_text(await ada.hears()),
            discord_text(await bob.reads(await bob.clicks(other, click))),
        ):
            for words in (
                "Why these alerts came",
                "Pyongyang agrees",
                "(arms-deal): ",
                "“supply ammunition”",
                "(flood): ",
            ):
                assert words in text, text


async def test_a_post_that_is_no_longer_stored_says_so(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        ada = one.on_slack()
        post = one.slack_post("supply ammunition")
        for row in post["blocks"]:
            for element in row.get("elements", []) if row["type"] == "actions" else []:
                key = post["metadata"]["event_payload"]["key"]
                element["action_id"] = element["action_id"].replace(key, "0" * 20)
        for number, verb in enumerate(("why", "useful", "mute"), 1):
            await ada.clicks(one.room, post, button(post, verb))
            if verb == "mute":  # whoever asks Slack who they are first sees a form that waits
                await one.slack.settled(lambda: any("no longer stored" in visible_text(v) for v in ada.modals))
            else:
                assert "no longer stored" in visible_text(await ada.hears(number))


async def test_a_form_that_was_open_over_a_restart_mutes_and_a_rule_that_went_is_said_to_be_none(
    tmp_path: Path,
) -> None:
    async with team(tmp_path) as one:
        ada = one.on_slack()
        post = one.slack_post("supply ammunition")
        await ada.clicks(one.room, post, button(post, "mute"))
        form = await ada.sees_form()
        rules = tmp_path / "rules" / "rules.yaml"
        changed = rules.read_text("utf-8").replace("- id: arms-deal\n", "- id: arms-trade\n")
        changed = changed.replace("river rises]}", "river rises]}\n    unless: agency")
        rules.write_text(changed, "utf-8")
        await one.restart()
        await ada.sends(form, choice="rule:arms-deal", duration="1h", comment="over the restart")
        assert "Muted: rule arms-deal" in visible_text(await ada.hears())
        assert [(m.value, m.channel, m.comment) for m in await one.mutes()] == [
            ("arms-deal", "desk", "over the restart")
        ]
        await ada.clicks(one.room, post, button(post, "why"))
        why = visible_text(await ada.hears(2))
        assert "Arms deal with a sanctioned state" in why, "as it was when the alert came"
        assert "is no rule any more" in why
        assert "fires on it with the rules of today" in why
        await ada.types("/wire why https://river.example/flood", one.room)
        why = visible_text(await ada.hears(3))
        assert why.count("kept silent by “agency” (unless)") == 1, "in the list of those that did not fire"
        await ada.types("/wire why https://river.example/ammo", one.room)
        why = visible_text(await ada.hears(4))
        assert "1 of 3 rules fire" in why
        assert why.count("did not fire") == 1, "above that list"


async def test_what_slack_sends_twice_is_done_once(tmp_path: Path) -> None:
    """Where an acknowledgement was lost, Slack sends an event or a click again."""
    async with team(tmp_path) as one:
        ada = one.on_slack()
        post = one.slack_post("supply ammunition")
        for _ in range(2):
            await ada.clicks(one.room, post, button(post, "useful"))
            await ada.types("/wire mute rule flood 1h", one.room)
            await ada.types("/wire watch choir", one.room)
            await ada.opens_home()
        await ada.hears(6)
        assert any("1 useful, 0 noise" in visible_text(m) for m in ada.private)
        assert not any("2 useful" in visible_text(m) for m in ada.private)
        await one.slack.settled(lambda: labels(post)[1:3] == ["👍 Useful · 1", "👎 Noise"])
        assert len(await one.mutes()) == len(await one.watches()) == 1
        await one.slack.settled(lambda: one.slack.counted()["views.publish"] == 2)
