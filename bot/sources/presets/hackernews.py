"""Hacker News by Algolia's search (hn.algolia.com/api)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from bot.sources.options import Pace
from bot.sources.preset import PagedOptions, Preset
from bot.yaml_models import Text, Whole


class HackerNewsOptions(PagedOptions):
    """The keys of a source of kind hackernews."""

    URL: ClassVar[str] = "https://hn.algolia.com/api/v1/search_by_date"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=10),
        per_day=240_000,
        gap_s=0.36,
        source="hn.algolia.com/api: 10,000 requests an hour from an address",
    )

    query: Text | None = Field(default=None, description="Words to look for; every story if left out.")
    points: Whole = Field(default=0, ge=0, description="Only stories that have this many points.")

    def own_params(self) -> Mapping[str, object]:
        return {
            "query": self.query,
            "tags": "story",
            "hitsPerPage": 100,
            "numericFilters": f"points>={self.points}" if self.points else None,
        }


KIND = Preset(
    OPTIONS=HackerNewsOptions,
    items="hits",
    fields={
        "id": "objectID",
        "title": "title",
        "link": "url || join('', ['https://news.ycombinator.com/item?id=', objectID])",
        "text": "story_text",
        "date": "created_at_i",
        "author": "author",
    },
    paging={"param": "page", "first": 0},
    plain=("title",),
)
