"""The kinds of source, by name. A kind is one module (see :class:`~bot.sources.base.Kind`) and one line here.

Kinds are imported when they are first asked for: the parsers behind them are slow to import, and most commands do
not parse anything.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bot.sources.base import Kind

_MODULES = {
    "feed": "bot.sources.feed",
}

# Kinds that sources.yaml cannot ask for, since something else brings the source.
_INTERNAL = {"list_change": "bot.sources.list_change"}

KINDS: frozenset[str] = frozenset(_MODULES)
"""The names that ``kind:`` may have in a source."""


def kind(name: str) -> Kind:
    """The kind of that name. Raises ``KeyError``: config checks names against :data:`KINDS` beforehand."""
    return cast("Kind", import_module(_MODULES.get(name) or _INTERNAL[name]))
