"""SEC filings by EDGAR full-text search (efts.sec.gov/LATEST/search-index; the FAQ of www.sec.gov/edgar/search)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from bot.sources.options import Pace
from bot.sources.preset import PagedOptions, Preset, Words
from bot.yaml_models import Duration, Text


class EdgarOptions(PagedOptions):
    """The keys of a source of kind edgar."""

    URL: ClassVar[str] = "https://efts.sec.gov/LATEST/search-index"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=30),
        least=timedelta(minutes=5),
        per_day=864_000,
        gap_s=0.1,
        source="www.sec.gov, Accessing EDGAR Data: 10 requests a second; the User-Agent must name a contact",
    )

    query: Text = Field(description="Words in a filing, such as '\"export controls\"'.")
    forms: Words = Field(default=(), description="Only these forms, such as [8-K, 10-K].")
    window: Duration = Field(default=timedelta(days=3), description="How far back filings are looked for.")

    def own_params(self) -> Mapping[str, object]:
        return {
            "q": self.query,
            "forms": ",".join(self.forms),
            "dateRange": "custom",
            "startdt": "{since:date}",
            "enddt": "{now:date}",
        }


KIND = Preset(
    OPTIONS=EdgarOptions,
    items="hits.hits",
    fields={
        "id": "_id",
        "title": "join(': ', [_source.form || _source.file_type, join(', ', _source.display_names)])",
        "link": (
            "join('/', ['https://www.sec.gov/Archives/edgar/data', to_string(to_number(_source.ciks[0])), "
            "replace(_source.adsh, '-', ''), split(_id, ':')[1]])"
        ),
        "text": "[_source.file_description, _source.biz_locations[0]]",
        "date": "_source.file_date",
        "author": "_source.display_names[0]",
        "tags": "_source.root_forms",
    },
    paging={"param": "from", "first": 0, "step": 0},
    plain=("title", "text"),
)
