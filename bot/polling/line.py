"""What goes between the bot and the process beside it: pickled messages, each with its length before it."""

from __future__ import annotations

import asyncio
import io
import pickle
import struct
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast

LENGTH = struct.Struct("<I")
"""Bytes of what follows, before each message."""


class Line(asyncio.Protocol):
    """One end. ``on_message`` is given what came, ``on_end`` is called once nothing comes any more."""

    def __init__(self, on_message: Callable[[Any], None], on_end: Callable[[], None]) -> None:
        self._on_message, self._on_end = on_message, on_end
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._on_end()

    def data_received(self, data: bytes) -> None:
        came = self._came
        came += data
        begin = 0
        while len(came) - begin >= LENGTH.size:
            (size,) = LENGTH.unpack_from(came, begin)
            end = begin + LENGTH.size + size
            if len(came) < end:
                break
            with memoryview(came) as view:
                message = pickle.loads(view[begin + LENGTH.size : end])
            begin = end
            self._on_message(message)
        del came[:begin]

    def send(self, message: object) -> None:
        """To the other end, if that is there."""
        if self._transport is not None:
            self._transport.write(packed(message))

    def close(self) -> None:
        """What was sent still gets there."""
        if self._transport is not None:
            self._transport.close()


class _Packer(pickle.Pickler):
    """Dataclasses travel as calls with the values of their fields: what they bring for pickling looks at each field by
    its name, on both sides, and takes twice as long."""

    def reducer_override(self, obj: Any) -> Any:
        values = _values(type(obj))  # type: ignore[arg-type]  # mypy: classes have no hash
        return NotImplemented if values is None else (type(obj), values(obj))


@lru_cache
def _values(cls: type) -> Callable[[object], tuple[object, ...]] | None:
    """The values of such a dataclass in the order in which its constructor takes them; ``None`` for what is none."""
    if not is_dataclass(cls):
        return None
    known = fields(cls)
    if len(known) < 2 or any(not field.init or field.kw_only for field in known):
        return None
    found: Callable[[object], tuple[object, ...]] = attrgetter(*(field.name for field in known))
    return found


def packed(message: object) -> bytes:
    """A message with its length before it. ``pickle.loads`` reads what follows that."""
    out = io.BytesIO(bytes(LENGTH.size))
    out.seek(LENGTH.size)
    _Packer(out, pickle.HIGHEST_PROTOCOL).dump(message)
    LENGTH.pack_into(out.getbuffer(), 0, out.tell() - LENGTH.size)
    return out.getvalue()
