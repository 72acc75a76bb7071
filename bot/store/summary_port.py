"""The part of the store's port that search and summaries read. See :mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from bot.message import Segment
from bot.model import Article, Severity
from bot.store.articles_port import Archived


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that answers a search. ``fired`` are the rules that did, by id, most severe first; ``title`` and
    ``snippet`` are the headline and the best passage of the text with what was found in them strong."""

    article: Article
    story_id: str
    fired: Mapping[str, Severity]
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class FiredLine:
    """A rule that fired, without its evidence."""

    rule_id: str
    title: str
    severity: Severity
    tags: tuple[str, ...]


class AlertLine(NamedTuple):
    """An alert without its article: what counting and ranking need. ``number`` is the article's in the archive;
    ``countries`` are codes, most mentioned first, ``rules`` the most severe first. A month has thousands: a frozen
    dataclass takes four times as long to make."""

    alert_id: str
    number: int
    story_id: str
    severity: Severity
    countries: tuple[str, ...]
    rules: tuple[FiredLine, ...]
    created_at: datetime


class FiredCount(NamedTuple):
    """How many alerts a rule fired on that name ``country`` most (empty: none), under the title that it then had."""

    rule_id: str
    title: str
    country: str
    alerts: int


class Watched(NamedTuple):
    """A watch that fired on an alert, and the delivery channels that heard of it."""

    alert_id: str
    rule_id: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoryReport:
    """An article of a story, as far as it tells who stands behind it: see :class:`bot.follow.origin.Reported`."""

    source_id: str
    url: str
    credit: str = ""
    copied: bool = False


@dataclass(frozen=True, slots=True)
class StoryLine:
    """A story as a whole, also outside a period. ``began`` is its first alert."""

    reports: tuple[StoryReport, ...]
    began: datetime


class SummaryStore(Protocol):
    """Questions of readers."""

    def search(
        self,
        query: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        source: str | None = None,
        limit: int = 10,
    ) -> tuple[Hit, ...]:
        """The articles that answer best, best first; the language is that of :mod:`bot.search`. ``since`` and
        ``until`` (exclusive) are about when an article was published. Raises :class:`bot.search.SearchError` for a
        query that asks for nothing."""
        ...

    def alert_lines(
        self, since: datetime, until: datetime, sources: Sequence[str] = (), *, rules: bool = True
    ) -> tuple[AlertLine, ...]:
        """The alerts made since then and before ``until``, on articles of any of ``sources`` where some are given;
        oldest first. Without ``rules`` those are left out, which takes a third of the time."""
        ...

    def fired_lines(self, alert_ids: Sequence[str]) -> Mapping[str, tuple[FiredLine, ...]]:
        """The rules of these alerts, by the alert's id, the most severe first."""
        ...

    def fired_counts(
        self, since: datetime, until: datetime, sources: Sequence[str] = (), *, by_country: bool = True
    ) -> tuple[FiredCount, ...]:
        """How often the rules fired in a period, as :meth:`alert_lines` would tell; the latest titles last. Not
        ``by_country``: of all countries together, for a third of the time."""
        ...

    def watched(self, since: datetime, until: datetime) -> tuple[Watched, ...]:
        """The watches that fired in a period, in no order."""
        ...

    def story_lines(self, story_ids: Sequence[str]) -> Mapping[str, StoryLine]:
        """These stories; one without a stored alert is left out."""
        ...

    def story_documents(
        self, story_ids: Sequence[str], limit: int, text_max: int
    ) -> Mapping[str, tuple[Archived, ...]]:
        """The articles of these stories, in the order in which they were stored, at most ``limit`` of each: the first
        of each outlet before its others. Texts are cut to ``text_max`` characters."""
        ...

    def archive_begins(self) -> datetime | None:
        """When the oldest stored article was fetched; ``None`` where there is none."""
        ...
