"""Deliveries that change or answer an earlier post."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("follows", sa.Text()))
    op.create_index(
        "ix_deliveries_follows",
        "deliveries",
        ["follows"],
        unique=False,
        sqlite_where=sa.text("follows IS NOT NULL"),
        postgresql_where=sa.text("follows IS NOT NULL"),
    )
