"""The rules, lists and sources that a config asks for: what the bot runs on, and what commands look at.

Imports nothing that polls, stores or posts, so that ``check`` starts fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from bot.config import Config
from bot.errors import ConfigError, Level, Problem, StoreError
from bot.extras import how_to_add
from bot.live import rulebook, watches
from bot.model import Source
from bot.people import Watch
from bot.rules.kept import Kept
from bot.sources.list_change import sources_of
from bot.watchlists.index import name_lists
from bot.watchlists.settings import list_sources
from bot.watchlists.store import Shelf, folder_for


def load_rules(
    config: Config,
    kept: Kept | None = None,
    watched: Iterable[Watch] = (),
    *,
    drafts: Mapping[Path, Path] | None = None,
) -> rulebook.Rulebook:
    """The rulebook of a config, its watch lists included, and what people watch. ``kept``: what the last load left.
    ``drafts``: files that count besides, each alone in a folder, and how messages name them. Raises ``ConfigError``."""
    known = kept or Kept()
    wanted = list_sources(config.watchlists)
    lists, warnings = name_lists(shelf_of(config), wanted, config.file, known)
    extra = tuple(watches.rules_of(watched))
    extra_folders = [path.parent for path in drafts or ()]

    def load(added: Sequence[Source]) -> rulebook.Rulebook:
        return rulebook.load(
            [*config.folders.rules, *extra_folders],
            source_folders=[*config.folders.sources, *extra_folders],
            ruleless=config.folders.ruleless,
            channels=config.channels.keys(),
            model=config.ner_model,
            named=config.named,
            watch_lists=lists,
            alias=drafts,
            extra_rules=extra,
            more_sources=tuple(sources_of(wanted).values()),
            added=added,
            kept=known,
        )

    try:
        book = load(())
    except ConfigError as error:
        added = _added(config) if any(p.code in _OF_SOURCES for p in error.problems) else ()
        if not added:
            raise
        book = load(added)
    tags = frozenset(tag for rule in book.ruleset.rules for tag in rule.tags)
    named = frozenset(name for rule in book.ruleset.rules for name in rule.channels)
    own = (
        *_without_contact(config, book),
        *_without_charts(config),
        *_without_sources(config, book),
        *config.named.unknown_sources(book.sources),
        *config.loose_ends(tags, named),
    )
    return replace(book, warnings=(*warnings, *book.warnings, *own))


def _without_contact(config: Config, book: rulebook.Rulebook) -> Iterable[Problem]:
    """A warning where a service is asked that turns away whoever does not say whom to reach."""
    asked = [s.id for s in book.sources.values() if s.enabled and s.kind in _WANT_CONTACT]
    if asked and not config.contact:
        text = f"contact: is not set, and {asked[0]!r} is refused without it; add contact: news-bot@example.org"
        yield Problem(config.file, 0, 0, text, "no-contact", Level.WARNING)


def _without_sources(config: Config, book: rulebook.Rulebook) -> Iterable[Problem]:
    """A warning where only what is the user's own is polled, and there is none yet."""
    if config.folders.rules != config.folders.sources and not any(s.enabled for s in book.sources.values()):
        if any(s.enabled for s in _added(config)):
            return
        text = "rules: names shipped-rules, which come without sources, and there are no others: nothing is polled; "
        text += "add some to rules/sources.yaml, or by `wirewatch sources add`"
        yield Problem(config.file, 0, 0, text, "no-sources", Level.WARNING)


def _without_charts(config: Config) -> Iterable[Problem]:
    """A warning where a summary should be followed by a chart and none can be drawn: it would be missed in silence."""
    if find_spec("matplotlib") is not None:
        return
    for name, one in config.summaries.items():
        if one.chart and any(config.channels[to].kind in _TAKE_PICTURES for to in one.to):
            text = f"summaries.{name}: no chart can follow it, since charts need matplotlib; {how_to_add('charts')}"
            yield Problem(config.file, 0, 0, f"{text}, or write chart: false", "missing-extra", Level.WARNING)


_TAKE_PICTURES = frozenset({"slack", "discord"})
_WANT_CONTACT = frozenset({"edgar"})  # sec.gov, "Accessing EDGAR data": the User-Agent names whom to reach
_OF_SOURCES = frozenset({"unknown-source", "unknown-tag"})


def _added(config: Config) -> Sequence[Source]:
    """The sources that commands added; none where there is no store yet. Looked for only where a rule names a source or
    a tag that no file has, since the store is slow to import."""
    from bot.store.sql import SqlStore

    store = SqlStore(config.store.reveal())
    try:
        store.open()
        return store.chat_sources()
    except StoreError:
        return ()
    finally:
        store.close()


def shelf_of(config: Config) -> Shelf:
    """Where the downloaded watch lists are."""
    return Shelf(folder_for(config.store.reveal(), config.file))
