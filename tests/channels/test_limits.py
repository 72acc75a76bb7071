"""What the platforms take, as they document it: what is composed is cut to no more, in one place for each platform."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.channels import discord_limits, slack_limits

BOT = Path(__file__).parents[2] / "bot"
SLACK = {
    "BLOCKS_MAX": 50, "TOTAL_MAX": 13_200, "IMAGE_URL_MAX": 3_000, "ALT_TEXT_MAX": 2_000, "BUTTON_TEXT_MAX": 75,
    "OPTION_TEXT_MAX": 75, "OPTION_VALUE_MAX": 150, "RADIO_MAX": 10, "VIEW_BLOCKS_MAX": 100, "VIEW_TITLE_MAX": 24,
    "METADATA_MAX": 3_000, "INPUT_MAX": 3_000,
}  # fmt: skip
DISCORD = {
    "CONTENT_MAX": 2_000, "NONCE_MAX": 25, "THREAD_NAME_MAX": 100, "TITLE_MAX": 256, "DESCRIPTION_MAX": 4_096,
    "FIELD_MAX": 1_024, "EMBED_TOTAL_MAX": 6_000, "URL_MAX": 2_048, "BUTTON_URL_MAX": 512, "ID_MAX": 100,
    "LABEL_MAX": 80, "OPTION_MAX": 100, "OPTIONS_MAX": 25, "CHOICE_MAX": 100, "COMMAND_TEXT_MAX": 6_000,
}  # fmt: skip


@pytest.mark.parametrize(("module", "documented"), [(slack_limits, SLACK), (discord_limits, DISCORD)])
def test_no_limit_is_above_what_the_platform_documents(module: object, documented: dict[str, int]) -> None:
    ours = {name: value for name, value in vars(module).items() if name.endswith("_MAX")}
    assert set(ours) == set(documented)
    assert {name: value for name, value in ours.items() if value > documented[name]} == {}


@pytest.mark.parametrize("platform", ["slack", "discord"])
def test_each_limit_is_used_and_is_written_down_once(platform: str) -> None:
    limits = BOT / "channels" / f"{platform}_limits.py"
    others = [p for folder in ("channels", "commands") for p in (BOT / folder).glob(f"{platform}_*.py") if p != limits]
    code = "\n".join(path.read_text("utf-8") for path in [*others, BOT / "channels" / "buttons.py"])
    for name in SLACK if platform == "slack" else DISCORD:
        assert re.search(rf"(?<![A-Z_]){name}\b", code), f"{name} is not used"
        assert not re.search(rf"^{name}(: Final)? = ", code, re.MULTILINE), f"{name} is defined again"
