"""GDELT DOC 2.0: the world's online news, indexed every 15 minutes (blog.gdeltproject.org/gdelt-doc-2-0-api-debuts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from bot.sources.options import Pace
from bot.sources.preset import Preset, PresetOptions, spelled
from bot.yaml_models import Text


class GdeltOptions(PresetOptions):
    """The keys of a source of kind gdelt."""

    URL: ClassVar[str] = "https://api.gdeltproject.org/api/v2/doc/doc"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=15),
        least=timedelta(minutes=15),
        gap_s=5.0,
        source="GDELT renews its index every 15 minutes and takes one request in 5 seconds (its own 429 text)",
    )

    query: Text = Field(description="In GDELT's language, such as '\"arms deal\" sourcelang:english'.")
    timespan: Annotated[Text, spelled(r"\d{1,4}(?:min|h|d|w)", "1d or 90min")] = Field(
        default="1d", description="How far back it looks: 90min, 12h, 1d, 1w."
    )

    def own_params(self) -> Mapping[str, object]:
        return {
            "query": self.query,
            "mode": "ArtList",
            "format": "json",
            "maxrecords": 250,  # the most there is
            "sort": "DateDesc",
            "timespan": self.timespan,
        }


KIND = Preset(
    OPTIONS=GdeltOptions,
    items="articles || `[]`",  # an empty result is {}
    fields={"title": "title", "link": "url", "date": "seendate", "image": "socialimage", "author": "domain"},
)
