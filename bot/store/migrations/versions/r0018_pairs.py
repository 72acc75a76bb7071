"""An index of two characters in a row, for searches in scripts without spaces. Postgres looks into the texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.queries import pairs
from bot.store.schema import PAIRS_TABLE, SPACELESS

revision = "r0018"
down_revision = "r0017"

_AT_ONCE = 500  # articles


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        return
    # Which articles, and nothing else: half as large as with places, and what is found is looked into anyhow. Every
    # character beyond ASCII belongs to a token, vowel signs too.
    op.execute(f"CREATE VIRTUAL TABLE {PAIRS_TABLE} USING fts5(pairs, content='', detail=none, tokenize='ascii')")
    op.execute(f"INSERT INTO {PAIRS_TABLE} ({PAIRS_TABLE}, rank) VALUES ('pgsz', 8192)")
    op.execute(f"INSERT INTO {PAIRS_TABLE} ({PAIRS_TABLE}, rank) VALUES ('automerge', 8)")
    stored = sa.text(
        f"SELECT id, title, text FROM articles WHERE {SPACELESS['sqlite'].text} AND id > :after ORDER BY id LIMIT :most"
    )
    last = 0
    while rows := connection.execute(stored, {"after": last, "most": _AT_ONCE}).all():
        pairs.add(connection, [(row.id, row.title, row.text) for row in rows])
        last = rows[-1].id
