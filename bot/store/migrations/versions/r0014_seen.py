"""What the last answer of a source held, so that the next one need be read only where it differs, also after a
restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0014"
down_revision = "r0013"


def upgrade() -> None:
    op.add_column("sources", sa.Column("seen", sa.LargeBinary()))
