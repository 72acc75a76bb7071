"""Words on sources that the operators are still to hear."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, select

from bot.roster.news import News, SourceNotice
from bot.store.columns import Micros, Words
from bot.store.schema import source_notices
from bot.store.sources_port import Poll


def add(connection: Connection, polls: Iterable[Poll]) -> None:
    """Those that these polls brought."""
    rows = [
        {"source_id": one.source_id, "news": one.news.value, "text": one.text, "at": one.at}
        for poll in polls
        for one in poll.notices
    ]
    if rows:
        connection.execute(source_notices.insert(), rows)


def waiting(connection: Connection) -> tuple[SourceNotice, ...]:
    """In the order in which they came."""
    rows = connection.execute(select(source_notices).order_by(source_notices.c.id))
    return tuple(SourceNotice(News(row.news), row.source_id, row.text, row.at) for row in rows)


_FORGET = delete(source_notices).where(
    source_notices.c.source_id == bindparam("b_source", type_=Words),
    source_notices.c.news == bindparam("b_news"),
    source_notices.c.at == bindparam("b_at", type_=Micros),
)


def forget(connection: Connection, told: Iterable[SourceNotice]) -> None:
    rows = [{"b_source": one.source_id, "b_news": one.news.value, "b_at": one.at} for one in told]
    if rows:
        connection.execute(_FORGET, rows)
