"""``wirewatch sources add``, ``remove``, ``import-opml``, ``export-opml`` and ``export``: what changes the sources, and
what takes them elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from bot.cli import number
from bot.cli.sources import all_sources, in_words, look_at, opened
from bot.config import Config, load_config
from bot.errors import SourceError, WirewatchError
from bot.log import redact_url
from bot.model import Source
from bot.roster import admin as source_admin
from bot.roster.admin import Change, add, make, remove, to_yaml
from bot.roster.discovery import Found, discover
from bot.roster.look import Look, look
from bot.roster.opml import Entry, read_opml, write_opml
from bot.roster.words import ago
from bot.store.sql import SqlStore
from bot.web.from_config import fetcher_of

WHO = "command line"
FILE_MAX = 20_000_000  # bytes of an OPML file


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the options of ``add`` and ``import-opml`` say of the sources that come."""

    every: str = ""
    tags: tuple[str, ...] = ()
    id: str = ""
    title: str = ""
    full_text: bool = False


# -- add and remove -------------------------------------------------------------------------------------------------


def add_source(path: Path, url: str, wishes: Wishes, *, yes: bool) -> int:
    """Find what is behind an address, ask, and keep it. Exit status 1 if nothing is kept."""
    config = load_config(path, os.environ, to_run=False)
    try:
        found = asyncio.run(_discover(config, url))
    except ValueError as error:
        raise WirewatchError(str(error)) from None
    except SourceError as error:
        raise WirewatchError(error.text) from None
    if not found:
        raise WirewatchError(
            f"nothing to poll was found on {redact_url(url)}: no feed, no sitemap; name a feed's address, or read the "
            "page with kind: page in sources.yaml (docs/source-kinds.md)"
        )
    now = datetime.now(UTC)
    for n, one in enumerate(found, 1):
        print(f"{n}  {_line(one, now)}")
    picked = _pick(found, yes)
    if picked is None:
        print("nothing added")
        return 1
    with _written(config) as store:
        known = all_sources(config, store)
        title = wishes.title or picked.title
        source = make(
            picked.url,
            known,
            kind=picked.kind,
            title=title,
            id=wishes.id,
            every=wishes.every,
            tags=wishes.tags,
            full_text=wishes.full_text,
        )
        if picked.kind != "feed":  # a feed was read a moment ago, as a poll would; a sitemap's own sitemaps were not
            try:
                print(in_words(asyncio.run(_look(config, source)), now))
            except SourceError as error:
                raise WirewatchError(error.text) from None
        add(store, source, _change(now))
    print(f"added {source.id}; a running bot polls it within a few seconds, else the next run does")
    return 0


async def _discover(config: Config, url: str) -> tuple[Found, ...]:
    async with fetcher_of(config) as fetcher:
        return await discover(url, fetcher, datetime.now(UTC))


async def _look(config: Config, source: Source) -> Look:
    async with fetcher_of(config) as fetcher:
        return await look(source, fetcher, datetime.now(UTC))


def _line(one: Found, now: datetime) -> str:
    newest = f", newest {ago(one.newest, now)}" if one.newest else ""
    kind = "" if one.kind == "feed" else f"{one.kind}, "
    title = one.title or "without title"
    return f"{title}: {redact_url(one.url)}\n   {kind}{one.format}, {number(one.items, 'item')}{newest}; {one.how}"


def _pick(found: Sequence[Found], yes: bool) -> Found | None:
    """The one that is wanted: the first with ``--yes``, else the answer of whoever sits there."""
    if yes:
        return found[0]
    if not sys.stdin.isatty():
        raise WirewatchError("nobody is there to choose; add --yes to take the first, or name the feed's own address")
    hint = "y/N" if len(found) == 1 else f"1-{len(found)}, empty for none"
    answer = input(f"Add {'it' if len(found) == 1 else 'which'}? [{hint}] ").strip().lower()
    if len(found) == 1 and answer in ("y", "yes"):
        return found[0]
    return found[int(answer) - 1] if answer.isdecimal() and 1 <= int(answer) <= len(found) else None


