"""Download, check, compare, replace: how a watch list gets onto the shelf.

A list is believed only if it can be read to its end, is not empty, holds what it announces, and has not lost half of
its entries. Whatever is refused leaves the old list in force, and is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.errors import FetchError, FetchReason
from bot.model import Fetched, HttpState, NotModified, Source
from bot.sources.base import Request
from bot.watchlists import format_of
from bot.watchlists.base import Head, WatchListError
from bot.watchlists.changes import Change, Difference, compare, record
from bot.watchlists.index import name_list
from bot.watchlists.settings import ListSource
from bot.watchlists.store import Draft, Meta, Shelf, Status
from bot.web.exchange import Limits

LIMITS = Limits(total_s=900.0, read_s=60.0, wire_bytes=300 << 20, body_bytes=600 << 20, per_host=1, connections=4)
"""For a fetcher of lists: SDN.XML is 25 MB, OpenSanctions' whole collection 500 MB. The body is held in memory while it
comes, so the last of these bounds what a download costs."""

SHRUNK = 0.5  # a list with a smaller share of its entries left is not believed
ANNOUNCED = 0.9  # nor one with a smaller share of the entries that it announces itself
RETRY = timedelta(hours=1)  # after a failure, where the list is asked for less often than that


class Result(StrEnum):
    """How a refresh ended."""

    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"  # it came, and was not believed
    FAILED = "failed"  # it did not come


@dataclass(frozen=True, slots=True)
class Outcome:
    """A refresh of one list; ``text`` is a sentence for people."""

    name: str
    result: Result
    text: str
    difference: Difference | None = None

    @property
    def ok(self) -> bool:
        """Whether the list on the shelf is the publisher's."""
        return self.result in (Result.UPDATED, Result.UNCHANGED)


class Fetches(Protocol):
    """What is needed of :class:`bot.web.fetch.Fetcher`."""

    async def fetch(
        self, source: Source, state: HttpState, now: datetime, *, request: Request | None = None
    ) -> Fetched | NotModified:
        """See there."""


def due(wanted: Iterable[ListSource], shelf: Shelf, now: datetime) -> tuple[ListSource, ...]:
    """The lists whose time has come: never had, last looked for ``every`` ago, or failed an hour ago."""
    return tuple(one for one in wanted if _is_due(one, shelf, now))


def _is_due(wanted: ListSource, shelf: Shelf, now: datetime) -> bool:
    status = shelf.status(wanted.name)
    if status is None:
        return True
    wait = min(RETRY, wanted.every) if status.problem else wanted.every
    return status.checked_at + wait <= now or status.checked_at > now


async def refresh_due(
    wanted: Iterable[ListSource], shelf: Shelf, fetcher: Fetches, now: datetime
) -> tuple[Outcome, ...]:
    """Refresh what is due; for a scheduler to call every few minutes, or once a day. Nothing is raised for a list that
    fails; ``OSError`` where the disk refuses."""
    return await refresh(due(wanted, shelf, now), shelf, fetcher, now)


async def refresh(
    wanted: Iterable[ListSource], shelf: Shelf, fetcher: Fetches, now: datetime, *, accept: bool = False
) -> tuple[Outcome, ...]:
    """Refresh the lists one after another. ``accept``: take a list that has shrunk (a person has looked at it)."""
    return tuple([await _refresh_one(one, shelf, fetcher, now, accept) for one in wanted])


async def _refresh_one(wanted: ListSource, shelf: Shelf, fetcher: Fetches, now: datetime, accept: bool) -> Outcome:
    try:
        old = _meta(wanted, shelf)
        with _raw_files(wanted, shelf) as files:
            states = await _download(wanted, files, fetcher, old, now)
            if states is None:
                assert old is not None  # only what is there can be unchanged
                outcome = Outcome(wanted.name, Result.UNCHANGED, f"{old.count:,} entries, nothing new")
            else:
                outcome = await asyncio.to_thread(_take, wanted, files, states, shelf, old, now, accept)
        if outcome.result is Result.UPDATED:
            await asyncio.to_thread(name_list, shelf, wanted)  # made now, so that the rules need not wait for it
    except FetchError as error:
        text = error.text.partition(";")[0] if error.reason is FetchReason.TOO_LARGE else error.text  # it is no feed
        outcome = Outcome(wanted.name, Result.FAILED, text)
    except WatchListError as error:
        outcome = Outcome(wanted.name, Result.REFUSED, f"{wanted.urls['main']}: {error}")
    await asyncio.to_thread(shelf.set_status, wanted.name, Status(now, "" if outcome.ok else outcome.text))
    return outcome


def _meta(wanted: ListSource, shelf: Shelf) -> Meta | None:
    """What is on the shelf. Of a list that is damaged there, only its former size is of use."""
    try:
        meta = shelf.meta(wanted.name)
    except WatchListError:
        return None
    if meta is not None and not shelf.intact(meta):
        return replace(meta, kind="", sha256="", states={})
    return meta


