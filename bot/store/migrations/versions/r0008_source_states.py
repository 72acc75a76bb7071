"""The states of sources, since when and why; their history; what a poll leaves for the next one."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("host", sa.Text(), nullable=False, server_default=""),
        sa.Column("state", sa.Text(), nullable=False, server_default="new"),
        sa.Column("state_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("state_since", sa.BigInteger()),
        sa.Column("interval_s", sa.Float()),
        sa.Column("interval_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("url_in_use", sa.Text(), nullable=False, server_default=""),
        sa.Column("memory", sa.Text()),
    ):
        op.add_column("sources", column)
    op.create_index("ix_sources_host", "sources", ["host"], unique=False)
    op.create_table(
        "source_states",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_source_states_source", "source_states", ["source_id", "ended_at"], unique=False)
    op.create_index("ix_source_states_ended_at", "source_states", ["ended_at"], unique=False)
    _carry_over()


def _carry_over() -> None:
    """What the last poll said becomes the state; the host of each address is worked out."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, url, failures, last_poll_at, last_error FROM sources")).all()
    known = [
        {
            "id": row.id,
            "host": _host(row.url),
            "state": "new" if row.last_poll_at is None else "failing" if row.failures else "ok",
            "reason": row.last_error if row.failures else "",
            "since": row.last_poll_at,
        }
        for row in rows
    ]
    if known:
        connection.execute(
            sa.text(
                "UPDATE sources SET host = :host, state = :state, state_reason = :reason, state_since = :since "
                "WHERE id = :id"
            ),
            known,
        )
    failing = [row for row in known if row["state"] == "failing"]
    if failing:
        connection.execute(
            sa.text(
                "INSERT INTO source_states (source_id, state, reason, began_at) VALUES (:id, :state, :reason, :since)"
            ),
            failing,
        )


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
