"""What an alert that is held adds to a story that its channel was told before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0017"
down_revision = "r0016"


def upgrade() -> None:
    op.add_column("holds", sa.Column("adds", sa.Text()))
