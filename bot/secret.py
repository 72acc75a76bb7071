"""A value that must not be seen: tokens, webhook addresses, signing keys."""

from __future__ import annotations

import hmac

MASK = "***"


class Secret:
    """A text whose every printed form is a mask; only :meth:`reveal` gives it away.

    ``shown`` is what people see instead, for example an address without its secret part. Equal by value, so that a
    reloaded configuration can be compared with the running one. Cannot be pickled.
    """

    __slots__ = ("_shown", "_value")

    def __init__(self, value: str, shown: str = MASK) -> None:
        self._value = value
        self._shown = shown

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"Secret({self._shown!r})"

    def __format__(self, spec: str) -> str:
        return format(self._shown, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not to be pickled")
