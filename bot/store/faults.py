"""What databases say when they refuse, in words for a person: which store, what is wrong, what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import StoreError

_PRIMARY = 0xFF  # an extended SQLite result code carries the primary one in its low byte

_WRITABLE = "give the user that runs Wirewatch write access to the file and its folder"
_RESTORE = "stop Wirewatch and restore a backup"

_SQLITE = {
    sqlite3.SQLITE_PERM: ("cannot be written to (permission denied)", _WRITABLE),
    sqlite3.SQLITE_READONLY: ("cannot be written to (read-only)", _WRITABLE),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", f"check that its folder exists and {_WRITABLE}"),
    sqlite3.SQLITE_BUSY: ("is locked by another program", "close whatever else has the file open, then try again"),
    sqlite3.SQLITE_LOCKED: ("is locked by another program", "close whatever else has the file open, then try again"),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "free space on its disk; nothing was half-written"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written (disk error)", "check the disk, its free space and its quota"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _RESTORE),
    sqlite3.SQLITE_NOTADB: ("is not an SQLite database", "name another file in `store:`, or restore a backup"),
    sqlite3.SQLITE_SCHEMA: ("was changed while it was in use", "start Wirewatch again"),
}

# What SQLite reports as a plain error (code 1) when the file is not as this version expects it.
_NO_TABLE = ("no such table", "no such column", "has no column")


def is_refusal(error: BaseException) -> bool:
    """Whether the database as a whole refused (disk, lock, connection), rather than one value or one statement."""
    if isinstance(error, DBAPIError):
        return isinstance(error, OperationalError | InterfaceError | InternalError) or _code(error.orig) is not None
    return isinstance(error, sqlite3.Error | PoolTimeout)


def explain(error: BaseException, place: str) -> StoreError:
    """The sentence for a refusal by the store at ``place`` (a path, or a URL without its password)."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = _code(cause)
    if code is not None:
        what, remedy = _SQLITE[code]
        return StoreError(f"store: {place} {what}; {remedy}")
    said = " ".join(str(cause).split()) or type(cause).__name__
    if any(words in said for words in _NO_TABLE):
        return StoreError(f"store: {place} does not have the tables it should ({said}); {_RESTORE}")
    if isinstance(error, PoolTimeout):
        return StoreError(f"store: all connections to {place} are in use; try again")
    return StoreError(f"store: {place} refused ({said}); check that the database is up and may be used")


def _code(error: BaseException | None) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return None
    return code & _PRIMARY if code & _PRIMARY in _SQLITE else None


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turns refusals into ``StoreError``. Bugs (a broken constraint, a wrong type) pass as they are."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, sqlite3.Error, PoolTimeout) as error:
        if not is_refusal(error):
            raise
        raise explain(error, place) from error
