"""What the columns of the tables hold, and how Python's values go in and come out.

Times are integer microseconds since 1970 in UTC: they sort, they compare across dialects, and they come back as the
aware ``datetime`` that went in.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970. Raises ``ValueError`` for a time without zone: guessing one would be a silent lie."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone cannot be stored: {moment.isoformat()}")
    since = moment - _EPOCH  # dividing it by a microsecond takes twice as long
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(micros: int) -> datetime:
    """The aware UTC time."""
    return _EPOCH + micros * _MICROSECOND


def storable(words: str) -> str:
    """``words`` with what no database takes (lone surrogates, NUL) replaced by U+FFFD."""
    if words.isascii() and "\0" not in words:
        return words
    return words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


class Micros(TypeDecorator[datetime]):
    """``datetime`` ↔ integer microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


class Words(TypeDecorator[str]):
    """Text that may come from a hostile feed: see :func:`storable`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


RowId = BigInteger().with_variant(Integer, "sqlite")
"""The number of a row. SQLite gives it by itself only where the type is spelled INTEGER."""
