"""Articles with their stories, alerts and matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bot.articles.identity import Name
from bot.follow.novelty import Facts
from bot.follow.thread import Marks
from bot.model import Alert, Article, Evidence, TextFrom
from bot.store.articles_port import StoredStory
from bot.store.codec import decode, encode
from bot.store.queries import pairs
from bot.store.queries.dialect import among, both_among, chunks, insert_new, listed
from bot.store.schema import (
    alerts,
    articles,
    deliveries,
    delivery_alerts,
    forgotten,
    matches,
    storable,
    story_articles,
)

_STRINGS = tuple[str, ...]


def key_mark(key: str) -> int:
    """What is kept of an article's key after its purge: 64 bits, signed as SQLite and Postgres want them."""
    return _mark("key", storable(key))


def guid_mark(source_id: str, guid: str) -> int:
    """The same for a guid, which is unique only within its source."""
    return _mark("guid", storable(source_id), storable(guid))


def _mark(*parts: str) -> int:
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big", signed=True)


_KEYS = select(articles.c.key).where(among(articles.c.key, "keys"))
_GUIDS = select(articles.c.source_id, articles.c.guid).where(both_among(articles.c.source_id, articles.c.guid, "names"))
_GONE = select(forgotten.c.mark).where(among(forgotten.c.mark, "marks"))


def known_keys(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Which of the keys are stored, or were and have been purged."""
    marks = {key: key_mark(key) for key in keys if key}
    if not marks:
        return set()
    stored = set(connection.scalars(_KEYS, {"keys": listed(map(storable, marks))}))
    gone = _gone(connection, marks.values())
    return {key for key, mark in marks.items() if mark in gone or storable(key) in stored}


def known_guids(connection: Connection, guids: Iterable[Name]) -> set[Name]:
    """The same for guids, each with its source."""
    marks = {name: guid_mark(*name) for name in guids if name[1]}  # none is not the same as another none
    if not marks:
        return set()
    names = {(storable(name[0]), storable(name[1])) for name in marks}
    stored = {(row.source_id, row.guid) for row in connection.execute(_GUIDS, {"names": listed(names)})}
    gone = _gone(connection, marks.values())
    return {n for n, mark in marks.items() if mark in gone or (storable(n[0]), storable(n[1])) in stored}


def _gone(connection: Connection, marks: Iterable[int]) -> set[int]:
    return set(connection.scalars(_GONE, {"marks": listed(marks)}))


def insert(connection: Connection, batch: Sequence[Article]) -> dict[str, int]:
    """Write those that are not known, the first of each key. Returns key → row id of what was written, in the order of
    ``batch``."""
    known = known_keys(connection, (article.key for article in batch))
    fresh: dict[str, dict[str, object]] = {}
    for article in batch:
        if article.key not in known and article.key not in fresh:
            fresh[article.key] = to_row(article)
    if not fresh:
        return {}
    statement = insert_new(connection, articles).returning(articles.c.id, articles.c.key)
    written = {row.key: row.id for row in connection.execute(statement, list(fresh.values()))}
    new = {key: written[storable(key)] for key in fresh if storable(key) in written}
    pairs.add(connection, ((number, str(fresh[key]["title"]), str(fresh[key]["text"])) for key, number in new.items()))
    return new


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
            kept = marks.get(key, Marks())
            rows.append(
                {
                    "article_id": ids[key],
                    "story_id": story_id,
                    "reason": reason,
                    "credit": kept.credit,
                    "copied": kept.copied,
                    "facts": kept.facts.encode() if kept.facts else "",
                    "countries": " ".join(kept.countries),
                }
            )
    if rows:
        connection.execute(story_articles.insert(), rows)


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
        insertion = insert_new(connection, alerts).values(_alert_row(alert, article_id)).returning(alerts.c.id)
        added = connection.execute(insertion).scalar() is not None
        if not added:  # an edit of its article may have made more rules fire, and graver ones
            same = (alerts.c.id == alert.id) & (alerts.c.article_id == article_id)
            graver = update(alerts).where(same, alerts.c.severity < int(alert.severity))
            connection.execute(graver.values(severity=int(alert.severity)))
            added = connection.execute(select(alerts.c.id).where(same)).first() is not None
        if added and alert.matches:
            connection.execute(insert_new(connection, matches), _match_rows(alert))


def _alert_row(alert: Alert, article_id: int) -> dict[str, object]:
    return {
        "id": alert.id,
        "article_id": article_id,
        "story_id": alert.story.id,
        "severity": int(alert.severity),
        "countries": encode(_STRINGS, alert.countries),
        "created_at": alert.created_at,
    }


def _match_rows(alert: Alert) -> list[dict[str, object]]:
    return [
        {
            "alert_id": alert.id,
            "rule_id": match.rule_id,
            "title": match.title,
            "severity": int(match.severity),
            "tags": encode(_STRINGS, match.tags),
            "channels": encode(_STRINGS, match.channels),
            "evidence": encode(tuple[Evidence, ...], match.evidence),
            "created_at": alert.created_at,
        }
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
