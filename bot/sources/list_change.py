"""What came and went on a watch list, one item for each new version: the kind ``list_change``.

A source of this kind stands for one list of ``watchlists:``; its url is ``watchlist:NAME``. There is nothing to fetch
over the network: :class:`WithLists` stands before the fetcher and answers from the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.errors import FetchReason, ParseError, SourceError
from bot.model import Fetched, HttpState, NotModified, ParsedFeed, Source
from bot.sources.base import MAX_ITEMS, Request
from bot.watchlists.base import LIST_CHANGE, WatchListError
from bot.watchlists.changes import read_log, to_item
from bot.watchlists.settings import ListSource
from bot.watchlists.store import Shelf

if TYPE_CHECKING:
    from bot.web.exchange import Through
    from bot.web.fetch import Fetcher

SCHEME = "watchlist:"
EVERY = timedelta(minutes=5)  # a look at a small file


def source_of(listed: ListSource) -> Source:
    """The source that tells of a list's changes. Rules reach it by ``source: NAME-changes`` and ``tag:
    list_change``."""
    return Source(
        id=f"{listed.name}-changes",
        url=f"{SCHEME}{listed.name}",
        kind="list_change",
        title=f"{listed.title}: changes",
        tags=(LIST_CHANGE,),
        every=EVERY,
        lang="en",
        origin="config",
    )


def request(source: Source) -> Request:
    """See :class:`~bot.sources.base.Kind`."""
    if not source.url.startswith(SCHEME):
        raise SourceError(
            source.id, FetchReason.CONFIG, "a source of kind list_change comes with its list; add it under watchlists:"
        )
    return Request(source.url)


def parse(fetched: Fetched, source: Source, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
    """See :class:`~bot.sources.base.Kind`."""
    try:
        differences = read_log(fetched.content)[:max_items]
    except WatchListError as error:
        raise ParseError(source.id, FetchReason.BROKEN, str(error)) from error
    items = tuple(map(to_item, differences))
    return ParsedFeed(items=items, title=source.name, lang="en", format="watch list")


class WithLists:
    """A fetcher that also knows the shelf of watch lists; everything else goes to the real one."""

    def __init__(self, fetcher: Fetcher, shelf: Shelf) -> None:
        self.setting = fetcher.setting
        self._fetcher = fetcher
        self._shelf = shelf

    async def fetch(
        self,
        source: Source,
        state: HttpState,
        now: datetime,
        *,
        request: Request | None = None,
        through: Through | None = None,
    ) -> Fetched | NotModified:
        """As :meth:`bot.web.fetch.Fetcher.fetch`."""
        if source.kind != "list_change":
            return await self._fetcher.fetch(source, state, now, request=request, through=through)
        name = source.url.removeprefix(SCHEME)
        content = await asyncio.to_thread(self._read, name)
        mark = HttpState(etag=hashlib.blake2b(content, digest_size=16).hexdigest())
        if mark == state:
            return NotModified(source.id, now, {}, mark)
        return Fetched(source.id, source.url, 200, {}, content, now, mark)

    def _read(self, name: str) -> bytes:
        try:
            return self._shelf.path(name, ".changes.jsonl").read_bytes()
        except FileNotFoundError:
            return b""


def sources_of(lists: Iterable[ListSource]) -> dict[str, Source]:
    """The sources of several lists, by id."""
    return {s.id: s for s in map(source_of, lists)}
