"""One article with all that belongs to it, and articles by address."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, func, or_, select

from bot.message import DeliveryKind, Digest, Message
from bot.model import Article, Severity
from bot.record import (
    MEMBERS_MAX,
    NEAREST_MAX,
    POSTS_MAX,
    Address,
    Fired,
    Found,
    Member,
    Nearest,
    Post,
    Raised,
    Record,
)
from bot.store.codec import decode, decode_payload
from bot.store.columns import storable
from bot.store.outbox_port import Payload
from bot.store.queries.articles import from_row, guid_mark, key_mark
from bot.store.queries.dialect import chunks
from bot.store.queries.noise import match_of
from bot.store.schema import (
    alerts,
    articles,
    decisions,
    deliveries,
    delivery_alerts,
    forgotten,
    matches,
    shadow_matches,
    sources,
    story_articles,
)

_STRINGS = tuple[str, ...]
_ANSWERS = (DeliveryKind.REPLY.value, DeliveryKind.RAISE.value)
_NEIGHBOURS = 20  # addresses before and after in order of the alphabet, of which the most alike are shown


def find(connection: Connection, address: Address) -> Found:
    """Every way by which an article may be called: its address as published, its canonical one, its guid."""
    given = storable(address.given)
    listed = list(connection.scalars(select(sources.c.id)))
    same = [articles.c.url == given]
    if address.canonical:
        same.append(articles.c.canonical_url == storable(address.canonical))
    # The index on guids begins with the source.
    same += [articles.c.source_id.in_(part) & (articles.c.guid == given) for part in chunks(listed)]
    keys = connection.scalars(
        select(articles.c.key)
        .where(or_(*same, articles.c.key == given))
        .order_by(articles.c.fetched_at.desc(), articles.c.id.desc())
    )
    found = tuple(keys)
    if found:
        return Found(found)
    marks = [key_mark(address.key), *(guid_mark(source_id, given) for source_id in listed)]
    purged = any(
        connection.execute(select(forgotten.c.mark).where(forgotten.c.mark.in_(part)).limit(1)).first()
        for part in chunks(marks)
    )
    return Found((), purged, _nearest(connection, address.canonical) if address.canonical else ())


def _nearest(connection: Connection, canonical: str) -> tuple[Nearest, ...]:
    """Addresses of the same host that look most like one. The neighbours in the alphabet share its beginning."""
    host = urlsplit(canonical).netloc
    columns = (articles.c.canonical_url, articles.c.url, articles.c.title, articles.c.source_name, articles.c.source_id)
    statement = select(*columns, articles.c.fetched_at).limit(_NEIGHBOURS)
    column, sought = articles.c.canonical_url, storable(canonical)
    rows = [
        *connection.execute(statement.where(column < sought).order_by(column.desc())),
        *connection.execute(statement.where(column > sought).order_by(column)),
    ]
    same_host = [row for row in rows if urlsplit(row.canonical_url).netloc == host]
    alike = sorted(same_host, key=lambda row: -SequenceMatcher(None, canonical, row.canonical_url).ratio())
    return tuple(
        Nearest(row.url, row.title, row.source_id, row.source_name or row.source_id, row.fetched_at)
        for row in alike[:NEAREST_MAX]
    )


def read(connection: Connection, key: str) -> Record | None:
    row = connection.execute(
        select(articles, story_articles.c.story_id, story_articles.c.reason)
        .select_from(articles.outerjoin(story_articles, story_articles.c.article_id == articles.c.id))
        .where(articles.c.key == storable(key))
    ).first()
    if row is None:
        return None
    others, total = _members(connection, row.story_id, row.id) if row.story_id else ((), 0)
    return Record(
        article=from_row(row),
        story_id=row.story_id or "",
        story_reason=row.reason or "",
        members=others,
        members_total=total,
        founder=_founder(connection, row.story_id, row.id) if row.story_id else None,
        alert=_alert(connection, row.id),
        shadow=tuple(connection.scalars(select(shadow_matches.c.rule_id).where(shadow_matches.c.article_id == row.id))),
        posts=_posts(connection, row.story_id, row.id),
    )


def _members(connection: Connection, story_id: str, article_id: int) -> tuple[tuple[Member, ...], int]:
    others = story_articles.join(articles, articles.c.id == story_articles.c.article_id)
    within = (story_articles.c.story_id == story_id) & (articles.c.id != article_id)
    total = connection.execute(select(func.count()).select_from(others).where(within)).scalar_one()
    rows = connection.execute(
        select(
            articles.c.key,
            articles.c.title,
            articles.c.url,
            articles.c.source_name,
            articles.c.source_id,
            articles.c.fetched_at,
            story_articles.c.reason,
            alerts.c.id.label("alert_id"),
        )
        .select_from(others.outerjoin(alerts, alerts.c.article_id == articles.c.id))
        .where(within)
        .order_by(articles.c.id)
        .limit(MEMBERS_MAX)
    )
    found = rows.all()
    fired: dict[str, list[Fired]] = {}
    of = select(matches.c.alert_id, matches.c.rule_id, matches.c.channels).order_by(matches.c.rule_id)
    for one in connection.execute(of.where(matches.c.alert_id.in_([row.alert_id for row in found if row.alert_id]))):
        fired.setdefault(one.alert_id, []).append(Fired(one.rule_id, decode(_STRINGS, one.channels)))
    listed = tuple(
        Member(
            key=row.key,
            title=row.title,
            url=row.url,
            source=row.source_name or row.source_id,
            fetched_at=row.fetched_at,
            reason=row.reason,
            fired=tuple(fired.get(row.alert_id, ())),
        )
        for row in found
    )
    return listed, total


def _founder(connection: Connection, story_id: str, article_id: int) -> Article | None:
    row = connection.execute(
        select(articles)
        .join_from(articles, story_articles, story_articles.c.article_id == articles.c.id)
        .where(story_articles.c.story_id == story_id)
        .order_by(articles.c.id)
        .limit(1)
    ).first()
    return None if row is None or row.id == article_id else from_row(row)


def _alert(connection: Connection, article_id: int) -> Raised | None:
    row = connection.execute(select(alerts).where(alerts.c.article_id == article_id)).first()
    if row is None:
        return None
    fired = connection.execute(
        select(matches).where(matches.c.alert_id == row.id).order_by(matches.c.severity.desc(), matches.c.rule_id)
    )
    return Raised(
        id=row.id,
        severity=Severity(row.severity),
        countries=decode(_STRINGS, row.countries),
        created_at=row.created_at,
        matches=tuple(match_of(one) for one in fired),
    )


def _posts(connection: Connection, story_id: str | None, article_id: int) -> tuple[Post, ...]:
    """Deliveries about the articles of a story, oldest first; those that tell of the article itself are never left
    out: its alert, and answers in threads, which were decided at the same moment as it."""
    digest = deliveries.alias("digest")
    statement = (
        select(
            deliveries,
            alerts.c.article_id,
            alerts.c.id.label("alert_id"),
            articles.c.key.label("article_key"),
            func.coalesce(digest.c.receipt_ref, deliveries.c.receipt_ref).label("ref"),
            func.coalesce(digest.c.receipt_url, deliveries.c.receipt_url).label("link"),
            func.coalesce(digest.c.sent_at, deliveries.c.sent_at).label("sent"),
            digest.c.kind.label("digest_kind"),
            digest.c.payload.label("digest_payload"),
        )
        .select_from(
            alerts.join(articles, articles.c.id == alerts.c.article_id)
            .join(delivery_alerts, delivery_alerts.c.alert_id == alerts.c.id)
            .join(deliveries, deliveries.c.id == delivery_alerts.c.delivery_id)
            .outerjoin(digest, digest.c.id == deliveries.c.folded_into)
        )
        .order_by(deliveries.c.id)
    )
    own = connection.execute(statement.where(alerts.c.article_id == article_id)).all()
    others: list[Row[Any]] = []
    if story_id:
        within = (alerts.c.story_id == story_id) & (alerts.c.article_id != article_id)
        others = list(connection.execute(statement.where(within).limit(POSTS_MAX)))
        decided = select(decisions.c.at).where(decisions.c.article_id == article_id)
        answers = statement.where(within, deliveries.c.kind.in_(_ANSWERS), deliveries.c.created_at.in_(decided))
        others += connection.execute(answers).all()
    rows = {(row.id, row.article_id): row for row in (*own, *others)}
    return tuple(_post(rows[place]) for place in sorted(rows))


def _post(row: Row[Any]) -> Post:
    folded = row.digest_payload is not None
    payload = decode_payload(
        DeliveryKind(row.digest_kind if folded else row.kind), row.digest_payload if folded else row.payload
    )
    return Post(
        article_key=row.article_key,
        key=row.key,
        channel=row.channel,
        kind=row.kind,
        title=payload.title if isinstance(payload, Digest) else "",
        state=row.state,
        created_at=row.created_at,
        attempts=row.attempts,
        not_before=row.not_before,
        error=row.last_error,
        sent_at=row.sent,
        url=row.link or "",
        ref=row.ref or "",
        about=payload.url if isinstance(payload, Message) and row.kind in _ANSWERS else "",
        retracted=_retracted(payload, row),
    )


def _retracted(payload: Payload, row: Row[Any]) -> str:
    """Why a post shows the alert of the row's article struck through."""
    match payload:
        case Digest(lines=lines):
            return next((line.retracted for line in lines if line.alert_id == row.alert_id), "")
        case Message(retracted=why) if row.kind not in _ANSWERS:
            return why
        case _:
            return ""
