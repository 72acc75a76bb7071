"""The history of the schema, run by alembic from inside the package: no ``alembic.ini``, no command of its own."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.schema import VERSION_TABLE

_FOLDER = Path(__file__).parent


def revisions() -> tuple[str, ...]:
    """All that this version knows, oldest first."""
    walk = ScriptDirectory(str(_FOLDER)).walk_revisions()
    return tuple(script.revision for script in walk)[::-1]


def upgrade(connection: Connection, target: str = "head") -> str:
    """Bring the schema to the newest revision (or to ``target``), inside the transaction of ``connection``.

    Returns the revision.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision() or ""
