"""A feed's answer read as far as that hangs on nothing but its bytes: parsed, made articles, their words looked at.

Pure, and light to import: it runs in the bot as well as in a process of its own (:mod:`bot.polling.readers`).
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.articles.extract import articles_of
from bot.follow.wire import plain_title
from bot.model import Article, Fetched, ParsedFeed, Source
from bot.sources import kind
from bot.story.features import Features, features

LENGTH = struct.Struct("<I")
"""Bytes of what follows, before each message between the two processes."""

Work = tuple[Fetched, Source]


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
    return replace(found, parsed=replace(found.parsed, items=()), features=looked_at)


def features_of(article: Article) -> Features:
    """An article is put into its story without the mark of a wire before its headline."""
    return features(article.source_id, article.canonical_url, plain_title(article.title), article.text)


# -- between two processes ------------------------------------------------------------------------------------------


def packed(message: object) -> bytes:
    """A message with its length before it."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


def answered(group: Sequence[Work]) -> bytes:
    """What became of each piece of work, as a message: ``None`` in the place of what raised something. Whoever asked
    does that again and sees for himself."""
    done: list[Read | None] = []
    for fetched, source in group:
        try:
            done.append(read_ahead(fetched, source))
        except Exception:  # noqa: BLE001 - raised once more where it is of use
            done.append(None)
    return packed(done)
