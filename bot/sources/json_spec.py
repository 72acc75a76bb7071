"""What a JSON source says about its API: the address with parameters, where items and fields are, how pages follow.

Pure. Paths are JMESPath (jmespath.org), with two functions more: ``split(text, separator)`` and
``replace(text, old, new)``. Windows of time are written ``{since}`` and ``{now}`` in the address and the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

import jmespath
from jmespath import exceptions, functions, parser
from pydantic import AfterValidator, Field, model_validator

from bot.sources.options import Fillable, Fillables, Filled, Options, reveal
from bot.yaml_models import Duration, Model, Text, Whole

PATH_MAX = 1000  # characters of a path
MAX_PAGES = 10  # answers that one poll may read
WINDOW = timedelta(days=1)

# -- paths ----------------------------------------------------------------------------------------------------------


class _Functions(functions.Functions):
    @functions.signature({"types": ["string"]}, {"types": ["string"]})
    def _func_split(self, text: str, separator: str) -> list[str]:
        return text.split(separator) if separator else [text]

    @functions.signature({"types": ["string"]}, {"types": ["string"]}, {"types": ["string"]})
    def _func_replace(self, text: str, old: str, new: str) -> str:
        return text.replace(old, new) if old else text


_RUN = jmespath.Options(custom_functions=_Functions())


@lru_cache(maxsize=2048)
def to_path(path: str) -> parser.ParsedResult:
    """A path compiled. Raises ``ValueError`` with one sentence."""
    if len(path) > PATH_MAX:
        raise ValueError(f"is longer than {PATH_MAX} characters")
    try:
        return jmespath.compile(path)
    except (exceptions.JMESPathError, RecursionError, ValueError) as error:
        why = str(error).splitlines()[0][:150] if str(error) else type(error).__name__
        raise ValueError(f"{path!r} is not a JMESPath expression ({why.rstrip(' .:')}); correct it") from error


def look_up(path: str, data: object) -> Any:
    """What stands at a path; ``None`` if nothing does, or if a function in it does not fit what it finds."""
    try:
        return to_path(path).search(data, options=_RUN)
    except (exceptions.JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError, AttributeError):
        # Documented is JMESPathError; its functions and comparisons let the others through for odd data.
        return None


def _path(value: str) -> str:
    to_path(value)
    return value


Path = Annotated[Text, AfterValidator(_path)]

# -- placeholders ---------------------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}?|\}")
_FORMS = {
    "": "%Y-%m-%dT%H:%M:%SZ",
    "date": "%Y-%m-%d",
    "compact": "%Y%m%d%H%M%S",
}


def check_placeholders(text: str) -> str:
    """``text`` if all its placeholders are known. Raises ``ValueError``."""
    for found in _PLACEHOLDER.finditer(text):
        if found[0] in ("{{", "}}"):
            continue
        name, _, form = (found[1] or "").partition(":")
        if not found[0].endswith("}") or name not in ("since", "now") or (form not in _FORMS and form != "unix"):
            raise ValueError(
                f"{found[0]!r} is not known here; write {{since}} or {{now}}, with :date, :unix or :compact after the "
                "name for other forms, and {{ for a brace"
            )
    return text


def has_placeholder(text: str) -> bool:
    """Whether the text depends on the time."""
    return any(found[0] not in ("{{", "}}") for found in _PLACEHOLDER.finditer(text))


def fill_in(text: str, now: datetime, window: timedelta) -> str:
    """``{since:date}`` → ``2026-03-01``: the window ends at ``now``."""

    def moment(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        name, _, form = (found[1] or "").partition(":")
        if name not in ("since", "now") or (form not in _FORMS and form != "unix"):
            return found[0]  # a brace in somebody's query
        when = now - window if name == "since" else now
        return str(int(when.timestamp())) if form == "unix" else when.strftime(_FORMS[form])

    return _PLACEHOLDER.sub(moment, text)


# -- the options ----------------------------------------------------------------------------------------------------

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")  # a token, RFC 9110, 5.6.2
_OURS = frozenset(
    {"host", "user-agent", "accept-encoding", "content-length", "connection", "transfer-encoding"}
    | {"if-none-match", "if-modified-since"}
)


def check_headers(headers: Mapping[str, str | Filled]) -> Mapping[str, str | Filled]:
    """``headers`` if they can be sent. Raises ``ValueError``, which repeats no value."""
    for name, value in headers.items():
        if not _HEADER_NAME.match(name) or name.lower() in _OURS:
            raise ValueError(f"the header {name!r} cannot be set here; delete it")
        text = reveal(value)
        if not text.isprintable() or not text.isascii():
            raise ValueError(f"the value of the header {name} holds characters that cannot be sent; correct it")
    return headers


def _check_params(params: Mapping[str, tuple[str | Filled, ...]]) -> Mapping[str, tuple[str | Filled, ...]]:
    for values in params.values():
        for value in values:
            if isinstance(value, str):
                check_placeholders(value)
    return params


Headers = Annotated[dict[Text, Fillable], AfterValidator(check_headers)]
Params = Annotated[dict[Text, Fillables], AfterValidator(_check_params)]


class Fields(Model):
    """Where the parts of an item are: a path from the item to each."""

    title: Path | None = Field(default=None, description="The headline.")
    link: Path | None = Field(default=None, description="The address; may be relative.")
    text: Path | None = Field(default=None, description="The text; markup is cleaned. A list is joined.")
    date: Path | None = Field(
        default=None, description="When it was published: a date, or Unix time in seconds or milliseconds."
    )
    updated: Path | None = Field(default=None, description="When it was changed.")
    id: Path | None = Field(default=None, description="What identifies it; the link where this is left out.")
    author: Path | None = Field(default=None, description="Who wrote it. A list is joined.")
    lang: Path | None = Field(default=None, description="Its language code.")
    tags: Path | None = Field(default=None, description="Its categories, a list or words between commas.")
    image: Path | None = Field(default=None, description="The address of its picture.")

    @model_validator(mode="after")
    def _something_to_read(self) -> Fields:
        if self.title is None and self.text is None:
            raise ValueError("needs title: or text:; rules would see nothing")
        return self


class Paging(Model):
    """How the next page is asked for: by the address that the answer gives (``next``), by a token from the answer
    (``cursor`` and ``param``), or by counting (``param``, ``first``, ``step``)."""

    next: Path | None = Field(default=None, description="Path to the next page's address in the answer.")
    cursor: Path | None = Field(default=None, description="Path to the token of the next page in the answer.")
    param: Text | None = Field(default=None, description="The parameter that carries the token or the number.")
    first: Whole = Field(default=1, ge=0, description="The number of the first page, or the first offset.")
    step: Whole = Field(
        default=1, ge=0, description="What is added for each page: 1, or its size; 0: as many items as there were."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Paging:
        if (self.next is None) == (self.param is None):
            raise ValueError("needs either next:, or param: (with cursor:, or with first: and step:)")
        if self.next is not None and self.cursor is not None:
            raise ValueError("takes next: or cursor:, not both; delete one")
        return self


class JsonOptions(Options):
    """The keys of a source of kind json."""

    FILLED: ClassVar[frozenset[str]] = frozenset({"headers", "params"})

    params: Params = Field(
        default={}, description='Query parameters; {since} and {now} are filled in, "${NAME}" from the environment.'
    )
    headers: Headers = Field(default={}, description='Headers; "${NAME}" is filled in from the environment.')
    items: Path = Field(default="@", description="JMESPath to the list of items; the answer itself if left out.")
    fields: Fields = Field(description="JMESPath of each part of an item, such as {title: headline, link: url}.")
    plain: tuple[Annotated[str, Field(pattern="^(title|text)$")], ...] = Field(
        default=(), description="Fields that hold no markup, so that <b> is meant literally: [title, text]."
    )
    window: Duration = Field(default=WINDOW, description="How far back {since} lies.")
    paging: Paging | None = Field(default=None, description="How the next page is asked for.")
    pages: Whole = Field(default=3, ge=1, le=MAX_PAGES, description="With paging: pages to read at most in one poll.")

    @classmethod
    def check_url(cls, url: str) -> None:
        check_placeholders(url)

    def requests(self) -> int:
        return self.pages if self.paging else 1


def to_url(url: str, params: Mapping[str, tuple[str | Filled, ...]], now: datetime, window: timedelta) -> str:
    """The address with its parameters and windows filled in. It may hold secrets."""
    parts = urlsplit(url)
    pairs = [
        (name, reveal(value) if isinstance(value, Filled) else fill_in(value, now, window))
        for name, values in params.items()
        for value in values
    ]
    filled = quote(fill_in(url.partition("#")[0], now, window), safe=":/?&=%+,;@!$'()*~-._[]") if "{" in url else url
    query = urlencode(pairs)
    if not query:
        return filled
    joint = "&" if parts.query else "?"
    return f"{filled.partition('#')[0]}{joint}{query}"


def depends_on_time(url: str, params: Mapping[str, tuple[str | Filled, ...]]) -> bool:
    """Whether the address is another one for each poll."""
    texts = [value for values in params.values() for value in values if isinstance(value, str)]
    return has_placeholder(url) or any(map(has_placeholder, texts))
