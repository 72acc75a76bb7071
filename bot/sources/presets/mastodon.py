"""Public posts with a hashtag on a Mastodon server (docs.joinmastodon.org/methods/timelines)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote

from pydantic import Field

from bot.sources.options import Pace
from bot.sources.preset import Host, PagedOptions, Preset, spelled
from bot.yaml_models import Text


class MastodonOptions(PagedOptions):
    """The keys of a source of kind mastodon."""

    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=10),
        per_day=86_400,
        gap_s=1.0,
        source="docs.joinmastodon.org/api/rate-limits: 300 requests in 5 minutes from an address",
    )

    hashtag: Annotated[Text, spelled(r"#?[^\W_]\w*", "sanctions")] = Field(description="Without '#'.")
    instance: Host = Field(default="mastodon.social", description="The server that is asked.")

    def endpoint(self) -> str:
        return f"https://{self.instance}/api/v1/timelines/tag/{quote(self.hashtag.lstrip('#'))}"

    def own_params(self) -> Mapping[str, object]:
        return {"limit": 40}  # the most there is


KIND = Preset(
    OPTIONS=MastodonOptions,
    items="@",
    fields={
        "id": "uri",
        "title": "spoiler_text",
        "link": "url || uri",
        "text": "content",
        "date": "created_at",
        "author": "account.display_name || account.acct",
        "lang": "language",
        "tags": "tags[].name",
        "image": "media_attachments[0].preview_url",
    },
    paging={"param": "max_id", "cursor": "[-1].id"},
)
