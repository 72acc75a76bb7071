"""Structured logging, and the redaction of what must not be in it.

``redact_url`` and ``redact`` are pure and cheap to import; structlog (0.1 s) is imported when the first event is
logged. Modules hold ``log = Log("fetch")`` and log events with fields: ``log.info("polled", source=..., items=3)``.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import quote, urlsplit, urlunsplit

from bot.secret import MASK, Secret

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("auto", "console", "json")

_least = logging.NOTSET  # the level that was set up; below it nobody listens, and no event is made

_SECRET_MIN = 6  # characters; masking shorter ones would blot out ordinary words

# Loggers of libraries that print whole addresses, or every tick, at INFO.
_CHATTY = (
    "httpx",
    "httpcore",
    "httpx2",
    "httpcore2",
    "openai",
    "aiohttp.access",
    "apscheduler",
    "slack_bolt",
    "slack_sdk",
    "discord",
    "alembic",
    "watchfiles",
)
# Loggers that call it an error when a web page holds no article, which is an answer to us.
_CRYING_WOLF = ("trafilatura", "htmldate", "courlan")

# -- redaction ------------------------------------------------------------------------------------------------------

_KEY_NAME = re.compile(
    r"(?:^|[-_.])(?:api[-_]?key|key|app[-_]?id|access|auth|authorization|code|credentials?|hmac|jwt|password|passwd|pass|"
    r"pwd|secret|session|sid|sig|signature|token|user|apikey|accesskey|accesstoken|authtoken)(?:$|[-_.])",
    re.IGNORECASE,
)
# Path words after which services put what only the owner may know: Discord (/api/webhooks/id/token), Teams
# (/webhookb2/...), Mattermost and Rocket.Chat (/hooks/x); the rest only on the hosts below, as news sites use them.
_HOOK_WORD = re.compile(r"(?:web)?hooks?(?:b2)?\Z", re.IGNORECASE)
_HOST_WORD = re.compile(r"(?:services|workflows|triggers)\Z")
_HOOK_HOSTS = re.compile(
    r"(?:hooks\.slack(?:-gov)?\.com|.*\.webhook\.office\.com|chat\.googleapis\.com|maker\.ifttt\.com|hooks\.zapier\.com)\Z"
)
_BOT_PART = re.compile(r"bot[0-9]+:.+\Z", re.IGNORECASE)
_TOKEN = re.compile(
    r"\b(?:xox[a-z](?:\.xox[a-z])?-|xapp-)[A-Za-z0-9-]{6,}"  # Slack
    r"|\b[MNO][A-Za-z0-9_-]{22,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"  # Discord: id.time.hmac in base64
    r"|(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{6,}|(?<=Bot )[A-Za-z0-9._-]{30,}"  # Authorization headers
)
# Brackets end an address, but for those around an IPv6 host.
_URL = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]*://"
    r"(?:[^\s<>\"'`\[\]}/?#]*\[[0-9a-fA-F:.]+\][^\s<>\"'`\]}]*|[^\s<>\"'`\]}]+)"
)


def redact_url(url: str) -> str:
    """``url`` for people: no user name or password, no values of key-like query parameters, no webhook tokens, no
    fragment. Addresses that are not http(s) or a database keep their scheme only (apprise puts tokens anywhere)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return MASK
    scheme = parts.scheme.lower()
    if scheme.startswith("sqlite"):
        return url.split("?", 1)[0]
    if scheme not in ("http", "https", "ws", "wss") and not scheme.startswith("postgresql"):
        return f"{scheme}://{MASK}" if scheme else MASK
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port is not None else ""
    if "@" in parts.netloc:
        netloc = f"{MASK}@{netloc}"
    return urlunsplit((parts.scheme, netloc, _redact_path(parts.path, host), _redact_query(parts.query), ""))


def _redact_path(path: str, host: str) -> str:
    parts = path.split("/")
    hook_host = _HOOK_HOSTS.match(host) is not None
    for i, part in enumerate(parts):
        if _BOT_PART.match(part):
            return "/".join([*parts[:i], f"bot{MASK}", *parts[i + 1 :]])
        secret_follows = _HOOK_WORD.match(part) or (hook_host and _HOST_WORD.match(part))
        if secret_follows and any(parts[i + 1 :]):
            return "/".join([*parts[: i + 1], MASK])
    return f"/{MASK}" if hook_host and path.strip("/") else path


def _redact_query(query: str) -> str:
    kept = []
    for pair in query.split("&") if query else ():
        name, equals, value = pair.partition("=")
        kept.append(f"{name}={MASK}" if equals and value and _KEY_NAME.search(name) else pair)
    return "&".join(kept)


