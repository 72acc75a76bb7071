"""A feed's answer read as far as that hangs on nothing but its bytes: parsed, made articles, their words looked at.

Pure, and light to import: it runs in the bot as well as in a process beside it (:mod:`bot.polling.errands`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.articles.extract import articles_of
from bot.follow.wire import plain_title
from bot.model import Article, Fetched, ParsedFeed, Source
from bot.sources import kind
from bot.story.features import Features, features


@dataclass(frozen=True, slots=True)
class Read:
    """An answer that was read. ``parsed`` is without its items where these are of no more use; ``items`` is how many
    it had. ``features`` are those of each article, where they were worked out."""

    parsed: ParsedFeed
    items: int
    articles: tuple[Article, ...]
    features: tuple[Features, ...] = ()


def read(fetched: Fetched, source: Source) -> Read:
    """Read the answer to a poll of a kind that has one request for each. Raises ``SourceError``."""
    parsed = kind(source.kind).parse(fetched, source)
    return Read(parsed, len(parsed.items), articles_of(parsed, source, fetched.fetched_at) if parsed.items else ())


def read_ahead(fetched: Fetched, source: Source) -> Read:
    """The same, with the features of articles that are likely new: all where an earlier answer was known, as what that
    held is left out."""
    found = read(fetched, source)
    looked_at: tuple[Features, ...] = ()
    if fetched.known and found.parsed.skipped:
        looked_at = tuple(features_of(article) for article in found.articles)
    return Read(replace(found.parsed, items=()), found.items, found.articles, looked_at)


def features_of(article: Article) -> Features:
    """An article is put into its story without the mark of a wire before its headline."""
    return features(article.source_id, article.canonical_url, plain_title(article.title), article.text)
