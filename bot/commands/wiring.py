"""Builds the commands of a running bot and binds them to its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from bot.channels.registry import Fleet
from bot.commands.core import Commands
from bot.commands.desk import Desk
from bot.commands.looking import look_at
from bot.config import Config
from bot.errors import WirewatchError
from bot.live.rulebook import Rulebook
from bot.log import Log
from bot.model import Fetched, HttpState, Source
from bot.rules.evaluate import Subject

if TYPE_CHECKING:
    from datetime import datetime

    from bot.channels.base import Channel
    from bot.watchlists.refresh import Fetches

T = TypeVar("T")

_log = Log("commands")


class Chat:
    """The bindings of all connections. ``stop`` after the connections have stopped. ``bound``: there are any."""

    def __init__(
        self, commands: Commands, stops: Iterable[Callable[[], Coroutine[Any, Any, None]]], *, bound: bool
    ) -> None:
        self.commands = commands
        self._stops = tuple(stops)
        self._bound = bound

    async def warm_up(self) -> None:
        """Load what the first question would wait for, where anybody can ask one."""
        if self._bound:
            desk = self.commands.desk
            try:
                await desk.heavy(lambda: warm_up(desk.book()))
            except Exception:  # noqa: BLE001 - a bug there must not keep the bot from its work
                _log.exception("bug while warming up")

    async def stop(self) -> None:
        for stop in self._stops:
            await stop()


def bind(config: Config, fleet: Fleet, desk: Desk) -> Chat:
    """Commands on every Slack workspace and Discord bot of the fleet that listens; before they start."""
    commands = Commands(desk)
    stops: list[Callable[[], Coroutine[Any, Any, None]]] = []
    bound = bool(fleet.discord)
    for name, workspace in fleet.slack.items():
        if workspace.mode != "post only":
            from bot.commands.slack import SlackBinding

            bound = True
            SlackBinding(f"slack.{name}", workspace, commands, _finder(fleet.channels.values(), workspace)).bind()
    for name, bot in fleet.discord.items():
        from bot.commands.discord import DiscordBinding

        binding = DiscordBinding(
            f"discord.{name}",
            bot,
            commands,
            _finder(fleet.channels.values(), bot),
            where=config.discord[name].commands,
        )
        binding.bind()
        stops.append(binding.stop)
    return Chat(commands, stops, bound=bound)


def warm_up(book: Rulebook) -> None:
    """The detector of languages takes 0.4 s of the processor to load, the rest some milliseconds."""
    subject = Subject("", "The ministers met in Pyongyang on Tuesday and talked about arms.")
    book.engine.language(subject.text)
    look_at(book, subject)


def _finder(channels: Iterable[Channel], connection: object) -> Callable[[str, str], str]:
    """Which configured channel of a connection posts to a place."""
    own = [c for c in channels if getattr(c, "connection", None) is connection]

    def find(room_id: str, name: str) -> str:
        return next((c.name for c in own if c.is_at(room_id, name)), "")  # type: ignore[attr-defined]

    return find


def in_thread(pool: ThreadPoolExecutor) -> Callable[[Callable[[], T]], Coroutine[Any, Any, T]]:
    """Runs work in ``pool`` for the event loop."""

    async def run(work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    return run


def page_reader(
    fetcher: Fetches, pool: ThreadPoolExecutor, clock: Callable[[], datetime]
) -> Callable[[str], Coroutine[Any, Any, Subject]]:
    """Reads the article of a web page, through the guard against addresses inside."""

    async def read(url: str) -> Subject:
        from bot.articles.page import PageError, page_text

        answer = await fetcher.fetch(Source("chat", url), HttpState(), clock())
        assert isinstance(answer, Fetched), "nothing conditional was asked"
        try:
            title, text = await in_thread(pool)(lambda: page_text(answer.content, answer.url))
        except PageError as error:
            raise WirewatchError(f"{url}: {error}; paste the text instead") from None
        return Subject(title, text)

    return read
