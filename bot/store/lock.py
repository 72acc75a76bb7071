"""One process for each store.

A file is locked beside an SQLite file. The kernel frees such a lock when its process ends, however it ends, so a
killed bot leaves nothing to clean up; the file itself stays, since deleting it would let two processes lock two
different files of the same name.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text

from bot.errors import StoreBusyError, StoreError


class FileLock:
    """``flock`` on ``path``. Unlike a POSIX record lock it also holds against a second store in this process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def acquire(self) -> None:
        """Raises ``StoreBusyError`` with the holder's process id; ``StoreError`` where the file cannot be made."""
        if self._fd is not None:
            return
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"store: cannot create the lock file {self._path} ({error.strerror}); "
                "give the user that runs Wirewatch write access to its folder"
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError as error:
            pid = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            os.close(fd)
            raise StoreBusyError(
                f"store: another Wirewatch (process {pid or 'unknown'}) is running on {self._path.with_suffix('')}; "
                "stop it first, or give this one its own `store:`"
            ) from error
        except OSError as error:
            os.close(fd)
            raise StoreError(
                f"store: cannot lock {self._path} ({error.strerror}); free space on its disk, "
                "or keep the store on a local file system"
            ) from error
        self._fd = fd

    def holder(self) -> str | None:
        """Which process holds it, such as ``process 4711``; ``None`` if none does. Makes no file."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"store: cannot read the lock file {self._path} ({error.strerror})") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # free again within microseconds
        except BlockingIOError:
            pid = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            return f"process {pid or 'unknown'}"
        finally:
            os.close(fd)
        return None

    def release(self) -> None:
        if self._fd is None:
            return
        with suppress(OSError):  # a full disk must not keep the lock alive
            os.ftruncate(self._fd, 0)
        os.close(self._fd)
        self._fd = None


class AdvisoryLock:
    """A Postgres advisory lock, held by a connection of its own and freed by the server when that ends."""

    KEY = 0x57495245_57415443  # "WIREWATC": any fixed number that no other program uses by chance

    def __init__(self, engine: Engine, label: str) -> None:
        self._engine = engine
        self._label = label
        self._connection: Connection | None = None

    def acquire(self) -> None:
        """Raises ``StoreBusyError`` with the server's process id for the holder's connection."""
        if self._connection is not None:
            return
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.execute(select(func.pg_try_advisory_lock(self.KEY))).scalar():
            self._connection = connection
            return
        connection.close()
        raise StoreBusyError(
            f"store: another Wirewatch ({self.holder() or 'database connection unknown'}) is running on {self._label}; "
            "stop it first, or give this one its own `store:`"
        )

    def holder(self) -> str | None:
        """Which connection holds it, such as ``database connection 4711``; ``None`` if none does."""
        with self._engine.connect() as connection:
            found = connection.execute(
                text(
                    "SELECT pid FROM pg_locks "
                    "WHERE locktype = 'advisory' AND classid = :high AND objid = :low AND granted "
                    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                ),
                {"high": self.KEY >> 32, "low": self.KEY & 0xFFFFFFFF},
            ).scalar()
        return None if found is None else f"database connection {found}"

    def release(self) -> None:
        if self._connection is None:
            return
        # Back in the pool the session, and with it the lock, would live on.
        self._connection.invalidate()
        self._connection.close()
        self._connection = None