def remove_source(path: Path, source_id: str) -> int:
    """Drop a source that was added by a command."""
    config = load_config(path, os.environ, to_run=False)
    with _written(config) as store:
        gone = remove(store, source_id, all_sources(config, store), _change(datetime.now(UTC)))
    print(f"removed {gone.id} ({redact_url(gone.url)}); what was read from it stays")
    return 0


def _change(now: datetime) -> Change:
    return Change(WHO, "", now)


@contextlib.contextmanager
def _written(config: Config) -> Iterator[SqlStore]:
    """The store, made if it is not there: a source may be added before the first run."""
    store = SqlStore(config.store.reveal())
    store.upgrade()
    store.open()
    try:
        yield store
    finally:
        store.close()


# -- OPML and YAML --------------------------------------------------------------------------------------------------


def import_opml(path: Path, file: Path, wishes: Wishes, *, check: bool) -> int:
    """Add the feeds of a list; say of each one that was left out why. Exit status 1 if any was refused or dead."""
    config = load_config(path, os.environ, to_run=False)
    outline = read_opml(_read(file))
    now = datetime.now(UTC)
    for line in outline.skipped:
        print(f"left out  {line}")
    added = repeated = refused = 0
    with _written(config) as store:
        known = all_sources(config, store)
        made: list[Source] = []
        for entry in outline.entries:
            twin = source_admin.same_address(entry.url, known.values())
            if twin is not None:
                repeated += 1
                print(f"twice     line {entry.line}: {redact_url(entry.url)} is read already, as {twin.id}")
                continue
            try:
                source = _made(entry, known, wishes)
            except WirewatchError as error:
                refused += 1
                print(f"refused   line {entry.line}: {entry.title or redact_url(entry.url)}: {error}")
                continue
            known[source.id] = source
            made.append(source)
        looks = asyncio.run(look_at(config, made)) if check else {}
        for source in made:
            seen = looks.get(source.id)
            if isinstance(seen, SourceError):
                refused += 1
                print(f"dead      {source.id}: {seen.text}")
                continue
            add(store, source, _change(now))
            added += 1
            tags = f"  [{', '.join(source.tags)}]" if source.tags else ""
            print(f"added     {source.id}  {source.name}{tags}")
    print(f"{added} added, {repeated} read already, {refused + len(outline.skipped)} left out")
    return 1 if refused or outline.skipped else 0


def _made(entry: Entry, known: dict[str, Source], wishes: Wishes) -> Source:
    tags = tuple(dict.fromkeys((*entry.tags, *wishes.tags)))
    return make(
        entry.url,
        known,
        title=entry.title,
        every=wishes.every,
        tags=tags,
        lang=entry.lang,
        full_text=wishes.full_text,
    )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened_file:
            content = opened_file.read(FILE_MAX + 1)
    except OSError as error:
        raise WirewatchError(f"{file}: cannot be read ({error.strerror}); check the path") from None
    if len(content) > FILE_MAX:
        raise WirewatchError(f"{file}: larger than {FILE_MAX // 10**6} MB; that is no list of feeds")
    return content


def export_opml(path: Path, file: Path | None) -> int:
    """All feeds that are polled, for another reader."""
    config = load_config(path, os.environ, to_run=False)
    with opened(config) as store:
        sources = [s for s in all_sources(config, store).values() if s.enabled]
    feeds = [_without_login(s) for s in sources if s.kind == "feed"]
    content = write_opml(feeds, "Wirewatch sources", datetime.now(UTC))
    if file is None:
        sys.stdout.write(content.decode())
    else:
        file.write_bytes(content)
        print(f"{number(len(feeds), 'feed')} written to {file}")
    left = len(sources) - len(feeds)
    if left:
        have = "has" if left == 1 else "have"
        print(f"{number(left, 'source')} of other kinds than feed {have} no place in OPML", file=sys.stderr)
    return 0


def _without_login(source: Source) -> Source:
    """User name and password in an address are nobody else's business."""
    parts = urlsplit(source.url)
    if "@" not in parts.netloc:
        return source
    return replace(source, url=parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())


def export_yaml(path: Path) -> int:
    """The sources that were added by a command, as entries for a sources.yaml."""
    config = load_config(path, os.environ, to_run=False)
    with opened(config) as store:
        added = store.chat_sources() if store is not None else ()
    sys.stdout.write(to_yaml(added))
    return 0
