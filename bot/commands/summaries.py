"""``summary``: the stories of a period."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.desk import Desk
from bot.commands.reply import Picture, Reply
from bot.commands.request import Progress, Request
from bot.summary.answer import as_reply
from bot.summary.ask import ask
from bot.summary.chart import available, chart_post
from bot.summary.model import Summary
from bot.summary.service import known_of, summarise, written


async def summary(desk: Desk, request: Request, tell: Progress) -> Reply:
    """The stories ranked, each in its own sentences, with counts; the chart follows."""
    known = known_of(desk.book())
    asked = ask(
        known,
        desk.clock(),
        desk.zone,
        period=request.get("period"),
        rules=_one(request.get("rule")),
        countries=_one(request.get("country")),
        sources=_one(request.get("source")),
        severity=request.get("severity"),
    )
    sources = tuple(desk.sources.values())
    material = await desk.store.read(
        lambda s: summarise(s, asked, known, sources, owners=desk.owners, audience=request.audience)
    )
    if desk.writer is not None and material.summary.stories:
        await tell("Asking the language model")
    made = await written(material, desk.writer)
    return replace(as_reply(made, desk.zone), picture=_chart(desk, made))


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _chart(desk: Desk, made: Summary) -> Picture | None:
    """Drawn when it is asked for: the text need not wait for it."""
    if not made.alerts or not available():
        return None
    chart = chart_post(made, desk.zone, "")
    return Picture("summary.png", chart.title, chart.alt, lambda: desk.draw(chart))
