"""Which articles are in a script that takes more than a byte a character: a search looks into their texts."""

from __future__ import annotations

from alembic import op

revision = "r0015"
down_revision = "r0014"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        where = "octet_length(title || text) > 1.5 * char_length(title || text)"
    else:
        where = "length(CAST(title || text AS BLOB)) > 1.5 * length(title || text)"
    op.execute(f"CREATE INDEX ix_articles_spaceless ON articles (id) WHERE {where}")
