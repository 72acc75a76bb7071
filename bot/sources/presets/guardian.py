"""The Guardian's Content API (open-platform.theguardian.com/documentation/search)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from bot.sources.options import Pace
from bot.sources.preset import KeyedOptions, PagedOptions, Preset
from bot.yaml_models import Text


class GuardianOptions(KeyedOptions, PagedOptions):
    """The keys of a source of kind guardian."""

    URL: ClassVar[str] = "https://content.guardianapis.com/search"
    KEY_VARIABLE: ClassVar[str] = "GUARDIAN_KEY"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=10),
        per_day=500,
        gap_s=1.0,
        source="open-platform.theguardian.com/access: a developer key has 500 requests a day and one a second "
        "(its users' forum, 2026; 5,000 are told elsewhere)",
    )

    query: Text | None = Field(default=None, description="Words to look for, such as '\"arms deal\" AND sanctions'.")
    section: Text | None = Field(default=None, description="Only this section, such as world.")
    tag: Text | None = Field(default=None, description="Only this tag, such as world/north-korea.")

    def own_params(self) -> Mapping[str, object]:
        return {
            "q": self.query,
            "section": self.section,
            "tag": self.tag,
            "order-by": "newest",
            "page-size": 50,
            "show-fields": "trailText,bodyText,byline,thumbnail",
            "api-key": self.key,
        }


KIND = Preset(
    OPTIONS=GuardianOptions,
    items="response.results",
    fields={
        "id": "id",
        "title": "webTitle",
        "link": "webUrl",
        "text": "fields.bodyText || fields.trailText",
        "date": "webPublicationDate",
        "author": "fields.byline",
        "tags": "[sectionName]",
        "image": "fields.thumbnail",
    },
    paging={"param": "page"},
)
