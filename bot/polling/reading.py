"""A feed's answer read as far as that hangs on nothing but its bytes: parsed, made articles, their words looked at.

Pure, and light to import: it runs in the bot as well as in a process of its own (:mod:`bot.polling.readers`).
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from operator import attrgetter
from typing import Any

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


class _Packer(pickle.Pickler):
    """Dataclasses travel as calls with the values of their fields: what they bring for pickling looks at each field by
    its name, on both sides, and takes twice as long."""

    def reducer_override(self, obj: Any) -> Any:
        values = _values(type(obj))  # type: ignore[arg-type]  # mypy: classes have no hash
        return NotImplemented if values is None else (type(obj), values(obj))


@lru_cache
def _values(cls: type) -> Callable[[object], tuple[object, ...]] | None:
    """The values of such a dataclass in the order in which its constructor takes them; ``None`` for what is none."""
    if not is_dataclass(cls):
        return None
    known = fields(cls)
    if len(known) < 2 or any(not field.init or field.kw_only for field in known):
        return None
    found: Callable[[object], tuple[object, ...]] = attrgetter(*(field.name for field in known))
    return found


def packed(message: object) -> bytes:
    """A message with its length before it. ``pickle.loads`` reads it."""
    out = io.BytesIO(bytes(LENGTH.size))
    out.seek(LENGTH.size)
    _Packer(out, pickle.HIGHEST_PROTOCOL).dump(message)
    LENGTH.pack_into(out.getbuffer(), 0, out.tell() - LENGTH.size)
    return out.getvalue()


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
