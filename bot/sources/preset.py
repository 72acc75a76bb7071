"""What the presets have in common: a service described once, so that a source names little more than its query.

A preset is data: where the service is, which of the source's keys become which parameters, where the fields are, and
how often it may be asked (:class:`~bot.sources.options.Pace`), with the place where that is written. ``url`` in a
source replaces the address, for a proxy or an own installation.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from pydantic import AfterValidator, Field

from bot.model import Fetched, ParsedFeed, Source
from bot.sources import feed
from bot.sources.base import MAX_ITEMS, Request
from bot.sources.json_api import JsonKind, Query
from bot.sources.json_spec import MAX_PAGES, Fields, JsonOptions, Paging, Params, to_url
from bot.sources.options import Filled, Options, SecretText, read_options
from bot.yaml_models import Text, Whole

Values = Mapping[str, tuple[str | Filled, ...]]

# -- types of keys that several presets have ------------------------------------------------------------------------


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?", value):
        raise ValueError("must be the name of a server, such as mastodon.social")
    return value.lower()


def spelled(pattern: str, example: str) -> AfterValidator:
    """A text that fits a pattern as a whole; the message names the example."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} cannot be used here; write it like {example}")
        return value

    return AfterValidator(check)


Host = Annotated[Text, AfterValidator(_host)]
Language = Annotated[Text, spelled("[a-z]{2}", "en")]
Words = tuple[Text, ...]

# -- the options ----------------------------------------------------------------------------------------------------


class PresetOptions(Options):
    """The keys that every preset has."""

    FILLED: ClassVar[frozenset[str]] = frozenset({"key", "params"})
    OWN_URL: ClassVar[bool] = True
    URL: ClassVar[str]

    params: Params = Field(default={}, description="Further parameters, as the service documents them.")
    per_day: Whole | None = Field(
        default=None, ge=1, description="Requests a day that your plan allows, where it is not the free one."
    )

    def address(self) -> str:
        plain = [(name, v) for name, values in self.to_params().items() for v in values if isinstance(v, str)]
        query = urlencode(plain, safe="{}:")
        return f"{self.endpoint()}?{query}" if query else self.endpoint()

    def endpoint(self) -> str:
        """The address without parameters."""
        return self.URL

    @abstractmethod
    def own_params(self) -> Mapping[str, object]:
        """The parameters that come of the preset's own keys; ``None`` and empty ones are not sent."""

    def to_params(self) -> Values:
        """All parameters; the source's ``params`` replace those of the same name."""
        own: dict[str, tuple[str | Filled, ...]] = {}
        for name, value in self.own_params().items():
            if isinstance(value, tuple):
                own[name] = value
            elif value not in (None, ""):
                own[name] = (value if isinstance(value, Filled) else str(value),)
        return {**{name: values for name, values in own.items() if values}, **self.params}


class KeyedOptions(PresetOptions):
    """The keys of a preset whose service wants an API key."""

    key: SecretText = Field(description='The API key, such as "${NAME}"; from the usual variable if left out.')


class PagedOptions(PresetOptions):
    """The keys of a preset that can read several pages."""

    pages: Whole = Field(default=1, ge=1, le=MAX_PAGES, description="Pages to read in one poll, the newest first.")

    def requests(self) -> int:
        return self.pages


@dataclass(frozen=True, kw_only=True)
class Preset(JsonKind):
    """A service that answers with JSON."""

    OPTIONS: type[PresetOptions]
    items: str
    fields: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    paging: Mapping[str, Any] | None = None
    plain: tuple[str, ...] = ()

    def query(self, source: Source) -> Query:
        own = read_options(self.OPTIONS, source)
        headers = {name: getattr(own, key) for name, key in self.headers.items()}
        # Its parts are checked already, and a brace in somebody's query is no placeholder.
        spec = JsonOptions.model_construct(
            params=dict(own.to_params()),
            headers=headers,
            items=self.items,
            fields=Fields(**self.fields),
            plain=self.plain,
            window=getattr(own, "window", timedelta(days=1)),
            paging=Paging(**self.paging) if self.paging else None,
            pages=own.requests(),
        )
        return Query(_replaced(source, own) or own.endpoint(), spec)


def _replaced(source: Source, own: PresetOptions) -> str:
    """The address that the source gives in place of the service's, if any."""
    return "" if source.url in ("", own.address()) else source.url


_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # feeds have no windows of time


@dataclass(frozen=True)
class FeedPreset:
    """A service that is read by its feed."""

    OPTIONS: type[PresetOptions]

    def request(self, source: Source) -> Request:
        """The feed's address. Raises :class:`SourceError` (``CONFIG``)."""
        own = read_options(self.OPTIONS, source)
        return Request(to_url(_replaced(source, own) or own.endpoint(), own.to_params(), _NO_TIME, timedelta()))

    def parse(self, fetched: Fetched, source: Source, *, max_items: int = MAX_ITEMS) -> ParsedFeed:
        """As the kind ``feed``."""
        return feed.parse(fetched, source, max_items=max_items)
