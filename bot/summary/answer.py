"""A summary as a reply, before any platform's markup: for commands and for scheduled posts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from bot.commands.reply import (
    Block,
    Line,
    Link,
    Mark,
    Reply,
    Words,
    bold,
    line,
    paragraph,
    small,
)
from bot.summary import words
from bot.summary.model import Cited, Count, Summary, Told

COUNTS = 6


def as_reply(made: Summary, zone: tzinfo) -> Reply:
    """The stories ranked, each in its own sentences, then counts and what a reader should know."""
    blocks: list[Block] = [paragraph(words.opening(made, zone))]
    for number, story in enumerate(made.stories, 1):
        blocks.append(paragraph(*_story(number, story)))
    if rest := words.left_out(made):
        blocks.append(small(f"… and {rest}"))
    counted = [_counts(name, found) for name, found in (("Countries", made.countries), ("Rules", made.rules)) if found]
    if counted:
        blocks.append(paragraph(*counted))
    notes = [note for note in (*words.footer(made), words.compared(made)) if note]
    if notes:
        blocks.append(small(" ".join(f"{note[:1].upper()}{note[1:]}." for note in notes)))
    return Reply(words.title(made), tuple(blocks))


def _story(number: int, story: Told) -> list[Line]:
    flags = " ".join(f"{c.flag}\u00a0{c.name}".strip() for c in story.countries)
    about = f"{words.meta(story)} · {flags}" if flags else words.meta(story)
    told = [piece for one in story.sentences for piece in _cited(one)]
    return [
        line(Mark(story.severity), f" {number}. ", Link(story.headline, story.url, bold=True)),
        line(about),
        *([line(*told)] if told else []),
    ]


def _cited(one: Cited) -> tuple[Words, Link, Words]:
    return Words(f"{one.text} ("), Link(one.source, one.url), Words(") ")


def _counts(name: str, found: Sequence[Count]) -> Line:
    """All in one line: lists of a dozen rows would push the stories off the screen."""
    return line(bold(name), f"  {words.counts(found, COUNTS)}")
