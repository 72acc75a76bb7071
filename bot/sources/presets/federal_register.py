"""The US Federal Register (www.federalregister.gov/developers/documentation/api/v1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from bot.sources.options import Pace
from bot.sources.preset import PagedOptions, Preset, Words, spelled
from bot.yaml_models import Text

_FIELDS = ("title", "type", "abstract", "document_number", "html_url", "publication_date", "agency_names")


class FederalRegisterOptions(PagedOptions):
    """The keys of a source of kind federal_register."""

    URL: ClassVar[str] = "https://www.federalregister.gov/api/v1/documents.json"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(hours=1),
        least=timedelta(minutes=10),
        source="www.federalregister.gov/developers states no quota; it is published once on working days",
    )

    query: Text | None = Field(default=None, description="Words to look for, such as '\"export administration\"'.")
    agencies: Words = Field(default=(), description="Only these, such as [foreign-assets-control-office].")
    types: tuple[Annotated[Text, spelled("RULE|PRORULE|NOTICE|PRESDOCU", "RULE, PRORULE, NOTICE or PRESDOCU")], ...] = (
        Field(default=(), description="Only these: RULE, PRORULE, NOTICE, PRESDOCU.")
    )

    def own_params(self) -> Mapping[str, object]:
        return {
            "conditions[term]": self.query,
            "conditions[agencies][]": self.agencies,
            "conditions[type][]": self.types,
            "order": "newest",
            "per_page": 100,
            "fields[]": _FIELDS,
        }


KIND = Preset(
    OPTIONS=FederalRegisterOptions,
    items="results || `[]`",  # left out where the count is 0
    fields={
        "id": "document_number",
        "title": "title",
        "link": "html_url",
        "text": "abstract",
        "date": "publication_date",
        "author": "agency_names",
        "tags": "[type]",
    },
    paging={"next": "next_page_url"},
)
