"""What the operators hear of sources, gathered: when the network fails, a thousand dead sources are one message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.model import Severity
from bot.roster.news import News, SourceNotice

GATHER_S = 2.0  # seconds that a first word waits for others
PAUSE_S = 60.0  # seconds between two tellings
APART = 3  # words of one sort that are told one by one; more become one list
LISTED = 10  # sources in a list; the rest is counted

Tell = Callable[[str, str, Severity, Sequence[SourceNotice]], Awaitable[object]]


class SourceNotices:
    """Call it with each :class:`SourceNotice`; it returns at once. ``tell`` takes title, text and severity, and
    the words that are told by them."""

    def __init__(self, tell: Tell, *, gather_s: float = GATHER_S, pause_s: float = PAUSE_S) -> None:
        self._tell = tell
        self._gather_s = gather_s
        self._pause_s = pause_s
        self._waiting: list[SourceNotice] = []
        self._telling: asyncio.Task[None] | None = None

    def __call__(self, notice: SourceNotice) -> None:
        self._waiting.append(notice)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._work(), name="source notices")

    async def _work(self) -> None:
        await asyncio.sleep(self._gather_s)
        while self._waiting:
            await self._flush()
            await asyncio.sleep(self._pause_s)

    async def finish(self) -> None:
        """Tell what waits, now."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])
            self._telling = None
        await self._flush()

    async def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for news in News:
            group = [notice for notice in waiting if notice.news is news]
            if len(group) > APART:
                await self._tell(*listed(news, group), group)
            else:
                for one in group:
                    await self._tell(f"Source {one.news}", one.text, one.severity, (one,))


_MANY = {
    News.FAILING: "keep failing",
    News.BLOCKED: "turn us away",
    News.GONE: "are gone",
    News.SILENT: "have fallen silent",
    News.MOVED: "have moved",
    News.BACK: "are back",
}


def listed(news: News, notices: Sequence[SourceNotice]) -> tuple[str, str, Severity]:
    """Title, text and severity of one message about many sources."""
    lines = [f"- {notice.text}" for notice in notices[:LISTED]]
    if len(notices) > LISTED:
        lines.append(f"and {len(notices) - LISTED} more; `wirewatch sources list` shows all")
    return f"{len(notices)} sources {_MANY[news]}", "\n".join(lines), max(notice.severity for notice in notices)
