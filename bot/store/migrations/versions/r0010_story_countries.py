"""The countries that an article of a story is about: what is about others belongs elsewhere, also after a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0010"
down_revision = "r0009"


def upgrade() -> None:
    op.add_column("story_articles", sa.Column("countries", sa.Text()))
