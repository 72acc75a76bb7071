"""Runs the steps of one poll: fetch, hand the answer to the kind, fetch what it asks for next.

Every request goes through the caller's ``fetch``, so that guard, caps, deadlines and per-host limits hold for each.
Validators (ETag, Last-Modified) belong to one address: they are sent with the first request only, and kept only if it
stayed the only one. An index whose own text did not change may well list sitemaps that did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.errors import FetchError, FetchReason, ParseError, SourceError
from bot.model import Fetched, HttpState, NotModified, ParsedFeed, Source
from bot.sources import kind
from bot.sources.base import MAX_ITEMS, Request, Steps, advance, steps_of
from bot.sources.options import hide

MAX_REQUESTS = 30  # for one poll; the kinds stop earlier by themselves
BUDGET_S = 120.0  # seconds after which no further request of a poll is begun; half of what a poll may be leased for


class Fetch(Protocol):
    """One GET on behalf of the source. Raises :class:`~bot.errors.FetchError`."""

    async def __call__(self, request: Request, state: HttpState) -> Fetched | NotModified: ...


Answer = Fetched | FetchError | None
Step = Request | ParsedFeed
Run = Callable[[Callable[[Steps, Answer], Step], Steps, Answer], Awaitable[Step]]
"""Runs a heavy, pure call where it does not hold up the event loop: ``run(call, steps, answer)``."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A poll that brought something. ``first`` is the first answer; its ``moved_to`` is set only if ``source.url``
    itself was asked for. ``state`` is to be stored for the next poll."""

    parsed: ParsedFeed
    first: Fetched
    state: HttpState
    requests: int


async def collect(
    source: Source, state: HttpState, now: datetime, fetch: Fetch, run: Run, *, max_items: int = MAX_ITEMS
) -> Collected | NotModified:
    """Poll a source of any kind. Raises :class:`~bot.errors.SourceError`, with no secret of the source in its text."""
    try:
        return await _collect(source, state, now, fetch, run, max_items)
    except SourceError as error:
        text = hide(error.text, source)
        if text == error.text:
            raise
        raise _saying(text, error) from None  # the cause would show what was hidden


async def _collect(
    source: Source, state: HttpState, now: datetime, fetch: Fetch, run: Run, max_items: int
) -> Collected | NotModified:
    clock = asyncio.get_running_loop().time
    latest = clock() + BUDGET_S
    steps = steps_of(kind(source.kind), source, now, max_items=max_items)
    first: Fetched | None = None
    answer: Answer = None
    try:
        request = advance(steps, None)  # what to ask for first takes no thinking
        count = 0
        while isinstance(request, Request):
            count += 1
            if count > MAX_REQUESTS or clock() > latest:
                refusal = _enough(source, count > MAX_REQUESTS)
                if count > 2 * MAX_REQUESTS:  # steps that take no for an answer do not come here
                    raise refusal
                answer = refusal
            else:
                try:
                    got = await fetch(request, state if first is None and count == 1 else HttpState())
                except FetchError as error:
                    answer = error
                else:
                    if isinstance(got, NotModified):
                        return got if request.url == source.url else replace(got, moved_to=None)
                    answer = got
                    first = first or (got if request.url == source.url else replace(got, moved_to=None))
            request = await run(advance, steps, answer)
    finally:
        steps.close()
        answer = None  # an error that holds this frame must not be held by it (see bot.polling.groups.Press)
    if first is None:
        raise ParseError(source.id, FetchReason.EMPTY, "nothing was asked for; correct the source's options")
    return Collected(request, first, first.state if count == 1 else HttpState(), count)


def _enough(source: Source, many: bool) -> FetchError:
    if many:
        text = f"one poll would take more than {MAX_REQUESTS} requests; ask for less"
        return FetchError(source.id, FetchReason.TOO_LARGE, text)
    text = f"the requests of one poll took more than {BUDGET_S:.0f} s; ask for less"
    return FetchError(source.id, FetchReason.TIMEOUT, text)


def _saying(text: str, error: SourceError) -> SourceError:
    """The error in these words."""
    if isinstance(error, FetchError):
        return FetchError(
            error.source_id,
            error.reason,
            text,
            status=error.status,
            retry_after_s=error.retry_after_s,
            host=error.host,
            redirected=error.redirected,
        )
    return type(error)(error.source_id, error.reason, text)
