"""What is said of one source in chat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.reply import Link, Paragraph, plain_text
from bot.commands.sources import _one
from bot.model import Source
from bot.roster.state import SourceState
from bot.store.sources_port import SourceStatus

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
OK = SourceStatus("a", SourceState.OK, NOW + timedelta(minutes=3), NOW, NOW, 0, "", 7, interval=timedelta(minutes=10))


@pytest.mark.parametrize(
    ("url", "shown", "link"),
    [
        ("https://a.example/feed?page=2", "https://a.example/feed?page=2", True),
        ("https://ada:secret@a.example/feed", "https://***@a.example/feed", False),
        ("https://a.example/feed?token=secret", "https://a.example/feed?token=***", False),
    ],
)
def test_a_secret_in_an_address_is_not_shown_to_the_room(url: str, shown: str, link: bool) -> None:
    moved = SourceStatus("a", SourceState.MOVED, NOW, NOW, NOW, 0, "", 7, url_in_use=url)
    for reply in (_one(Source("a", url), moved, None, NOW), _one(Source("a", url), None, None, NOW)):
        assert "secret" not in repr(reply)
        assert shown in plain_text(reply)
        lines = [line for block in reply.blocks if isinstance(block, Paragraph) for line in block.lines]
        pieces = [piece for line in lines for piece in line]
        assert any(isinstance(piece, Link) for piece in pieces) is link


def test_a_turn_that_comes_late_says_why() -> None:
    why = "put off: its host a.example takes one request in 60 s, and others have theirs first"
    late = SourceStatus(**{**_fields(OK), "interval_reason": why})
    said = plain_text(_one(Source("a", "https://a.example/"), late, None, NOW))
    assert f"({why})" in said
    assert "Read every 10m\n" in said
    usual = SourceStatus(**{**_fields(OK), "interval_reason": "as configured"})
    assert "Read every 10m (as configured)" in plain_text(_one(Source("a", "https://a.example/"), usual, None, NOW))


def _fields(status: SourceStatus) -> dict[str, object]:
    return {name: getattr(status, name) for name in status.__dataclass_fields__}
