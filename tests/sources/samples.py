"""What the tests of the kinds of source share: answers, and a driver that fetches from a table."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import FetchError, FetchReason, SourceError
from bot.model import Fetched, HttpState, NotModified, Source
from bot.sources.base import Request, Steps
from bot.sources.collect import Answer, Collected, Step, collect

DATA = Path(__file__).parent.parent / "data" / "sources"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def fetched(content: bytes, content_type: str = "", url: str = "https://gazette.example/list") -> Fetched:
    return Fetched("s", url, 200, {"content-type": content_type}, content, NOW)


def check_sentence(error: SourceError) -> None:
    """What people get to read is one line, and not endless."""
    assert error.text.isprintable()
    assert 10 < len(error.text) < 1000


Answers = Mapping[str, bytes | FetchError]


class Desk:
    """Answers requests from a table by address, and remembers them."""

    def __init__(self, answers: Answers, etag: str | None = None) -> None:
        self.answers = answers
        self.etag = etag
        self.asked: list[Request] = []
        self.states: list[HttpState] = []

    async def fetch(self, request: Request, state: HttpState) -> Fetched | NotModified:
        self.asked.append(request)
        self.states.append(state)
        if self.etag and state.etag == self.etag:
            return NotModified("s", NOW)
        answer = self.answers.get(request.url)
        if answer is None:
            raise FetchError("s", FetchReason.STATUS, f"{request.url} answered 404 Not Found", status=404)
        if isinstance(answer, FetchError):
            raise answer
        return Fetched("s", request.url, 200, {}, answer, NOW, HttpState(self.etag), moved_to="https://moved.example/")

    async def poll(self, source: Source, state: HttpState | None = None, *, max_items: int = 1000) -> Collected:
        got = await collect(source, state or HttpState(), NOW, self.fetch, in_thread, max_items=max_items)
        assert isinstance(got, Collected)
        return got


def in_thread(call: Callable[[Steps, Answer], Step], steps: Steps, answer: Answer, /) -> Awaitable[Step]:
    return asyncio.to_thread(call, steps, answer)
