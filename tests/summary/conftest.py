"""A store with a week of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model import Severity
from bot.store.sql import SqlStore
from tests.databases import open_store
from tests.summary.samples import NOW, ago, document, quake, sources, store_alert


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store(tmp_path / "own.db")
    store.sync_sources(sources("wire", "outlet0", "outlet1", "outlet2"), NOW, {})
    yield store
    store.close()


@pytest.fixture
def archive(empty: SqlStore) -> SqlStore:
    """Last day: a quake told by three outlets (one of which alerted), a coup by one that copied. The day before: one
    about North Korea; and an article that no rule fired on, two weeks ago."""
    store_alert(empty, document("old", "Old news", "Nothing fired on this."), "old", ago(days=14), alert=False)
    store_alert(
        empty, document("ship", "Ship seized", "A ship was seized off the coast of Examplia."), "ship", ago(hours=30)
    )
    for n in range(3):
        store_alert(empty, quake(n), "quake", ago(hours=5 - n), countries=("JP",), rule="quake", alert=n < 2)
    coup = document("coup", "Coup in Examplia", "Soldiers took over the palace in the capital on Monday night.")
    store_alert(empty, coup, "coup", ago(hours=2), severity=Severity.CRITICAL, countries=("ML", "FR"), rule="coup")
    copy = document("copy", coup.title, coup.text, source_id="outlet0")
    store_alert(empty, copy, "coup", ago(hours=1), alert=False, reason="same text as an earlier article")
    return empty
