"""``summary``: the stories of a period."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.desk import Desk
from bot.commands.reply import (
    Block,
    Heading,
    Line,
    Link,
    Mark,
    Picture,
    Reply,
    Words,
    bold,
    bullets,
    line,
    paragraph,
    small,
)
from bot.commands.request import Progress, Request
from bot.summary import words
from bot.summary.ask import Known, ask
from bot.summary.model import Cited, Count, Summary, Told
from bot.summary.service import summarise

COUNTS = 6


async def summary(desk: Desk, request: Request, tell: Progress) -> Reply:
    """The stories ranked, each in its own sentences, with counts; the chart follows."""
    known = known_names(desk)
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
    made = await desk.store.read(lambda s: summarise(s, asked, known, sources, owners=desk.owners))
    return as_reply(made, desk)


def known_names(desk: Desk) -> Known:
    """What the words of a request may name."""
    names = desk.names()
    tags = frozenset(tag for rule in desk.book().ruleset.rules for tag in rule.tags)
    return Known(names.rules, names.sources, tags)


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def as_reply(made: Summary, desk: Desk) -> Reply:
    """A summary as an answer."""
    blocks: list[Block] = [paragraph(f"{words.period(made, desk.zone)}. {words.head(made)}.")]
    for number, story in enumerate(made.stories, 1):
        blocks.append(paragraph(*_story(number, story)))
    if rest := words.left_out(made):
        blocks.append(small(f"and {rest}"))
    for name, found in (("Countries", made.countries), ("Rules", made.rules)):
        if found:
            blocks += [Heading(name), bullets(_counts(found))]
    notes = [note for note in (*words.footer(made), words.compared(made)) if note]
    blocks += [small(f"{note[:1].upper()}{note[1:]}.") for note in notes]
    return Reply(words.title(made), tuple(blocks), picture=_chart(made, desk))


def _story(number: int, story: Told) -> list[Line]:
    flags = " ".join(f"{c.flag} {c.name}".strip() for c in story.countries)
    about = f"{words.meta(story)} · {flags}" if flags else words.meta(story)
    told = [piece for one in story.sentences for piece in _cited(one)]
    return [
        line(Mark(story.severity), f" {number}. ", Link(story.headline, story.url)),
        line(about),
        *([line(*told)] if told else []),
    ]


def _cited(one: Cited) -> tuple[Words, Link, Words]:
    return Words(f"{one.text} ("), Link(one.source, one.url), Words(") ")


def _counts(found: Sequence[Count]) -> list[Line]:
    shown = [line(bold(f"{c.flag} {c.name}".strip()), f" {c.now:,}{words.change(c)}") for c in found[:COUNTS]]
    rest = len(found) - COUNTS
    return [*shown, line(f"{rest} more")] if rest > 0 else shown


def _chart(made: Summary, desk: Desk) -> Picture | None:
    """Drawn when it is asked for: the text need not wait for it."""
    from bot.summary.chart import alt_of, available, chart_of

    if not made.alerts or not available():
        return None
    return Picture("summary.png", alt_of(made), lambda: chart_of(made, desk.zone))
