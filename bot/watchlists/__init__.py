"""Watch lists: the sanctions lists of governments, downloaded, checked, kept, and matched like any other names.

::

    refresh ── Fetcher ─→ files ── a format ─→ WatchEntry … ── Shelf ─→ expand_entry ─→ NameList ─→ rules
                                                    └── difference ─→ items of kind list_change

:mod:`~bot.watchlists.base` has the internal form and the port; a format is one module and one line here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bot.watchlists.base import Format

_MODULES = {
    "ofac_xml": "bot.watchlists.ofac_xml",
    "ofac_csv": "bot.watchlists.ofac_csv",
    "un_xml": "bot.watchlists.un_xml",
    "eu_xml": "bot.watchlists.eu_xml",
    "uk_csv": "bot.watchlists.uk",
    "uk_ods": "bot.watchlists.uk_ods",
    "uk_xml": "bot.watchlists.uk_xml",
    "opensanctions_csv": "bot.watchlists.opensanctions",
    "ftm_json": "bot.watchlists.followthemoney",
}

KINDS: frozenset[str] = frozenset(_MODULES)
"""The names that ``kind:`` may have in a watch list."""


def format_of(kind: str) -> Format:
    """The format of that name. Raises ``KeyError``: config checks names against :data:`KINDS` beforehand."""
    return cast("Format", import_module(_MODULES[kind]))
