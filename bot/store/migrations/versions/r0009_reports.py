"""Of each article of a story: who it is by, whether it is a copy, what it says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"


def upgrade() -> None:
    op.add_column("story_articles", sa.Column("credit", sa.Text()))
    op.add_column("story_articles", sa.Column("copied", sa.Boolean()))
    op.add_column("story_articles", sa.Column("facts", sa.Text()))
