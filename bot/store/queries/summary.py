"""What a period brought: alerts without their articles, stories, and the texts of a few of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, func, select, type_coerce

from bot.model import Article, Severity
from bot.people import WATCH_PREFIX
from bot.store.articles_port import Archived
from bot.store.codec import decode
from bot.store.columns import Micros, from_micros, storable
from bot.store.queries.dialect import among, chunks, listed
from bot.store.schema import alerts, articles, matches, story_articles
from bot.store.summary_port import AlertLine, FiredCount, FiredLine, StoryLine, StoryReport, Watched

_STRINGS = tuple[str, ...]
_FIRED = select(matches.c.alert_id, matches.c.rule_id, matches.c.title, matches.c.severity, matches.c.tags)
_SEVERITIES = {int(severity): severity for severity in Severity}  # calling the enum takes ten times as long
COPIED = ("same text", "same link", "nearly the same text")  # how bot.story begins its reason for a repeated text


@lru_cache(maxsize=4096)
def _strings(text: str) -> tuple[str, ...]:
    """A stored array; few differ, and a month holds thousands."""
    return decode(_STRINGS, text)


def alert_lines(
    connection: Connection, since: datetime, until: datetime, sources: Sequence[str], rules: bool
) -> tuple[AlertLine, ...]:
    """Rows are fetched all at once: one by one, SQLAlchemy takes three times as long over a month's."""
    made = (matches.c.created_at >= since) & (matches.c.created_at < until)
    fired = _fired(connection.execute(_FIRED.where(made)).all()) if rules else {}
    statement = (
        select(
            alerts.c.id,
            alerts.c.article_id,
            alerts.c.story_id,
            alerts.c.severity,
            alerts.c.countries,
            type_coerce(alerts.c.created_at, BigInteger),
        )
        .where(alerts.c.created_at >= since, alerts.c.created_at < until)
        .order_by(alerts.c.created_at, alerts.c.id)
    )
    if sources:
        statement = _of_sources(statement, sources)
    return tuple(
        [
            AlertLine(
                alert_id,
                number,
                story,
                _SEVERITIES[severity],
                _strings(countries),
                fired.get(alert_id, ()),
                from_micros(micros),
            )
            for alert_id, number, story, severity, countries, micros in connection.execute(statement).all()
        ]
    )


def _of_sources(statement: Select[Any], sources: Sequence[str]) -> Select[Any]:
    of = [storable(source) for source in sources]
    return statement.join(articles, articles.c.id == alerts.c.article_id).where(articles.c.source_id.in_(of))


def fired_lines(connection: Connection, alert_ids: Sequence[str]) -> Mapping[str, tuple[FiredLine, ...]]:
    wanted = _FIRED.where(among(matches.c.alert_id, "ids"))
    ids = listed(storable(alert_id) for alert_id in alert_ids)
    return _fired(connection.execute(wanted, {"ids": ids}).all())


def fired_counts(
    connection: Connection, since: datetime, until: datetime, sources: Sequence[str], by_country: bool
) -> tuple[FiredCount, ...]:
    """Countries are stored as JSON, ``["KP","RU"]``: the first code begins at its third character."""
    kinds: list[ColumnElement[str]] = [matches.c.rule_id, matches.c.title]
    if by_country:
        kinds.append(func.substr(alerts.c.countries, 3, 2))
    statement: Any = (  # how many columns it has, only the call knows
        select(func.count(), *kinds)
        .where(matches.c.created_at >= since, matches.c.created_at < until)
        .group_by(*kinds)
        .order_by(func.max(matches.c.created_at))
    )
    if by_country or sources:
        statement = statement.join_from(matches, alerts, alerts.c.id == matches.c.alert_id)
    if sources:
        statement = _of_sources(statement, sources)
    return tuple(
        FiredCount(rule_id, title, country[0] if country and country[0].isalpha() else "", count)
        for count, rule_id, title, *country in connection.execute(statement).all()
    )


