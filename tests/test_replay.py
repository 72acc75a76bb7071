"""Captured feeds as the stream that they were, through the bot into both chats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.replay import captures, read_capture, replay

BEGIN = datetime(2026, 11, 3, 6, tzinfo=UTC)
QUAKE = "A powerful earthquake struck the Kelva valley in Peru at dawn, killing nine people near the town of Dorum."


def feed(path: Path, *items: tuple[str, str, datetime]) -> None:
    listed = "".join(
        f"<item><title>{title}</title><link>https://{path.stem}.example/{n}</link><description>{text}</description>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for n, (title, text, at) in enumerate(items)
    )
    path.write_text(f"<rss version='2.0'><channel><title>{path.stem}</title>{listed}</channel></rss>", "utf-8")


def test_a_feed_grows_as_its_items_were_published(tmp_path: Path) -> None:
    feed(tmp_path / "a.rss", ("Late", "x", BEGIN + timedelta(hours=2)), ("Early", "y", BEGIN))
    capture = read_capture(tmp_path / "a.rss", "A")
    assert b"Early" in capture.answer(BEGIN).body
    assert b"Late" not in capture.answer(BEGIN).body
    whole = capture.answer(BEGIN + timedelta(hours=2))
    assert (capture.newest, whole.body.count(b"<item>")) == (BEGIN + timedelta(hours=2), 2)
    assert whole.body.rstrip().endswith(b"</rss>")


def test_the_index_says_which_feeds_are_of_the_same_days(tmp_path: Path) -> None:
    for name in ("a", "b", "old"):
        feed(tmp_path / f"{name}.rss", ("T", "x", BEGIN))
    (tmp_path / "INDEX.tsv").write_text(
        "file\toutlet\tnewest_item\na.rss\tA\t2026-11-03\nb.rss\tB\t2026-11-02\nold.rss\tOld\t2026-10-01\n", "utf-8"
    )
    assert [c.outlet for c in captures(tmp_path, everything=False)] == ["A", "B"]
    assert len(captures(tmp_path, everything=True)) == 3


async def test_groups_of_several_outlets_are_found_with_their_reasons(tmp_path: Path) -> None:
    first, later = BEGIN + timedelta(minutes=5), BEGIN + timedelta(minutes=25)
    feed(tmp_path / "a.rss", ("Earthquake kills nine in Peru", QUAKE, first), ("Rose show opens", "Roses.", BEGIN))
    feed(tmp_path / "b.rss", ("Nine dead as quake hits Kelva valley in Peru", f"{QUAKE} Roads are cut.", later))
    found = captures(tmp_path, everything=True)
    folder = tmp_path / "room"
    folder.mkdir()
    groups, reasons, summary = await replay(found, BEGIN, BEGIN + timedelta(minutes=30), timedelta(minutes=10), folder)
    assert [[one.source_id for one in group] for group in groups] == [["a", "b"]]
    assert reasons[groups[0][0].article_key] == "no earlier article like it"
    assert summary.startswith("3 articles in 2 stories, 1 of them told by several outlets; 2 articles matched a rule")


async def test_a_feed_that_cannot_be_read_ends_the_replay_instead_of_falsifying_it(tmp_path: Path) -> None:
    feed(tmp_path / "a.rss", ("Earthquake kills nine in Peru", QUAKE, BEGIN))
    (tmp_path / "b.rss").write_text("<html><body>Not found</body></html>", "utf-8")
    found = captures(tmp_path, everything=True)
    folder = tmp_path / "room"
    folder.mkdir()
    with pytest.raises(RuntimeError, match=r"polls failed at 2026-11-03 06:00: \{'b': "):
        await replay(found, BEGIN, BEGIN, timedelta(minutes=10), folder)
