"""What the channels' digests have in common: headings, and how far each story went. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.news_lines import news_lines
from bot.channels.text import clean
from bot.message import DigestLine
from bot.words import counted

WORTH = 1.5  # stories to a heading, from which on headings make a digest shorter to read and not longer


def headed(lines: Sequence[DigestLine]) -> bool:
    """Whether rules are headings; where most have one story only, each line names its own."""
    groups = [clean(line.group) for line in lines if not line.brief]
    return len(groups) >= WORTH * len(set(groups))


def headings(lines: Sequence[DigestLine]) -> list[str]:
    """For each line the heading that stands above it; empty where it belongs under the one before, or has none."""
    with_rules = headed(lines)
    groups = [clean(line.group) if with_rules or line.brief else "" for line in lines]
    return ["" if i and group == groups[i - 1] else group for i, group in enumerate(groups)]


def adding(line: DigestLine) -> str:
    """What is new in a story that was told before, in a line; empty for one that is told now."""
    return " · ".join(news_lines(line.adds))


def stories(total: int) -> str:
    """What a digest lists, one line each; its reason counts the alerts that they come from."""
    return counted(total, "story", "stories")


def standing(line: DigestLine) -> str:
    """How far a story went: ``3 reports, 2 sources``; empty for a single report."""
    parts = [f"{line.reports:,} reports"] if line.reports > 1 else []
    parts += [f"{line.sources:,} sources"] if line.sources > 1 else []
    return ", ".join(parts)
