"""The channels of a config, built once. Adding a kind is one maker here and one class in :mod:`bot.settings`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.channels.base import Channel
from bot.config import Config
from bot.settings import ConsoleSettings, WebhookSettings


def _console(name: str, settings: ConsoleSettings, config: Config) -> Channel:
    from bot.channels.console import ConsoleChannel

    return ConsoleChannel(name, tz=config.timezone)


def _webhook(name: str, settings: WebhookSettings, config: Config) -> Channel:
    from bot.channels.webhook import WebhookChannel

    return WebhookChannel(
        name,
        settings.url,
        settings.secret,
        user_agent=config.user_agent,
        timeout_s=settings.timeout.total_seconds(),
    )


_MAKERS: Mapping[str, Callable[[str, Any, Config], Channel]] = {
    "console": _console,
    "webhook": _webhook,
}


def make_channels(config: Config) -> dict[str, Channel]:
    """The channels by name, not started."""
    return {name: _MAKERS[settings.kind](name, settings, config) for name, settings in config.channels.items()}
