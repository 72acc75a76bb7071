"""What a poll of any kind leaves behind."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from bot.errors import FetchError, FetchReason, SourceError
from bot.model import Fetched, HttpState, Source
from bot.polling.groups import Press
from bot.sources.base import Request
from bot.sources.collect import collect
from tests.samples import NOW


class Headers(dict[str, str]):
    """Those of an answer of some megabytes, say."""


def unreadable(headers: Headers) -> Fetched:
    return Fetched("s", "https://wire.example/feed", 200, headers, b"no feed", NOW)


def broken_off(headers: Headers) -> Fetched:
    raise FetchError("s", FetchReason.PROTOCOL, f"{len(headers)} headers, and no end")


@pytest.mark.parametrize("asked", [unreadable, broken_off])
async def test_what_cannot_be_read_goes_without_the_collector(asked: Callable[[Headers], Fetched]) -> None:
    alive: list[weakref.ref[Headers]] = []

    async def fetch(request: Request, state: HttpState) -> Fetched:
        headers = Headers()
        alive.append(weakref.ref(headers))
        return asked(headers)

    gc.disable()
    try:
        with ThreadPoolExecutor(1) as core:
            with suppress(SourceError):
                await collect(Source("s", "https://wire.example/feed"), HttpState(), NOW, fetch, Press(core).run)
            await asyncio.to_thread(core.submit(int).result)  # the thread has let go of it, too
            assert [ref() for ref in alive] == [None]
    finally:
        gc.enable()
