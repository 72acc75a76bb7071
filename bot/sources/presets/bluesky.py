"""Public posts on Bluesky that a search finds (docs.bsky.app, app.bsky.feed.searchPosts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from bot.sources.options import Pace
from bot.sources.preset import Language, Preset, PresetOptions
from bot.yaml_models import Text


class BlueskyOptions(PresetOptions):
    """The keys of a source of kind bluesky. One page: further ones are refused without a login."""

    URL: ClassVar[str] = "https://api.bsky.app/xrpc/app.bsky.feed.searchPosts"
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=15),
        least=timedelta(minutes=5),
        per_day=864_000,
        gap_s=0.1,
        source="docs.bsky.app, Rate limits: 3,000 requests in 5 minutes; search by programs is to be sparing "
        "(bluesky-social/atproto#3423)",
    )

    query: Text = Field(description="In Bluesky's search language, such as '\"arms deal\"' or '#sanctions'.")
    language: Language | None = Field(default=None, description="Only this language, such as en.")

    def own_params(self) -> Mapping[str, object]:
        return {"q": self.query, "lang": self.language, "sort": "latest", "limit": 100}


KIND = Preset(
    OPTIONS=BlueskyOptions,
    items="posts",
    fields={
        "id": "uri",
        "link": "join('', ['https://bsky.app/profile/', author.did, '/post/', split(uri, '/')[-1]])",
        "text": "[record.text, embed.external.title, embed.external.description]",
        "date": "record.createdAt || indexedAt",
        "author": "author.displayName || author.handle",
        "lang": "record.langs[0]",
        "image": "embed.external.thumb",
    },
    plain=("text",),
)