def redact(text: str) -> str:
    """``text`` with every address in it redacted and every token of a known shape masked."""
    if "://" in text:
        text = _URL.sub(lambda found: _redact_found(found[0]), text)
    return _TOKEN.sub(MASK, text)


def _redact_found(url: str) -> str:
    """An address out of running text: the punctuation that ends a sentence is not part of it."""
    core = url.rstrip(".,;:!?)")
    return redact_url(core) + url[len(core) :]


class Redactor:
    """A structlog processor that masks the given secrets, and what :func:`redact` finds, in every field of an event."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._words: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Iterable[Secret]) -> None:
        """Mask these too. Values shorter than six characters are left alone: they would blot out ordinary words."""
        values = {secret.reveal() for secret in secrets}
        forms = {
            form for value in values for form in (value, quote(value, safe=""), value.encode("unicode_escape").decode())
        }
        words = {form for form in forms if len(form) >= _SECRET_MIN}.union(self._words)
        self._words = tuple(sorted(words, key=len, reverse=True))

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        for word in self._words:
            if word in text:
                text = text.replace(word, MASK)
        return redact(text)

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        return {key: self._value(value) for key, value in event.items()}

    def _value(self, value: object) -> object:
        match value:
            case str():
                return self.text(value)
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {self.text(str(k)): self._value(v) for k, v in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._value(v) for v in value]
            case _:
                return self.text(str(value))


# -- set-up ---------------------------------------------------------------------------------------------------------


class _StandardError:
    """Standard error as it is when a line is written: whoever redirects it (a test, a service manager) gets it all."""

    def write(self, text: str, /) -> object:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


def set_up(
    level: str = "info", fmt: str = "auto", secrets: Iterable[Secret] = (), stream: TextIO | None = None
) -> Redactor:
    """Send all events, those of libraries included, as one line each to ``stream`` (standard error by default).

    ``fmt`` is ``json``, ``console`` or ``auto`` (console on a terminal). Returns the redactor, so that secrets that
    turn up later can be added. Calling it again replaces the earlier set-up. Raises ``ValueError`` on other words.
    """
    import structlog

    global _least
    if level not in LEVELS or fmt not in FORMATS:
        raise ValueError(f"log level is one of {', '.join(LEVELS)}, format one of {', '.join(FORMATS)}")
    out = stream or cast(TextIO, _StandardError())
    on_terminal = out.isatty()
    number = logging.getLevelNamesMapping()[level.upper()]
    redactor = Redactor(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Processor] = [structlog.processors.format_exc_info, redactor]
    if fmt == "console" or (fmt == "auto" and on_terminal):
        ending.append(
            structlog.dev.ConsoleRenderer(colors=on_terminal, exception_formatter=structlog.dev.plain_traceback)
        )
    else:
        ending.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    _route_libraries(out, number, shared, ending)
    _least = number
    return redactor


def _route_libraries(out: TextIO, level: int, shared: list[Processor], ending: list[Processor]) -> None:
    """Events of the standard library's logging take the same way; chatty loggers start at WARNING."""
    import structlog

    handler = logging.StreamHandler(out)
    name = structlog.stdlib.add_logger_name
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    for wolf in _CRYING_WOLF:
        logging.getLogger(wolf).setLevel(logging.CRITICAL)


class Log:
    """A logger that imports structlog when it has something to say. Before :func:`set_up` was called, warnings and
    errors go to standard error."""

    __slots__ = ("_bound",)

    def __init__(self, part: str, **fields: object) -> None:
        self._bound: dict[str, object] = {"part": part, **fields}

    def bind(self, **fields: object) -> Log:
        """The same logger with these fields in every event."""
        bound = Log("")
        bound._bound = {**self._bound, **fields}
        return bound

    def debug(self, event: str, **fields: object) -> None:
        if _least <= logging.DEBUG:
            self._logger().debug(event, **fields)

    def info(self, event: str, **fields: object) -> None:
        if _least <= logging.INFO:
            self._logger().info(event, **fields)

    def warning(self, event: str, **fields: object) -> None:
        self._logger().warning(event, **fields)

    def error(self, event: str, **fields: object) -> None:
        self._logger().error(event, **fields)

    def exception(self, event: str, **fields: object) -> None:
        """An error with the traceback of the exception in hand: for bugs only."""
        self._logger().exception(event, **fields)

    def _logger(self) -> FilteringBoundLogger:
        import structlog

        if not structlog.is_configured():
            set_up("warning")
        logger: Any = structlog.get_logger()
        bound: FilteringBoundLogger = logger.bind(**self._bound)
        return bound
