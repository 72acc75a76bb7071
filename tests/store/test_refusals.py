"""What a person reads when an SQLite store cannot be used: which file, what is wrong, what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from bot.errors import StoreError
from bot.store import migrations
from bot.store.schema import REVISION
from bot.store.sql import SqlStore
from tests.store.samples import T0, article, batch, minutes, notice_delivery, source

NOBODY = 65534  # a user id without rights, by long custom


def make(file: Path) -> SqlStore:
    return SqlStore(f"sqlite:///{file}", busy_timeout_s=0.05)


def execute(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder that everybody may read; while the test runs, this process has no special rights."""
    folder = Path(tempfile.mkdtemp(prefix="wirewatch-"))
    folder.chmod(0o755)
    yield folder
    if os.geteuid() != os.getuid():
        os.seteuid(os.getuid())
    folder.chmod(0o755)
    shutil.rmtree(folder)


def drop_rights() -> None:
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


class TestOpen:
    def test_a_missing_file_is_not_created(self, file: Path) -> None:
        with pytest.raises(StoreError, match=r"no store at .*store\.db yet; `wirewatch run` creates and fills it"):
            make(file).open()
        assert not file.exists()

    def test_an_empty_file_needs_an_upgrade(self, file: Path) -> None:
        file.touch()
        with pytest.raises(StoreError, match=r"store\.db is empty; set it up with `wirewatch db upgrade`"):
            make(file).open()

    @pytest.mark.parametrize("mask", [0o022, 0o000])
    def test_a_new_one_is_for_its_owner_alone(self, tmp_path: Path, mask: int) -> None:
        """It will hold the secrets of subscriptions. What SQLite keeps beside it, too."""
        before = os.umask(mask)
        try:
            store = make(tmp_path / "new" / "own.db")
            store.upgrade()
            store.open()
            store.sync_sources([source()], T0, {})
            modes = {one.name: one.stat().st_mode & 0o777 for one in (tmp_path / "new").iterdir()}
            store.close()
        finally:
            os.umask(before)
        assert modes == {"own.db": 0o600, "own.db-wal": 0o600, "own.db-shm": 0o600}

    def test_the_rights_of_one_that_is_there_stay_as_they_are(self, file: Path) -> None:
        file.touch()
        file.chmod(0o640)
        make(file).upgrade()
        assert file.stat().st_mode & 0o777 == 0o640

    def test_an_older_store_needs_an_upgrade(
        self, sqlite_store: SqlStore, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sqlite_store.close()
        monkeypatch.setattr("bot.store.sql.REVISION", "r9999")  # this code has moved on
        with pytest.raises(StoreError, match=rf"older Wirewatch \(revision {REVISION}\); make a backup, then run"):
            make(file).open()

    def test_a_store_of_the_first_revision_is_brought_up_to_date_with_all_that_it_holds(self, file: Path) -> None:
        engine = create_engine(f"sqlite:///{file}")
        with engine.begin() as connection:
            migrations.upgrade(connection, "r0001")
            connection.exec_driver_sql("INSERT INTO meta VALUES ('kept', 'yes')")
        engine.dispose()
        store = make(file)
        assert store.upgrade() == ("r0001", REVISION)
        store.open()
        assert store.rule_hits(T0) == ()
        store.close()
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT value FROM meta WHERE key = 'kept'").fetchall() == [("yes",)]

    def test_a_newer_store_is_left_alone(self, sqlite_store: SqlStore, file: Path) -> None:
        sqlite_store.close()
        execute(file, "UPDATE wirewatch_version SET version_num = 'r9999'")
        for use in (make(file).open, make(file).upgrade):
            with pytest.raises(StoreError, match=rf"newer Wirewatch \(revision r9999, this one knows {REVISION}\)"):
                use()

    def test_the_database_of_another_program_is_left_alone(self, file: Path) -> None:
        execute(file, "CREATE TABLE recipes (id INTEGER)")
        before = file.read_bytes()
        for use in (make(file).open, make(file).upgrade):
            with pytest.raises(StoreError, match=r"another program \(it has a table 'recipes'\); name another one"):
                use()
        assert file.read_bytes() == before

    def test_a_file_that_is_no_database(self, file: Path) -> None:
        file.write_text("store: sqlite:///var/wirewatch.db\n" * 100)
        for use in (make(file).open, make(file).upgrade):
            with pytest.raises(StoreError, match=r"store\.db is not an SQLite database; name another file"):
                use()

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("wirewatch.db", "not a database URL"),
            ("", "not a database URL"),
            ("sqlite://", "needs a plain file"),
            ("sqlite:///:memory:", "needs a plain file"),
            ("nosuchdb://user:hunter2@host/db", "in SQLite or Postgres, not in nosuchdb"),
        ],
    )
    def test_a_url_that_names_no_store(self, url: str, said: str) -> None:
        with pytest.raises(StoreError, match=said) as caught:
            SqlStore(url).upgrade()
        assert "hunter2" not in str(caught.value)

    def test_a_server_that_is_down_is_named_without_its_password(self) -> None:
        store = SqlStore("postgresql+psycopg://bot:hunter2@127.0.0.1:1/news?connect_timeout=2")
        with pytest.raises(StoreError, match=r"bot:\*\*\*@127\.0\.0\.1:1/news") as caught:
            store.open()
        assert "hunter2" not in str(caught.value)
        assert "\n" not in str(caught.value)


