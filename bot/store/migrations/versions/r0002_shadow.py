"""What shadow rules found: counted and kept, never posted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shadow_matches",
        sa.Column("article_id", _ID, autoincrement=False, nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "rule_id"),
    )
    op.create_index("ix_shadow_matches_rule", "shadow_matches", ["rule_id", "created_at"], unique=False)
    op.create_index("ix_shadow_matches_created_at", "shadow_matches", ["created_at"], unique=False)
    op.create_index("ix_matches_created_at", "matches", ["created_at"], unique=False)