@contextlib.contextmanager
def _raw_files(wanted: ListSource, shelf: Shelf) -> Iterator[dict[str, Path]]:
    shelf.folder.mkdir(parents=True, exist_ok=True)
    files = {part: shelf.path(wanted.name, f".{part}.raw") for part in wanted.urls}
    try:
        yield files
    finally:
        for path in files.values():
            path.unlink(missing_ok=True)


async def _download(
    wanted: ListSource, files: Mapping[str, Path], fetcher: Fetches, old: Meta | None, now: datetime
) -> dict[str, HttpState] | None:
    """Fetch every part into its file; ``None`` if none of them changed. Where only some did, the others are fetched
    again, as their old content is not kept. Raises ``FetchError``."""
    known = dict(old.states) if old and (old.kind, old.source_url) == (wanted.kind, _shown(wanted)) else {}
    states: dict[str, HttpState] = {}
    for part, url in wanted.urls.items():
        answer = await _fetch(wanted, url.reveal(), fetcher, known.get(part, HttpState()), now)
        if isinstance(answer, Fetched):
            await asyncio.to_thread(files[part].write_bytes, answer.content)
            states[part] = answer.state
    if not states:
        return None
    for part in wanted.urls.keys() - states.keys():
        answer = await _fetch(wanted, wanted.urls[part].reveal(), fetcher, HttpState(), now)
        assert isinstance(answer, Fetched)  # nothing conditional was sent
        await asyncio.to_thread(files[part].write_bytes, answer.content)
        states[part] = answer.state
    return states


async def _fetch(
    wanted: ListSource, url: str, fetcher: Fetches, state: HttpState, now: datetime
) -> Fetched | NotModified:
    return await fetcher.fetch(Source(wanted.name, url), state, now, request=Request(url))


def _take(
    wanted: ListSource,
    files: Mapping[str, Path],
    states: Mapping[str, HttpState],
    shelf: Shelf,
    old: Meta | None,
    now: datetime,
    accept: bool,
) -> Outcome:
    """Read what was downloaded and put it in the place of the old list. Raises :class:`WatchListError`."""
    mark = _hash(files)
    draft = shelf.draft(wanted.name)
    try:
        head = Head()
        for entry in format_of(wanted.kind).entries(files, head):
            draft.add(entry)
        count = len(draft.digests)
        _believe(count, head, old, accept)
        meta = Meta(
            name=wanted.name,
            title=wanted.title,
            kind=wanted.kind,
            source_url=_shown(wanted),
            version=head.version or mark[:12],
            as_of=head.as_of,
            fetched_at=now,
            sha256=mark,
            count=count,
            states=states,
        )
        if old is not None and old.sha256 == mark and old.kind == wanted.kind:
            draft.commit(meta)  # the state of the server may be new
            return Outcome(wanted.name, Result.UNCHANGED, f"{count:,} entries, nothing new")
        difference = _difference(wanted, shelf, draft, meta, old)
        if difference:
            record(shelf, difference)
        draft.commit(meta)
    finally:
        draft.discard()
    of = f" as of {head.as_of}" if head.as_of else ""
    skipped = f"; {head.skipped:,} records without a name left out" if head.skipped else ""
    news = f"; {difference}" if old is not None and old.kind == wanted.kind else ""
    return Outcome(wanted.name, Result.UPDATED, f"{count:,} entries{of}{news}{skipped}", difference)


def _believe(count: int, head: Head, old: Meta | None, accept: bool) -> None:
    if not count:
        raise WatchListError("it holds no entry; the list before it stays")
    if head.skipped > count:
        raise WatchListError(
            f"{head.skipped:,} of its records have no name or id and only {count:,} do; is it another format?"
        )
    if head.declared is not None and count < head.declared * ANNOUNCED:
        raise WatchListError(f"it announces {head.declared:,} entries and holds {count:,}; the list before it stays")
    if old is not None and count < old.count * SHRUNK and not accept:
        raise WatchListError(
            f"it has shrunk from {old.count:,} entries to {count:,}; the list before it stays. If that is right: "
            f"`wirewatch lists refresh --accept {old.name}`"
        )


def _difference(wanted: ListSource, shelf: Shelf, draft: Draft, meta: Meta, old: Meta | None) -> Difference:
    """Against the list on the shelf; empty where there was none, or it came in another format (whose ids are
    others)."""
    changes: tuple[Change, ...] = ()
    if old is not None and old.kind == wanted.kind:
        try:
            changes = compare(shelf, wanted.name, draft.digests, draft.entries())
        except WatchListError:
            changes = ()  # the old list is damaged: there is nothing to compare with
    return Difference(wanted.name, wanted.title, meta.sha256, meta.as_of, meta.fetched_at, changes, wanted.entry_url)


def _shown(wanted: ListSource) -> str:
    return str(wanted.urls["main"])


def _hash(files: Mapping[str, Path]) -> str:
    whole = hashlib.sha256()
    for _, path in sorted(files.items()):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
