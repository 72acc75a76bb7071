"""What a period brought: alerts without their articles, stories, and the texts of a few of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, func, select

from bot.model import Article, Severity
from bot.store.codec import decode
from bot.store.queries.dialect import chunks
from bot.store.schema import Micros, alerts, articles, matches, storable, story_articles
from bot.store.summary_port import AlertLine, FiredLine, StoryLine

_STRINGS = tuple[str, ...]
COPIED = ("same text", "same link", "nearly the same text")  # how bot.story begins its reason for a repeated text


@lru_cache(maxsize=4096)
def _strings(text: str) -> tuple[str, ...]:
    """A stored array; few differ, and a month holds thousands."""
    return decode(_STRINGS, text)


def alert_lines(connection: Connection, since: datetime, until: datetime) -> tuple[AlertLine, ...]:
    within = (alerts.c.created_at >= since, alerts.c.created_at < until)
    fired: dict[str, list[FiredLine]] = defaultdict(list)
    for row in connection.execute(
        select(matches.c.alert_id, matches.c.rule_id, matches.c.title, matches.c.severity, matches.c.tags)
        .where(matches.c.created_at >= since, matches.c.created_at < until)
        .order_by(matches.c.created_at)
    ):
        fired[row.alert_id].append(FiredLine(row.rule_id, row.title, Severity(row.severity), _strings(row.tags)))
    rows = connection.execute(
        select(
            alerts.c.id,
            alerts.c.story_id,
            alerts.c.severity,
            alerts.c.countries,
            alerts.c.created_at,
            articles.c.key,
            articles.c.source_id,
        )
        .join_from(alerts, articles, articles.c.id == alerts.c.article_id)
        .where(*within)
        .order_by(alerts.c.created_at, alerts.c.id)
    )
    return tuple(
        AlertLine(
            alert_id=row.id,
            article_key=row.key,
            source_id=row.source_id,
            story_id=row.story_id,
            severity=Severity(row.severity),
            countries=_strings(row.countries),
            rules=tuple(sorted(fired.get(row.id, ()), key=lambda line: (-line.severity, line.rule_id))),
            created_at=row.created_at,
        )
        for row in rows
    )


def story_lines(connection: Connection, story_ids: Sequence[str]) -> Mapping[str, StoryLine]:
    ids = sorted({storable(story_id) for story_id in story_ids})
    began: dict[str, datetime] = {}
    sources: dict[str, dict[str, bool]] = defaultdict(dict)  # outlet -> whether all it has are copies
    for part in chunks(ids):
        first = select(alerts.c.story_id, func.min(alerts.c.created_at, type_=Micros).label("began"))
        for row in connection.execute(first.where(alerts.c.story_id.in_(part)).group_by(alerts.c.story_id)):
            began[row.story_id] = row.began
        members = (
            select(story_articles.c.story_id, story_articles.c.reason, articles.c.source_id)
            .join_from(story_articles, articles, articles.c.id == story_articles.c.article_id)
            .where(story_articles.c.story_id.in_(part))
            .order_by(story_articles.c.article_id)
        )
        for member in connection.execute(members):
            copied = member.reason.startswith(COPIED)
            of_story = sources[member.story_id]
            of_story[member.source_id] = copied and of_story.get(member.source_id, True)
    return {
        story_id: StoryLine(
            tuple(sources[story_id]),
            frozenset(source for source, copied in sources[story_id].items() if copied),
            at,
        )
        for story_id, at in began.items()
    }


def story_documents(
    connection: Connection, story_ids: Sequence[str], limit: int, text_max: int
) -> Mapping[str, tuple[Article, ...]]:
    ids = sorted({storable(story_id) for story_id in story_ids})
    members: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for part in chunks(ids):
        for row in connection.execute(
            select(story_articles.c.story_id, story_articles.c.article_id, articles.c.source_id)
            .join_from(story_articles, articles, articles.c.id == story_articles.c.article_id)
            .where(story_articles.c.story_id.in_(part))
            .order_by(story_articles.c.article_id)
        ):
            members[row.story_id].append((row.article_id, row.source_id))
    wanted = {story_id: _spread(rows, limit) for story_id, rows in members.items()}
    found: dict[int, Article] = {}
    for some in chunks(sorted({article_id for taken in wanted.values() for article_id in taken})):
        for text in connection.execute(
            select(
                articles.c.id,
                articles.c.key,
                articles.c.source_id,
                articles.c.guid,
                articles.c.url,
                articles.c.title,
                func.substr(articles.c.text, 1, text_max).label("text"),
                articles.c.published,
                articles.c.fetched_at,
                articles.c.dated,
                articles.c.canonical_url,
                articles.c.lang,
                articles.c.source_name,
            ).where(articles.c.id.in_(some))
        ):
            fields = dict(text._mapping)
            article_id = fields.pop("id")
            found[article_id] = Article(**fields)
    return {story_id: tuple(found[article_id] for article_id in taken) for story_id, taken in wanted.items()}


def _spread(rows: Sequence[tuple[int, str]], limit: int) -> list[int]:
    """The first article of each outlet, then the second of each, up to ``limit``; in the order of the store."""
    turns: dict[str, int] = defaultdict(int)
    ranked: list[tuple[int, int]] = []
    for article_id, source_id in rows:
        ranked.append((turns[source_id], article_id))
        turns[source_id] += 1
    return sorted(article_id for _, article_id in sorted(ranked)[:limit])


def archive_begins(connection: Connection) -> datetime | None:
    return connection.execute(select(func.min(articles.c.fetched_at, type_=Micros))).scalar()
