"""What an HTTP answer means to a poller: the status and headers of an answer → the error that it is, if it is one.

Pure. :func:`refusal_of` looks at answers that are neither a success, a 304 nor a redirect.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from bot.errors import FetchError, FetchReason

MAX_RETRY_AFTER_S = 30 * 24 * 3600.0  # seconds; a server that asks for more is misconfigured or hostile

# Headers by which bot walls name themselves, and the values that mean that we were stopped (None: any). Cloudflare
# documents the first for this purpose, AWS WAF the second.
_WALLS: tuple[tuple[str, frozenset[str] | None, str], ...] = (
    ("cf-mitigated", None, "Cloudflare"),
    ("x-amzn-waf-action", frozenset({"challenge", "captcha"}), "AWS WAF"),
)


def bot_wall(headers: Mapping[str, str]) -> str | None:
    """Who turned us away as a bot, by name; ``None`` where no header says so."""
    for name, values, who in _WALLS:
        value = headers.get(name)
        if value is not None and (values is None or value.strip().lower() in values):
            return who
    return None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from ``now`` that ``Retry-After`` asks for (RFC 9110, 10.2.3: seconds or a date), 0 to 30 days.

    ``None`` where the header is missing or unreadable.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return min(float(value[:12]), MAX_RETRY_AFTER_S)
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max((when - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def refusal_of(source_id: str, where: str, status: int, headers: Mapping[str, str], now: datetime) -> FetchError | None:
    """The error that an answer is; ``None`` for a success. ``where`` is the URL as people may see it."""

    def error(reason: FetchReason, text: str) -> FetchError:
        return FetchError(source_id, reason, f"{where} {text}", status=status, retry_after_s=retry_after(headers, now))

    wall = bot_wall(headers)
    if wall is not None:
        return error(
            FetchReason.BLOCKED,
            f"is behind a bot wall ({wall}, status {status}); ask the publisher to let feed readers through",
        )
    if 200 <= status < 300:
        return None
    match status:
        case 429:
            return error(FetchReason.RATE_LIMITED, f"asks for fewer requests (429){_wait(headers, now)}")
        case 503 if retry_after(headers, now) is not None:
            return error(FetchReason.RATE_LIMITED, f"is out of service (503){_wait(headers, now)}")
        case 410:
            return error(FetchReason.GONE, "is gone for good (410); remove the source or find its new address")
        case 401 | 407:
            return error(FetchReason.BLOCKED, f"asks for a password ({status}); check the credentials in the URL")
        case 403 | 451:
            return error(FetchReason.BLOCKED, f"refuses access ({_phrase(status)})")
        case 404:
            return error(FetchReason.STATUS, "does not exist (404 Not Found); check the address")
        case _ if status >= 500:
            return error(FetchReason.STATUS, f"failed on the server's side ({_phrase(status)})")
        case _:
            return error(FetchReason.STATUS, f"answered {_phrase(status)}")


def _wait(headers: Mapping[str, str], now: datetime) -> str:
    wait = retry_after(headers, now)
    return "" if wait is None else f"; not again within {wait:.0f} s"


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
