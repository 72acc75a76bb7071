"""Where bodies are decoded."""

from __future__ import annotations

import gzip
import threading

import pytest

from bot.web import unpack
from bot.web.decode import BodyDamagedError, BodyTooLargeError, decode_body
from bot.web.unpack import AT_ONCE, unpacked
from tests.fakes.bombs import brotli_bomb

CAP = 10_000_000


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each time that something is decoded to its end, whether that was in the event loop's thread."""
    here, seen = threading.get_ident(), list[bool]()

    def watched(body: bytes, coding: str, cap: int) -> bytes:
        whole = decode_body(body, coding, cap)
        seen.append(threading.get_ident() == here)
        return whole

    monkeypatch.setattr(unpack, "decode_body", watched)
    return seen


@pytest.mark.parametrize(
    ("size", "coding", "in_loop"),
    [(0, "gzip", True), (AT_ONCE, "gzip", True), (AT_ONCE + 1, "gzip", False), (AT_ONCE * 4, "", True)],
)
async def test_what_unpacks_to_much_is_decoded_in_a_thread(
    threads: list[bool], size: int, coding: str, in_loop: bool
) -> None:
    body = b"x" * size
    assert await unpacked(gzip.compress(body) if coding else body, coding, CAP) == body
    assert threads == [in_loop]


async def test_a_bomb_and_damage_are_told_as_ever(threads: list[bool]) -> None:
    with pytest.raises(BodyTooLargeError):
        await unpacked(brotli_bomb(32), "br", CAP)
    with pytest.raises(BodyDamagedError):
        await unpacked(gzip.compress(b"x" * 3 * AT_ONCE)[:-20], "gzip", CAP)
    with pytest.raises(BodyTooLargeError):
        await unpacked(b"x" * 11, "", 10)
    assert threads == []
