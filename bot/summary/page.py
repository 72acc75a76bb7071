"""A summary on a terminal: lines of styled text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from rich.text import Text

from bot.channels.text import clean, cut, safe_url
from bot.summary import words
from bot.summary.model import Summary, Told

LINE_MAX, TEXT_MAX = 300, 600  # characters: what reads well

_STYLES = {"info": "dim", "low": "cyan", "medium": "yellow", "high": "red", "critical": "bold white on red"}


def page(made: Summary, zone: tzinfo) -> Iterator[Text]:
    """Line by line; those with an address are marked ``no_wrap``, so that a terminal can open it."""
    yield Text(cut(clean(words.title(made)), LINE_MAX), "bold")
    yield Text(f"{words.period(made, zone)}: {words.head(made)}", "dim")
    for n, story in enumerate(made.stories, 1):
        yield Text()
        yield from _story(n, story)
    yield Text()
    if rest := words.left_out(made):
        yield Text(f"and {rest}")
    for name, found in (("countries", made.countries), ("rules", made.rules)):
        if found:
            yield Text(f"{name}: ", "bold").append(cut(clean(words.counts(found)), LINE_MAX), "not bold")
    for note in (*words.footer(made), words.compared(made)):
        if note:
            yield Text(clean(note), "dim")


def _story(n: int, story: Told) -> Iterator[Text]:
    yield Text(f"{n:2}. ", "dim").append(cut(clean(story.headline), LINE_MAX), "bold")
    about = Text("    ")
    about.append(story.severity.word, _STYLES[story.severity.word])
    rest = cut(clean(words.meta(story).removeprefix(story.severity.word)), LINE_MAX)
    about.append(f" {rest}" if rest else "", "dim")
    about.append("".join(f" · {c.flag} {c.name}" for c in story.countries), "dim")
    yield about
    for one in story.sentences:
        yield Text(f"    {cut(clean(one.text), TEXT_MAX)}")
        yield Text(f"    {clean(one.source)}: {safe_url(one.url)}", "dim", no_wrap=True)
    if not story.sentences:
        yield Text(f"    {clean(story.source)}: {safe_url(story.url)}", "dim", no_wrap=True)
