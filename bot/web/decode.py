"""Content codings undone within a cap: gzip, deflate, br, zstd (RFC 9110, RFC 1950-1952, RFC 7932, RFC 8878).

Pure. A decoder is never let run past the cap, so a bomb of kilobytes costs the cap and not gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

ACCEPTED = "gzip, deflate, br, zstd"
MAX_CODINGS = 2  # layers; one is usual, two are a misconfigured proxy, more is an attack
_PIECE = 1024 * 1024  # bytes; what a decoder makes at a time: asked for all at once, it builds it up and then copies it
_ZSTD_WINDOW = 8 * 1024 * 1024  # bytes; what RFC 8878 (3.1.1.1.2) recommends decoders to support


class BodyTooLargeError(Exception):
    """The decoded body would pass the cap."""


class BodyDamagedError(Exception):
    """The body does not decode; the text says why."""


def decode_body(body: bytes, content_encoding: str, cap: int) -> bytes:
    """Undo the codings that a ``Content-Encoding`` header names; at most ``cap`` bytes come back.

    A body that is not in the coding that the header claims, but plain text, is passed on as it is: servers that
    announce gzip and send none are common. Raises :class:`BodyTooLargeError` and :class:`BodyDamagedError`.
    """
    codings = [c for c in (part.strip().lower() for part in content_encoding.split(",")) if c and c != "identity"]
    if len(codings) > MAX_CODINGS:
        raise BodyDamagedError(f"it is encoded {len(codings)} times over")
    for coding in reversed(codings):
        decoder = _DECODERS.get(coding)
        if decoder is None:
            raise BodyDamagedError(f"it is encoded as {coding[:20]!r}, which was not asked for")
        if body and not _looks_plain(body):
            body = decoder(body, cap)
    if len(body) > cap:
        raise BodyTooLargeError
    return body


def _looks_plain(body: bytes) -> bool:
    """XML, HTML or JSON in clear, perhaps behind a byte order mark or white space."""
    head = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1] in (b"<", b"{", b"[") and (head[1:2].isalpha() or head[1:2] in b'?!"\n\r \t')


def _inflate(body: bytes, cap: int, wbits: int) -> bytes:
    out: list[bytes] = []
    room = cap + 1
    rest = body
    while rest:
        inflater = zlib.decompressobj(wbits)
        members = len(out)
        while not inflater.eof:
            try:
                piece = inflater.decompress(rest, min(room, _PIECE))
            except zlib.error as error:
                if members:
                    return b"".join(out[:members])  # padding after a complete member, which gzip tools ignore as well
                raise BodyDamagedError("its compression is damaged") from error
            out.append(piece)
            room -= len(piece)
            if room <= 0:
                raise BodyTooLargeError
            rest = inflater.unconsumed_tail
            if not piece and not rest and not inflater.eof:
                raise BodyDamagedError("its compressed data ends too early")
        rest = inflater.unused_data.lstrip(b"\0")
    return b"".join(out)


def _gzip(body: bytes, cap: int) -> bytes:
    return _inflate(body, cap, 16 + zlib.MAX_WBITS)


def _deflate(body: bytes, cap: int) -> bytes:
    """zlib format as RFC 9110 has it, or raw deflate, as some servers send."""
    try:
        return _inflate(body, cap, zlib.MAX_WBITS)
    except BodyDamagedError:
        return _inflate(body, cap, -zlib.MAX_WBITS)


def _brotli(body: bytes, cap: int) -> bytes:
    import brotli  # type: ignore[import-untyped]

    decoder = brotli.Decompressor()
    out: list[bytes] = []
    size, data = 0, body
    try:
        while not decoder.is_finished():
            piece = decoder.process(data, output_buffer_limit=min(cap + 1 - size, _PIECE))
            out.append(piece)
            size += len(piece)
            if size > cap:
                raise BodyTooLargeError
            if not piece and decoder.can_accept_more_data():
                raise BodyDamagedError("its compressed data ends too early")
            data = b""
    except brotli.error as error:
        raise BodyDamagedError("its compression is damaged") from error
    return b"".join(out)


def _zstd(body: bytes, cap: int) -> bytes:
    import zstandard

    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    out: list[bytes] = []
    size = 0
    try:
        with decoder.stream_reader(body, read_across_frames=True) as reader:
            while piece := reader.read(min(65536, cap + 1 - size)):
                out.append(piece)
                size += len(piece)
                if size > cap:
                    raise BodyTooLargeError
    except zstandard.ZstdError as error:
        raise BodyDamagedError("its compression is damaged") from error
    return b"".join(out)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
