"""Replies as each platform shows them: within every limit, with nothing in them alive but what we made."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from bot.commands import discord_view, slack_view
from bot.commands.alerts import Choice, MuteForm
from bot.commands.reply import (
    Code,
    Entry,
    Heading,
    Link,
    Mark,
    Quote,
    Reply,
    Small,
    Tone,
    When,
    Words,
    bold,
    bullets,
    code,
    entries,
    line,
    paragraph,
)
from bot.message import Segment
from bot.model import Severity
from tests.fakes.discord import validate
from tests.fakes.slack import blockkit, live, visible_text

T0 = datetime(2026, 11, 25, 10, tzinfo=UTC)
NASTY = (
    "<!channel> <@U1> @everyone <@&1> *a* _b_ `c` ```d``` ~e~ :fire: [x](https://evil.example) https://evil.example",
    "\x1b[31m\u202eevil\u2066 \ud800 \0 \n\n\n> q",
    "x" * 20_000,
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f" * 500,
    "  ",
    "",
)


def reply(text: str, many: int = 1) -> Reply:
    piece = line(
        Mark(Severity.HIGH), text, bold(text), code(text), Link(text, "https://news.example/a?b=1|2"),
        Link(text, "javascript:alert(1)", bold=True), Link(text, "https://news.example/a?b=1|2", bold=True),
        Words(text, struck=True), When(T0),
    )  # fmt: skip
    blocks = (
        paragraph(piece, text), Heading(text), bullets([piece] * many), Quote((Segment(text), Segment(text, True))),
        Code(f"  {text}\n{text}"), Small(line(text, When(T0), code(text))),
        entries([Entry(piece, (piece, line(text))), Entry(line(text))] * many),
    )  # fmt: skip
    return Reply(text or "title", blocks * (1 + many // 50), Tone.DONE)


@pytest.mark.parametrize("many", [1, 100])
@pytest.mark.parametrize("text", NASTY, ids=["markup", "controls", "long", "flags", "blank", "empty"])
def test_no_reply_is_refused_and_nothing_foreign_in_it_acts(text: str, many: int) -> None:
    one = reply(text, many)
    message = slack_view.message(one)
    assert blockkit.check_blocks(message["blocks"]) == []
    assert blockkit.total_size(message["blocks"]) <= blockkit.BLOCKS_TOTAL
    acting = {(s.kind, s.target) for s in live(message)}
    assert {kind for kind, _ in acting} <= {"link", "emoji"}
    assert {target for kind, target in acting if kind == "link"} <= {"https://news.example/a?b=1%7C2"}
    for view in (slack_view.answer_modal("Check", one), slack_view.home_view([one] * 5)):
        assert blockkit.check_view(view) == []

    shown = discord_view.message(one)
    validate.check_message({"embeds": [dict(shown.embed)]})


def test_what_has_no_room_is_counted() -> None:
    one = Reply("Rules", (bullets(line(f"rule number {n} " + "x" * 200) for n in range(300)),))
    assert "more lines left out" in str(slack_view.message(one))
    assert "more lines left out" in discord_view.message(one).embed["description"]
    two = Reply("Alerts", (entries(Entry(line(f"{n} " + "x" * 200), (line("below"),)) for n in range(300)),))
    for shown in (str(slack_view.message(two)["blocks"]), discord_view.message(two).embed["description"]):
        left = int(re.search(r"(\d+) more lines left out", shown)[1])  # type: ignore[index]
        assert left + shown.count("x" * 200) + shown.count("below") == 600, "each line is shown or counted"


def test_lines_of_a_paragraph_share_a_section_and_parts_are_apart() -> None:
    one = Reply("Title", (paragraph("a", "b"), paragraph("c"), bullets([line("d")]), Heading("E"), paragraph("f")))
    (block,) = slack_view.message(one)["blocks"]
    assert visible_text({"blocks": [block]}) == "Title\na\nb\n\nc\n• d\n\nE\n\nf"
    assert discord_view.message(one).embed["description"] == "a\nb\n\nc\n- d\n\n**E**\n\nf"


def test_flags_are_drawn_by_slack_where_there_is_such_a_country() -> None:
    one = Reply("Countries", (paragraph(line("🇰🇵 North Korea 🇽🇽 ", code("🇷🇺"), bold("🇷🇺"))),))
    message = slack_view.message(one)
    assert [one.target for one in live(message) if one.kind == "emoji"] == ["flag-kp", "flag-ru"]
    assert visible_text(message) == "Countries\n🇰🇵\u00a0North Korea 🇽🇽 🇷🇺🇷🇺"


@pytest.mark.parametrize("rules", [0, 1, 7, 8, 20])
def test_the_form_behind_mute_is_taken_whatever_the_rules_are_called(rules: int) -> None:
    from bot.commands.discord_form import form_modal
    from tests.fakes.discord import modals

    choices = [Choice("This story", "story:1"), *(Choice("x" * 300 + "<b>", f"rule:{n}") for n in range(rules))]
    choices.append(Choice("", "source:" + "y" * 200))
    form = MuteForm("0" * 20, "*headline* " * 100, tuple(choices))
    context = {"key": form.key, "room": "C0DESK", "name": "é" * 1000, "thread": ""}
    view = slack_view.mute_modal(form, context)
    assert blockkit.check_view(view) == []
    assert json.loads(view["private_metadata"]) == context | {"name": ""}
    modals.check(dict(form_modal(form).to_dict()))


def test_discord_joins_words_of_one_look_that_follow_one_another() -> None:
    shown = line(bold("No alert: "), bold("none"), Words("."), " And ", bold("more"), code("x"), code("y"), bold("."))
    (found,) = discord_view.message(Reply("t", (paragraph(shown),))).embed["description"].splitlines()
    assert found == "**No alert: none**. And **more**`xy`**.**"
