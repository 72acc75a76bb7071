"""Event Registry, also called newsapi.ai (newsapi.ai/documentation, getArticles)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from bot.sources.options import Pace
from bot.sources.preset import KeyedOptions, PagedOptions, Preset, spelled
from bot.yaml_models import Text


class EventRegistryOptions(KeyedOptions, PagedOptions):
    """The keys of a source of kind eventregistry."""

    URL: ClassVar[str] = "https://eventregistry.org/api/v1/article/getArticles"
    KEY_VARIABLE: ClassVar[str] = "EVENTREGISTRY_KEY"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(hours=1),
        per_day=500,
        source="eventregistry.org/tokens, free: 500 tokens a day and 2,000 in all; a search of recent articles is one",
    )

    query: Text = Field(description="Words that all must be in an article, such as 'arms deal'.")
    language: Annotated[Text, spelled("[a-z]{3}", "eng")] | None = Field(
        default=None, description="Only this language, in three letters, such as eng."
    )

    def own_params(self) -> Mapping[str, object]:
        return {
            "keyword": self.query,
            "lang": self.language,
            "articlesSortBy": "date",
            "articlesCount": 100,  # the most there is
            "resultType": "articles",
            "dataType": "news",
            "forceMaxDataTimeWindow": 31,  # days; more would cost five tokens
            "apiKey": self.key,
        }


KIND = Preset(
    OPTIONS=EventRegistryOptions,
    items="articles.results",
    fields={
        "id": "uri",
        "title": "title",
        "link": "url",
        "text": "body",
        "date": "dateTimePub || dateTime",
        "author": "authors[].name",
        "lang": "lang",
        "image": "image",
    },
    paging={"param": "articlesPage"},
)
