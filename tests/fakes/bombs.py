"""Small answers that unpack to much: content codings, and XML entities."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

MIB = 1024 * 1024
_BLOCK = b" " * MIB


def gzip_bomb(mib: int, *, level: int = 1) -> bytes:
    squeezer = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return _blocks(mib, squeezer.compress, squeezer.flush)


def gzip_bomb_in_gzip(mib: int) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return squeezer.compress(gzip_bomb(mib)) + squeezer.flush()


def gzip_bomb_in_brotli(mib: int) -> bytes:
    packed: bytes = brotli.compress(gzip_bomb(mib), quality=4)
    return packed


def deflate_bomb(mib: int, *, raw: bool = False) -> bytes:
    squeezer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    return _blocks(mib, squeezer.compress, squeezer.flush)


def brotli_bomb(mib: int) -> bytes:
    squeezer = brotli.Compressor(quality=4)
    return _blocks(mib, squeezer.process, squeezer.finish)


def zstd_bomb(mib: int) -> bytes:
    squeezer = zstandard.ZstdCompressor().compressobj()
    return _blocks(mib, squeezer.compress, squeezer.flush)


def _blocks(mib: int, add: Callable[[bytes], bytes], end: Callable[[], bytes]) -> bytes:
    return b"".join([*(add(_BLOCK) for _ in range(mib)), end()])


def laughs() -> str:
    """A document type in which ``&l9;`` stands for 10 ** 9 words."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE rss [<!ENTITY l0 "ha">{entities}]>'
