"""Documented gaps between two requests to a host."""

from __future__ import annotations

import pytest

from bot.model import Source
from bot.sources import options_model
from bot.sources.pace import KNOWN, gaps_of


@pytest.mark.parametrize(
    ("url", "gaps"),
    [
        ("https://www.reddit.com/r/OSINT/.rss", {"www.reddit.com": 60.0}),
        ("https://reddit.com/r/OSINT/.rss", {"reddit.com": 60.0}),
        ("https://api.gdeltproject.org/api/v2/doc/doc?query=x", {"api.gdeltproject.org": 5.0}),
        ("https://notreddit.com/feed", {}),
        ("https://wire.example/feed", {}),
    ],
)
def test_a_plain_feed_keeps_the_gap_of_its_host(url: str, gaps: dict[str, float]) -> None:
    assert gaps_of([Source("s", url)]) == gaps
    assert gaps_of([Source("s", url, enabled=False)]) == {}


@pytest.mark.parametrize(("host", "kind"), [("api.gdeltproject.org", "gdelt"), ("reddit.com", "reddit")])
def test_what_is_known_of_a_host_is_what_its_preset_says(host: str, kind: str) -> None:
    model = options_model(kind)
    assert model is not None
    assert model.PACE is not None
    assert KNOWN[host] == model.PACE.gap_s