class TestFolders:
    def test_a_missing_folder_is_created(self, tmp_path: Path) -> None:
        store = make(tmp_path / "a" / "b" / "store.db")
        store.upgrade()
        store.open()
        store.check()
        store.close()

    def test_a_folder_that_cannot_be_created(self, tmp_path: Path) -> None:
        (tmp_path / "var").write_text("a file stands in the way")
        store = make(tmp_path / "var" / "data" / "store.db")
        for use in (store.upgrade, store.acquire):
            with pytest.raises(StoreError, match=r"cannot create the folder .*var/data"):
                use()

    def test_a_folder_where_nothing_may_be_written(self, as_nobody: Path) -> None:
        as_nobody.chmod(0o555)
        drop_rights()
        store = make(as_nobody / "store.db")
        with pytest.raises(StoreError, match=r"store\.db cannot be opened; .*write access"):
            store.upgrade()
        with pytest.raises(StoreError, match=r"cannot create the lock file .*store\.db\.lock \(Permission denied\)"):
            store.acquire()

    def test_a_read_only_file(self, as_nobody: Path) -> None:
        file = as_nobody / "store.db"
        owner = make(file)
        owner.upgrade()
        owner.open()
        owner.enqueue([notice_delivery("old")])  # also loads what may be out of reach without rights
        owner.close()
        file.chmod(0o444)
        as_nobody.chmod(0o777)
        drop_rights()
        store = make(file)
        store.open()
        assert store.pending_count("ops") == 1
        for use in (store.check, lambda: store.enqueue([notice_delivery("n")])):
            with pytest.raises(StoreError, match=r"store\.db cannot be written to \(read-only\); give the user"):
                use()
        store.close()


class TestWriting:
    def test_a_locked_database_is_named_and_nothing_is_lost(self, sqlite_store: SqlStore, file: Path) -> None:
        sqlite_store.sync_sources([source()], T0, {})
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for use in (sqlite_store.check, lambda: sqlite_store.commit(batch("1"))):
                with pytest.raises(StoreError, match=r"store\.db is locked by another program; close whatever"):
                    use()
            assert sqlite_store.next_due() == T0, "readers go on"
        assert sqlite_store.commit(batch("1")) == ("key-1",)

    def test_a_full_disk_leaves_nothing_half_written(self, file: Path) -> None:
        def small(connection: sqlite3.Connection, record: object) -> None:
            connection.execute("PRAGMA max_page_count = 120")

        event.listen(Engine, "connect", small)
        try:
            store = make(file)
            store.upgrade()
            store.open()
            store.sync_sources([source()], T0, {})
            assert store.commit(batch("1")) == ("key-1",)
            before = store.counts()
            big = replace(batch("3"), articles=(article("3", text="long " * 200_000),))
            for use in (
                lambda: store.commit(big),
                lambda: store.commit_all([batch("2"), big, batch("4")]),
                lambda: store.commit(replace(batch("5"), articles=[article(str(n)) for n in range(5, 5000)])),
            ):
                with pytest.raises(StoreError, match=r"store\.db cannot grow: the disk is full; free space"):
                    use()
            assert store.counts() == before
            assert store.source_statuses()[0].items_total == 1
            store.purge(minutes(1))
            assert store.commit(batch("6")) == ("key-6",), "it goes on when there is room"
            store.close()
        finally:
            event.remove(Engine, "connect", small)

    def test_a_disk_that_fills_during_the_first_upgrade(self, file: Path) -> None:
        def tiny(connection: sqlite3.Connection, record: object) -> None:
            connection.execute("PRAGMA max_page_count = 8")

        event.listen(Engine, "connect", tiny)
        try:
            with pytest.raises(StoreError, match="the disk is full"):
                make(file).upgrade()
        finally:
            event.remove(Engine, "connect", tiny)
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        store = make(file)
        store.upgrade()
        store.open()
        store.close()

    def test_a_damaged_file(self, sqlite_store: SqlStore, file: Path) -> None:
        sqlite_store.sync_sources([source()], T0, {})
        sqlite_store.commit(batch(*map(str, range(50))))
        sqlite_store.close()
        execute(file, "PRAGMA wal_checkpoint(TRUNCATE)")
        with file.open("r+b") as raw:
            size = raw.seek(0, os.SEEK_END)
            for page in range(4096 * 4, size, 4096):
                raw.seek(page)
                raw.write(b"\xa5" * 512)
        store = make(file)

        def use() -> None:
            store.open()
            store.namesakes([], [("wire", "https://wire.example/7")], [])
            store.commit(batch("x"))

        with pytest.raises(StoreError, match=r"store\.db is damaged; stop Wirewatch and restore a backup"):
            use()
        store.close()

    def test_a_table_that_is_gone(self, sqlite_store: SqlStore, file: Path) -> None:
        execute(file, "DROP TABLE forgotten")
        with pytest.raises(StoreError, match=r"does not have the tables it should \(no such table: forgotten\)"):
            sqlite_store.known_articles(["key"], [])

    def test_every_sentence_is_one_line(self, file: Path) -> None:
        file.write_text("nothing " * 200)
        with pytest.raises(StoreError) as caught:
            make(file).open()
        assert "\n" not in str(caught.value)
        assert str(file) in str(caught.value)


def test_without_the_driver_of_postgres_its_extra_is_named() -> None:
    with pytest.raises(
        StoreError, match=r"is not installed; .* add the extra postgres: scripts/install\.sh .* postgres"
    ):
        SqlStore("postgresql+nosuchdriver://bot@127.0.0.1:1/news").open()
