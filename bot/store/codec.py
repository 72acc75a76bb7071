"""Values ↔ JSON text, exactly.

pydantic reads and checks the dataclasses; the text is written by :mod:`json` in ASCII, since pydantic's own writer
refuses the lone surrogates that feeds contain, and Postgres a raw NUL. A field that a later version added takes its
default, and one that it dropped is passed over, so that an outbox survives an upgrade.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.message import DeliveryKind, Digest, Message, Notice
from bot.store.outbox_port import Payload
from bot.summary.post import ChartPost, SummaryPost

T = TypeVar("T")

PAYLOADS: dict[DeliveryKind, type[Payload]] = {
    DeliveryKind.ALERT: Message,
    DeliveryKind.DIGEST: Digest,
    DeliveryKind.NOTICE: Notice,
    DeliveryKind.UPDATE: Message,
    DeliveryKind.REPLY: Message,
    DeliveryKind.RAISE: Message,
    DeliveryKind.SUMMARY: SummaryPost,
    DeliveryKind.CHART: ChartPost,
}


compact = json.JSONEncoder(separators=(",", ":")).encode
"""Plain values as JSON text in ASCII; ``json.dumps`` makes such an encoder each time."""

_adapters: dict[object, TypeAdapter[Any]] = {}  # building one takes milliseconds


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def encode(kind: type[T], value: T) -> str:
    """``value`` as JSON text in ASCII. ``kind`` is its type, also one such as ``tuple[str, ...]``."""
    plain: Any = _adapter(kind).dump_python(value, mode="json")
    return compact(plain)


def encode_finite(kind: type[T], value: T) -> str:
    """The same at a third of the cost, for values whose numbers are finite: pydantic writes null for others. Numbers
    may be spelled otherwise (1e-7 for 1e-07)."""
    try:
        text = _adapter(kind).dump_json(value)
    except ValueError:  # lone surrogates
        return encode(kind, value)
    return text.decode() if text.isascii() else encode(kind, value)


def decode(kind: type[T], text: str) -> T:
    """What :func:`encode` was given. Raises ``ValueError`` where the text does not fit."""
    adapter = _adapter(kind)
    try:
        value: T = adapter.validate_json(text)
    except ValueError:  # lone surrogates, which its own reader refuses, too
        value = adapter.validate_python(json.loads(text))
    return value


def encode_payload(kind: DeliveryKind, payload: Payload) -> str:
    """Raises ``TypeError`` where the payload is not what ``kind`` says."""
    wanted = PAYLOADS[kind]
    if not isinstance(payload, wanted):
        raise TypeError(f"a delivery of kind {kind} holds a {wanted.__name__}, not a {type(payload).__name__}")
    return encode(type(payload), payload)


def decode_payload(kind: DeliveryKind, text: str) -> Payload:
    return decode(PAYLOADS[kind], text)
