"""The port between polling and the kinds of source.

A kind says what to ask for and how to read the answer; both are pure. Fetching, and with it every safety, is the
same for all of them (:mod:`bot.fetch`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.model import Fetched, ParsedFeed, Source

MAX_ITEMS = 1000  # items taken from one answer, the first ones; the longest real feed at hand has 141


@dataclass(frozen=True, slots=True)
class Request:
    """One GET that a kind wants. ``headers`` may hold secrets; they stay with the origin of ``url``."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Kind(Protocol):
    """A kind of source. A module with these two functions is one."""

    def request(self, source: Source) -> Request:
        """What to fetch for a source. Raises :class:`~bot.errors.SourceError` (``CONFIG``) on unusable options."""

    def parse(self, fetched: Fetched, source: Source, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
        """Read an answer. Raises :class:`~bot.errors.ParseError`."""
