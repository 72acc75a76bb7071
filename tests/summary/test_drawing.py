"""Charts drawn in a process of their own."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from bot.summary import drawing
from bot.summary.chart import draw
from bot.summary.drawing import ChartError, drawn, file_of
from bot.summary.model import Timeline
from bot.summary.post import ChartPost
from tests.summary.samples import NOW

pytest.importorskip("matplotlib", reason="charts need the extra charts")

TIMELINE = Timeline((NOW,), timedelta(hours=1), {"Iran": (2,)}, {"Iran": (0, 0, 2, 0, 0)})
POST = ChartPost("k:chart", "Alerts by country", "today", "Bar chart: 2 alerts", "UTC", TIMELINE)


async def test_it_is_the_picture_that_is_drawn_here() -> None:
    file = await file_of(POST)
    assert file.content == draw(TIMELINE, POST.title, POST.period, UTC)
    assert (file.key, file.title, file.alt) == (POST.key, POST.title, POST.alt)


async def test_what_cannot_be_drawn_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ChartPost("k", "t", "p", "a", "Nowhere/At_All", TIMELINE)
    with pytest.raises(ChartError, match="the log says why"):
        await drawn(broken)
    monkeypatch.setattr(drawing, "WITHIN_S", 0.0)
    with pytest.raises(ChartError, match="not drawn within 0 s"):
        await drawn(POST)
    monkeypatch.setattr(drawing, "available", lambda: False)
    with pytest.raises(ChartError, match=r"add the extra charts: scripts/install\.sh .* charts"):
        await drawn(POST)


async def test_no_token_reaches_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []
    real = drawing.asyncio.create_subprocess_exec

    async def watched(*arguments: str, **more: object) -> object:
        seen.append(more["env"])  # type: ignore[arg-type]
        return await real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1-secret")
    monkeypatch.setattr(drawing.asyncio, "create_subprocess_exec", watched)
    await drawn(POST)
    assert "SLACK_BOT_TOKEN" not in seen[0]
