"""The kinds of source, by name. A kind is one module (see :class:`~bot.sources.base.Kind`) and one line here.

Kinds are imported when they are first asked for: the parsers behind them are slow to import, and most commands do
not parse anything. ``module:NAME`` is an object of a module that holds several kinds.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bot.sources.base import Kind
    from bot.sources.options import Options

_MODULES = {
    "feed": "bot.sources.feed",
    "sitemap": "bot.sources.sitemap",
    "page": "bot.sources.page",
    "json": "bot.sources.json_api:JSON",
    "gdelt": "bot.sources.presets.gdelt:KIND",
    "newsapi": "bot.sources.presets.newsapi:KIND",
    "guardian": "bot.sources.presets.guardian:KIND",
    "eventregistry": "bot.sources.presets.eventregistry:KIND",
    "hackernews": "bot.sources.presets.hackernews:KIND",
    "reddit": "bot.sources.presets.reddit:KIND",
    "mastodon": "bot.sources.presets.mastodon:KIND",
    "bluesky": "bot.sources.presets.bluesky:KIND",
    "edgar": "bot.sources.presets.edgar:KIND",
    "federal_register": "bot.sources.presets.federal_register:KIND",
}

# Kinds that sources.yaml cannot ask for, since something else brings the source.
_INTERNAL = {"list_change": "bot.sources.list_change"}

KINDS: frozenset[str] = frozenset(_MODULES)
"""The names that ``kind:`` may have in a source."""


@cache
def kind(name: str) -> Kind:
    """The kind of that name. Raises ``KeyError``: config checks names against :data:`KINDS` beforehand."""
    module, _, attribute = (_MODULES.get(name) or _INTERNAL[name]).partition(":")
    found = import_module(module)
    return cast("Kind", getattr(found, attribute) if attribute else found)


def options_model(name: str) -> type[Options] | None:
    """What a kind's own keys are; ``None`` if it has none. Raises ``KeyError`` as :func:`kind` does."""
    return cast("type[Options] | None", getattr(kind(name), "OPTIONS", None))
