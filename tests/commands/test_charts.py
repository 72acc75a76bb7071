"""Summaries on both platforms: charts behind answers and at set times, and a language model's words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.commands.team import Team, team
from tests.fakes.openai import KEY, fake_model
from tests.fakes.slack import visible_text

PNG = b"\x89PNG\r\n\x1a\n"


def pictures(one: Team, messages: list[dict[str, Any]]) -> list[bytes]:
    return [one.slack.workspace.files[f["id"]]["content"] for m in messages for f in m.get("files", ())]


async def test_on_slack_the_chart_comes_to_whoever_asked_alone(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        ada = one.on_slack(admin=False)
        before = len(one.room.messages)
        await ada.types("/wire summary today", one.room)
        direct = one.slack.workspace.direct("U0ADA")
        await one.slack.settled(lambda: bool(direct.messages))
        (chart,) = pictures(one, direct.messages)
        assert chart.startswith(PNG)
        assert "in your direct messages with Wirewatch" in visible_text(ada.private[0])
        assert len(one.room.messages) == before, "nothing in the channel"
        (file,) = one.slack.workspace.files.values()
        assert file["alt_txt"].startswith("Bar chart: 2 alerts over time")
        drawing = one.app.charts
        assert drawing.pid is not None
        assert one.app.metrics.registry.get_sample_value("wirewatch_charts_memory_bytes") > 10_000_000  # type: ignore[operator]
    assert drawing.pid is None, "it ends with the bot"


async def test_on_slack_a_shared_chart_is_shown_in_the_channel_after_the_text(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        ada = one.on_slack(admin=False)
        before = len(one.room.messages)
        await ada.types("/wire summary today share", one.room)
        await one.slack.settled(lambda: len(one.room.messages) == before + 2)
        text, chart = one.room.messages[-2:]
        assert "2 alerts in 2 stories" in visible_text(text)
        assert len(pictures(one, [chart])) == 1
        assert one.slack.workspace.direct("U0ADA").messages == []


async def test_where_the_bot_is_no_member_the_chart_comes_to_whoever_asked(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        one.expected = ["files.completeUploadExternal: not_in_channel"]
        ada = one.on_slack(admin=False)
        elsewhere = one.slack.workspace.add_channel("elsewhere", member=False)
        await ada.types("/wire summary today share", elsewhere)
        await ada.hears(1)
        assert "The chart is in your direct messages" in visible_text(ada.private[-1])
        assert len(pictures(one, one.slack.workspace.direct("U0ADA").messages)) == 1
        assert "2 alerts in 2 stories" in visible_text(elsewhere.messages[-1])


async def test_a_chart_that_slack_refuses_is_said_and_the_answer_stands(tmp_path: Path) -> None:
    async with team(tmp_path) as one:
        one.expected = ["files.getUploadURLExternal: missing_scope"]
        ada = one.on_slack(admin=False)
        one.slack.set_scopes(*(one.slack.workspace.bot_token.scopes - {"files:write"}))
        await ada.types("/wire summary today", one.room)
        await ada.hears(2)
        answer, refusal = map(visible_text, ada.private)
        assert "2 alerts in 2 stories" in answer
        assert "The chart could not be shown" in refusal
        assert "add files:write" in refusal


async def test_a_summary_at_its_time_on_both_platforms_once_through_restarts(tmp_path: Path) -> None:
    at = datetime.now(UTC) + timedelta(minutes=30)
    extra = f'summaries: {{day: {{to: [desk, intel], cron: "{at.minute} {at.hour} * * *"}}}}\n'
    async with team(tmp_path, extra=extra) as one:
        await one.poll()  # from here on its times are kept in mind
        one.options = replace(one.options, clock=lambda: datetime.now(UTC) + timedelta(hours=1))
        for _ in range(2):
            await one.restart()
            await one.poll()
        (text,) = (m for m in one.room.messages if "News summary" in m["text"])
        words = visible_text(text)
        assert "2 alerts in 2 stories" in words
        assert "North Korea agreed to supply ammunition to Russia, officials said in Seoul" in words
        assert "when Wirewatch did not run" in words
        (chart,) = (m for m in one.room.messages if m.get("files"))
        assert pictures(one, [chart])[0].startswith(PNG)
        assert one.room.messages.index(chart) == one.room.messages.index(text) + 1
        (post,) = (m for m in one.place.messages if "News summary" in m["content"])
        (picture,) = (m for m in one.place.messages if m["attachments"])
        assert "2 alerts in 2 stories" in post["embeds"][0]["description"]
        assert picture["message_reference"]["message_id"] == post["id"]
        assert picture["attachments"][0]["description"].startswith("Bar chart: 2 alerts over time")


@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "retry_after": 0.01}, {"mode": "drop"}, {"mode": "lose"}],
    ids=["after a 429", "after a lost connection", "after a lost answer"],
)
async def test_a_summary_at_its_time_over_a_webhook_of_discord_has_its_chart_in_it_once(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    at = datetime.now(UTC) + timedelta(minutes=30)
    summaries = f'summaries: {{day: {{to: [hook], cron: "{at.minute} {at.hour} * * *"}}}}\n'
    async with team(tmp_path) as one:
        file = tmp_path / "wirewatch.yaml"
        room = one.discord.world.add_channel(one.discord.world.guilds[one.place.guild_id], "day")
        one.environment["HOOK"] = one.discord.webhook_url(room)
        hook = '  hook: {kind: discord, webhook: "${HOOK}"}\n'
        config = file.read_text("utf-8").replace("slack: {default", f"{hook}{summaries}slack: {{default")
        file.write_text(config, "utf-8")
        await one.restart()
        await one.poll()
        one.discord.fail("^PATCH /webhooks/", times=1, **fault)  # which puts the picture into the post
        one.options = replace(one.options, clock=lambda: datetime.now(UTC) + timedelta(hours=1))
        await one.restart()
        await one.poll()
        await one.restart()
        await one.poll()
        (text,) = room.messages
        assert "2 alerts in 2 stories" in text["embeds"][0]["description"]
        (picture,) = text["attachments"]
        assert one.discord.world.uploads[picture["id"]].startswith(PNG)
        assert picture["description"].startswith("Bar chart: 2 alerts over time")


async def test_a_language_model_words_what_is_asked_and_what_is_scheduled(
    tmp_path: Path,
) -> None:
    pytest.importorskip("openai", reason="the extra llm is not installed")
    worded = "Officials in Seoul said that North Korea agreed to supply ammunition to Russia."
    answer = json.dumps({"sentences": [{"text": worded, "item": 1}]})
    at = datetime.now(UTC) + timedelta(minutes=30)
    async with fake_model(reply=lambda asked: answer if "Seoul" in str(asked["messages"]) else "no") as model:
        extra = (
            f'summaries: {{day: {{to: [desk], cron: "{at.minute} {at.hour} * * *", chart: false}}}}\n'
            f'llm: {{model: local, url: "{model.url}"}}\n'
        )
        async with team(tmp_path, extra=extra, environ={"LLM_API_KEY": KEY}) as one:
            await one.poll()
            ada = one.on_slack(admin=False)
            await ada.types("/wire summary today", one.room)
            assert "Asking the language model" in visible_text(await ada.hears(1))
            asked = visible_text(await ada.hears(2))
            assert worded in asked
            assert "The river rises near the old town" in asked, "quoted, since the model said no sense"
            one.options = replace(one.options, clock=lambda: datetime.now(UTC) + timedelta(hours=1))
            await one.restart()
            await one.poll()
            (text,) = (m for m in one.room.messages if "News summary" in m["text"])
            assert worded in visible_text(text)
            assert len(model.requests) == 4
