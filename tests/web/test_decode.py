"""Content codings within a cap."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from bot.web.decode import BodyDamagedError, BodyTooLargeError, decode_body


def raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
TEXT = b"<rss>" + b"words and words " * 500 + b"</rss>"


@pytest.mark.parametrize("coding", ENCODERS)
def test_every_offered_coding_is_undone(coding: str) -> None:
    assert decode_body(ENCODERS[coding](TEXT), coding, len(TEXT)) == TEXT


@pytest.mark.parametrize("coding", ENCODERS)
def test_one_byte_over_the_cap_is_too_much(coding: str) -> None:
    with pytest.raises(BodyTooLargeError):
        decode_body(ENCODERS[coding](TEXT), coding, len(TEXT) - 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_ends_at_the_cap(coding: str) -> None:
    bomb = ENCODERS[coding](b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(BodyTooLargeError):
        decode_body(bomb, coding, 100_000)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "Deflate", "br", "zstd"])
def test_what_passes_the_cap_costs_hardly_more_than_the_cap(coding: str) -> None:
    bomb = ENCODERS[coding](b"\0" * 60_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLargeError):
            decode_body(bomb, coding, 12_000_000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16_000_000  # no copy of all of it is made


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("size", [1024 * 1024, 2_500_000])
def test_long_bodies_are_whole(coding: str, size: int) -> None:
    body = b"a word, " * (size // 8)
    assert decode_body(ENCODERS[coding](body), coding, len(body)) == body


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_truncated_body_is_damage_or_its_beginning_never_a_hang(coding: str) -> None:
    encoded = ENCODERS[coding](TEXT)
    try:
        got = decode_body(encoded[: len(encoded) // 2], coding, 10**6)
    except BodyDamagedError:
        return
    assert coding == "zstd"  # its streams carry no total length to miss
    assert TEXT.startswith(got)


def test_two_layers_are_undone_in_reverse() -> None:
    assert decode_body(brotli.compress(gzip.compress(TEXT)), "gzip, br", 10**6) == TEXT


def test_three_layers_are_refused() -> None:
    with pytest.raises(BodyDamagedError, match="3 times"):
        decode_body(b"x", "gzip, gzip, gzip", 10)


def test_an_unknown_coding_is_named() -> None:
    with pytest.raises(BodyDamagedError, match="compress"):
        decode_body(b"\x1f\x9d", "compress", 10)


@pytest.mark.parametrize("plain", [b"<?xml version='1.0'?>", b"\xef\xbb\xbf<rss>", b'{"version": 1}'])
def test_plain_text_under_a_wrong_header_is_taken_as_it_is(plain: bytes) -> None:
    assert decode_body(plain, "gzip", 100) == plain


def test_gzip_members_in_a_row_are_joined() -> None:
    assert decode_body(gzip.compress(b"<a>") + gzip.compress(b"</a>"), "gzip", 100) == b"<a></a>"


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "identity", ""]))
def test_random_bytes_raise_nothing_else(body: bytes, coding: str) -> None:
    with contextlib.suppress(BodyDamagedError, BodyTooLargeError):
        assert len(decode_body(body, coding, 1000)) <= 1000
