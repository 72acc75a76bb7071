"""Articles with their stories, alerts and matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, cast, null, select, union_all, update

from bot.articles.identity import Name
from bot.follow.novelty import Facts
from bot.follow.thread import NO_MARKS, Marks
from bot.model import Alert, Article, Evidence, TextFrom
from bot.store.articles_port import StoredStory
from bot.store.codec import decode, encode
from bot.store.columns import storable, to_micros
from bot.store.queries import pairs
from bot.store.queries.dialect import among, both_among, chunks, listed
from bot.store.queries.prepared import NewRows, Prepared
from bot.store.schema import alerts, articles, deliveries, delivery_alerts, forgotten, matches, story_articles

_STRINGS = tuple[str, ...]


def key_mark(key: str) -> int:
    """What is kept of an article's key after its purge: 64 bits, signed as SQLite and Postgres want them."""
    return _mark("key", storable(key))


def guid_mark(source_id: str, guid: str) -> int:
    """The same for a guid, which is unique only within its source."""
    return _mark("guid", storable(source_id), storable(guid))


def _mark(*parts: str) -> int:
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big", signed=True)


_KNOWN = Prepared(
    union_all(
        select(null(), articles.c.key, cast(null(), BigInteger)).where(among(articles.c.key, "keys")),
        select(articles.c.source_id, articles.c.guid, cast(null(), BigInteger)).where(
            both_among(articles.c.source_id, articles.c.guid, "names")
        ),
        select(null(), null(), forgotten.c.mark).where(among(forgotten.c.mark, "marks")),
    ),
    *("keys", "names", "marks"),
)


def known(connection: Connection, keys: Iterable[str], guids: Iterable[Name]) -> tuple[set[str], set[Name]]:
    """Which of the keys, and of the guids with their sources, are stored, or were and have been purged."""
    key_marks = {key: key_mark(key) for key in keys if key}
    guid_marks = {name: guid_mark(*name) for name in guids if name[1]}  # none is not the same as another none
    if not key_marks and not guid_marks:
        return set(), set()
    stored, gone = set[tuple[str | None, str]](), set[int]()
    rows = _KNOWN.ask(
        connection,
        listed(map(storable, key_marks)),
        listed({(storable(source_id), storable(guid)) for source_id, guid in guid_marks}),
        listed([*key_marks.values(), *guid_marks.values()]),
    )
    for source_id, name, mark in rows:
        if mark is None:
            stored.add((source_id, name))
        else:
            gone.add(mark)
    return (
        {key for key, mark in key_marks.items() if mark in gone or (None, storable(key)) in stored},
        {n for n, mark in guid_marks.items() if mark in gone or (storable(n[0]), storable(n[1])) in stored},
    )


