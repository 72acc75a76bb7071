"""The part of the store's port that reads the archive: articles, stories, versions, hits. See :mod:`bot.store.base`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.articles.identity import Kept, Name
from bot.model import Article, Evidence, Revision

VERSIONS_MAX = 20  # of one article; a page that changes with every look must not fill the disk


@dataclass(frozen=True, slots=True)
class StoredStory:
    """What the story stage needs to know of an article when it starts again."""

    story_id: str
    article_key: str
    canonical_url: str
    content_hash: str
    title: str
    text: str
    published: datetime
    fetched_at: datetime
    source_id: str
    channels: frozenset[str]  # that heard of the story by this article
    countries: tuple[str, ...] = ()  # that it is about, by code


@dataclass(frozen=True, slots=True)
class Archived:
    """An article of the archive; ``number`` counts up with the order in which they were stored."""

    number: int
    article: Article


@dataclass(frozen=True, slots=True)
class RuleHits:
    """How often a rule fired on a day (UTC). ``shadow``: on trial, so nothing was posted."""

    rule_id: str
    day: date
    count: int
    shadow: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """An article that a rule fired on, and by what."""

    article: Article
    evidence: tuple[Evidence, ...]


class ArticlesStore(Protocol):
    """What is stored of articles. They are written by :meth:`~bot.store.base.Store.commit`."""

    def snapshot(self) -> AbstractContextManager[object]:
        """What a thread asks within it goes over one connection; SQLite answers it from one state of the store."""
        ...

    def known_articles(self, keys: Sequence[str], guids: Sequence[Name]) -> tuple[set[str], set[Name]]:
        """Which of the keys (over all sources) and which of the guids (each of a source) are stored, or were and have
        been purged. Empty keys and guids are never known."""
        ...

    def content_hashes(self, keys: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Source id and content hash of those that are stored, by key."""
        ...

    def namesakes(self, guids: Sequence[Name], urls: Sequence[Name], hashes: Sequence[Name]) -> tuple[Article, ...]:
        """The stored articles that have one of the guids, canonical addresses or content hashes in their source, newest
        first. Empty strings name nothing."""
        ...

    def kept(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Articles with the record of their edits, by key."""
        ...

    def recent_stories(self, since: datetime) -> tuple[StoredStory, ...]:
        """Articles published since then that belong to a story, oldest first."""
        ...

    def revisions(self, article_key: str) -> tuple[Revision, ...]:
        """The versions of an article that was edited, oldest first, the current one last; none if it never was. Of many
        versions the first and the newest are kept, :data:`VERSIONS_MAX` in all."""
        ...

    def archive(self, since: datetime, after: int, limit: int) -> tuple[Archived, ...]:
        """Articles fetched since then with a number above ``after``, in order: page by page through the archive."""
        ...

    def archive_size(self, since: datetime) -> int:
        """How many articles that is."""
        ...

    def rule_hits(self, since: datetime) -> tuple[RuleHits, ...]:
        """By rule and day."""
        ...

    def samples(self, rule_id: str, limit: int) -> tuple[Sample, ...]:
        """The newest articles that a rule fired on, live or in shadow."""
        ...
