"""The documented gaps between two requests to a host, for all sources on it: presets and plain feeds alike."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model import Source
from bot.sources import options_model
from bot.web.urls import host_of

KNOWN = {"api.gdeltproject.org": 5.0, "reddit.com": 60.0}
"""Seconds, by host (and the hosts below it), for feeds that are read without the preset. A test holds them and the
presets together, which say where the figures come from."""


def gaps_of(sources: Iterable[Source]) -> dict[str, float]:
    """Seconds between two requests to each host that has such a rule and that one of the sources is read from."""
    gaps: dict[str, float] = {}
    for source in sources:
        host = host_of(source.url)
        model = None if source.kind == "list_change" else options_model(source.kind)
        stated = model.PACE.gap_s if model is not None and model.PACE is not None else 0.0
        gap = max([stated, *(gap for known, gap in KNOWN.items() if host == known or host.endswith(f".{known}"))])
        if gap and source.enabled:
            gaps[host] = max(gap, gaps.get(host, 0.0))
    return gaps