def known_keys(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Which of the keys are stored, or were and have been purged."""
    return known(connection, keys, ())[0]


_PURGED = Prepared(select(forgotten.c.mark).where(among(forgotten.c.mark, "marks")), "marks")


def _purged(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Which of the keys were stored and are no more."""
    marks = {key_mark(key): key for key in keys if key}
    return {marks[mark] for (mark,) in _PURGED.ask(connection, listed(marks))} if marks else set()


_INSERT = NewRows(articles, [c for c in articles.c if c is not articles.c.id], [articles.c.id, articles.c.key])


def insert(connection: Connection, batch: Sequence[Article]) -> dict[str, int]:
    """Write those that are not known, the first of each key. Returns key → row id of what was written, in the order of
    ``batch``."""
    gone = _purged(connection, (article.key for article in batch))
    fresh: dict[str, Article] = {}
    for article in batch:
        if article.key not in gone:  # one that is stored is passed over by the statement
            fresh.setdefault(article.key, article)
    if not fresh:
        return {}
    written = {key: number for number, key in _INSERT.write(connection, list(map(_values, fresh.values())))}
    new = {key: written[storable(key)] for key in fresh if storable(key) in written}
    pairs.add(connection, ((number, fresh[key].title, fresh[key].text) for key, number in new.items()))
    return new


def _values(article: Article) -> tuple[object, ...]:
    """All columns but the number, in their order."""
    return (
        storable(article.key),
        storable(article.source_id),
        storable(article.guid),
        storable(article.url),
        storable(article.canonical_url),
        storable(article.content_hash),
        storable(article.title),
        storable(article.text),
        to_micros(article.published),
        to_micros(article.fetched_at),
        article.dated,
        storable(article.author),
        None if article.lang is None else storable(article.lang),
        storable(article.image),
        storable(article.source_name),
        _often(article.source_tags),
        article.text_from.value,
        storable(article.text_note),
    )


@lru_cache(maxsize=1000)
def _often(words: tuple[str, ...]) -> str:
    """Tags and channels, which a source or rule gives to all that is of it."""
    return encode(_STRINGS, words)


def to_row(article: Article) -> dict[str, object]:
    """All columns but the number."""
    return {
        "key": article.key,
        "source_id": article.source_id,
        "guid": article.guid,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "content_hash": article.content_hash,
        "title": article.title,
        "text": article.text,
        "published": article.published,
        "fetched_at": article.fetched_at,
        "dated": article.dated,
        "author": article.author,
        "lang": article.lang,
        "image": article.image,
        "source_name": article.source_name,
        "source_tags": encode(_STRINGS, article.source_tags),
        "text_from": article.text_from.value,
        "text_note": article.text_note,
    }


_INSERT_STORY = Prepared(story_articles.insert(), *(column.name for column in story_articles.c))


def insert_stories(
    connection: Connection,
    stories: Mapping[str, tuple[str, str]],
    marks: Mapping[str, Marks],
    ids: Mapping[str, int],
) -> None:
    """Note to which story each of the new articles belongs, and what is kept of it there."""
    rows = []
    for key, (story_id, reason) in stories.items():
        if key in ids:
            kept = marks.get(key, NO_MARKS)
            facts = storable(kept.facts.encode()) if kept.facts else ""
            countries = " ".join(kept.countries)
            rows.append((ids[key], storable(story_id), storable(reason), kept.credit, kept.copied, countries, facts))
    if rows:
        _INSERT_STORY.write(connection, rows)


def add_facts(connection: Connection, marks: Mapping[str, Marks], new: Mapping[str, int]) -> None:
    """What edited articles say now, besides what they said before."""
    for key, kept in marks.items():
        if key in new or not kept.facts:
            continue
        of_article = select(articles.c.id).where(articles.c.key == storable(key)).scalar_subquery()
        row = story_articles.c.article_id == of_article
        before = connection.execute(select(story_articles.c.facts).where(row)).scalar()
        facts = Facts.decode(before or "") | kept.facts
        connection.execute(update(story_articles).where(row).values(facts=facts.encode()))


_INSERT_ALERT = NewRows(alerts, [*alerts.c], [alerts.c.id])
_INSERT_MATCHES = NewRows(matches, [*matches.c], [matches.c.rule_id])


def insert_alerts(connection: Connection, batch: Sequence[Alert], new: Mapping[str, int]) -> None:
    """Write alerts on stored articles, with their matches; one for each article, and an id once. An alert on an
    article that was purged is passed over. ``new`` maps the keys of articles just written to their row ids."""
    ids = {storable(key): row_id for key, row_id in new.items()}
    absent = [storable(alert.article.key) for alert in batch if storable(alert.article.key) not in ids]
    for part in chunks(absent):
        for row in connection.execute(select(articles.c.id, articles.c.key).where(articles.c.key.in_(part))):
            ids[row.key] = row.id
    for alert in batch:
        article_id = ids.get(storable(alert.article.key))
        if article_id is None:
            if known_keys(connection, [alert.article.key]):
                continue
            raise ValueError(f"alert {alert.id} is about article {alert.article.key}, which is not stored")
        added = bool(_INSERT_ALERT.write(connection, [_alert_values(alert, article_id)]))
        if not added:  # an edit of its article may have made more rules fire, and graver ones
            same = (alerts.c.id == alert.id) & (alerts.c.article_id == article_id)
            graver = update(alerts).where(same, alerts.c.severity < int(alert.severity))
            connection.execute(graver.values(severity=int(alert.severity)))
            added = connection.execute(select(alerts.c.id).where(same)).first() is not None
        if added and alert.matches:
            _INSERT_MATCHES.write(connection, _match_values(alert))


def _alert_values(alert: Alert, article_id: int) -> tuple[object, ...]:
    """All columns, in their order."""
    return (
        storable(alert.id),
        article_id,
        storable(alert.story.id),
        int(alert.severity),
        encode(_STRINGS, alert.countries),
        to_micros(alert.created_at),
    )


def _match_values(alert: Alert) -> list[tuple[object, ...]]:
    """All columns, in their order."""
    return [
        (
            storable(alert.id),
            storable(match.rule_id),
            storable(match.title),
            int(match.severity),
            _often(match.tags),
            _often(match.channels),
            encode(tuple[Evidence, ...], match.evidence),
            to_micros(alert.created_at),
        )
        for match in alert.matches
    ]


def from_row(row: Row[Any]) -> Article:
    """A row that holds at least all columns of ``articles``."""
    fields = {column.name: row._mapping[column] for column in articles.c if column.name != "id"}
    fields["source_tags"] = decode(_STRINGS, fields["source_tags"])
    fields["text_from"] = TextFrom(fields["text_from"])
    return Article(**fields)


def recent_stories(connection: Connection, since: datetime) -> tuple[StoredStory, ...]:
    """Articles fetched since then that belong to a story, in the order in which they came."""
    recent = connection.execute(select(alerts.c.id, alerts.c.article_id).where(alerts.c.created_at >= since)).all()
    article_of = {row.id: row.article_id for row in recent}
    heard: dict[int, set[str]] = {}
    for part in chunks(list(article_of)):
        told = connection.execute(
            select(delivery_alerts.c.alert_id, deliveries.c.channel)
            .join_from(delivery_alerts, deliveries, deliveries.c.id == delivery_alerts.c.delivery_id)
            .where(delivery_alerts.c.alert_id.in_(part))
        )
        for alert_id, channel in told:
            heard.setdefault(article_of[alert_id], set()).add(channel)
    rows = connection.execute(
        select(
            articles.c.id,
            story_articles.c.story_id,
            articles.c.key,
            articles.c.canonical_url,
            articles.c.content_hash,
            articles.c.title,
            articles.c.text,
            articles.c.published,
            articles.c.fetched_at,
            articles.c.source_id,
            story_articles.c.countries,
        )
        .join_from(articles, story_articles, story_articles.c.article_id == articles.c.id)
        .where(articles.c.fetched_at >= since)
        .order_by(articles.c.fetched_at, articles.c.id)
    )
    return tuple(
        StoredStory(
            story_id=row.story_id,
            article_key=row.key,
            canonical_url=row.canonical_url,
            content_hash=row.content_hash,
            title=row.title,
            text=row.text,
            published=row.published,
            fetched_at=row.fetched_at,
            source_id=row.source_id,
            channels=frozenset(heard.get(row.id, ())),
            countries=tuple((row.countries or "").split()),
        )
        for row in rows
    )
