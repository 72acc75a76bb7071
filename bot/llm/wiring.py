"""The writer that a deployment asks for. Nothing of it is imported where ``llm:`` is not set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.config import Config

if TYPE_CHECKING:
    from bot.llm.writer import Writer


def writer_of(config: Config, count: Callable[[str], None] = lambda outcome: None) -> Writer | None:
    """``count`` is told what became of each story."""
    if config.llm is None:
        return None
    from bot.llm.writer import Writer

    return Writer(config.llm, config.llm_api_key, count=count)
