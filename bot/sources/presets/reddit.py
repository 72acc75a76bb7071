"""New posts of subreddits, by their Atom feeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from bot.sources.options import Pace, SecretText
from bot.sources.preset import FeedPreset, PresetOptions, spelled
from bot.yaml_models import Text


class RedditOptions(PresetOptions):
    """The keys of a source of kind reddit."""

    FILLED: ClassVar[frozenset[str]] = frozenset({"token", "user", "params"})
    PACE: ClassVar[Pace | None] = Pace(
        every=timedelta(minutes=30),
        least=timedelta(minutes=5),
        per_day=1440,
        gap_s=60.0,
        source="observed since June 2026: one request a minute from an address (Ranchero-Software/NetNewsWire#5328), "
        "since July with a token, too (#5355)",
    )

    subreddit: Annotated[Text, spelled(r"\w{2,30}(?:\+\w{2,30}){0,19}", "worldnews, or worldnews+europe")] = Field(
        description="Its name, or several joined by '+': one request for all of them."
    )
    token: SecretText | None = Field(
        default=None,
        description="The part after feed= of your addresses at reddit.com/prefs/feeds; Reddit refuses less with it.",
    )
    user: SecretText | None = Field(default=None, description="Your user name; goes with token.")

    def endpoint(self) -> str:
        return f"https://www.reddit.com/r/{self.subreddit}/new/.rss"

    def own_params(self) -> Mapping[str, object]:
        return {"limit": 100, "feed": self.token, "user": self.user}


# Reddit ended JSON without a login in May 2026 (r/modnews, "Protecting communities from scrapers and platform abuse");
# its Atom feeds are what is left to programs without an approved app.
KIND = FeedPreset(RedditOptions)