def watched(connection: Connection, since: datetime, until: datetime) -> tuple[Watched, ...]:
    """Over the index on rules: of a month's thousands of matches, only those are looked at."""
    rule: ColumnElement[str] = matches.c.rule_id
    if connection.dialect.name == "postgresql":
        rule = rule.collate("C")  # others pass over the hyphen
    found = connection.execute(
        select(matches.c.alert_id, matches.c.rule_id, matches.c.channels).where(
            rule >= WATCH_PREFIX,
            rule < f"{WATCH_PREFIX}:",  # what follows the last digit
            matches.c.created_at >= since,
            matches.c.created_at < until,
        )
    ).all()
    return tuple(Watched(alert_id, rule_id, _strings(channels)) for alert_id, rule_id, channels in found)


def _fired(found: Sequence[Row[str, str, str, int, str]]) -> Mapping[str, tuple[FiredLine, ...]]:
    """Alert → the rules that fired on it. A month has thousands of matches by some dozens of rules in some hundreds of
    combinations, so each of those is made once, and what is sorted are the rules and not the matches."""
    plain = [(alert_id, (rule_id, title, severity, tags)) for alert_id, rule_id, title, severity, tags in found]
    rules = sorted({rule for _, rule in plain}, key=lambda rule: (-rule[2], rule))
    lines = [FiredLine(rule_id, title, Severity(severity), _strings(tags)) for rule_id, title, severity, tags in rules]
    places = {rule: place for place, rule in enumerate(rules)}
    by_alert: dict[str, list[int]] = {}
    for alert_id, rule in plain:
        if alert_id in by_alert:
            by_alert[alert_id].append(places[rule])
        else:
            by_alert[alert_id] = [places[rule]]
    made: dict[tuple[int, ...], tuple[FiredLine, ...]] = {}
    fired: dict[str, tuple[FiredLine, ...]] = {}
    for alert_id, some in by_alert.items():
        some.sort()
        key = tuple(some)
        if key not in made:
            made[key] = tuple([lines[place] for place in key])
        fired[alert_id] = made[key]
    return fired


def story_lines(connection: Connection, story_ids: Sequence[str]) -> Mapping[str, StoryLine]:
    first = select(alerts.c.story_id, func.min(alerts.c.created_at, type_=Micros)).group_by(alerts.c.story_id)
    members = select(
        story_articles.c.story_id,
        story_articles.c.reason,
        story_articles.c.credit,
        story_articles.c.copied,
        articles.c.source_id,
        articles.c.url,
    ).join_from(story_articles, articles, articles.c.id == story_articles.c.article_id)
    began: dict[str, datetime] = {}
    reports: dict[str, list[StoryReport]] = defaultdict(list)
    for part in chunks(sorted({storable(story_id) for story_id in story_ids})):
        for story_id, at in connection.execute(first.where(alerts.c.story_id.in_(part))).all():
            began[story_id] = at
        found = connection.execute(members.where(story_articles.c.story_id.in_(part))).all()
        for story_id, reason, credit, copied, source_id, url in found:
            repeats = bool(copied) or reason.startswith(COPIED)  # the reason: also of what was stored before marks were
            reports[story_id].append(StoryReport(source_id, url, credit or "", repeats))
    return {story_id: StoryLine(tuple(reports.get(story_id, ())), at) for story_id, at in began.items()}


def story_documents(
    connection: Connection, story_ids: Sequence[str], limit: int, text_max: int
) -> Mapping[str, tuple[Archived, ...]]:
    members: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for part in chunks(sorted({storable(story_id) for story_id in story_ids})):
        for story_id, number, source_id in connection.execute(
            select(story_articles.c.story_id, story_articles.c.article_id, articles.c.source_id)
            .join_from(story_articles, articles, articles.c.id == story_articles.c.article_id)
            .where(story_articles.c.story_id.in_(part))
            .order_by(story_articles.c.article_id)
        ).all():
            members[story_id].append((number, source_id))
    wanted = {story_id: _spread(rows, limit) for story_id, rows in members.items()}
    found: dict[int, Archived] = {}
    for some in chunks(sorted({number for taken in wanted.values() for number in taken})):
        for row in connection.execute(
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
                articles.c.author,
            ).where(articles.c.id.in_(some))
        ).all():
            fields = dict(row._mapping)
            number = fields.pop("id")
            found[number] = Archived(number, Article(**fields))
    return {story_id: tuple(found[number] for number in taken) for story_id, taken in wanted.items()}


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
