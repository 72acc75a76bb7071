"""Bodies decoded without holding up the event loop: what unpacks to little at once, the rest in a thread."""

from __future__ import annotations

import asyncio

from bot.web.decode import BodyTooLargeError, decode_body

AT_ONCE = 256 * 1024  # bytes that are decoded where they came; a millisecond or two. How much it is shows only then


async def unpacked(body: bytes, content_encoding: str, cap: int) -> bytes:
    """As :func:`bot.web.decode.decode_body`."""
    if not content_encoding or cap <= AT_ONCE:
        return decode_body(body, content_encoding, cap)
    try:
        return decode_body(body, content_encoding, AT_ONCE)
    except BodyTooLargeError:
        return await asyncio.to_thread(decode_body, body, content_encoding, cap)
