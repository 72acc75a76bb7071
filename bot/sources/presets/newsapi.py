"""NewsAPI, the endpoint ``everything`` (newsapi.org/docs/endpoints/everything)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Self

from pydantic import Field, model_validator

from bot.sources.options import Pace
from bot.sources.preset import KeyedOptions, Language, PagedOptions, Preset, Words
from bot.yaml_models import Text


class NewsapiOptions(KeyedOptions, PagedOptions):
    """The keys of a source of kind newsapi."""

    URL: ClassVar[str] = "https://newsapi.org/v2/everything"
    KEY_VARIABLE: ClassVar[str] = "NEWSAPI_KEY"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=30), per_day=100, source="newsapi.org/pricing, Developer plan: 100 requests a day"
    )

    query: Text | None = Field(default=None, description="Words to look for, such as 'sanctions AND shipping'.")
    domains: Words = Field(default=(), description="Only these sites, such as [reuters.com].")
    language: Language | None = Field(default=None, description="Only this language, such as en.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.query and not self.domains:
            raise ValueError("needs query: or domains:")
        return self

    def own_params(self) -> Mapping[str, object]:
        return {
            "q": self.query,
            "domains": ",".join(self.domains),
            "language": self.language,
            "sortBy": "publishedAt",
            "pageSize": 100,  # the most there is
        }


KIND = Preset(
    OPTIONS=NewsapiOptions,
    items="articles",
    fields={
        "title": "title",
        "link": "url",
        "text": "description || content",
        "date": "publishedAt",
        "author": "author || source.name",
        "image": "urlToImage",
    },
    headers={"X-Api-Key": "key"},
    paging={"param": "page"},
)
