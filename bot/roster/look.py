"""One look at a source: fetch it once, as a poll would, store nothing, and say what came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.model import Fetched, HttpState, NotModified, Source
from bot.pipeline import articles_of
from bot.sources.base import Request, Steps
from bot.sources.collect import Answer, Step, collect
from bot.web.robots import Fetches


@dataclass(frozen=True, slots=True)
class Look:
    """What a source brought. ``newest`` is the latest date among its items; ``moved_to`` where permanent redirects led;
    ``note`` what was wrong and survived."""

    format: str
    title: str
    items: int
    newest: datetime | None
    moved_to: str
    note: str


async def look(source: Source, fetcher: Fetches, now: datetime) -> Look:
    """Raises :class:`~bot.errors.SourceError` as a poll would record it."""

    async def fetch(request: Request, state: HttpState) -> Fetched | NotModified:
        return await fetcher.fetch(source, state, now, request=request)

    async def run(call: Callable[[Steps, Answer], Step], steps: Steps, given: Answer) -> Step:
        return await asyncio.to_thread(call, steps, given)

    answer = await collect(source, HttpState(), now, fetch, run)
    assert not isinstance(answer, NotModified)  # nothing conditional was sent
    parsed = answer.parsed
    articles = await asyncio.to_thread(articles_of, parsed, source, now)
    newest = max((a.published for a in articles if a.dated), default=None)
    return Look(parsed.format, parsed.title, len(articles), newest, answer.first.moved_to or "", parsed.note)
